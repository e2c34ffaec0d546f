"""Workers that die: the fit goes on with the same bits; where all are gone, an error ends it in bounded time."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np
import pytest

from gmmscape import GaussianMixture, NoResultError
from gmmscape.dask import DaskBlocks
from gmmscape.estimator.of_blocks import fit_blocks
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks

da = pytest.importorskip("dask.array", reason="Dask is not installed")
distributed = pytest.importorskip("distributed", reason="distributed is not installed")

pytestmark = pytest.mark.slow

SIZES = (3000, 0, 1, 4000, 2500, 500)
X = np.random.default_rng(7).normal([[0.0, 0.0], [2.0, 1.0]], 1.0, (5001, 2, 2)).reshape(-1, 2)[: sum(SIZES)]
SETTINGS = {"random_state": 0, "escape": False, "accelerate": False, "max_iter": 25, "tol": 1e-12}


def cluster(n: int) -> Any:
    return distributed.LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=":0")


def killed(client: Any, nannies: list[Any], n: int) -> None:
    """Kill the processes of n workers, and let nobody start others."""
    for nanny in nannies[:n]:
        nanny.auto_restart = False
        os.kill(nanny.pid, signal.SIGKILL)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_worker_is_killed_in_the_midst():
    local = GaussianMixture(2, **SETTINGS).fit(LocalBlocks(ArrayBlocks(np.split(X, np.cumsum(SIZES)[:-1]))))
    with cluster(2) as running, distributed.Client(running) as client:
        model, gone = GaussianMixture(2, **SETTINGS), []

        def watch(event: Any) -> None:
            if event.stage == "em" and event.done == 5 and not gone:
                gone.append(event.done)
                killed(client, list(running.workers.values()), 1)

        fit_blocks(model, DaskBlocks(da.from_array(X, chunks=(SIZES, 2)), client=client), watch)
        assert gone
        assert len(client.scheduler_info()["workers"]) == 1
    assert model.n_iter_ == local.n_iter_ > 5
    np.testing.assert_array_equal(model.means_, local.means_)
    np.testing.assert_array_equal(model.covariances_, local.covariances_)
    assert model.lower_bounds_ == local.lower_bounds_


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_all_workers_are_killed_in_the_midst():
    with cluster(2) as running, distributed.Client(running) as client:
        at: list[float] = []

        def watch(event: Any) -> None:
            if event.stage == "em" and event.done == 5 and not at:
                at.append(time.monotonic())
                killed(client, list(running.workers.values()), 2)

        blocks = DaskBlocks(da.from_array(X, chunks=(SIZES, 2)), client=client, timeout=3.0)
        with pytest.raises(NoResultError, match="no worker for 3 seconds"):
            fit_blocks(GaussianMixture(2, **SETTINGS), blocks, watch)
        assert time.monotonic() - at[0] < 60.0
