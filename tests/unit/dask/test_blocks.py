"""Partitions of Dask are blocks: the bits of this process, in their order, on a cluster or without."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from tests.unit.engine.test_truncated import clusters

from gmmscape import DataError, GaussianMixture, InvalidParameterError, NoResultError
from gmmscape.dask import DaskBlocks
from gmmscape.distributed.partition import complete
from gmmscape.measure.blocked import ArrayBlocks, BlockedSample, LocalBlocks, RowBlock, facts_of
from gmmscape.solve.batch import truncation

da = pytest.importorskip("dask.array", reason="Dask is not installed")
distributed = pytest.importorskip("distributed", reason="distributed is not installed")

#: Partitions of one row and of none are among them.
SIZES = (150, 0, 1, 230, 119)
CUTS = np.cumsum(SIZES)[:-1]
RNG = np.random.default_rng(5)
X = RNG.normal([[0.0, 0.0], [8.0, 1.0]], 1.0, (sum(SIZES) // 2, 2, 2)).reshape(-1, 2)
WEIGHTS = RNG.integers(1, 4, len(X)).astype(float)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Return the client of two workers in threads of this process."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def rows(array: Any, *, columns: int = 2) -> Any:
    """Return an array of Dask in partitions of those sizes."""
    return da.from_array(array, chunks=(SIZES, columns) if array.ndim == 2 else (SIZES,))


def fitted(blocks: Any) -> list[Any]:
    model = GaussianMixture(2, random_state=0).fit(blocks)
    return [model.weights_, model.means_, model.covariances_, model.lower_bounds_, model.score(blocks)]


def assert_same(first: list[Any], second: list[Any]) -> None:
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@dataclass(frozen=True)
class Sums:
    def __call__(self, block: RowBlock, place: int) -> float:
        return float(block.points.sum())


def test_partitions_that_one_worker_has_are_spread_over_all(client: Any, monkeypatch: pytest.MonkeyPatch):
    """After the pass that tells their rows, half of them are sent to the other; sums are the same."""
    first, second = client.nthreads()
    array = client.persist(da.from_array(X, chunks=(50, 2)), workers=[first])
    blocks, sent, submit = DaskBlocks(array, client=client), [], client.submit

    def seen(*args: Any, **options: Any) -> Any:
        sent.append(options.get("workers"))
        return submit(*args, **options)

    distributed.wait(blocks._passes._blocks)
    holders = [list(workers) for workers in client.who_has(blocks._passes._blocks).values()]
    monkeypatch.setattr(client, "submit", seen)
    counts = [list(blocks.results(Sums())) for _ in range(3)]
    assert counts[0] == counts[1] == counts[2]
    if holders == [[first]] * len(holders):  # nothing was stolen by an idle worker
        assert sent.count([second]) == len(holders) // 2
    assert sent.count(None) == 3


@pytest.mark.usefixtures("client")
def test_a_fit_has_the_bits_of_one_here():
    local = fitted(LocalBlocks(ArrayBlocks(np.split(X, CUTS), np.split(WEIGHTS, CUTS))))
    assert_same(fitted(DaskBlocks(rows(X), rows(WEIGHTS))), local)
    # Parts of columns are joined, and weights may be a plain array.
    assert_same(fitted(DaskBlocks(rows(X, columns=1), WEIGHTS)), local)


def test_sorted_blocks_have_the_bits_of_those_here(client: Any):
    """Passes that are truncated by orders which each worker makes for itself."""
    many, mixture = clusters("full", n=12_000, d=2, k=40, apart=9.0)
    cuts = [4_000, 4_000, 9_000]
    chunks = tuple(np.diff([0, *cuts, len(many)]).tolist())
    everywhere, found = da.from_array(many, chunks=(chunks, 2)), []
    for blocks in (DaskBlocks(everywhere, client=client), LocalBlocks(ArrayBlocks(np.split(many, cuts)))):
        sample = BlockedSample(blocks, facts_of(blocks))
        start = sample.local_mixture(mixture)
        moved = sample.local_mixture(mixture.shifted(np.array([0.4, 0.2])))
        own = sample.rows(start)
        whole = own.statistics(moved, "full")
        own.sort_by(start, "full", truncation())
        found.append([own.statistics(at, "full") for at in (start, moved)])
        assert (found[-1][1].scatter != whole.scatter).any()
    for there, here in zip(*found, strict=True):
        parts = ("mass", "mean", "scatter", "log_likelihood")
        assert_same([getattr(there, part) for part in parts], [getattr(here, part) for part in parts])


def test_no_cluster_is_needed():
    assert repr(DaskBlocks(rows(X))) == "DaskBlocks(5 partitions, 2 columns)"
    assert_same(fitted(DaskBlocks(rows(X))), fitted(LocalBlocks(ArrayBlocks(np.split(X, CUTS)))))


@dataclass(frozen=True)
class EarlyOnesLast:
    """Returns places, those of the first blocks after those of the last."""

    def __call__(self, block: RowBlock, place: int) -> int:
        time.sleep(0.02 * (len(SIZES) - place))
        return place


def test_results_come_in_the_order_of_partitions(client: Any):
    expected = list(zip(SIZES, range(len(SIZES)), strict=True))
    assert list(DaskBlocks(rows(X), client=client).results(EarlyOnesLast())) == expected


def test_partitions_stay_on_the_workers(client: Any, tmp_path: Path):
    def load(part: Any) -> Any:
        (tmp_path / f"{len(part)}-{uuid4()}").touch()  # what a function does to objects here is not seen
        return part

    blocks = DaskBlocks(rows(X).map_blocks(load, meta=X[:0]), client=client)
    for _ in range(3):
        list(blocks.results(Sums()))
    loaded = [int(file.name.partition("-")[0]) for file in tmp_path.iterdir()]
    assert sorted(loaded) == sorted(SIZES)


def test_no_worker_is_an_error_in_bounded_time():
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster,
        distributed.Client(cluster, set_as_default=False) as alone,
    ):
        began = time.monotonic()
        with pytest.raises(NoResultError, match=r"no worker for 0\.5 seconds: start workers"):
            GaussianMixture(2).fit(DaskBlocks(rows(X), client=alone, timeout=0.5))
        assert time.monotonic() - began < 60.0


def test_a_closed_client_is_an_error(client: Any):
    other = distributed.Client(client.cluster, set_as_default=False)
    blocks = DaskBlocks(rows(X), client=other)
    list(blocks.results(Sums()))
    other.close()
    with pytest.raises(NoResultError, match="open a client, and fit again"):
        list(blocks.results(Sums()))


class DeadlyAtTwo:
    """Does to the third partition what Dask says of one at which workers die; the worker itself stays."""

    def __call__(self, block: RowBlock, place: int) -> int:
        if place == 2:
            worker = SimpleNamespace(address="tcp://there")
            raise distributed.scheduler.KilledWorker("a task", worker, 3)
        return place


def test_a_partition_at_which_workers_die_is_named(client: Any):
    with pytest.raises(NoResultError, match=r"died again and again at partition 2, .*smaller partitions"):
        list(DaskBlocks(rows(X), client=client).results(DeadlyAtTwo()))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda: DaskBlocks(X), InvalidParameterError, "pass a dask.array or a dask.dataframe"),
        (lambda: DaskBlocks(rows(X).astype(str)), DataError, "X holds no numbers but <U"),
        (lambda: DaskBlocks(rows(X)[:, 0]), DataError, r"pass a matrix \(rows, columns\)"),
        (lambda: DaskBlocks(rows(X), WEIGHTS[1:]), DataError, "pass one weight of each row"),
        (lambda: DaskBlocks(rows(X), rows(WEIGHTS)[:, None]), DataError, "weights have shape .*, 1"),
        (lambda: DaskBlocks(rows(X), timeout=0), InvalidParameterError, "timeout=0"),
    ],
)
def test_what_cannot_be_used_is_said_at_once(change: Any, error: type, message: str):
    with pytest.raises(error, match=message):
        change()


def test_a_missing_value_is_told_with_its_column():
    holed = X.copy()
    holed[[151, 160], 1] = np.nan, np.inf
    with pytest.raises(DataError, match=r"column 1 has 2 values .* in partition 3, of 230 rows"):
        fitted(DaskBlocks(rows(holed)))
    with pytest.raises(DataError, match=r"partition 4 has 3 rows and weights of shape \(2,\)"):
        complete(np.zeros((3, 2)), np.ones(2), None, 4)


def test_a_missing_package_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "dask", None)
    with pytest.raises(
        NotImplementedError, match=r'pip install "gmmscape\[dask\]", here and on every worker'
    ):
        DaskBlocks(rows(X))
