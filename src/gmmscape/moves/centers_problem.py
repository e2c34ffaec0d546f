"""The search's view of k-means: centers judged by their inertia.

Values are inertia per unit mass: the weighted mean of the squared distances to the nearest center.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.measure import Sample, check_complete
from gmmscape.mixture import Mixture
from gmmscape.moves.moves import Move, Removal, Split
from gmmscape.moves.pairing import disjoint, paired
from gmmscape.moves.search import Attempt
from gmmscape.tolerances import TOLERANCES

BLOCK_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Centers:
    """Centers where Lloyd's algorithm ended.

    Attributes
    ----------
    means : ndarray of shape (k, d)
        Local coordinates.
    value : float
        Inertia per unit mass.
    n_iter : int
        Iterations of Lloyd's algorithm.
    """

    means: FloatArray
    value: float
    n_iter: int = 0


class InertiaProblem:
    """Inertia of centers on a sample.

    Parameters
    ----------
    sample : Sample
        The data.
    seed : int
        Of what is random in the proposals.
    max_iter : int
        Of Lloyd's algorithm.
    """

    #: Lloyd's algorithm ends in finitely many points: any fall leads to another.
    same = 0.0

    def __init__(self, sample: Sample, *, seed: int, max_iter: int = 1000) -> None:
        check_complete(sample, "k-means has no distances for")
        self.sample = sample
        self.points = sample.points
        self.seed = seed
        self.max_iter = max_iter

    def lloyd(self, means: FloatArray) -> Centers:
        """Return where Lloyd's algorithm leads, by scikit-learn's implementation."""
        from sklearn.cluster import KMeans

        solver = KMeans(len(means), init=means, n_init=1, max_iter=self.max_iter, tol=0.0, algorithm="lloyd")
        with _no_warnings():
            solver.fit(self.points, sample_weight=self.sample.weights)
        return Centers(solver.cluster_centers_, self.value(solver.cluster_centers_), int(solver.n_iter_))

    def value(self, start: FloatArray) -> float:
        """Return the inertia of centers, local coordinates."""
        distance, _ = self._nearest(start)
        return float(self.sample.weights @ distance[:, 0])

    def distances(self, means: FloatArray) -> FloatArray:
        """Return the squared distance of each row of positive weight to its nearest center."""
        return self._nearest(means)[0][:, 0]

    def labels(self, means: FloatArray) -> IntArray:
        """Return the nearest center of each row of positive weight."""
        return self._nearest(means)[1]

    def applied(self, fit: Centers, moves: Sequence[Move]) -> FloatArray:
        """Return the centers right after the moves."""
        means = fit.means.copy()
        for move in moves:
            means[[move.split.component, move.removal.components[-1]]] = move.split.children.means
        return means

    def refined(
        self, starts: Sequence[FloatArray], target: float, rough: bool, check: Callable[[], None]
    ) -> list[tuple[float, Centers]]:
        """Return the value of each start, and where Lloyd's algorithm leads from it."""
        ends = []
        for start in starts:
            check()
            ends.append((self.value(start), self.lloyd(start)))
        return ends

    def settled(self, fit: Centers, check: Callable[[], None]) -> Centers:
        """Return the centers as they are: Lloyd's algorithm always ends."""
        return fit

    def outcome(self, before: Centers, after: Centers, moves: Sequence[Move]) -> str:
        """Say whether the inertia has fallen."""
        return "taken" if after.value < before.value * (1.0 - TOLERANCES.moves.same_inertia) else "no gain"

    def rank(self, fit: Centers) -> tuple[float, ...]:
        """Return the inertia."""
        return (fit.value,)

    def held_out_gain(self, before: Centers, after: Centers) -> float | None:
        """Return None: inertia is no likelihood."""
        return None

    def proposals(self, fit: Centers, number: int, check: Callable[[], None]) -> Iterator[Attempt]:
        """Yield moves of redundant centers into overloaded clusters: all at once, then one by one."""
        distance, label = self._nearest(fit.means)
        k = len(fit.means)
        # Without a center, its rows go to their second nearest.
        loss = self.sample.weights * (distance[:, 1] - distance[:, 0])
        costs = np.bincount(label, weights=loss, minlength=k)
        removals = sorted(
            (Removal((i,), float(costs[i])) for i in range(k)), key=lambda removal: removal.cost
        )
        splits = []
        for a in range(k):
            check()
            splits += self._split(a, label == a, np.random.default_rng([self.seed, number, a]))
        at_once = disjoint(splits, removals, TOLERANCES.moves.same_inertia * fit.value)
        if at_once:
            yield Attempt([at_once], rough=True)
        exact = []
        for move in paired(splits, removals, EFFORT.moves.lookahead * EFFORT.moves.attempts):
            check()
            exact.append((fit.value - self.value(self.applied(fit, [move])), move))
        exact.sort(key=lambda pair: -pair[0])
        yield Attempt([[move] for _, move in exact[: EFFORT.moves.attempts]], rough=False)

    def _split(self, a: int, rows: np.ndarray, rng: np.random.Generator) -> list[Split]:
        from sklearn.cluster import KMeans

        points, weights = self.points[rows], self.sample.weights[rows]
        if len(points) < 2:
            return []
        mean = weights @ points / weights.sum()
        before = float(weights @ ((points - mean) ** 2).sum(axis=1))
        state = np.random.RandomState(rng.integers(2**32))
        solver = KMeans(2, n_init=EFFORT.moves.center_starts, random_state=state, tol=0.0)
        with _no_warnings():
            solver.fit(points, sample_weight=weights / weights.sum())
        after = float(solver.inertia_) * float(weights.sum())
        children = Mixture.location(solver.cluster_centers_, 1.0)
        return [Split(a, children, None, before - after, False)]

    def _nearest(self, means: FloatArray) -> tuple[FloatArray, IntArray]:
        """Squared distances to the nearest and second nearest center, (n, 2), and which is the nearest."""
        from scipy.spatial.distance import cdist

        points = self.points
        distance = np.full((len(points), 2), np.inf)
        label = np.empty(len(points), dtype=np.intp)
        for start in range(0, len(points), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            squared = cdist(points[block], means, "sqeuclidean")
            label[block] = squared.argmin(axis=1)
            two = np.partition(squared, 1, axis=1)[:, :2] if len(means) > 1 else squared
            distance[block, : two.shape[1]] = two
        return distance, label


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Silence scikit-learn on fewer distinct rows than centers: the value says what came of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
