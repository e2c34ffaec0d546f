"""Fits that no memory of this machine has room for are refused before any work, with what takes less."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.families import check_room
from gmmscape.machine import free_memory

X = np.random.default_rng(0).normal(size=(40, 300))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch):
    """A machine of 55 MB."""
    monkeypatch.setattr("gmmscape.families.room.free_memory", lambda: 55_000_000)


DOORS: dict[str, Callable[[], Any]] = {
    "fit": lambda: gs.GaussianMixture(20).fit(X),
    "select": lambda: gs.select(X, range(19, 21), ["spherical", "full"]),
    "local_optima": lambda: gs.local_optima(X, 20),
    "partial_fit": lambda: gs.GaussianMixture(20).partial_fit(X),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("door", DOORS)
def test_it_is_refused_before_any_work(door: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gmmscape.measure.Sample.__init__", lambda *_, **__: pytest.fail("there was work"))
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_type='full': .* 55 MB of") as refused:
        DOORS[door]()
    assert isinstance(refused.value, gs.DataError)  # the command line ends as for other unusable data


@pytest.mark.usefixtures("small")
def test_bytes_and_families_that_take_fewer_are_told():
    with pytest.raises(gs.InvalidParameterError) as refused:
        gs.GaussianMixture(20).fit(X)
    assert str(refused.value) == (
        "covariance_type='full': the covariances of 20 components in 300 columns take 14.4 MB, and a fit, "
        "which holds copies of them and of the data's own, takes about 583 MB, where 55 MB of memory are "
        "free: use one of 'tied' (15.8 MB), 'diag' (8.64 MB), 'spherical' (8.64 MB), fewer components, or "
        "fewer columns, as by principal components"
    )


@pytest.mark.usefixtures("small")
def test_what_has_room_is_fitted():
    assert gs.GaussianMixture(20, covariance_type="diag", escape=False, max_iter=0).fit(X).means_.size == 6000
    check_room("full", 2, 300, search=False)
    with pytest.raises(gs.InvalidParameterError, match="are free: use fewer components, or fewer columns"):
        check_room("tied", 2, 2000, search=False)


def test_where_room_ends_on_the_way_the_same_is_told(monkeypatch: pytest.MonkeyPatch):
    def full(*_: Any, **__: Any):
        raise MemoryError

    monkeypatch.setattr("gmmscape.estimator.fitting.fit_mixture", full)
    with pytest.raises(gs.InvalidParameterError, match=r"'full': .* took more than there was"):
        gs.GaussianMixture(2).fit(X[:, :2])


def test_a_hundred_matrices_of_five_thousand_columns_are_no_gigabytes_asked_for():
    there = free_memory()
    assert there is None or there > 10**8
    if there is None or there > 800e9:
        pytest.skip("this machine has room for them")
    with pytest.raises(gs.InvalidParameterError, match="take 20 GB"):
        gs.GaussianMixture(100).fit(np.random.default_rng(0).normal(size=(101, 5000)))


#: A fit of as many matrices as are told, and how many there were at its peak.
PROBE = """
import json, sys, warnings
import numpy as np
import gmmscape as gs
warnings.simplefilter("ignore")
kind, search, n, d, k = sys.argv[1], sys.argv[2] == "search", *map(int, sys.argv[3:])

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))

rng = np.random.default_rng(0)
X = rng.normal(size=(n, d)) + 3 * rng.integers(0, k, (n, 1))
model = gs.GaussianMixture(k, covariance_type=kind, escape=search, max_iter=30, random_state=0)
gs.GaussianMixture(k, covariance_type=kind, escape=search, max_iter=30).fit(X[:, :3])
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
before = memory("VmRSS")
model.fit(X)
print(json.dumps((memory("VmHWM") - before) / (8 * d * d)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is that of Linux")
@pytest.mark.parametrize(
    ("kind", "search", "n", "d", "k"),
    [
        ("diag", "no search", 4, 500, 2),
        pytest.param("spherical", "search", 40, 600, 20, marks=pytest.mark.slow),
        pytest.param("spherical", "search", 400, 300, 20, marks=pytest.mark.slow),
        pytest.param("full", "no search", 40, 100, 20, marks=pytest.mark.slow),
        pytest.param("full", "search", 40, 100, 20, marks=pytest.mark.slow),
    ],
)
def test_what_is_told_is_what_a_fit_takes(kind: str, search: str, n: int, d: int, k: int, monkeypatch):
    """No fit that would have room is refused: it takes as much as is told, and less than twice."""
    command = [sys.executable, "-c", PROBE, kind, search, str(n), str(d), str(k)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    told = next(
        count
        for count in range(1000)
        if _has_room(monkeypatch, (count + 1) * 8 * d * d, kind, k, d, search=search == "search", n=n)
    )
    assert 0.8 * told < found < 2 * told


def _has_room(monkeypatch: pytest.MonkeyPatch, free: int, *size: Any, search: bool, n: int) -> bool:
    monkeypatch.setattr("gmmscape.families.room.free_memory", lambda: free)
    try:
        check_room(*size, search=search, n=n)
    except gs.InvalidParameterError:
        return False
    return True
