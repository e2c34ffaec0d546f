"""What an estimator takes as rows: arrays and tables of any kind, checked as scikit-learn checks them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError


def checked_data(model: Any, X: Any, *, reset: bool) -> FloatArray:
    """Return rows as scikit-learn checks them, with names of columns; its ValueErrors become DataErrors.

    float32 stays what it is, everything else becomes float64; NaN is what is missing. The kind of table, the
    order in memory and the order of bytes change no bit of the numbers.
    """
    if issparse(X):
        raise DataError("X is sparse: pass a dense array, for example X.toarray()")
    if isinstance(X, np.ndarray) and not X.dtype.isnative:
        X = X.astype(X.dtype.newbyteorder("="))
    try:
        return validate_data(
            model,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            order="C",
            accept_sparse=False,
            ensure_all_finite="allow-nan",
        )
    except ValueError as error:
        raise DataError(str(error)) from error


def in_precision(values: FloatArray, *of: Any) -> FloatArray:
    """Return numbers in single precision where all that they come from is in it; else as they are."""
    return values.astype(np.float32) if all(one.dtype == np.float32 for one in of) else values
