"""What a table takes of the memory, and what is refused before it takes more than there is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.tables.read import read_table
from gmmscape.tables.source import Source

ROWS = 400_000


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many bytes be free."""
    return lambda size: monkeypatch.setattr("gmmscape.tables.room.free_memory", lambda: size)


@pytest.fixture(scope="module")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compressed text of some 20 kB that holds 6.4 MB of numbers."""
    path = tmp_path_factory.mktemp("bomb") / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1.00000001,2.0000002\n" * ROWS))
    return path


def test_a_table_that_has_room_is_read(bomb, free):
    free(30_000_000)
    assert read_table(bomb).values.shape == (ROWS, 2)


def test_what_grows_beyond_its_room_is_refused_on_the_way(bomb, free):
    free(10_000_000)
    seen: list[int] = []
    with pytest.raises(gs.DataError) as refused:
        read_table(bomb, callback=lambda event: seen.append(event.done))
    told = str(refused.value)
    assert told.startswith(f"{bomb}: its numbers take 3.")
    assert "a table may take 2.5 MB of the 10 MB of memory that are free: read it in blocks" in told
    assert "--memory 1GB" in told
    assert "open_rows" in told
    assert seen[-1] < ROWS // 2


def test_in_blocks_it_needs_no_room(bomb, free):
    free(10_000_000)
    rows = gs.open_rows(bomb, memory="1MB")
    assert rows.n_features == 2


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz", "zst"])
def test_a_row_without_an_end_is_refused(packing, tmp_path, free):
    """Nothing but a row tells where to stop; a quotation mark left open joins all that follow."""
    free(1_000_000)
    for text, said in ((b"1" * 1_500_000, "line end"), (b'1,"2\n' + b"3,4\n" * 400_000, "left open")):
        path = tmp_path / f"row.{packing}"
        path.write_bytes(packed(text, packing))
        for read in (read_table, gs.open_rows):
            with pytest.raises(gs.DataError, match=rf"line 1: a row of more than 15625 .*{said}"):
                read(path)


def packed(text: bytes, packing: str) -> bytes:
    if packing == "zst":
        arrow = pytest.importorskip("pyarrow")
        held = arrow.BufferOutputStream()
        with arrow.CompressedOutputStream(held, "zstd") as stream:
            stream.write(text)
        return held.getvalue().to_pybytes()
    return {"gz": gzip, "bz2": bz2, "xz": lzma}[packing].compress(text)


def test_a_pipe_without_an_end_is_read_as_far_as_there_is_room(monkeypatch, free):
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 < size < 1 << 24
            self.given += size
            return b"1,2\n" * (size // 4)

    endless = Endless()
    monkeypatch.setattr("gmmscape.tables.source.standard_input", lambda: endless)
    free(20_000_000)
    with pytest.raises(gs.DataError, match=r"standard input: its bytes take .* save it as a file and read"):
        Source("-")
    assert endless.given < 10_000_000


def test_arrays_that_unpack_to_much_are_refused_before(tmp_path, free):
    X = np.zeros((300_000, 2))
    np.savez_compressed(tmp_path / "x.npz", X=X)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "bytes.npy", X.astype(np.int8))
    (tmp_path / "x.npy.gz").write_bytes(gzip.compress((tmp_path / "x.npy").read_bytes()))
    files = {"x.npz": "arrays", "x.npy": "bytes", "x.npy.gz": "bytes", "bytes.npy": "numbers"}
    for name, what in files.items():
        free(10_000_000)
        with pytest.raises(gs.DataError, match=f"{name}: its {what} take"):
            read_table(tmp_path / name)
        free(30_000_000)
        assert np.array_equal(read_table(tmp_path / name).values, X)


def test_parquet_and_feather_that_unpack_to_much_are_refused(tmp_path, free):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    table = arrow.table({"x": np.zeros(300_000), "y": np.ones(300_000)})
    parquet.write_table(table, tmp_path / "x.parquet")
    feather.write_feather(table, tmp_path / "x.feather")
    for name in ("x.parquet", "x.feather"):
        free(10_000_000)
        with pytest.raises(gs.DataError, match=f"{name}: its numbers take"):
            read_table(tmp_path / name)
        free(30_000_000)
        assert read_table(tmp_path / name).values.shape == (300_000, 2)


def test_a_compressed_archive_of_arrays_is_found_in_zstd(tmp_path):
    """An archive is read from its end, which zstd does not reach but by unpacking all."""
    held = io.BytesIO()
    np.savez(held, X=np.arange(6.0).reshape(3, 2))
    (tmp_path / "x.npz.zst").write_bytes(packed(held.getvalue(), "zst"))
    assert read_table(tmp_path / "x.npz.zst").values.tolist() == [[0, 1], [2, 3], [4, 5]]


#: Reads a text of so many rows, and says how often the process took the memory of its numbers for that.
PROBE = """
import sys
from gmmscape.tables.read import read_table

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))

read_table(sys.argv[2], missing="keep")
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
before = memory("VmRSS")
values = read_table(sys.argv[1], missing="keep").values
print((memory("VmHWM") - before) / values.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is that of Linux")
@pytest.mark.parametrize("gap", ["", "NA"])
def test_a_text_takes_less_than_twice_the_memory_of_its_numbers(gap, tmp_path):
    rows = [",".join(map(repr, row)) for row in np.random.default_rng(0).normal(size=(1_000, 10)).tolist()]
    (tmp_path / "small.csv").write_text("\n".join(rows))
    rows[500] = gap + rows[500][len(gap) and rows[500].index(",") :]
    with (tmp_path / "rows.csv").open("w") as file:
        for _ in range(150):
            file.write("\n".join(rows) + "\n")
    command = [sys.executable, "-c", PROBE, str(tmp_path / "rows.csv"), str(tmp_path / "small.csv")]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(found.stdout) < 2.0
