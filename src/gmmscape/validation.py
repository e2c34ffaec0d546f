"""Checks of what users pass in. Each names the parameter, the value seen and one thing to do."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.given_rows import given_rows, unmasked, warn_of_inexact
from gmmscape.tolerances import TOLERANCES
from gmmscape.weights import Weights

P = ParamSpec("P")
R = TypeVar("R")
#: Entries that are checked together.
FINITE_BLOCK = 1 << 20


def positive_integer(name: str, value: Any, *, minimum: int = 1) -> int:
    """Return `value` as int, or raise if it is no integer of at least `minimum`.

    NumPy integers are accepted; booleans, floats and strings are not.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise InvalidParameterError.of(name, value, f"pass an integer of at least {minimum}")
    if value < minimum:
        raise InvalidParameterError.of(name, value, f"pass an integer of at least {minimum}")
    return int(value)


def whole_number(name: str, value: Any) -> int:
    """Return `value` as int, or raise if it is no integer of at least zero."""
    return positive_integer(name, value, minimum=0)


def real_number(name: str, value: Any, *, minimum: float = 0.0, strict: bool = True) -> float:
    """Return `value` as float, or raise if it is not finite or not above `minimum`."""
    relation = "above" if strict else "of at least"
    remedy = f"pass a finite number {relation} {minimum:g}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise InvalidParameterError.of(name, value, remedy)
    try:
        number = float(value)
    except OverflowError as error:
        raise InvalidParameterError.of(name, value, remedy) from error
    if not np.isfinite(number) or number < minimum or (strict and number == minimum):
        raise InvalidParameterError.of(name, value, remedy)
    return number


def standard_deviation(name: str, value: Any) -> float:
    """Return `value` as float, or raise if it is not positive or its square leaves float64."""
    sigma = real_number(name, value)
    if not 1e-150 <= sigma <= 1e150:
        raise InvalidParameterError.of(
            name, value, "rescale: variances need a value between 1e-150 and 1e150"
        )
    return sigma


def choice(name: str, value: Any, legal: tuple[str, ...]) -> str:
    """Return `value` if it is one of `legal`, or raise an error that lists them."""
    if not isinstance(value, str) or value not in legal:
        raise InvalidParameterError.of(name, value, "choose one of " + ", ".join(map(repr, legal)))
    return value


def optional_seconds(name: str, value: Any) -> float | None:
    """Return a time budget as float, or None for no budget."""
    return None if value is None else real_number(name, value, minimum=0.0, strict=False)


def generator(rng: Any) -> np.random.Generator:
    """Return the random generator that `rng` stands for (SPEC 7: None, a seed or a Generator).

    A RandomState, as scikit-learn takes it, stands for one that is drawn from it.
    """
    if isinstance(rng, np.random.RandomState):
        rng = rng.randint(2**31, size=4)
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise InvalidParameterError.of(
            "rng", rng, "pass None, a non-negative integer seed or a numpy.random.Generator"
        ) from error


def random_state_too(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function take its `rng` by the name that scikit-learn has for it, `random_state`, as well.

    What is decorated raises InvalidParameterError where both are given.
    """

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> R:
        given = kwargs.pop("random_state", None)
        if given is not None:
            if signature(function).bind_partial(*args, **kwargs).arguments.get("rng") is not None:
                raise InvalidParameterError.of(
                    "random_state", given, "pass either rng or random_state, not both"
                )
            kwargs["rng"] = given
        return function(*args, **kwargs)

    return called


def finite_array(name: str, value: ArrayLike, *, ndim: tuple[int, ...]) -> FloatArray:
    """Return `value` as a new float64 array of one of the given dimensions, all entries finite."""
    try:
        array = _as_float64(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidParameterError.of(name, value, f"pass an array of real numbers ({error})") from error
    if array.ndim not in ndim:
        wanted = " or ".join(map(str, ndim))
        raise InvalidParameterError(f"{name} has shape {array.shape}: pass an array with ndim {wanted}")
    finite = np.isfinite(array)
    if not finite.all():
        bad = np.argwhere(~finite)
        at = tuple(int(i) for i in bad[0])
        raise InvalidParameterError(
            f"{name} has {len(bad)} entries that are not finite, the first at {at}: {array[at]}; "
            "pass finite numbers"
        )
    return array


def _as_float64(value: Any, *, copy: bool = True) -> FloatArray:
    """Convert numbers, and only numbers: neither text that looks like them, nor dates, nor complex ones."""
    array = np.asarray(unmasked(value))
    if array.dtype.kind == "O" and any(isinstance(item, (str, bytes)) for item in array.flat):
        raise TypeError("text among the values")
    if array.dtype.kind not in "biufO":
        raise TypeError(f"values of type {array.dtype}")
    return array.astype(np.float64, copy=copy)


def mean_matrix(name: str, value: ArrayLike, *, n_features: int | None = None) -> FloatArray:
    """Return means or centers as a (k, d) array; a vector of length k stands for d = 1."""
    array = finite_array(name, value, ndim=(1, 2))
    if array.ndim == 1:
        array = array[:, None]
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise InvalidParameterError(f"{name} has shape {array.shape}: pass at least one point")
    if n_features is not None and array.shape[1] != n_features:
        raise InvalidParameterError(
            f"{name} has shape {array.shape}: pass an array of shape (k, {n_features})"
        )
    return array


def probability_weights(name: str, value: ArrayLike | None, n: int) -> FloatArray:
    """Return mixture weights: `n` equal ones for None, else non-negative ones that sum to one.

    A sum within 1e-8 of one is accepted and normalised.
    """
    if value is None:
        return np.full(n, 1.0 / n)
    weights = finite_array(name, value, ndim=(1,))
    if weights.shape != (n,):
        raise InvalidParameterError(f"{name} has {len(weights)} entries where {n} are needed: pass one each")
    if np.any(weights < 0):
        i = int(np.argmin(weights))
        raise InvalidParameterError(f"{name}[{i}]={weights[i]:g}: pass weights that are not negative")
    total = weights.sum()
    if abs(total - 1.0) > 1e-8:
        raise InvalidParameterError(f"{name} sum to {total:.10g}: pass weights that sum to 1")
    # Weights normalised before stay as they are, so that copies of a mixture are equal to it.
    return weights if abs(total - 1.0) <= 4 * n * np.finfo(np.float64).eps else weights / total


def data_matrix(
    X: Any, *, name: str = "X", n_features: int | None = None, missing: bool = False
) -> FloatArray:
    """Return data as a C-contiguous float64 (n, d) array.

    The array may share memory with `X`: callers never write to it. With `missing`, NaN is let in, for values
    that are missing.

    Raises
    ------
    DataError
        If `X` is not two-dimensional, is empty, complex, sparse, not numeric, or not finite.
    """
    X = given_rows(X, name)
    try:
        array = given_rows(np.asarray(_of_nullable(X)))
        if not np.iscomplexobj(array):
            array = np.ascontiguousarray(_as_float64(array, copy=False))
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{name} cannot be read as numbers ({error}): pass numeric columns only") from error
    if np.iscomplexobj(array):
        raise DataError(f"{name} is complex: pass real numbers")
    if np.ndim(X) != 2:
        raise DataError(
            f"{name} has shape {np.shape(X)} where (n_samples, n_features) is needed: "
            f"use {name}.reshape(-1, 1) for one feature or {name}.reshape(1, -1) for one sample"
        )
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise DataError(f"{name} has shape {array.shape}: pass at least one row and one column")
    if n_features is not None and array.shape[1] != n_features:
        raise DataError(f"{name} has shape {array.shape} where the model has n_features={n_features}")
    if not _all_finite(array):
        refused = np.isinf(array) if missing else ~np.isfinite(array)
        bad = np.argwhere(refused)
        if len(bad):
            row, column = (int(i) for i in bad[0])
            what = "infinite" if missing else "NaN or infinite"
            remedy = "correct them, or make them NaN, as missing" if missing else "remove or impute them"
            raise DataError(
                f"{name} has {len(bad)} entries that are {what}, the first in row {row}, "
                f"column {column}: {remedy}"
            )
    warn_of_inexact(X, array, name)
    return array


def _of_nullable(X: Any) -> Any:
    """A table of pandas' nullable numbers as an array; others as they are."""
    kinds = [getattr(dtype, "kind", "") for dtype in getattr(X, "dtypes", ())] if hasattr(X, "iloc") else []
    if kinds and all(kind in "biuf" for kind in kinds):
        return X.to_numpy(dtype=np.float64, na_value=np.nan)
    return X


def _all_finite(array: FloatArray) -> bool:
    """Whether no entry is NaN or infinite; by blocks, because the answers would fill an eighth of X."""
    step = max(1, FINITE_BLOCK // array.shape[1])
    return all(bool(np.isfinite(array[i : i + step]).all()) for i in range(0, len(array), step))


def sample_weights(value: ArrayLike | None, n: int, *, faint: bool = False) -> Weights:
    """Return sample weights normalised to sum to one; None stands for equal weights.

    Those next to nothing beside the largest, by the square of the rounding of float64, are zero but where
    `faint` ones count: in proofs.
    """
    if value is None:
        return Weights.equal(n)
    try:
        weights = _as_float64(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"sample_weight cannot be read as numbers ({error}): pass one number per row"
        ) from error
    if weights.shape != (n,):
        raise DataError(f"sample_weight has shape {weights.shape} where ({n},) is needed: pass one per row")
    if not np.isfinite(weights).all() or np.any(weights < 0):
        i = int(np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))[0])
        raise DataError(f"sample_weight[{i}]={weights[i]}: pass finite weights that are not negative")
    largest = weights.max()
    if largest == 0:
        raise DataError("sample_weight is zero everywhere: give at least one row a positive weight")
    if not faint:
        weights = np.where(weights < largest * TOLERANCES.measure.no_weight, 0.0, weights)
    return Weights.given(weights)


def square_matrix(name: str, value: ArrayLike) -> FloatArray:
    """Return a square matrix of finite numbers; a number is one of one row."""
    matrix = finite_array(name, np.atleast_2d(np.asarray(value, dtype=np.float64)), ndim=(2,))
    if matrix.shape[0] != matrix.shape[1]:
        raise InvalidParameterError.of(name, matrix.shape, "pass a square matrix")
    return matrix


def seed_of(rng: Any) -> int:
    """Return the seed that `rng` is, or one drawn from it."""
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return int(rng)
    # Below 2^53, so that every reader of the JSON gets the same number.
    return int(generator(rng).integers(2**53))
