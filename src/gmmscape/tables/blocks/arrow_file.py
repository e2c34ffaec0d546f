"""Parquet and Feather files, read batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, NotAvailableError
from gmmscape.tables.arrays import as_doubles, numbers_of
from gmmscape.tables.blocks.part import Part
from gmmscape.tables.columns import Wanted, check_names, choose


class ArrowParts:
    """Rows of a Parquet or Feather file.

    Parameters
    ----------
    path : Path
        The file.
    kind : {"parquet", "feather"}
        What it is.
    wanted : Wanted
        Which columns.

    Raises
    ------
    DataError
        If it is damaged, or a wanted column holds no numbers.
    NotAvailableError
        If pyarrow is not installed.
    """

    named = True

    def __init__(self, path: Path, kind: str, wanted: Wanted) -> None:
        if find_spec("pyarrow") is None:
            raise NotAvailableError(
                f"{path} is a {kind.capitalize()} file, which needs one more package: "
                'pip install "gmmscape[data]"'
            )
        self.file, self._path, self._kind = str(path), path, kind
        try:
            with self._opened() as opened:
                every = list(opened.schema_arrow.names if kind == "parquet" else opened.schema.names)
        except UnicodeDecodeError as error:
            raise self._damaged(error) from error
        check_names(self.file, every)
        self._chosen = choose(self.file, every, wanted, named=True)
        self.names = tuple(every[i] for i in self._chosen.places)
        self._weights = None if self._chosen.weights is None else every[self._chosen.weights]

    def parts(self, rows: int) -> Iterator[Part]:
        """Yield all rows, so many at a time, or fewer where a group of rows ends."""
        first = 1
        arrow = import_module("pyarrow")
        try:
            with self._opened() as opened:
                for batch in self._batches(opened, rows):
                    if not batch.num_rows:
                        continue
                    values = _side_by_side(
                        [numbers_of(self.file, name, batch.column(name), first) for name in self.names]
                    )
                    weights = self._weights
                    own = None
                    if weights is not None:
                        own = as_doubles(numbers_of(self.file, weights, batch.column(weights), first))
                    yield Part(values, own, first)
                    first += batch.num_rows
        except (arrow.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def _batches(self, opened: Any, rows: int) -> Iterator[Any]:
        names = [*self.names, *([] if self._weights is None else [self._weights])]
        if self._kind == "parquet":
            yield from opened.iter_batches(batch_size=rows, columns=names)
            return
        for i in range(opened.num_record_batches):
            batch = opened.get_batch(i)
            for at in range(0, batch.num_rows, rows):
                yield batch.slice(at, rows)

    def _opened(self) -> Any:
        arrow = import_module("pyarrow")
        try:
            if self._kind == "parquet":
                module = import_module("pyarrow.parquet")
                return module.ParquetFile(
                    self._path, buffer_size=EFFORT.blocked.read_at_once, pre_buffer=False
                )
            return import_module("pyarrow.ipc").open_file(str(self._path))
        except (arrow.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> Exception:
        # An error of the system: the file is gone, or may not be read.
        if isinstance(error, OSError) and error.errno:
            return OSError(error.errno, os.strerror(error.errno), self.file)
        return DataError(f"{self.file} is a damaged {self._kind.capitalize()} file: {error}")


def _side_by_side(columns: list[FloatArray]) -> FloatArray:
    """Return columns as a matrix, filled by stripes of rows: a whole column goes through all of it."""
    values = np.empty((len(columns[0]), len(columns)))
    for start in range(0, len(values), EFFORT.blocked.stripe_rows):
        stripe = slice(start, start + EFFORT.blocked.stripe_rows)
        for j, column in enumerate(columns):
            values[stripe, j] = as_doubles(column[stripe])
    return values
