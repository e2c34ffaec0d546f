"""Passes over partitions: one task for each, on the workers of a cluster or by Dask's own scheduler here."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from gmmscape.dask.placing import evened
from gmmscape.distributed import computed, package
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NoResultError
from gmmscape.measure.blocked import BlockTask
from gmmscape.threads import machine_threads

Result = TypeVar("Result")


def current_client() -> Any:
    """Return the client of a cluster that the user has opened last, or None."""
    if "distributed" not in sys.modules:  # nobody has opened one; importing it takes a second
        return None
    try:
        return package("distributed", "dask").default_client()
    except ValueError:
        return None


class PassesHere:
    """Passes by the scheduler that Dask has without a cluster; partitions are computed anew for each.

    Parameters
    ----------
    blocks : sequence of Delayed
        A `RowBlock` each.
    """

    def __init__(self, blocks: Sequence[Any]) -> None:
        self._blocks = blocks

    def results(self, task: BlockTask[Result]) -> Iterator[tuple[int, Result]]:
        """Yield what a task makes of each block, some blocks at a time."""
        dask = package("dask", "dask")
        made = dask.delayed(computed, pure=False, traverse=False)
        some = EFFORT.blocked.partitions_each_thread * machine_threads()
        for first in range(0, len(self._blocks), some):
            group = enumerate(self._blocks[first : first + some], first)
            yield from dask.compute(*(made(task, block, place) for place, block in group))


class PassesOnCluster:
    """Passes on the workers of a cluster, which keep the partitions; a lost one is computed anew.

    Once a pass has told how many rows each has, partitions are spread evenly over the workers, and again
    whenever these are others.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    blocks : sequence of Delayed
        A `RowBlock` each.
    timeout : float
        Seconds that the cluster may be without workers.
    """

    def __init__(self, client: Any, blocks: Sequence[Any], timeout: float) -> None:
        self._client, self._timeout = client, timeout
        self._distributed = package("distributed", "dask")
        self._rows = [0] * len(blocks)
        self._spread_over: dict[str, int] = {}
        with self._told():
            self._blocks = client.compute(list(blocks))

    def results(self, task: BlockTask[Result]) -> Iterator[tuple[int, Result]]:
        """Yield what a task makes of each block; workers are not waited for in the order of the blocks."""
        places = range(len(self._blocks))
        with self._told():
            # As a task of its own it is sent once, and is there again where a worker is lost.
            sent = self._client.submit(same, task, pure=False)
            self._spread()
            coming = deque(self._client.map(task_of_block, self._blocks, places, task=sent, pure=False))
        for place in places:
            with self._told(place):
                result = self._waited(coming[0])
            coming.popleft()  # only now: the cluster forgets what nobody holds
            self._rows[place] = result[0]
            yield result

    def _spread(self) -> None:
        """Let partitions move where workers would wait for others."""
        threads = self._client.nthreads()
        if not any(self._rows) or threads == self._spread_over:
            return
        keys = [block.key for block in self._blocks]
        there = self._client.who_has(self._blocks)
        holders = [str(next(iter(there.get(key, ())), "")) for key in keys]
        if any(worker not in threads for worker in holders):
            return  # some are lost, and on their way
        self._spread_over = threads
        for i, worker in evened(holders, self._rows, threads).items():
            # Workers that die may be replaced by others: then the partition is computed anew there.
            where = {"workers": [worker], "allow_other_workers": True}
            self._blocks[i] = self._client.submit(same, self._blocks[i], pure=False, **where)

    def _waited(self, future: Any) -> Any:
        """The result of a future; NoResultError where nobody has been there to compute it for too long."""
        alone_since = None
        while True:
            try:
                return future.result(timeout=EFFORT.blocked.look_seconds)
            except TimeoutError:
                if future.status == "error":  # the task itself has raised it
                    raise
            if self._has_workers():
                alone_since = None
                continue
            alone_since = time.monotonic() if alone_since is None else alone_since
            if time.monotonic() - alone_since >= self._timeout:
                raise NoResultError(
                    f"the Dask cluster has had no worker for {self._timeout:g} seconds: start workers, and "
                    "fit again"
                )

    def _has_workers(self) -> bool:
        """Whether the scheduler was there and knew a worker when it was last asked, some seconds ago."""
        return self._client.status == "running" and bool(self._client.scheduler_info().get("workers"))

    def _told(self, place: int | None = None) -> Any:
        return Told(self._distributed, place)


class Told:
    """Makes what Dask raises where a cluster fails errors of our own; those of tasks pass.

    Parameters
    ----------
    distributed : module
        Dask's.
    place : int, optional
        Of the partition that is waited for.
    """

    def __init__(self, distributed: Any, place: int | None = None) -> None:
        self._where = "the same partition" if place is None else f"partition {place}"
        client = package("distributed.client", "dask")
        comm = package("distributed.comm", "dask")
        self._lost = (client.CancelledError, client.ClosedClientError, comm.CommClosedError)
        self._killed = distributed.scheduler.KilledWorker

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, self._killed):
            raise NoResultError(
                f"workers died again and again at {self._where}, mostly for want of memory: give them "
                f"more, or make smaller partitions ({error})"
            ) from error
        if isinstance(error, self._lost):
            raise NoResultError(
                f"the connection to the Dask cluster is lost, or its client was closed: open a client, and "
                f"fit again ({error or type(error).__name__})"
            ) from error


def same(given: Any) -> Any:
    """Return a task, or a partition, on the worker that it is sent to."""
    return given


def task_of_block(block: Any, place: int, *, task: Any) -> Any:
    """Return what a task makes of a block, on a worker."""
    return computed(task, block, place)
