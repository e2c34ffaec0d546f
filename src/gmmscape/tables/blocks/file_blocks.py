"""FileBlocks: the rows of one or more files, in blocks of a size that a memory allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gmmscape.arrays import BoolArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError
from gmmscape.measure.blocked import RowBlock
from gmmscape.tables.blocks.part import FileParts, Part

#: What can be done about rows with missing values.
POLICIES = ("refuse", "drop")


class FileBlocks:
    """Rows of files, one file after the other.

    Parameters
    ----------
    files : sequence of FileParts
        One at least, all of the same columns.
    missing : {"refuse", "drop"}
        What is done about rows with missing values.
    memory : float
        Bytes that all work with the rows may take.

    Raises
    ------
    DataError
        If files have other columns than the first.
    """

    def __init__(self, files: Sequence[FileParts], missing: str, memory: float) -> None:
        self._files, self._missing = files, missing
        for other in files[1:]:
            if other.names != files[0].names:
                raise DataError(
                    f"{other.file} has the columns {', '.join(other.names)}, {files[0].file} has "
                    f"{', '.join(files[0].names)}: open files of the same columns, or choose them by columns="
                )
        self.n_features = len(files[0].names)
        self.names = tuple(files[0].names) if files[0].named else None
        size = memory * EFFORT.blocked.block_share / (8 * (self.n_features + 1))
        self.rows = max(EFFORT.blocked.fewest_block_rows, int(size))

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows."""
        for file in self._files:
            for part in file.parts(self.rows):
                yield self._complete(file, part)

    def _complete(self, file: FileParts, part: Part) -> RowBlock:
        finite = np.isfinite(part.values)
        if part.weights is not None and not np.isfinite(part.weights).all():
            row = part.first + int(np.flatnonzero(~np.isfinite(part.weights))[0])
            raise DataError(f"{file.file}, row {row}: the weight is missing or not finite; fill it in")
        if finite.all():
            return RowBlock(part.values, part.weights)
        whole: BoolArray = np.logical_and.reduce(finite, axis=1)
        if self._missing == "drop":
            return RowBlock(part.values[whole], None if part.weights is None else part.weights[whole])
        row = int(np.flatnonzero(~whole)[0])
        name = file.names[int(np.flatnonzero(~finite[row])[0])]
        raise DataError(
            f"{file.file}, row {part.first + row}, column {name}: a missing value, as in "
            f"{int((~whole).sum())} of the {len(whole)} rows from {part.first} on; leave such rows out by "
            "missing='drop', or fill them in"
        )
