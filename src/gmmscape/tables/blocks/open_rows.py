"""open_rows: files of any size as rows in blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError, NoResultError
from gmmscape.measure.blocked import LocalBlocks
from gmmscape.progress import Budget, Callback
from gmmscape.tables.blocks.arrow_file import ArrowParts
from gmmscape.tables.blocks.file_blocks import POLICIES, FileBlocks
from gmmscape.tables.blocks.numpy_file import NumpyParts
from gmmscape.tables.blocks.part import FileParts
from gmmscape.tables.blocks.text_file import TextParts
from gmmscape.tables.columns import Wanted
from gmmscape.tables.layout import Asked
from gmmscape.tables.source import Source
from gmmscape.validation import choice, real_number

#: Files of a folder whose names begin so are none of its tables.
HIDDEN = (".", "_")
UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


def open_rows(
    path: str | Path | Sequence[str | Path],
    *,
    columns: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    weights_column: str | None = None,
    missing: str = "refuse",
    memory: str | float = EFFORT.blocked.memory,
    callback: Callback | None = None,
) -> LocalBlocks:
    """Open files as rows in blocks, which are read again for each pass and need not fit into memory.

    Parameters
    ----------
    path : str, Path or sequence of these
        A file, a folder of files, which are taken in the order of their names, or files. Parquet, Feather,
        NPY (row by row), or text; the numbers of a text are read once, into a temporary file.
    columns : str or sequence of str, optional
        Columns to keep, as for tables that are read at once (docs/howto/reading_your_file.md).
    drop : str or sequence of str, optional
        Columns to leave out, named likewise.
    weights_column : str, optional
        Column of weights of the rows, which is none of the others.
    missing : {"refuse", "drop"}, default="refuse"
        What is done where a value is missing: an error, or the row is left out.
    memory : str or float, default=1e9
        Bytes that all work with the rows may take, such as "500MB": it decides on the size of blocks. What
        Python and its libraries take themselves, about 200 MB, is in it.
    callback : callable, optional
        Called with an `Event` while a text is read; returning True ends that.

    Returns
    -------
    RowBlocks
        For `GaussianMixture.fit`, `score`, `predict` and others. Opening reads no rows but of texts.

    Raises
    ------
    DataError
        If there is no file, or one is damaged, or has other columns than the first.
    InvalidParameterError
        If a parameter cannot be used, or a column is asked for that is not there.
    NotAvailableError
        If a file needs a package that is not installed.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import gmmscape as gs
    >>> path = Path(tempfile.mkdtemp()) / "rows.npy"
    >>> np.save(path, np.random.default_rng(0).normal(size=(10_000, 2)) * [1, 3])
    >>> rows = gs.open_rows(path, memory="300MB")
    >>> model = gs.GaussianMixture(n_components=1).fit(rows)
    >>> round(model.score(rows), 1)
    -3.9
    """
    choice("missing", missing, POLICIES)
    allowed = _bytes(memory)
    budget = Budget("read", None, callback)

    def told(n: int) -> None:
        if budget.asks_to_stop("rows", n):
            raise NoResultError(f"reading was stopped after {n} rows: let it go on")

    wanted = Wanted(columns, drop, weights_column)
    files = [_opened(file, wanted, told) for file in files_in(path)]
    return LocalBlocks(FileBlocks(files, missing, allowed))


def files_in(path: Any) -> list[Path]:
    """Return the files that a path, or several, stand for; DataError where there are none."""
    given = [path] if isinstance(path, str | Path) else list(path)
    found: list[Path] = []
    for one in map(Path, given):
        if one.is_dir():
            inside = [file for file in sorted(one.rglob("*")) if file.is_file()]
            found += [file for file in inside if not file.name.startswith(HIDDEN) and file.stat().st_size]
        else:
            found.append(one)
    if not found:
        raise DataError(f"{path} holds no files: name a folder that does, or files")
    return found


def _opened(path: Path, wanted: Wanted, told: Any) -> FileParts:
    kind = Source(path).binary_format()
    if kind == "npy":
        return NumpyParts(path, wanted)
    if kind in ("parquet", "feather"):
        return ArrowParts(path, kind, wanted)
    if kind == "npz":
        raise DataError(f"{path} is an NPZ archive, which is not read in parts: save its rows as NPY")
    return TextParts(path, wanted, Asked(), told)


def _bytes(memory: Any) -> float:
    """Return how many bytes a number, or text such as "500MB", stands for."""
    if isinstance(memory, str):
        said = re.fullmatch(r"\s*([0-9.]+)\s*([kmgt]?)i?b?\s*", memory.lower())
        try:
            memory = float(said[1]) * UNITS[said[2]] if said else memory
        except ValueError:
            said = None
        if not said:
            raise InvalidParameterError.of("memory", memory, 'pass bytes, or text such as "500MB" or "2GB"')
    return real_number("memory", memory)
