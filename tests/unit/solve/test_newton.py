"""Trust-region Newton: its subproblem against brute force, its saddles and its speed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Location
from gmmscape.objective import Objective
from gmmscape.progress import Event
from gmmscape.solve import EM, Newton, run
from gmmscape.solve.newton import trust_region_step

Array = NDArray[np.float64]


def model(gradient: Array, hessian: Array, steps: Array) -> Array:
    """Return the change of the quadratic model at each step, shape (..., 2)."""
    return steps @ gradient + 0.5 * np.einsum("...i,ij,...j->...", steps, hessian, steps)


def lowest_on_a_grid(gradient: Array, hessian: Array, radius: float) -> float:
    """Return the smallest value of the model on a polar grid of the disc, its circle included."""
    angles = np.linspace(0.0, 2 * np.pi, 2001)
    radii = radius * np.linspace(0.0, 1.0, 101)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return float(model(gradient, hessian, radii[:, None, None] * circle).min())


def random_problem(seed: int, low: float, high: float) -> tuple[Array, Array, float]:
    """Return a gradient, a Hessian with eigenvalues between `low` and `high`, and a radius."""
    rng = np.random.default_rng(seed)
    turn = rng.uniform(0.0, np.pi)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    hessian = axes @ np.diag(rng.uniform(low, high, 2)) @ axes.T
    return rng.normal(size=2) * 10 ** rng.uniform(-2, 1), 0.5 * (hessian + hessian.T), rng.uniform(0.1, 3.0)


def check(gradient: Array, hessian: Array, radius: float) -> Array:
    """Assert that the step is in the ball, is as low as the grid, and predicts its own decrease."""
    step, predicted = trust_region_step(gradient, hessian, radius)
    assert np.linalg.norm(step) <= radius * (1 + 1e-7)
    value = float(model(gradient, hessian, step))
    scale = np.linalg.norm(gradient) * radius + np.abs(hessian).max() * radius**2
    assert value <= lowest_on_a_grid(gradient, hessian, radius) + 1e-7 * scale
    assert predicted == pytest.approx(-value, rel=1e-9, abs=1e-12 * scale)
    assert predicted >= 0.0
    return step


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(
    ("low", "high"), [(0.2, 5.0), (-5.0, -0.2), (-4.0, 4.0)], ids=["definite", "negative", "any"]
)
def test_step_is_the_minimiser_in_the_disc(low: float, high: float, seed: int):
    check(*random_problem(seed, low, high))


@pytest.mark.parametrize("radius", [0.1, 1.0, 30.0])
def test_definite_hessian_takes_the_newton_step_if_it_fits(radius: float):
    gradient, hessian = np.array([1.0, -2.0]), np.array([[2.0, 0.5], [0.5, 1.0]])
    newton = -np.linalg.solve(hessian, gradient)
    step = check(gradient, hessian, radius)
    if radius > np.linalg.norm(newton):
        np.testing.assert_allclose(step, newton, rtol=1e-12)
    else:
        assert np.linalg.norm(step) == pytest.approx(radius, rel=1e-7)
        assert not np.allclose(step, radius * newton / np.linalg.norm(newton), rtol=1e-2)


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        # Curvatures -1 and 3. Without any gradient the step is the radius along the first axis.
        ([0.0, 0.0], [2.0, 0.0]),
        # lambda = 1: the second coordinate is -g/(3 + 1), and the rest of the radius goes along the first.
        ([0.0, 4.0], [np.sqrt(3.0), -1.0]),
        ([0.0, -4.0], [np.sqrt(3.0), 1.0]),
        ([0.0, -7.8], [np.sqrt(4.0 - 1.95**2), 1.95]),
    ],
)
def test_hard_case_goes_to_the_boundary_with_a_fixed_sign(gradient: list[float], expected: list[float]):
    step = check(np.array(gradient), np.diag([-1.0, 3.0]), 2.0)
    np.testing.assert_allclose(step, expected, rtol=1e-7, atol=1e-7)


def test_no_hard_case_where_the_radius_is_used_up():
    """Slope 40 along the second axis: lambda = 17 > 1 alone uses the radius, nothing goes along the first."""
    step = check(np.array([0.0, 40.0]), np.diag([-1.0, 3.0]), 2.0)
    np.testing.assert_allclose(step, [0.0, -2.0], rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("slope", [1e-3, 1e-6, 1e-9, 1e-12, 1e-14, 1e-15, 1e-16, 1e-17])
def test_nearly_hard_cases(slope: float):
    step = check(np.array([slope, 1.0]), np.diag([-1.0, 3.0]), 2.0)
    assert step[0] < 0.0  # downhill, however little
    assert np.linalg.norm(step) == pytest.approx(2.0, rel=1e-6)


def test_rotated_hard_case():
    """The direction of negative curvature is (1, -1): the sign makes the larger entry positive."""
    step = check(np.array([3.0, 3.0]), np.array([[1.0, 2.0], [2.0, 1.0]]), 4.0)
    along = step @ np.array([1.0, -1.0]) / np.sqrt(2.0)
    # Across: slope 3 sqrt(2), curvature 3 + 1; the rest of the radius goes along.
    assert step @ np.array([1.0, 1.0]) / np.sqrt(2.0) == pytest.approx(-3 * np.sqrt(2.0) / 4.0, rel=1e-7)
    assert abs(along) == pytest.approx(np.sqrt(16.0 - 18.0 / 16.0), rel=1e-7)


def test_the_sign_of_the_hard_case_does_not_depend_on_the_eigenvectors():
    """Whatever sign LAPACK gives to a vector, the largest entry of the step is positive."""
    signs = set()
    for angle in np.linspace(0.1, 3.0, 12):
        axis = np.array([np.cos(angle), np.sin(angle)])
        hessian = np.eye(2) - 3.0 * np.outer(axis, axis)
        lapack = np.linalg.eigh(hessian)[1][:, 0]
        largest = np.argmax(np.abs(axis))
        signs.add(bool(lapack[largest] > 0))
        step = check(np.zeros(2), hessian, 1.5)
        np.testing.assert_allclose(step, 1.5 * axis * np.sign(axis[largest]), rtol=1e-9)
    assert signs == {True, False}


@pytest.mark.parametrize("seed", range(5))
def test_no_step_in_more_dimensions_is_better(seed: int):
    """Against random steps of a ball in six dimensions, where a grid would be too large."""
    rng = np.random.default_rng(seed)
    hessian = rng.normal(size=(6, 6))
    hessian = hessian + hessian.T
    gradient, radius = rng.normal(size=6), 1.5
    step, predicted = trust_region_step(gradient, hessian, radius)
    others = rng.normal(size=(20_000, 6))
    others *= radius * rng.uniform(0, 1, (20_000, 1)) ** 0.1 / np.linalg.norm(others, axis=1, keepdims=True)
    near = step + 0.01 * others
    near *= np.minimum(1.0, radius / np.linalg.norm(near, axis=1, keepdims=True))
    assert np.linalg.norm(step) <= radius * (1 + 1e-7)
    assert model(gradient, hessian, np.concatenate([others, near])).min() >= -predicted - 1e-6


def test_a_flat_direction_without_slope_is_not_moved_along():
    step, predicted = trust_region_step(np.array([0.0, 1.0]), np.diag([0.0, 2.0]), 3.0)
    np.testing.assert_allclose(step, [0.0, -0.5], atol=1e-14)
    assert predicted == pytest.approx(0.25)


def test_rounding_along_a_flat_direction_is_not_blown_up_into_a_jump():
    """A slope of 1e-12 where the curvature is rounding: the ball's radius would be a jump to nowhere."""
    step, _ = trust_region_step(np.array([1e-12, 1.0]), np.diag([1e-17, 2.0]), 3.0)
    assert -0.1 < step[0] <= 0.0
    assert step[1] == pytest.approx(-0.5, rel=1e-12)


def population(centers: list[float]) -> lab.Population:
    return lab.Population(gs.Mixture.location(centers, 1.0))


def test_coincident_means_are_a_saddle_that_newton_leaves():
    """By symmetry the gradient at (0, 0) is zero; the Hessian is not."""
    land = lab.Landscape(population([-3.0, 3.0]), 2)
    assert np.abs(land.gradient([0.0, 0.0])).max() < 1e-9
    assert np.linalg.eigvalsh(land.hessian([0.0, 0.0]).reshape(2, 2))[0] < -0.1
    point = land.descend([0.0, 0.0])
    np.testing.assert_allclose(np.sort(point.means.ravel()), [-3.0, 3.0], atol=1e-8)
    again = land.descend([0.0, 0.0])
    np.testing.assert_array_equal(again.means, point.means)


def test_em_stays_on_that_saddle():
    """Negative control: without curvature the saddle is a fixed point."""
    start = gs.Mixture.location([0.0, 0.0], 1.0)
    measure = population([-3.0, 3.0])
    local = start.shifted(-measure.origin)
    solution = run(EM(accelerate=False), Objective.near(measure, Location(1.0), local), local)
    np.testing.assert_allclose(solution.means, [[0.0], [0.0]], atol=1e-9)
    newton = run(Newton(), Objective.near(measure, Location(1.0), local), local)
    assert newton.stop_reason == "converged"
    assert newton.nll < solution.nll - 0.5


def overlapping() -> tuple[Objective, gs.Mixture, gs.Mixture]:
    """Return an objective with overlapping components, a start, and the truth, all local."""
    truth = gs.Mixture.location([-1.5, 0.0, 2.0], 1.0)
    measure = lab.Population(truth)
    start = gs.Mixture.location([-2.0, 0.6, 2.8], 1.0).shifted(-measure.origin)
    return Objective.near(measure, Location(1.0), start, 1e-15), start, truth.shifted(-measure.origin)


def newton_errors(tol: float) -> list[float]:
    """Return the distances from the truth after each Newton iteration."""
    objective, start, truth = overlapping()
    solver = Newton(tol=tol)
    state = solver.init(objective, start)
    errors = [float(np.linalg.norm(state.mixture.means - truth.means))]
    while solver.done(state) is None:
        state = solver.step(objective, state)
        errors.append(float(np.linalg.norm(state.mixture.means - truth.means)))
    return errors


def test_convergence_is_quadratic():
    errors = np.array(newton_errors(1e-9))
    close = np.flatnonzero((errors < 0.5) & (errors > 1e-6))
    assert len(close) >= 3
    assert np.all(errors[close + 1] <= 10 * errors[close] ** 2)
    assert errors[-1] < 1e-10


def test_convergence_of_em_on_the_same_problem_is_linear():
    """Negative control of the test above: each EM step is more than half as long as the one before."""
    objective, start, _ = overlapping()
    seen: list[Event] = []
    em = run(EM(accelerate=False, tol=1e-10), objective, start, callback=seen.append)
    norms = np.array([p.detail["gradient_norm"] for p in seen])
    late = norms[len(norms) // 2 :]
    assert np.all(late[1:] > 0.5 * late[:-1])
    newton = run(Newton(), objective, start)
    assert newton.n_iter * 4 < em.n_iter
    np.testing.assert_allclose(newton.means, em.means, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_values_never_rise_and_the_end_is_a_minimum(seed: int):
    rng = np.random.default_rng(seed)
    sample = lab.Sample(np.concatenate([rng.normal(m, 1.0, (60, 2)) for m in (0.0, 3.0, 5.0)]))
    start = gs.Mixture.location(rng.normal(2.0, 3.0, (4, 2)), 1.0).shifted(-sample.origin)
    objective = Objective.near(sample, Location(1.0), start)
    solution = run(Newton(), objective, start)
    assert solution.stop_reason == "converged"
    assert np.all(np.diff(solution.history) <= 1e-14 * abs(solution.nll))
    end = objective.derivatives(solution.local, hessian=True)
    assert np.abs(end.gradient).max() < 1e-9
    assert np.linalg.eigvalsh(end.hessian)[0] > -1e-10


@pytest.mark.parametrize("factor", [0.25, 1024.0])
def test_the_path_does_not_depend_on_the_unit_of_length(factor: float):
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.normal(m, 1.0, (60, 1)) for m in (0.0, 3.0)])
    paths = []
    for scale in (1.0, factor):
        sample = lab.Sample(scale * X)
        start = gs.Mixture.location(scale * np.array([1.0, 1.5]), scale).shifted(-sample.origin)
        solution = run(Newton(), Objective.near(sample, Location(scale), start), start)
        paths.append((solution.n_iter, solution.means / scale, np.array(solution.history) - np.log(scale)))
    assert paths[0][0] == paths[1][0]
    np.testing.assert_allclose(paths[0][1], paths[1][1], rtol=1e-14)
    np.testing.assert_allclose(paths[0][2], paths[1][2], rtol=1e-13)
