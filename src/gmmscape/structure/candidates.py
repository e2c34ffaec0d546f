"""Candidate structures: every way in which a fit could be a union of blocks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import comb
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Structure, block_average
from gmmscape.validation import positive_integer

OUTCOMES = ("realised", "flat", "saddle", "dissolved", "unresolved")


class CandidateOutcome(NamedTuple):
    """What became of a candidate structure.

    Attributes
    ----------
    structure : Structure
        The prediction.
    outcome : str
        "realised" (a minimum has this structure), "flat" (one has, but a curvature has no sign in float64),
        "saddle" (the coincident configuration is critical, and a direction leads down), "dissolved" (the
        descent ended in another structure), "unresolved" (the descent did not converge).
    minimum : int or None
        Place in the atlas of the minimum the descent ended in.
    """

    structure: Structure
    outcome: str
    minimum: int | None


def candidates(n_components: int, k_star: int, contiguous: bool = False) -> list[Structure]:
    """Return all structures of k means on k_star centers, up to relabelling of the means.

    Parameters
    ----------
    n_components : int
        Number of fitted means.
    k_star : int
        Number of true centers.
    contiguous : bool, default=False
        Only blocks of neighbouring center indices: in one dimension with sorted centers, the others have a
        mean at a place where a foreign center may lie.

    Returns
    -------
    list of Structure
        Means are numbered along the blocks. Each is a prediction for equal weights, not a promise that such a
        minimum exists.

    Raises
    ------
    InvalidParameterError
        If n_components or k_star is no positive integer, or there are more than 100,000 candidates.

    Examples
    --------
    >>> from gmmscape import lab
    >>> for structure in lab.candidates(3, 3, contiguous=True):
    ...     print(structure)
    0,1>0  2>1,2
    0>0,1  1,2>2
    0>0  1>1  2>2
    """
    k, k_star = positive_integer("n_components", n_components), positive_integer("k_star", k_star)
    count = count_candidates(k, k_star, contiguous)
    if count > EFFORT.structure.most_candidates:
        raise InvalidParameterError(
            f"n_components={k}, k_star={k_star} have {count} candidate structures, more than "
            f"{EFFORT.structure.most_candidates}: use "
            "contiguous=True, or explore from random starts only (candidates=False)"
        )
    partitions = _compositions(k_star, k) if contiguous else _partitions(k_star, k)
    found = []
    for blocks in sorted(partitions, key=lambda p: (len(p), p)):
        single = [len(block) == 1 for block in blocks]
        spare = k - len(blocks)
        if spare < 0 or (spare > 0 and not any(single)):
            continue
        for extra in _distributions(spare, sum(single)):
            found.append(_numbered(blocks, single, extra))
    return found


def count_candidates(k: int, k_star: int, contiguous: bool = False) -> int:
    """Return the number of candidates by a formula (docs/mathematics.md#candidates), not by enumeration.

    Summed over the partitions of the centers into b blocks, s of them singletons: C(k-b+s-1, s-1) where
    s >= 1 and k >= b; one where s = 0 and k = b.
    """
    split = _compositions_by_singletons if contiguous else _partitions_by_singletons
    total = 0
    for b in range(1, min(k, k_star) + 1):
        for s in range(b + 1):
            ways = split(k_star, b, s)
            total += ways * (comb(k - b + s - 1, s - 1) if s else int(k == b))
    return total


def starting_means(structure: Structure, truth: Mixture, sigma: float) -> FloatArray:
    """Return means to descend from: block averages, and several means half a sigma around their center.

    Parameters
    ----------
    structure : Structure
        A candidate.
    truth : Mixture
        Whose centers it speaks of.
    sigma : float
        Standard deviation of the fit.

    Returns
    -------
    ndarray of shape (k, d)
        Several means on one center are spread along the first axis.
    """
    k = sum(len(block.means) for block in structure.blocks)
    means = np.empty((k, truth.n_features))
    for block in structure.blocks:
        members = list(block.means)
        means[members] = block_average(block.centers, truth)
        if len(members) > 1:
            means[members, 0] += 0.5 * sigma * np.linspace(-1, 1, len(members))
    return means


def _numbered(blocks: list[list[int]], single: list[bool], extra: tuple[int, ...]) -> Structure:
    pairs, first, spare = [], 0, iter(extra)
    for block, alone in zip(blocks, single, strict=True):
        size = 1 + (next(spare) if alone else 0)
        pairs.append((range(first, first + size), block))
        first += size
    return Structure.of(pairs)


def _partitions(n: int, most: int) -> Iterator[list[list[int]]]:
    """All set partitions of 0..n-1 into at most `most` blocks, in the order of their first elements."""
    if most == 1:
        yield [list(range(n))]
        return
    blocks: list[list[int]] = []

    def place(item: int) -> Iterator[list[list[int]]]:
        if item == n:
            yield [block.copy() for block in blocks]
            return
        for block in blocks:
            block.append(item)
            yield from place(item + 1)
            block.pop()
        if len(blocks) < most:
            blocks.append([item])
            yield from place(item + 1)
            blocks.pop()

    yield from place(0)


def _compositions(n: int, most: int, start: int = 0) -> Iterator[list[list[int]]]:
    """All partitions of start..n-1 into at most `most` runs of neighbours."""
    if start == n:
        yield []
        return
    for end in range(start + 1 if most > 1 else n, n + 1):
        for tail in _compositions(n, most - 1, end):
            yield [list(range(start, end)), *tail]


def _distributions(n: int, places: int) -> Iterator[tuple[int, ...]]:
    """All ways of putting n equal things into numbered places."""
    if places == 0:
        if n == 0:
            yield ()
        return
    if places == 1:
        yield (n,)
        return
    for here in range(n + 1):
        for rest in _distributions(n - here, places - 1):
            yield (here, *rest)


def _partitions_by_singletons(n: int, blocks: int, singles: int) -> int:
    row = _associated_stirling_numbers(n)[n - singles]
    large = blocks - singles
    return comb(n, singles) * row[large] if large < len(row) else 0


@cache
def _associated_stirling_numbers(n: int) -> list[list[int]]:
    """Rows 0..n of the numbers of partitions into blocks of two or more: S(m, b) in row m at place b.

    By S(m+1, b) = b S(m, b) + m S(m-1, b-1).
    """
    rows = [[1], [0]]
    for m in range(1, n):
        last, before = rows[m] + [0], rows[m - 1] + [0]
        rows.append([b * last[b] + (m * before[b - 1] if b else 0) for b in range((m + 1) // 2 + 1)])
    return rows


def _compositions_by_singletons(n: int, blocks: int, singles: int) -> int:
    large = blocks - singles
    rest = n - singles
    if large == 0:
        return int(rest == 0)
    if rest < 2 * large:
        return 0
    return comb(blocks, singles) * comb(rest - large - 1, large - 1)
