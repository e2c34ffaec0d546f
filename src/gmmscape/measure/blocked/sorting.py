"""Sorting: rows of blocks in an order in which few components matter to neighbours: passes are truncated.

An order is made of a block's rows by one mixture, which comes with each task: whoever computes has the same
bits, whether the order was kept from an earlier pass or is made again.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.engine import Held, Parameters, Truncation
from gmmscape.measure.blocked.row_blocks import RowBlock
from gmmscape.statistics import SufficientStatistics

#: Orders that this process has made, by the name of the sorting and the place of the block, with its mark.
_kept: OrderedDict[str, dict[int, tuple[tuple[float, ...], Any]]] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, eq=False)
class Sorting:
    """By which mixture the rows of each block are sorted.

    Attributes
    ----------
    parameters : Parameters
        Of the mixture, in the coordinates of the held rows.
    scatter : str
        Kind of scatter that passes accumulate.
    truncation : Truncation
        When passes are truncated, and what may be left out.
    name : str
        Under which orders are kept; no two are equal.
    """

    parameters: Parameters
    scatter: str
    truncation: Truncation
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    def statistics(
        self, held: Held, block: RowBlock, place: int, parameters: Parameters, scatter: str
    ) -> SufficientStatistics:
        """Return the statistics of the held rows of a block; by a truncated pass where that pays."""
        with _lock:
            own = _kept.setdefault(self.name, {})
            _kept.move_to_end(self.name)
            while len(_kept) > EFFORT.blocked.sortings:
                _kept.popitem(last=False)
        mark, order = own.get(place, (None, None))
        if place not in own or (order is not None and mark != _mark(block)):
            order = held.order(self.parameters, self.scatter, self.truncation)
            own[place] = _mark(block), order
        if order is None:
            return held.statistics(parameters, scatter)
        return held.ordered_statistics(parameters, scatter, order)


def _mark(block: RowBlock) -> tuple[float, ...]:
    """What tells rows from others, and from the same in another order: they may be computed again."""
    flat = block.points.ravel()
    own = () if block.weights is None else (float(block.weights.sum()),)
    with np.errstate(over="ignore", invalid="ignore"):
        # No product of BLAS, whose threads would wait beside ours.
        places = float(np.einsum("i,i->", flat[:-1], flat[1:]))
        return (len(block.points), float(flat.sum()), places, *own)


def forget(name: str) -> None:
    """Drop the orders of a sorting that this process has kept."""
    with _lock:
        _kept.pop(name, None)
