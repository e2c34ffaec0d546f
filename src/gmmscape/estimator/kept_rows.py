"""KeptRows: the rows of a fit, for what is computed when it is asked for; copies and files do without."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.families import Family
from gmmscape.measure import Sample


class KeptRows:
    """Rows that a fit has a copy of anyway, until its diagnosis is computed, or none.

    Pickles and copies of an estimator hold none: they stay small, and data do not travel with a model.

    Parameters
    ----------
    sample : Sample, optional
        The rows; nobody else changes them.
    family : Family, optional
        That they were fitted in.
    sample_weight : array_like of shape (n_samples,), optional
        As they came.
    """

    def __init__(
        self,
        sample: Sample | None = None,
        family: Family | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        self.sample, self.family = sample, family
        self.sample_weight = None if sample_weight is None else np.array(sample_weight)

    def __reduce__(self) -> tuple[Any, ...]:
        return KeptRows, ()
