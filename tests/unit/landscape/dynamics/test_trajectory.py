"""Trajectories: those of textbook EM and of an integrator of other make, downhill, and as data."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import gmmscape as gs
from gmmscape import lab
from marks import rest_slow
from oracles.panels import Panels

CENTERS = (-3.0, 3.0, 12.0)
START = [-1.0, 10.5, 13.5]
UNEQUAL = np.array([0.5, 0.2, 0.3])
PANELS = Panels(CENTERS)


@pytest.fixture(scope="module")
def population():
    return lab.Population(gs.Mixture.location(CENTERS, 1.0))


@pytest.fixture(scope="module", params=["equal", "free"])
def land(request, population):
    return lab.Landscape(population, 3, weights=request.param)


@pytest.fixture(scope="module")
def begun(land):
    free = land.weights == "free"
    return UNEQUAL if free else None, UNEQUAL if free else np.full(3, 1 / 3)


def test_em_is_textbook_em(land, begun):
    given, weights = begun
    path = lab.trajectory(land, START, weights=given, max_iter=40)
    means, free = np.array(START), given is not None
    assert path.times.tolist() == list(range(41))
    for place in range(41):
        assert path.means[place, :, 0] == pytest.approx(means, abs=1e-10)
        assert path.weights[place] == pytest.approx(weights, abs=1e-11)
        assert path.nll[place] == pytest.approx(PANELS.nll(means, weights), abs=1e-11)
        means, weights, _ = PANELS.em(means, weights, free=free)
    assert path.stop_reason == "max_iter"


def test_the_flow_is_that_of_another_integrator(land, begun):
    given, weights = begun
    path = lab.trajectory(land, START, "gradient_flow", weights=given, max_time=30.0)

    def downhill(_, y):
        logs = y[3:]
        shares = np.exp(logs - logs.max())
        in_means, in_logs = PANELS.slope(y[:3], shares / shares.sum())
        return -np.concatenate([in_means, in_logs if given is not None else np.zeros(3)])

    begin = np.concatenate([START, np.log(weights)])
    own = solve_ivp(downhill, (0, 30), begin, method="DOP853", t_eval=path.times, rtol=1e-11, atol=1e-12)
    assert len(path) > 20
    assert path.times[-1] == 30.0
    assert path.stop_reason == "max_time"
    assert path.means[:, :, 0] == pytest.approx(own.y[:3].T, abs=2e-7)
    shares = np.exp(own.y[3:].T)
    assert path.weights == pytest.approx(shares / shares.sum(axis=1, keepdims=True), abs=2e-7)


@pytest.mark.parametrize("method", rest_slow(["em", "gradient_flow"], 1))
def test_the_nll_never_rises(land, begun, method):
    path = lab.trajectory(land, START, method, weights=begun[0])
    assert path.stop_reason == "converged"
    assert path.error < 1e-12
    assert np.diff(path.nll).max() <= 2 * path.error
    assert path.nll[0] - path.nll[-1] > 0.1
    assert path.gradient_norm[-1] <= 1e-10 < path.gradient_norm[-2]


@pytest.mark.parametrize(
    ("method", "weights"),
    [("em", "equal"), ("em", "free"), ("gradient_flow", "equal"), ("newton", "equal"), ("newton", "free")],
)
def test_it_ends_where_a_descent_does_with_the_numbers_of_the_start(population, method, weights):
    land, turned = lab.Landscape(population, 3, weights=weights), [13.5, -1.0, 10.5]
    path = lab.trajectory(land, turned, method)
    point = land.descend(turned, "newton" if method == "newton" else "em")
    assert path.end.is_minimum
    assert path.end.means == pytest.approx(path.means[-1], abs=1e-7)
    assert path.end.means == pytest.approx(point.means, abs=1e-5)
    assert path.kl[-1] == pytest.approx(path.end.kl, abs=1e-12)


def test_newton_takes_few_steps_and_goes_downhill(land):
    path = lab.trajectory(land, START, "newton")
    assert len(path) < 30
    assert path.times[-1] < 40
    assert np.diff(path.nll).max() <= 2 * path.error
    assert path.rate is None


def test_a_pair_that_coincides_stays_together_and_ends_on_a_saddle(population):
    land = lab.Landscape(population, 3)
    for method in ("em", "gradient_flow"):
        path = lab.trajectory(land, [-1.0, 11.0, 11.0], method)
        assert path.end.index == 1
        assert path.stop_reason == "converged"


def test_free_widths_follow_textbook_em(population):
    land = lab.Landscape(population, 3, family="spherical", weights="free")
    start = gs.Mixture([0.5, 0.2, 0.3], [[0.0], [11.0], [13.0]], [4.0, 1.0, 2.0], "spherical")
    path = lab.trajectory(land, start, max_iter=15)
    means, weights, widths = (
        np.array([0.0, 11.0, 13.0]),
        np.array([0.5, 0.2, 0.3]),
        np.array([2.0, 1.0, 2**0.5]),
    )
    for place in range(16):
        fit = path.mixture(place)
        assert fit.means[:, 0] == pytest.approx(means, abs=1e-9)
        assert fit.weights == pytest.approx(weights, abs=1e-9)
        assert np.sqrt(fit.covariances) == pytest.approx(widths, abs=1e-9)
        assert path.nll[place] == pytest.approx(PANELS.nll(means, weights, widths), abs=1e-9)
        means, weights, widths = PANELS.em(means, weights, widths)
    newton = lab.trajectory(land, start, "newton")
    assert newton.end.is_minimum
    assert newton.means[-1] == pytest.approx(newton.end.means, abs=1e-6)
    assert np.diff(newton.nll).max() <= 2 * newton.error
    with pytest.raises(gs.NotAvailableError, match="one unit of length"):
        lab.trajectory(land, start, "gradient_flow")


def test_a_sample_has_trajectories(population):
    rows = population.truth.sample(300, rng=0)[0] + 1000.0
    land = lab.Landscape(lab.Sample(rows), 3, sigma=1.0)
    path = lab.trajectory(land, [1000.0, 1011.0, 1013.0])
    x, means = rows[:, 0], np.array([1000.0, 1011.0, 1013.0])
    for place in range(20):
        assert path.means[place, :, 0] == pytest.approx(means, abs=1e-9)
        psi = np.exp(-0.5 * (x[:, None] - means) ** 2)
        psi /= psi.sum(axis=1, keepdims=True)
        means = x @ psi / psi.sum(axis=0)
    assert path.kl is None
    assert path.truth is None


def test_in_the_plane(population):
    truth = gs.Mixture.location([[-3.0, 0.0], [3.0, 0.0], [8.0, 6.0]], 1.0)
    path = lab.trajectory(lab.Landscape(lab.Population(truth), 3), [[-2.0, 4.0], [0.0, 1.0], [8.0, 2.0]])
    X = truth.sample(400_000, rng=1)[0]
    log_parts = -0.5 * ((X[:, None] - path.means[0]) ** 2).sum(axis=2)
    psi = np.exp(log_parts - log_parts.max(axis=1, keepdims=True))
    psi /= psi.sum(axis=1, keepdims=True)
    assert path.means[1] == pytest.approx((psi.T @ X) / psi.sum(axis=0)[:, None], abs=0.03)
    assert path.error < 1e-10
    assert path.rate.name == "linear"


def test_long_ways_are_thinned_and_end_with_their_last_step(population):
    land = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), 2)
    path = lab.trajectory(land, [-0.5, 0.8], keep=20, max_iter=777)
    assert path.times[:21].tolist() == list(range(21))
    assert path.times[-1] == 777
    assert len(path) < 130
    every = lab.trajectory(land, [-0.5, 0.8], keep=1000, max_iter=777)
    assert len(every) == 778
    assert np.array_equal(every.means[path.times.astype(int)], path.means)


def test_it_can_be_stopped(population):
    land = lab.Landscape(population, 3)
    seen = []
    path = lab.trajectory(land, START, callback=lambda event: seen.append(event) or event.done == 7)
    assert (path.stop_reason, path.times[-1]) == ("interrupted", 7)
    assert seen[-1].detail["gradient_norm"] == path.gradient_norm[-1]
    assert lab.trajectory(land, START, max_seconds=0).stop_reason == "time_limit"


def test_ctrl_c_keeps_the_last_step(population):
    def interrupt(event):
        if event.done == 7:
            raise KeyboardInterrupt

    path = lab.trajectory(lab.Landscape(population, 3), START, keep=2, callback=interrupt)
    assert path.stop_reason == "interrupted"
    assert path.times.tolist() == [0.0, 1.0, 2.0, 3.0, 5.0, 7.0]
    assert path.means[-1] == pytest.approx(
        lab.trajectory(lab.Landscape(population, 3), START, max_iter=7).means[-1], abs=1e-12
    )


def test_a_mean_out_of_reach_is_a_plateau(population):
    path = lab.trajectory(lab.Landscape(population, 3), [-3.0, 3.0, 1e4])
    assert path.stop_reason == "plateau"
    assert path.means[-1, 2, 0] == 1e4


def test_as_a_table(land):
    path = lab.trajectory(land, START, max_iter=5)
    table = path.to_frame()
    assert table.index.name == "iteration"
    assert table.loc[5.0, "mean_2_0"] == path.means[5, 2, 0]
    assert list(table.columns[:3]) == ["nll", "kl", "gradient_norm"]
    assert np.array_equal(table["weight_1"], path.weights[:, 1])


def test_without_pandas_the_error_says_what_to_install(population, monkeypatch):
    path = lab.trajectory(lab.Landscape(population, 3), START, max_iter=1)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(gs.NotAvailableError, match=r"gmmscape\[frame\]"):
        path.to_frame()


def test_starts_of_another_kind_of_landscape_are_named(population):
    fit = gs.Mixture.location(START, 1.0)
    wide = lab.Landscape(population, 3, family="spherical", weights="free")
    for land, start, weights, message in (
        (population, START, None, r"land=.*pass a gmmscape\.lab\.Landscape"),
        (lab.Landscape(population, 3), fit, None, "start=.*pass means"),
        (wide, fit, UNEQUAL, "weights=.*pass a Mixture as start"),
    ):
        with pytest.raises(gs.InvalidParameterError, match=message):
            lab.trajectory(land, start, weights=weights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "gd"}, "choose one of"),
        ({"weights": [0.2, 0.3, 0.5]}, "weights='free'"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"max_time": -1.0}, "max_time"),
        ({"keep": 0}, "keep=0"),
    ],
)
def test_bad_input_is_named(population, options, message):
    with pytest.raises(gs.InvalidParameterError, match=message):
        lab.trajectory(lab.Landscape(population, 3), START, **options)
