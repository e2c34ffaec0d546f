"""Gradient descent: monotone, and slow but sure on its way to Newton's minimum."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Location
from gmmscape.measure import Measure
from gmmscape.objective import Objective
from gmmscape.solve import EM, GradientDescent, Newton, run


def sample(d: int) -> lab.Sample:
    """Return a weighted sample of three clouds with sigma 0.7."""
    rng = np.random.default_rng(d)
    X = np.concatenate([rng.normal(50.0 + 2.5 * i, 0.7, (50, d)) for i in range(3)])
    return lab.Sample(X, rng.uniform(0.2, 2.0, len(X)))


def problem(d: int, seed: int, measure: Measure | None = None) -> tuple[Objective, gs.Mixture]:
    """Return an objective with sigma 0.7 and a random start in local coordinates."""
    measure = measure or sample(d)
    rng = np.random.default_rng([d, seed])
    start = gs.Mixture.location(rng.normal(0.0, 3.0, (3, d)), 0.7, [0.5, 0.25, 0.25])
    return Objective.near(measure, Location(0.7), start), start


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("d", [1, 3])
def test_values_never_rise(d: int, seed: int):
    objective, start = problem(d, seed)
    solution = run(GradientDescent(max_iter=400), objective, start)
    assert np.diff(solution.history).max() <= 1e-14 * abs(solution.nll)
    assert solution.nll < solution.history[0] - 1e-3


@pytest.mark.parametrize("d", [1, 3])
def test_a_step_is_minus_sigma_squared_times_the_gradient(d: int):
    """Against central differences of the NLL, by way of `Mixture.log_density`."""
    objective, start = problem(d, 0)
    solution = run(GradientDescent(max_iter=1), objective, start)
    step = solution.means - objective.measure.origin - start.means
    data, h = objective.measure, 1e-5
    for index in np.ndindex(start.means.shape):
        values = []
        for sign in (1.0, -1.0):
            means = start.means.copy()
            means[index] += sign * h
            moved = gs.Mixture.location(means, 0.7, start.weights)
            values.append(-float(data.weights @ moved.log_density(data.points)))
        assert step[index] == pytest.approx(-0.49 * (values[0] - values[1]) / (2 * h), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("d", [1, 3])
def test_reaches_newtons_minimum_and_is_slower(d: int):
    objective, start = problem(d, 1)
    near = run(GradientDescent(max_iter=30), objective, start).local
    gradient = run(GradientDescent(tol=1e-9), objective, near)
    newton = run(Newton(), objective, near)
    assert gradient.stop_reason == newton.stop_reason == "converged"
    assert gradient.nll == pytest.approx(newton.nll, abs=1e-12)
    np.testing.assert_allclose(gradient.means, newton.means, atol=1e-6)
    assert gradient.n_iter > 3 * newton.n_iter
    assert gradient.gradient_norm <= 1e-9


def test_reaches_newtons_minimum_of_a_population():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    measure = lab.Population(truth)
    start = gs.Mixture.location([-4.0, 2.0, 13.0], 1.0).shifted(-measure.origin)
    objective = Objective.near(measure, Location(1.0), start)
    gradient = run(GradientDescent(), objective, start)
    assert gradient.stop_reason == "converged"
    np.testing.assert_allclose(gradient.means, truth.means, atol=1e-6)
    assert gradient.nll == pytest.approx(float(measure.entropy), abs=1e-9)


def test_moves_no_farther_than_em():
    """The gradient step is the EM step times the component's mass, which is at most one."""
    objective, start = problem(2, 3)
    origin = objective.measure.origin
    gradient = run(GradientDescent(max_iter=1), objective, start).means - origin - start.means
    em = run(EM(max_iter=1, accelerate=False), objective, start).means - origin - start.means
    mass = objective.measure.weights @ start.responsibilities(objective.measure.points)
    np.testing.assert_allclose(gradient, mass[:, None] * em, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("solver", [GradientDescent(max_iter=2), Newton(max_iter=2)])
def test_gradient_norm_is_the_length_of_the_em_step_in_sigma(solver: GradientDescent | Newton):
    """Whichever solver reports it; the EM step is taken here from the weighted means of the rows."""
    objective, start = problem(2, 4)
    data = objective.measure
    solution = run(solver, objective, start)
    shares = data.weights[:, None] * solution.mixture.responsibilities(data.points + data.origin)
    means = shares.T @ data.points / shares.sum(axis=0)[:, None] + data.origin
    longest = np.linalg.norm(means - solution.means, axis=1).max()
    assert solution.gradient_norm == pytest.approx(longest / 0.7, rel=1e-9)


def test_a_longer_step_than_sigma_squared_can_overshoot():
    """Negative control: for one component sigma^2 is the whole way, and 2.1 times it goes uphill."""
    data = sample(2)
    start = gs.Mixture.location([[4.0, -3.0]], 0.7)
    objective = Objective.near(data, Location(0.7), start)
    solution = run(GradientDescent(), objective, start)
    assert solution.n_iter == 1
    centre = data.weights @ data.points
    np.testing.assert_allclose(solution.means[0] - data.origin, centre, atol=1e-12)
    too_far = gs.Mixture.location(start.means + 2.1 * (centre - start.means), 0.7)
    values = [-float(data.weights @ m.log_density(data.points)) for m in (start, too_far)]
    assert values[1] > values[0]


def test_stops_at_a_saddle_where_the_gradient_is_zero():
    """Coincident means at the centre of a symmetric sample: no gradient, so nothing to follow."""
    data = lab.Sample([[-3.0], [-3.0], [0.0], [3.0], [3.0]])
    start = gs.Mixture.location([0.0, 0.0], 1.0)
    objective = Objective.near(data, Location(1.0), start)
    solution = run(GradientDescent(), objective, start)
    assert (solution.stop_reason, solution.n_iter) == ("converged", 0)
    assert run(Newton(), objective, start).nll < solution.nll - 0.1


@pytest.mark.parametrize(("means", "reason"), [([0.0, 0.0, 0.0], "converged"), ([0.0, 1000.0], "plateau")])
def test_a_slope_of_exactly_zero_is_an_end_whatever_the_tolerance(means: list[float], reason: str):
    """Rows at -1 and 1, means in the middle, and one that no row tells of."""
    measure = lab.Sample(np.array([[-1.0], [1.0]]))
    start = gs.Mixture.location(means, 1.0).shifted(-measure.origin)
    solution = run(GradientDescent(tol=0.0), Objective.near(measure, Location(1.0), start), start)
    assert (solution.stop_reason, solution.n_iter) == (reason, 0)
    assert solution.means[:, 0].tolist() == means


def test_a_weight_that_no_row_supports_ends_the_descent():
    """Two free weights, one next to nothing of a component out of reach of all rows."""
    measure = lab.Sample(np.array([[-1.0], [1.0]]))
    start = gs.Mixture.location([0.0, 1000.0], 1.0, [1.0, 1e-30]).shifted(-measure.origin)
    objective = Objective.near(measure, Location(1.0, free_weights=True), start)
    solution = run(GradientDescent(), objective, start)
    assert (solution.stop_reason, solution.n_iter) == ("plateau", 0)
