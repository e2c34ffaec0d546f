"""Cells and names that would keep forms of numbers busy for ever, and sums beyond the largest number."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.tables.read import read_table

LONG = 100_000


@pytest.mark.parametrize(
    "cell",
    [
        "1" + "0" * LONG + "x",
        "1" * (LONG // 2) + "." + "1" * (LONG // 2) + "e",
        "(" + " " * LONG + "x",
        "1" + " " * LONG + "$x",
        "-" * LONG + "x",
        "1," * (LONG // 2) + "x",
    ],
    ids=["digits", "decimals", "brackets", "currency", "signs", "groups"],
)
def test_long_cells_are_refused_at_once(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"a;b\n1;2\n3;{cell}\n5;6\n")
    began = time.process_time()
    with pytest.raises(gs.DataError, match=r"line 3, column b: .*no number"):
        read_table(path, delimiter=";")
    assert time.process_time() - began < 5.0


def test_a_delimiter_that_numbers_have_too_is_no_riddle(tmp_path: Path) -> None:
    """Where the comma is both, each line would be read in any number of ways."""
    path = tmp_path / "rows.csv"
    path.write_text("1,2\n" * 3 + ",".join("1" * 60) + "x\n" + "1,2\n" * 3)
    began = time.process_time()
    with pytest.raises(gs.DataError):
        read_table(path, delimiter=",", decimal=",", header=False)
    assert time.process_time() - began < 5.0


def test_long_names_are_looked_up_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"a{' ' * LONG}b;c\n1;2\n3;4\n")
    began = time.process_time()
    with pytest.raises(gs.InvalidParameterError, match="columns"):
        read_table(path, columns="d")
    assert time.process_time() - began < 5.0


@pytest.mark.filterwarnings("error")
def test_a_last_row_is_compared_with_sums_that_overflow(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "1.5e308,1e308\n" * 4 + "1.7e308,1.7e308\n")
    assert read_table(path).values.max() == 1.7e308


HEADERS = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 2), ",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (",
    "{'descr': [('a', '<f8'), 1], 'fortran_order': False, 'shape': (4,), }",
    "{'descr': (), 'fortran_order': False, 'shape': (4,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<f8', 1: False, 'shape': (4, 2), }",
    "(" * 90,
]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("read", [read_table, gs.open_rows], ids=["read_table", "open_rows"])
def test_headers_that_are_no_python(header: str, read, tmp_path: Path) -> None:
    path = tmp_path / "rows.npy"
    np.save(path, np.zeros((4, 2)))
    data = path.read_bytes()[-64:]
    path.write_bytes(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode() + data)
    with pytest.raises(gs.DataError, match=r"rows\.npy"):
        read(path)


def numbers_of_no_double() -> np.ndarray:
    """Long numbers, of which one has bits that mean nothing: no leading one, and an exponent."""
    values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.5]], dtype=np.longdouble)
    values.view(np.uint8)[0, :16] = [0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]
    return values


@pytest.mark.filterwarnings("error")
@pytest.mark.skipif(np.dtype(np.longdouble).itemsize < 16, reason="no numbers longer than a double")
@pytest.mark.parametrize("read", [read_table, lambda path: list(gs.open_rows(path).source.blocks())])
def test_long_numbers_that_are_none(read, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", numbers_of_no_double())
    with pytest.raises(gs.DataError, match=r"rows\.npy"):
        read(tmp_path / "rows.npy")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("read", [read_table, lambda path: list(gs.open_rows(path).source.blocks())])
def test_single_numbers_that_signal_are_missing_ones(read, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    column = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    column.view(np.uint32)[1] = 0x7F800001
    table = arrow.table({"a": column, "b": np.arange(3.0)})
    pytest.importorskip("pyarrow.parquet").write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(gs.DataError, match="missing"):
        read(tmp_path / "rows.parquet")


def test_archives_of_a_later_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.npz"
    np.savez(path, X=np.zeros((4, 2)))
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\1\2") + 6] = 0xFF  # the version that is needed to unpack
    path.write_bytes(data)
    with pytest.raises(gs.DataError, match=r"rows\.npz"):
        read_table(path)


@pytest.mark.parametrize("read", [read_table, gs.open_rows], ids=["read_table", "open_rows"])
def test_names_of_columns_that_are_no_text(read, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    path = tmp_path / "rows.feather"
    table = arrow.table({"abcdefgh": np.arange(4.0), "b": np.arange(4.0)})
    pytest.importorskip("pyarrow.feather").write_feather(table, path, compression="uncompressed")
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"\xff\x80cdefgh"))
    with pytest.raises(gs.DataError, match=r"rows\.feather"):
        read(path)
