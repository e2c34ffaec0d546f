"""Fits that are not good, for tests of what is proposed to mend them."""

from __future__ import annotations

import numpy as np

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, mixture_around, run

KINDS = ("full", "tied", "diag", "spherical")


def five_clusters(rng: np.random.Generator) -> np.ndarray:
    """Five clusters in the plane, weights unequal."""
    centers = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 7.0], [20.0, 20.0], [23.0, 26.0]])
    return np.repeat(centers, [150, 90, 60, 120, 80], axis=0) + rng.standard_normal((500, 2))


def fitted(
    X: np.ndarray, means: np.ndarray, kind: str, weights: np.ndarray | None = None, tol: float = 1e-8
) -> tuple[Objective, gs.Mixture]:
    """The NLL of data, and where EM leads from these means; local coordinates."""
    sample = lab.Sample(X, weights)
    family = family_named(kind, Floor.of(sample.variance))
    start = mixture_around(sample, family, means - sample.origin)
    objective = Objective.near(sample, family, start)
    return objective, run(EM(tol=tol), objective, start).local


def problem(kind: str, k: int = 4, seed: int = 1) -> tuple[Objective, gs.Mixture]:
    """Five clusters with weights, and a fit of too few components."""
    rng = np.random.default_rng(seed)
    X = five_clusters(rng)
    weights = rng.uniform(0.5, 2.0, 500)
    return fitted(X, X[rng.choice(500, k, replace=False)], kind, weights)


def nll(objective: Objective, mixture: gs.Mixture) -> float:
    """The NLL by log densities, not by a pass."""
    return -float(objective.rows.weights @ objective.rows.log_densities(mixture))
