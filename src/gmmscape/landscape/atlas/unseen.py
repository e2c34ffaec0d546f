"""What random starts have not met yet: an estimate from the minima that were met once or twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gmmscape.tolerances import TOLERANCES


class Unseen(NamedTuple):
    """An estimate of the minima that an exploration has not found.

    Attributes
    ----------
    share : float
        Probability that one more random start ends in a minimum that is not known (Good and Turing, 1953).
    interval : tuple of float
        Of that probability, 95 %.
    minima : float
        How many there are at least, by estimate (Chao, 1984): those that hardly any start meets are not
        counted, however many they are. Images of each other under the truth's isometries count once.
    starts : int
        Random starts that it rests on.
    """

    share: float
    interval: tuple[float, float]
    minima: float
    starts: int

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"one more random start ends in a minimum that is not known with probability {self.share:.2g} "
            f"({low:.2g} to {high:.2g}); at least {self.minima:.3g} are unseen, by estimate"
        )


def unseen(hits: Sequence[int], open_to_chance: Sequence[bool]) -> Unseen | None:
    """Return an estimate of what random starts have not met, or None without starts.

    Minima that are known whatever the starts do, such as those that candidates lead to, are no evidence of
    unknown ones: of the others, those met once and twice are counted.

    Parameters
    ----------
    hits : sequence of int
        Random starts that ended in each minimum.
    open_to_chance : sequence of bool
        Whether each is known by random starts alone.

    Returns
    -------
    Unseen or None
        The share met once estimates the mass that is left. Its error has about the variance of (those met
        once + 2 of those met twice) over the square of the number of starts (Esty, 1983); the interval
        ends where that of a Poisson number of this variance does.
    """
    from scipy.stats import chi2, norm

    n = sum(hits)
    if n == 0:
        return None
    once, twice = (
        sum(one == times and chance for one, chance in zip(hits, open_to_chance, strict=True))
        for times in (1, 2)
    )
    tail = 0.5 * (1.0 - TOLERANCES.structure.interval_level)
    wide = (once + 1 + 2 * twice) / (once + 1)
    # Nothing at all may be left where few were met once: below, the normal one, which then begins at zero.
    low = max(0.0, once + float(norm.ppf(tail)) * (once + 2 * twice) ** 0.5) / n
    high = 0.5 * wide * chi2.ppf(1.0 - tail, 2 * (once / wide + 1)) / n
    number = (n - 1) / n * once * max(0, once - 1) / (2 * (twice + 1))
    return Unseen(once / n, (low, min(1.0, float(high))), number, n)
