"""Rounding: how far float64 moves the value and the derivatives of a weighted NLL, and extents; in NumPy."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.engine.logsumexp import logsumexp_rows
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.protocol import Rounding
from gmmscape.engine.reference import blocks, squared_distances

EPS = float(np.finfo(np.float64).eps)
#: What is estimated is one unit in the last place of each operand; there are several.
SAFETY = 4.0


def extent(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and the highest value of each column of an (n, d) array, in one reading.

    One row at least; NaN where a column has one. NumPy is far faster along contiguous numbers,
    so that few columns are turned, some rows at a time.
    """
    if X.shape[1] > EFFORT.measure.turned_columns:
        return X.min(axis=0), X.max(axis=0)
    ends = []
    for block in blocks(len(X)):
        turned = np.ascontiguousarray(X[block].T)
        ends.append((turned.min(axis=1), turned.max(axis=1)))
    lowest, highest = zip(*ends, strict=True)
    return np.minimum.reduce(lowest), np.maximum.reduce(highest)


def largest_coordinate(X: FloatArray, origin: FloatArray | None = None) -> float:
    """Return the largest coordinate of rows, less the origin, in absolute value."""
    low, high = extent(X)
    if origin is not None:
        high, low = high - origin, low - origin
    return max(float(high.max()), -float(low.min()))


def reference_rounding(X: FloatArray, weights: FloatArray, parameters: Parameters) -> Rounding:
    """Return estimated rounding errors of local rows, as `HeldRows.rounding` states them."""
    length = max(largest_coordinate(X), float(np.abs(parameters.means).max()))
    precision = float(np.abs(parameters.factors).max())  # inverse of the smallest standard deviation
    k = len(parameters.means)
    value, gradient, hessian = 0.0, np.zeros(k), np.zeros(k)
    constants = parameters.log_constants
    finite = constants[np.isfinite(constants)]
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        shift = EPS * length * precision
        for block in blocks(len(X)):
            squared = squared_distances(X[block], parameters)
            joint = constants - 0.5 * squared
            density = logsumexp_rows(joint)
            psi = np.exp(joint - density[:, None])
            reached = psi > 0
            m = np.where(reached, np.sqrt(squared), 0.0)
            error = EPS * (1.0 + np.abs(finite).max(initial=0.0) + m * m) + shift * m
            doubt = psi * (1.0 - psi) * error
            w = weights[block]
            known = np.isfinite(density)
            value += float(w[known] @ ((psi * error).sum(axis=1) + EPS * np.abs(density))[known])
            gradient += w @ (doubt * m + psi * (EPS * m + shift))
            hessian += w @ (doubt * m * m + psi * (EPS * (1.0 + m * m) + shift * m))
        largest_gradient = precision * float(gradient.max())
        largest_hessian = precision * (precision * float(hessian.max()))
    return Rounding(SAFETY * value, SAFETY * largest_gradient, SAFETY * largest_hessian)
