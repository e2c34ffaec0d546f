"""Covariances of mclust's families built from their definition, and what an M-step minimises: for tests."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.families import Family
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics

FOURTEEN = ["EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"]
#: mclust's names of those that have others here.
NAMED = {"VII": "spherical", "VVI": "diag", "EEE": "tied", "VVV": "full"}
NEW = [name for name in FOURTEEN if name not in NAMED]


class Definition:
    """Matrices lambda_i D_i A_i D_i' of k components from a vector of free numbers."""

    def __init__(self, name: str, k: int, d: int) -> None:
        self.name, self.k, self.d = name, k, d
        self.size = len(self._parts(None))

    def matrices(self, free: FloatArray) -> FloatArray:
        volumes, shapes, axes = self._parts(list(free))
        return np.stack([(D * np.exp(v + a)) @ D.T for v, a, D in zip(volumes, shapes, axes, strict=True)])

    def _parts(self, free: list[float] | None):
        k, d, used = self.k, self.d, []

        def take(n: int) -> FloatArray:
            used.extend([0.0] * n)
            return np.zeros(n) if free is None else np.array([free.pop(0) for _ in range(n)])

        def shape() -> FloatArray:
            own = take(d - 1)
            return np.append(own, -own.sum())

        def axes() -> FloatArray:
            turn = np.zeros((d, d))
            turn[np.triu_indices(d, 1)] = take(d * (d - 1) // 2)
            turn -= turn.T
            return np.linalg.solve(np.eye(d) + turn, np.eye(d) - turn)  # Cayley

        volume, form, place = self.name
        volumes = np.repeat(take(1), k) if volume == "E" else take(k)
        shapes = (
            [np.zeros(d)] * k
            if form == "I"
            else [shape()] * k
            if form == "E"
            else [shape() for _ in range(k)]
        )
        turns = (
            [np.eye(d)] * k if place == "I" else [axes()] * k if place == "E" else [axes() for _ in range(k)]
        )
        return used if free is None else (volumes, shapes, turns)


def expected_loss(scatter: FloatArray, mass: FloatArray, matrices: FloatArray) -> float:
    """Sum of n_k log|C_k| + tr(W_k C_k^-1): what an M-step over covariances minimises."""
    traces = np.trace(np.linalg.solve(matrices, scatter), axis1=1, axis2=2)
    return float(mass @ np.linalg.slogdet(matrices)[1] + traces.sum())


def statistics_of(family: Family, scatter: FloatArray, mass: FloatArray) -> SufficientStatistics:
    """Statistics of masses and matrices of scatter (k, d, d), in the shape that the family asks for."""
    by_kind = {
        "full": scatter,
        "tied": scatter.sum(axis=0),
        "diag": np.diagonal(scatter, axis1=1, axis2=2).copy(),
        "spherical": np.trace(scatter, axis1=1, axis2=2),
    }
    means = np.zeros(scatter.shape[:2])
    return SufficientStatistics(mass, means, by_kind[family.scatter], family.scatter, 0.0, 1.0)


def updated(family: Family, scatter: FloatArray, mass: FloatArray, n: int = 200) -> list[Mixture]:
    """What n M-steps with the same statistics go through; more than one only matter where they iterate."""
    statistics = statistics_of(family, scatter, mass)
    pooled = scatter.sum(axis=0) / mass.sum()
    k, d = scatter.shape[:2]
    path = [family.made(mass / mass.sum(), np.zeros((k, d)), family.kind.repeated(pooled, k))]
    for _ in range(n):
        path.append(family.update(statistics, path[-1]))
    return path


def scatters(rng: np.random.Generator, k: int, d: int) -> tuple[FloatArray, FloatArray]:
    """Random scatter matrices (k, d, d) of components of different sizes and shapes, and masses."""
    roots = rng.standard_normal((k, d, d)) * np.geomspace(0.6, 2.0, k)[:, None, None]
    mass = rng.dirichlet(np.full(k, 8.0))
    return mass[:, None, None] * (roots @ np.swapaxes(roots, 1, 2) + 0.05 * np.eye(d)), mass
