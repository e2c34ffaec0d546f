"""Minima, divergences and curvatures against the oracle in 30 digits, within the errors that are stated."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from gmmscape import lab
from oracles.high_precision_minima import CASES, DIGITS, FILE, computed, searched

#: How far a recomputed number may be from the one that is kept: the digits that the oracle's sums share.
AGAIN = mp.mpf(10) ** -22

# The atlas of a case serves both tests where both run.
minima_of = cache(searched)


@pytest.fixture(scope="module")
def kept() -> dict[str, list[dict[str, Any]]]:
    return json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(DIGITS):
        yield


def distance(means: list[str], minimum: lab.CriticalPoint) -> float:
    """Return the largest difference of the means, which are in the same order."""
    pairs = zip(means, minimum.means[:, 0].tolist(), strict=True)
    return max(abs(float(mp.mpf(exact) - mp.mpf(mean))) for exact, mean in pairs)


@pytest.mark.parametrize("name", CASES)
def test_every_minimum(name, kept):
    centers, _, sigma, _ = CASES[name]
    minima, left = minima_of(name), list(kept[name])
    assert len(minima) == len(left) > 0
    for minimum in minima:
        exact = min(left, key=lambda one, minimum=minimum: distance(one["means"], minimum))
        left.remove(exact)
        away = distance(exact["means"], minimum)
        assert away <= 1e-10 * sigma
        assert away <= minimum.means_error + 2 * np.spacing(np.abs(centers).max())
        assert abs(float(mp.mpf(exact["kl"])) - minimum.kl) <= minimum.error
        assert abs(float(mp.mpf(exact["nll"])) - minimum.nll) <= minimum.error
        assert minimum.error < 1e-12
        wanted = np.array([float(value) for value in exact["eigenvalues"]])
        assert np.abs(minimum.eigenvalues - wanted).max() <= 1e-10 / sigma**2
        assert wanted[0] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_what_is_kept_is_what_the_oracle_computes(name, kept):
    for new, old in zip(computed(name, minima_of(name)), kept[name], strict=True):
        for key in ("means", "eigenvalues"):
            for a, b in zip(new[key], old[key], strict=True):
                assert abs(mp.mpf(a) - mp.mpf(b)) <= AGAIN * max(1, abs(mp.mpf(b)))
        for key in ("nll", "kl"):
            assert abs(mp.mpf(new[key]) - mp.mpf(old[key])) <= AGAIN


def test_a_wrong_digit_is_noticed(kept):
    """Negative control: the stated errors are small enough to see the thirteenth digit."""
    minimum = minima_of("census")[1]
    exact = float(mp.mpf(kept["census"][1]["kl"]))
    assert abs(exact + 1e-12 - minimum.kl) > minimum.error
