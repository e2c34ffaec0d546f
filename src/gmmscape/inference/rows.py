"""What rows are worth for standard errors: counts, weights that are none, and rows that repeat others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.measure import Sample


class Worth(NamedTuple):
    """How many independent rows a sample is, and what each of its rows counts for.

    Attributes
    ----------
    n : float
        Independent rows (docs/words.md#rows).
    squares : ndarray of shape (n_samples,)
        What the square of each row's score counts for, in a sum whose inverse is of the size of n.
    counts : ndarray of shape (n_samples,) or None
        How many rows each stands for; None where weights are none.
    repetition : float
        How many rows say the same as one.
    """

    n: float
    squares: FloatArray
    counts: FloatArray | None
    repetition: float

    @classmethod
    def of(cls, sample: Sample, sample_weight: ArrayLike | None) -> Worth:
        """Return what the rows of a sample are worth, of these weights as they came.

        Weights that are whole multiples of the smallest, or whole numbers, are counts. Others say how much
        a row stands for, not how sure it is: their unit means nothing, and each row is one observation.
        """
        repetition = sample.repetition
        counts = sample.counts if sample.counts is not None else _whole(sample, sample_weight)
        if counts is None:
            squares = repetition * np.square(sample.weights)
            return cls(1.0 / float(squares.sum()), squares, None, repetition)
        n = float(counts.sum()) / repetition
        return cls(n, counts / counts.sum() / n, counts, repetition)


def _whole(sample: Sample, sample_weight: ArrayLike | None) -> FloatArray | None:
    """Counts where the weights are whole numbers, over what divides them all; else None."""
    if sample_weight is None:
        return None
    given = np.asarray(sample_weight, dtype=np.float64)[sample.places(np.arange(len(sample)))]
    if not np.array_equal(given, np.round(given)) or given.max() > 2.0**53:
        return None
    whole = given.astype(np.int64)
    return whole / float(np.gcd.reduce(whole))
