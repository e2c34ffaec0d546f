"""Sums over rows in blocks: what solvers ask of rows, added up block by block."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, TypeVar

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.engine import EmRuns, EmTask, Rounding, Truncation
from gmmscape.exceptions import DataError, NoResultError
from gmmscape.measure.blocked.row_blocks import BlockTask, RowBlocks
from gmmscape.measure.blocked.sorting import Sorting, forget
from gmmscape.measure.blocked.tasks import (
    DerivativesTask,
    InformationTask,
    Place,
    ProductTask,
    RoundingTask,
    StatisticsTask,
)
from gmmscape.measure.estimate import Errors
from gmmscape.mixture import Mixture
from gmmscape.statistics import (
    Information,
    LocationDerivatives,
    MergeInOrder,
    ScoreMoments,
    SufficientStatistics,
)
from gmmscape.tolerances import TOLERANCES

Result = TypeVar("Result")
#: Called with the rows of a pass that are done; it may raise to end the pass.
Watch = Callable[[int], None]


class BlockedRows:
    """Rows in blocks as solvers see them: sums, and nothing that is as long as the rows.

    Parameters
    ----------
    blocks : RowBlocks
        The rows.
    n : int
        How many have a positive weight.
    place : Place
        Their origin, and what a weight of one is of the whole.
    unit : float
        Length per whose d-th power densities are given here.
    """

    incomplete = False
    second_order = True
    resolution = 0.0

    def __init__(self, blocks: RowBlocks, n: int, place: Place, unit: float) -> None:
        self.blocks, self.n, self.place, self.unit = blocks, n, place, unit
        self.origin = place.origin
        #: Who is told how far a pass has come.
        self.watch: Watch | None = None
        self._sorting: Sorting | None = None

    def __len__(self) -> int:
        return self.n

    def in_memory(self) -> None:
        """Return None: loops over the rows have to ask for sums."""
        return

    @property
    def log_unit(self) -> float:
        """What to add to an NLL per unit^d to have it in the user's units."""
        return len(self.origin) * math.log(self.unit)

    def background_weight(self, mixture: Mixture) -> float:
        """Return the weight of a background beside a mixture: zero, there is none."""
        return 0.0

    def weights_of(self, mixture: Mixture) -> FloatArray:
        """Return the weights that components have in the density of the rows, shape (k,)."""
        return mixture.weights

    def sort_by(self, mixture: Mixture, scatter: str, truncation: Truncation) -> None:
        """Have the rows of each block sorted by a mixture from the next pass on, where that pays.

        Nothing is sorted where the orders, 6 bytes a row in the plane and half a byte a column more, would
        take more than `EFFORT.blocked.bytes_of_orders`. Bits of sums are those of this order from then on.
        """
        if self._sorting is not None:
            forget(self._sorting.name)
        self._sorting = None
        # The number of each row, and of each small block two boxes and their lengths.
        numbers = 4 * len(self.origin) + 3
        if self.n * (4.0 + 8.0 * numbers / truncation.block_rows) <= EFFORT.blocked.bytes_of_orders:
            self._sorting = Sorting(self._parameters(mixture), scatter, truncation)
            weakref.finalize(self, forget, self._sorting.name)

    def statistics(self, mixture: Mixture, scatter: str) -> SufficientStatistics:
        """Return the sufficient statistics at `mixture` (local coordinates), merged along a fixed tree.

        Raises DataError if the rows have another total weight than in the first pass.
        """
        merged = MergeInOrder()
        task = StatisticsTask(self.place, self._parameters(mixture), scatter, self._sorting)
        for part in self._parts(task):
            merged.add(part)
        total = merged.total()
        if not abs(total.weight - 1.0) <= TOLERANCES.measure.same_mass:
            raise DataError(
                f"the rows weigh {total.weight:.10g} times what they did in the first pass: they were "
                "changed while they were in use; keep them as they are until the end"
            )
        return total

    def nll(self, mixture: Mixture) -> float:
        """Return the NLL of `mixture`, in the user's units of length."""
        return self.log_unit - self.statistics(mixture, "none").log_likelihood

    def derivatives(self, mixture: Mixture, *, hessian: bool, joint: bool = False) -> LocationDerivatives:
        """Return value and derivatives in the means, for equal spherical covariances."""
        return self._added(DerivativesTask(self.place, self._parameters(mixture), hessian, joint))

    def information(self, mixture: Mixture, scatter: str, *, missing: bool) -> Information:
        """Return what makes value, gradient and Hessian at `mixture`."""
        return self._added(InformationTask(self.place, self._parameters(mixture), scatter, missing))

    def missing_product(self, mixture: Mixture, scatter: str, direction: FloatArray) -> ScoreMoments:
        """Return the missing information at `mixture` times a direction, as moments of y."""
        return self._added(ProductTask(self.place, self._parameters(mixture), scatter, direction))

    def errors(self, mixture: Mixture, *, joint: bool = False) -> Errors:
        """Return the rounding errors to expect at `mixture`: those of all blocks together."""
        found: Rounding = self._added(RoundingTask(self.place, self._parameters(mixture), joint))
        return Errors(*found)

    def em(self, task: EmTask) -> EmRuns | None:
        """Return None: Python has to drive the iterations."""
        return None

    def _parameters(self, mixture: Mixture) -> engine.Parameters:
        return mixture.parameters._replace(unit=self.unit)

    def _parts(self, task: BlockTask[Result | None]) -> Iterator[Result]:
        """What a task makes of each block that has rows, in their order."""
        done, some = 0, False
        for n, part in self.blocks.results(task):
            done += n
            if self.watch is not None:
                self.watch(done)
            if part is not None:
                some = True
                yield part
        if not some:
            raise NoResultError("the data have no rows any more: they were changed while they were in use")

    def _added(self, task: BlockTask[Any]) -> Any:
        return reduce(added, self._parts(task))


def added(first: Any, second: Any) -> Any:
    """Return the sum of two records of arrays, entry by entry; None stays None."""
    if first is None:
        return None
    if isinstance(first, tuple):
        return type(first)(*(added(a, b) for a, b in zip(first, second, strict=True)))
    return first + second
