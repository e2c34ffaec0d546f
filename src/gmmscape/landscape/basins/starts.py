"""Where very many starts begin: distributions of starting means, and the user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.measure import Measure, Sample
from gmmscape.solve import kmeans_plusplus_means, random_row_means
from gmmscape.validation import choice, finite_array

NAMED = ("truth", "k-means++", "uniform", "rows")


@dataclass(frozen=True)
class Starts:
    """A distribution of starting means.

    Attributes
    ----------
    measure : Population or Sample
        Of the landscape.
    k : int
        Fitted means.
    name : str
        One of `NAMED`, "own" or "function".
    seed : int
        Of all that is random.
    own : ndarray of shape (m, k, d) or None
        The user's own.
    function : callable or None
        From a generator and a number of starts to an array of them.
    """

    measure: Measure
    k: int
    name: str
    seed: int
    own: FloatArray | None = None
    function: Callable[[np.random.Generator, int], Any] | None = None

    @classmethod
    def of(cls, measure: Measure, k: int, start: Any, seed: int) -> Starts:
        """Return the distribution that `start` names, is or computes.

        Raises
        ------
        InvalidParameterError
            If it is no start for this measure.
        """
        if callable(start):
            return cls(measure, k, "function", seed, function=start)
        if not isinstance(start, str):
            return cls(measure, k, "own", seed, own=own_starts("start", start, k, measure.n_features))
        choice("start", start, NAMED)
        if start == "truth" and measure.truth is None:
            raise InvalidParameterError.of(
                "start", start, 'a sample has no truth to draw from: use "rows", "k-means++" or "uniform"'
            )
        if start == "rows" and not isinstance(measure, Sample):
            raise InvalidParameterError.of("start", start, 'a population has no rows: use "truth"')
        return cls(measure, k, start, seed)

    def block(self, number: int, size: int) -> FloatArray:
        """Return the first `size` starts of a block, shape (size, k, d), in the caller's coordinates."""
        first = number * EFFORT.basins.block_starts
        if self.own is not None:
            return self.own[first : first + size]
        rng = np.random.default_rng([self.seed, number])
        if self.function is not None:
            drawn = own_starts(
                "start(rng, n)",
                self.function(rng, EFFORT.basins.block_starts),
                self.k,
                self.measure.n_features,
            )
            if len(drawn) != EFFORT.basins.block_starts:
                raise InvalidParameterError(
                    f"start(rng, {EFFORT.basins.block_starts}) returned {len(drawn)} starts: return an array "
                    "of shape (n, k, d)"
                )
            return drawn[:size]
        if self.name == "uniform":
            low, high = _box(self.measure)
            return rng.uniform(low, high, (EFFORT.basins.block_starts, self.k, len(low)))[:size]
        if self.name == "truth":
            assert self.measure.truth is not None
            return self.measure.truth.sample(EFFORT.basins.block_starts * self.k, rng)[0].reshape(
                EFFORT.basins.block_starts, self.k, -1
            )[:size]
        return np.stack([self._one(first + i) for i in range(size)])

    def _one(self, number: int) -> FloatArray:
        """Start number `number` of those that are not drawn by blocks."""
        rng = np.random.default_rng([self.seed, number])
        if isinstance(self.measure, Sample):
            means = random_row_means if self.name == "rows" else kmeans_plusplus_means
            return means(self.measure, self.k, rng) + self.measure.origin
        rows = Sample(self.measure.truth.sample(EFFORT.basins.draws_per_mean * self.k, rng)[0], copy=False)
        return kmeans_plusplus_means(rows, self.k, rng) + rows.origin


def own_starts(name: str, value: Any, k: int, d: int) -> FloatArray:
    """Return starts as an array of shape (m, k, d); one start may lack the first axis, a line the last.

    Raises
    ------
    InvalidParameterError
        If the shape does not fit, or a number is not finite.
    """
    array = finite_array(name, value, ndim=(1, 2, 3))
    if array.shape == (k,) and d == 1:
        array = array[None, :, None]
    elif array.shape == (k, d):
        array = array[None]
    elif array.ndim == 2 and d == 1 and array.shape[1] == k:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[1:] != (k, d) or not len(array):
        raise InvalidParameterError(
            f"{name} has shape {array.shape}: pass one start of shape ({k}, {d}), or several of shape "
            f"(m, {k}, {d})"
        )
    return array


def _box(measure: Measure) -> tuple[FloatArray, FloatArray]:
    """Corners of the smallest box with all centers, or all rows, in it."""
    if isinstance(measure, Sample):
        return measure.points.min(axis=0) + measure.origin, measure.points.max(axis=0) + measure.origin
    return measure.truth.means.min(axis=0), measure.truth.means.max(axis=0)
