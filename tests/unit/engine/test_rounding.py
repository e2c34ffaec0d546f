"""Estimated rounding errors against the same sums in extended precision."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import engine


def extended(X, weights, means, sigma):
    """Value and gradient of the location family in numpy's longest float."""
    x, m = X.astype(np.longdouble), np.asarray(means).astype(np.longdouble)
    y = (x - m) / np.longdouble(sigma)
    top = (-0.5 * y**2).max(axis=1, keepdims=True)
    joint = np.exp(-0.5 * y**2 - top)
    total = joint.sum(axis=1)
    scale = np.log(len(m) * np.longdouble(sigma)) + 0.5 * np.log(2 * np.longdouble(np.pi))
    return scale - weights @ (top[:, 0] + np.log(total)), -(weights @ (joint / total[:, None] * y)) / sigma


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="needs a longer float")
@pytest.mark.parametrize("reach", [1.0, 1e3, 1e5])
def test_estimates_cover_the_rounding_and_are_not_far_above(reach):
    rng = np.random.default_rng(int(reach))
    ratios = []
    for _ in range(30):
        X, means = reach * rng.normal(size=(40, 1)), rng.normal(size=4)
        weights, sigma = rng.dirichlet(np.ones(40)), rng.uniform(0.5, 2.0)
        parameters = gs.Mixture.location(means, sigma).parameters
        stated = engine.hold(X, weights).rounding(parameters)
        at = engine.hold(X, weights).derivatives(parameters, hessian=False)
        value, gradient = extended(X, weights, means, sigma)
        errors = float(abs(at.nll - value)), float(np.abs(at.gradient[:, 0] - gradient).max())
        assert errors[0] <= stated.nll
        assert errors[1] <= stated.gradient
        ratios.append([stated.nll / max(errors[0], 1e-300), stated.gradient / max(errors[1], 1e-300)])
    assert np.median(ratios, axis=0).max() < 1000
