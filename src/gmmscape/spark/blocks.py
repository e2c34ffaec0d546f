"""SparkBlocks: the partitions of a DataFrame of Spark as rows in blocks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import uuid4

from gmmscape.distributed import package
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, NoResultError
from gmmscape.measure.blocked import BlockTask, RowBlocks
from gmmscape.spark.frames import Failure, columns_of, kept_blocks, said_of
from gmmscape.threads import cached_property
from gmmscape.validation import real_number

Result = TypeVar("Result")


class SparkBlocks(RowBlocks):
    """Rows of a DataFrame of Spark, a block for each partition, for all that takes rows in blocks.

    Their numbers are persisted (memory and disk) at the first pass, each pass is one job of one stage, and
    what it returns is small. Results are taken in the order of the partitions: where these are the same, a
    fit has the same bits. `unpersist` gives the memory back.

    Parameters
    ----------
    X : pyspark.sql.DataFrame
        Rows of finite numbers; all columns but that of weights. What it is computed from must be the same
        when it is computed again: checkpoint it after a step that is random.
    weights : str, optional
        Name of a column of non-negative weights. Equal by default.
    timeout : float, default=60
        Seconds that a pass may be without any task at work before an error ends it.

    Raises
    ------
    DataError
        If a column holds no numbers.
    InvalidParameterError
        If X is no DataFrame of Spark, or has no such column.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape.spark import SparkBlocks
    >>> model = gs.GaussianMixture(3).fit(SparkBlocks(spark.read.parquet("rows")))  # doctest: +SKIP
    """

    def __init__(
        self, X: Any, weights: str | None = None, *, timeout: float = EFFORT.blocked.cluster_seconds
    ) -> None:
        self._names, self._X, self._weights = columns_of(X, weights), X, weights
        self._timeout = real_number("timeout", timeout)
        self._rows_of: dict[int, int] = {}

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self._names)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self._names

    def unpersist(self) -> None:
        """Let Spark forget the numbers; another pass persists them anew."""
        if "_kept" in self.__dict__:
            self._kept.unpersist()
            del self._kept

    @cached_property
    def _kept(self) -> Any:
        return kept_blocks(self._X, self._names, self._weights)

    def results(self, task: BlockTask[Result]) -> Iterator[tuple[int, Result]]:
        """Yield the number of rows of each partition that has some and what a task makes of it, in order.

        Parameters
        ----------
        task : BlockTask
            Sent to the workers.

        Yields
        ------
        tuple of (int, object)
            One for each partition that has rows.

        Raises
        ------
        DataError
            If a value is missing, or a partition has other rows than in the pass before.
        NoResultError
            If Spark is gone, or nobody works for too long.
        """
        for place, n, said in sorted(self._collected(task), key=lambda row: row[0]):
            if isinstance(said, Failure):
                raise said.error
            if self._rows_of.setdefault(place, n) != n:
                raise DataError(
                    f"partition {place} had {self._rows_of[place]} rows, and has {n} now: what the DataFrame "
                    "is computed from changes; checkpoint it, or write it to a file and read that"
                )
            yield n, said

    def _collected(self, task: BlockTask[Any]) -> list[Any]:
        """What comes back of all partitions, by a thread, so that somebody sees that nobody works."""
        job = _Job(self._X.sparkSession, f"gmmscape {uuid4()}")
        try:
            with job:
                return job.result_of(lambda: said_of(self._kept, task).collect(), self._timeout)
        except Exception as error:
            lost = _lost(error)
            if lost is None:
                raise
            raise NoResultError(f"{lost}: start a session, and fit again ({type(error).__name__})") from error

    def __repr__(self) -> str:
        return f"SparkBlocks({', '.join(self._names)})"


class _Job:
    """A pass as Spark's status tracker sees it; leaving it early cancels what is not done."""

    def __init__(self, session: Any, group: str) -> None:
        self._context, self._group = session.sparkContext, group
        self._done = threading.Event()

    def __enter__(self) -> _Job:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if error is not None and not self._done.is_set():
            self._context.cancelJobGroup(self._group)

    def result_of(self, compute: Any, timeout: float) -> Any:
        found: list[Any] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                self._context.setJobGroup(self._group, "gmmscape: a pass over the rows", True)
                found.append(compute())
            except BaseException as error:
                failed.append(error)
            finally:
                self._done.set()

        thread = package("pyspark", "spark").InheritableThread(target=work, daemon=True)
        thread.start()
        idle_since = time.monotonic()
        while not self._done.wait(EFFORT.blocked.look_seconds):
            if not self._waits():
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since >= timeout:
                raise NoResultError(
                    f"no task of Spark has been at work for {timeout:g} seconds: start executors, and fit "
                    "again"
                )
        if failed:
            raise failed[0]
        return found[0]

    def _waits(self) -> bool:
        """Whether Spark has a job for us and no task of it at work; before and after it the driver works."""
        tracker = self._context.statusTracker()
        jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(self._group)]
        running = [job for job in jobs if job is not None and job.status == "RUNNING"]
        stages = [stage for job in running for stage in job.stageIds]
        tasks = [info.numActiveTasks for info in map(tracker.getStageInfo, stages) if info is not None]
        return bool(stages) and not any(tasks)


def _lost(error: Exception) -> str | None:
    """What to say where Spark is gone; None of other errors, which are told as they are."""
    module = type(error).__module__
    if module.startswith("py4j.") and type(error).__name__ == "Py4JNetworkError":
        return "the connection to Spark is lost"
    if isinstance(error, ConnectionError):
        return "the connection to Spark is lost"
    if "stopped SparkContext" in str(error) or "SparkContext was shut down" in str(error):
        return "the Spark session was stopped"
    if isinstance(error, AttributeError) and "NoneType" in str(
        error
    ):  # what PySpark says of a stopped context
        return "the Spark session was stopped"
    return None
