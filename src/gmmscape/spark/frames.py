"""DataFrames of Spark as partitions: columns that are numbers, and what runs in a worker's Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.distributed import complete, computed, package
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.measure.blocked import BlockTask, RowBlock

#: How types of columns of numbers begin, as Spark writes them.
OF_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "boolean")
#: Some rows of a partition, as bytes.
CHUNK = "points binary, weights binary"


def is_frame(X: Any) -> bool:
    """Say whether something is a DataFrame of Spark, without importing Spark."""
    return type(X).__module__.startswith("pyspark.sql.") and hasattr(X, "mapInArrow")


def check_numbers(X: Any, columns: Sequence[str]) -> None:
    """Raise DataError unless columns hold numbers."""
    types = dict(X.dtypes)
    for name in columns:
        if not types[name].startswith(OF_NUMBERS):
            raise DataError(
                f"column {name!r} holds no numbers but {types[name]}: leave it out, as X.drop({name!r}) does"
            )


def columns_of(X: Any, weights: str | None) -> tuple[str, ...]:
    """Return the columns of a DataFrame that are rows.

    Raises
    ------
    DataError
        If there is none, or one holds no numbers, or a name is there twice.
    InvalidParameterError
        If X is no DataFrame, or the weights are none of its columns.
    """
    if not is_frame(X):
        raise InvalidParameterError.of(
            "X", type(X).__name__, "pass a DataFrame of Spark; fit other rows as they are"
        )
    if len(set(X.columns)) < len(X.columns):
        raise DataError("X has a column name twice: rename the columns")
    if weights is not None and weights not in X.columns:
        raise InvalidParameterError.of("weights", weights, "pass the name of a column")
    columns = tuple(name for name in X.columns if name != weights)
    if not columns:
        raise DataError("X has no columns: pass a DataFrame with columns of numbers")
    check_numbers(X, X.columns)
    return columns


def kept_blocks(X: Any, columns: Sequence[str], weights: str | None) -> Any:
    """Return an RDD of the partitions of X as blocks with their places, which Spark keeps.

    An RDD, because a pass over it is a job and nothing besides: planning a query takes longer than that.
    """
    functions = package("pyspark.sql.functions", "spark")
    level = package("pyspark", "spark").StorageLevel.MEMORY_AND_DISK
    wanted = [*columns] if weights is None else [*columns, weights]
    doubles = renamed(X).select(
        [functions.col(f"c{X.columns.index(name)}").cast("double") for name in wanted]
    )
    chunks = doubles.mapInArrow(_Chunks(len(columns), weights is not None), CHUNK)
    return chunks.rdd.mapPartitionsWithIndex(_Joined(tuple(columns)), True).persist(level)


def renamed(X: Any) -> Any:
    """Return a DataFrame with columns c0, c1 and so on: a name with a dot would be one within another."""
    return X.toDF(*(f"c{i}" for i in range(len(X.columns))))


def said_of(blocks: Any, task: BlockTask[Any]) -> Any:
    """Return an RDD of places, numbers of rows, and what a task makes of each, computed when asked for."""
    return blocks.mapPartitions(_Pass(task), True)


def points_of(batch: Any, columns: Sequence[int]) -> FloatArray:
    """Return columns of an Arrow batch as rows, NaN for nulls."""
    some = [batch.column(i).cast("float64").to_numpy(zero_copy_only=False) for i in columns]
    return np.column_stack(some).astype(np.float64, copy=False)


@dataclass(frozen=True)
class _Chunks:
    """Makes the numbers of a partition bytes, batch by batch."""

    d: int
    weighted: bool

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        arrow = package("pyarrow", "spark")
        for batch in batches:
            if not batch.num_rows:
                continue
            points = points_of(batch, range(self.d)).tobytes()
            own = points_of(batch, [self.d]).tobytes() if self.weighted else None
            columns = [arrow.array([one], "binary") for one in (points, own)]
            yield arrow.RecordBatch.from_arrays(columns, ["points", "weights"])


@dataclass(frozen=True)
class Failure:
    """What went wrong on a worker: it is returned, since Spark would tell what is raised as text."""

    error: Exception


@dataclass(frozen=True)
class _Joined:
    """Makes the chunks of a partition one block, or a failure, with its place; nothing if there are none."""

    names: tuple[str, ...]

    def __call__(self, place: int, chunks: Iterator[Any]) -> Iterator[tuple[int, RowBlock | Failure]]:
        points, weights = [], []
        for some, own in chunks:
            points.append(np.frombuffer(some).reshape(-1, len(self.names)))
            weights.append(None if own is None else np.frombuffer(own))
        if not points:
            return
        own = None if weights[0] is None else np.concatenate(weights)
        try:
            yield place, complete(np.concatenate(points), own, self.names, place)
        except Exception as error:
            yield place, Failure(error)


@dataclass(frozen=True)
class _Pass:
    """Computes a task of a partition."""

    task: BlockTask[Any]

    def __call__(self, blocks: Iterator[tuple[int, RowBlock | Failure]]) -> Iterator[tuple[int, int, Any]]:
        for place, block in blocks:
            if isinstance(block, Failure):
                yield place, 0, block
                continue
            try:
                yield place, *computed(self.task, block, place)
            except Exception as error:
                yield place, 0, Failure(error)


@dataclass(frozen=True)
class Append:
    """Adds what is said of each row to the columns of a partition.

    Attributes
    ----------
    say : callable
        Of an array of rows.
    places : tuple of int
        Of the columns that are rows.
    columns : tuple of str
        Names of all, with what is added last.
    """

    say: Callable[[FloatArray], Any]
    places: tuple[int, ...]
    columns: tuple[str, ...]

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Yield the batches of a partition with one column more."""
        arrow = package("pyarrow", "spark")
        for batch in batches:
            said = self.say(points_of(batch, self.places))
            column = arrow.array(list(said) if said.ndim == 2 else said)
            yield arrow.RecordBatch.from_arrays([*batch.columns, column], list(self.columns))
