"""Completed rows in the form in which incomplete ones came: arrays, or tables of any library."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray


def like_given(X: Any, points: FloatArray, filled: FloatArray) -> Any:
    """Return completed rows as they came.

    Parameters
    ----------
    X : array_like or table of shape (n, d)
        As they came; not modified.
    points : ndarray of shape (n, d)
        The same in float64, NaN where values are missing.
    filled : ndarray of shape (n, d)
        Without gaps.

    Returns
    -------
    ndarray or table
        Of a table a new one with the same names, index and types; columns of whole numbers that had gaps
        become float64. An array keeps a floating type.
    """
    missing = np.isnan(points)
    if hasattr(X, "iloc") and hasattr(X, "isetitem"):
        table = X.copy()
        for j in np.flatnonzero(missing.any(axis=0)).tolist():
            single = np.dtype("float32") == X.dtypes.iloc[j]
            table.isetitem(j, filled[:, j].astype(np.float32 if single else np.float64))
        return table
    if hasattr(X, "columns") and not isinstance(X, np.ndarray):
        return _of_other_library(X, missing, filled)
    given = np.asarray(X).dtype
    return filled.astype(given) if given.kind == "f" else filled


def _of_other_library(X: Any, missing: Any, filled: FloatArray) -> Any:
    """A table of a library that narwhals knows; an array of others, or where narwhals is not there."""
    try:
        import narwhals
    except ModuleNotFoundError:  # scikit-learn brings it from 1.9 on
        return filled
    frame = narwhals.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, narwhals.DataFrame):
        return filled
    new = [
        narwhals.new_series(name, filled[:, j], narwhals.Float64, backend=frame.implementation)
        for j, name in enumerate(frame.columns)
        if missing[:, j].any()
    ]
    return frame.with_columns(*new).to_native()
