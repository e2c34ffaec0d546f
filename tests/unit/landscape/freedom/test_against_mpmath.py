"""Derivatives along a direction of what is free, beside mpmath's of an integral of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from marks import rest_slow

mp = pytest.importorskip("mpmath").mp

TRUTH = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
FIT = gs.Mixture([0.25, 0.35, 0.4], [[0.3], [5.0], [8.0]], [1.5, 2.0, 3.0], "spherical")


def nll(t: Any, parts: dict[str, np.ndarray]) -> Any:
    """The NLL after t times a step: log weights, means in standard deviations, and minus log widths."""
    weights = [mp.mpf(w) * mp.exp(t * a) for w, a in zip(parts["weights"], parts["a"], strict=True)]
    total = mp.fsum(weights)
    means = [mp.mpf(m) + s * t * b for m, s, b in zip(parts["means"], parts["sd"], parts["b"], strict=True)]
    widths = [mp.mpf(s) * mp.exp(-t * c) for s, c in zip(parts["sd"], parts["c"], strict=True)]

    def normal(x: Any, m: Any, s: Any) -> Any:
        return mp.exp(-(((x - m) / s) ** 2) / 2) / (s * mp.sqrt(2 * mp.pi))

    def integrand(x: Any) -> Any:
        true = mp.fsum(normal(x, mp.mpf(c), mp.mpf(1)) for c in (-3, 3, 12)) / 3
        fit = mp.fsum(w / total * normal(x, m, s) for w, m, s in zip(weights, means, widths, strict=True))
        return -true * mp.log(fit)

    return mp.quad(integrand, [-14, -8, -3, 0, 3, 7, 12, 17, 23])


CASES = [([0.25, 0.35, 0.4], "free"), ("free", "free"), ("free", "common"), ("free", 1.2)]


@pytest.mark.parametrize("case", rest_slow(CASES, 1), ids=str)
def test_slope_and_curvature_along_a_direction(case: tuple[Any, Any]):
    weights, sigma = case
    family = "location" if isinstance(sigma, float) else "spherical"
    land = lab.FreeLandscape(lab.Population(TRUTH), 3, family=family, weights=weights, sigma=sigma)
    at = land._at(FIT)
    direction = np.random.default_rng(0).standard_normal(at.basis.shape[1])
    a, b, c = at.own._parts(at.basis @ direction / at.own.scale)
    mixture = land.measure.callers_mixture(at.mixture)
    parts = {
        "weights": mixture.weights,
        "means": mixture.means.ravel(),
        "sd": np.sqrt(mixture.covariances),
        "a": a,
        "b": b.ravel(),
        "c": c.ravel() if c.size else np.zeros(3),
    }
    with mp.workdps(20):
        slope = float(mp.diff(lambda t: nll(t, parts), 0, 1))
        bend = float(mp.diff(lambda t: nll(t, parts), 0, 2))
    assert float(at.slope @ direction) == pytest.approx(slope, rel=1e-9)
    assert float(direction @ at.bend @ direction) == pytest.approx(bend, rel=1e-8)
