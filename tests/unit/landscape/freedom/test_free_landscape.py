"""Landscapes of fits with free weights, widths or covariances: derivatives, descents, lists of minima."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.freedom.features import same_fit
from gmmscape.landscape.freedom.local import Local
from gmmscape.matching import match_means
from gmmscape.results import read
from marks import rest_slow

LINE = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
PLANE = gs.Mixture(
    [0.5, 0.3, 0.2],
    [[0.0, 0.0], [6.0, 0.0], [0.0, 9.0]],
    [[[1.0, 0.3], [0.3, 2.0]], [[1.0, 0.0], [0.0, 1.0]], [[2.0, -0.5], [-0.5, 1.0]]],
)
#: What may be free: family, weights and widths.
FREEDOMS = [
    ("location", "equal", [1.0, 1.0, 1.5]),
    ("location", [0.2, 0.3, 0.5], 1.0),
    ("spherical", "equal", "common"),
    ("spherical", "free", "common"),
    ("spherical", "equal", "free"),
    ("spherical", [0.2, 0.3, 0.5], "free"),
    ("spherical", "free", "free"),
    ("diag", "free", None),
    ("tied", "equal", None),
    ("tied", "free", None),
    ("full", "equal", None),
    ("full", "free", None),
]
named = pytest.mark.parametrize(("family", "weights", "sigma"), FREEDOMS, ids=lambda one: str(one))


def fit(d: int) -> gs.Mixture:
    """Some fit, far from any critical point."""
    means = np.array([[0.3, 0.2], [5.0, 1.0], [8.0, 7.0]])[:, :d]
    covariances = [np.array([[1.5, 0.2], [0.2, 1.2]])[:d, :d] * size for size in (1.0, 2.0, 3.0)]
    return gs.Mixture([0.25, 0.35, 0.4], means, covariances)


def landscape(measure: Any, family: str, weights: Any, sigma: Any) -> lab.FreeLandscape:
    made = lab.Landscape(measure, 3, sigma, weights, family=family)
    assert isinstance(made, lab.FreeLandscape)
    return made


@named
@pytest.mark.parametrize("d", rest_slow([2, 1], 1))
def test_derivatives_agree_with_differences(d: int, family: str, weights: Any, sigma: Any):
    truth = LINE if d == 1 else PLANE
    land = landscape(lab.Population(truth), family, weights, sigma)
    at = land._at(fit(d))
    objective = land._descent.objective(at.mixture, 1e-10)
    q = at.basis.shape[1]
    directions = np.eye(q)

    def value(step: np.ndarray) -> float:
        return objective.value(at.moved(step))

    def across(h: float, e: np.ndarray, f: np.ndarray) -> float:
        far = value(h * (e + f)) - value(h * (e - f)) - value(h * (f - e)) + value(-h * (e + f))
        return far / (4 * h * h)

    slope = [(value(1e-5 * e) - value(-1e-5 * e)) / 2e-5 for e in directions]
    np.testing.assert_allclose(land.gradient(fit(d)), slope, atol=2e-8)
    for e in directions[:: max(1, q // 4)]:
        # Richardson's extrapolation of central differences.
        bend = [(4 * across(2e-3, e, f) - across(4e-3, e, f)) / 3 for f in directions]
        np.testing.assert_allclose(land.hessian(fit(d)) @ e, bend, atol=5e-6)


@named
def test_em_stands_still_where_newton_ends(family: str, weights: Any, sigma: Any):
    land = landscape(lab.Population(LINE), family, weights, sigma)
    end = land.descend(gs.Mixture([0.5, 0.25, 0.25], [[0.0], [11.0], [13.0]], [[[9.0]], [[1.0]], [[1.0]]]))
    assert end.is_minimum
    objective = land._descent.objective(end.local, 1e-12)
    following = objective.update(objective.statistics(end.local), end.local)
    np.testing.assert_allclose(following.means, end.local.means, atol=1e-7)
    np.testing.assert_allclose(following.weights, end.local.weights, atol=1e-7)
    np.testing.assert_allclose(following.full_covariances(), end.local.full_covariances(), rtol=1e-6)
    assert end.eigenvalues[-1] <= 1.0 + 1e-9
    assert end.error < 1e-9


@pytest.mark.parametrize(("family", "weights", "sigma"), [FREEDOMS[4], FREEDOMS[6], FREEDOMS[11]])
def test_em_shrinks_errors_at_the_rate_that_is_told(family: str, weights: Any, sigma: Any):
    land = landscape(lab.Population(LINE), family, weights, sigma)
    end = land.descend(LINE)
    objective = land._descent.objective(end.local, 1e-12)
    at = Local.at(objective, land.freedom, end.local)
    values, vectors = np.linalg.eigh(at.bend)
    here = at.moved(1e-4 * vectors[:, 0])
    there = objective.update(objective.statistics(here), here)
    ratio = np.linalg.norm(there.means - end.local.means) / np.linalg.norm(here.means - end.local.means)
    assert ratio == pytest.approx(end.em_rate, abs=5e-3)
    assert values[0] == pytest.approx(end.eigenvalues[0], abs=1e-8)


def test_a_known_width_is_the_location_family():
    plain = lab.Landscape(lab.Population(LINE), 3)
    free = lab.Landscape(lab.Population(LINE), 3, [1.0, 1.0, 1.0])
    a, b = plain.explore(0, n_starts=16), free.explore(0, n_starts=16)
    assert [point.kl for point in b.minima] == pytest.approx([point.kl for point in a.minima], abs=1e-10)
    for mine, theirs in zip(b.minima, a.minima, strict=True):
        np.testing.assert_allclose(mine.means, theirs.means, atol=1e-7)


#: Divergences of the minima of (-3, 3, 12) by family, as 2,000 starts of EM find them (see the slow test).
MINIMA = {
    ("spherical", "equal", "common"): [0.0],
    ("spherical", "free", "common"): [0.0, 0.50901322],
    ("spherical", "equal", "free"): [0.0, 0.53830890, 0.78018117, 1.07207299],
}


@pytest.mark.parametrize("freedom", MINIMA, ids=str)
def test_the_minima_of_each_freedom_are_listed(freedom: tuple[str, str, str]):
    family, weights, sigma = freedom
    atlas = landscape(lab.Population(LINE), family, weights, sigma).explore(0, n_starts=32)
    assert [point.kl for point in atlas.minima] == pytest.approx(MINIMA[freedom], abs=1e-7)
    assert sum(atlas.ends.values()) == atlas.starts == 32
    assert all(not same_fit(a.mixture, b.mixture) for a in atlas.minima for b in atlas.minima if a is not b)


@pytest.mark.slow
@pytest.mark.parametrize("freedom", [*MINIMA, ("spherical", "free", "free"), ("full", "free", None)], ids=str)
def test_no_minimum_of_many_starts_of_em_is_missed(freedom: tuple[str, str, Any]):
    """EM of the tests' own, on Gauss-Legendre panels, from starts of its own."""
    land = landscape(lab.Population(LINE), *freedom)
    atlas = land.explore(0, n_starts=200)
    for mixture in ends_of_own_em(freedom, 2000):
        assert any(np.abs(mixture.means - point.means).max() < 0.02 for point in atlas.minima), mixture.means


def ends_of_own_em(freedom: tuple[str, str, Any], n: int) -> list[gs.Mixture]:
    """Converged ends, each once, components by their means."""
    _, weights, sigma = freedom
    x, w = lab_nodes()
    rng = np.random.default_rng(7)
    found: list[np.ndarray] = []
    for _ in range(n):
        mu = rng.choice([-3.0, 3.0, 12.0], 3) + rng.standard_normal(3)
        pi, s = np.full(3, 1 / 3), np.full(3, np.exp(rng.uniform(-0.5, 1.8)))
        for _ in range(20_000):
            logs = np.log(pi) - np.log(s) - 0.5 * ((x[:, None] - mu) / s) ** 2
            r = np.exp(logs - logs.max(axis=1, keepdims=True))
            r *= (w / r.sum(axis=1))[:, None]
            mass = r.sum(axis=0)
            new = x @ r / mass
            variance = np.array([r[:, i] @ (x - new[i]) ** 2 for i in range(3)]) / mass
            if sigma == "common":
                variance = np.full(3, variance @ mass)
            step = np.abs(new - mu).max()
            mu, s = new, np.sqrt(variance)
            if weights == "free":
                pi = mass / mass.sum()
            if step < 1e-9 or pi.min() < 1e-6 or s.min() < 1e-3:
                break
        if step >= 1e-9 or pi.min() < 1e-6 or s.min() < 1e-3:
            continue
        order = np.argsort(mu)
        if not any(np.abs(mu[order] - known).max() < 0.01 for known in found):
            found.append(mu[order])
    return [gs.Mixture.location(mu, 1.0) for mu in found]


def lab_nodes() -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(20)
    ends = np.linspace(-13.0, 22.0, 36)
    nodes = np.concatenate([0.5 * (b + a) + 0.5 * (b - a) * x for a, b in pairwise(ends)])
    weights = np.concatenate([0.5 * (b - a) * w for a, b in pairwise(ends)])
    return nodes, weights * np.exp(LINE.log_density(nodes[:, None]))


@pytest.mark.slow
def test_full_covariances_of_a_truth_in_the_plane_are_found():
    atlas = lab.Landscape(lab.Population(PLANE), 3, weights="free", family="full").explore(0, n_starts=16)
    best = atlas.minima[0]
    assert best.kl == pytest.approx(0.0, abs=1e-9)
    order, distance = match_means(best.means, PLANE.means)
    assert distance < 1e-6
    np.testing.assert_allclose(best.mixture.full_covariances()[order], PLANE.full_covariances(), atol=1e-5)


def test_a_sample_has_a_prior_where_its_likelihood_has_no_bound(rng: np.random.Generator):
    X = LINE.sample(400, rng)[0]
    land = lab.Landscape(lab.Sample(X), 3, weights="free", family="full", reference=LINE)
    atlas = land.explore(0, n_starts=16)
    assert land.freedom.prior is not None
    best = atlas.minima[0]
    assert best.decoding is not None
    assert best.decoding.is_structured
    model = gs.GaussianMixture(3, random_state=0, tol=1e-9).fit(X)
    assert best.nll == pytest.approx(-model.score(X), abs=1e-6)


@pytest.mark.parametrize("shape", ["t", "uniform"])
def test_truths_of_any_density(shape: str):
    centers = np.array([-6.0, 6.0, 24.0])

    def density(x: np.ndarray) -> np.ndarray:
        z = x[:, None] - centers
        each = (1 + z**2 / 5) ** -3 if shape == "t" else (np.abs(z) < 2.0).astype(float)
        return each.sum(axis=1)

    corners = np.sort(np.concatenate([centers - 2.0, centers + 2.0]))
    breaks = [-60.0, *corners, 80.0] if shape == "t" else [float(x) for x in corners]
    measure = lab.density_nodes(density, breaks, n_panels=200)
    assert float(measure.weights.sum()) == pytest.approx(1.0)
    reference = gs.Mixture.location(centers, 1.3)
    land = lab.Landscape(measure, 3, "common", "equal", reference, family="spherical")
    best = land.explore(0, n_starts=16).minima[0]
    np.testing.assert_allclose(best.means.ravel(), centers, atol=0.05)


def uniform_clusters() -> lab.Sample:
    centers = np.array([-3.0, 3.0, 12.0])
    half = np.sqrt(3.0)
    breaks = np.sort(np.concatenate([centers - half, centers + half])).tolist()
    return lab.density_nodes(
        lambda x: (np.abs(x[:, None] - centers) < half).any(axis=1).astype(float), breaks
    )


def test_means_that_creep_together_are_listed_once():
    """Two means of free weights share a uniform cluster in any way, and meet ever more slowly."""
    land = lab.Landscape(uniform_clusters(), 3, [1.0] * 3, "free", LINE)
    atlas = land.explore(0, n_starts=32)
    assert len(atlas.minima) == 2
    assert atlas.minima[1].value - atlas.minima[0].value == pytest.approx(2.538, abs=1e-3)
    assert atlas.minima[1].eigenvalues[0] < 1e-4


def test_a_reference_has_candidates_too():
    land = lab.Landscape(uniform_clusters(), 3, "free", "equal", LINE, family="spherical")
    atlas = land.explore(0, n_starts=0)
    assert atlas.candidates == len(lab.candidates(3, 3))
    assert {str(point.decoding.structure) for point in atlas.minima if point.decoding is not None} >= {
        "0>0  1>1  2>2",
        "0>0,1  1,2>2",
        "0,1>0  2>1,2",
    }


def test_files_and_text_and_pictures(tmp_path):
    atlas = lab.Landscape(lab.Population(LINE), 3, "free", "free", family="spherical").explore(0, n_starts=8)
    atlas.to_json(tmp_path / "a.json")
    again = read(tmp_path / "a.json")
    assert again == atlas
    text = str(atlas)
    assert text.splitlines()[0].endswith("spherical family, weights free, widths free")
    assert text.splitlines()[1].startswith("next: ")
    assert len(atlas.plot().minima.titles_) == len(atlas.minima)
    assert "minimum" in str(atlas.minima[0])


def test_the_search_stops_when_asked():
    land = lab.Landscape(lab.Population(LINE), 3, "free", "free", family="spherical")
    assert land.explore(0, callback=lambda event: event.done >= 3).stop_reason == "interrupted"
    assert land.explore(0, max_seconds=0.0).stop_reason == "time_limit"
    assert land.descend(fit(1), callback=lambda event: True).stop_reason == "interrupted"
    assert land.descend(fit(1), max_iter=1).stop_reason == "max_iter"

    def interrupt(event: Any) -> None:
        raise KeyboardInterrupt

    assert land.explore(0, callback=interrupt).stop_reason == "interrupted"


def test_values_and_divergences_of_any_fit():
    land = lab.Landscape(lab.Population(LINE), 3, family="spherical", weights="free")
    wide = gs.Mixture(None, LINE.means, [1.5, 1.0, 2.0], "spherical")
    nodes, weights = lab_nodes()
    for one in (LINE, wide):
        log_density = one.log_density(nodes[:, None])
        entropy = -weights @ LINE.log_density(nodes[:, None])
        value, divergence = land.nll(one), land.kl(one)
        assert float(value) == pytest.approx(-weights @ log_density, abs=1e-9)
        assert float(divergence) == pytest.approx(-weights @ log_density - entropy, abs=1e-9)
        assert 0.0 < value.error < 1e-9
    rows = lab.Sample(LINE.sample(60, rng=0)[0])
    assert lab.Landscape(rows, 3, "common", family="spherical").kl(LINE) is None


def test_a_width_that_falls_onto_one_row_ends_a_descent_on_the_floor():
    rows = lab.Sample([[0.0], [1.0], [5.0], [6.0]])
    land = lab.FreeLandscape(rows, 2, family="spherical", covariance_prior=0.0)
    start = gs.Mixture([0.75, 0.25], [[2.0], [6.0]], [5.0, 1e-2], "spherical")
    assert land.descend(start).stop_reason == "degenerate"


def test_fits_of_other_numbers_of_components_are_not_the_same():
    assert not same_fit(LINE, gs.Mixture.location([-3.0, 3.0], 1.0))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (lambda land: land.nll(PLANE), "n_features=1"),
        (lambda land: land.kl(LINE), "3 components where the landscape has n_components=2"),
        (lambda land: land.descend([0.0, 1.0, 2.0]), "3 components where the landscape has n_components=2"),
        (lambda land: land.explore(candidates=1), "candidates=1: pass True or False"),
        (lambda land: lab.Landscape(LINE, 2, family="full"), r"lab\.Population\(mixture\)"),
        (lambda land: lab.Landscape(LINE, 2), r"lab\.Population\(mixture\)"),
        (lambda land: lab.FreeLandscape(lab.Sample([[0.0], [1.0]]), 1, reference=PLANE), "n_features=1"),
        (lambda land: lab.Landscape(lab.Population(PLANE), 2), "only a population whose components share"),
        (lambda land: lab.Landscape(land.measure, 2, weights="free").nll([0.0]), "means has 1 rows where"),
        (
            lambda land: lab.Landscape(land.measure, 1).profile([0.0], [1.0], saddle=3),
            "saddle=3: pass a Crit",
        ),
    ],
    ids=[
        *("dimensions", "components", "means", "candidates", "measure", "measure of means", "reference"),
        *("widths", "places", "saddle"),
    ],
)
def test_what_does_not_fit_is_named(request_: Any, message: str):
    land = lab.FreeLandscape(lab.Population(LINE), 2, family="spherical")
    with pytest.raises(InvalidParameterError, match=message):
        request_(land)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"family": "round"}, "family='round'"),
        ({"family": "full", "sigma": 2.0}, "leave it out: covariances are free"),
        ({"family": "spherical", "sigma": "wide"}, "sigma='wide'"),
        ({"family": "spherical", "sigma": [1.0, -1.0, 1.0]}, "positive standard deviations"),
        ({"family": "full", "weights": [0.5, 0.5, 0.0]}, "positive weights"),
        ({"family": "full", "weights": "some"}, "weights='some'"),
        ({"family": "full", "reference": LINE}, "reference is for samples"),
    ],
)
def test_what_cannot_be_used_is_named(options: dict[str, Any], message: str):
    with pytest.raises(InvalidParameterError, match=message):
        lab.Landscape(lab.Population(LINE), 3, **options)


def test_landscapes_go_to_other_processes():
    plain = lab.Landscape(lab.Population(LINE), 3)
    free = lab.Landscape(lab.Population(LINE), 3, "free", family="spherical")
    for land in (plain, free):
        again = pickle.loads(pickle.dumps(land))
        assert repr(again) == repr(land)
    assert pickle.loads(pickle.dumps(plain)).nll([-3.0, 3.0, 12.0]) == plain.nll([-3.0, 3.0, 12.0])


@pytest.mark.parametrize("sigma", [1e-5, 1e-7])
def test_clusters_a_million_widths_apart_are_not_degenerate(sigma):
    truth = gs.Mixture.location([0.0, 5.0], sigma)
    end = lab.Landscape(lab.Population(truth), 2, family="spherical").descend(truth)
    assert end.converged
    assert end.kl == pytest.approx(0.0, abs=1e-9)


def test_a_center_of_weight_zero_takes_no_moments():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0, [0.5, 0.5, 0.0])
    atlas = lab.Landscape(lab.Population(truth), 2, family="spherical").explore(0, n_starts=4)
    assert np.sort(atlas.minima[0].means[:, 0]) == pytest.approx([-3.0, 3.0])
