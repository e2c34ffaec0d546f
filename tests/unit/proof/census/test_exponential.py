"""Exponentials with a proved error."""

from __future__ import annotations

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.proof.balls import exact, precision
from gmmscape.proof.census.exponential import ERROR, decaying

MOST = EFFORT.census.largest_exponent


def test_errors_are_within_the_bound():
    rng = np.random.default_rng(0)
    edges = np.arange(0.0, 20.0, 1 / 128)
    t = np.concatenate([[0.0, 1e-300, MOST], edges, np.nextafter(edges, 30.0), rng.uniform(0, MOST, 4000)])
    with precision(128):
        for at, found in zip(t.tolist(), decaying(t).tolist(), strict=True):
            true = (-exact(at)).exp()
            assert abs(exact(found) - true) <= exact(ERROR) * true


def test_the_bound_is_not_far_off():
    t = np.random.default_rng(1).uniform(0, MOST, 4000)
    with precision(128):
        off = [
            float(abs(exact(found) / (-exact(at)).exp() - 1).mid())
            for at, found in zip(t.tolist(), decaying(t).tolist(), strict=True)
        ]
    assert max(off) > ERROR / 16


def test_shapes_stay():
    assert decaying(np.zeros((2, 3, 4))).shape == (2, 3, 4)
