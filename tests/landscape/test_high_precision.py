"""Minima, divergences and curvatures against the oracle in 30 digits, within the errors that are stated."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from oracles.high_precision import HighPrecisionLandscape

CASES = {
    "first spurious minimum": ([-1.5, 1.5, 6.0], None, 0.5, 3),
    "equal spacing": ([-12.0, 0.0, 12.0], None, 1.0, 3),
    "census": ([-3.0, 3.0, 12.0], None, 1.0, 3),
    "below the birth threshold": ([-4.25, 0.0, 4.25], None, 0.5, 3),
    "unequal weights": ([-4.0, 2.0, 11.0], [0.5, 0.2, 0.3], 0.8, 3),
    "under-specified": ([-7.0, 0.0, 8.0], None, 1.0, 2),
    "far from the origin": ([1000.0, 1003.0, 1012.0], None, 1.0, 3),
}


@pytest.mark.parametrize("name", CASES)
def test_every_minimum(name):
    centers, weights, sigma, k = CASES[name]
    atlas = lab.Landscape(lab.Population(gs.Mixture.location(centers, sigma, weights)), k).explore(0)
    assert atlas.minima
    n = len(centers)
    exact_weights = [mp.mpf(1) / n] * n if weights is None else weights
    with mp.workdps(30):
        oracle = HighPrecisionLandscape(centers, [sigma] * n, exact_weights, sigma)
        for minimum in atlas.minima:
            means, eigenvalues = oracle.critical_point(minimum.means[:, 0])
            distance = max(
                abs(float(a - mp.mpf(b))) for a, b in zip(means, minimum.means[:, 0].tolist(), strict=True)
            )
            assert distance <= 1e-10 * sigma
            assert distance <= minimum.means_error + 2 * np.spacing(np.abs(centers).max())
            assert abs(float(oracle.kl(means)) - minimum.kl) <= minimum.error
            assert abs(float(oracle.nll(means)) - minimum.nll) <= minimum.error
            assert minimum.error < 1e-12
            wanted = np.array([float(value) for value in eigenvalues])
            assert np.abs(minimum.eigenvalues - wanted).max() <= 1e-10 / sigma**2
            assert wanted[0] > 0
