"""What runs in a worker's Python, without Spark: batches of Arrow become blocks, answers come back."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gmmscape import DataError, InvalidParameterError
from gmmscape.measure.blocked import RowBlock
from gmmscape.spark import GaussianMixture, SparkBlocks, frames

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

X = np.random.default_rng(8).normal(size=(7, 2))
WEIGHTS = np.arange(7.0)


@dataclass(frozen=True)
class Sums:
    """Sums of a block, and its place."""

    def __call__(self, block: RowBlock, place: int) -> tuple[Any, Any, int]:
        own = None if block.weights is None else block.weights.sum()
        return block.points.sum(axis=0), own, place


def batches(points: Any, weights: Any = None, sizes: tuple[int, ...] = (3, 0, 4)) -> list[Any]:
    """Return rows as the batches of a partition."""
    columns = [*points.T] if weights is None else [*points.T, weights]
    table = pa.table({f"c{i}": column for i, column in enumerate(columns)})
    cuts = np.cumsum([0, *sizes])
    return [
        batch
        for first, size in zip(cuts, sizes, strict=False)
        for batch in (table.slice(first, size).to_batches() or [pa.RecordBatch.from_pylist([], table.schema)])
    ]


def passed(task: Any, points: Any, weights: Any = None) -> tuple[int, int, Any]:
    """Return place, number of rows and what is said of partition 4."""
    chunks = list(frames._Chunks(points.shape[1], weights is not None)(iter(batches(points, weights))))
    rows = [row.values() for chunk in chunks for row in chunk.to_pylist()]
    blocks = pickle.loads(pickle.dumps(list(frames._Joined(("length", "width"))(4, iter(rows)))))
    (said,) = frames._Pass(task)(iter(blocks))
    return said


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_a_partition_becomes_a_block(weights: Any):
    place, n, (sums, own, told) = passed(Sums(), X, weights)
    assert (place, told, n) == (4, 4, 7)
    np.testing.assert_array_equal(sums, X.sum(axis=0))
    assert own == (None if weights is None else 21.0)


def test_an_error_comes_back_as_it_is():
    holed = X.copy()
    holed[5, 1] = np.nan
    _, _, failure = passed(Sums(), holed)
    assert isinstance(failure, frames.Failure)
    assert isinstance(failure.error, DataError)
    assert "column 'width' has 1 values" in str(failure.error)


def test_an_error_of_a_task_comes_back_too():
    _, _, failure = passed(Fails(), X)
    assert isinstance(failure.error, ZeroDivisionError)


@dataclass(frozen=True)
class Fails:
    """Divides by zero."""

    def __call__(self, block: RowBlock, place: int) -> float:
        return 1 / 0


def test_a_partition_without_rows_says_nothing():
    chunks = list(frames._Chunks(2, False)(iter(batches(X[:0], sizes=(0,)))))
    assert chunks == []
    assert list(frames._Joined(("length", "width"))(0, iter(chunks))) == []


@pytest.mark.parametrize("say", [lambda points: points.sum(axis=1), lambda points: points])
def test_an_answer_is_a_column_more(say: Any):
    appended = frames.Append(say, (1, 0), ("a", "b", "said"))(iter(batches(X, sizes=(7,))))
    table = pa.Table.from_batches(appended)
    assert table.column_names == ["a", "b", "said"]
    np.testing.assert_array_equal(np.array(table.column("said").to_pylist()), say(X[:, ::-1]))


def test_what_is_no_dataframe_is_refused():
    with pytest.raises(InvalidParameterError, match="pass a DataFrame of Spark"):
        SparkBlocks(X)


def test_rows_in_memory_are_fitted_as_ever():
    model = GaussianMixture(1).fit(X)
    assert model.predict(X).tolist() == [0] * 7
    assert model.score(X) == pytest.approx(model.score_samples(X).mean(), rel=1e-12)


def test_a_missing_package_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(
        NotImplementedError, match=r'pip install "gmmscape\[spark\]", here and on every worker'
    ):
        list(frames._Chunks(2, False)(iter(())))
