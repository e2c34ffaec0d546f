"""Refits: what they draw, which component is which, and that they go on where they stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.inference import estimates
from gmmscape.inference.bootstrap import in_order_of
from gmmscape.progress import Event


def problem(n: int = 150) -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal([[0.0], [6.0]], 1.0, (2, n)).reshape(-1, 1)
    return gs.GaussianMixture(2, random_state=0).fit(X), X


@pytest.mark.parametrize("method", ["bootstrap", "weighted bootstrap"])
def test_their_spread_is_that_of_the_information_where_components_are_gaussians(method: str):
    model, X = problem()
    found = gs.standard_errors(model, X, method=method, n_bootstrap=600, rng=1)
    robust = gs.standard_errors(model, X, method="sandwich")
    for one, other in zip(found.estimates, robust.estimates, strict=True):
        # A standard deviation of 600 draws is off by 3 % (one standard error).
        assert one.standard_error == pytest.approx(other.standard_error, rel=0.12), one
        assert one.interval == "percentile"
        assert one.low < one.value < one.high
    assert (found.replicates, found.left_out, found.verdict) == (600, 0, "trustworthy")


def test_the_seed_says_all_and_processes_nothing(tmp_path: Path):
    model, X = problem(60)
    one = gs.standard_errors(model, X, method="bootstrap", n_bootstrap=60, rng=3)
    assert one == gs.standard_errors(model, X, method="bootstrap", n_bootstrap=60, rng=3, n_jobs=2)
    assert one != gs.standard_errors(model, X, method="bootstrap", n_bootstrap=60, rng=4)
    assert one.seed == 3


@pytest.mark.parametrize(("method", "stage"), [("bootstrap", "refits"), ("profile", "profiles")])
def test_ctrl_c_leaves_what_is_done(method: str, stage: str):
    model, X = problem(30)

    def press(event: Event) -> None:
        if event.stage == stage:
            raise KeyboardInterrupt

    found = gs.standard_errors(model, X, method=method, n_bootstrap=30, rng=0, callback=press)
    assert (found.method, found.stop_reason, found.verdict == "trustworthy") == (method, "interrupted", False)


def test_refits_that_do_not_converge_are_left_out(monkeypatch: pytest.MonkeyPatch):
    model, X = problem(30)
    monkeypatch.setattr(estimates, "POLISH", replace(estimates.POLISH, max_iter=1))
    found = gs.standard_errors(model, X, method="bootstrap", n_bootstrap=25, rng=0)
    assert found.left_out > 12
    assert found.replicates == 25 - found.left_out
    assert f"{found.left_out} of 25 refits collapsed or did not converge" in found.reasons
    in_no_time = gs.standard_errors(model, X, method="bootstrap", n_bootstrap=25, rng=0, max_seconds=0.0)
    assert (in_no_time.replicates, in_no_time.left_out, in_no_time.stop_reason) == (0, 0, "time_limit")


def test_they_go_on_from_their_checkpoint(tmp_path: Path):
    model, X = problem(60)
    file = tmp_path / "refits.json"
    options: dict[str, Any] = {"method": "bootstrap", "n_bootstrap": 80, "checkpoint": file}
    begun: list[Event] = []

    def once(event: Event) -> bool:
        begun.append(event)
        return True

    part = gs.standard_errors(model, X, **options, rng=5, callback=once)
    assert (part.replicates, part.stop_reason) == (25, "interrupted")
    assert [event.done for event in begun if event.stage == "refits"] == [25]
    later: list[Event] = []
    whole = gs.standard_errors(model, X, **options, callback=later.append)  # without rng: with its seed
    assert [event.done for event in later] == [50, 75, 80]
    assert whole == gs.standard_errors(model, X, method="bootstrap", n_bootstrap=80, rng=5)
    with pytest.raises(gs.InvalidParameterError, match="another data"):
        gs.standard_errors(model, X + 1.0, **options)


def test_few_refits_have_no_interval():
    model, X = problem(60)
    found = gs.standard_errors(model, X, method="bootstrap", n_bootstrap=10, rng=0)
    assert all(one.low is None and one.reason == "more refits are needed for intervals of this level"
               for one in found.of("mean"))  # fmt: skip
    assert all(one.standard_error > 0 for one in found.of("mean"))
    assert found.verdict == "cannot tell"
    assert "next: draw more refits: raise n_bootstrap to 999\n" in str(found)
    one = gs.standard_errors(model, X, method="bootstrap", n_bootstrap=1, rng=0)
    assert one.verdict == "not available"
    assert "percentile intervals, 1 refit\n" in str(one)
    assert "next: draw more refits: raise n_bootstrap to 999\n" in str(one)


def test_refits_that_are_too_few_to_trust_their_percentiles_have_these_and_no_trust():
    model, X = problem(200)
    few = gs.standard_errors(model, X, method="bootstrap", n_bootstrap=60, rng=0)
    assert few.reasons == ("only 60 refits: more refits are needed for intervals of this level",)
    assert all(one.low is not None for one in few.of("mean"))
    assert gs.standard_errors(model, X, method="bootstrap", n_bootstrap=199, rng=0).verdict == "trustworthy"


def test_counts_are_drawn_as_the_rows_they_stand_for():
    model, X = problem(60)
    values, counts = np.unique(np.round(X, 1), return_counts=True)
    rows = np.repeat(values, counts)[:, None]
    model = gs.GaussianMixture(2, means_init=[[0.0], [6.0]]).fit(rows)
    one = gs.standard_errors(model, rows, method="bootstrap", n_bootstrap=400, rng=0)
    two = gs.standard_errors(model, values[:, None], counts, method="bootstrap", n_bootstrap=400, rng=0)
    for a, b in zip(one.of("mean"), two.of("mean"), strict=True):
        assert a.standard_error == pytest.approx(b.standard_error, rel=0.15)


def test_components_are_told_apart_by_width_where_means_are_not():
    core_in_halo = gs.Mixture([0.5, 0.5], [[0.0, 0.0], [0.1, 0.0]], [0.1, 9.0], "spherical")
    other = gs.Mixture([0.5, 0.5], [[0.1, 0.0], [0.0, 0.0]], [8.0, 0.12], "spherical")
    assert in_order_of(other, core_in_halo).tolist() == [1, 0]
    assert in_order_of(core_in_halo, core_in_halo).tolist() == [0, 1]


def test_refits_whose_components_change_places_are_put_back():
    """Overlapping components of unlike width: without matching their means would spread over both places."""
    truth = gs.Mixture([0.5, 0.5], [[0.0], [0.5]], [0.04, 9.0], "spherical")
    X = truth.sample(400, 1)[0]
    model = gs.GaussianMixture(
        2, covariance_type="spherical", means_init=truth.means, precisions_init=1 / truth.covariances
    ).fit(X)
    found = gs.standard_errors(model, X, method="bootstrap", n_bootstrap=200, rng=0)
    robust = gs.standard_errors(model, X, method="sandwich")
    for one, other in zip(found.of("sd"), robust.of("sd"), strict=True):
        assert one.standard_error == pytest.approx(other.standard_error, rel=0.3)


def test_rows_drawn_with_the_same_seed_are_not_drawn_again():
    """`default_rng([0, 0])` is `default_rng(0)`: a refit by the stream of the data picks one cluster."""
    X = gs.Mixture.location([[0, 0], [9, 0], [0, 9]], sigma=1.0).sample(300, np.random.default_rng(0))[0]
    model = gs.GaussianMixture(3, covariance_type="spherical", random_state=0).fit(X)
    found = gs.standard_errors(model, X, method="bootstrap", n_bootstrap=60, rng=0)
    robust = gs.standard_errors(model, X, method="sandwich")
    for one, other in zip(found.of("mean"), robust.of("mean"), strict=True):
        assert one.standard_error == pytest.approx(other.standard_error, rel=0.5)


FREE = np.nan


@pytest.mark.slow
def test_what_is_held_stays_in_refits():
    """Held parameters have no error, and the others that of a fit in which they are known."""
    X = gs.Mixture.location([[0, 0], [4, 0], [0, 4]], sigma=1.0).sample(400, 5)[0]
    free = gs.GaussianMixture(3, covariance_type="spherical", random_state=0).fit(X)
    held = gs.GaussianMixture(
        3,
        covariance_type="spherical",
        means_fixed=[[0, 0], [4, FREE], [FREE, FREE]],
        covariances_fixed=[1.0, FREE, FREE],
        random_state=0,
    ).fit(X)
    found = gs.standard_errors(held, X, rng=1, n_bootstrap=200)
    assert (found.method, found.replicates) == ("bootstrap", 200)
    means = {(one.component, one.columns[0]): one for one in found.of("mean")}
    for place in ((0, 0), (0, 1), (1, 0)):
        assert means[place].standard_error is None
        assert "same in all refits" in means[place].reason
    assert means[0, 0].value == 0.0
    assert means[1, 0].value == 4.0
    whole = gs.standard_errors(free, X, method="sandwich")
    third = free.means_[:, 1].argmax()
    for one in whole.of("mean"):
        if one.component == third:
            ours = means[2, one.columns[0]]
            assert ours.standard_error == pytest.approx(one.standard_error, rel=0.35)
    assert found.of("weight")[0].standard_error < whole.of("weight")[0].standard_error * 1.3
    with pytest.raises(gs.NotAvailableError, match=r"parameters are held.*method='bootstrap'"):
        gs.standard_errors(held, X, method="sandwich")
    empty = gs.GaussianMixture(3, means_fixed=[[1e3, 0], [FREE] * 2, [FREE] * 2], random_state=0).fit(X)
    with pytest.raises(gs.NotAvailableError, match="component 0 has no rows"):
        gs.standard_errors(empty, X, rng=0, n_bootstrap=20)


def test_held_components_keep_their_places_in_the_order():
    reference = gs.Mixture.location([[0.0], [5.0], [10.0]], sigma=1.0)
    moved = gs.Mixture.location([[10.0], [5.0], [0.0]], sigma=1.0)
    assert in_order_of(moved, reference).tolist() == [2, 1, 0]
    assert in_order_of(moved, reference, np.array([True, False, False])).tolist() == [0, 1, 2]
    swapped = gs.Mixture.location([[0.0], [10.0], [5.0]], sigma=1.0)
    assert in_order_of(swapped, reference, np.array([True, False, False])).tolist() == [0, 2, 1]
