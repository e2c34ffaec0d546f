"""Trapezoid rules: their nodes, their measured errors, and when they are fine enough."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.special import expit

import gmmscape as gs
from gmmscape import lab
from gmmscape.effort import EFFORT
from gmmscape.measure.quadrature import Rule, fitted_rule
from gmmscape.tolerances import TOLERANCES

QUIET = (1e-15,)


def expectation(function):
    return lambda x, w: (np.atleast_1d(w @ function(x)),)


def test_nodes_integrate_polynomials_times_the_gaussian():
    for shift in (0.0, 0.25, 0.5):
        z, w = Rule((0.4,)).nodes(0, shift)
        x = z[:, 0]
        assert w.sum() == pytest.approx(1.0, abs=1e-15)
        assert w @ x**2 == pytest.approx(1.0, abs=4e-15)
        assert w @ x**4 == pytest.approx(3.0, abs=4e-14)


@pytest.mark.parametrize("dimension", [2, 3])
def test_tensor_nodes_integrate_polynomials_times_the_gaussian(dimension):
    steps = (0.7, 0.5, 0.6)[:dimension]
    for axis in range(dimension):
        z, w = Rule(steps).nodes(axis, 0.25)
        assert w.sum() == pytest.approx(1.0, abs=1e-14)
        assert (z * w[:, None]).T @ z == pytest.approx(np.eye(dimension), abs=1e-13)
        assert w @ (z[:, 0] ** 2 * z[:, -1] ** 2) == pytest.approx(1.0, abs=1e-12)


def test_a_rule_without_axes_is_one_node():
    z, w = Rule(()).nodes()
    assert z.shape == (1, 0)
    assert w.tolist() == [1.0]
    assert Rule(()).measured(lambda z, w: (w,)) == (0.0,)
    assert fitted_rule(0, lambda z, w: (w,), 1e-10, QUIET) == Rule(())


@pytest.mark.parametrize("place", [0.0, 0.1, 0.37, 1.2])
@pytest.mark.parametrize("sharpness", [1.0, 10.0, 100.0])
def test_measured_errors_are_those_of_the_sum(place, sharpness):
    """For a step of the given sharpness, wherever it lies between the nodes."""

    def smooth_step(x):
        return expit(sharpness * (x[:, 0] - place))

    x, w = Rule((1e-4,)).nodes()
    exact = w @ smooth_step(x)
    for step in (0.8, 0.4, 0.1):
        rule = Rule((step,))
        each = [rule.nodes(0, shift) for shift in (0.0, 0.25, 0.5, 0.75)]
        errors = np.abs(np.array([w @ smooth_step(x) for x, w in each]) - exact)
        (measured,) = rule.measured(expectation(smooth_step))
        assert errors.max() <= measured + 1e-14  # also where a lucky phase spares the rule itself
        assert measured <= 20 * errors.max() + 1e-14


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 4])
def test_measured_errors_in_the_plane(angle):
    """A step along a line through the plane, along the axes or not."""

    def smooth_step(x):
        return expit(10.0 * (x @ [np.cos(angle), np.sin(angle)] - 0.3))

    x, w = Rule((1e-3,)).nodes()
    exact = w @ expit(10.0 * (x[:, 0] - 0.3))
    for steps in ((0.4, 0.4), (0.2, 0.8)):
        rule = Rule(steps)
        x, w = rule.nodes()
        (measured,) = rule.measured(expectation(smooth_step))
        assert abs(w @ smooth_step(x) - exact) <= measured + 1e-14
        assert measured < 1.0


def test_a_rule_is_refined_until_its_errors_are_small():
    def kink(x):
        return np.logaddexp(0.0, 50.0 * (x[:, 0] - 0.1))

    steps = []
    for tolerance in (1e-2, 1e-5, 1e-10):
        rule = fitted_rule(1, expectation(kink), tolerance, QUIET)
        assert rule.measured(expectation(kink))[0] <= tolerance
        steps.append(rule.steps[0])
    assert steps[0] > steps[1] > steps[2]

    def far(x):
        return kink(x + 9.0)

    assert fitted_rule(1, expectation(far), 1e-10, QUIET).steps[0] > 4 * steps[2]


def test_only_the_axis_that_errs_is_refined_and_there_is_an_end_to_it():
    def kink(x):
        return np.logaddexp(0.0, 50.0 * (x[:, 1] - 0.1))

    rule = fitted_rule(2, expectation(kink), 1e-8, QUIET)
    assert rule.steps[1] < 0.1 < 0.5 < rule.steps[0]
    assert rule.measured(expectation(kink))[0] <= 1e-8

    def corner(x):
        return np.abs(x).max(axis=1)

    assert (
        0.1 * EFFORT.measure.most_nodes[2]
        < len(fitted_rule(2, expectation(corner), 1e-12, QUIET).nodes()[1])
        < 1.1 * EFFORT.measure.most_nodes[2]
    )


def test_rounding_is_not_chased():
    rng = np.random.default_rng(0)

    def noisy(x, w):
        return (np.array([1e-8 * rng.normal()]),)

    assert fitted_rule(1, noisy, 1e-12, (1e-6,)).steps[0] > 0.5
    assert fitted_rule(1, noisy, 1e-12, (0.0,)).steps[0] <= 2 * TOLERANCES.measure.finest_step


@pytest.mark.parametrize("means", [[-0.5, 0.0, 0.5], [0.03, 0.48, -0.39]])
@pytest.mark.parametrize("tau", [2.0, 3.933, 4.0])
def test_close_means_under_a_wide_truth(means, tau):
    """A log density that varies little near the means and all the more where the truth still has mass."""
    truth = gs.Mixture.location([0.0], tau)
    land = lab.Landscape(lab.Population(truth), 3, sigma=1.0)
    fine = land.measure.rows(land._at(means)[0], 1e-16)
    mixture = land._at(means)[0]
    exact = fine.derivatives(mixture, hessian=True)
    errors = land.errors(means)
    assert abs(land.nll(means) - (exact.nll + fine.log_unit)) <= errors.nll < 1e-9
    assert np.abs(land.gradient(means) - exact.gradient).max() <= errors.gradient < 1e-9
    assert np.abs(land.hessian(means) - exact.hessian).max() <= errors.hessian < 1e-8
    x = np.linspace(-12 * tau, 12 * tau, 200_001)
    density = np.exp(truth.log_density(x[:, None]))
    fit = gs.Mixture.location(means, 1.0)
    value = -trapezoid(density * fit.log_density(x[:, None]), x)
    assert land.nll(means) == pytest.approx(value, abs=1e-10)
