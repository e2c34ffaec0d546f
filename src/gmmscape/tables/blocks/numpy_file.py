"""An NPY file, read some rows at a time and never mapped: what is read is what memory it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gmmscape.arrays import HEADER_ERRORS
from gmmscape.exceptions import DataError
from gmmscape.tables.arrays import as_doubles
from gmmscape.tables.blocks.part import Part
from gmmscape.tables.columns import Wanted, choose


class NumpyParts:
    """Rows of an array of numbers, shape (n, d) or (n,), in the order of C.

    Parameters
    ----------
    path : Path
        The file.
    wanted : Wanted
        Which columns.

    Raises
    ------
    DataError
        If it is damaged, holds something else than numbers, or stands in the order of Fortran.
    """

    named = False

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.file, self._path = str(path), path
        with path.open("rb") as stream:
            shape, fortran, dtype = self._header(stream)
            self._begins = stream.tell()
        if dtype.kind not in "iuf" or len(shape) not in (1, 2) or 0 in shape:
            raise DataError(
                f"{path} holds an array of {dtype} of shape {shape}: save numbers, (rows, columns)"
            )
        if fortran and len(shape) == 2 and shape[1] > 1:
            raise DataError(
                f"{path} stands column by column: save it row by row, by "
                "numpy.save(path, numpy.ascontiguousarray(X))"
            )
        self._n, self._d, self._dtype = shape[0], (shape[1] if len(shape) == 2 else 1), dtype
        if path.stat().st_size < self._begins + self._n * self._d * dtype.itemsize:
            raise DataError(f"{path} is a damaged file of NumPy: it is shorter than its header says")
        every = [f"column{i}" for i in range(1, self._d + 1)]
        self._chosen = choose(self.file, every, wanted, named=False)
        self.names = tuple(every[i] for i in self._chosen.places)

    def parts(self, rows: int) -> Iterator[Part]:
        """Yield all rows, so many at a time."""
        with self._path.open("rb") as stream:
            stream.seek(self._begins)
            for first in range(0, self._n, rows):
                some = min(rows, self._n - first)
                flat = np.fromfile(stream, dtype=self._dtype, count=some * self._d)
                if len(flat) < some * self._d:
                    raise DataError(f"{self.file} became shorter while it was read: leave it as it is")
                block = flat.reshape(some, self._d)
                at = self._chosen.weights
                values = block if len(self._chosen.places) == self._d else block[:, self._chosen.places]
                weights = None if at is None else as_doubles(block[:, at]).copy()
                yield Part(np.ascontiguousarray(as_doubles(values)), weights, first + 1)

    def _header(self, stream: Any) -> tuple[tuple[int, ...], bool, Any]:
        try:
            version = np.lib.format.read_magic(stream)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            return read(stream)
        except HEADER_ERRORS as error:
            raise DataError(f"{self.file} is a damaged file of NumPy: {error}") from error
