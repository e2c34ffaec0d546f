"""Truths far from zero: births, thresholds, phases and basins are those of the same truth at zero.

There float64 says where a center is to `np.spacing(offset)` only; a parameter is as good as its stated error,
which has to know of that, and stays within some tens of spacings.
"""

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from marks import rest_slow, tuples_rest_slow

pytestmark = pytest.mark.parametrize("offset", rest_slow([-1e7, 1e6, 1e8], 1))


def _triple(offset):
    return lambda D: gs.Mixture.location([offset - D, offset, offset + D], sigma=1.0)


def _agree(far, near, offset):
    """Whether two parameters agree to their errors, and the error is what rounding of centers explains."""
    assert abs(far.parameter - near.parameter) <= far.error + near.error
    assert far.error <= 100 * np.spacing(abs(offset))


@pytest.mark.slow
def test_a_birth(offset):
    structure = [((0,), (0, 1)), ((1, 2), (2,))]
    near, far = (lab.birth(_triple(at), structure, (9.0, 12.0)) for at in (0.0, offset))
    _agree(far, near, offset)
    assert far.kind == near.kind == "fold"
    assert far.kl == pytest.approx(near.kl, abs=1e-7)
    assert far.means - offset == pytest.approx(near.means, abs=100 * np.spacing(abs(offset)))
    assert far.truth == _triple(offset)(far.parameter)


@pytest.mark.parametrize(
    ("kind", "structure", "bracket"),
    tuples_rest_slow(
        [
            ("pitchfork", [((0,), (0, 1)), ((1,), (2,))], (2.0, 8.0)),
            ("fold", [((0,), (0, 1)), ((1, 2), (2,))], (9.0, 12.0)),
        ],
        1,
    ),
)
def test_a_birth_in_the_plane(offset, kind, structure, bracket):
    direction, shift = np.array([0.6, 0.8]), np.array([offset, -0.5 * offset])
    near, far = (
        lab.birth(
            lambda D, at=at: gs.Mixture.location(np.outer([-D, 0.0, D], direction) + at, sigma=1.0),
            structure,
            bracket,
        )
        for at in (0.0, shift)
    )
    _agree(far, near, offset)
    assert far.kind == near.kind == kind


@pytest.mark.slow
@pytest.mark.parametrize("tau", rest_slow([None, 0.25], 1))
def test_a_threshold(offset, tau):
    near, far = (lab.structure_threshold(_triple(at), 2, (4.0, 8.0), tau=tau) for at in (0.0, offset))
    _agree(far, near, offset)
    assert far.kind == near.kind
    assert list(far.searched.values()) == list(near.searched.values())
    # One of two mirror images is listed.
    means = np.sort(far.means.ravel() - offset)
    images = [np.sort(sign * near.means.ravel()) for sign in (1.0, -1.0)]
    assert min(np.abs(means - image).max() for image in images) <= 1e3 * np.spacing(abs(offset))


@pytest.mark.slow
def test_a_phase_diagram(offset):
    near, far = (
        lab.phase(
            lambda R, D, at=at: gs.Mixture.location([at - R, at + R, at + D], sigma=1.0),
            [2.0, 2.5, 3.0],
            [9.0, 10.0, 11.0],
            3,
            rng=0,
        )
        for at in (0.0, offset)
    )
    assert far.counts.tolist() == near.counts.tolist() == [[2, 1, 1], [2, 2, 1], [2, 2, 2]]
    assert [(b.event, b.kind, b.cells) for b in far.births] == [
        (b.event, b.kind, b.cells) for b in near.births
    ]
    for one, other in zip(far.births, near.births, strict=True):
        assert abs(one.x - other.x) + abs(one.y - other.y) <= one.error + other.error
        assert one.error <= 100 * np.spacing(abs(offset))


def test_basins(offset):
    near, far = (
        lab.basins(
            lab.Landscape(
                lab.Population(gs.Mixture.location(np.array([-3.0, 3.0, 12.0]) + at, sigma=1.0)), 3
            ),
            start="truth",
            n_starts=2000,
            rng=0,
        )
        for at in (0.0, offset)
    )
    assert far.labels.tolist() == near.labels.tolist()
    assert set(far.labels.tolist()) == {0, 1}
    assert [point.kl for point in far.minima] == pytest.approx([point.kl for point in near.minima], abs=1e-12)


def test_the_mirror_of_a_truth(offset):
    found, none = (
        lab.Landscape(lab.Population(gs.Mixture.location(np.array(at) + offset, sigma=1.0)), 2)
        .explore(0, n_starts=4)
        .mirror_images["minima"]
        for at in ([-5.0, 0.0, 5.0], [-5.0, 0.0, 5.1])
    )
    assert None not in found
    assert set(none) == {None}
