"""Rows in memory as rows in blocks, for fits that are kept in a checkpoint."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks
from gmmscape.validation import sample_weights


def blocks_of_rows(
    X: FloatArray, sample_weight: ArrayLike | None, names: tuple[str, ...] | None
) -> LocalBlocks:
    """Return rows in blocks of about 25 MB.

    Raises
    ------
    DataError
        If weights cannot be used.
    NotAvailableError
        If values are missing.
    """
    missing = np.isnan(X).any(axis=1)
    if missing.any():
        raise NotAvailableError(
            f"checkpoint: {missing.sum()} rows have missing values, which no fit with a checkpoint takes: "
            "leave such rows out, fill them in, or leave the checkpoint out"
        )
    size = EFFORT.blocked.memory * EFFORT.blocked.block_share / (8 * (X.shape[1] + 1))
    ends = np.arange(0, len(X), max(EFFORT.blocked.fewest_block_rows, int(size)))[1:]
    weights: Any = None
    if sample_weight is not None:
        sample_weights(sample_weight, len(X))  # raises where they cannot be used
        weights = np.split(np.asarray(sample_weight, dtype=np.float64), ends)
    source = ArrayBlocks(np.split(X, ends), weights)
    source.names = names
    return LocalBlocks(source)
