"""Which split takes the slot that which removal frees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.moves.moves import Move, Removal, Split


def disjoint(splits: Sequence[Split], removals: Sequence[Removal], least: float) -> list[Move]:
    """Return moves that touch no component twice, best split into cheapest slot, each of an estimate above
    `least`.

    Cost O(s log s) and little more: a split looks for the first removal that is free.
    """
    chosen: list[Move] = []
    touched: set[int] = set()
    free = list(removals)
    for split in sorted(splits, key=lambda split: -split.gain):
        if split.component in touched:
            continue
        free = [removal for removal in free[: len(splits)] if not touched & set(removal.components)] + free[
            len(splits) :
        ]
        removal = next((r for r in free if split.component not in r.components), None)
        if removal is None or split.gain - removal.cost <= least:
            break
        chosen.append(Move(split, removal))
        touched |= chosen[-1].touched
    return chosen


def paired(splits: Sequence[Split], removals: Sequence[Removal], most: int) -> list[Move]:
    """Return splits joined with removals of other components, best estimates first, none used too often."""
    promising = sorted(splits, key=lambda split: -split.gain)[:most]
    cheap = removals[: most + 4 * EFFORT.moves.partners]
    moves = [Move(s, r) for s in promising for r in cheap if s.component not in r.components]
    moves.sort(key=lambda move: -move.estimate)
    used: dict[Any, int] = {}
    kept: list[Move] = []
    for move in moves:
        keys = (move.split.component, move.removal.components)
        if all(used.get(key, 0) < EFFORT.moves.partners for key in keys):
            kept.append(move)
            used.update({key: used.get(key, 0) + 1 for key in keys})
        if len(kept) == most:
            break
    return kept
