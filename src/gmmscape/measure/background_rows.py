"""Rows before a background: what engines compute of the components alone, with its share taken out.

The density of a row is (1 - w) q + w / V, with q the mixture whose weights sum to one. The weight w is no
parameter of the mixtures inside: for each it is the one that fits the rows best, the maximum of a concave
function of one number. EM's step, from rows weighted with what the background leaves of them, then raises
the likelihood as it does with w free (docs/methods/fits/background.md). A mixture that has a background
itself, as one from elsewhere, keeps the weight that it came with.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine import Coverage, EmRuns, EmTask
from gmmscape.exceptions import DataError, NotAvailableError
from gmmscape.measure.rows import EVERY, WeightedRows
from gmmscape.measure.tally import Tally
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background, share_of_background
from gmmscape.statistics import SufficientStatistics
from gmmscape.tolerances import TOLERANCES


class _Shared(NamedTuple):
    """What is known of a mixture: the background's weight, and of each row the log density of the components,
    weighted, and the share that the background has of it."""

    mixture: Mixture
    weight: float
    own: FloatArray
    share: FloatArray


class BackgroundRows(WeightedRows):
    """Weighted rows before a uniform background; see `WeightedRows`.

    Parameters
    ----------
    data, weights, unit, resolution, origin, tally, incomplete
        As of `WeightedRows`. Of rows with missing values the density is that of what is observed.
    background : Background
        Its region in local coordinates; its weight does not count.
    log_density : ndarray of shape (n,)
        Of it at each row, without its weight, in the user's units of length: -inf outside its region.
    """

    def __init__(
        self,
        data: FloatArray,
        weights: engine.Weights | FloatArray,
        unit: float,
        background: Background,
        log_density: FloatArray,
        *,
        resolution: float = 0.0,
        origin: FloatArray | None = None,
        tally: Tally | None = None,
        incomplete: bool = False,
    ) -> None:
        super().__init__(data, weights, unit, resolution, origin, tally, incomplete=incomplete)
        self._background = background
        self._log_density = log_density
        dimensions = np.count_nonzero(~np.isnan(data), axis=1) if incomplete else data.shape[1]
        self.log_uniform = log_density + dimensions * np.log(unit)
        self._known: deque[_Shared] = deque(maxlen=4)

    @property
    def second_order(self) -> bool:
        """No: derivatives here are those of the components alone."""
        return False

    def background_weight(self, mixture: Mixture) -> float:
        """Return the weight of the background that fits the rows best beside a mixture. Cost of a pass."""
        return self._shared(mixture).weight

    def weights_of(self, mixture: Mixture) -> FloatArray:
        """Return the weights of the components beside the background, shape (k,)."""
        return (1.0 - self.background_weight(mixture)) * mixture.weights

    def part(self, rows: Any) -> WeightedRows:
        """Return some rows, before the same background, their weights made to sum to one."""
        weights = self.weights[rows]
        return BackgroundRows(
            self.local(rows),
            weights / weights.sum(),
            self.unit,
            self._background,
            self._log_density[rows],
            tally=self.tally,
            incomplete=self.incomplete,
        )

    def alike(self, data: FloatArray, weights: FloatArray) -> WeightedRows:
        """Return other rows before the same background, all in its region."""
        density = self._background.log_densities_inside(data)
        return BackgroundRows(data, weights, self.unit, self._background, density)

    def completed(
        self,
        mixture: Mixture,
        rng: np.random.Generator,
        rows: Any = EVERY,
        component: IntArray | None = None,
    ) -> FloatArray:
        """Return rows without gaps; what the background has of them is drawn from its region."""
        points = super().completed(mixture, rng, rows, component)
        if component is not None or not self.incomplete:
            return points
        given, share = self.local(rows), self._shared(mixture).share[rows]
        noise = rng.random(len(given)) < share
        points[noise] = self._background.filled(given[noise], rng)
        return points

    def statistics(self, mixture: Mixture, scatter: str) -> SufficientStatistics:
        """Return the statistics of what the background leaves, and the log-likelihood with it."""
        shared = self._shared(mixture)
        if shared.weight == 0.0:  # the very sums of no background
            return super().statistics(mixture, scatter)
        self.tally.count(len(self), mixture)
        left = self.weights * (1.0 - shared.share)
        found = self.held.taken(EVERY, left).statistics(self._parameters(mixture), scatter)
        total = np.logaddexp(shared.own, np.log(shared.weight) + self.log_uniform)
        return replace(found, log_likelihood=float(self.weights @ total), weight=float(self.weights.sum()))

    def log_densities(self, mixture: Mixture, rows: Any = EVERY) -> FloatArray:
        """Return the log density of components and background, per unit^d, at each row, or at some."""
        shared = self._shared(mixture)
        if shared.weight == 0.0:
            return shared.own[rows]
        return np.logaddexp(shared.own[rows], np.log(shared.weight) + self.log_uniform[rows])

    def responsibilities(self, mixture: Mixture, rows: Any = EVERY) -> FloatArray:
        """Return the posterior probability of each component, shape (n, k): rows sum to at most one."""
        shared = self._shared(mixture)
        return super().responsibilities(mixture, rows) * (1.0 - shared.share[rows])[:, None]

    def coverage(self, mixture: Mixture, threshold: float, rows: Any = EVERY) -> Coverage:
        """Return the responsibilities of at least `threshold`."""
        found = super().coverage(mixture, threshold, rows)
        share = self._shared(mixture).share[rows][found.row]
        posterior = found.posterior * (1.0 - share)
        rest = found.rest * (1.0 - share) + share
        kept = posterior >= threshold
        ends = np.concatenate([[0], np.cumsum(kept)])[found.ends]
        return Coverage(ends, found.row[kept], posterior[kept], rest[kept])

    def em(self, task: EmTask) -> EmRuns | None:
        """Return where EM leads from each start of a task, all rows before the background.

        None where values are missing: the loop of patterns knows no background.
        """
        if self.incomplete:
            return None
        return super().em(
            replace(
                task,
                background=self.log_uniform,
                background_weight=TOLERANCES.measure.background_weight,
                background_steps=TOLERANCES.measure.background_steps,
                second_order=None,
            )
        )

    def _shared(self, mixture: Mixture) -> _Shared:
        for known in self._known:
            if known.mixture is mixture:
                return known
        self.tally.count(len(self), mixture)
        own = self.held.log_density(self._parameters(mixture))
        if mixture.background is None:
            with np.errstate(invalid="ignore"):
                weight = best_weight(self.log_uniform - own, self.weights)
            own = own + np.log1p(-weight) if weight else own
        else:
            weight = mixture.background.weight
        if weight == 0.0:
            found = _Shared(mixture, 0.0, own, np.zeros(len(own)))
        else:
            found = _Shared(mixture, weight, own, share_of_background(own, np.log(weight) + self.log_uniform))
        self._known.append(found)
        return found


def rows_before(
    background: Background | None, data: FloatArray, weights: Any, **options: Any
) -> WeightedRows:
    """Return rows as `WeightedRows` takes them, before a background if there is one.

    Raises DataError for rows with missing values before one that is over no box.
    """
    if background is None:
        return WeightedRows(data, weights, **options)
    try:
        density = background.of_weight(1.0).log_densities(data)
    except NotAvailableError as error:
        raise DataError(f"background: {error}") from error
    origin = options.get("origin")
    local = background if origin is None else background.moved(-origin)
    return BackgroundRows(data, weights, background=local, log_density=density, **options)


def best_weight(gap: FloatArray, weights: FloatArray) -> float:
    """Return the weight w in [0, 1) that maximises the sum of log((1 - w) q + w u).

    Parameters
    ----------
    gap : ndarray of shape (n,)
        log u - log q of each row.
    weights : ndarray of shape (n,)
        Of the rows.

    Returns
    -------
    float
        Exactly 0 where the slope there is not positive. Newton's method between bounds: the function is
        concave. Cost O(n) a step, five or so.
    """
    # Terms (u - q) / ((1 - w) q + w u) of the slope, by the larger of the two densities: nothing overflows.
    gap = np.nan_to_num(gap, nan=0.0, posinf=np.inf, neginf=-np.inf)  # neither has a density there
    with np.errstate(under="ignore"):
        small = np.exp(-np.abs(gap))
    wider = gap > 0.0
    u, q = np.where(wider, 1.0, small), np.where(wider, small, 1.0)
    difference = u - q
    with np.errstate(divide="ignore", over="ignore"):
        if not float(weights @ (difference / q)) > 0.0:
            return 0.0
    low, high, w = 0.0, 1.0, 0.5
    for _ in range(TOLERANCES.measure.background_steps):
        terms = difference / ((1.0 - w) * q + w * u)
        slope, bend = float(weights @ terms), float(weights @ terms**2)
        low, high = (w, high) if slope > 0.0 else (low, w)
        following = w + slope / bend if bend > 0.0 else low
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - w) <= TOLERANCES.measure.background_weight * max(w, following):
            return following
        w = following
    return w
