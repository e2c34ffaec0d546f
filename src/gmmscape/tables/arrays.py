"""Tables in files that are no text: arrays of NumPy, Parquet and Feather."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, BinaryIO
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812

import numpy as np

from gmmscape.arrays import HEADER_ERRORS, FloatArray
from gmmscape.exceptions import DataError, NotAvailableError
from gmmscape.tables.columns import Wanted, check_names, choose
from gmmscape.tables.raw import Raw
from gmmscape.tables.room import Room
from gmmscape.tables.source import Source, read_all

#: Names, in small letters, of the array that holds the rows among several.
DATA = ("x", "data", "arr_0")
#: What members of a damaged archive raise, encrypted or unknown ones included.
MEMBER_ERRORS = (OSError, BadZipFile, ZlibError, NotImplementedError, RuntimeError)


def read_arrays(source: Source, kind: str, wanted: Wanted) -> Raw:
    """Return the columns of a binary file that are wanted.

    Parameters
    ----------
    source : Source
        The file.
    kind : {"npy", "npz", "parquet", "feather"}
        What it is.
    wanted : Wanted
        Which columns.

    Returns
    -------
    Raw
        Rows are counted from 1.

    Raises
    ------
    DataError
        If it is damaged, or a wanted column holds no numbers.
    NotAvailableError
        If pyarrow is needed and not installed.
    """
    with source.opened() as stream:
        names, columns, named, room = _columns(source.name, kind, stream)
    check_names(source.name, names)
    chosen = choose(source.name, names, wanted, named=named)
    n = len(columns[chosen.places[0]])
    room.check(n * len(chosen.places) * np.dtype(np.float64).itemsize)
    rows = np.empty((n, len(chosen.places)))
    for at, i in enumerate(chosen.places):
        rows[:, at] = as_doubles(numbers_of(source.name, names[i], columns[i]))
    weights = None
    if chosen.weights is not None:
        weights = as_doubles(numbers_of(source.name, names[chosen.weights], columns[chosen.weights])).copy()
    return Raw(
        source.name,
        rows,
        tuple(names[i] for i in chosen.places),
        tuple(chosen.places),
        range(1, len(rows) + 1),
        weights,
        None,
        (chosen.note,) if chosen.note else (),
        None if chosen.index_place is None else names[chosen.index_place],
        "row",
    )


def _columns(file: str, kind: str, stream: BinaryIO) -> tuple[list[str], Sequence[Any], bool, Room]:
    """Names and columns, whether the file names them, and the room that there was before they were read."""
    room = Room.of(file)
    if isinstance(stream, (io.BufferedReader, io.BytesIO)):
        room.check(stream.seek(0, io.SEEK_END), "its bytes")
        stream.seek(0)
    else:  # it is unpacked on the way, and read from any place
        stream = io.BytesIO(read_all(stream, room))
    return (*(_numpy if kind in ("npy", "npz") else _arrow)(file, kind, stream, room), room)


def _numpy(file: str, kind: str, content: BinaryIO, room: Room) -> tuple[list[str], Sequence[Any], bool]:
    """Names and columns of an array, and whether it names them."""
    try:
        loaded = np.load(content, allow_pickle=False)
        if kind == "npz":
            room.check(sum(member.file_size for member in loaded.zip.infolist()), "its arrays")
        arrays = {"": loaded} if kind == "npy" else {name: loaded[name] for name in loaded.files}
    except DataError:  # there is no room
        raise
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise DataError(
                f"{file} holds Python objects, which are not opened: loading them can run any code; save an "
                "array of numbers"
            ) from error
        raise DataError(f"{file} is a damaged file of NumPy: {error}") from error
    except MemoryError as error:
        raise DataError(f"{file} says that it holds more than the memory does: {error}") from error
    except (*HEADER_ERRORS, *MEMBER_ERRORS) as error:
        raise DataError(f"{file} is a damaged file of NumPy: {error}") from error
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise DataError(f"{file} is a damaged file of NumPy: a member is no array")
    flat = all(array.ndim == 1 and array.dtype.names is None for array in arrays.values())
    if len(arrays) > 1 and flat and len({len(array) for array in arrays.values()}) == 1:
        return list(arrays), list(arrays.values()), True
    array = next(iter(arrays.values())) if len(arrays) == 1 else _the_data(file, arrays)
    if array.dtype.names is not None and array.ndim == 1:
        return list(array.dtype.names), [array[name] for name in array.dtype.names], True
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.size:
        raise DataError(f"{file} holds an array of shape {array.shape}: save one of shape (rows, columns)")
    return [f"column{i}" for i in range(1, array.shape[1] + 1)], list(array.T), False


def _the_data(file: str, arrays: dict[str, Any]) -> Any:
    found = [array for name, array in arrays.items() if name.lower() in DATA and array.ndim == 2]
    found = found or [array for array in arrays.values() if array.ndim == 2]
    if len(found) != 1:
        raise DataError(f"{file} holds the arrays {', '.join(arrays)}: save the rows alone, or call them X")
    return found[0]


def _arrow(file: str, kind: str, content: BinaryIO, room: Room) -> tuple[list[str], Sequence[Any], bool]:
    if find_spec("pyarrow") is None:
        raise NotAvailableError(
            f"{file} is a {kind.capitalize()} file, which needs one more package: "
            'pip install "gmmscape[data]"'
        )
    arrow = import_module("pyarrow")
    try:
        table = (_parquet if kind == "parquet" else _feather)(content, room)
        names = list(table.column_names)
    except DataError:  # there is no room
        raise
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{file} is a damaged {kind.capitalize()} file: {error}") from error
    if not table.num_rows:
        raise DataError(f"{file} has no rows: pass a file with rows of numbers")
    return names, table.columns, True


def _parquet(content: BinaryIO, room: Room) -> Any:
    # By its own class: what reads many files at once stumbles over names that are there twice.
    opened = import_module("pyarrow.parquet").ParquetFile(content)
    told = opened.metadata
    room.check(told.num_rows * told.num_columns * np.dtype(np.float64).itemsize)
    return opened.read()


def _feather(content: BinaryIO, room: Room) -> Any:
    opened = import_module("pyarrow.ipc").open_file(content)
    batches, taken = [], 0
    for i in range(opened.num_record_batches):
        batches.append(opened.get_batch(i))
        taken += batches[-1].nbytes
        room.check(taken)
    return import_module("pyarrow").Table.from_batches(batches, opened.schema)


def numbers_of(file: str, name: str, column: Any, first: int = 1) -> FloatArray:
    """Return a column as floats, NaN where a value is missing; its message names what it holds instead.

    They may lie in the memory of the column, single ones of Arrow as such: they are copied once, by who asks.
    `first` is where its first value stands in the file, counted from 1.
    """
    if not isinstance(column, np.ndarray):
        kind = str(column.type)
        types = import_module("pyarrow").types
        numeric = any(
            one(column.type) for one in (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
        )
        if not numeric:
            raise DataError(_refused(file, name, kind))
        if types.is_decimal(column.type):
            values = np.array([np.nan if x is None else float(x) for x in column.to_pylist()])
        else:
            single = types.is_float32(column.type) and not column.null_count
            found = column if single else column.cast("float64", safe=False)
            values = found.to_numpy(zero_copy_only=False)
    elif column.ndim != 1:
        raise DataError(_refused(file, name, f"arrays of shape {column.shape[1:]}"))
    elif column.dtype.kind not in "iuf":
        raise DataError(_refused(file, name, str(column.dtype)))
    else:
        values = as_doubles(column)
    if np.isinf(values).any():
        at = int(np.flatnonzero(np.isinf(values))[0])
        raise DataError(
            f"{file}, row {first + at}, column {name}: {values[at]} is not finite; remove the row"
        )
    return values


def as_doubles(values: Any) -> FloatArray:
    """Return numbers of any type as doubles: what is beyond them is infinite, and NaN what is no number."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values, dtype=np.float64)


def _refused(file: str, name: str, kind: str) -> str:
    return f"{file}, column {name} holds no numbers but {kind}; leave it out: drop={name!r}"
