"""Mixtures from the parameters of R's mclust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.covariances import kind_named
from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.jsonfile import read_json
from gmmscape.mixture.background import GIVEN, Background
from gmmscape.mixture.mixture import Mixture
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import finite_array, real_number

#: How the covariances of mclust's models are stored here.
KINDS = {
    **dict.fromkeys(("E", "V", "X", "EII", "VII", "XII"), "spherical"),
    **dict.fromkeys(("EEI", "VEI", "EVI", "VVI", "XXI"), "diag"),
    "EEE": "tied",
    **dict.fromkeys(("EVE", "VEE", "VVE", "EEV", "VEV", "EVV", "VVV", "XXX"), "full"),
}


def from_mclust(
    pro: Any,
    mean: ArrayLike | None = None,
    variance: Any = None,
    modelName: str | None = None,
    *,
    Vinv: float | None = None,
    feature_names: Sequence[str] | None = None,
) -> Mixture:
    """Return the mixture that mclust fitted.

    Parameters
    ----------
    pro : array_like of shape (G,), mapping, str or Path
        Mixing proportions. Or the whole fit, and nothing else: an Mclust object or its `parameters` as a
        dictionary, or the path of a JSON file that ``jsonlite::write_json(unclass(fit), path, digits = NA,
        force = TRUE)`` has written.
    mean : array_like of shape (d, G), or (G,) in one dimension
        Means, one component a **column**, as in mclust.
    variance : mapping or array_like of shape (d, d, G)
        mclust's list of that name, or its `sigma`; in one dimension `sigmasq`, a number or one for each.
    modelName : str, optional
        One of mclust's, such as "VVV" or "EEI"; that of the variance by default, and of an array "VVV".
    Vinv : float, optional
        One over the volume of the noise component, whose proportion comes last in `pro`.
    feature_names : sequence of str, optional
        Names of the columns, which mclust's parameters lose on their way.

    Returns
    -------
    Mixture
        Spherical, diag, tied or full, whichever holds the model; noise is its `background`.

    Raises
    ------
    FormatError
        If a file or a dictionary is no fit of mclust's.
    InvalidParameterError
        If the numbers make no mixture, or noise has a proportion and no volume.
    """
    if isinstance(pro, str | Path):
        pro = read_json(pro)
        if not isinstance(pro, Mapping):
            raise FormatError("the file holds no Mclust object: write it with jsonlite::write_json")
    if isinstance(pro, Mapping):
        Vinv = Vinv or _inverse_volume(pro)
        pro, mean, variance, modelName = _parts(pro, modelName)
    if mean is None or variance is None:
        raise InvalidParameterError("mean and variance are needed beside pro: pass all three")
    weights = np.atleast_1d(finite_array("pro", pro, ndim=(0, 1)))
    means = np.atleast_1d(finite_array("mean", mean, ndim=(0, 1, 2)))
    means = means[None] if means.ndim == 1 else means
    d, k = means.shape
    if len(weights) != k + (Vinv is not None):
        raise InvalidParameterError(
            f"pro has {len(weights)} entries and mean {k} columns: means are columns in mclust; a fit with a "
            "noise component, which has one proportion more, has Vinv too"
        )
    if isinstance(variance, Mapping):
        modelName = modelName or _word(variance.get("modelName"))
    name = modelName or ("V" if d == 1 else "VVV")
    if name not in KINDS:
        raise InvalidParameterError.of("modelName", name, "choose one of " + ", ".join(KINDS))
    matrices = _matrices(variance, d, k)
    total = weights.sum()
    weights = weights / total if abs(total - 1.0) < TOLERANCES.measure.of_other_programs else weights
    noise = None
    if Vinv is not None:
        noise = Background(GIVEN, 1.0 / real_number("Vinv", Vinv), float(weights[-1]))
    stored = _stored(matrices, KINDS[name], name)
    return Mixture(weights[:k], means.T, stored, KINDS[name], feature_names, noise)


def _parts(fit: Mapping[str, Any], modelName: str | None) -> tuple[Any, Any, Any, str | None]:
    parameters = fit.get("parameters", fit)
    wanted = ("pro", "mean", "variance")
    if not isinstance(parameters, Mapping) or any(name not in parameters for name in wanted):
        raise FormatError("this is no fit of mclust: its parameters need pro, mean and variance")
    pro, mean, variance = (parameters[name] for name in wanted)
    return pro, mean, variance, modelName or _word(fit.get("modelName"))


def _inverse_volume(fit: Mapping[str, Any]) -> float | None:
    """What a fit holds of its noise component; jsonlite writes a list of one, or nothing in an object."""
    for held in (fit.get("parameters"), fit):
        value = held.get("Vinv") if isinstance(held, Mapping) else None
        if value not in (None, [], {}):
            return value[0] if isinstance(value, list) else value
    return None


def _word(value: Any) -> Any:
    """A word, which jsonlite writes as a list of one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _matrices(variance: Any, d: int, k: int) -> FloatArray:
    """Covariances (k, d, d) of whatever mclust holds of them."""
    if not isinstance(variance, Mapping):
        return _by_component("variance", variance, d, k)
    for name in ("sigma", "Sigma", "sigmasq"):
        if name in variance and variance[name] is not None:
            return _by_component(name, variance[name], d, k)
    raise FormatError("the variance holds neither sigma nor Sigma nor sigmasq")


def _by_component(name: str, value: Any, d: int, k: int) -> FloatArray:
    array = finite_array(name, value, ndim=(0, 1, 2, 3))
    if array.ndim == 3 and array.shape == (d, d, k):
        return np.moveaxis(array, -1, 0)
    if array.ndim == 2 and array.shape == (d, d):
        return np.repeat(array[None], k, axis=0)
    if array.ndim < 2 and array.size in (1, k):
        return np.broadcast_to(array.reshape(-1), (k,))[:, None, None] * np.eye(d)
    raise InvalidParameterError(
        f"{name} has shape {array.shape}: pass ({d}, {d}, {k}), the component last as in mclust"
    )


def _stored(matrices: FloatArray, kind_name: str, model: str) -> FloatArray:
    kind = kind_named(kind_name)
    k, d, _ = matrices.shape
    stored = kind.stored(matrices)
    scale = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2))
    off = np.abs(kind.matrices(stored, k, d) - matrices) / (scale[:, :, None] * scale[:, None, :])
    if not np.max(off) < TOLERANCES.measure.of_other_programs:
        raise InvalidParameterError.of("modelName", model, "the covariances are not of that model")
    return stored
