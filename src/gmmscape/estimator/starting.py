"""Where a fit begins, if the user says so: at given parameters, responsibilities, or the last fit."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import Family
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.models import inverse_covariances, parameters_of
from gmmscape.solve import INIT_PARAMS, Memory, mixture_around, mixture_of_responsibilities, start_around
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import choice, finite_array, probability_weights

#: What a file says of a start by responsibilities.
GIVEN = "responsibilities"


class Begun(NamedTuple):
    """Where to begin.

    Attributes
    ----------
    start : Mixture or None
        In local coordinates; None where starts are drawn.
    resume : Memory or None
        Of a run to go on with.
    """

    start: Mixture | None
    resume: Memory | None = None


class Paused(NamedTuple):
    """A run that may go on: what it was a fit of and how, and what the solver remembers."""

    problem: str
    memory: Memory


def problem_of(model: Any, X: FloatArray, sample_weight: Any) -> str:
    """Return a digest of rows, weights and all that a run of EM on them depends on, but for its length."""
    digest = blake2b(np.ascontiguousarray(X).data, digest_size=16)
    if sample_weight is not None:
        digest.update(np.ascontiguousarray(sample_weight, dtype=np.float64).data)
    names = ("n_components", "covariance_type", "reg_covar", "covariance_floor", "covariance_prior")
    told = [repr(getattr(model, name)) for name in (*names, "background", "accelerate", "max_seconds")]
    held = (getattr(model, f"{name}_fixed") for name in ("weights", "means", "covariances"))
    told += [repr(None if value is None else np.asarray(value).tolist()) for value in held]
    digest.update("\n".join([str(X.shape), str(X.dtype), *told]).encode())
    return digest.hexdigest()


def check_init_params(value: Any) -> None:
    """Raise unless starts come from a name, an array of responsibilities or a function that returns one."""
    if not callable(value) and (isinstance(value, str) or np.ndim(value) == 0):
        choice("init_params", value, INIT_PARAMS)


def begun(model: Any, sample: Sample, family: Family, seed: int, problem: str | None, X: FloatArray) -> Begun:
    """Return where to begin if the user says so, wholly or in part."""
    if model.warm_start and hasattr(model, "means_"):
        return _going_on(model, sample, family, problem)
    given = (model.weights_init, model.means_init, model.precisions_init)
    named = isinstance(model.init_params, str)
    if named and all(value is None for value in given):
        return Begun(None)
    k, d = model.n_components, sample.n_features
    weights = _weights(model.weights_init, k)
    if model.means_init is not None:
        means = _shaped("means", "means_init", model.means_init, (k, d))
        start = mixture_around(sample, family, means - sample.origin)
    elif named:
        start = start_around(sample, family, k, model.init_params, np.random.default_rng([seed, 0]))
    else:
        start = mixture_of_responsibilities(sample, family, _responsibilities(model, sample, seed, X))
    covariances = start.covariances
    if model.precisions_init is not None:
        covariances = _inverted(model.precisions_init, start)
    weights = start.weights if weights is None else weights
    return Begun(Mixture(weights, start.means, covariances, start.covariance_type))


def _going_on(model: Any, sample: Sample, family: Family, problem: str | None) -> Begun:
    """The last fit; as if its run had not stopped, where it is one on the same rows."""
    wanted = (model.n_components, sample.n_features)
    try:
        start = parameters_of(model, family.kind.name)
    except InvalidParameterError as error:
        raise InvalidParameterError.of("warm_start", True, f"the last fit was another ({error})") from error
    if start.means.shape != wanted:
        raise InvalidParameterError.of(
            "warm_start", True, f"the last fit has means of shape {start.means.shape}, not {wanted}"
        )
    paused, solution = getattr(model, "_paused", None), getattr(model, "solution_", None)
    if solution is not None and start is solution.mixture and _same_run(paused, problem):
        return Begun(solution.local.beside(None), paused.memory)
    return Begun(sample.local_mixture(start))


def _same_run(paused: Paused | None, problem: str | None) -> TypeGuard[Paused]:
    """Whether there is a run to go on with: on the same rows, as it was to be, and remembered."""
    return paused is not None and paused.problem == problem and paused.memory.state is not None


def _weights(value: ArrayLike | None, k: int) -> FloatArray | None:
    if value is None:
        return None
    weights = _shaped("weights", "weights_init", value, (k,))
    if weights.min() < 0.0 or weights.max() > 1.0:
        raise InvalidParameterError(
            f"The parameter 'weights' should be in the range [0, 1], but got max value {weights.max():.5f}, "
            f"min value {weights.min():.5f}: pass weights_init that are no less than 0"
        )
    total = float(weights.sum())
    single = getattr(value, "dtype", None) == np.float32
    if abs(total - 1.0) > (TOLERANCES.solve.about_one if single else TOLERANCES.solve.one):
        raise InvalidParameterError(
            f"The parameter 'weights' should be normalized, but got sum(weights) = {total:.5f}: pass "
            "weights_init that sum to 1"
        )
    return probability_weights("weights_init", weights / total if single else weights, k)


def _shaped(what: str, name: str, value: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    array = finite_array(name, value, ndim=tuple(range(5)))
    if array.ndim == 1 and shape == (len(array), 1):
        array = array[:, None]  # means of one column
    if array.shape != shape:
        raise InvalidParameterError(
            f"The parameter '{what}' should have the shape of {shape}, but got {array.shape}: pass {name} of "
            "that shape"
        )
    return array


def _inverted(value: ArrayLike, start: Mixture) -> FloatArray:
    what = f"{start.covariance_type} precision"
    precisions = _shaped(what, "precisions_init", value, start.covariances.shape)
    try:
        # Precisions are positive definite where they can be the covariances of some mixture.
        as_mixture = Mixture(None, start.means, precisions, start.covariance_type)
    except InvalidParameterError as error:
        matrices = precisions.ndim == (2 if start.kind.shared else 3)
        needed = "symmetric, positive-definite" if matrices else "positive"
        raise InvalidParameterError(f"'{what}' should be {needed}: precisions_init: {error}") from error
    return inverse_covariances(as_mixture)


def _responsibilities(model: Any, sample: Sample, seed: int, X: FloatArray) -> FloatArray:
    """Those that the user gives, or a function of theirs, for the rows that count."""
    wanted, given = (sample.n_samples, model.n_components), model.init_params
    if callable(given):
        made: Callable[..., Any] = given
        given = made(X, model.n_components, check_random_state(seed % 2**32))
    psi = finite_array("init_params", given, ndim=(1, 2, 3))
    if psi.shape != wanted:
        raise InvalidParameterError(
            f"init_params has shape {psi.shape}: pass the responsibility of each component for each row, "
            f"{wanted}"
        )
    psi = psi[sample.places(np.arange(len(sample)))]
    total = psi.sum(axis=1, keepdims=True)
    if psi.min() < 0.0 or not np.allclose(total, 1.0, rtol=0.0, atol=TOLERANCES.solve.about_one):
        raise InvalidParameterError(
            "init_params has a row of responsibilities that is negative or does not sum to 1: divide each "
            "row by its sum"
        )
    return psi / total
