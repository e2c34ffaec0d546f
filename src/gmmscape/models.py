"""Models fitted anywhere: read by their attributes, and given back with better parameters.

No estimator is imported: a model is what its attributes say it is.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from gmmscape.arrays import FloatArray
from gmmscape.covariances import kind_named
from gmmscape.effort import EFFORT
from gmmscape.exceptions import (
    DataError,
    FormatError,
    GmmscapeError,
    InvalidParameterError,
    NotAvailableError,
)
from gmmscape.families import CovariancePrior, HeldParts, family_named, family_names, known_family, prior_in
from gmmscape.jsonfile import read_json, without_digest
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background
from gmmscape.model_arrays import as_matrices, mixture_of_arrays, of_family
from gmmscape.modelfiles.archive import is_archive
from gmmscape.modelfiles.load import load
from gmmscape.results.records import class_of, record_of
from gmmscape.validation import data_matrix, mean_matrix, real_number

#: Format of the JSON that ``gmmscape fit`` and ``gmmscape repair`` write.
FIT_FORMAT, FIT_FORMAT_VERSIONS = "gmmscape-fit", (1, 2)
MIXTURE = Mixture.format
#: First bytes of pickles, plain and as joblib compresses them; none can begin a JSON text.
PICKLES = (
    b"\x80",
    *(b"\x78" + level for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")),
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x5d\x00\x00",
    b"\x04\x22\x4d\x18",
    b"PK\x03\x04",
)
CONVERSION = (
    "gs.Mixture(model.weights_, model.means_, model.covariances_, model.covariance_type), "
    "passed with covariance_type=model.covariance_type"
)


class NotFittedError(GmmscapeError, SklearnNotFittedError):
    """A model has no parameters yet: call its fit method first.

    Also scikit-learn's NotFittedError, and with it a ValueError and an AttributeError.
    """

    @classmethod
    def of(cls, model: Any) -> NotFittedError:
        """Return the error of an estimator, or of a class of them, in scikit-learn's words.

        Parameters
        ----------
        model : object
            That has no parameters.

        Returns
        -------
        NotFittedError
            To be raised by the caller.
        """
        name = model.__name__ if isinstance(model, type) else type(model).__name__
        return cls(
            f"This {name} instance is not fitted yet. Call 'fit' with appropriate arguments before using "
            "this estimator."
        )


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A model as read: a mixture, or centers alone.

    Attributes
    ----------
    source : object
        What came in; never modified.
    mixture : Mixture or None
        Its parameters.
    centers : ndarray of shape (k, d) or None
        Instead, for models judged by their inertia.
    feature_names : tuple of str or None
        Columns the model was fitted on.
    reg_covar, covariance_floor : float or None
        Floors the model was fitted under, where it says so.
    prior : CovariancePrior or None
        What its covariances were given.
    has_prior : bool
        Whether the parameters are those of a Bayesian fit.
    family : str or None
        Name of the family the mixture was fitted in; None for centers.
    held : HeldParts or None
        What was held of its parameters.
    was_fitted : bool
        Whether it says that it was fitted, so that averages and variances are those of its rows.
    standardised : bool
        Whether it was fitted to standardised columns, so that its family may hold it there only.
    """

    source: Any
    mixture: Mixture | None
    centers: FloatArray | None
    feature_names: tuple[str, ...] | None = None
    reg_covar: float | None = None
    covariance_floor: float | None = None
    prior: CovariancePrior | None = None
    has_prior: bool = False
    family: str | None = None
    was_fitted: bool = False
    held: HeldParts | None = None
    standardised: bool = False

    def check_own_units(self) -> None:
        """Raise NotAvailableError where the family holds the mixture in standardised columns only."""
        if not self.standardised or self.mixture is None or self.family is None:
            return
        family = family_named(self.family)
        if family.kind != self.mixture.kind or family.admissible(self.mixture) is not self.mixture:
            raise NotAvailableError(
                f"this fit has {self.family} covariances in standardised columns, which they are not in the "
                "columns' own units: standardise the rows and fit them, to have that fit judged"
            )

    @property
    def means(self) -> FloatArray:
        """Means or centers, shape (k, d)."""
        if self.mixture is not None:
            return self.mixture.means
        assert self.centers is not None
        return self.centers


def read_model(model: Any, covariance_type: str | None = None) -> FittedModel:
    """Return the parameters of a model fitted anywhere.

    Parameters
    ----------
    model : object
        A fitted scikit-learn or gmmscape ``GaussianMixture``, a ``BayesianGaussianMixture``, a ``KMeans``, a
        `Mixture`, a tuple (weights, means, covariances), an array of bare centers (k, d), or the path of a
        JSON or model file that gmmscape wrote.
    covariance_type : str, optional
        Family of the fit; needed for a `Mixture` and for arrays, which do not say what was free.

    Returns
    -------
    FittedModel
        Parameters and where they come from.

    Raises
    ------
    NotFittedError
        If an estimator has no parameters yet.
    FormatError
        If a file is none of gmmscape's, or is a pickle.
    InvalidParameterError
        If the object is no model, or `covariance_type` is missing or does not fit.
    """
    if covariance_type is not None:
        covariance_type = known_family("covariance_type", covariance_type)
    if isinstance(model, (str, Path)):
        return _agreeing(_from_file(model), covariance_type)
    if isinstance(model, Mixture):
        name = _needed(covariance_type)
        return FittedModel(model, of_family(model, name), None, model.feature_names, family=name)
    if isinstance(model, tuple):
        name = _needed(covariance_type)
        return FittedModel(model, mixture_of_arrays(model, name), None, family=name)
    if hasattr(model, "covariance_type"):
        return _agreeing(_from_mixture_estimator(model), covariance_type)
    if hasattr(model, "cluster_centers_") or hasattr(model, "n_clusters"):
        return _from_centers_estimator(model)
    if isinstance(model, type) or hasattr(model, "fit") or isinstance(model, Mapping):
        raise InvalidParameterError.of(
            "model",
            model,
            "pass a fitted GaussianMixture or KMeans, a Mixture, a tuple (weights, means, covariances), "
            "an array of centers, or the path of a JSON file of gmmscape",
        )
    return FittedModel(model, None, mean_matrix("model", model))


def last_step(model: Any) -> Any:
    """Return the last step of a pipeline, and of one in its place; other models as they are."""
    steps = getattr(model, "steps", None)
    return last_step(steps[-1][1]) if isinstance(steps, list) and steps else model


def rows_at_last_step(model: Any, X: Any) -> Any:
    """Return the rows as they reach the last step of a fitted pipeline; as they are for other models."""
    if last_step(model) is model:
        return X
    reached = X if len(model.steps) == 1 else model[:-1].transform(X)
    return rows_at_last_step(model.steps[-1][1], reached)


def with_last_step(pipeline: Any, step: Any) -> Any:
    """Return a pipeline with another last step; the original stays as it is."""
    changed = copy.copy(pipeline)
    name, last = pipeline.steps[-1]
    changed.steps = [
        *pipeline.steps[:-1],
        (name, step if last_step(last) is last else with_last_step(last, step)),
    ]
    return changed


def returned(model: FittedModel, mixture: Mixture, attributes: Mapping[str, Any]) -> Any:
    """Return a model of the class that came in, with these parameters; the original stays as it is.

    Parameters
    ----------
    model : FittedModel
        What came in, with a mixture.
    mixture : Mixture
        New parameters, of the same kind.
    attributes : mapping
        Further attributes of an estimator by name, such as ``n_iter_``; set where it has them already.

    Returns
    -------
    object
        An estimator of the same class; a `Mixture` for a mixture or a file; a tuple for a tuple.
    """
    if isinstance(model.source, tuple):
        as_given = mixture.full_covariances() if as_matrices(model.source) else mixture.covariances.copy()
        return mixture.weights.copy(), mixture.means.copy(), as_given
    if isinstance(model.source, (str, Path, Mixture)):
        return mixture
    estimator = copy.deepcopy(model.source)
    if mixture.background is not None and not hasattr(estimator, "background_"):
        raise InvalidParameterError.of(
            "background",
            mixture.background.region,
            f"leave out: a {type(estimator).__name__} cannot hold one",
        )
    estimator.weights_ = mixture.weights.copy()
    estimator.means_ = mixture.means.copy()
    estimator.covariances_ = mixture.covariances.copy()
    estimator.precisions_cholesky_ = mixture.parameters.factors.copy()
    estimator.precisions_ = inverse_covariances(mixture)
    for name, value in attributes.items():
        if hasattr(estimator, name):
            setattr(estimator, name, value)
    return estimator


def returned_centers(model: FittedModel, centers: FloatArray, X: Any, *, inertia: float, n_iter: int) -> Any:
    """Return a model of the class that came in with these centers and labels of X; an array for bare ones.

    Raises InvalidParameterError where the class predicts by more than the nearest center.
    """
    if not hasattr(model.source, "cluster_centers_"):
        given = centers if isinstance(model.source, (str, Path)) else model.source
        return np.array(centers).reshape(np.shape(given))
    estimator = copy.deepcopy(model.source)
    dtype = estimator.cluster_centers_.dtype
    estimator.cluster_centers_ = centers.astype(dtype)
    estimator.inertia_ = inertia
    estimator.n_iter_ = n_iter
    rows = data_matrix(X)
    distance = cdist(rows, centers, "sqeuclidean")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows have no names here
        predicted = estimator.predict(rows.astype(dtype))
    chosen = distance[np.arange(len(rows)), predicted]
    if np.any(chosen > distance.min(axis=1) + 1e-5 * chosen):  # as near in single precision is near enough
        raise InvalidParameterError.of(
            "model", model.source, "pass its cluster_centers_: its class does not predict the nearest center"
        )
    estimator.labels_ = predicted
    return estimator


def inverse_covariances(mixture: Mixture) -> FloatArray:
    """Return the inverse covariances in the mixture's storage kind, from their factors.

    Raises DataError where float64 cannot hold them.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = mixture.kind.precisions(mixture.parameters.factors)
    if not np.isfinite(found).all():
        narrowest = float(1.0 / np.abs(mixture.parameters.factors).max())
        raise DataError(
            f"a component has a standard deviation of {narrowest:.3g}, whose inverse square is not "
            "representable in float64: rescale the columns, or set a larger covariance_floor"
        )
    return found


def parameters_of(model: Any, kind: str) -> Mixture:
    """Return the mixture that the attributes of a fitted estimator say.

    Where they are those of its fit, rounded to single precision or not, that is returned itself.

    Parameters
    ----------
    model : object
        With `weights_`, `means_` and `covariances_`.
    kind : {"full", "tied", "diag", "spherical"}
        How covariances are stored.

    Returns
    -------
    Mixture
        In the caller's coordinates.

    Raises
    ------
    InvalidParameterError
        If the attributes are no mixture of that kind.
    """
    own = [np.asarray(getattr(model, name)) for name in ("weights_", "means_", "covariances_")]
    fit = getattr(getattr(model, "solution_", getattr(model, "_online", None)), "mixture", None)
    if isinstance(fit, Mixture) and fit.covariance_type == kind:
        whole = (fit.weights, fit.means, fit.covariances)
        if all(np.array_equal(a, b.astype(a.dtype)) for a, b in zip(own, whole, strict=True)):
            return fit
    weights = own[0].astype(np.float64)
    # What was computed in single precision sums to one in single precision.
    background = getattr(model, "background_", None)
    background = background if isinstance(background, Background) else None
    rest = 1.0 if background is None else 1.0 - background.weight
    weights = weights * (rest / weights.sum()) if 1e-8 < abs(weights.sum() - rest) < 1e-5 else weights
    covariances = kind_named(kind).without_asymmetry(own[2])
    return Mixture(weights, own[1], covariances, kind, background=background)


def _needed(covariance_type: str | None) -> str:
    if covariance_type is None:
        raise InvalidParameterError.of(
            "covariance_type", None, "say which covariances were free: " + ", ".join(family_names())
        )
    return covariance_type


def _agreeing(model: FittedModel, covariance_type: str | None) -> FittedModel:
    own = model.family
    if covariance_type not in (None, own):
        raise InvalidParameterError.of(
            "covariance_type", covariance_type, f"leave out: the model has {own!r}"
        )
    return model


def _from_mixture_estimator(model: Any) -> FittedModel:
    if isinstance(model, type) or not hasattr(model, "means_"):
        raise NotFittedError.of(model)
    name = known_family("model.covariance_type", model.covariance_type)
    names = getattr(model, "feature_names_in_", None)
    prior = getattr(model, "covariance_prior_", None)
    return FittedModel(
        source=model,
        mixture=parameters_of(model, family_named(name).kind.name),
        centers=None,
        feature_names=None if names is None else tuple(map(str, names)),
        reg_covar=float(getattr(model, "reg_covar", 0.0)),
        covariance_floor=getattr(model, "covariance_floor", None),
        prior=prior if isinstance(prior, CovariancePrior) else None,
        has_prior=hasattr(model, "weight_concentration_prior_type"),
        family=name,
        was_fitted=hasattr(model, "n_iter_"),
        held=getattr(model, "held_", None),
    )


def _from_centers_estimator(model: Any) -> FittedModel:
    if isinstance(model, type) or not hasattr(model, "cluster_centers_"):
        raise NotFittedError.of(model)
    names = getattr(model, "feature_names_in_", None)
    return FittedModel(
        source=model,
        mixture=None,
        centers=mean_matrix("model.cluster_centers_", model.cluster_centers_),
        feature_names=None if names is None else tuple(map(str, names)),
    )


def _from_file(path: str | Path) -> FittedModel:
    if is_archive(path):
        model = load(path)
        read = read_model(model, model.covariance_type)
        return replace(read, source=path)
    content = _checked_content(path)
    try:
        return _from_content(path, content)
    except (FormatError, InvalidParameterError) as error:
        raise FormatError(f"{path} holds no usable model: {error}") from error
    except (TypeError, ValueError, LookupError) as error:  # parts of other types than they have
        raise FormatError(f"{path} holds a damaged model: {error!r}") from error


def _from_content(path: str | Path, content: dict[str, Any]) -> FittedModel:
    if content.get("format", MIXTURE) == MIXTURE:
        mixture = Mixture.from_dict(content)
        return FittedModel(path, mixture, None, mixture.feature_names, family=mixture.covariance_type)
    if content["format"] != FIT_FORMAT:
        return _from_part(path, content)
    content = without_digest(content, "it")
    if content.get("format_version") not in FIT_FORMAT_VERSIONS:
        raise FormatError(
            f"format_version={content.get('format_version')!r}, and this version of gmmscape reads "
            f"{' or '.join(map(str, FIT_FORMAT_VERSIONS))}"
        )
    fields = (
        "weights",
        "means",
        "covariances",
        "covariance_type",
        "feature_names",
        "reg_covar",
        "covariance_floor",
    )
    missing = [field for field in fields if field not in content]
    if missing:
        raise FormatError(f"it lacks {', '.join(missing)}: pass a file as `gmmscape fit --json` writes it")
    names = content["feature_names"]
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise FormatError("feature_names must be a list of names")
    if names is not None and len(set(names)) < len(names):
        raise FormatError("feature_names has a name twice: rename the columns that the model was fitted on")
    background = Background.from_content(content.get("background"))
    mixture = Mixture(*(content[field] for field in fields[:4]), background=background)
    class_of(FIT_FORMAT).check_content(content, mixture)  # type: ignore[attr-defined]
    if names is not None and len(names) != mixture.n_features:
        raise FormatError(f"feature_names has {len(names)} names, and the means have {mixture.n_features}")
    family = known_family("family", content.get("family", mixture.covariance_type))
    return FittedModel(
        source=path,
        mixture=mixture,
        centers=None,
        feature_names=None if names is None else tuple(names),
        reg_covar=real_number("reg_covar", content["reg_covar"], strict=False),
        covariance_floor=None
        if content["covariance_floor"] is None
        else real_number("covariance_floor", content["covariance_floor"], strict=False),
        prior=prior_in(content, mixture.n_features),
        family=family,
        was_fitted=True,
        standardised=content.get("scaling") is not None,
        held=None if content.get("held") is None else HeldParts.from_content(content["held"]),
    )


def _from_part(path: str | Path, content: dict[str, Any]) -> FittedModel:
    """The model that a result has within it, such as the chosen fit of a selection."""
    part = record_of(content, "it").fitted_part
    if part is None:
        raise FormatError(
            f"it holds a {content['format']!r}: pass a mixture, a fit, a repair, a selection or local optima"
        )
    if isinstance(part, np.ndarray):
        return FittedModel(path, mixture=None, centers=mean_matrix("centers", part))
    return FittedModel(
        source=path,
        mixture=part.mixture,
        centers=None,
        feature_names=getattr(part, "feature_names", None),
        reg_covar=getattr(part, "reg_covar", None),
        covariance_floor=getattr(part, "covariance_floor", None),
        prior=getattr(part, "covariance_prior", None),
        family=getattr(part, "family", part.mixture.covariance_type),
        held=getattr(part, "held", None),
    )


def _checked_content(path: str | Path) -> dict[str, Any]:
    with Path(path).open("rb") as file:
        first = file.read(8)
    if first.startswith(PICKLES):
        raise FormatError(
            f"{path} is a pickle or another binary file, which is not opened: loading one can run any code; "
            "pass the JSON of `gmmscape fit --json`"
        )
    content = read_json(path, most_bytes=EFFORT.files.json_bytes)
    if not isinstance(content, dict):
        raise FormatError(f"{path} holds no model: pass the JSON of `gmmscape fit --json`")
    return content
