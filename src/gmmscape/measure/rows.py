"""Weighted rows: the one form in which samples and quadrature rules reach the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gmmscape import engine, incomplete
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.engine import Coverage, EmRuns, EmTask
from gmmscape.measure.estimate import Errors
from gmmscape.measure.source import Block
from gmmscape.measure.tally import MOMENTS, PRODUCT, Tally, information_passes
from gmmscape.mixture import Mixture
from gmmscape.statistics import Information, LocationDerivatives, ScoreMoments, SufficientStatistics
from gmmscape.threads import cached_property

#: In place of some rows.
EVERY = slice(None)


class WeightedRows:
    """Rows and weights over which an NLL is a weighted sum; what is computed counts from an origin.

    Parameters
    ----------
    data : ndarray of shape (n, d)
        Rows as they came; they are not copied.
    weights : Weights or ndarray of shape (n,)
        Weights; they sum to one up to the error of a quadrature rule.
    unit : float
        Length per whose d-th power densities are given here; `log_unit` turns values into the user's.
    resolution : float, default=0.0
        Mass below which a component's statistics mean nothing, because they come from tails that a
        quadrature rule cuts off.
    origin : ndarray of shape (d,), optional
        Local coordinates are the rows minus it; zero by default.
    tally : Tally, optional
        Counts what is computed on them, and on rows taken from them; a new one by default.
    incomplete : bool, default=False
        Whether NaN stands for missing values in some of them.
    """

    def __init__(
        self,
        data: FloatArray,
        weights: engine.Weights | FloatArray,
        unit: float,
        resolution: float = 0.0,
        origin: FloatArray | None = None,
        tally: Tally | None = None,
        *,
        incomplete: bool = False,
    ) -> None:
        self.data = data
        self._weights = weights if isinstance(weights, engine.Weights) else engine.Weights.of(weights)
        self.unit = unit
        self.resolution = resolution
        self.origin = origin
        self.tally = Tally() if tally is None else tally
        self.incomplete = incomplete
        self._held: tuple[engine.Engine, engine.Held] | None = None

    @property
    def weights(self) -> FloatArray:
        """One weight a row, shape (n,), not to be written to."""
        return self._weights.each

    @property
    def held(self) -> engine.Held:
        """The rows as the engine that computes now holds them: handed over once."""
        computing = engine.current()
        if self._held is None or self._held[0] is not computing:
            hold = partial(incomplete.hold_with, computing) if self.incomplete else computing.hold
            self._held = (computing, hold(self.data, self._weights, self.origin))
        return self._held[1]

    def __len__(self) -> int:
        return len(self.data)

    def in_memory(self) -> Block | None:
        """Return rows and weights where sums over them are all there is: native loops may walk them."""
        return Block(self.data, self._weights)

    def local(self, rows: Any) -> FloatArray:
        """Return some rows, a slice or their numbers, in local coordinates, shape (m, d)."""
        return self.data[rows] if self.origin is None else self.data[rows] - self.origin

    def local_column(self, rows: Any, j: int) -> FloatArray:
        """Return one column of some rows in local coordinates, shape (m,)."""
        own = self.data[rows, j]
        return own if self.origin is None else own - self.origin[j]

    def blocks(self) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
        """Yield all rows a few thousand at a time: their place, local coordinates and weights."""
        for start in range(0, len(self), engine.BLOCK_ROWS):
            block = slice(start, start + engine.BLOCK_ROWS)
            yield block, self.local(block), self.weights[block]

    def stretches(self) -> Iterator[slice]:
        """Yield the places of all rows, `EFFORT.measure.stretch` at a time: for what uses all threads."""
        for start in range(0, len(self), EFFORT.measure.stretch):
            yield slice(start, start + EFFORT.measure.stretch)

    def taken(self, rows: Any, weights: FloatArray) -> WeightedRows:
        """Return some rows, a slice or their numbers, with other weights."""
        data = self.local(rows)
        some_missing = self.incomplete and bool(np.isnan(data).any())
        return WeightedRows(data, weights, self.unit, tally=self.tally, incomplete=some_missing)

    def completed(
        self,
        mixture: Mixture,
        rng: np.random.Generator,
        rows: Any = EVERY,
        component: IntArray | None = None,
    ) -> FloatArray:
        """Return rows in local coordinates, missing values drawn from what `mixture` says of them.

        They are draws given what is observed: by the responsibilities, or from the `component` of each row.
        Where nothing is missing nothing is drawn.
        """
        points = self.local(rows)
        if not (self.incomplete and np.isnan(points).any()):
            return points
        self._count(rows, mixture)
        return incomplete.drawn(points, mixture.parameters, rng, component)

    def part(self, rows: Any) -> WeightedRows:
        """Return some rows, their weights made to sum to one."""
        weights = self.weights[rows]
        return self.taken(rows, weights / weights.sum())

    def alike(self, data: FloatArray, weights: FloatArray) -> WeightedRows:
        """Return other rows, which are judged as these are."""
        return WeightedRows(data, weights, self.unit)

    @property
    def log_unit(self) -> float:
        """What to add to an NLL per unit^d, or as many as are observed, to have it in the user's units."""
        return self._dimension * float(np.log(self.unit))

    @cached_property
    def _dimension(self) -> float:
        """Number of columns, or the weighted average of those that are observed."""
        if not self.incomplete:
            return self.data.shape[1]
        return float(self.weights @ np.count_nonzero(~np.isnan(self.data), axis=1))

    @property
    def second_order(self) -> bool:
        """Whether derivatives of the value are to be had from the sums here."""
        return True

    def background_weight(self, mixture: Mixture) -> float:
        """Return the weight of a background beside a mixture: zero, there is none."""
        return 0.0

    def weights_of(self, mixture: Mixture) -> FloatArray:
        """Return the weights that components have in the density of the rows, shape (k,)."""
        return mixture.weights

    def _parameters(self, mixture: Mixture) -> engine.Parameters:
        return mixture.parameters._replace(unit=self.unit)

    def statistics(self, mixture: Mixture, scatter: str) -> SufficientStatistics:
        """Return the sufficient statistics at `mixture` (local coordinates)."""
        self.tally.count(len(self), mixture)
        return self.held.statistics(self._parameters(mixture), scatter)

    def nll(self, mixture: Mixture) -> float:
        """Return the NLL of `mixture`, in the user's units of length."""
        return self.nll_of(self.statistics(mixture, "none"))

    def nll_of(self, statistics: SufficientStatistics) -> float:
        """Return the NLL of the mixture that these are the statistics at, in the user's units of length."""
        return self.log_unit - statistics.log_likelihood

    def derivatives(self, mixture: Mixture, *, hessian: bool, joint: bool = False) -> LocationDerivatives:
        """Return value and derivatives in the means, for equal spherical covariances.

        `joint` ones are in sigma times the log weights as well: one more coordinate of each component.
        """
        compute = self.held.joint_derivatives if joint else self.held.derivatives
        return compute(self._parameters(mixture), hessian=hessian)

    def information(self, mixture: Mixture, scatter: str, *, missing: bool) -> Information:
        """Return what makes value, gradient and Hessian at `mixture`; see `engine.Held.information`."""
        passes = information_passes(scatter, *mixture.means.shape) if missing else MOMENTS
        self.tally.count(len(self), mixture, passes)
        return self.held.information(self._parameters(mixture), scatter, missing=missing)

    def row_scores(self, mixture: Mixture, scatter: str, rows: Any = EVERY) -> FloatArray:
        """Return the scores of rows in own units, expected given what is observed of each, shape (n, m).

        Sums over the components, by responsibility; coordinates as those of `information`.
        """
        self._count(rows, mixture)
        return incomplete.row_scores(self.local(rows), mixture.parameters, scatter)

    def missing_product(self, mixture: Mixture, scatter: str, direction: FloatArray) -> ScoreMoments:
        """Return the missing information at `mixture` times a direction, as moments of y."""
        self.tally.count(len(self), mixture, PRODUCT)
        return self.held.missing_product(self._parameters(mixture), scatter, direction)

    def log_densities(self, mixture: Mixture, rows: Any = EVERY) -> FloatArray:
        """Return the log density of `mixture`, per unit^d, at each row, or at some, shape (n,)."""
        self._count(rows, mixture)
        return self._read(rows).log_density(self._parameters(mixture))

    def responsibilities(self, mixture: Mixture, rows: Any = EVERY) -> FloatArray:
        """Return the posterior probability of each component at each row, or at some, shape (n, k)."""
        self._count(rows, mixture)
        return self._read(rows).responsibilities(mixture.parameters)

    def coverage(self, mixture: Mixture, threshold: float, rows: Any = EVERY) -> Coverage:
        """Return the responsibilities of at least `threshold`, of all rows or of some, counted from there."""
        self._count(rows, mixture)
        return self._read(rows).coverage(mixture.parameters, threshold)

    def em(self, task: EmTask) -> EmRuns | None:
        """Return where EM leads from each start of a task; None where Python has to drive the iterations."""
        if task.max_seconds is None and self.tally.left is not None:
            task = replace(task, max_seconds=self.tally.left)
        found = self.held.em(task)
        if found is not None:
            self.tally.count_runs(len(self), task, [run.work for run in found.runs])
        return found

    def _count(self, rows: Any, mixture: Mixture) -> None:
        """Count a pass over all rows, or some."""
        n = len(range(*rows.indices(len(self)))) if isinstance(rows, slice) else len(rows)
        self.tally.count(n, mixture)

    def _read(self, rows: Any) -> engine.Held:
        """All rows, or some, as the engine holds them."""
        return self.held if isinstance(rows, slice) and rows == EVERY else self.held.taken(rows)

    def errors(self, mixture: Mixture, *, joint: bool = False) -> Errors:
        """Return the rounding errors to expect at `mixture`; a rule adds its own."""
        return Errors(*self.held.rounding(self._parameters(mixture), joint=joint))
