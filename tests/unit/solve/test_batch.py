"""EM's native loop against its Python loop, and how it is stopped."""

from __future__ import annotations

import _thread
import threading
import time

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.effort import EFFORT
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.engine.native import NativeRows
from gmmscape.families import Floor, Location, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, Patience, descend, descend_all, ends_of_all, run, start_around
from gmmscape.threads import limited
from marks import rest_slow

pytestmark = pytest.mark.skipif(not available(), reason="the extension is not built")
KINDS = ("spherical", "diag", "tied", "full")


def problem(
    kind: str, *, n: int = 600, d: int = 2, k: int = 5, floor: float = 1e-6, starts: int = 4
) -> tuple[Objective, list[gs.Mixture]]:
    """Weighted rows of overlapping clusters and random starts, in local coordinates."""
    rng = np.random.default_rng(7)
    centers = 3.0 * rng.standard_normal((k, d))
    X = centers[rng.integers(k, size=n)] + rng.standard_normal((n, d)) * np.linspace(0.6, 1.5, d)
    sample = lab.Sample(X + 40.0, rng.uniform(0.5, 2.0, n))
    if kind == "location":
        begun = [gs.Mixture.location(sample.points[rng.choice(n, k)], 1.0) for _ in range(starts)]
        return Objective.near(sample, Location(1.0), begun[0]), begun
    family = family_named(kind, Floor.of(sample.variance, covariance_floor=floor))
    begun = [start_around(sample, family, k, "random_from_data", rng) for _ in range(starts)]
    return Objective.near(sample, family, begun[0]), begun


@pytest.mark.parametrize("accelerate", [False, True])
@pytest.mark.parametrize("floor", [1e-6, 0.2])
@pytest.mark.parametrize("d", rest_slow([3, 1], 1))
@pytest.mark.parametrize("kind", ["location", *KINDS])
def test_both_loops_go_the_same_way(kind: str, d: int, floor: float, accelerate: bool):
    objective, starts = problem(kind, d=d, floor=floor)
    solver = EM(tol=1e-6, max_iter=60 if not accelerate else 500, accelerate=accelerate)
    for start, found in zip(starts, descend_all(solver, objective, starts), strict=True):
        expected = run(solver, objective, start)
        assert found.stop_reason == expected.stop_reason
        assert found.floor_active == expected.floor_active
        # Where an extrapolation is as good as the step, rounding decides between them.
        common = min(len(found.history), len(expected.history), 10)
        # A step of the model is as long as its region to a millionth.
        plain = min(common, EFFORT.solve.second_order_after + 1)
        np.testing.assert_allclose(found.history[:plain], expected.history[:plain], rtol=1e-10)
        np.testing.assert_allclose(found.history[:common], expected.history[:common], rtol=1e-7)
        # On a floor EM creeps, and what it has left after so many iterations is a matter of rounding.
        if not accelerate or found.converged:
            assert found.nll == pytest.approx(expected.nll, abs=1e-6)
        if not accelerate:
            assert found.n_iter == expected.n_iter
            assert found.gradient_norm == pytest.approx(expected.gradient_norm, rel=1e-5)
            np.testing.assert_allclose(found.means, expected.means, atol=1e-8)


@pytest.mark.parametrize("kind", ["location", *KINDS])
def test_it_falls_and_ends_where_it_says(kind: str):
    objective, starts = problem(kind)
    for found in descend_all(EM(tol=1e-5), objective, starts):
        assert found.converged
        assert found.gradient_norm <= 1e-5
        assert np.diff(found.history).max() <= 1e-10
        local = found.local
        assert found.nll == pytest.approx(objective.rows.nll(local), abs=1e-12)


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gmmscape.threads.machine_threads", lambda: 4)
    objective, starts = problem("full", starts=7)
    found = []
    for threads in (1, 2, 3):
        with limited(threads):
            found.append(descend_all(EM(max_iter=30), objective, starts))
    for other in found[1:]:
        assert [s.mixture for s in other] == [s.mixture for s in found[0]]
        assert [s.history for s in other] == [s.history for s in found[0]]


def test_a_floor_is_kept_in_every_direction():
    objective, starts = problem("full", floor=0.3)
    floor = objective.family.floor.variances
    for found in descend_all(EM(tol=1e-6), objective, starts):
        values = np.linalg.eigvalsh(found.mixture.covariances / np.sqrt(floor[:, None] * floor))
        assert values.min() >= 1.0 - 1e-9
    assert any(s.floor_active for s in descend_all(EM(tol=1e-6), objective, starts))


@pytest.mark.parametrize("d", [2, 3, 17, 60])
@pytest.mark.parametrize("shift", [0.0, 1e7])
def test_one_step_onto_the_floor_is_that_of_lapack(d: int, shift: float):
    """Graded columns, two of them collinear, one lone; half of the directions lie below the floor."""
    rng = np.random.default_rng(d)
    X = rng.standard_normal((4 * d, d)) @ rng.standard_normal((d, d)) * np.logspace(0, 3, d)
    X[:, -1] = X[:, 0] * 3.0
    if d > 3:
        X[:, 1] = 5.0
    sample = lab.Sample(X + shift)
    family = family_named("full", Floor.of(sample.variance + 1e-3, covariance_floor=0.4))
    start = start_around(sample, family, 2, "random_from_data", rng)
    objective = Objective.near(sample, family, start)
    solver = EM(tol=0.0, max_iter=1, accelerate=False)
    found, expected = descend_all(solver, objective, [start])[0], run(solver, objective, start)
    assert found.floor_active
    assert expected.floor_active
    scale = np.sqrt(family.floor.variances[:, None] * family.floor.variances)
    ours, theirs = found.mixture.covariances / scale, expected.mixture.covariances / scale
    np.testing.assert_allclose(ours, theirs, atol=1e-11 * np.abs(theirs).max())
    assert np.array_equal(ours, np.swapaxes(ours, 1, 2))


def test_a_component_that_collapses_ends_degenerate():
    X = np.concatenate([np.random.default_rng(0).standard_normal((50, 2)), np.full((1, 2), 40.0)])
    sample = lab.Sample(X)
    family = family_named("full", Floor(np.zeros(2)))
    start = gs.Mixture([0.5, 0.5], [[0.0, 0.0], [40.0, 40.0]], np.tile(np.eye(2), (2, 1, 1)))
    local = start.shifted(-sample.origin)
    objective = Objective.near(sample, family, local)
    assert (
        descend(EM(), objective, local).stop_reason == run(EM(), objective, local).stop_reason == "degenerate"
    )


def test_a_row_out_of_reach_is_left_to_the_reference_engine():
    sample = lab.Sample([[0.0], [1.0], [1e152]], [1.0, 1.0, 1e-31])
    start = gs.Mixture.location([[0.0], [1.0]], 1e-3)
    local = start.shifted(-sample.origin)
    objective = Objective.near(sample, Location(1e-3), local)
    solver = EM(max_iter=3, accelerate=False)
    assert descend(solver, objective, local).history == run(solver, objective, local).history


@pytest.mark.parametrize("engine_name", ["native", "reference"])
def test_starts_without_a_prospect_are_given_up(engine_name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMMSCAPE_ENGINE", engine_name)
    objective, starts = problem("spherical")
    solver = EM(tol=0.0, max_iter=200)
    whole = descend(solver, objective, starts[0])
    patience = Patience(target=whole.nll - 1.0, screen=10, outlook=5)
    found = descend(solver, objective, starts[0], patience=patience)
    assert 10 <= found.n_iter < 100
    assert (found.stop_reason, found.error) == ("max_iter", np.inf)
    hopeful = Patience(target=whole.nll + 1e-3, screen=10, outlook=100)
    assert descend(EM(tol=1e-3), objective, starts[0], patience=hopeful).converged


def long_problem() -> tuple[Objective, list[gs.Mixture]]:
    objective, starts = problem("full", n=3000, k=12, starts=6)
    return objective, starts


def test_time_runs_out():
    objective, starts = long_problem()
    began = time.monotonic()
    found = descend_all(EM(tol=0.0, max_iter=10**7), objective, starts, max_seconds=0.3)
    assert time.monotonic() - began < 5.0
    assert 1 <= len(found) <= len(starts)
    assert found[0].stop_reason == "time_limit"
    assert found[0].n_iter > 0


@pytest.mark.parametrize("seconds", [0.0, -1e300, -np.inf])
def test_no_time_at_all_returns_the_start(seconds: float):
    objective, starts = problem("tied")
    found = descend_all(EM(), objective, starts, max_seconds=seconds)
    assert found[0].stop_reason == "time_limit"
    assert found[0].mixture.shifted(-objective.measure.origin) == starts[0]
    assert found[0].nll == pytest.approx(objective.rows.nll(starts[0]), abs=1e-12)


def test_a_watch_sees_and_stops():
    objective, starts = long_problem()
    seen: list[tuple[int, int, float]] = []

    def watch(ended: int, iterations: int, nll: float) -> bool:
        seen.append((ended, iterations, nll))
        return len(seen) == 3

    found = descend_all(EM(tol=0.0, max_iter=10**7), objective, starts, watch=watch)
    assert len(seen) >= 3
    assert seen[0][1] < seen[2][1]
    assert found[-1].stop_reason == "interrupted"
    assert found[0].nll < objective.rows.nll(starts[0])


def test_a_short_run_is_seen_once():
    objective, starts = problem("tied")
    seen: list[int] = []
    descend(
        EM(max_iter=2), objective, starts[0], watch=lambda ended, iterations, nll: seen.append(iterations)
    )
    assert seen[-1] == 2


def test_errors_of_a_watch_come_through():
    objective, starts = long_problem()

    def watch(ended: int, iterations: int, nll: float) -> bool:
        raise LookupError("from the watch")

    with pytest.raises(LookupError, match="from the watch"):
        descend_all(EM(tol=0.0, max_iter=10**7), objective, starts, watch=watch)


@pytest.mark.usefixtures("ctrl_c_works")
def test_ctrl_c_keeps_what_was_reached():
    objective, starts = long_problem()
    threading.Timer(0.3, _thread.interrupt_main).start()
    began = time.monotonic()
    found = descend_all(EM(tol=0.0, max_iter=10**7), objective, starts)
    assert time.monotonic() - began < 10.0
    assert found[0].stop_reason == "interrupted"
    assert found[0].n_iter > 0
    threading.Timer(0.3, _thread.interrupt_main).start()
    assert ends_of_all(EM(tol=0.0, max_iter=10**7), objective, starts) == ([], True)


@pytest.mark.parametrize("native", [True, False])
def test_rough_ends_stop_with_the_clock_and_the_watch(native: bool, monkeypatch: pytest.MonkeyPatch):
    objective, starts = problem("diag")
    solver = EM(tol=1e-3)
    if not native:
        monkeypatch.setattr(NativeRows, "em", lambda self, task: None)
    whole, interrupted = ends_of_all(solver, objective, starts)
    assert not interrupted
    assert len(whole) == len(starts)
    assert ends_of_all(solver, objective, starts, max_seconds=0.0) == ([], False)
    calls: list[int] = []

    def watch(ended: int, iterations: int, nll: float) -> bool:
        calls.append(ended)
        return False

    watched, _ = ends_of_all(solver, objective, starts, watch=watch)
    assert all(np.array_equal(a.means, b.means) for a, b in zip(whole, watched, strict=True))
    endless = EM(tol=0.0, max_iter=10**7)
    assert ends_of_all(endless, objective, starts, watch=lambda *seen: True) == ([], False)


def test_a_lone_start_shares_its_passes_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gmmscape.threads.machine_threads", lambda: 4)
    objective, starts = problem("full", n=60_000, k=8, starts=1)
    solver = EM(max_iter=40)
    found = []
    for threads in (1, 3):
        with limited(threads):
            found.append(descend(solver, objective, starts[0]))
    assert found[0].mixture == found[1].mixture
    assert found[0].history == found[1].history


def test_each_iteration_can_be_seen():
    objective, starts = problem("diag")
    seen: list[int] = []
    solver = EM(tol=0.0, max_iter=7)
    descend_all(
        solver, objective, starts[:1], watch=lambda e, i, nll: bool(seen.append(i)), each_iteration=True
    )
    assert seen == [1, 2, 3, 4, 5, 6, 7]
