"""Candidates one by one: outcomes, and signs that float64 does not know."""

from __future__ import annotations

import builtins
import json

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import InvalidParameterError, NotAvailableError, lab
from gmmscape.landscape.realisation.flat_minimum import wall_around
from gmmscape.landscape.realisation.splitting import leaking_excess
from gmmscape.landscape.realisation.splitting_mpmath import precise_excess
from gmmscape.structure.candidates import starting_means
from gmmscape.structure.structure import Block, Structure
from marks import tuples_rest_slow

PAIR_LAST = Structure.of([((0,), (0, 1)), ((1, 2), (2,))])
BESIDE_EXACT = Structure.of([((0,), (0,)), ((1, 2), (1,))])


def landscape(centers, k, sigma=None, weights=None, tau=1.0):
    truth = gs.Mixture.location(centers, tau, weights)
    return lab.Landscape(lab.Population(truth), k, sigma=sigma)


def line(spacing, k_star):
    return (spacing * np.arange(k_star)).tolist()


def several(structure):
    """Blocks of several means, None for the others."""
    return [block if len(block.means) > 1 else None for block in structure.blocks]


def pairs_of(structure):
    return [block for block in structure.blocks if len(block.means) > 1]


def merged_point(land, structure):
    """The point with the means of each block together, as a fit of k means and of one mean a block."""
    truth = land.measure.truth
    groups = [list(block.means) for block in structure.blocks]
    point = land._descent.coincident(starting_means(structure, truth, land.sigma), groups)
    means = np.stack([point.means[group[0]] for group in groups])
    sizes = np.array([len(group) for group in groups])
    merged = gs.Mixture.location(means, land.sigma, sizes / len(point.means))
    return point, merged


def excess_by_curvature(land, point, first, second):
    """V/sigma^2 - 1 from the Hessian: law 1 read backwards."""
    hessian = land.hessian(point.means)
    d = point.means.shape[1]
    i, j = np.arange(d) + d * first, np.arange(d) + d * second
    psi = land.measure.rows(point.mixture.shifted(-land.measure.origin), 1e-13)
    mass = psi.statistics(point.mixture.shifted(-land.measure.origin), "none").mass[first]
    curvatures = np.linalg.eigvalsh(hessian[np.ix_(i, i)] - hessian[np.ix_(i, j)])
    return np.sort(-curvatures / mass * land.sigma**2)


@pytest.mark.parametrize(
    ("centers", "k", "structure", "options"),
    [
        (line(8, 3), 3, PAIR_LAST, {}),
        (line(8, 2), 3, BESIDE_EXACT, {}),
        (line(6, 2), 3, BESIDE_EXACT, {"weights": [0.3, 0.7]}),
        (line(8, 2), 3, BESIDE_EXACT, {"sigma": 1.2}),
        (line(9, 2), 4, Structure.of([((0,), (0,)), ((1, 2, 3), (1,))]), {}),
        ([[0, 0], [7, 0], [3, 8]], 3, PAIR_LAST, {}),
        ([[0, 0, 1], [7, 0, 1], [3, 8, 1]], 3, PAIR_LAST, {"sigma": 0.9}),
        ([[2, 0], [2, 8]], 3, BESIDE_EXACT, {}),
    ],
)
def test_sums_of_small_terms_are_law_1(centers, k, structure, options):
    """Where float64 sees the curvatures, both ways agree, in every direction."""
    land = landscape(centers, k, **options)
    point, merged = merged_point(land, structure)
    (found,) = leaking_excess(merged, several(structure), land.measure.truth)
    pair = found.block.means
    assert np.abs(found.excess - excess_by_curvature(land, point, pair[0], pair[1])).max() < 1e-10


@pytest.mark.parametrize(
    ("spacing", "weights"),
    tuples_rest_slow([(12.0, None), (16.0, [0.2, 0.8]), (16.0, None), (24.0, [0.6, 0.4])], 2),
)
def test_sums_of_small_terms_are_mpmath(spacing, weights):
    """Below float64's rounding the sums keep ten digits."""
    land = landscape(line(spacing, 2), 3, weights=weights)
    _, merged = merged_point(land, BESIDE_EXACT)
    (summed,) = leaking_excess(merged, several(BESIDE_EXACT), land.measure.truth)
    hessian = np.diag(land.measure.truth.weights)
    (precise,) = precise_excess(merged, hessian, several(BESIDE_EXACT), land.measure.truth, 60)
    assert summed.splits is not None
    assert abs(summed.excess[0] / precise.excess[0] - 1) < 1e-10
    assert summed.error < abs(summed.excess[0])


@pytest.mark.slow
def test_terms_that_cancel_are_left_to_mpmath():
    """Two pairs side by side share borders as the truth does; the mirrored problem has the same excess."""
    found = []
    for structure in (
        [((0,), (0,)), ((1, 2), (1,)), ((3, 4), (2,))],
        [((0, 1), (0,)), ((2, 3), (1,)), ((4,), (2,))],
    ):
        result = landscape(line(14, 3), 5).realise(structure, precision="mp")
        assert result.outcome == "realised"
        assert result.decided_by == "mpmath"
        assert all(splitting.splits for splitting in result.splittings)
        found.append(sorted(splitting.excess[0] for splitting in result.splittings))
    assert found[0] == pytest.approx(found[1], rel=1e-8)
    assert found[0][0] < 1e-6 * found[0][1]


@pytest.mark.slow
def test_where_the_fit_is_the_truth_the_quartic_term_holds_it():
    result = landscape(line(10, 2), 4).realise([((0, 1), (0,)), ((2, 3), (1,))], precision="mp")
    assert (result.outcome, result.decided_by) == ("realised", "quartic")
    assert [splitting.splits for splitting in result.splittings] == [None, None]
    assert result.point.kl == pytest.approx(0, abs=1e-14)
    space = landscape([[0, 0], [6, 8]], 4)
    pairs = [((0, 1), (0,)), ((2, 3), (1,))]
    assert space.realise(pairs, precision="mp").decided_by == "quartic"


@pytest.mark.parametrize("spacing", [14.0, 20.0])
def test_the_wall_is_that_of_the_quartic_term(spacing):
    """Of height w (r/sqrt 2)^4/4 for a pair; below a large excess there is none."""
    land = landscape(line(spacing, 2), 3)
    point, _ = merged_point(land, BESIDE_EXACT)
    wall = wall_around(land._descent, pairs_of(BESIDE_EXACT), point)
    assert wall.height == pytest.approx(0.5 * (wall.radius**2 / 2) ** 2 / 4, rel=0.02)
    low = landscape(line(8, 3), 3)
    point, _ = merged_point(low, PAIR_LAST)
    assert point.index == 1
    assert wall_around(low._descent, pairs_of(PAIR_LAST), point) is None


def test_law_1_on_one_center_is_its_variance_and_asks_for_no_more_nodes_than_there_are():
    truth = gs.Mixture(None, [[2.0]], [1.21], "spherical")
    (split,) = leaking_excess(gs.Mixture.location([2.0], 1.0), [Block((0, 1), (0,), "many-fit-one")], truth)
    assert split.excess[0] == pytest.approx(0.21, abs=1e-12)
    far = gs.Mixture.location(40.0 * np.eye(5), 1.0)
    assert leaking_excess(far, [None] * 5, far) is None


def test_what_float64_knows_is_not_decided_anew():
    above, below = landscape(line(10.2, 3), 3), landscape(line(9.9, 3), 3)
    for precision in ("float64", "mp"):
        assert above.realise(PAIR_LAST, precision).outcome == "realised"
        assert below.realise(PAIR_LAST, precision).outcome == "saddle"
        assert above.realise(PAIR_LAST, precision).decided_by == "float64"
    skipping = [((0,), (0, 2)), ((1, 2), (1,))]
    assert above.realise(skipping, "mp").outcome == "dissolved"


def test_split_pairs_are_as_far_apart_as_law_1_says():
    result = landscape(line(9.5, 2), 3).realise(BESIDE_EXACT)
    assert result.outcome == "realised"
    half_gap = 0.5 * abs(result.point.means[2, 0] - result.point.means[1, 0])
    assert half_gap == pytest.approx(result.splittings[0].spread, rel=1e-2)


def test_results_are_written_and_read(tmp_path):
    result = landscape(line(16, 2), 4).realise([((0,), (0,)), ((1, 2, 3), (1,))], precision="mp")
    result.to_json(tmp_path / "r.json")
    content = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert content == json.loads(json.dumps(result.file_content()))
    assert content["outcome"] == "realised"
    assert content["splittings"][0]["splits"] is True
    assert content["predicted"]["kl"] == pytest.approx(content["point"]["kl"], abs=1e-6)
    text = str(result)
    assert "decided by law 1" in text
    assert "a minimum lies inside" in text
    assert "predicted" in text
    assert len(result.plot().titles_) == 1


@pytest.mark.parametrize("variance", [1.05, 1.44])
def test_a_pair_that_splits_in_plain_sight_leaves_the_other_to_be_decided(variance):
    truth = gs.Mixture([0.5, 0.5], [[0.0], [24.0]], [variance, 1.0], "spherical")
    land = lab.Landscape(lab.Population(truth), 4, sigma=1.0)
    result = land.realise([((0, 1), (0,)), ((2, 3), (1,))], precision="mp")
    assert (result.outcome, result.decided_by) == ("realised", "law 1")
    assert result.splittings[0].decided_by == "float64"
    assert result.splittings[0].excess[0] == pytest.approx(variance - 1, rel=1e-6)
    assert 0 < result.splittings[1].excess[0] < 1e-20


@pytest.mark.slow
def test_distances_beyond_all_digits_are_left_to_the_quartic_term():
    result = landscape(line(1000, 2), 3).realise(BESIDE_EXACT, precision="mp")
    assert (result.outcome, result.decided_by) == ("realised", "quartic")
    plane = landscape([[0, 0], [36.0, 0], [18, 36.0]], 4)
    pair = [((0,), (0,)), ((1,), (1,)), ((2, 3), (2,))]
    assert plane.realise(pair, precision="mp").outcome == "realised"


@pytest.mark.slow
def test_covariances_that_are_spherical_in_another_form_are_understood():
    truth = gs.Mixture([0.5, 0.5], [[0.0, 0], [24.0, 0]], [np.eye(2)] * 2, "full")
    result = lab.Landscape(lab.Population(truth), 3, sigma=1.0).realise(BESIDE_EXACT, precision="mp")
    assert (result.outcome, result.decided_by) == ("realised", "law 1")
    assert result.predicted is not None


def test_wrong_requests_are_named():
    land = landscape(line(10, 2), 3)
    with pytest.raises(InvalidParameterError, match=r"means 0\.\.2"):
        land.realise([((0,), (0,)), ((1,), (1,))])
    with pytest.raises(InvalidParameterError, match="tuples of indices"):
        land.realise("pair")
    with pytest.raises(InvalidParameterError, match="precision"):
        land.realise(BESIDE_EXACT, precision="double")
    rows = lab.Landscape(lab.Sample(np.arange(10.0)[:, None]), 3, sigma=1.0)
    with pytest.raises(InvalidParameterError, match="Population"):
        rows.realise(BESIDE_EXACT)
    full = gs.Mixture([0.5, 0.5], [[0, 0], [20, 0]], [np.eye(2), np.diag([1.0, 1.1])], "full")
    shaped = lab.Landscape(lab.Population(full), 4, sigma=1.0)
    pairs = [((0, 1), (0,)), ((2, 3), (1,))]
    assert shaped.realise(pairs).predicted is None
    for broken in ([((0,), (0,)), ((1.0, 2.0), (1.0,))], [(("a",), (0,)), ((1, 2), (1,))]):
        with pytest.raises(InvalidParameterError, match="tuples of indices"):
            land.realise(broken)
    with pytest.raises(NotAvailableError, match="spherical"):
        shaped.realise(pairs, precision="mp")


def test_missing_mpmath_is_named(monkeypatch):
    genuine = builtins.__import__

    def without(name, *arguments, **keywords):
        if name == "mpmath":
            raise ImportError(name)
        return genuine(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    pairs = [((0,), (0,)), ((1, 2), (1,)), ((3, 4), (2,))]
    with pytest.raises(NotAvailableError, match=r"gmmscape\[mp\]"):
        landscape(line(14, 3), 5).realise(pairs, precision="mp")
