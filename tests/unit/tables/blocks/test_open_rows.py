"""open_rows: the same numbers in blocks as read at once, from all kinds of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from efforts import with_effort
from gmmscape.effort import EFFORT
from gmmscape.measure.blocked import RowBlock
from gmmscape.tables.blocks import file_blocks

pyarrow = pytest.importorskip("pyarrow")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    with_effort(monkeypatch, file_blocks, "blocked", fewest_block_rows=7)


def rows_of(n: int = 100) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32).astype(float)


def written(folder: Path, kind: str, X: np.ndarray, name: str = "rows") -> Path:
    path = folder / f"{name}.{kind}"
    if kind == "npy":
        np.save(path, X)
    elif kind == "csv":
        lines = [",".join(map(repr, map(float, row))) for row in X]
        path.write_text("a,b,w\n" + "\n".join(lines) + "\n")
    else:
        table = pyarrow.table({name: X[:, i] for i, name in enumerate("abw")})
        if kind == "parquet":
            __import__("pyarrow.parquet").parquet.write_table(table, path, row_group_size=33)
        else:
            __import__("pyarrow.feather").feather.write_feather(table, path, chunksize=33)
    return path


def read(rows) -> tuple[np.ndarray, np.ndarray | None]:
    blocks: list[RowBlock] = list(rows.source.blocks())
    own = [block.weights for block in blocks]
    return np.concatenate([block.points for block in blocks]), None if own[0] is None else np.concatenate(own)


@pytest.mark.parametrize("kind", ["npy", "csv", "parquet", "feather"])
@pytest.mark.usefixtures("small_blocks")
def test_the_rows_of_all_formats(tmp_path: Path, kind: str) -> None:
    X = rows_of()
    rows = gs.open_rows(written(tmp_path, kind, X), memory=1.0)
    blocks = list(rows.source.blocks())
    assert max(len(block.points) for block in blocks) == 7 or kind == "csv"
    values, weights = read(rows)
    assert np.array_equal(values, X)
    assert weights is None
    assert rows.names == (None if kind == "npy" else ("a", "b", "w"))
    assert np.array_equal(read(rows)[0], X)  # as often as it is asked


@pytest.mark.parametrize("kind", ["npy", "csv", "parquet"])
@pytest.mark.usefixtures("small_blocks")
def test_columns_and_weights(tmp_path: Path, kind: str) -> None:
    X = np.abs(rows_of())
    named = "column3" if kind == "npy" else "w"
    values, weights = read(gs.open_rows(written(tmp_path, kind, X), columns="2,1", weights_column=named))
    assert np.array_equal(values, X[:, [1, 0]])
    assert np.array_equal(weights, X[:, 2])
    X[7, 2] = np.nan
    with pytest.raises(
        gs.DataError, match=r"row 8: the weight is missing or not finite|line 9: the weight is"
    ):
        read(gs.open_rows(written(tmp_path, kind, X), weights_column=named))


@pytest.mark.parametrize("kind", ["npy", "csv", "parquet"])
def test_a_folder_is_its_files_by_name(tmp_path: Path, kind: str) -> None:
    X = rows_of()
    for name, part in (("b", X[60:]), ("a", X[:60])):
        written(tmp_path, kind, part, name)
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / ".hidden").write_text("x")
    assert np.array_equal(read(gs.open_rows(tmp_path))[0], X)
    listed = [tmp_path / f"b.{kind}", tmp_path / f"a.{kind}"]
    assert np.array_equal(read(gs.open_rows(listed))[0], np.concatenate([X[60:], X[:60]]))


@pytest.mark.parametrize("kind", ["npy", "csv", "parquet"])
@pytest.mark.usefixtures("small_blocks")
def test_missing_values_are_named_or_dropped(tmp_path: Path, kind: str) -> None:
    X = rows_of()
    X[50, 1] = np.nan
    path = written(tmp_path, kind, X)
    column, row = ("column2", 51) if kind == "npy" else ("b", 52 if kind == "csv" else 51)
    with pytest.raises(gs.DataError, match=f"row {row}, column {column}: a missing value"):
        read(gs.open_rows(path))
    assert np.array_equal(read(gs.open_rows(path, missing="drop"))[0], np.delete(X, 50, axis=0))


def test_a_text_is_read_once_and_its_index_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,a\n" + "\n".join(f"{i},{i * i}" for i in range(1, 60)))
    rows = gs.open_rows(path)
    assert rows.names == ("a",)
    path.unlink()
    assert read(rows)[0][-1, 0] == 59**2


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    X = rows_of()
    with pytest.raises(gs.DataError, match="holds no files"):
        gs.open_rows(tmp_path)
    fortran = tmp_path / "f.npy"
    np.save(fortran, np.asfortranarray(X))
    with pytest.raises(gs.DataError, match="column by column"):
        gs.open_rows(fortran)
    short = written(tmp_path, "npy", X, "short")
    short.write_bytes(short.read_bytes()[:-8])
    with pytest.raises(gs.DataError, match="shorter than its header"):
        gs.open_rows(short)
    text = tmp_path / "t.npy"
    np.save(text, np.array([["a", "b"]]))
    with pytest.raises(gs.DataError, match="save numbers"):
        gs.open_rows(text)
    np.savez(tmp_path / "z.npz", X=X)
    with pytest.raises(gs.DataError, match="not read in parts"):
        gs.open_rows(tmp_path / "z.npz")
    damaged = written(tmp_path, "parquet", X)
    damaged.write_bytes(b"PAR1" + damaged.read_bytes()[4:-30])
    with pytest.raises(gs.DataError, match="damaged Parquet"):
        gs.open_rows(damaged)
    with pytest.raises(FileNotFoundError):
        gs.open_rows(tmp_path / "none.csv")


def test_files_of_other_columns_and_text_in_columns_are_refused(tmp_path: Path) -> None:
    X = rows_of()
    one = written(tmp_path, "parquet", X)
    other = tmp_path / "other.parquet"
    parquet = __import__("pyarrow.parquet").parquet
    parquet.write_table(pyarrow.table({"a": X[:, 0], "c": X[:, 1]}), other)
    with pytest.raises(gs.DataError, match=r"has the columns a, c, .* has a, b, w"):
        gs.open_rows([one, other])
    parquet.write_table(pyarrow.table({"a": ["x", "y"]}), other)
    with pytest.raises(gs.DataError, match="column a holds no numbers but string"):
        read(gs.open_rows(other))


def test_memory_is_a_number_of_bytes_or_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "npy", rows_of())
    sizes = [gs.open_rows(path, memory=m).source.rows for m in ("1GB", 1e9, "500 MB", "2gib")]
    assert sizes[0] == sizes[1]
    assert sizes[2] == sizes[0] // 2
    assert sizes[3] == 2 * sizes[0]
    for wrong in ("much", "-1", "1.2.3GB", 0, -5):
        with pytest.raises(gs.InvalidParameterError, match="memory"):
            gs.open_rows(path, memory=wrong)


def test_reading_a_text_can_be_watched_and_ended(tmp_path: Path) -> None:
    path = written(tmp_path, "csv", rows_of())
    seen = []
    gs.open_rows(path, callback=seen.append)
    assert seen[-1].done == 100
    with pytest.raises(gs.NoResultError, match="stopped after 100 rows"):
        gs.open_rows(path, callback=lambda event: True)


def test_an_encoding_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("größe,b\n1,2\n3,4\n".encode("cp1252"))
    rows = gs.open_rows(path)
    assert rows.names == ("größe", "b")
    assert np.array_equal(read(rows)[0], [[1, 2], [3, 4]])


def test_long_parts_of_columns_are_put_side_by_side_whole(tmp_path: Path) -> None:
    n = 2 * EFFORT.blocked.stripe_rows + 17
    X = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32).astype(float)
    path = tmp_path / "rows.parquet"
    __import__("pyarrow.parquet").parquet.write_table(
        pyarrow.table({name: X[:, i] for i, name in enumerate("abw")}), path
    )
    blocks = list(gs.open_rows(path).source.blocks())
    assert len(blocks) == 1
    assert np.array_equal(blocks[0].points, X)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n", "has a header and no rows"),
        (b"a,b\n\x81,2\n", "is neither UTF-8 nor Windows-1252 text"),
    ],
)
def test_texts_without_rows_or_in_no_encoding_are_refused(
    content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(gs.DataError, match=message):
        gs.open_rows(tmp_path / "rows.csv")


def test_files_that_are_cut_off_or_lost_meanwhile_are_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "npy", rows_of())
    rows = gs.open_rows(path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(gs.DataError, match="became shorter while it was read"):
        read(rows)
    for kind in ("parquet", "feather"):
        path = written(tmp_path, kind, rows_of())
        rows = gs.open_rows(path)
        path.unlink()
        with pytest.raises(FileNotFoundError, match=f"rows.{kind}"):
            read(rows)
