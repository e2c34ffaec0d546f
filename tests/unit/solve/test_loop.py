"""The loop: budgets, callbacks, interruption and history, the same for every solver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Floor, Location, family_named
from gmmscape.objective import Objective
from gmmscape.progress import Event
from gmmscape.solve import EM, STOP_REASONS, GradientDescent, Newton, run

SOLVERS = [EM(accelerate=False), EM(), Newton(), GradientDescent()]
every_solver = pytest.mark.parametrize("solver", SOLVERS, ids=["em", "accelerated", "newton", "gradient"])


def problem() -> tuple[Objective, gs.Mixture, lab.Sample]:
    """Return an objective, a start from which no solver converges at once, and the sample."""
    X = np.random.default_rng(0).normal(size=(80, 1)) + np.repeat([[100.0], [103.0]], 40, axis=0)
    sample = lab.Sample(X)
    start = gs.Mixture.location([99.0, 101.0], 1.0).shifted(-sample.origin)
    return Objective.near(sample, Location(1.0), start), start, sample


def nll_of(mixture: gs.Mixture, sample: lab.Sample) -> float:
    """Return the NLL in the caller's coordinates and units."""
    return -float(sample.weights @ mixture.log_density(sample.points + sample.origin))


@every_solver
def test_a_solution_says_where_it_is_and_why(solver: Any):
    objective, start, sample = problem()
    solution = run(solver, objective, start)
    assert solution.stop_reason == "converged"
    assert solution.converged
    assert solution.gradient_norm <= solver.tol
    assert solution.nll == pytest.approx(nll_of(solution.mixture, sample), rel=1e-12)
    assert solution.error < 1e-12
    assert not solution.floor_active
    np.testing.assert_array_equal(solution.means, solution.mixture.means)
    assert 99.0 < solution.means.min() < solution.means.max() < 104.0


@every_solver
def test_history_has_the_start_and_every_iteration(solver: Any):
    objective, start, sample = problem()
    solution = run(solver, objective, start)
    assert len(solution.history) == solution.n_iter + 1
    assert solution.n_iter > 1
    assert solution.history[0] == pytest.approx(nll_of(start.shifted(sample.origin), sample), rel=1e-12)
    assert solution.history[-1] == solution.nll
    assert solution.history[0] > solution.history[1] > solution.history[-1]


@every_solver
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_max_iter_stops(solver: Any, limit: int):
    objective, start, _ = problem()
    limited = type(solver)(**(vars(solver) | {"max_iter": limit}))
    solution = run(limited, objective, start)
    assert (solution.stop_reason, solution.n_iter, len(solution.history)) == ("max_iter", limit, limit + 1)
    assert not solution.converged
    whole = run(solver, objective, start)
    assert solution.history == whole.history[: limit + 1]


@every_solver
def test_no_time_means_no_iteration(solver: Any):
    objective, start, sample = problem()
    solution = run(solver, objective, start, max_seconds=0.0)
    assert (solution.stop_reason, solution.n_iter) == ("time_limit", 0)
    np.testing.assert_allclose(solution.means, start.means + sample.origin, rtol=1e-15)


@every_solver
def test_a_point_that_is_converged_already_needs_no_time(solver: Any):
    objective, start, _ = problem()
    # Newton reaches rounding, which every solver takes for converged.
    best = run(Newton(), objective, start)
    again = run(solver, objective, best.local, max_seconds=60.0)
    assert again.stop_reason == "converged"
    assert again.nll == pytest.approx(best.nll, rel=1e-14)
    np.testing.assert_allclose(again.means, best.means, rtol=1e-9)


@every_solver
def test_a_callback_sees_every_iteration(solver: Any):
    objective, start, _ = problem()
    seen: list[Event] = []
    solution = run(solver, objective, start, callback=seen.append)
    assert solution.stop_reason == "converged"
    assert [p.done for p in seen] == list(range(1, solution.n_iter + 1))
    assert tuple(p.value for p in seen) == solution.history[1:]
    assert seen[-1].detail["gradient_norm"] == solution.gradient_norm
    times = [p.seconds for p in seen]
    assert times == sorted(times)
    assert times[0] >= 0.0


@every_solver
def test_a_callback_that_returns_true_stops(solver: Any):
    objective, start, _ = problem()
    solution = run(solver, objective, start, callback=lambda progress: progress.done == 2)
    assert (solution.stop_reason, solution.n_iter) == ("interrupted", 2)


@pytest.mark.parametrize("answer", [True, np.True_])
def test_true_stops(answer: Any):
    objective, start, _ = problem()
    assert run(Newton(), objective, start, callback=lambda _: answer).stop_reason == "interrupted"


@pytest.mark.parametrize("answer", [1, "yes", None, False, np.False_])
def test_only_true_itself_stops(answer: Any):
    """A callback such as ``list.append`` or one that returns a number must not stop the fit."""
    objective, start, _ = problem()
    solution = run(Newton(), objective, start, callback=lambda _: answer)
    assert solution.stop_reason == "converged"


@every_solver
@pytest.mark.parametrize("at", [1, 3])
def test_ctrl_c_keeps_the_last_point(solver: Any, at: int):
    objective, start, sample = problem()
    values: list[float] = []

    def callback(progress: Event) -> None:
        values.append(progress.value)
        if progress.done == at:
            raise KeyboardInterrupt

    solution = run(solver, objective, start, callback=callback)
    assert (solution.stop_reason, solution.n_iter) == ("interrupted", at)
    assert solution.nll == values[-1] == min(solution.history)
    assert solution.nll == pytest.approx(nll_of(solution.mixture, sample), rel=1e-12)
    whole = run(solver, objective, start)
    assert solution.history == whole.history[: at + 1]


def test_ctrl_c_inside_a_step_keeps_the_point_before_it(monkeypatch: pytest.MonkeyPatch):
    objective, start, sample = problem()
    solver, plain = EM(accelerate=False), EM.step
    calls = []

    def step(self: EM, objective: Objective, state: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return plain(self, objective, state)

    monkeypatch.setattr(EM, "step", step)
    solution = run(solver, objective, start)
    assert (solution.stop_reason, solution.n_iter, len(solution.history)) == ("interrupted", 2, 3)
    assert solution.nll == pytest.approx(nll_of(solution.mixture, sample), rel=1e-12)


def test_other_exceptions_of_a_callback_reach_the_caller():
    objective, start, _ = problem()

    def callback(progress: Event) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        run(Newton(), objective, start, callback=callback)


@every_solver
def test_a_component_without_any_data_is_a_plateau(solver: Any):
    objective, _, sample = problem()
    start = gs.Mixture.location([101.0, 1e6], 1.0).shifted(-sample.origin)
    solution = run(solver, objective, start)
    assert solution.stop_reason == "plateau"
    assert solution.gradient_norm == np.inf
    assert solution.means[1] == 1e6
    assert solution.means[0] == pytest.approx(sample.points.mean() + sample.origin[0], abs=1e-6)


def test_the_floor_is_reported(rng: np.random.Generator):
    """Two rows repeated: every covariance ends on the floor."""
    sample = lab.Sample(np.repeat([[0.0, 0.0], [4.0, 4.0]], 10, axis=0))
    family = family_named("full", Floor.of(sample.variance))
    start = gs.Mixture(None, [[0.5, 0.0], [3.0, 4.0]], [np.eye(2)] * 2).shifted(-sample.origin)
    solution = run(EM(), Objective.near(sample, family, start), start)
    assert solution.stop_reason == "converged"
    assert solution.floor_active


def test_every_way_to_stop_is_explained():
    objective, start, sample = problem()
    far = gs.Mixture.location([101.0, 1e6], 1.0).shifted(-sample.origin)
    duplicates = lab.Sample(np.repeat([[0.0], [4.0]], 10, axis=0))
    free = family_named("full", Floor(np.zeros(1)))
    narrow = gs.Mixture(None, [[0.1], [3.9]], [[[1.0]], [[1.0]]]).shifted(-duplicates.origin)
    found = {
        run(Newton(), objective, start).stop_reason,
        run(Newton(max_iter=1), objective, start).stop_reason,
        run(Newton(), objective, start, max_seconds=0.0).stop_reason,
        run(Newton(), objective, start, callback=lambda _: True).stop_reason,
        run(Newton(), objective, far).stop_reason,
        run(EM(), Objective.near(duplicates, free, narrow), narrow).stop_reason,
    }
    assert found == set(STOP_REASONS)
    assert all(len(text) > 20 for text in STOP_REASONS.values())
