"""DataFrames of Spark as partitions: columns that are numbers, and what runs in a worker's Python."""

from __future__ import annotations

import pickle
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
#: A partition that is kept: some of its rows each, as bytes.
KEPT = "place int, points binary, weights binary"
#: What comes back of a partition: its place, its number of rows, and a pickle.
SAID = "place int, n long, said binary"


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
    """Return a DataFrame of the numbers of X as bytes, which Spark keeps: a pass then converts nothing."""
    functions = package("pyspark.sql.functions", "spark")
    level = package("pyspark", "spark").StorageLevel.MEMORY_AND_DISK
    wanted = [*columns] if weights is None else [*columns, weights]
    doubles = renamed(X).select(
        [functions.col(f"c{X.columns.index(name)}").cast("double") for name in wanted]
    )
    return doubles.mapInArrow(_Keep(len(columns), weights is not None), KEPT).persist(level)


def renamed(X: Any) -> Any:
    """Return a DataFrame with columns c0, c1 and so on: a name with a dot would be one within another."""
    return X.toDF(*(f"c{i}" for i in range(len(X.columns))))


def said_of(blocks: Any, task: BlockTask[Any], names: Sequence[str]) -> Any:
    """Return a DataFrame of what a task makes of each partition, computed when it is asked for."""
    return blocks.mapInArrow(_Pass(task, tuple(names)), SAID)


def points_of(batch: Any, columns: Sequence[int]) -> FloatArray:
    """Return columns of an Arrow batch as rows, NaN for nulls."""
    some = [batch.column(i).cast("float64").to_numpy(zero_copy_only=False) for i in columns]
    return np.column_stack(some).astype(np.float64, copy=False)


@dataclass(frozen=True)
class _Keep:
    """Makes the numbers of a partition bytes, batch by batch."""

    d: int
    weighted: bool

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        arrow = package("pyarrow", "spark")
        place = _place()
        for batch in batches:
            if not batch.num_rows:
                continue
            points = points_of(batch, range(self.d))
            own = points_of(batch, [self.d])[:, 0].tobytes() if self.weighted else None
            columns = [
                arrow.array([place], "int32"),
                *(arrow.array([b], "binary") for b in (points.tobytes(), own)),
            ]
            yield arrow.RecordBatch.from_arrays(columns, ["place", "points", "weights"])


@dataclass(frozen=True)
class _Pass:
    """Computes a task of a partition; what goes wrong is returned: Spark would tell it as text."""

    task: BlockTask[Any]
    names: tuple[str, ...]

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        arrow = package("pyarrow", "spark")
        places, points, weights = set(), [], []
        for batch in batches:
            for place, some, own in zip(*(batch.column(i).to_pylist() for i in range(3)), strict=True):
                places.add(place)
                points.append(np.frombuffer(some).reshape(-1, len(self.names)))
                weights.append(None if own is None else np.frombuffer(own))
        if not points:
            return
        (place,) = places
        n, said = self._said(points, weights, place)
        made = [arrow.array([place], "int32"), arrow.array([n], "int64"), arrow.array([said], "binary")]
        yield arrow.RecordBatch.from_arrays(made, ["place", "n", "said"])

    def _said(self, points: list[Any], weights: list[Any], place: int) -> tuple[int, bytes]:
        try:
            n, said = computed(self.task, self._block(points, weights, place), place)
        except Exception as error:
            return 0, pickle.dumps(Failure(error))
        return n, pickle.dumps(said)

    def _block(self, points: list[Any], weights: list[Any], place: int) -> RowBlock:
        own = None if weights[0] is None else np.concatenate(weights)
        return complete(np.concatenate(points), own, self.names, place)


@dataclass(frozen=True)
class Failure:
    """What went wrong on a worker."""

    error: Exception


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


def _place() -> int:
    """The place of the partition that this worker computes."""
    context = package("pyspark", "spark").TaskContext.get()
    return 0 if context is None else context.partitionId()
