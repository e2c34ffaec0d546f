"""How well a share is known that was seen so often."""

from __future__ import annotations

#: Coverage of the intervals of shares.
LEVEL = 0.95


def share_interval(hits: int, starts: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a share seen so often (Clopper and Pearson, Biometrika 26(4), 1934).

    Parameters
    ----------
    hits, starts : int
        Successes, and trials.
    level : float, default=0.95
        Least coverage.

    Returns
    -------
    tuple of float
        Lower and upper end.
    """
    from scipy.special import betaincinv

    tail = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else float(betaincinv(hits, starts - hits + 1, tail))
    high = 1.0 if hits == starts else float(betaincinv(hits + 1, starts - hits, 1.0 - tail))
    return low, high
