"""Blocks in words, for pictures: which components stand for which clusters."""

from __future__ import annotations

from collections.abc import Sequence

from gmmscape.plot.sizes import SIZES
from gmmscape.structure.structure import Block


def block_words(blocks: Sequence[Block] | None, most: int = 3, *, alone: str = "exact") -> str:
    """Return what is not one to one, in words, and how many are.

    Parameters
    ----------
    blocks : sequence of Block or None
        Of one minimum; None where nothing is known.
    most : int, default=3
        Blocks that are told; others are counted.
    alone : str, default="exact"
        What one component on one cluster is called.

    Returns
    -------
    str
        Such as "4 covers 4 + 9; 7, 8 share 7; 12 exact".
    """
    if blocks is None:
        return ""
    others = [block for block in blocks if block.kind != "exact"]
    parts = [_words(block) for block in others[:most]]
    if len(others) > most:
        parts.append(f"{len(others) - most} groups more")
    exact = len(blocks) - len(others)
    if exact:
        parts.append(f"{'all ' * (not others)}{exact} {alone}")
    return ";  ".join(parts)


def _words(block: Block) -> str:
    means, centers = _listed(block.means), _listed(block.centers, " + ")
    if block.kind == "one-fits-many":
        return f"{means} covers {centers}"
    if block.kind == "many-fit-one":
        return f"{means} share {centers}"
    if block.kind == "empty":
        return f"{means} empty"
    if not block.centers:
        return f"{means} on none of them"
    if not block.means:
        return f"none on {centers}"
    return f"{means} together on {centers}, not told apart"


def _listed(numbers: Sequence[int], between: str = ", ") -> str:
    shown = between.join(map(str, numbers[: SIZES.most_numbers]))
    return shown + (
        f" and {len(numbers) - SIZES.most_numbers} more" if len(numbers) > SIZES.most_numbers else ""
    )
