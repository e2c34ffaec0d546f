"""Laws as functions: predictions against the landscape, and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import InvalidParameterError, lab
from gmmscape.landscape import laws
from gmmscape.structure.structure import Structure
from marks import rest_slow

PAIR_LAST = Structure.of([((0,), (0, 1)), ((1, 2), (2,))])


def landscape(centers, k, sigma=None, weights=None, tau=1.0):
    truth = gs.Mixture.location(centers, tau, weights)
    return lab.Landscape(lab.Population(truth), k, sigma=sigma)


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("sigma", [1.0, 1.4])
def test_law_1_with_its_multiplicity(n, sigma):
    """All means in the middle: responsibilities are 1/n and V is the variance of the truth."""
    land = landscape([-1.3, 0.4, 2.0], n, sigma)
    found = np.linalg.eigvalsh(land.hessian([np.mean([-1.3, 0.4, 2.0])] * n))
    (value,) = laws.splitting_eigenvalues(1 / n, 1.0 + np.var([-1.3, 0.4, 2.0]), sigma)
    assert np.count_nonzero(np.abs(found - value) < 1e-10) == n - 1


def test_law_1_with_a_matrix_in_space():
    """On a sample in the plane, two means at the weighted mean: both directions, exactly."""
    rows = np.random.default_rng(1).normal(size=(200, 2)) * [0.7, 1.6] + [3.0, -2.0]
    middle = rows.mean(axis=0)
    second = (rows - middle).T @ (rows - middle) / len(rows)
    found = np.linalg.eigvalsh(lab.Landscape(lab.Sample(rows), 2, sigma=1.0).hessian([middle, middle]))
    for value in laws.splitting_eigenvalues(0.5, second):
        assert np.abs(found - value).min() < 1e-10


@pytest.mark.parametrize(("separation", "kl", "spectrum"), [(16.0, 1e-4, 1e-2), (20.0, 1e-6, 1e-3)])
def test_laws_2_and_3(separation, kl, spectrum):
    land = landscape([-separation, 0.0, separation], 3)
    point = land.descend([-separation / 2, separation - 0.3, separation + 0.3])
    predicted = laws.structure_prediction(PAIR_LAST, land.measure.truth, n_components=3)
    assert abs(point.kl - predicted.kl) < kl
    assert point.eigenvalues[1:] == pytest.approx(predicted.eigenvalues[1:], rel=spectrum)
    assert predicted.eigenvalues[0] == 0
    assert point.means[:, 0] == pytest.approx(predicted.means[:, 0], abs=0.15)


def test_laws_2_and_3_where_the_fitted_sigma_is_larger():
    """Weights unequal and tau below sigma: the pair does not split, and its curvature is that of law 1."""
    land = landscape([-30.0, 0.0, 40.0], 3, 1.25, [0.5, 0.3, 0.2])
    truth = land.measure.truth
    point = land.descend([-11.0, 39.9, 40.1])
    assert point.kl == pytest.approx(laws.leading_kl(PAIR_LAST, truth, 1.25), abs=1e-8)
    assert point.eigenvalues == pytest.approx(laws.limiting_spectrum(PAIR_LAST, truth, 1.25), abs=1e-8)


def test_law_3_in_space():
    truth = gs.Mixture.location([[0.0, 0.0], [9.0, 0.0], [30.0, 0.0]], 2.0)
    values = laws.limiting_spectrum(PAIR_LAST, truth)
    assert values == pytest.approx([0, 0, 1 / 24, 1 / 24, 1 / 6, 1 / 6])


@pytest.mark.parametrize("k_star", [2, 3, 4, 5])
def test_law_4(k_star):
    """Relative corrections are O(a^2 Delta^2); their first term leaves less than half of them."""
    for separation in (7.5, 8.0, 9.0) if k_star == 2 else (20.0, 21.0, 22.0):
        centers = separation * np.arange(k_star)
        others = centers[:1] if k_star == 2 else np.append(centers[: k_star - 3], centers[-3:-1].mean())
        land = landscape(centers, len(others) + 2)
        point = land.descend([*others, centers[-1] - 0.2, centers[-1] + 0.2])
        means = np.sort(point.means[:, 0])
        half_gap, distance = (means[-1] - means[-2]) / 2, means[-2:].mean() - means[-3]
        assert 1e-3 < half_gap < 0.3 / distance
        off = point.eigenvalues[0] / laws.pair_curvature(half_gap, 1 / k_star) - 1
        assert abs(off) < 0.2 * (half_gap * distance) ** 2
        competitor = laws.Competitor(distance, separation, 1 / k_star)
        better = laws.pair_curvature(half_gap, 1 / k_star, competitor=competitor)
        assert abs(point.eigenvalues[0] / better - 1) < 0.5 * abs(off)


def test_law_4_needs_a_border_between():
    with pytest.raises(InvalidParameterError, match="competitor"):
        laws.pair_curvature(0.1, 0.5, competitor=laws.Competitor(20.0, 5.0, 0.5))


@pytest.mark.parametrize(
    "competitor", [(12.0, 12.0, 0.25), (12.0, 12.0, 0.1), (12.0, 12.0), "x", 3, (12.0, np.nan, 0.5)]
)
def test_competitors_that_hold_no_pair_are_refused(competitor):
    with pytest.raises(InvalidParameterError):
        laws.pair_curvature(0.1, 0.5, competitor=competitor)


def test_competitors_far_away_do_not_underflow():
    leading = laws.pair_curvature(1e-4, 1 / 3)
    assert laws.pair_curvature(1e-4, 1 / 3, competitor=(1e3, 1e3, 1 / 3)) == pytest.approx(leading, rel=1e-2)


def test_embedding_adds_the_eigenvalues_of_products():
    """One more dimension in which nothing differs: its part of the Hessian is E[psi_i psi_j]/sigma^2."""
    flat, tall = landscape([-2.0, 1.0, 4.0], 2), landscape([[-2.0, 0], [1.0, 0], [4.0, 0]], 2)
    added = tall.hessian([[-1.0, 0.0], [3.0, 0.0]])[1::2, 1::2]
    grid = np.linspace(-12, 14, 4001)[:, None]
    psi = gs.Mixture.location([-1.0, 3.0], 1.0).responsibilities(grid)
    mass = np.exp(flat.measure.truth.log_density(grid)) * (26 / 4000)
    assert laws.embedding_eigenvalues((psi.T * mass) @ psi) == pytest.approx(
        np.linalg.eigvalsh(added), abs=1e-9
    )


@pytest.mark.parametrize("ratio", [0.8, 1.0, 2.0, 3.0])
def test_law_5(ratio):
    us = np.array([22.0, 24.0, 26.0])
    found, predicted = [], []
    for u in us:
        a = u / (2 * ratio - 1)
        b = ratio * a
        means = landscape([-b - a, -b, 0.0], 3).descend([-b - a / 2, -0.02, 0.02]).means[:, 0]
        found.append([abs(means[0] + b + a / 2), (means[2] - means[1]) / 2])
        predicted.append(laws.error_orders(a, b))
    slopes = [np.polyfit(us**2, column, 1)[0] for column in np.log(found).T]
    wanted = [np.polyfit(us**2, column, 1)[0] for column in np.log(predicted).T]
    assert wanted[0] == pytest.approx(-1 / 32)
    assert slopes == pytest.approx(wanted, rel=0.01)


@pytest.mark.slow
def test_law_6_is_what_birth_measures():
    path = lambda D: gs.Mixture.location([-D, 0.0, D], 0.5)  # noqa: E731
    fold = lab.birth(path, PAIR_LAST, (4.9, 5.3))
    assert fold.parameter == pytest.approx(laws.equal_spacing_birth(0.5), abs=1e-8)


def test_law_7_on_the_census(reference_dir):
    """Indices are those of the Hessian at the printed places, orbits those of the coincidences there."""
    for case in json.loads((reference_dir / "landscapes.json").read_text())["census"]:
        land = landscape(case["centers"], case["k"], tau=case["sigma"])
        indices, orbits = [], []
        for point in case["points"]:
            means = polished(land, np.array(point["means"]))
            indices.append(int(np.count_nonzero(np.linalg.eigvalsh(land.hessian(means)) < 0)))
            _, counts = np.unique(means.round(6), return_counts=True)
            orbits.append(int({(1, 1, 1): 6, (1, 2): 3, (3,): 1}[tuple(sorted(counts.tolist()))]))
        assert laws.signed_count(indices, orbits) == 1
        assert laws.signed_count(indices[:-1], orbits[:-1]) != 1  # one point is missing


def polished(land, means):
    """Newton on the gradient: keeps the index, and coincidences to rounding."""
    for _ in range(4):
        means = means - np.linalg.solve(land.hessian(means), land.gradient(means)[:, 0])
    assert np.abs(land.gradient(means)).max() < 1e-12
    return means


@pytest.mark.parametrize(("distance", "indices", "orbits"), [(0.5, [0, 1], [2, 1]), (3.0, [0, 1], [2, 1])])
def test_law_7_two_means_on_two_centers(distance, indices, orbits):
    """The truth and the means together in the middle are all there is for k = 2."""
    land = landscape([-distance, distance], 2)
    found = [
        int(np.count_nonzero(np.linalg.eigvalsh(land.hessian(means)) < -1e-9))
        for means in ([-distance, distance], [0.0, 0.0])
    ]
    assert found == indices
    assert laws.signed_count(found, orbits) == 1


@pytest.mark.slow
@pytest.mark.parametrize("start", rest_slow([0.5, 1.0], 1))
def test_law_8(start):
    steps = 10_000
    point = landscape([0.0], 2).descend([-start, start], "em", max_iter=steps, tol=1e-14)
    half_gap = np.ptp(point.means) / 2
    assert point.n_iter == steps
    assert abs(2 * steps * half_gap**2 - 1) < 2e-4
    assert half_gap == pytest.approx(laws.em_half_gap(steps, start), rel=2e-5)


def test_law_8_is_the_map_of_em_expanded():
    """The half-gap after a step is E[x tanh(a x)]; from 0.1 on the expansion is off by parts of 0.01."""
    x, w = np.polynomial.hermite_e.hermegauss(40)
    half_gap = 0.1
    for _ in range(200):
        half_gap = w @ (x * np.tanh(half_gap * x)) / w.sum()
    assert laws.em_half_gap(200, 0.1) == pytest.approx(half_gap, rel=1e-3)
    assert laws.em_half_gap(0, 0.1) == pytest.approx(0.1, rel=1e-15)


def test_refusals():
    truth = gs.Mixture.location([0.0, 5.0, 9.0], 1.0)
    with pytest.raises(gs.InvalidParameterError, match="structure"):
        laws.leading_kl(Structure.of([((0,), (0, 1))]), truth)
    with pytest.raises(gs.InvalidParameterError, match="n_components=4"):
        laws.structure_prediction(PAIR_LAST, truth, n_components=4)
    with pytest.raises(gs.InvalidParameterError, match="spherical"):
        laws.leading_kl(PAIR_LAST, gs.Mixture(None, np.eye(3)[:, :2], [np.diag([1.0, 2.0])] * 3))
    for start in (0.0, 10.0):
        with pytest.raises(gs.InvalidParameterError, match="start="):
            laws.em_half_gap(1, start)
    with pytest.raises(gs.InvalidParameterError, match="b="):
        laws.error_orders(10.0, 5.0)
    with pytest.raises(gs.InvalidParameterError, match="orbit_sizes"):
        laws.signed_count([0, 1], [1])
    with pytest.raises(gs.InvalidParameterError, match="square"):
        laws.embedding_eigenvalues(np.ones((2, 3)))
    with pytest.raises(gs.InvalidParameterError, match="sigma"):
        laws.leading_kl(PAIR_LAST, gs.Mixture(None, [[0.0], [5.0], [9.0]], [1.0, 2.0, 1.0], "spherical"))
