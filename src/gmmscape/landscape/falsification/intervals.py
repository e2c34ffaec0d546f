"""Shares of counts with their exact intervals."""

from __future__ import annotations

from typing import NamedTuple


class Share(NamedTuple):
    """How many of how many, with a confidence interval.

    Attributes
    ----------
    n : int
        How many.
    of : int
        Of how many.
    low, high : float
        Ends of the interval of Clopper and Pearson, 95 %; 0 and 1 of none.
    """

    n: int
    of: int
    low: float
    high: float

    @classmethod
    def of_counts(cls, n: int, of: int, level: float = 0.95) -> Share:
        """Return the share of some counts."""
        from scipy.stats import beta

        tail = 0.5 * (1.0 - level)
        low = float(beta.ppf(tail, n, of - n + 1)) if n else 0.0
        high = float(beta.ppf(1.0 - tail, n + 1, of - n)) if n < of else 1.0
        return cls(n, of, low, high)

    @property
    def value(self) -> float:
        """The share; 0 of none."""
        return self.n / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.n} of {self.of} ({100 * self.low:.2g} to {100 * self.high:.2g} %)"
