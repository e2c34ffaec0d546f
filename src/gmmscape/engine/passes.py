"""Passes over rows, by the native engine where there is one and by the reference engine otherwise.

The native engine hands back what only the reference engine can do: rows so far from every component that all
densities underflow beyond what exponents hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gmmscape.arrays import FloatArray
from gmmscape.engine import reference
from gmmscape.engine.choice import _native, native_isa
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.threads import thread_count
from gmmscape.statistics import SufficientStatistics

#: Rows as passes take them: float64 or float32.
Rows = NDArray[np.floating[Any]]


def statistics(
    X: Rows, weights: FloatArray, parameters: Parameters, scatter: str, *, origin: FloatArray | None = None
) -> SufficientStatistics:
    """Return the sufficient statistics of weighted rows at the given parameters.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float64 or float32; sums are float64.
    weights : ndarray of shape (n,)
        Non-negative weights of the rows.
    parameters : Parameters
        Mixture whose responsibilities are used.
    scatter : {"none", "spherical", "diag", "tied", "full"}
        Which scatter is accumulated.
    origin : ndarray of shape (d,), optional
        What is subtracted from the rows first; parameters count from there.

    Returns
    -------
    SufficientStatistics
        The same bits for any number of threads. Cost O(n k d) for "none", "spherical" and "diag", O(n k d^2)
        for "full"; memory a few MB, whatever n.
    """
    isa = native_isa()
    if isa is not None:
        common, weight = split_weights(weights)
        found = _native.statistics(
            isa,
            *log_constants_and_arrays(parameters),
            contiguous(X),
            origin,
            common,
            weight,
            scatter,
            thread_count(),
        )
        if found is not None:
            log_likelihood, total, mass, mean, second = found
            return SufficientStatistics(
                mass=mass,
                mean=mean,
                scatter=None if scatter == "none" else second,
                kind=scatter,
                log_likelihood=log_likelihood,
                weight=total,
            )
    return reference.statistics(moved(X, origin), weights, parameters, scatter)


def log_density(X: Rows, parameters: Parameters, *, origin: FloatArray | None = None) -> FloatArray:
    """Return the log density of the mixture at each row, shape (n,); -inf where it underflows."""
    found = _posterior(X, parameters, origin, responsibilities=False)
    return reference.log_density(moved(X, origin), parameters) if found is None else found


def responsibilities(X: Rows, parameters: Parameters, *, origin: FloatArray | None = None) -> FloatArray:
    """Return the posterior probability of each component at each row, shape (n, k)."""
    found = _posterior(X, parameters, origin, responsibilities=True)
    return reference.responsibilities(moved(X, origin), parameters) if found is None else found


def _posterior(
    X: Rows, parameters: Parameters, origin: FloatArray | None, *, responsibilities: bool
) -> FloatArray | None:
    """Log densities or responsibilities by the native engine, or None where it cannot."""
    isa = native_isa()
    if isa is None:
        return None
    model = log_constants_and_arrays(parameters)
    return _native.posterior(isa, *model, contiguous(X), origin, thread_count(), responsibilities)


def log_constants_and_arrays(parameters: Parameters) -> tuple[str, FloatArray, FloatArray, FloatArray]:
    """Return a mixture as the native engine takes it: kind, log constants, means, factors."""
    return (
        parameters.kind,
        reference.log_constants(parameters),
        np.ascontiguousarray(parameters.means),
        np.ascontiguousarray(parameters.factors),
    )


def split_weights(weights: FloatArray) -> tuple[FloatArray | None, float]:
    """Return the weights as an array, or the one weight that all rows share (an array without strides)."""
    if len(weights) and weights.strides == (0,):
        return None, float(weights[0])
    return np.ascontiguousarray(weights), 0.0


def contiguous(X: Rows) -> Rows:
    """Return the rows as the native engine takes them, copied only where they are not so."""
    return np.ascontiguousarray(X, dtype=X.dtype if X.dtype == np.float32 else np.float64)


def moved(X: Rows, origin: FloatArray | None) -> Any:
    """Return the rows less the origin; a copy, where there is one."""
    return X if origin is None else X - origin
