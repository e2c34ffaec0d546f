"""What the engine computes of a block: weighted sums, which are added up over the blocks."""

from __future__ import annotations

from dataclasses import dataclass

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.engine import Held, Parameters, Rounding
from gmmscape.measure.blocked.row_blocks import RowBlock
from gmmscape.measure.blocked.sorting import Sorting
from gmmscape.statistics import Information, LocationDerivatives, ScoreMoments, SufficientStatistics


@dataclass(frozen=True)
class Place:
    """How rows are to be seen.

    Attributes
    ----------
    origin : ndarray of shape (d,)
        What local coordinates count from.
    share : float
        What a weight of one is of the whole.
    """

    origin: FloatArray
    share: float

    def held(self, block: RowBlock) -> Held | None:
        """Return a block as the engine holds it; None where no row counts."""
        points, weights = block.counted(self.share)
        return engine.current().hold(points, weights, self.origin) if len(points) else None


@dataclass(frozen=True)
class StatisticsTask:
    """Sufficient statistics at a mixture, of rows in an order if they are sorted."""

    place: Place
    parameters: Parameters
    scatter: str
    sorting: Sorting | None = None

    def __call__(self, block: RowBlock, place: int) -> SufficientStatistics | None:
        """Return those of a block."""
        held = self.place.held(block)
        if held is None:
            return None
        if self.sorting is None:
            return held.statistics(self.parameters, self.scatter)
        return self.sorting.statistics(held, block, place, self.parameters, self.scatter)


@dataclass(frozen=True)
class DerivativesTask:
    """Value and derivatives in the means, or in means and log weights."""

    place: Place
    parameters: Parameters
    hessian: bool
    joint: bool

    def __call__(self, block: RowBlock, place: int) -> LocationDerivatives | None:
        """Return those of a block."""
        held = self.place.held(block)
        if held is None:
            return None
        compute = held.joint_derivatives if self.joint else held.derivatives
        return compute(self.parameters, hessian=self.hessian)


@dataclass(frozen=True)
class InformationTask:
    """What makes value, gradient and Hessian of any family."""

    place: Place
    parameters: Parameters
    scatter: str
    missing: bool

    def __call__(self, block: RowBlock, place: int) -> Information | None:
        """Return that of a block."""
        held = self.place.held(block)
        if held is None:
            return None
        return held.information(self.parameters, self.scatter, missing=self.missing)


@dataclass(frozen=True)
class ProductTask:
    """The missing information times a direction."""

    place: Place
    parameters: Parameters
    scatter: str
    direction: FloatArray

    def __call__(self, block: RowBlock, place: int) -> ScoreMoments | None:
        """Return that of a block."""
        held = self.place.held(block)
        return None if held is None else held.missing_product(self.parameters, self.scatter, self.direction)


@dataclass(frozen=True)
class RoundingTask:
    """Rounding errors to expect."""

    place: Place
    parameters: Parameters
    joint: bool

    def __call__(self, block: RowBlock, place: int) -> Rounding | None:
        """Return those of a block."""
        held = self.place.held(block)
        return None if held is None else held.rounding(self.parameters, joint=self.joint)
