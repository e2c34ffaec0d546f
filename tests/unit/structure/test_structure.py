"""Decoding: by association and by position, also where the two disagree."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

import gmmscape as gs
from gmmscape import lab
from gmmscape.structure import Block, Decoding, Structure
from gmmscape.structure.association import association


def kinds(decoding):
    return [(block.means, block.centers, block.kind) for block in decoding.blocks]


def test_every_kind_of_block():
    decoding = lab.decode([0.0, 11.8, 12.2, 30.0], [-3.0, 3.0, 12.0, 30.0], sigma=1.0)
    assert kinds(decoding) == [
        ((0,), (0, 1), "one-fits-many"),
        ((1, 2), (2,), "many-fit-one"),
        ((3,), (3,), "exact"),
    ]
    assert decoding.is_structured
    assert decoding.defect < decoding.tau == 0.125
    assert decoding.identified == (3,)
    assert decoding.errors == pytest.approx([0.0, 0.2, 0.2, 0.0], abs=1e-12)


def test_labels_are_those_of_the_fit():
    decoding = lab.decode([12.2, 0.0, 11.8], [12.0, 3.0, -3.0], sigma=1.0)
    assert kinds(decoding) == [((0, 2), (0,), "many-fit-one"), ((1,), (1, 2), "one-fits-many")]


def test_association_of_two_equal_components_is_a_known_integral():
    """Two means at 0 and m, one center at c: E psi = E 1/(1 + exp(-m (x - m/2)))."""
    m, c = 1.3, 0.4
    table = association(gs.Mixture.location([0.0, m], 1.0), gs.Mixture.location([c], 1.0))
    x = np.linspace(c - 10, c + 10, 20001)
    wanted = trapezoid(norm.pdf(x, c) / (1 + np.exp(-m * (x - m / 2))), x)
    assert table[1, 0] == pytest.approx(wanted, abs=1e-10)
    assert table.sum(axis=0) == pytest.approx([1.0], abs=1e-12)


def test_association_is_as_accurate_for_light_components():
    fit = gs.Mixture.location([0.0, 3.0, 3.5], 0.4)
    light = gs.Mixture([1 - 1e-6, 1e-6], [0.0, 3.1], [1.0, 1.0], "spherical")
    even = gs.Mixture([0.5, 0.5], [0.0, 3.1], [1.0, 1.0], "spherical")
    assert np.array_equal(association(fit, light), association(fit, even))
    x = np.linspace(-7, 14, 400_001)
    psi = fit.responsibilities(x[:, None])
    wanted = trapezoid(norm.pdf(x, 3.1)[:, None] * psi, x, axis=0)
    assert association(fit, light)[:, 1] == pytest.approx(wanted, abs=1e-9)


def test_association_in_the_plane_agrees_with_the_line():
    """A problem on a line, turned in the plane, has the same associations (to the stated 1e-3)."""
    means, centers = np.array([-1.0, 0.5, 4.0]), np.array([-2.0, 1.0, 3.0])
    turn = np.array([[0.6, 0.8]])
    line = association(gs.Mixture.location(means, 1.0), gs.Mixture.location(centers, 1.0))
    plane = association(
        gs.Mixture.location(means[:, None] * turn, 1.0), gs.Mixture.location(centers[:, None] * turn, 1.0)
    )
    assert np.abs(line - plane).max() < 1e-3


def test_errors_use_the_weighted_average_and_sigma():
    truth = gs.Mixture.location([-3.0, 3.0, 40.0], 2.0, [0.6, 0.2, 0.2])
    decoding = lab.decode([-1.0, 41.0], truth)
    assert decoding.errors == pytest.approx([abs(-1.0 - -1.5) / 2, 0.5])


def test_a_mean_between_two_others_territories_is_not_forced_into_a_type():
    decoding = lab.decode([-4.0, 4.0], [-5.0, 0.0, 5.0], sigma=1.0)
    assert not decoding.is_structured
    assert decoding.defect == pytest.approx(0.5, abs=1e-9)
    assert kinds(decoding) == [((0, 1), (0, 1, 2), "unstructured")]
    assert "not structured" in str(decoding)


def test_threshold_can_be_given():
    loose = lab.decode([-4.0, 4.0], [-5.0, 0.0, 5.0], sigma=1.0, tau=0.6)
    assert loose.is_structured
    assert loose.tau == 0.6
    for bad in (0.0, 1.0, -0.1, np.nan, "half"):
        with pytest.raises(gs.InvalidParameterError, match="tau"):
            lab.decode([0.0], [0.0], sigma=1.0, tau=bad)


def test_unstructured_by_association_in_three_dimensions():
    """Law 9: a strict minimum, separation above 100, that cuts the center at the origin in half."""
    centers = np.array([[0, 0, 0], [-6, 100, 0], [-6, -100, 0], [6, 0, 100], [6, 0, -100]], dtype=float)
    decoding = lab.decode(np.array([[-4.956995, 0, 0], [4.956995, 0, 0]]), centers, sigma=1.0)
    assert not decoding.is_structured
    assert decoding.defect == pytest.approx(0.5, abs=1e-3)
    assert decoding.errors.max() == pytest.approx(6 - 4.956995, abs=1.0)


def test_mixtures_solutions_and_bare_arrays_are_understood():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    point = lab.Landscape(lab.Population(truth), 3).descend([0.0, 11.0, 13.0])
    tables = [
        lab.decode(fit, other, sigma=sigma).association
        for fit, other, sigma in [
            (point, truth, None),
            (point.mixture, truth, None),
            (point.means, truth, None),
            (point.means[:, 0], [-3.0, 3.0, 12.0], 1.0),
        ]
    ]
    assert all(np.array_equal(table, tables[0]) for table in tables)


def test_sigma_is_asked_for_where_it_has_no_default():
    with pytest.raises(gs.InvalidParameterError, match="sigma"):
        lab.decode([0.0], [0.0])
    wide = gs.Mixture([0.5, 0.5], [0.0, 9.0], [1.0, 4.0], "spherical")
    with pytest.raises(gs.InvalidParameterError, match="sigma"):
        lab.decode([0.0, 9.0], wide)
    assert lab.decode([0.0, 9.0], wide, sigma=2.0).is_structured


def test_dimensions_must_agree():
    with pytest.raises(gs.InvalidParameterError, match="dimension"):
        lab.decode([[0.0, 1.0]], [0.0], sigma=1.0)


def test_dictionary_round_trip():
    decoding = lab.decode([0.0, 11.8, 12.2], [-3.0, 3.0, 12.0], sigma=1.0)
    again = Decoding.from_dict(json.loads(json.dumps(decoding.to_dict())))
    assert again.blocks == decoding.blocks
    assert again.defect == decoding.defect
    assert np.array_equal(again.association, decoding.association)
    assert np.array_equal(again.errors, decoding.errors)


def test_structures_are_equal_up_to_labels_of_the_means():
    a = Structure.of([([0], [1, 0]), ([1, 2], [2])])
    b = Structure.of([([1, 0], [2]), ([2], [0, 1])])
    assert a != b
    assert a.orbit == b.orbit
    assert a.orbit != Structure.of([([0], [2, 0]), ([1, 2], [1])]).orbit
    assert str(Block.of((), (3,))) == "->3?"


def test_a_mean_far_from_everything_is_empty():
    far = lab.decode([-3.0, 1003.0, 3.0, 12.0], [-3.0, 3.0, 12.0], sigma=1.0)
    without = lab.decode([-3.0, 3.0, 12.0], [-3.0, 3.0, 12.0], sigma=1.0)
    assert kinds(far)[-1] == ((1,), (), "empty")
    assert [kind for _, _, kind in kinds(far)] == ["exact"] * 3 + ["empty"]
    assert far.empty == (1,)
    assert without.empty == ()
    assert not far.is_structured
    assert far.defect == pytest.approx(without.defect, abs=1e-12)
    assert far.errors == pytest.approx([0.0, 991.0, 0.0, 0.0], abs=1e-12)
    assert "1 empty mean" in str(far)
    assert "empty: mean 1 (991 sigma from the nearest center)" in str(far)
    assert str(far.structure) == "0>0  2>1  3>2  1>-"
    assert Decoding.from_dict(json.loads(json.dumps(far.to_dict()))) == far


def test_what_is_empty_is_a_matter_of_the_draws_that_a_mean_gets():
    """Beside a mean on the center one at distance r gets E 1/(1 + exp(r (r/2 - x))): 1e-6 at about 9.6."""
    empty = [lab.decode([0.0, r], [0.0], sigma=1.0).empty for r in (9.0, 10.5)]
    assert empty == [(), (1,)]
    # With nothing nearer, a mean that far away is the one that covers the center.
    assert lab.decode([1000.0], [0.0], sigma=1.0).empty == ()


def test_an_unstructured_fit_with_an_empty_mean_says_both():
    decoding = lab.decode([0.0, 0.0, 500.0], [-3.0, 5.0], sigma=1.0)
    assert kinds(decoding) == [((0, 1), (0, 1), "unstructured"), ((2,), (), "empty")]
    with pytest.raises(gs.InvalidParameterError, match="structure"):
        lab.birth(lambda D: gs.Mixture.location([-D, D], 1.0), decoding.structure, (1.0, 2.0))


def test_coincident_means_have_equal_errors():
    both = lab.decode([0.0, 0.0], [-3.0, 5.0], sigma=1.0)
    assert both.errors.tolist() == [5.0, 5.0]
    apart = lab.decode([0.0, 1e-3], [-3.0, 5.0], sigma=1.0)
    assert sorted(apart.errors.tolist()) == pytest.approx([3.0, 4.999])
    in_the_plane = lab.decode(np.ones((3, 2)), [[0.0, 0.0], [4.0, 0.0], [0.0, 9.0]], sigma=1.0)
    assert len(set(in_the_plane.errors.tolist())) == 1


def test_associations_state_their_error():
    rng = np.random.default_rng(0)
    centers = 2.0 * rng.normal(size=(6, 6))
    means = centers[:5] + rng.normal(size=(5, 6))
    coarse = lab.decode(means, centers, sigma=1.0)
    fine = association(gs.Mixture.location(means, 1.0), gs.Mixture.location(centers, 1.0), 1e-12)
    off = np.abs(fine - coarse.association).max()
    assert coarse.association_error / 30 <= off <= coarse.association_error
    assert f"+- {coarse.association_error:.1g}" in str(coarse)
    line = lab.decode([0.0, 1.0], [0.0, 2.0], sigma=1.0)
    assert line.association_error <= 1e-9
    assert "+-" not in str(line)
    open_ = lab.decode(means, centers, sigma=1.0, tau=coarse.defect + 0.5 * coarse.association_error)
    assert str(open_).splitlines()[0].endswith("the error does not tell them apart")
    before = {key: value for key, value in coarse.to_dict().items() if key != "association_error"}
    assert Decoding.from_dict(before).association_error is None


def test_pictures_name_empty_means():
    from gmmscape.plot.block_words import block_words
    from gmmscape.plot.style import COLOURS, MARKERS

    blocks = lab.decode([-3.0, 3.0, 500.0], [-3.0, 3.0], sigma=1.0).blocks
    assert block_words(blocks) == "2 empty;  2 exact"
    truth = gs.Mixture.location([-3.0, 3.0], 1.0)
    picture = gs.plot.MinimaDisplay(
        [np.array([-3.0, 3.0, 500.0])], 1.0, [0.4], blocks=[blocks], truth=truth
    ).plot()
    keys = picture.figure_.legends[0].get_texts()
    assert [key.get_text() for key in keys] == ["exact", "empty"]
    assert set(COLOURS) == set(MARKERS)
