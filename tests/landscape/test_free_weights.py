"""Landscapes whose weights are free: derivatives, what is a minimum, orbits, files, and data."""

from __future__ import annotations

import json
from math import factorial
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.families import Location, contrasts
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.orbits import find_orbit
from marks import rest_slow
from oracles.joint_landscape import JointLandscape

SIGMA = 1.3


def helmert(k: int) -> np.ndarray:
    """Orthonormal columns that sum to zero, as `Landscape.gradient` describes them."""
    columns = []
    for j in range(1, k):
        column = np.concatenate([np.ones(j), [-j], np.zeros(k - j - 1)])
        columns.append(column / np.sqrt(j * (j + 1)))
    return np.array(columns).T.reshape(k, k - 1)


def two_groups(rng: np.random.Generator, n: int = 40) -> np.ndarray:
    return np.concatenate([rng.normal(0.0, 1.0, n), rng.normal(7.0, 1.0, 3 * n)])


def measures(rng: np.random.Generator) -> dict[str, lab.Sample | lab.Population]:
    X = 2.0 * rng.normal(size=(60, 5)) + 50.0
    truths = {
        d: gs.Mixture(
            rng.dirichlet(np.ones(4)), 3.0 * rng.normal(size=(4, d)) + 50.0, rng.uniform(1, 2, 4), "spherical"
        )
        for d in (1, 2, 3)
    }
    return {
        "sample d=1": lab.Sample(X[:, :1], rng.uniform(0.5, 2.0, 60)),
        "sample d=2": lab.Sample(X[:, :2]),
        "population d=1": lab.Population(truths[1]),
        "population d=2": lab.Population(truths[2]),
        "population in a span": lab.Population(truths[3]),
    }


@pytest.mark.parametrize("k", rest_slow([1, 2, 3], 2))
@pytest.mark.parametrize("name", list(measures(np.random.default_rng(0))))
def test_derivatives_are_those_of_the_value(name: str, k: int, rng: np.random.Generator):
    measure = measures(rng)[name]
    d = measure.n_features
    land = lab.Landscape(measure, k, sigma=SIGMA, weights="free")
    means, weights = 2.0 * rng.normal(size=(k, d)) + 50.0, rng.dirichlet(np.full(k, 3.0))

    def fit(change: np.ndarray) -> dict:
        logarithms = np.log(weights) + helmert(k) @ change[k * d :] / SIGMA
        shares = np.exp(logarithms) / np.exp(logarithms).sum()
        return {"means": means + change[: k * d].reshape(k, d), "weights": shares}

    size = k * d + k - 1
    here = fit(np.zeros(size))
    gradient, hessian = land.gradient(**here), land.hessian(**here)
    assert gradient.shape == (size,)
    assert hessian.shape == (size, size)
    width = 1e-5
    slope = [(land.nll(**fit(width * e)) - land.nll(**fit(-width * e))) / (2 * width) for e in np.eye(size)]
    # Rounding of the value, 1e-14, over the width; third derivatives times its square.
    np.testing.assert_allclose(gradient, slope, atol=5e-9)
    bend = [
        (land.gradient(**fit(width * e)) - land.gradient(**fit(-width * e))) / (2 * width)
        for e in np.eye(size)
    ]
    np.testing.assert_allclose(hessian, bend, atol=5e-9)
    assert land.errors(**here).gradient < 1e-10


def test_the_value_is_that_of_the_mixture_and_equal_weights_are_a_special_case(rng: np.random.Generator):
    X = two_groups(rng)[:, None]
    free = lab.Landscape(lab.Sample(X), 2, sigma=SIGMA, weights="free")
    equal = lab.Landscape(lab.Sample(X), 2, sigma=SIGMA)
    means, weights = [0.5, 6.0], [0.3, 0.7]
    density = gs.Mixture.location(means, SIGMA, weights).log_density(X)
    assert free.nll(means, weights=weights) == pytest.approx(-density.mean(), abs=1e-13)
    assert free.nll(means) == pytest.approx(equal.nll(means), abs=1e-13)
    np.testing.assert_allclose(free.gradient(means)[:2], equal.gradient(means).ravel(), atol=1e-14)
    np.testing.assert_allclose(free.hessian(means)[:2, :2], equal.hessian(means), atol=1e-14)
    truth = gs.Mixture.location([0.0, 7.0], 1.0, [0.25, 0.75])
    assert lab.Landscape(lab.Population(truth), 2, weights="free").kl([0.0, 7.0], weights=[0.25, 0.75]) == (
        pytest.approx(0.0, abs=1e-13)
    )


def test_minima_and_saddles_are_those_of_another_implementation(rng: np.random.Generator):
    # A wide group whose one mean can serve either of two outlying groups: two minima with a pass between.
    x = np.concatenate([np.linspace(-2.5, 2.5, 24) + 0.01 * rng.normal(size=24), [6.0, 6.5, -5.0]])
    land = lab.Landscape(lab.Sample(x[:, None]), 2, sigma=1.0, weights="free")
    atlas = land.explore(0, n_starts=16, saddles=True)
    points = [point for point in (*atlas.minima, *atlas.saddles) if not point.flat]
    assert [point.index for point in points] == [0, 0, 1]
    assert {edge.minima for edge in atlas.edges} >= {(0, 1)}
    with mp.workdps(40):
        oracle = JointLandscape(x, 2, 1.0)
        for point in points:
            assert len(point.eigenvalues) == 3
            start = [*point.means[:, 0], *point.weights[:1]]
            found, index = oracle.critical_point(start)
            np.testing.assert_allclose(np.array(found, dtype=float), start, atol=1e-8)
            assert index == point.index
            assert point.nll == pytest.approx(float(oracle.nll(*found)), abs=1e-12)
            np.testing.assert_allclose(
                np.linalg.eigvalsh(land.hessian(point.means, weights=point.weights)),
                point.eigenvalues,
                atol=1e-12,
            )


def test_weights_at_fixed_means_are_a_convex_problem(rng: np.random.Generator):
    """Along segments in the weights themselves, not their logarithms, the NLL lies below its chords."""
    land = lab.Landscape(lab.Sample(two_groups(rng)[:, None]), 3, sigma=1.0, weights="free")
    means = [-1.0, 3.0, 7.0]
    for _ in range(10):
        a, b = rng.dirichlet(np.ones(3), 2)
        ends = land.nll(means, weights=a), land.nll(means, weights=b)
        assert land.nll(means, weights=(a + b) / 2) <= 0.5 * sum(ends) + 1e-14


@pytest.mark.parametrize("method", ["newton", "em", "gradient"])
def test_every_solver_reaches_the_same_minimum(method: str, rng: np.random.Generator):
    X = two_groups(rng)[:, None]
    land = lab.Landscape(lab.Sample(X), 2, sigma=1.0, weights="free")
    point = land.descend([1.0, 5.0], method, weights=[0.6, 0.4])
    assert point.is_minimum
    assert not point.flat
    assert np.all(np.diff(point.history) <= 1e-12)
    psi = gs.Mixture.location(point.means, 1.0, point.weights).responsibilities(X)
    np.testing.assert_allclose(psi.mean(axis=0), point.weights, atol=1e-7)
    np.testing.assert_allclose((psi.T @ X) / psi.sum(axis=0)[:, None], point.means, atol=1e-6)
    assert point.weights[1] == pytest.approx(0.75, abs=0.02)
    # Equal weights are a constraint: they cost likelihood.
    assert point.nll < lab.Landscape(lab.Sample(X), 2, sigma=1.0).descend([1.0, 5.0]).nll - 0.05


def test_a_weight_that_goes_to_zero_is_a_plateau_and_no_minimum(rng: np.random.Generator):
    X = 0.3 * rng.normal(size=(50, 1))  # narrower than the fit: any mean elsewhere only costs
    land = lab.Landscape(lab.Sample(X), 2, sigma=1.0, weights="free")
    point = land.descend([0.0, 4.0])
    assert point.stop_reason == "plateau"
    assert not point.is_minimum
    assert point.gradient_norm == float("inf")
    assert point.weights.min() <= 1e-10
    assert "the weight of component 1 has gone to zero" in str(point)
    atlas = land.explore(0, n_starts=24)
    assert all(point.weights.min() > 1e-10 for point in atlas.minima)
    assert sum(atlas.ends.values()) == 24
    # Negative control: with room for two, the same start loses nothing.
    wide = np.concatenate([X, X + 4.0])
    kept = lab.Landscape(lab.Sample(wide), 2, sigma=1.0, weights="free").descend([0.0, 4.0])
    assert kept.converged
    np.testing.assert_allclose(kept.weights, 0.5, atol=0.01)


@pytest.mark.slow
def test_coincident_means_are_one_flat_point_however_weight_is_shared(rng: np.random.Generator):
    X = np.concatenate([0.5 * rng.normal(size=40), 9.0 + 0.5 * rng.normal(size=20)])[:, None]
    land = lab.Landscape(lab.Sample(X), 3, sigma=1.0, weights="free")
    # The NLL does not see the shares: the continuum exists.
    shared = [land.nll([0.0, 0.0, 9.0], weights=[s, 2 / 3 - s, 1 / 3]) for s in (0.1, 0.3, 0.6)]
    assert np.ptp(shared) < 1e-14
    points = [land.descend([-0.2, 0.2, 9.0], weights=[s, 2 / 3 - s, 1 / 3]) for s in (0.2, 0.4, 0.5)]
    for point in points:
        assert point.is_minimum
        assert point.flat
        assert point.orbit_size == 3
        assert point.weights[0] == pytest.approx(point.weights[1], abs=1e-12)
        assert find_orbit(points[:1], point) == 0
    atlas = land.explore(0, n_starts=48, saddles=True)
    assert 1 <= len(atlas.minima) <= 2
    assert all(point.flat for point in atlas.minima)
    assert len(atlas.saddles) <= 8
    everything = [*atlas.minima, *atlas.saddles]
    assert all(find_orbit(everything[:i], point) is None for i, point in enumerate(everything))


def test_orbits_are_told_apart_by_weights_too(rng: np.random.Generator):
    land = lab.Landscape(lab.Sample(two_groups(rng)[:, None]), 2, sigma=1.0, weights="free")
    point = land.descend([0.0, 7.0])
    content = point.to_dict()
    swapped = {key: content[key][::-1] for key in ("means", "weights")}
    relabelled = CriticalPoint.from_dict({**content, **swapped})
    assert find_orbit([point], relabelled) == 0
    other = {**content, "weights": content["weights"][::-1]}
    assert find_orbit([point], CriticalPoint.from_dict(other)) is None
    assert point.orbit_size == factorial(2)


@pytest.fixture(name="land", scope="module")
def land_of_three_groups() -> lab.Landscape:
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.normal(c, s, n) for c, s, n in ((0.0, 1.0, 20), (5.0, 1.2, 40), (13.0, 1.0, 15))])
    return lab.Landscape(lab.Sample(x[:, None]), 3, sigma=0.9, weights="free")


@pytest.fixture(name="atlas", scope="module")
def atlas_of_three_groups(land: lab.Landscape) -> lab.Atlas:
    return land.explore(0, n_starts=24, saddles=True)


@pytest.mark.slow
def test_a_file_gives_the_atlas_back(land: lab.Landscape, atlas: lab.Atlas, tmp_path):
    atlas.to_json(tmp_path / "atlas.json")
    content = json.loads((tmp_path / "atlas.json").read_text(encoding="utf-8"))
    del content["sha256"]
    assert (content["format_version"], content["fitted_weights"], content["weights"]) == (3, "free", None)
    assert content["count_law"] is None
    back = lab.Atlas.from_json(tmp_path / "atlas.json")
    assert back.to_dict() == atlas.to_dict()
    assert str(back) == str(atlas)
    joined = back.union(atlas)
    assert (len(joined.minima), len(joined.saddles)) == (len(atlas.minima), len(atlas.saddles))
    assert joined.edges == atlas.edges
    old = lab.Landscape(land.measure, 3, sigma=0.9).explore(0, n_starts=4).to_dict()
    del old["fitted_weights"]  # as version 2 wrote it
    for point in old["minima"]:
        del point["weights"]
    (tmp_path / "old.json").write_text(json.dumps({**old, "format_version": 2}), encoding="utf-8")
    assert lab.Atlas.from_json(tmp_path / "old.json").weights == "equal"
    for broken in ({"fitted_weights": "loose"}, {"minima": [{**content["minima"][0], "weights": [1.0]}]}):
        (tmp_path / "bad.json").write_text(json.dumps({**content, **broken}), encoding="utf-8")
        with pytest.raises(gs.FormatError):
            lab.Atlas.from_json(tmp_path / "bad.json")


@pytest.mark.slow
def test_a_search_goes_on_from_a_checkpoint(land: lab.Landscape, atlas: lab.Atlas, tmp_path):
    seen = []

    def stop_after_two(event) -> bool:
        seen.extend([event.detail["found"]] if event.detail["found"] is not None else [])
        return len(seen) == 2

    file = tmp_path / "checkpoint.json"
    part = land.explore(0, n_starts=24, saddles=True, callback=stop_after_two, checkpoint=file)
    assert part.stop_reason == "interrupted"
    whole = land.explore(n_starts=24, saddles=True, checkpoint=file)
    assert len(whole.minima) == len(atlas.minima)
    assert {round(p.nll, 9) for p in whole.saddles} >= {round(p.nll, 9) for p in atlas.saddles if not p.flat}
    with pytest.raises(gs.InvalidParameterError, match="weights='free'"):
        lab.Landscape(land.measure, 3, sigma=0.9).explore(resume=atlas)
    with pytest.raises(gs.InvalidParameterError, match="weights='equal'"):
        lab.Landscape(land.measure, 3, sigma=0.9).explore(0, n_starts=2).union(atlas)


@pytest.mark.slow
def test_no_count_law_is_claimed_and_processes_change_nothing(land: lab.Landscape, atlas: lab.Atlas):
    assert atlas.count_law is None
    assert "no count law" in atlas.alarm
    assert land.explore(0, n_starts=4).alarm is None
    text = str(atlas)
    assert "free weights" in text
    assert "means*weights" in text
    assert "add up to" not in text
    assert land.explore(0, n_starts=24, saddles=True, n_jobs=2).to_dict() == atlas.to_dict()


def test_edges_and_profiles_lead_over_saddles(land: lab.Landscape, atlas: lab.Atlas):
    assert atlas.edges
    edge = atlas.edges[0]
    saddle, ends = atlas.saddles[edge.saddle], [atlas.minima[i] for i in edge.minima]
    profile = land.profile(*ends, saddle, n=41)
    assert profile.heights[0] == pytest.approx(saddle.nll - ends[0].nll, abs=1e-10)
    assert np.argmax(profile.nll) == profile.top
    np.testing.assert_allclose(profile.weights.sum(axis=1), 1.0, atol=1e-12)
    assert profile.to_dict()["weights"][0] == pytest.approx(profile.weights[0])
    straight = land.profile(*ends, n=41)
    assert straight.heights[0] >= profile.heights[0] - 1e-9


def test_a_reference_decodes_and_pictures_show_weights(land: lab.Landscape, atlas: lab.Atlas):
    pytest.importorskip("matplotlib")
    best = atlas.minima[0].mixture
    decoded = lab.Landscape(land.measure, 3, sigma=0.9, weights="free", reference=best).explore(0, n_starts=8)
    assert decoded.minima[0].decoding.defect < 0.5 / 3
    assert [block.kind for block in decoded.minima[0].decoding.blocks] == ["exact"] * 3
    assert "0>0" in str(decoded)
    for some in (atlas, decoded):
        display = some.plot()
        shown = [text.get_text() for axes in display.axes_ for text in axes.texts]
        assert f"{some.minima[0].weights[0]:.2g}" in shown
    sizes = [float(dot.get_sizes()[0]) for dot in atlas.minima[0].plot().means_[0]]
    assert np.argmax(sizes) == np.argmax(atlas.minima[0].weights)
    equal = lab.Landscape(land.measure, 3, sigma=0.9).descend([0.0, 5.0, 13.0]).plot()
    assert len({float(dot.get_sizes()[0]) for dot in equal.means_[0]}) == 1


@pytest.mark.parametrize(
    "search",
    [
        pytest.param({"n_starts": 2}, id="minima"),
        pytest.param({"n_starts": 6, "saddles": True}, id="saddles", marks=pytest.mark.slow),
    ],
)
def test_populations_in_a_plane_and_their_mirror_images(search: dict[str, Any]):
    truth = gs.Mixture.location([[-4.0, 0.0], [4.0, 0.0]], 1.0, [0.5, 0.5])
    atlas = lab.Landscape(lab.Population(truth), 2, weights="free").explore(0, **search)
    best = atlas.minima[0]
    assert best.kl == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(best.weights, 0.5, atol=1e-8)
    assert atlas.mirror_images["minima"][0] == 0
    assert len(best.eigenvalues) == 5


def test_the_truth_is_found_whatever_its_weights():
    truth = gs.Mixture.location([-4.0, 1.0, 7.0], 1.0, [0.15, 0.6, 0.25])
    atlas = lab.Landscape(lab.Population(truth), 3, weights="free").explore(0, n_starts=8)
    best = atlas.minima[0]
    np.testing.assert_allclose(best.weights, truth.weights, atol=1e-9)
    np.testing.assert_allclose(best.means, truth.means, atol=1e-8)
    assert atlas.candidates


def test_wrong_uses_say_what_to_do(rng: np.random.Generator):
    sample = lab.Sample(rng.normal(size=(20, 1)))
    equal = lab.Landscape(sample, 2, sigma=1.0)
    free = lab.Landscape(sample, 2, sigma=1.0, weights="free")
    with pytest.raises(gs.InvalidParameterError, match="weights='free'"):
        equal.nll([0.0, 1.0], weights=[0.5, 0.5])
    with pytest.raises(gs.InvalidParameterError, match="weights='free'"):
        equal.descend([0.0, 1.0], weights=[0.4, 0.6])
    for bad, word in (
        ([0.5], "entries"),
        ([0.5, 0.6], "sum"),
        ([1.0, 0.0], "positive"),
        ([1.5, -0.5], "negative"),
        ([np.nan, 1.0], "finite"),
    ):
        with pytest.raises(gs.InvalidParameterError, match=word):
            free.gradient([0.0, 1.0], weights=bad)
    with pytest.raises(gs.InvalidParameterError, match="'free'"):
        lab.Landscape(sample, 2, sigma=1.0, weights="loose")


@pytest.mark.parametrize("k", [1, 2, 5])
def test_contrasts_are_orthonormal_and_sum_to_zero(k: int):
    basis = contrasts(k)
    np.testing.assert_allclose(basis.T @ basis, np.eye(k - 1), atol=1e-15)
    np.testing.assert_allclose(basis.sum(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(np.abs(basis), np.abs(helmert(k)), atol=1e-15)
    mixture = gs.Mixture.location(np.arange(float(k)), 2.0)
    moved = Location(2.0, free_weights=True).moved(mixture, np.full(2 * k - 1, 0.3))
    np.testing.assert_allclose(moved.means[:, 0], np.arange(k) + 0.6)
    expected = np.exp(0.3 * basis.sum(axis=1))
    np.testing.assert_allclose(moved.weights, expected / expected.sum())
