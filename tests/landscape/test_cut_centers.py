"""Law 9 in more than one dimension: centers that two means share, found, flagged and predicted."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape import laws
from gmmscape.landscape.falsification.second_opinion_mpmath import multiprecision
from gmmscape.landscape.paths.bifurcation import singular_point
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.points.descent import Descent


def in_space(height):
    centers = [[0, 0, 0], [-6, height, 0], [-6, -height, 0], [6, 0, height], [6, 0, -height]]
    return gs.Mixture.location(centers, 1.0)


def in_the_plane(D):
    half = np.sqrt(3.0) / 2
    centers = np.array([[0, 0], [0.5, half], [0.5, -half], [-0.5, half], [-0.5, -half]])
    return gs.Mixture.location(D * centers, 1.0)


@pytest.mark.slow
def test_in_space_it_is_found_at_any_separation():
    """The example of the design; at three times the height nothing changes but the distances."""
    found = lab.falsify(n_components=2, truths=[in_space(100.0), in_space(300.0)], rng=0)
    assert [suspect.outcome for suspect in found.suspects] == ["confirmed"] * 2
    for suspect, apart in zip(found.suspects, (100.0, 300.0), strict=True):
        assert suspect.truth.separation > apart
        assert np.sort(suspect.means[:, 0]) == pytest.approx([-4.956995, 4.956995], abs=1e-6)
        assert suspect.means[:, 1:] == pytest.approx(np.zeros((2, 2)), abs=1e-6)
        assert suspect.eigenvalue == pytest.approx(0.1109, abs=5e-5)
        assert suspect.eigenvalue_error < 1e-5
        assert suspect.defect == pytest.approx(0.5, abs=1e-6)
        assert suspect.position_error == pytest.approx(6.0 - 4.956995, abs=1e-6)
        (cut,) = suspect.cuts
        assert cut.center == 0
        assert cut.masses == pytest.approx((2.0, 2.0))
        assert cut.stability == pytest.approx(0.791, abs=1e-3)


@pytest.mark.slow
def test_in_space_extended_precision_agrees():
    exact = multiprecision(np.array([[-4.957, 0, 0], [4.957, 0, 0]]), in_space(100.0), 1.0)
    assert exact is not None
    assert exact.moved < 1e-5
    assert exact.eigenvalues[0] == pytest.approx(0.110887, abs=1e-6)
    assert exact.association[:, 0] == pytest.approx([0.5, 0.5], abs=1e-12)


@pytest.mark.slow
def test_in_the_plane_it_ends():
    """The symmetric minimum up to 15.4305: found below, no minimum above, and the end located."""
    below = lab.falsify(n_components=2, truths=[in_the_plane(15.4)], rng=0)
    assert [suspect.outcome for suspect in below.suspects] == ["confirmed"]
    assert below.suspects[0].defect == pytest.approx(0.5, abs=1e-9)
    path = TruthPath.over(in_the_plane, 2, None, (15.0, 16.0))
    start = below.suspects[0].means.ravel()
    vector = np.linalg.eigh(path.slope(start, 15.4).hessian)[1][:, 0]
    end = singular_point(path, start, vector, 15.4, 1.0)
    assert end is not None
    assert end.parameter == pytest.approx(15.4305, abs=1e-4)
    assert end.error < 1e-6
    # Beyond it the symmetric point is a saddle; two mirror images lean to either side.
    point = Descent(lab.Population(in_the_plane(15.5)), 2, 1.0).critical(end.point.reshape(2, 2))
    assert point is not None
    assert (point.converged, point.index) == (True, 1)
    above = lab.falsify(n_components=2, truths=[in_the_plane(15.5)], rng=0)
    assert len(above.confirmed) == 2
    assert all(0.25 < suspect.defect < 0.45 for suspect in above.suspects)


def test_far_apart_in_the_plane_nothing_is_found():
    assert lab.falsify(n_components=2, truths=[in_the_plane(18.0)], rng=0).suspects == ()


@pytest.mark.parametrize(
    ("whole", "share", "offset"), [((2, 3), 0.5, 0.0), ((1, 2), 0.3, 0.0), ((2, 2), 0.6, 1.5)]
)
@pytest.mark.parametrize("aimed", [0.92, 1.08])
def test_the_law_tells_minima_from_saddles(whole, share, offset, aimed):
    """Means that are critical by construction, on either side of the border: 0.92 and 1.08."""
    z = np.sqrt(2.0) * _erfinv(1.0 - 2.0 * share)
    gap = _gap(aimed, share, whole, offset)
    truth, means = _cut(z, gap, whole, offset)
    point = Descent(lab.Population(truth), 2, 1.0).critical(means)
    assert point is not None
    assert point.converged
    assert point.means == pytest.approx(means, abs=1e-6)
    assert point.decoding is not None
    assert point.decoding.association[0, 0] == pytest.approx(share, abs=0.03)
    assert point.is_minimum == (aimed < 1.0)


def _gap(aimed, share, whole, offset):
    """The gap at which the law has a value, by bisection on its growing branch."""
    low, high = 2.0 * offset + 1.0, 200.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        below = laws.cut_stability(share, middle, *whole, offset=offset) < aimed
        low, high = (middle, high) if below else (low, middle)
    return low


def _cut(z, gap, whole, offset):
    """A truth in the plane, the first of whose centers two means cut, and these means."""
    means = 0.5 * gap * np.array([[-1.0, 0.0], [1.0, 0.0]])
    centers = [[z, offset]]
    for side, count in zip((-1.0, 1.0), whole, strict=True):
        sideways = 60.0 * (np.arange(count) - 0.5 * (count - 1))
        centers.extend([0.6 * side * gap, y] for y in sideways)
    centers = np.array(centers)
    members = (slice(1, 1 + whole[0]), slice(1 + whole[0], None))
    for _ in range(5):
        truth = gs.Mixture.location(centers, 1.0)
        pull = -lab.Landscape(lab.Population(truth), 2).gradient(means) * len(centers)
        for i in range(2):
            centers[members[i]] -= pull[i] / whole[i]
    return gs.Mixture.location(centers, 1.0), means


def _erfinv(x):
    from scipy.special import erfinv

    return float(erfinv(x))
