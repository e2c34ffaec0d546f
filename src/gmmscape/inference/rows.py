"""What rows are worth for standard errors: counts, weights that are none, and rows that repeat others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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
    def of(cls, sample: Sample) -> Worth:
        """Return what the rows of a sample are worth.

        Weights that are no counts (`Weights.unit`) say how much a row stands for, not how sure it is: their
        unit means nothing, and each row is one observation.
        """
        repetition, counts = sample.repetition, sample.counts
        if counts is None:
            squares = repetition * np.square(sample.weights)
            return cls(1.0 / float(squares.sum()), squares, None, repetition)
        n = float(counts.sum()) / repetition
        return cls(n, counts / counts.sum() / n, counts, repetition)
