"""Cells of k means: value and derivatives of the distortion against integrals of other kinds."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from marks import rest_slow

LINE = gs.Mixture([0.2, 0.5, 0.3], [[-3.0], [3.0], [12.0]], [1.0, 4.0, 0.25], "spherical")
ROUND = gs.Mixture.location([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]], 1.0, [0.5, 0.3, 0.2])
STRETCHED = gs.Mixture(
    [0.5, 0.3, 0.2],
    [[0.0, 0.0], [4.0, 1.0], [-1.0, 5.0]],
    [[[1.0, 0.6], [0.6, 2.0]], [[0.5, -0.2], [-0.2, 0.4]], [[3.0, 1.0], [1.0, 1.0]]],
)


def in_space() -> gs.Mixture:
    """Three components in four dimensions, with covariances of all directions."""
    rng = np.random.default_rng(3)
    roots = rng.normal(size=(3, 4, 4))
    covariances = np.einsum("sij,skj->sik", roots, roots) + 0.3 * np.eye(4)
    return gs.Mixture([0.2, 0.5, 0.3], 3.0 * rng.normal(size=(3, 4)), covariances)


#: A truth and means: on a line, in a plane, three means on a line there, a center on a corner of cells, in
#: space.
CASES = {
    "line": (LINE, [[-1.0], [4.0], [11.0], [14.0]]),
    "plane": (ROUND, [[0.3, -0.5], [2.5, 0.7], [-0.4, 3.0], [5.0, 5.0]]),
    "stretched": (STRETCHED, [[0.3, -0.5], [2.5, 0.7], [-0.4, 3.0], [5.0, 5.0], [-6.0, 1.0]]),
    "on a line": (ROUND, [[-1.0, 0.0], [1.0, 0.0], [3.0, 0.0]]),
    "corner": (ROUND, [[1.0, 0.0], [-0.5, np.sqrt(0.75)], [-0.5, -np.sqrt(0.75)]]),
    "two": (STRETCHED, [[0.3, -0.5], [2.5, 0.7]]),
    "space": (in_space(), [[0.0, 1.0, 2.0, 1.0], [-2.0, 0.5, 1.0, 3.0], [3.0, -1.0, 0.0, -2.0]]),
}
each_case = pytest.mark.parametrize("name", CASES)


def landscape(name: str) -> tuple[lab.KMeansLandscape, np.ndarray]:
    truth, means = CASES[name]
    return lab.KMeansLandscape(lab.Population(truth), len(means)), np.array(means)


def by_panels(low: np.ndarray, high: np.ndarray, panels: int, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss and Legendre on equal panels between each pair of ends."""
    x, w = np.polynomial.legendre.leggauss(order)
    edges = low[..., None] + (high - low)[..., None] * np.linspace(0.0, 1.0, panels + 1)
    half = 0.5 * np.diff(edges)[..., None]
    middle = 0.5 * (edges[..., 1:] + edges[..., :-1])[..., None]
    return (middle + half * x).reshape(*low.shape, -1), (half * w).reshape(*low.shape, -1)


def on_the_line(truth: gs.Mixture, means: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Distortion, masses and centroids by quadrature in each cell."""
    places = np.sort(means.ravel())
    walls = np.concatenate([[-45.0], 0.5 * (places[1:] + places[:-1]), [45.0]])
    x, w = by_panels(walls[:-1], walls[1:], 200, 12)
    weighted = w * np.exp(truth.log_density(x.reshape(-1, 1))).reshape(x.shape)
    masses = weighted.sum(axis=1)
    return (
        float((weighted * (x - places[:, None]) ** 2).sum()),
        masses,
        (weighted * x).sum(axis=1) / masses,
    )


def in_the_plane(truth: gs.Mixture, means: np.ndarray) -> tuple[float, np.ndarray]:
    """Distortion and masses: along lines of one ordinate, quadrature from wall to wall.

    Ordinates are split where walls meet, so that what is integrated over them is smooth.
    """
    corners = [-20.0, 20.0]
    for three in combinations(means, 3):
        ways = 2.0 * (np.array(three[1:]) - three[0])
        if abs(np.linalg.det(ways)) > 1e-9:
            sums = [one @ one - three[0] @ three[0] for one in three[1:]]
            corners.append(float(np.linalg.solve(ways, np.array(sums))[1]))
    cuts = np.unique(np.clip(corners, -20.0, 20.0))
    ordinates, heights = by_panels(cuts[:-1], cuts[1:], 16, 12)
    total, masses = 0.0, np.zeros(len(means))
    for y, height in zip(ordinates.ravel(), heights.ravel(), strict=True):
        crossings = [-20.0, 20.0]
        for one, other in combinations(means, 2):
            if abs(one[0] - other[0]) > 1e-12:
                slope = other - one
                middle = 0.5 * (one + other)
                crossings.append(float(middle[0] - slope[1] * (y - middle[1]) / slope[0]))
        ends = np.unique(np.clip(crossings, -20.0, 20.0))
        x, w = by_panels(ends[:-1], ends[1:], 10, 16)
        points = np.column_stack([x.ravel(), np.full(x.size, y)])
        squares = ((points[:, None] - means) ** 2).sum(axis=2)
        weighted = height * w.ravel() * np.exp(truth.log_density(points))
        total += float(weighted @ squares.min(axis=1))
        masses += np.bincount(squares.argmin(axis=1), weighted, minlength=len(means))
    return total, masses


def test_values_on_a_line_agree_with_quadrature():
    land, means = landscape("line")
    value, masses, centroids = on_the_line(LINE, means)
    found = land.distortion(means)
    assert found == pytest.approx(value, abs=1e-12)
    assert abs(found - value) <= found.error + 1e-13 * value
    np.testing.assert_allclose(land.masses(means), masses, atol=1e-14)
    np.testing.assert_allclose(land.lloyd(means).ravel(), centroids, rtol=1e-12)


@pytest.mark.parametrize("name", rest_slow(["on a line", "corner", "two", "plane", "stretched"], 3))
def test_values_in_a_plane_agree_with_quadrature(name: str):
    land, means = landscape(name)
    value, masses = in_the_plane(CASES[name][0], means)
    assert land.distortion(means) == pytest.approx(value, rel=1e-11)
    np.testing.assert_allclose(land.masses(means), masses, atol=1e-11)


def test_values_in_space_agree_with_draws():
    land, means = landscape("space")
    rows = CASES["space"][0].sample(200_000, rng=0)[0]
    squares = ((rows[:, None] - means) ** 2).sum(axis=2).min(axis=1)
    assert abs(land.distortion(means) - squares.mean()) < 4.0 * squares.std() / np.sqrt(len(rows))
    moved = lab.KMeansLandscape(lab.Sample(rows), 3).lloyd(means)
    np.testing.assert_allclose(land.lloyd(means), moved, atol=0.05)


@each_case
def test_derivatives_agree_with_differences(name: str):
    land, means = landscape(name)
    size, h = means.size, 1e-4
    slope, bend = np.zeros(size), np.zeros((size, size))
    for a, way in enumerate(np.eye(size).reshape(size, *means.shape)):
        slope[a] = (land.distortion(means + h * way) - land.distortion(means - h * way)) / (2 * h)
        ahead, back = land.gradient(means + h * way), land.gradient(means - h * way)
        bend[a] = (ahead - back).ravel() / (2 * h)
    np.testing.assert_allclose(land.gradient(means).ravel(), slope, atol=1e-6)
    np.testing.assert_allclose(land.hessian(means), bend, atol=1e-6)
    np.testing.assert_allclose(land.hessian(means), land.hessian(means).T, atol=1e-13)


@pytest.mark.slow
def test_value_and_hessian_on_a_line_against_mpmath():
    mpmath = pytest.importorskip("mpmath")
    land, means = landscape("line")
    with mpmath.workdps(40):
        parts = list(zip(LINE.weights, LINE.means[:, 0], LINE.covariances, strict=True))

        def density(x: Any) -> Any:
            return sum(w * mpmath.npdf(x, m, mpmath.sqrt(v)) for w, m, v in parts)

        places = [mpmath.mpf(float(m)) for m in means[:, 0]]
        walls = [(a + b) / 2 for a, b in pairwise(places)]
        ends = [mpmath.mpf(-40), *walls, mpmath.mpf(50)]

        def over(f: Any, low: Any, high: Any) -> Any:
            inside = [x for x in map(mpmath.mpf, (-6, -3, 0, 3, 6, 9, 11, 12, 13)) if low < x < high]
            return mpmath.quad(f, [low, *inside, high])

        value = sum(
            over(lambda x, m=m: (x - m) ** 2 * density(x), a, b)
            for m, (a, b) in zip(places, pairwise(ends), strict=True)
        )
        assert float(value) == pytest.approx(float(land.distortion(means)), abs=3e-15 * 40)
        hessian = np.zeros((4, 4))
        for i, (a, b) in enumerate(pairwise(ends)):
            hessian[i, i] = 2 * over(density, a, b)
        for i, wall in enumerate(walls):
            # Du, Faber and Gunzburger 1999, on a line: half the gap times the density on the wall.
            lost = float((places[i + 1] - places[i]) * density(wall) / 2)
            hessian[i : i + 2, i : i + 2] -= lost
    np.testing.assert_allclose(land.hessian(means), hessian, atol=1e-14)


@each_case
def test_the_limit_of_the_location_family(name: str):
    """2 sigma^2 NLL less its constants is below the distortion, by at most 2 sigma^2 log k."""
    truth, means = CASES[name]
    k, d = np.shape(means)
    land, sigma = lab.KMeansLandscape(lab.Population(truth), k), 0.3
    rows = truth.sample(20_000, rng=1)[0]
    value = lab.KMeansLandscape(lab.Sample(rows), k).distortion(means)
    nll = lab.Landscape(lab.Sample(rows), k, sigma=sigma).nll(means)
    limit = 2 * sigma**2 * nll - 2 * sigma**2 * np.log(k) - d * sigma**2 * np.log(2 * np.pi * sigma**2)
    assert -2 * sigma**2 * np.log(k) <= limit - value < 0.0
    assert value == pytest.approx(land.distortion(means), rel=0.05)


def test_a_polynomial_density_is_exact():
    nodes = lab.density_nodes(lambda x: 0.75 * (1 - x**2), [-1.0, 1.0], n_panels=3, order=4)
    land = lab.KMeansLandscape(nodes, 2)
    # Right half: E[x; x > 0] = 3/16, E x^2 = 1/5; with means at +-m the distortion is 1/5 - 3/4 m + m^2.
    for m in (0.2, 0.375, 0.9):
        assert land.distortion([-m, m]) == pytest.approx(0.2 - 0.75 * m + m * m, abs=1e-14)
    assert land.descend([-0.9, 0.5]).means.ravel() == pytest.approx([-0.375, 0.375], abs=1e-12)
    # A wall away from the middle of the rule: b = 0.1.
    mass = 0.75 * (0.1 - 0.1**3 / 3) + 0.5
    assert land.masses([-0.4, 0.6]) == pytest.approx([mass, 1.0 - mass], abs=1e-14)
    hessian = land.hessian([-0.4, 0.6])
    lost = 0.5 * 1.0 * 0.75 * (1 - 0.1**2)
    assert hessian == pytest.approx(np.diag([2 * mass, 2 - 2 * mass]) - lost, abs=1e-13)


def test_a_density_of_a_gaussian_is_its_population():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    nodes = lab.density_nodes(lambda x: np.exp(truth.log_density(x[:, None])), [-12.0, 21.0])
    one, other = lab.KMeansLandscape(nodes, 3), lab.KMeansLandscape(lab.Population(truth), 3)
    means = [-2.0, 4.0, 11.0]
    assert one.distortion(means) == pytest.approx(other.distortion(means), abs=1e-10)
    np.testing.assert_allclose(one.gradient(means), other.gradient(means), atol=1e-10)
    np.testing.assert_allclose(one.hessian(means), other.hessian(means), atol=1e-10)


def test_a_density_in_a_plane_is_exact_with_walls_anywhere():
    # p(x, y) = 6 x^2 y on the unit square, a polynomial, on panels that walls cross.
    breaks = [[0.0, 0.3, 1.0], [0.0, 1.0]]
    nodes = lab.density_nodes(lambda at: at[:, 0] ** 2 * at[:, 1], breaks, n_panels=3, order=4)
    land = lab.KMeansLandscape(nodes, 3)
    means = np.array([[0.2, 0.3], [0.9, 0.4], [0.6, 1.1]])
    x, w = by_panels(np.array([0.0]), np.array([1.0]), 200, 4)
    points = np.stack(np.meshgrid(x[0], x[0], indexing="ij"), axis=-1).reshape(-1, 2)
    weights = np.outer(w[0], w[0]).ravel() * 6 * points[:, 0] ** 2 * points[:, 1]
    squares = ((points[:, None] - means) ** 2).sum(axis=2)
    assert land.distortion(means) == pytest.approx(weights @ squares.min(axis=1), abs=1e-6)
    masses = np.bincount(squares.argmin(axis=1), weights, minlength=3)
    np.testing.assert_allclose(land.masses(means), masses, atol=1e-3)
    # One vertical wall at x = 1/2: masses are 1/8 and 7/8, and E x on the right is 6/8 (1 - 1/16).
    pair = lab.KMeansLandscape(nodes, 2)
    np.testing.assert_allclose(pair.masses([[0.2, 0.5], [0.8, 0.5]]), [1 / 8, 7 / 8], atol=1e-14)
    # A wall beside the square, along a side of it or across: the mean behind it has nothing.
    for far in ([0.5, 3.5], [5.0, 4.0]):
        np.testing.assert_allclose(pair.masses([[0.5, 0.5], far]), [1.0, 0.0], atol=1e-14)
    right = pair.lloyd([[0.2, 0.5], [0.8, 0.5]])[1]
    np.testing.assert_allclose(right, [0.75 * (1 - 1 / 16) * 8 / 7, 2 / 3], atol=1e-14)
    h = 1e-5
    for a, way in enumerate(np.eye(6).reshape(6, 3, 2)):
        slope = (land.distortion(means + h * way) - land.distortion(means - h * way)) / (2 * h)
        assert land.gradient(means).ravel()[a] == pytest.approx(slope, abs=1e-9)
        bend = (land.gradient(means + h * way) - land.gradient(means - h * way)) / (2 * h)
        np.testing.assert_allclose(land.hessian(means)[a], bend.ravel(), atol=1e-8)


def test_a_density_of_gaussians_in_a_plane_is_their_population():
    nodes = lab.density_nodes(
        lambda at: np.exp(ROUND.log_density(at)), [[-9.0, 12.0], [-9.0, 13.0]], n_panels=20, order=12
    )
    means = CASES["plane"][1]
    one, other = lab.KMeansLandscape(nodes, 4), lab.KMeansLandscape(lab.Population(ROUND), 4)
    assert one.distortion(means) == pytest.approx(other.distortion(means), abs=1e-10)
    np.testing.assert_allclose(one.gradient(means), other.gradient(means), atol=1e-10)
    np.testing.assert_allclose(one.hessian(means), other.hessian(means), atol=1e-8)


def test_of_means_in_one_place_the_first_has_the_cell():
    for truth, means in ((LINE, [[3.0], [3.0], [12.0]]), (ROUND, [[0.0, 1.0], [0.0, 1.0], [4.0, 0.0]])):
        land = lab.KMeansLandscape(lab.Population(truth), 3)
        without = lab.KMeansLandscape(lab.Population(truth), 2)
        assert land.distortion(means) == pytest.approx(without.distortion(means[1:]), rel=1e-14)
        assert land.masses(means)[1] == 0.0
        assert land.descend(means).stop_reason == "plateau"


def test_what_is_refused():
    cube = gs.Mixture.location(np.eye(3), 1.0)
    with pytest.raises(NotAvailableError, match="n_components up to 3"):
        lab.KMeansLandscape(lab.Population(cube), 4)
    with pytest.raises(InvalidParameterError, match="measure"):
        lab.KMeansLandscape([1.0, 2.0], 2)  # pyright: ignore[reportArgumentType]
    land = lab.KMeansLandscape(lab.Population(LINE), 3)
    with pytest.raises(InvalidParameterError, match="2 rows"):
        land.distortion([0.0, 1.0])
    with pytest.raises(InvalidParameterError, match="method"):
        land.descend([0.0, 1.0, 2.0], "em")
    with pytest.raises(InvalidParameterError, match="weights='free'"):
        lab.Landscape(lab.Population(LINE), 3, sigma=0.0, weights="free")


def test_means_whose_distances_overflow_are_refused():
    truth = gs.Mixture.location([[-5.0, 0.0], [5.0, 1.0]], 1.0)
    for measure in (lab.Population(truth), lab.Sample(truth.sample(50, 0)[0])):
        land = lab.Landscape(measure, 2, sigma=0)
        far = land.descend([[1e60, 0.0], [0.0, 0.0]])
        assert np.isfinite([far.distortion, *far.means.ravel()]).all()
        for ask in (land.distortion, land.masses, land.gradient, land.hessian, land.lloyd, land.descend):
            with pytest.raises(InvalidParameterError, match=r"means has an entry 1e\+160 away"):
                ask([[1e160, 0.0], [0.0, 0.0]])
