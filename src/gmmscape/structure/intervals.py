"""How well a share is known that was seen so often."""

from __future__ import annotations

from typing import NamedTuple

from gmmscape.tolerances import TOLERANCES


def share_interval(
    hits: int, starts: int, level: float = TOLERANCES.structure.interval_level
) -> tuple[float, float]:
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


class Share(NamedTuple):
    """How many of how many, with the interval of `share_interval`.

    Attributes
    ----------
    n : int
        How many.
    of : int
        Of how many.
    low, high : float
        Ends of the interval; 0 and 1 of none.
    """

    n: int
    of: int
    low: float
    high: float

    @classmethod
    def of_counts(cls, n: int, of: int) -> Share:
        """Return the share of some counts."""
        return cls(n, of, *share_interval(n, of))

    @property
    def value(self) -> float:
        """The share; 0 of none."""
        return self.n / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.n} of {self.of} ({_percent(self.low)} to {_percent(self.high)} %)"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.2g}"
