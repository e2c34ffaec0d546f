"""Rates of EM: those of its own steps, differentiated; powers where curvature is zero; no name too early."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.dynamics.rate import Expected, Rate, measured
from marks import tuples_rest_slow
from oracles.panels import Panels, jacobian


def on_line(centers, k, weights="equal"):
    return lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0)), k, weights=weights)


def factors(centers, path, free):
    """Moduli of the eigenvalues of the derivative of a textbook step at the end, descending."""
    panels, k = Panels(centers), path.means.shape[1]
    means, weights = path.end.means[:, 0], path.end.weights

    def step(y):
        shares = np.append(y[k:], 1.0 - y[k:].sum()) if free else weights
        new, mass, _ = panels.em(y[:k], shares, free=free)
        return np.concatenate([new, mass[:-1]]) if free else new

    at = np.concatenate([means, weights[:-1]]) if free else means
    return np.sort(np.abs(np.linalg.eigvals(jacobian(step, at))))[::-1]


@pytest.mark.parametrize(
    ("centers", "start", "weights"),
    [
        ([-3.0, 3.0, 12.0], [0.0, 11.0, 13.0], "equal"),
        ([-3.0, 3.0, 12.0], [-2.0, 2.0, 11.0], "equal"),
        ([-1.5, 1.5, 5.0], [-1.0, 2.0, 4.0], "free"),
        ([0.0, 5.0], [0.0, 4.0, 6.0], "equal"),
    ],
)
def test_a_linear_rate_is_that_of_differentiated_steps(centers, start, weights):
    path = lab.trajectory(on_line(centers, len(start), weights), start)
    rate = path.rate
    slowest = factors(centers, path, weights == "free")[0]
    assert rate.name == "linear"
    assert rate.place == 0
    assert rate.expected == pytest.approx(slowest, abs=1e-7)
    assert abs(rate.factor - rate.expected) <= rate.factor_error < 0.01 * rate.factor
    assert rate.curvature_error < 1e-8


def test_a_start_without_part_in_the_slowest_direction_names_another():
    centers = [-4.0, 0.0, 4.0]
    path = lab.trajectory(on_line(centers, 3), [-5.0, 0.0, 5.0])
    both = factors(centers, path, False)
    assert path.rate.place > 0
    assert path.rate.expected == pytest.approx(both[path.rate.place], abs=1e-7)
    assert path.rate.factor == pytest.approx(path.rate.expected, abs=2 * path.rate.factor_error)
    assert both[0] - path.rate.factor > 0.005


def test_slow_is_not_sublinear():
    slow = lab.trajectory(on_line([0.0, 7.0], 3), [0.0, 6.0, 8.0]).rate
    assert slow.name == "linear"
    assert 0.99 < slow.expected < 1.0
    assert abs(slow.factor - slow.expected) <= slow.factor_error < 1e-5
    assert slow.power is None


@pytest.mark.parametrize(
    ("start", "weights"),
    tuples_rest_slow([([-0.5, 0.5], "equal"), ([-1.0, 0.3], "equal"), ([-0.5, 0.5], "free")], 1),
)
def test_two_means_on_one_center_are_sublinear_with_power_one_half(start, weights):
    path = lab.trajectory(on_line([0.0], 2, weights), start, max_iter=4000)
    rate = path.rate
    assert rate.name == "sublinear"
    assert rate.power == pytest.approx(0.5, abs=2e-3)
    assert rate.power_error < 2e-3
    assert abs(rate.curvature) <= rate.curvature_error < 1e-6
    assert rate.factor is None
    assert path.end.flat


def test_a_curvature_too_small_for_the_iterations_gives_no_name():
    # The pair's curvature is some 1e-7: until 1/curvature steps the way looks like a power.
    path = lab.trajectory(on_line([0.0, 12.0], 3), [0.0, 11.0, 13.0], max_iter=3000)
    assert 0 < path.rate.curvature_error < path.rate.curvature < 1e-6
    assert path.rate.name == "unresolved"
    assert "raise max_iter" in path.rate.why
    early = lab.trajectory(on_line([0.0, 7.0], 3), [0.0, 6.0, 8.0], max_iter=60)
    assert early.rate.name == "unresolved"


def test_an_exact_step_has_no_tail():
    path = lab.trajectory(on_line([-3.0, 3.0], 1), [5.0])
    assert path.rate.name == "unresolved"
    assert "fewer than" in path.rate.why


def test_a_rate_says_itself():
    text = str(lab.trajectory(on_line([-3.0, 3.0, 12.0], 3), [0.0, 11.0, 13.0]))
    assert "rate of EM: linear, 0.8958" in text
    assert "1 - curvature = 0.8958701" in text


@pytest.mark.parametrize(
    ("error", "printed"), [(1.4e-6, "0.895870 +- 1e-06"), (0.03, "0.90 +- 0.03"), (0.0, "0.89586971 +- 0")]
)
def test_a_factor_is_printed_to_the_digit_of_its_error(error, printed):
    rate = Rate("linear", 0.895869712, error, None, None, None, None, None, 123.0, 163.0, "")
    assert str(rate) == f"linear, {printed} a step in iterations 123 to 163"


TIMES = np.arange(1.0, 200.0)


@pytest.mark.parametrize(
    ("steps", "name", "word"),
    [
        (TIMES**-1.5, "sublinear", "t^-0.5 +- "),
        (np.exp(-((TIMES / 60.0) ** 2)), "unresolved", "no power of the iterations yet"),
        (1.0 / (TIMES * (1.0 + (TIMES / 120.0) ** 3)), "unresolved", "do not agree in a power"),
        (np.full(199, np.nan), "unresolved", "fewer than 4 points"),
    ],
)
def test_where_curvature_is_zero_only_a_power_gets_that_name(steps, name, word):
    rate = measured(TIMES, steps, 1e-15, Expected(0.0, 1e-7, 0))
    assert rate.name == name
    assert word in str(rate)
    assert (rate.power == pytest.approx(0.5, abs=1e-6)) if name == "sublinear" else rate.power is None


@pytest.mark.parametrize("of_rows", [False, True])
def test_with_free_widths_a_rate_is_that_of_the_curvature(of_rows):
    truth = gs.Mixture.location([-3.0, 3.0], 1.0)
    measure = lab.Sample(truth.sample(60, rng=0)[0]) if of_rows else lab.Population(truth)
    land = lab.Landscape(measure, 2, family="spherical", weights="free")
    path = lab.trajectory(land, gs.Mixture([0.5, 0.5], [[-2.0], [2.5]], [1.5, 0.8], "spherical"))
    assert path.rate.name == "linear"
    assert path.rate.factor == pytest.approx(path.rate.expected, abs=2 * path.rate.factor_error)
    assert 0.0 < path.rate.curvature_error < 1e-6
    assert 0.0 < path.error < 1e-11
