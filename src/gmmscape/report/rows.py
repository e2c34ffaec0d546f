"""Rows: what a report may draw beside the record, checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from os import PathLike
from typing import Any

import numpy as np

from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.models import FittedModel, last_step, read_model
from gmmscape.results.text import counted
from gmmscape.threads import cached_property
from gmmscape.validation import data_matrix


@dataclass(frozen=True)
class Rows:
    """The rows that a report may draw, with the names of their columns.

    Attributes
    ----------
    values : ndarray of shape (n, d) or None
        NaN where values are missing; None where there are none.
    names : tuple of str or None
        Of the columns.
    model : object
        A fit that the record itself does not hold, as a `FittedModel`; None where there is none.
    """

    values: Any = None
    names: tuple[str, ...] | None = None
    model: Any = None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the numbers as little-endian float64, row by row; empty where there are none."""
        if self.values is None:
            return ""
        return sha256(np.ascontiguousarray(self.values, dtype="<f8").tobytes()).hexdigest()

    def columns(self, d: int, known: Sequence[str] | None = None) -> list[str]:
        """Return names of d columns: those passed, those known, or numbers."""
        for names in (self.names, known):
            if names is not None and len(names) == d:
                return [str(name) for name in names]
        return [f"column {i}" for i in range(d)]

    def of_width(self, d: int) -> Any:
        """Return the rows without missing values, if they have d columns; None otherwise."""
        if self.values is None or self.values.shape[1] != d:
            return None
        complete = ~np.isnan(self.values).any(axis=1)
        if complete.all():
            return self.values
        return self.values[complete] if complete.any() else None

    @property
    def incomplete(self) -> int:
        """How many rows have missing values: no picture can show all of them."""
        return 0 if self.values is None else int(np.isnan(self.values).any(axis=1).sum())


def rows_of(data: Any, columns: Sequence[str] | None = None, model: Any = None) -> Rows:
    """Return rows and names as a report takes them.

    Parameters
    ----------
    data : array_like of shape (n, d) or None
        Rows; a table brings names of columns.
    columns : sequence of str, optional
        Names of the columns.
    model : object, optional
        A fit that the record does not hold, of any class that `diagnose` takes.

    Returns
    -------
    Rows
        Checked.

    Raises
    ------
    DataError
        If the rows are no (n, d) matrix of finite numbers and NaN.
    InvalidParameterError
        If the names are not as many as the columns.
    """
    if isinstance(data, str | PathLike):
        raise DataError(
            f"data={str(data)!r}: pass rows; the report is returned as text, which `Path(FILE).write_text` "
            "writes"
        )
    values = None if data is None else data_matrix(data, name="data", missing=True)
    own = getattr(data, "columns", None) if columns is None else columns
    if isinstance(own, str):
        raise InvalidParameterError.of("columns", own, "pass a list of names, one for each column")
    fitted = None if model is None else _read(model)
    if own is None and fitted is not None:
        own = fitted.feature_names
    names = None if own is None else tuple(map(str, own))
    if names is not None and values is not None and len(names) != values.shape[1]:
        raise InvalidParameterError(
            f"columns has {counted(len(names), 'name')} where the data have "
            f"{counted(values.shape[1], 'column')}: pass a name for each"
        )
    return Rows(values, names, fitted)


def _read(model: Any) -> FittedModel:
    """The parameters of a model; what a mixture or arrays leave open does not matter for a picture."""
    model = last_step(model)
    if isinstance(model, Mixture):
        return read_model(model, model.covariance_type)
    return read_model(model)
