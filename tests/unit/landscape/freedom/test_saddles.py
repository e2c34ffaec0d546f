"""Saddles with more freedom than means: critical, of their index, and joined as a descent of the tests' own says.

The tests' own NLL is a sum over panels of Gauss and Legendre, its derivatives are differences, and its
descents are steps along its own gradient; the index does not depend on coordinates (Sylvester's law).
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from scipy.optimize import root
from scipy.special import logsumexp

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.freedom.features import same_fit
from gmmscape.landscape.freedom.passes import NO_LAW
from gmmscape.results import read
from marks import rest_slow

CENTERS = np.array([-3.0, 3.0, 12.0])
LINE = gs.Mixture.location(CENTERS, 1.0)
PLANE = gs.Mixture.location([[0.0, 0.0], [6.0, 0.0], [1.0, 9.0]], 1.0)
#: Family, weights and widths of each case on the line.
CASES = {
    "free weights": ("location", "free", [1.0, 1.0, 1.0]),
    "common width": ("spherical", "equal", "common"),
    "free widths": ("spherical", "equal", "free"),
    "free weights, common width": ("spherical", "free", "common"),
    "free weights and widths": ("spherical", "free", "free"),
}
every = pytest.mark.parametrize("name", rest_slow(list(CASES), 2))


@cache
def atlas_of(name: str) -> lab.FreeAtlas:
    family, weights, sigma = CASES[name]
    land = lab.FreeLandscape(lab.Population(LINE), 3, family=family, weights=weights, sigma=sigma)
    return land.explore(0, n_starts=16, saddles=True)


class Own:
    """The tests' own objective on the line: NLL of means, log weights and log widths, those that are free."""

    def __init__(self, name: str) -> None:
        _, self.weights, self.sigma = CASES[name]
        x, w = np.polynomial.legendre.leggauss(20)
        ends = np.linspace(-13.0, 22.0, 36)
        self.x = np.concatenate([0.5 * (b + a) + 0.5 * (b - a) * x for a, b in pairwise(ends)])
        parts = np.concatenate([0.5 * (b - a) * w for a, b in pairwise(ends)])
        density = np.exp(-0.5 * (self.x[:, None] - CENTERS) ** 2).sum(axis=1) / (3 * np.sqrt(2 * np.pi))
        self.w = parts * density

    def fit(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Means, weights and standard deviations."""
        mu, rest = theta[:3], theta[3:]
        eta, rest = (np.append(rest[:2], 0.0), rest[2:]) if self.weights == "free" else (np.zeros(3), rest)
        pi = np.exp(eta) / np.exp(eta).sum()
        tau = rest if self.sigma == "free" else np.repeat(rest, 3) if self.sigma == "common" else np.zeros(3)
        return mu, pi, np.exp(tau)

    def theta(self, mixture: gs.Mixture) -> np.ndarray:
        parts = [mixture.means[:, 0]]
        if self.weights == "free":
            parts.append(np.log(mixture.weights[:2] / mixture.weights[2]))
        widths = 0.5 * np.log(mixture.covariances)
        parts.append(widths if self.sigma == "free" else widths[: int(self.sigma == "common")])
        return np.concatenate(parts)

    def nll(self, theta: np.ndarray) -> float:
        mu, pi, sd = self.fit(theta)
        logs = np.log(pi / (sd * np.sqrt(2 * np.pi))) - 0.5 * ((self.x[:, None] - mu) / sd) ** 2
        return float(-self.w @ logsumexp(logs, axis=1))

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """By central differences with Richardson's extrapolation."""
        steps = np.eye(len(theta))
        found = []
        for e in steps:
            one, two = (
                (self.nll(theta + h * e) - self.nll(theta - h * e)) / (2 * h) for h in (1e-3, 2e-3)
            )
            found.append((4 * one - two) / 3)
        return np.array(found)

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        h = 1e-3
        bend = [(self.gradient(theta + h * e) - self.gradient(theta - h * e)) / (2 * h) for e in np.eye(len(theta))]
        return 0.5 * (np.array(bend) + np.array(bend).T)

    def downhill(self, theta: np.ndarray, minima: list[gs.Mixture]) -> int:
        """Follow the flow of steepest descent to the place of the minimum it comes close to.

        Lengths are those of docs/mathematics.md#own-units: means in standard deviations, and so on, each
        times the root of the weight. The gradient is that of the densities themselves, by Fisher's identity.
        """
        mu, pi, sd = (np.array(part) for part in self.fit(theta))
        ends = [(m.means[:, 0], m.weights, np.sqrt(m.covariances)) for m in minima]
        for _ in range(100_000):
            z = (self.x[:, None] - mu) / sd
            psi = pi * np.exp(-0.5 * z**2) / sd
            psi *= (self.w / psi.sum(axis=1))[:, None]
            mass = psi.sum(axis=0)
            spread = (psi * (z**2 - 1.0)).sum(axis=0)
            mu = mu + 0.5 * sd * (psi * z).sum(axis=0) / pi
            if self.sigma == "free":
                sd = sd * np.exp(0.5 * spread / (2 * pi))
            elif self.sigma == "common":
                sd = sd * np.exp(0.5 * spread.sum() / 2)
            if self.weights == "free":
                pi = pi * np.exp(0.5 * (mass / pi - 1.0))
                pi = pi / pi.sum()
            for place, end in enumerate(ends):
                for order in permutations(range(3)):
                    at = list(order)
                    gaps = [np.abs(a[at] - b).max() for a, b in zip((mu, np.log(pi), np.log(sd)), (end[0], np.log(end[1]), np.log(end[2])), strict=True)]
                    if max(gaps) < 0.1:
                        return place
        raise AssertionError("a descent came near no minimum")


@every
def test_saddles_are_critical_and_of_their_index(name: str):
    own, atlas = Own(name), atlas_of(name)
    assert atlas.saddles
    for point in atlas.saddles:
        theta = own.theta(point.mixture)
        assert np.abs(own.gradient(theta)).max() < 1e-8
        values = np.linalg.eigvalsh(own.hessian(theta))
        # Differences know a curvature to 1e-7; those that are exactly zero have no sign.
        assert np.count_nonzero(values < -1e-5) == point.index, (point.means.ravel(), values)
        assert point.flat == bool((np.abs(values) < 1e-6).any())
        assert point.error < 1e-9


@every
def test_edges_join_the_minima_that_own_descents_end_in(name: str):
    own, atlas = Own(name), atlas_of(name)
    minima = [point.mixture for point in atlas.minima]
    assert atlas.edges
    assert not atlas.unjoined
    for edge in atlas.edges:
        theta = own.theta(atlas.saddles[edge.saddle].mixture)
        direction = np.linalg.eigh(own.hessian(theta))[1][:, 0]
        ends = [own.downhill(theta + side * 0.02 * direction, minima) for side in (-1.0, 1.0)]
        assert sorted(ends) == list(edge.minima)


@every
def test_no_saddle_of_many_searches_of_another_kind_is_missed(name: str):
    """A root finder of SciPy's on the gradient, by differences, from random fits."""
    own, atlas = Own(name), atlas_of(name)
    known = [*atlas.minima, *atlas.saddles]
    levels = np.array([point.nll for point in known])
    rng = np.random.default_rng(3)
    met = 0
    for _ in range(60):
        start = rng.choice(CENTERS, 3) + 1.5 * rng.standard_normal(3)
        rest = 0.7 * rng.standard_normal(len(own.theta(known[0].mixture)) - 3)
        found = root(own.gradient, np.concatenate([start, rest]), method="hybr", options={"maxfev": 60})
        mu, pi, sd = own.fit(found.x)
        inside = np.abs(mu).max() < 20 and pi.min() > 1e-3 and sd.min() > 0.05 and sd.max() < 20
        if not (found.success and inside and np.abs(own.gradient(found.x)).max() < 1e-8):
            continue
        met += 1
        assert np.abs(levels - own.nll(found.x)).min() < 1e-7, (mu, pi, sd)
    assert met >= 5
