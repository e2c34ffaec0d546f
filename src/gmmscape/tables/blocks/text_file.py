"""A text (CSV, TSV ...) of any size: its numbers are read once, and kept in a temporary file."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError
from gmmscape.tables.blocks.part import Part
from gmmscape.tables.columns import Wanted
from gmmscape.tables.finish import finished
from gmmscape.tables.layout import Asked
from gmmscape.tables.source import WINDOWS, Source
from gmmscape.tables.text import text_parts


class TextParts:
    """Rows of a text. Lines, weights and values are written to a temporary file, which the system removes.

    Parameters
    ----------
    path : Path
        The file.
    wanted : Wanted
        Which columns; what counts the rows is found out from the first ones.
    asked : Asked
        What the caller says of its layout.
    told : callable
        Called with the rows that are read, now and then.

    Raises
    ------
    DataError
        As `read_table` says.
    """

    named = True

    def __init__(self, path: Path, wanted: Wanted, asked: Asked, told: Callable[[int], None]) -> None:
        self.file = str(path)
        source = Source(path)
        try:
            self._read(source, None, wanted, asked, told)
        except UnicodeDecodeError:
            try:
                self._read(source, WINDOWS, wanted, asked, told)
            except UnicodeDecodeError as error:
                raise DataError(f"{path} is neither UTF-8 nor Windows-1252 text: save it as UTF-8") from error

    def parts(self, rows: int) -> Iterator[Part]:
        """Yield all rows, so many at a time."""
        width = len(self.names) + 2
        for first in range(0, self._n, rows):
            some = min(rows, self._n - first)
            self._kept.seek(first * width * 8)
            block = np.frombuffer(self._kept.read(some * width * 8)).reshape(some, width)
            weights = block[:, 1].copy() if self._weighted else None
            yield Part(np.ascontiguousarray(block[:, 2:]), weights, int(block[0, 0]))

    def _read(
        self, source: Source, encoding: str | None, wanted: Wanted, asked: Asked, told: Callable[[int], None]
    ) -> None:
        self._kept = tempfile.TemporaryFile(prefix="gmmscape-")  # noqa: SIM115 - it lives as long as this
        weakref.finalize(self, self._kept.close)
        self._n, names = 0, None
        for raw in text_parts(source, encoding, wanted, asked):
            if not len(raw.values):
                continue
            if names is None:
                names = finished(raw._replace(values=raw.values[:], gap=None), wanted, "keep").names
                self._weighted = raw.weights is not None
            named = [name or "column1" for name in raw.names]
            values = raw.values[:, [named.index(name) for name in names]]
            self._keep(np.asarray(raw.lines, dtype=np.float64), raw.weights, values)
            self._n += len(values)
            told(self._n)
        if names is None:
            raise DataError(
                f"{self.file} has a header and no rows: pass a file with one row of numbers a line"
            )
        self.names = names

    def _keep(self, lines: FloatArray, weights: FloatArray | None, values: FloatArray) -> None:
        own = np.ones(len(values)) if weights is None else weights
        self._kept.write(np.column_stack([lines, own, values]).tobytes())
