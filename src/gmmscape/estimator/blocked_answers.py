"""What a fit says of rows in blocks: of each row, block by block, or in sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.estimator.of_blocks import check_columns
from gmmscape.measure.blocked import RowBlock, RowBlocks
from gmmscape.mixture import Mixture


@dataclass(frozen=True)
class OfEach:
    """What a function says of the rows of a block, also of those of weight zero."""

    say: Callable[[FloatArray], Any]

    def __call__(self, block: RowBlock, place: int) -> Any:
        """Return it; None of an empty one."""
        return self.say(block.points) if len(block.points) else None


@dataclass(frozen=True)
class Likelihood:
    """Weighted sum of log densities of a block, and of the weights."""

    mixture: Mixture

    def __call__(self, block: RowBlock, place: int) -> tuple[float, float]:
        """Return both."""
        points, weights = block.counted()
        if not len(points):
            return 0.0, 0.0
        return float(weights.each @ self.mixture.log_density(points)), float(weights.each.sum())


def of_each_row(model: Any, rows: RowBlocks, say: Callable[[FloatArray], Any]) -> Iterator[Any]:
    """Yield what `say` returns of the rows of each block, in their order.

    Parameters
    ----------
    model : object
        The fit, whose columns the rows have to have.
    rows : RowBlocks
        The rows.
    say : callable
        Of an array of rows; it may be sent to another process.

    Yields
    ------
    object
        One for each block that has rows.
    """
    check_columns(model, rows)
    for _, said in rows.results(OfEach(say)):
        if said is not None:
            yield said


def average_log_density(model: Any, mixture: Mixture, rows: RowBlocks) -> float:
    """Return the average log density of rows, in nats per unit of weight; cost of a pass."""
    check_columns(model, rows)
    parts = np.array([part for _, part in rows.results(Likelihood(mixture))])
    total, mass = parts.sum(axis=0)
    return float(total / mass)
