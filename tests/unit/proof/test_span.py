"""Truths on a line or in a plane of a larger space are proved there, with the index of all dimensions."""

from fractions import Fraction

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import NoResultError, NotAvailableError
from gmmscape.proof.balls import exact, precision
from gmmscape.proof.population import PopulationEncloser
from gmmscape.proof.problem import PopulationProblem
from gmmscape.proof.reduced import reduced
from gmmscape.proof.span import Span, SpannedProblem
from oracles.space_hessian import nll_and_hessian


def landscape(centers, k, tau=1.0, sigma=1.0, weights=None):
    n = len(centers)
    weights = np.full(n, 1 / n) if weights is None else weights
    truth = gs.Mixture(weights, np.asarray(centers, float), [tau**2] * n, "spherical")
    return lab.Landscape(lab.Population(truth), k, sigma)


def turned(places, d, seed=0):
    """Places on a line or in the plane, somewhere in d dimensions."""
    places = np.asarray(places, float)
    draw = np.random.default_rng(seed)
    axes = np.linalg.qr(draw.normal(size=(d, d)))[0][: places.shape[1]]
    return places @ axes + draw.normal(size=d)


def overlap(one, other):
    return max(one[0], other[0]) <= min(one[1], other[1])


@pytest.mark.parametrize("d", [2, 3, 5])
def test_a_line_in_space_is_as_on_the_line(d):
    """Kl, errors, index and defect of a fit of one mean that stands for two, and of the truth."""
    centers, means = [[-1.0], [1.0]], [[0.0]]
    line = lab.certify(means, landscape(centers, 1))
    space = landscape(turned(centers, d), 1)
    found = lab.certify(turned(means, d), space)
    assert found.span == 1
    assert found.index == line.index == 0
    assert found.is_structured
    assert line.kl[0] > 0.05
    assert found.kl == pytest.approx(line.kl, abs=1e-14)
    assert found.nll[0] == pytest.approx(line.nll[0] + (d - 1) * 0.5 * np.log(2 * np.pi * np.e), abs=1e-12)
    assert found.kl[1] - found.kl[0] < 1e-12
    assert overlap(found.defect, line.defect)
    for (low, high), x in zip(found.tight_box, turned(means, d).ravel(), strict=True):
        assert float(low) - 1e-14 <= x <= float(high) + 1e-14


def test_errors_of_a_spurious_fit_in_space():
    """A fit with its distances, whose truth has other weights and another sigma."""
    weights, centers = [0.3, 0.7], [[-2.0], [2.5]]
    line = landscape(centers, 2, 1.2, weights=weights)
    at = line.descend([[-2.0], [2.0]]).means
    one = lab.certify(at, line)
    found = lab.certify(turned(at, 4), landscape(turned(centers, 4), 2, 1.2, weights=weights))
    assert found.index == one.index == 0
    for ends, ours in zip(one.errors, found.errors, strict=True):
        assert ends[0] > 0.01
        assert ours == pytest.approx(ends, abs=1e-12)
    # Of each further axis the divergence of one Gaussian from the other.
    assert found.kl[0] - one.kl[0] == pytest.approx(3 * (0.22 - np.log(1.2)), abs=1e-12)


@pytest.mark.parametrize(("tau", "index"), [(1.5, 3), (0.75, 1)])
def test_directions_out_of_the_span_count(tau, index):
    """Two means in one place part along each axis where the truth is wide, along the line only if not."""
    centers, means = turned([[-1.0], [1.0]], 3), turned([[0.0], [0.0]], 3)
    found = lab.certify(means, landscape(centers, 2, tau))
    value, hessian = nll_and_hessian([1, 1], centers, tau, means, 1.0)
    curvatures = np.linalg.eigvalsh(hessian)
    assert min(abs(curvatures)) > 0.05
    assert found.index == index == (curvatures < 0).sum()
    assert found.nll[0] == pytest.approx(value, abs=1e-9)


def test_hessian_in_three_dimensions():
    """Along the line and across it, against Gauss-Hermite products in space."""
    centers, means = ((0.0, 0.0, 0.0), (2.0, 0.0, 0.0)), [[-0.25, 0, 0], [1.0, 0, 0], [1.5, 0, 0]]
    whole = PopulationProblem((0.25, 0.75), centers, 0.75, 1.25, 3)
    reduced = SpannedProblem.of(whole, Span.of(centers))
    with precision(96):
        places = [-0.25, 1.0, 1.5]
        encloser = PopulationEncloser.near(reduced, places, 40, 96)
        found = encloser.at([exact(x) for x in places], hessian=True)
    value, hessian = nll_and_hessian(whole.weights, centers, 0.75, means, 1.25, 32)
    table = hessian.reshape(3, 3, 3, 3)
    for i in range(3):
        for j in range(3):
            assert float(found.hessian[i, j].mid()) == pytest.approx(table[i, 0, j, 0], abs=1e-10)
            assert float(found.across[i, j].mid()) == pytest.approx(table[i, 1, j, 1], abs=1e-10)
            assert table[i, 1, j, 1] == pytest.approx(table[i, 2, j, 2], abs=1e-12)
            assert abs(table[i, 0, j, 1]) < 1e-12
    assert float(found.nll.mid()) == pytest.approx(value, abs=1e-10)
    assert float(found.across[0, 1].rad()) < 1e-9


def test_one_place_has_a_line():
    """All centers of the plane in one place: the mean there is the minimum, two means in it are flat."""
    centers = [[1.0, 2.0], [1.0, 2.0]]
    found = lab.certify([[1.0, 2.0]], landscape(centers, 1))
    assert (found.span, found.index) == (1, 0)
    assert "the line through the center along the first axis" in found.proved[0]
    with pytest.raises(NoResultError, match="flat"):
        lab.certify([[1.0, 2.0]] * 2, landscape(centers, 2))


def test_ranks_are_exact():
    exactly = np.outer([0.0, 1.0, 3.0], [0.5, 0.25, 2.0]) + 1.0
    assert Span.of(exactly.tolist()).dimension == 1
    nearly = exactly.copy()
    nearly[2, 0] = np.nextafter(nearly[2, 0], 9)
    assert Span.of(nearly.tolist()).dimension == 2
    corner = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert Span.of([*corner, [0.3, -7.0, 0.0]]).dimension == 2
    with pytest.raises(NotAvailableError, match="more than a plane"):
        Span.of([*corner, [0.0, 0.0, 5e-324]])


def test_coordinates_are_distances():
    centers = [[1.0, 2.0, 3.0, 4.0], [2.0, 0.0, 3.5, 1.0], [0.0, 1.0, 1.0, 1.0]]
    with precision(120):
        span = Span.of(centers)
        seen = np.array([[float(z.mid()) for z in span.coordinates(c)] for c in centers])
        back = [[float(x.mid()) for x in span.place(span.coordinates(c))] for c in centers]
    for i in range(3):
        for j in range(3):
            apart = np.linalg.norm(np.subtract(centers[i], centers[j]))
            assert np.linalg.norm(seen[i] - seen[j]) == pytest.approx(apart, abs=1e-13)
    assert np.allclose(back, centers, atol=1e-14)
    off = np.cross([1.0, -2.0, 0.5], [-1.0, -1.0, -2.0])
    assert Span.of([c[:3] for c in centers]).distance(np.add([1.0, 2.0, 3.0], off).tolist()) == pytest.approx(
        np.linalg.norm(off)
    )


def test_coincident_means_of_the_same_sigma_are_flat():
    """They can part across the line with no curvature, which is proved where they are in one place."""
    space = landscape(turned([[-2.0], [2.0]], 3), 2)
    with pytest.raises(NoResultError, match=r"flat; means 0 and 1 .* curvature that is zero"):
        lab.certify(turned([[0.0], [0.0]], 3), space)


def test_means_out_of_the_span():
    centers = turned([[-2.0], [2.0]], 3)
    off = turned([[-2.0, 0.0], [2.0, 0.01]], 3)
    with pytest.raises(NoResultError, match=r"a mean is 0.01 sigma off the line"):
        lab.certify(off, landscape(centers, 2))
    near = turned([[-2.0, 0.0], [2.0, 1e-9]], 3)
    assert lab.certify(near, landscape(centers, 2)).index == 0


@pytest.mark.parametrize(
    ("centers", "off"), [([(0.0, 0.0), (2.0, 0.0)], 0.5), ([(0, 0), (2, 0), (0, 2)], 0.0)]
)
def test_in_the_plane_means_may_be_anywhere(centers, off):
    problem = PopulationProblem((1.0,) * len(centers), tuple(centers), 1.0, 1.0, 2)
    assert reduced(problem, np.array([[0.0, off], [2.0, 0.0]])) is problem


def test_centers_that_span_space():
    corners = [[0.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]]
    with pytest.raises(NotAvailableError, match="more than a plane"):
        lab.certify(corners, landscape(corners, 4))


def test_boxes_are_those_of_all_dimensions():
    """Along a diagonal a box reaches sqrt(3) times as far as along an axis."""
    diagonal = np.outer([-1.0, 1.0], np.ones(3))
    line = landscape([[-np.sqrt(3)], [np.sqrt(3)]], 2, 0.75)
    space = landscape(diagonal, 2, 0.75)
    middle = np.zeros((2, 3))
    wide = lab.certify(middle[:, :1], line).radius
    assert 1.0 < wide / (np.sqrt(3) * lab.certify(middle, space).radius) < 1.02
    assert lab.certify(middle, space, radius=1e-3).radius == Fraction(1e-3)
    with pytest.raises(NoResultError, match="a box of radius 1 is not proved"):
        lab.certify(middle, space, radius=1.0)


@pytest.mark.slow
def test_a_plane_in_space_is_as_in_the_plane():
    """A saddle of two means for three centers, both in one place, which can part along each axis."""
    centers, tau = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, 1.25]]), 1.5
    flat = landscape(centers, 2, tau)
    means = np.repeat(centers.mean(axis=0)[None], 2, axis=0)
    plane = lab.certify(means, flat)
    space = lab.certify(turned(means, 3), landscape(turned(centers, 3), 2, tau))
    value, hessian = nll_and_hessian([1, 1, 1], turned(centers, 3), tau, turned(means, 3), 1.0)
    curvatures = np.linalg.eigvalsh(hessian)
    assert min(abs(curvatures)) > 0.01
    assert space.span == 2
    assert plane.index == 2
    assert space.index == 3 == (curvatures < 0).sum()
    assert space.nll[0] == pytest.approx(value, abs=1e-9)
    assert space.kl[0] - plane.kl[0] == pytest.approx(0.625 - np.log(1.5), abs=1e-11)
