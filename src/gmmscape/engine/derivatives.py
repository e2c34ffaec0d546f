"""Derivatives of the location family, and rounding errors, by whichever engine computes."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.engine import reference
from gmmscape.engine.choice import _native, native_isa
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.passes import contiguous, log_constants_and_arrays, moved, split_weights
from gmmscape.engine.reference import LOG_2PI
from gmmscape.engine.rounding import EPS, SAFETY, Rounding, largest_coordinate, reference_rounding
from gmmscape.engine.threads import thread_count
from gmmscape.statistics import LocationDerivatives


def location_derivatives(
    X: FloatArray,
    weights: FloatArray,
    parameters: Parameters,
    *,
    hessian: bool,
    origin: FloatArray | None = None,
) -> LocationDerivatives:
    """Return value, gradient and Hessian of the weighted NLL in the means, equal spherical covariances.

    With y_i = x - mean_i and psi the responsibilities (DESIGN 2.1):
    grad_i = -E[psi_i y_i] / sigma^2,
    Hess_ij = E[psi_i psi_j y_i y_j'] / sigma^4 - [i=j] E[psi_i (y_i y_i' / sigma^4 - I / sigma^2)].

    Cost O(n k d) without and O(n k^2 d^2) with the Hessian.
    """
    isa = native_isa()
    if isa is not None:
        _, constants, means, factors = log_constants_and_arrays(parameters)
        common, weight = split_weights(weights)
        rows = contiguous(X)
        found = _native.derivatives(
            isa, constants, means, factors, rows, origin, common, weight, hessian, thread_count()
        )
        if found is not None:
            log_likelihood, mass, deviations, second = found
            factor = float(parameters.factors[0])
            # sigma is the unit of length up to here: its fourth power may not be representable.
            second = None if second is None else factor * (factor * second)
            return LocationDerivatives(-log_likelihood, -factor * deviations, second, mass)
    return reference.location_derivatives(moved(X, origin), weights, parameters, hessian=hessian)


def joint_derivatives(
    X: FloatArray,
    weights: FloatArray,
    parameters: Parameters,
    *,
    hessian: bool,
    origin: FloatArray | None = None,
) -> LocationDerivatives:
    """Return value, gradient and Hessian in the means and in sigma times the log weights.

    By component: gradient of shape (k, d+1), the log weight last, and Hessian of k (d+1) rows and columns.

    Weights are pi_i = exp(eta_i) / sum_j exp(eta_j). With y_i and psi as in `location_derivatives`:
    dL/d eta_i = -(E psi_i - pi_i),
    d2L/d eta_i d eta_j = E[psi_i psi_j] - [i=j] E psi_i + [i=j] pi_i - pi_i pi_j,
    d2L/d mean_i d eta_j = (E[psi_i psi_j y_i] - [i=j] E[psi_i y_i]) / sigma^2.

    The expectations are those of `location_derivatives` with one more coordinate, in which every row lies
    sigma away from every mean: there y_i / sigma is one.
    """
    k = len(parameters.means)
    d = X.shape[1]
    factor = float(parameters.factors[0])
    rows, extended = with_constant(X, parameters, origin)
    at = location_derivatives(rows, weights, extended, hessian=hessian)
    total = float(weights.sum())
    pi = np.exp(parameters.log_weights)
    nll = at.nll - total * (0.5 * LOG_2PI + 0.5 - float(np.log(factor * parameters.unit)))
    gradient = at.gradient.copy()
    gradient[:, d] += factor * total * pi
    if at.hessian is None:
        return LocationDerivatives(nll, gradient, None, at.mass)
    second = at.hessian.reshape(k, d + 1, k, d + 1).copy()
    spread = np.diag(total * pi - at.mass) - total * np.outer(pi, pi)
    second[:, d, :, d] += factor * (factor * spread)
    return LocationDerivatives(nll, gradient, second.reshape(at.hessian.shape), at.mass)


def with_constant(
    X: FloatArray, parameters: Parameters, origin: FloatArray | None = None
) -> tuple[FloatArray, Parameters]:
    """Return rows, less the origin, and parameters with one more coordinate: sigma in rows, 0 in means."""
    sigma = 1.0 / float(parameters.factors[0])
    rows = np.column_stack([moved(X, origin), np.full(len(X), sigma)])
    means = np.column_stack([parameters.means, np.zeros(len(parameters.means))])
    return rows, parameters._replace(means=means)


def location_hessian_product(
    X: FloatArray, weights: FloatArray, parameters: Parameters, direction: FloatArray
) -> FloatArray:
    """Return the Hessian of `location_derivatives` times a direction of shape (k, d), in the same shape.

    Cost O(n k d): for many components, where the Hessian itself would not fit.
    """
    isa = native_isa()
    factor = float(parameters.factors[0])
    if isa is not None:
        _, constants, means, factors = log_constants_and_arrays(parameters)
        common, weight = split_weights(weights)
        rows, along = contiguous(X), np.ascontiguousarray(direction)
        threads = thread_count()
        product = _native.hessian_product(
            isa, constants, means, factors, rows, None, common, weight, along, threads
        )
        masses = _native.derivatives(
            isa, constants, means, factors, rows, None, common, weight, False, threads
        )
        if product is not None and masses is not None:
            return factor * (factor * (product + masses[1][:, None] * direction))
    return reference.location_hessian_product(X, weights, parameters, direction)


def rounding(
    X: FloatArray,
    weights: FloatArray,
    parameters: Parameters,
    *,
    origin: FloatArray | None = None,
    largest: float | None = None,
) -> Rounding:
    """Return estimated rounding errors of a weighted NLL and of its derivatives in the means.

    `largest` is the `largest_coordinate` of the rows, for callers that know it.

    First order: coordinates are rounded relative to the largest, which moves a distance of m standard
    deviations by eps * length / sigma; squared distances by eps * m^2 besides. Log densities err by the
    responsibility-weighted average of that. Responsibilities err by it times psi (1 - psi), so that far rows
    matter where two components compete for them.

    Cost O(n k d), or O(n k d^2) for full and tied covariances.
    """
    isa = native_isa()
    if isa is not None and X.dtype == np.float64:
        precision = float(np.abs(parameters.factors).max())  # inverse of the smallest standard deviation
        kind, constants, means, factors = log_constants_and_arrays(parameters)
        common, weight = split_weights(weights)
        constant = float(np.abs(constants[np.isfinite(constants)]).max(initial=0.0))
        largest = largest_coordinate(X, origin) if largest is None else largest
        shift = EPS * max(largest, float(np.abs(means).max())) * precision
        if np.isfinite(shift):
            sums = _native.rounding(
                isa,
                kind,
                constants,
                means,
                factors,
                contiguous(X),
                origin,
                common,
                weight,
                constant,
                shift,
                thread_count(),
            )
            if sums is not None:
                k = len(constants)
                value, gradient, second = sums[0], sums[1 : 1 + k].max(), sums[1 + k :].max()
                return Rounding(
                    SAFETY * float(value),
                    SAFETY * precision * float(gradient),
                    SAFETY * (precision * (precision * float(second))),
                )
    return reference_rounding(moved(X, origin), weights, parameters)
