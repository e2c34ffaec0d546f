"""The Kullback-Leibler divergence as the integral of a difference of log densities."""

from __future__ import annotations

from functools import partial

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.measure.estimate import Estimate
from gmmscape.measure.quadrature import Rule, Sums, fitted_rule
from gmmscape.measure.sobol import SobolRule
from gmmscape.mixture import Mixture


def divergence(
    truth: Mixture, mixture: Mixture, basis: FloatArray, tolerance: float, *, sobol: bool = False
) -> Estimate:
    """Return E[log truth - log mixture] under the truth.

    Parameters
    ----------
    truth, mixture : Mixture
        In the same coordinates.
    basis : ndarray of shape (d, r)
        Orthonormal. With r < d both mixtures have one spherical covariance each, and all differences of
        centers and means lie in its span: beyond it both are one Gaussian about the same place.
    tolerance : float
        Accuracy.
    sobol : bool, default=False
        Whether to take Sobol points; otherwise r is at most three.

    Returns
    -------
    Estimate
        In nats.
    """
    d, r = basis.shape
    left_out = 0.0
    ours, theirs = truth, mixture
    if d > 1:
        ours, theirs, left_out = _within(truth, mixture, basis)
    if r == 0:
        return Estimate(left_out, 4 * np.finfo(np.float64).eps * (1.0 + abs(left_out)))
    roots = np.linalg.cholesky(ours.full_covariances())
    value, error = left_out, 4 * np.finfo(np.float64).eps * abs(left_out)

    def integrand(s: int, z: FloatArray, w: FloatArray) -> Sums:
        X = ours.means[s] + z @ roots[s].T
        held = engine.hold(X)
        ahead, behind = (held.log_density(m.parameters) for m in (ours, theirs))
        return (np.atleast_1d(w @ (ahead - behind)),)

    for s, share in enumerate(ours.weights):
        one = partial(integrand, s)
        z, w = Rule((1.0,) * r).nodes() if r <= 3 else SobolRule.of_accuracy(r, 1e-3).nodes()
        X = ours.means[s] + z @ roots[s].T
        held = engine.hold(X, w)
        noise = sum(held.rounding(m.parameters).nll for m in (ours, theirs))
        rule: Rule | SobolRule
        if sobol:
            rule = SobolRule.of_accuracy(r, tolerance)
        else:
            rule = fitted_rule(r, one, tolerance / max(float(share), tolerance), (noise,))
        value += share * float(one(*rule.nodes())[0][0])
        error += share * (rule.measured(one)[0] + noise)
    return Estimate(value, error)


def _within(truth: Mixture, mixture: Mixture, basis: FloatArray) -> tuple[Mixture, Mixture, float]:
    """Return both mixtures in the coordinates of a basis, and the divergence beyond it."""
    d, r = basis.shape
    if r == d and (truth.sigma is None or mixture.sigma is None):
        return truth, mixture, 0.0
    tau, sigma = truth.sigma, mixture.sigma
    assert tau is not None
    assert sigma is not None
    middle = truth.means[0]
    ratio = tau / sigma
    left_out = (d - r) * (0.5 * (ratio**2 - 1.0) - np.log(ratio))
    if r == 0:
        return truth, mixture, float(left_out)
    ours, theirs = (
        Mixture.location((m.means - middle) @ basis, width, m.weights)
        for m, width in ((truth, tau), (mixture, sigma))
    )
    return ours, theirs, float(left_out)
