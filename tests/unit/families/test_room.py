"""Covariances that no memory of this machine holds are refused before any work, with what takes less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.families import check_room
from gmmscape.families.room import machine_memory

X = np.random.default_rng(0).normal(size=(40, 300))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch):
    """A machine of 50 MB."""
    monkeypatch.setattr("gmmscape.families.room.machine_memory", lambda: 50_000_000)


DOORS: dict[str, Callable[[], Any]] = {
    "fit": lambda: gs.GaussianMixture(20).fit(X),
    "select": lambda: gs.select(X, range(1, 21), ["spherical", "full"]),
    "local_optima": lambda: gs.local_optima(X, 20),
    "partial_fit": lambda: gs.GaussianMixture(20).partial_fit(X),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("door", DOORS)
def test_it_is_refused_before_any_work(door: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gmmscape.measure.Sample.rows", lambda *_: pytest.fail("there was work"))
    with pytest.raises(gs.InvalidParameterError) as refused:
        DOORS[door]()
    assert str(refused.value) == (
        "covariance_type='full': the covariances of 20 components in 300 columns take 0.0144 GB, and a fit "
        "holds them 4 times at least, where this machine has 0.05 GB: use fewer components or columns, or "
        "one of 'tied' (0.00072 GB), 'diag' (4.8e-05 GB), 'spherical' (1.6e-07 GB)"
    )


@pytest.mark.usefixtures("small")
def test_what_has_room_is_fitted():
    assert gs.GaussianMixture(20, covariance_type="diag", escape=False, max_iter=0).fit(X).means_.size == 6000
    check_room("full", 17, 300)
    with pytest.raises(gs.InvalidParameterError, match="components or columns, or one of 'diag'"):
        check_room("tied", 2, 2000)


def test_a_hundred_matrices_of_five_thousand_columns_are_no_gigabytes_asked_for():
    there = machine_memory()
    assert there is None or there > 10**8
    if there is None or there > 80e9:
        pytest.skip("this machine has room for them")
    with pytest.raises(gs.InvalidParameterError, match="take 20 GB"):
        gs.GaussianMixture(100).fit(np.random.default_rng(0).normal(size=(101, 5000)))
