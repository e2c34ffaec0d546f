"""Workers that die: the fit goes on with the same bits; where all are gone, an error ends it in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gmmscape import GaussianMixture, NoResultError
from gmmscape.dask import DaskBlocks
from gmmscape.estimator.of_blocks import fit_blocks
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks

dask = pytest.importorskip("dask", reason="Dask is not installed")
da = pytest.importorskip("dask.array", reason="Dask is not installed")
distributed = pytest.importorskip("distributed", reason="distributed is not installed")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]

SIZES = (3000, 0, 1, 4000, 2500, 500)
X = np.random.default_rng(7).normal([[0.0, 0.0], [2.0, 1.0]], 1.0, (5001, 2, 2)).reshape(-1, 2)[: sum(SIZES)]
SETTINGS: dict[str, Any] = {
    "random_state": 0,
    "escape": False,
    "accelerate": False,
    "max_iter": 25,
    "tol": 1e-12,
}
#: A worker by itself, without the nanny that would start another in its place.
WORKER = (
    sys.executable,
    "-m",
    "distributed.cli.dask_worker",
    "--no-nanny",
    "--nthreads",
    "1",
    "--no-dashboard",
)


@contextmanager
def workers(n: int) -> Iterator[tuple[Any, list[subprocess.Popen[bytes]]]]:
    """Yield the client of a cluster of n processes, and these."""
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes = [subprocess.Popen([*WORKER, cluster.scheduler_address], **quiet) for _ in range(n)]
        try:
            client.wait_for_workers(n, timeout=120)
            yield client, processes
        finally:
            for process in processes:
                process.kill()
                process.wait()


def fitted_while_killed(n: int, timeout: float, **parameters: Any) -> tuple[GaussianMixture, float]:
    """Return a fit by two workers of which n are killed after five iterations, and when."""
    model, at = GaussianMixture(2, **SETTINGS, **parameters), []
    with workers(2) as (client, processes):

        def watch(event: Any) -> None:
            if event.stage == "em" and event.done == 5 and not at:
                at.append(time.monotonic())
                for process in processes[:n]:
                    process.kill()

        rows = da.from_array(X, chunks=(SIZES, 2))
        try:
            fit_blocks(model, DaskBlocks(rows, client=client, timeout=timeout), watch)
        finally:
            seconds = time.monotonic() - at[0]
            assert [process.wait(60) if i < n else process.poll() for i, process in enumerate(processes)] == [
                -9 if i < n else None for i in range(2)
            ]
    return model, seconds


def fitted_here() -> GaussianMixture:
    return GaussianMixture(2, **SETTINGS).fit(LocalBlocks(ArrayBlocks(np.split(X, np.cumsum(SIZES)[:-1]))))


def assert_same(model: GaussianMixture, local: GaussianMixture) -> None:
    assert model.n_iter_ == local.n_iter_ > 5
    np.testing.assert_array_equal(model.means_, local.means_)
    np.testing.assert_array_equal(model.covariances_, local.covariances_)
    assert model.lower_bounds_ == local.lower_bounds_


def test_a_worker_is_killed_in_the_midst():
    model, _ = fitted_while_killed(1, timeout=60.0)
    assert_same(model, fitted_here())


def test_all_workers_are_killed_in_the_midst(tmp_path: Path):
    """The error comes in time, and other workers go on from the checkpoint."""
    began, checkpoint = time.monotonic(), str(tmp_path / "fit")
    with pytest.raises(NoResultError, match="no worker for 3 seconds"):
        fitted_while_killed(2, timeout=3.0, checkpoint=checkpoint)
    assert time.monotonic() - began < 240.0  # the start of workers included, on a busy machine
    iterations = []
    with workers(1) as (client, _):
        rows = DaskBlocks(da.from_array(X, chunks=(SIZES, 2)), client=client)
        model = GaussianMixture(2, **SETTINGS, checkpoint=checkpoint)
        fit_blocks(model, rows, lambda event: iterations.append(event.done) if event.stage == "em" else None)
    assert min(iterations) > 1
    assert_same(model, fitted_here())


def test_a_partition_that_kills_each_worker_is_named():
    class Deadly:
        """A task of the third partition that no worker survives; by value, for workers have no tests."""

        def __call__(self, block: Any, place: int) -> int:
            if place == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return place

    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), workers(3) as (client, processes):
        blocks = DaskBlocks(da.from_array(X, chunks=(SIZES, 2)), client=client, timeout=60.0)
        with pytest.raises(NoResultError, match="died again and again at partition 2"):
            list(blocks.results(Deadly()))
        ended = [process.poll() for process in processes]
        assert sorted(ended, key=str) == [-signal.SIGKILL, -signal.SIGKILL, None]
