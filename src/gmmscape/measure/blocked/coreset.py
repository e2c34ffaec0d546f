"""A coreset: few rows with weights, on which every mixture has about the likelihood that it has on all.

Rows are drawn by their sensitivity, a bound on what share of the whole one row can have (Lucic, Faulkner,
Krause and Feldman, JMLR 18, 2018): by their squared distance to the nearest of some rough centers, and by how
few rows are nearest to the same. So small clusters and far rows are in it, and of rows in the midst of many
each stands for many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.engine import Parameters
from gmmscape.measure.blocked.facts import RowFacts
from gmmscape.measure.blocked.row_blocks import RowBlock, RowBlocks
from gmmscape.weights import Weights

#: The largest number of 16 bits.
LEVELS = np.iinfo(np.uint16).max


@dataclass(frozen=True, eq=False)
class Coreset:
    """Rows that stand for all.

    Attributes
    ----------
    points : ndarray of shape (m, d)
        In the caller's coordinates, in the order of the rows.
    weights : ndarray of shape (m,)
        Rows that each stands for, in expectation.
    whole : bool
        Whether these are all the rows, with the weights that they have.
    """

    points: FloatArray
    weights: FloatArray
    whole: bool

    @property
    def own_weights(self) -> FloatArray | None:
        """Weights of the rows; None where all are equal."""
        return None if (self.weights == self.weights[0]).all() else self.weights


@dataclass(frozen=True)
class Sensitivities:
    """How likely each row is drawn, and the draw.

    Attributes
    ----------
    centers : ndarray of shape (c, d)
        Rough ones, in units of the columns.
    scales : ndarray of shape (d,)
        Those units.
    masses : ndarray of shape (c,)
        Rows nearest to each, as the pilot says.
    distortion : float
        Sum of squared distances of all rows to the nearest, as the pilot says.
    n, m : float
        Rows in all, and rows to draw.
    seed : int
        Of the draw.
    """

    centers: FloatArray
    scales: FloatArray
    masses: FloatArray
    distortion: float
    n: float
    m: float
    seed: int

    def __call__(self, block: RowBlock, place: int) -> tuple[FloatArray, FloatArray] | None:
        """Return rows of a block that are drawn, with their weights.

        They are drawn systematically along a line on which the rows of one center, and of these such as are
        alike, are neighbours: of each center, and of each stretch, as many as are expected, to one.
        """
        points, weights = block.counted()
        if not len(points):
            return None
        scaled = points / self.scales
        near, squares = nearest(scaled, self.centers)
        share = (1.0 / self.n + 1.0 / (len(self.masses) * self.masses))[near]
        terms = 2.0
        if self.distortion > 0.0:
            share, terms = share + squares / self.distortion, 3.0
        chance = np.minimum(1.0, weights.each * share * (self.m / terms))
        line = np.lexsort((_levels(scaled[:, 0]), near.astype(np.uint16)))
        passed = np.floor(np.cumsum(chance[line]) + np.random.default_rng([self.seed, 1, place]).random())
        drawn = np.sort(line[np.diff(passed, prepend=0.0) > 0.0])
        return points[drawn], weights.each[drawn] / chance[drawn]


@dataclass(frozen=True)
class All:
    """All rows of a block with their weights."""

    def __call__(self, block: RowBlock, place: int) -> tuple[FloatArray, FloatArray]:
        """Return them."""
        points, weights = block.counted()
        return points.copy(), np.array(weights.each)


def coreset_size(n_components: int) -> int:
    """Return of how many rows fits of so many components are sought on."""
    return max(EFFORT.blocked.coreset_rows, EFFORT.blocked.coreset_rows_each * n_components)


def coreset_of(rows: RowBlocks, facts: RowFacts, m: int, seed: int) -> Coreset:
    """Return about m rows that stand for all; all of them where there are no more.

    Parameters
    ----------
    rows : RowBlocks
        The rows.
    facts : RowFacts
        Of them.
    m : int
        How many to draw, in expectation.
    seed : int
        Of the draw, which depends on the blocks besides.

    Returns
    -------
    Coreset
        In one walk, which finds the nearest of `EFFORT.blocked.rough_centers` centers of each row.
    """
    whole = facts.summary.n <= m
    task = All() if whole else _sensitivities(facts, m, seed)
    parts = [part for _, part in rows.results(task) if part is not None]
    return Coreset(
        np.concatenate([points for points, _ in parts]),
        np.concatenate([weights for _, weights in parts]),
        whole,
    )


def _sensitivities(facts: RowFacts, m: int, seed: int) -> Sensitivities:
    """How likely rows are to be drawn, from random rows and centers among them by k-means++."""
    deviations = np.sqrt(np.diagonal(facts.summary.covariance))
    scales = np.where(deviations > 0.0, deviations, 1.0)
    pilot, mass = facts.pilot / scales, facts.summary.mass
    rng = np.random.default_rng([seed, 0])
    centers = pilot[[rng.integers(len(pilot))]]
    squares = ((pilot - centers[0]) ** 2).sum(axis=1)
    for _ in range(min(EFFORT.blocked.rough_centers, len(pilot)) - 1):
        if not squares.any():
            break
        chosen = pilot[rng.choice(len(pilot), p=squares / squares.sum())]
        centers = np.concatenate([centers, chosen[None]])
        squares = np.minimum(squares, ((pilot - chosen) ** 2).sum(axis=1))
    near, squares = nearest(pilot, centers)
    of_each = mass / len(pilot)
    masses = of_each * np.maximum(np.bincount(near, minlength=len(centers)), 1)
    return Sensitivities(centers, scales, masses, of_each * float(squares.sum()), mass, float(m), seed)


def nearest(points: FloatArray, centers: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return which center is nearest to each point, and the squared distance."""
    c, d = centers.shape
    clusters = Parameters("spherical", np.full(c, -np.log(c)), centers, np.ones(c))
    near = engine.current().hold(points, Weights.equal(len(points))).nearest(clusters)
    squares = np.zeros(len(points))
    for j in range(d):
        squares += (points[:, j] - centers[near, j]) ** 2
    return near, squares


def _levels(values: FloatArray) -> NDArray[np.uint16]:
    """Return whole numbers in about the order of some values: numbers of 16 bits are sorted at once."""
    lowest, highest = values.min(), values.max()
    if lowest == highest:
        return np.zeros(len(values), dtype=np.uint16)
    return ((values - lowest) / (highest - lowest) * LEVELS).astype(np.uint16)
