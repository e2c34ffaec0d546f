"""Steepest descent in the plane of two means, on surfaces whose ways down are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.points.flow import Arrived, Side, _on_one_rule, _phi, _step, flowed, sides
from gmmscape.landscape.points.ground import LocationGround


def fit(x, y):
    """The place (x, y) as the means of a fit."""
    return gs.Mixture.location([x, y], 1.0)


@dataclass(frozen=True)
class Spot:
    mixture: gs.Mixture
    slope: np.ndarray
    curvature: np.ndarray | None
    gone: str | None = None

    @property
    def gradient_norm(self):
        return float(np.linalg.norm(self.slope))


@dataclass(frozen=True)
class Surface:
    """A surface by its slope and curvature at a place; none where `ends` says so, lost where `loses` does."""

    slope: Callable
    curvature: Callable
    ends: Callable = lambda place: False
    loses: Callable = lambda place: False
    no_force: float = 1e-13

    def at(self, mixture, *, hessian):
        place = mixture.means.ravel()
        return Spot(
            mixture,
            np.array(self.slope(*place), dtype=float),
            np.array(self.curvature(*place), dtype=float) if hessian else None,
            "plateau" if self.loses(place) else None,
        )

    def stepped(self, at, step, *, hessian):
        place = at.mixture.means.ravel() + step
        return None if self.ends(place) else self.at(fit(*place), hessian=hessian)

    def apart(self, one, other):
        return float(np.abs(one.means - other.means).max())

    def near(self, mixture, force):
        return self


#: (x^2 - 1)^2 / 4 + (y - x^2)^2: minima at (-1, 1) and (1, 1), and a saddle at (0, 0).
BENT = Surface(
    lambda x, y: (x * (x * x - 1) - 4 * x * (y - x * x), 2 * (y - x * x)),
    lambda x, y: ((3 * x * x - 1 - 4 * y + 12 * x * x, -4 * x), (-4 * x, 2.0)),
)
#: (x^2 - 1)^2 / 4 + (1/2 - x) y^2 / 2 + y^4 / 4: one way down from (0, 0) runs onto the saddle at (1, 0).
FORKED = Surface(
    lambda x, y: (x * (x * x - 1) - y * y / 2, (0.5 - x) * y + y**3),
    lambda x, y: ((3 * x * x - 1, -y), (-y, 0.5 - x + 3 * y * y)),
)
#: -x: a slope without an end.
ENDLESS = Surface(lambda x, y: (-1.0, 0.0), lambda x, y: np.zeros((2, 2)))


def flow_to(start, time):
    """Where an integrator of the flow on `BENT` is at a time."""
    way = solve_ivp(
        lambda t, z: -np.array(BENT.slope(*z)), (0, time), start, method="DOP853", rtol=1e-13, atol=1e-15
    )
    return way.y[:, -1]


@pytest.mark.parametrize("start", [(0.3, 2.0), (-0.05, 3.0), (0.9, -1.0), (-1.5, 0.2)])
def test_descents_end_where_an_integrator_of_the_flow_does(start):
    end = flow_to(start, 60)
    found, reason = flowed(BENT.near, Side(fit(*start), 1.0))
    assert reason == "converged"
    assert found.means.ravel() == pytest.approx(end, abs=1e-6)


def test_a_step_on_a_quadratic_is_exact():
    """The flow of x^2 - y^2 / 4 is (x exp(-2 t), y exp(t / 2))."""
    bowl = Surface(lambda x, y: (2 * x, -y / 2), lambda x, y: ((2.0, 0.0), (0.0, -0.5)))
    at = bowl.at(fit(0.1, 0.1), hessian=True)
    values, vectors = np.linalg.eigh(at.curvature)
    there, longer = _step(bowl, at, (values, vectors, vectors.T @ at.slope), 0.7, 0.1)
    assert there.mixture.means.ravel() == pytest.approx([0.1 * np.exp(-1.4), 0.1 * np.exp(0.35)], rel=1e-12)
    assert longer == pytest.approx(5 * 0.7)  # without an error, as much longer as steps become


def test_a_step_is_of_order_three():
    """Its error falls like the fourth power of the time."""
    at = BENT.at(fit(0.5, 0.0), hessian=True)
    values, vectors = np.linalg.eigh(at.curvature)
    errors = []
    for time in (0.01, 0.005):
        there, _ = _step(BENT, at, (values, vectors, vectors.T @ at.slope), time, 0.1)
        errors.append(np.linalg.norm(there.mixture.means.ravel() - flow_to((0.5, 0.0), time)))
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.05)


@pytest.mark.parametrize("order", [1, 3])
def test_functions_of_the_exponential_are_their_integrals(order):
    places = np.array([-30.0, -1.0, -0.1001, -0.0999, -1e-3, 0.0, 1e-3, 2.0])
    integrals = [
        quad(lambda s, z=z: np.exp((1 - s) * z) * s ** (order - 1), 0, 1, epsabs=1e-14)[0] for z in places
    ]
    assert _phi(order, places) == pytest.approx(np.array(integrals) / max(1, order - 1), rel=1e-8)


def test_slopes_known_roughly_do_not_hold_up_what_has_arrived():
    rng = np.random.default_rng(0)
    rough = Surface(
        lambda x, y: (2 * x, y) + 1e-8 * rng.normal(size=2), lambda x, y: ((2.0, 0.0), (0.0, 1.0))
    )
    found, reason = flowed(rough.near, Side(fit(0.3, 0.4), 1.0))
    assert reason == "converged"
    assert found.means.ravel() == pytest.approx([0.0, 0.0], abs=2e-6)


def test_a_curvature_of_rounding_is_no_way_down():
    """x^4 / 4 - 1e-13 x^2 / 2 + y^2 / 2, begun where nothing drives it to either side."""
    flat = Surface(lambda x, y: (-1e-13 * x + x**3, y), lambda x, y: ((-1e-13 + 3 * x * x, 0.0), (0.0, 1.0)))
    found, reason = flowed(flat.near, Side(fit(0.0, 0.4), 0.4))
    assert reason == "converged"
    assert found.means[0, 0] == 0.0


def test_both_ways_down_from_a_saddle():
    ends = [flowed(BENT.near, side).mixture.means.ravel() for side in sides(BENT.near, fit(0.0, 0.0), -1.0)]
    assert np.array(sorted(map(tuple, ends))) == pytest.approx(np.array([[-1.0, 1.0], [1.0, 1.0]]), abs=1e-6)


def test_a_way_that_runs_onto_a_saddle_goes_on_down():
    """From (1, 0) it leads to y^2 = x - 1/2 with x^3 - 3 x / 2 + 1 / 4 = 0."""
    left, right = (
        flowed(FORKED.near, side)
        for side in sorted(sides(FORKED.near, fit(0.0, 0.0), -1.0), key=lambda side: side.start.means[0, 0])
    )
    assert left.mixture.means.ravel() == pytest.approx([-1.0, 0.0], abs=1e-6)
    x = max(np.roots([1.0, 0.0, -1.5, 0.25]).real)
    assert right.reason == "converged"
    assert np.abs(right.mixture.means.ravel()) == pytest.approx([x, np.sqrt(x - 0.5)], abs=1e-6)


def test_a_saddle_that_only_one_rule_sees_is_an_end():
    """Where the rule made for a saddle's descents has no way down from it, the descent has arrived."""
    flat = Surface(FORKED.slope, lambda x, y: ((2.0, 0.0), (0.0, 0.5)))

    def near(mixture, force):
        return flat if force < 1e-2 * 0.6 and abs(mixture.means[0, 0] - 1) < 1e-3 else FORKED

    assert sides(flat.near, fit(1.0, 0.0), -0.5) is None
    found, reason = flowed(near, Side(fit(0.5, 0.0), 0.4))
    assert reason == "converged"
    assert found.means.ravel() == pytest.approx([1.0, 0.0], abs=1e-6)


def test_where_a_component_is_lost_nothing_is_arrived_at():
    lost = Surface(ENDLESS.slope, ENDLESS.curvature, loses=lambda place: place[0] > 2.0)
    assert flowed(lost.near, Side(fit(0.0, 0.0), 1.0)) == Arrived(None, "plateau")
    # Where no step ends in a fit, and where steps are shortened for ever on the way to a wall.
    for end, reason in ((-np.inf, "degenerate"), (1.0, "max_iter")):
        ended = Surface(ENDLESS.slope, ENDLESS.curvature, ends=lambda place, end=end: place[0] > end)
        assert flowed(ended.near, Side(fit(0.5, 0.0), 1.0)) == Arrived(None, reason)


def test_a_mean_without_data_is_lost_at_once():
    descent = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), 2)._descent
    near = lambda mixture, force: LocationGround(descent.objective(mixture))  # noqa: E731
    assert flowed(near, Side(descent.local(np.array([[0.0], [90.0]])), 1.0)) == Arrived(None, "plateau")


def test_a_way_without_an_end_is_given_up():
    begun = []

    def near(mixture, force):
        begun.append(mixture.means[0, 0])
        return ENDLESS

    assert flowed(near, Side(fit(0.0, 0.0), 1.0)) == Arrived(None, "max_iter")
    # A new rule for each unit of the way.
    assert len(begun) == 200
    assert all(1.0 < after - before <= 1.5 for before, after in pairwise(begun))


def test_slopes_too_rough_for_any_step_are_gone_down_in_short_ones():
    """Slopes that differ however near: steps of 0.001 sigma down the slope, as many as a rule has."""
    rng = np.random.default_rng(0)
    places, slopes = [], []

    def rough(x, y):
        places.append((x, y))
        slopes.append((-1.0, rng.normal()))
        return slopes[-1]

    begun = []

    def curvature(x, y):
        begun.append(len(places) - 1)
        return np.zeros((2, 2))

    assert _on_one_rule(Surface(rough, curvature), fit(0.0, 0.0), 1.0, 1e-9) == (None, "max_iter")
    assert len(begun) == 301
    down = -np.array(slopes)[begun[:-1]]
    steps = np.diff(np.array(places)[begun], axis=0)
    assert steps == pytest.approx(1e-3 * down / np.linalg.norm(down, axis=1, keepdims=True), rel=1e-9)


def test_beside_a_saddle():
    """Where the slope is no more beside it, or as steep as its curvature says."""
    one, other = sides(BENT.near, fit(0.0, 0.0), -1.0)
    assert sorted([one.start.means[0, 0], other.start.means[0, 0]]) == pytest.approx([-0.01, 0.01])
    assert one.force == pytest.approx(0.01, rel=1e-3)
    c = 1.1e-8
    soft = Surface(lambda x, y: (-c * x + x**3, y), lambda x, y: ((-c + 3 * x * x, 0.0), (0.0, 1.0)))
    # The slope of x^4 / 4 - c x^2 / 2 is half of what the curvature says, or more, up to x^2 = c / 2.
    for side in sides(soft.near, fit(0.0, 0.0), -c):
        assert c / 8 < side.start.means[0, 0] ** 2 < c / 2
    nothing = Surface(BENT.slope, BENT.curvature, ends=lambda place: True)
    for side in sides(nothing.near, fit(0.0, 0.0), -1.0):
        assert side.start.means.ravel().tolist() == [0.0, 0.0]
        assert side.force == 0.0


def test_from_a_minimum_no_way_leads_down():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0], 1.0)), 2)
    minimum = land.descend([-2.0, 2.0])
    assert land._descent.both_ways_down(minimum, 0.1) == [None, None]
