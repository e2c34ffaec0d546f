"""The objective that solvers see: a measure, a family, and rows held fixed while one solver works."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.families import Family, HeldParts
from gmmscape.measure import Errors, Population, Sample, WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background
from gmmscape.statistics import Information, LocationDerivatives, ScoreMoments, SufficientStatistics

M = TypeVar("M", bound=Population | Sample)


@dataclass(frozen=True)
class Objective(Generic[M]):
    """Penalised NLL per unit mass of the mixtures of one family against one measure.

    All mixtures here are in the measure's local coordinates, and values per the rows' unit of length: add
    ``rows.log_unit`` for the user's.

    Attributes
    ----------
    measure : Population or Sample
        What the NLL is averaged over.
    family : Family
        What is free.
    rows : WeightedRows
        The rows of the measure, frozen.
    stand_in : Objective or None
        Of few rows that stand for these where a few percent are enough: second derivatives of steps, and
        rounding errors.
    """

    measure: M
    family: Family
    rows: WeightedRows
    stand_in: Objective[Sample] | None = None

    @classmethod
    def near(cls, measure: M, family: Family, mixture: Mixture, rtol: float | None = None) -> Objective[M]:
        """Return the objective with a rule of accuracy `rtol` at `mixture`."""
        return cls(measure, family, measure.rows(mixture, rtol))

    def refined(self, mixture: Mixture, rtol: float | None = None) -> Objective[M]:
        """Return the objective with its rows chosen anew for `mixture`."""
        return replace(self, rows=self.measure.rows(mixture, rtol))

    def value(self, mixture: Mixture) -> float:
        """Return the NLL of `mixture` with the family's penalty, in the user's units of length."""
        return self.rows.nll(mixture) + self.family.penalty(mixture)

    def background_beside(self, mixture: Mixture) -> Background | None:
        """Return the background of the measure, with the weight that it has beside a mixture."""
        beside = self.measure.background
        return None if beside is None else beside.of_weight(self.rows.background_weight(mixture))

    @property
    def held(self) -> HeldParts | None:
        """What the family holds, in the caller's coordinates."""
        return self.family.held

    @property
    def differentiable(self) -> bool:
        """Whether value, gradient and Hessian in the family's own units are to be had."""
        return self.family.scores is not None and self.rows.second_order

    def n_parameters(self, k: int, d: int) -> int:
        """Return the number of free parameters of k components in d dimensions, the background's included."""
        return self.family.n_parameters(k, d) + (self.measure.background is not None)

    def admissible(self, mixture: Mixture) -> Mixture:
        """Return `mixture` with its covariances brought into the family, floor included."""
        return self.family.admissible(mixture)

    def statistics(self, mixture: Mixture) -> SufficientStatistics:
        """Return the statistics at `mixture` that the family's M-step needs."""
        return self.rows.statistics(mixture, self.family.scatter)

    def update(self, statistics: SufficientStatistics, current: Mixture) -> Mixture:
        """Return the EM step from `current`."""
        return self.family.update(statistics, current, self.rows.resolution)

    def unresolved(self, mass: FloatArray) -> BoolArray:
        """Say which components have so little mass that the rows, or float64, tell nothing about them."""
        return self.family.unresolved(mass, self.rows.resolution)

    def information(self, mixture: Mixture, *, missing: bool) -> Information:
        """Return what makes gradient and, with the `missing` information, Hessian at `mixture`."""
        return self.rows.information(mixture, self._scores, missing=missing)

    def missing_product(self, mixture: Mixture, direction: FloatArray) -> ScoreMoments:
        """Return the missing information at `mixture` times a direction, as moments."""
        return self.rows.missing_product(mixture, self._scores, direction)

    def on_few(self, mixture: Mixture) -> tuple[Objective, Mixture]:
        """Return the objective of the stand-in, if there is one, and the mixture in its coordinates."""
        if self.stand_in is None:
            return self, mixture
        return self.stand_in, self.stand_in.measure.local_mixture(self.measure.callers_mixture(mixture))

    @property
    def _scores(self) -> str:
        assert self.family.scores is not None
        return self.family.scores

    def derivatives(self, mixture: Mixture, *, hessian: bool = False) -> LocationDerivatives:
        """Return value, gradient and Hessian in the family's coordinates.

        The gradient is of shape (k, d), and (k d + k - 1,) where the weights are free. Raises
        InvalidParameterError for a family without coordinates.
        """
        coordinates = self.family.coordinates
        at = self.rows.derivatives(mixture, hessian=hessian, joint=self.family.joint)
        gradient, bend = coordinates.in_coordinates(at.gradient, at.hessian)
        return at._replace(gradient=gradient, hessian=bend)

    def errors(self, mixture: Mixture) -> Errors:
        """Return estimated absolute errors of value, gradient and Hessian at `mixture`."""
        about, at = self.on_few(mixture)
        return about.rows.errors(at, joint=self.family.joint)


#: What the search for better optima and all that rests on it work on: data.
SampleObjective = Objective[Sample]


def step_norm(before: Mixture, after: Mixture, vanished: float = 0.0) -> float:
    """Return the size of an EM step (docs/words.md#gradient-norm).

    The largest over the components; zero at a critical point. Components of no more than a `vanished` weight
    do not count: it goes on to zero at a steady rate.
    """
    moving = before.weights > vanished if vanished else slice(None)
    return float(step_sizes(before, after)[moving].max(initial=0.0))


def step_sizes(before: Mixture, after: Mixture) -> FloatArray:
    """Return how far each component moved, shape (k,).

    The largest of: the step of the mean in units of that component's standard deviations, the relative change
    of its weight, and of its covariance.
    """
    kind, factors = before.kind, before.parameters.factors
    sizes = kind.lengths_each(after.means - before.means, factors)
    if not np.array_equal(before.weights, after.weights):
        change = np.abs(after.weights - before.weights)
        alive = before.weights > 0.0
        sizes[alive] = np.maximum(sizes[alive], change[alive] / before.weights[alive])
    if not np.array_equal(before.covariances, after.covariances):
        change = after.covariances - before.covariances
        with np.errstate(over="ignore", invalid="ignore"):  # deviations near the smallest numbers
            relative = kind.relative_changes(change, factors, before.n_features)
        sizes = np.maximum(sizes, np.where(np.isnan(relative), np.inf, relative))  # of what overflows twice
    return sizes
