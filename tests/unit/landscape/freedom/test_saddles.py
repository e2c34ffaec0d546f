"""Saddles with more freedom than means: critical, of their index, and joined as own descents say.

The tests' own NLL is a sum over panels of Gauss and Legendre, its derivatives are differences, and its
descents are steps along its own gradient; the index does not depend on coordinates (Sylvester's law).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import root
from scipy.special import logsumexp, softmax

import gmmscape as gs
from gmmscape import lab
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
every = pytest.mark.parametrize("name", rest_slow(list(CASES), 1))


@cache
def atlas_of(name: str) -> lab.FreeAtlas:
    family, weights, sigma = CASES[name]
    land = lab.FreeLandscape(lab.Population(LINE), 3, family=family, weights=weights, sigma=sigma)
    return land.explore(0, n_starts=4, saddles=True)


def slope(of: Callable[[float], Any], h: float = 1e-3) -> Any:
    """The derivative at zero by central differences, with Richardson's extrapolation."""
    one, two = ((of(step) - of(-step)) / (2 * step) for step in (h, 2 * h))
    return (4 * one - two) / 3


class Own:
    """The tests' own objective on the line: NLL of means, log weights and log widths, those that are free."""

    def __init__(self, name: str) -> None:
        _, self.weights, self.sigma = CASES[name]
        x, w = np.polynomial.legendre.leggauss(16)
        ends = np.linspace(-13.0, 22.0, 36)
        self.x = np.concatenate([0.5 * (b + a) + 0.5 * (b - a) * x for a, b in pairwise(ends)])
        parts = np.concatenate([0.5 * (b - a) * w for a, b in pairwise(ends)])
        density = np.exp(-0.5 * (self.x[:, None] - CENTERS) ** 2).sum(axis=1) / (3 * np.sqrt(2 * np.pi))
        self.w = parts * density
        self.more = len(self.theta(LINE)) - 3

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
        z = (self.x[:, None] - mu) / sd
        return float(-self.w @ logsumexp(np.log(pi) - np.log(sd * np.sqrt(2 * np.pi)) - 0.5 * z**2, axis=1))

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """By differences, about 1e-12."""
        return np.array([slope(lambda h, e=e: self.nll(theta + h * e)) for e in np.eye(len(theta))])

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        """By differences of differences, about 1e-9."""
        bend = [slope(lambda h, e=e: self.gradient(theta + h * e)) for e in np.eye(len(theta))]
        return 0.5 * (np.array(bend) + np.array(bend).T)

    def downhill(self, theta: np.ndarray, minima: list[gs.Mixture]) -> int:
        """Follow the flow of steepest descent to the place of the minimum it comes close to.

        Lengths are those of docs/mathematics.md#own-units: means in standard deviations, and so on, each
        times the root of the weight. The gradient is that of the densities themselves, by Fisher's identity.
        """
        mu, pi, sd = (np.array(part) for part in self.fit(theta))
        ends = [np.array([m.means[:, 0], np.log(m.weights), 0.5 * np.log(m.covariances)]) for m in minima]
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
            here = np.array([mu, np.log(pi), np.log(sd)])
            for place, end in enumerate(ends):
                if min(np.abs(here[:, list(order)] - end).max() for order in permutations(range(3))) < 0.1:
                    return place
        raise AssertionError("a descent came near no minimum")


@pytest.mark.slow
@every
def test_saddles_are_critical_and_of_their_index(name: str):
    own, atlas = Own(name), atlas_of(name)
    assert atlas.saddles
    for point in atlas.saddles:
        theta = own.theta(point.mixture)
        assert np.abs(own.gradient(theta)).max() < 1e-8
        values = np.linalg.eigvalsh(own.hessian(theta))
        # Differences know a curvature to 1e-8 or so; those that are exactly zero have no sign.
        assert np.count_nonzero(values < -1e-7) == point.index, (point.means.ravel(), values)
        assert point.flat == bool((np.abs(values) < 1e-7).any())
        assert point.error < 1e-9


@every
def test_edges_join_the_minima_that_own_descents_end_in(name: str):
    own, atlas = Own(name), atlas_of(name)
    minima = [point.mixture for point in atlas.minima]
    assert atlas.edges
    assert not atlas.unjoined
    for edge in atlas.edges:
        saddle = atlas.saddles[edge.saddle]
        theta = own.theta(saddle.mixture)
        direction = np.linalg.eigh(own.hessian(theta))[1][:, 0]
        # Where all curvatures vanish or rise, the quartic term has to be met.
        length = 0.02 if saddle.index else 1.5
        ends = [own.downhill(theta + side * length * direction, minima) for side in (-1.0, 1.0)]
        assert sorted(ends) == list(edge.minima)


@pytest.mark.slow
@pytest.mark.parametrize("name", rest_slow(list(CASES), 1))
def test_no_saddle_of_many_searches_of_another_kind_is_missed(name: str):
    """A root finder of SciPy's on the gradient, by differences, from random fits."""
    own, atlas = Own(name), atlas_of(name)
    known = [*atlas.minima, *atlas.saddles]
    levels = np.array([point.nll for point in known])
    rng = np.random.default_rng(3)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # root finders go anywhere
        ends = [end_of_search(own, rng) for _ in range(20 if len(known) < 5 else 80)]
    met = [theta for theta in ends if theta is not None]
    assert len(met) >= 2
    for theta in met:
        assert np.abs(levels - own.nll(theta)).min() < 1e-7, own.fit(theta)


def end_of_search(own: Own, rng: np.random.Generator) -> np.ndarray | None:
    """A critical point that SciPy's root finder met, with components neither gone nor lost."""
    start = [rng.choice(CENTERS, 3) + 1.5 * rng.standard_normal(3), 0.7 * rng.standard_normal(own.more)]
    found = root(own.gradient, np.concatenate(start), method="hybr", options={"maxfev": 300})
    mu, pi, sd = own.fit(found.x)
    inside = np.abs(mu).max() < 20 and pi.min() > 1e-3 and sd.min() > 0.05 and sd.max() < 20
    return found.x if inside and np.abs(own.gradient(found.x)).max() < 1e-8 else None


class InThePlane:
    """The tests' own NLL about a fit of two full components, by panels in both directions."""

    def __init__(self, mixture: gs.Mixture) -> None:
        x, w = np.polynomial.legendre.leggauss(8)
        axes = []
        for low, high in ((-8.0, 14.0), (-8.0, 17.0)):
            ends = np.linspace(low, high, 12)
            nodes = [0.5 * (b + a) + 0.5 * (b - a) * x for a, b in pairwise(ends)]
            axes.append(
                (np.concatenate(nodes), np.concatenate([0.5 * (b - a) * w for a, b in pairwise(ends)]))
            )
        self.rows = np.stack(np.meshgrid(axes[0][0], axes[1][0], indexing="ij"), axis=-1).reshape(-1, 2)
        squares = ((self.rows[:, None] - PLANE.means) ** 2).sum(axis=2)
        self.w = np.outer(axes[0][1], axes[1][1]).ravel() * np.exp(-0.5 * squares).sum(axis=1) / (6 * np.pi)
        self.at = mixture

    def nll(self, change: np.ndarray) -> float:
        """After a change of means, of what multiplies the roots of the covariances, and of a log weight."""
        logs = []
        weights = self.at.weights * np.exp([change[10], 0.0])
        roots = np.linalg.cholesky(self.at.full_covariances())
        for i, part in enumerate(change[:10].reshape(2, 5)):
            root = roots[i] @ expm(np.array([[part[2], part[3]], [part[3], part[4]]]))
            z = np.linalg.solve(root, (self.rows - self.at.means[i] - part[:2]).T)
            weight = np.log(weights[i] / weights.sum()) - np.log(2 * np.pi * abs(np.linalg.det(root)))
            logs.append(weight - 0.5 * (z**2).sum(axis=0))
        return float(-self.w @ logsumexp(logs, axis=0))

    def gradient(self, change: np.ndarray) -> np.ndarray:
        return np.array([slope(lambda h, e=e: self.nll(change + h * e), 3e-3) for e in np.eye(11)])

    def end_of_em(self, change: np.ndarray) -> float:
        """The value where steps of EM lead, which are those of steepest descent in own units."""
        parts = change[:10].reshape(2, 5)
        means = self.at.means + parts[:, :2]
        turned = [expm(np.array([[part[2], part[3]], [part[3], part[4]]])) for part in parts]
        roots = np.linalg.cholesky(self.at.full_covariances()) @ np.array(turned)
        covariances, weights = roots @ roots.transpose(0, 2, 1), self.at.weights * np.exp([change[10], 0.0])
        weights /= weights.sum()
        for _ in range(200):
            away = self.rows[:, None] - means
            squares = np.einsum("nki,kij,nkj->nk", away, np.linalg.inv(covariances), away)
            logs = np.log(weights) - 0.5 * squares - 0.5 * np.log(np.linalg.det(2 * np.pi * covariances))
            psi = softmax(logs, axis=1) * self.w[:, None]
            mass = psi.sum(axis=0)
            means = psi.T @ self.rows / mass[:, None]
            away = self.rows[:, None] - means
            covariances = np.einsum("nk,nki,nkj->kij", psi, away, away) / mass[:, None, None]
            weights = mass / mass.sum()
        return float(-self.w @ logsumexp(logs, axis=1))


@pytest.mark.slow
def test_a_saddle_with_full_covariances_in_the_plane():
    """The lowest saddle: critical, of index 1 by second differences, joined as EM from both sides says."""
    land = lab.FreeLandscape(lab.Population(PLANE), 2, family="full", weights="free")
    atlas = land.explore(0, n_starts=2, saddles=True)
    assert [point.index for point in atlas.saddles] == [1, 1, 1, 2]
    assert [edge.minima for edge in atlas.edges] == [(0, 1), (0, 2), (1, 2)]
    point = atlas.saddles[0]
    own = InThePlane(point.mixture)
    assert own.nll(np.zeros(11)) == pytest.approx(point.nll, abs=1e-7)
    assert np.abs(own.gradient(np.zeros(11))).max() < 1e-6
    h = 1e-3
    bend = np.array([(own.gradient(h * e) - own.gradient(-h * e)) / (2 * h) for e in np.eye(11)])
    values, vectors = np.linalg.eigh(0.5 * (bend + bend.T))
    assert np.count_nonzero(values < -1e-4) == 1
    assert values[1] > 1e-4
    ends = [own.end_of_em(side * 0.3 * vectors[:, 0]) for side in (-1.0, 1.0)]
    joined = [atlas.minima[i].nll for i in atlas.edges[0].minima]
    assert sorted(ends) == pytest.approx(sorted(joined), abs=1e-6)
