"""From runs to how often and after how long the target is reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, log
from typing import NamedTuple

import numpy as np

from gmmscape.structure.intervals import share_interval


class Reached(NamedTuple):
    """How often a method reaches the target of a set, and what that costs.

    Attributes
    ----------
    successes, of : int
        Runs that reach it, of how many.
    share, low, high : float
        Their share, with the interval of Clopper and Pearson.
    median, mean : float
        Processor seconds of a run.
    expected, least, most : float or None
        Expected seconds until a run reaches it when runs are repeated, and its ends; None is infinite.
    """

    successes: int
    of: int
    share: float
    low: float
    high: float
    median: float
    mean: float
    expected: float | None
    least: float | None
    most: float | None


def reached(successes: Sequence[bool], seconds: Sequence[float], *, chance: bool = True) -> Reached:
    """Sum up runs; of what does not depend on chance one run says all.

    Repeated runs are independent: the first success comes after 1 / share runs on average. The interval is
    that of the share; what the mean time of a run varies is little beside it.
    """
    n, hits, mean = len(successes), sum(successes), float(np.mean(seconds))
    share = hits / n
    low, high = share_interval(hits, n) if chance else (share, share)
    return _costs(hits, n, share, low, high, float(np.median(seconds)), mean)


def best_of(single: Reached, m: int) -> Reached:
    """Return what the best of m independent runs reaches, of which each is as `single`.

    It reaches the target if one of them does. That is no worse than `n_init`, which takes the likeliest and
    so may take a degenerate one.
    """
    share, low, high = (1.0 - (1.0 - p) ** m for p in (single.share, single.low, single.high))
    return _costs(single.successes, single.of, share, low, high, m * single.median, m * single.mean)


def _costs(hits: int, n: int, share: float, low: float, high: float, median: float, mean: float) -> Reached:
    costs = (mean / p if p > 0.0 else None for p in (share, high, low))
    return Reached(hits, n, share, low, high, median, mean, *costs)


def until(share: float, mean: float, probability: float) -> float | None:
    """Return the seconds after which repeated runs have reached the target with a probability; None is never.

    That is a point of the time-to-target curve, which rises at the end of each run.
    """
    if share == 0.0:
        return None
    runs = 1 if share >= probability else ceil(log(1.0 - probability) / log(1.0 - share))
    return runs * mean


def profile(costs: dict[str, dict[str, float | None]], factors: Iterable[float]) -> dict[str, list[float]]:
    """Return for each method the shares of sets on which it takes at most so many times the least cost.

    That is the performance profile of Dolan and More (2002). Costs are by set and method; None is infinite,
    and a set on which a method did not run counts as missed.
    """
    factors = list(factors)
    names = list(dict.fromkeys(name for row in costs.values() for name in row))
    hits = {name: [0] * len(factors) for name in names}
    for row in costs.values():
        known = [one for one in row.values() if one is not None]
        for name, one in row.items():
            for place, factor in enumerate(factors):
                hits[name][place] += one is not None and one <= factor * min(known)
    return {name: [hit / len(costs) for hit in row] for name, row in hits.items()}
