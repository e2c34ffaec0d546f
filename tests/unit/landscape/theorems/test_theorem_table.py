"""theorem_table: errors against an independent rule, bounds, conditions, shifts, resumption."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.landscape.falsification.position import nearest_structure
from gmmscape.landscape.falsification.second_opinion import gauss_legendre
from gmmscape.landscape.falsification.second_opinion_mpmath import multiprecision
from gmmscape.landscape.theorems import numerical_errors
from gmmscape.landscape.theorems.search import _reading
from gmmscape.landscape.theorems.text import _not_found, _power

TRUTH = gs.Mixture.location([-3.0, 3.0, 12.0], sigma=1.0)
QUICK = {"n_starts": 2, "rng": 0}


def equal(D):
    return gs.Mixture.location([-D, 0.0, D], sigma=1.0)


def newton(centers, means, steps=60):
    """Newton's method for equal weights and sigma 1 on a line, by Gauss-Legendre panels: this file's own."""
    edges = np.linspace(min(centers) - 12.0, max(centers) + 12.0, 241)
    z, w = np.polynomial.legendre.leggauss(20)
    half = 0.5 * np.diff(edges)[:, None]
    x = (edges[:-1, None] + half * (z + 1.0)).ravel()
    p = (half * w).ravel() * np.exp(-0.5 * (x[:, None] - centers) ** 2).mean(axis=1) / np.sqrt(2.0 * np.pi)
    means = np.array(means, dtype=float)
    for _ in range(steps):
        logs = -0.5 * (x[:, None] - means) ** 2
        psi = np.exp(logs - logs.max(axis=1, keepdims=True))
        psi /= psi.sum(axis=1, keepdims=True)
        y = x[:, None] - means
        gradient = -(p @ (psi * y))
        hessian = (psi * y * p[:, None]).T @ (psi * y) - np.diag(p @ (psi * (y**2 - 1.0)))
        means = means - np.linalg.solve(hessian, gradient)
    assert np.abs(gradient).max() < 1e-14
    assert np.linalg.eigvalsh(hessian)[0] > 0.0
    return means


@pytest.fixture(scope="module")
def independent():
    """Errors of the bad minimum of TRUTH: of the mean on two centers, and the larger one of the pair."""
    means = np.sort(newton([-3.0, 3.0, 12.0], [0.0, 11.75, 12.22]))
    return {"one-fits-many": abs(means[0]), "many-fit-one": np.abs(means[1:] - 12.0).max()}


@pytest.fixture(scope="module")
def table():
    return lab.theorem_table(TRUTH, 3, **QUICK)


@pytest.fixture(scope="module")
def family():
    return lab.theorem_table(equal, 3, parameters=[6.0, 9.0, 12.0], **QUICK)


def found(table, kind):
    return [row.found for row in table.rows if row.found.block.kind == kind]


def test_errors_are_those_of_an_independent_rule(table, independent):
    for kind, wanted in independent.items():
        (one,) = found(table, kind)
        assert one.error == pytest.approx(wanted, abs=1e-11)
        assert abs(one.error - wanted) <= one.numerical_error < 1e-9
        assert (one.bound, one.ratio, one.verdict) == (None, None, "no bound")
    assert [row.found.error < 1e-12 for row in table.rows if row.minimum == 0] == [True] * 3
    assert all(minimum.second_rule for minimum in table.truths[0].minima)


@pytest.mark.slow
def test_extended_precision_moves_no_mean_by_more_than_its_numerical_error(table):
    pytest.importorskip("mpmath")
    minimum = table.truths[0].minima[1]
    exact = multiprecision(np.array(minimum.means), TRUTH, 1.0)
    assert 0.0 < exact.moved < max(one.numerical_error for one in minimum.blocks)


@pytest.mark.slow
def test_numerical_errors_are_those_of_the_rule_and_of_the_second_one(independent, monkeypatch):
    """Sobol points on a line are off by far more than trapezoid rules, and say so."""
    rough = lab.theorem_table([TRUTH, TRUTH, lab.Population(TRUTH, rule="sobol")], 3, **QUICK)
    assert rough.truths[0] == rough.truths[1]
    (one,) = [found for found in rough.truths[2].minima[1].blocks if found.block.kind == "one-fits-many"]
    assert 1e-9 < abs(one.error - independent["one-fits-many"]) < one.numerical_error < 1e-2

    def elsewhere(means, truth, sigma):
        opinion = gauss_legendre(means, truth, sigma)
        return opinion._replace(gradient=opinion.gradient + 1e-3)

    monkeypatch.setattr(numerical_errors, "gauss_legendre", elsewhere)
    moved = lab.theorem_table(TRUTH, 3, **QUICK)
    assert min(row.found.numerical_error for row in moved.rows) > 1e-3

    def unavailable(means, truth, sigma):
        raise NotAvailableError("too many dimensions")

    monkeypatch.setattr(numerical_errors, "gauss_legendre", unavailable)
    alone = lab.theorem_table(TRUTH, 3, **QUICK)
    assert not any(minimum.second_rule for minimum in alone.truths[0].minima)
    assert max(row.found.numerical_error for row in alone.rows) < 1e-9


def test_what_no_second_rule_and_no_sphere_tells_is_left_open(monkeypatch):
    """Two narrow means on one round Gaussian turn about it; without panels the first rule is alone."""
    land = lab.Landscape(lab.Population(gs.Mixture.location([[0.0, 0.0]], 1.0)), 2, sigma=0.5)
    turned = land.descend([[1.0, 0.1], [-0.5, 0.1]])
    errors, second = numerical_errors.numerical_errors(land.measure, land._descent, turned)
    assert (errors.tolist(), second) == ([inf, inf], True)

    def unavailable(means, truth, sigma):
        raise NotAvailableError("too many dimensions")

    monkeypatch.setattr(numerical_errors, "gauss_legendre", unavailable)
    _, second = numerical_errors.numerical_errors(land.measure, land._descent, turned)
    assert not second


def test_defects_at_tau_and_empty_means_are_left_undecided():
    land = lab.Landscape(lab.Population(equal(6.0)), 3)
    point = land.descend(equal(6.0).means)
    at_tau = replace(point.decoding, tau=point.decoding.defect)
    assert _reading(land.measure, point, at_tau) == ("undecided", "the defect is tau within its error")
    empty = lab.decode(np.array([-6.0, 0.0, 6.0, 500.0]), equal(6.0))
    assert _reading(land.measure, point, empty) == ("undecided", "a mean is empty")


def test_a_line_in_the_plane_has_the_errors_of_the_line():
    line = lab.theorem_table(gs.Mixture.location([0.0, 8.0, 17.0], 1.0), 2, **QUICK)
    turned = np.outer([0.0, 8.0, 17.0], [0.6, 0.8])
    plane = lab.theorem_table(gs.Mixture.location(turned, 1.0), 2, **QUICK)
    for one, other in zip(line.rows, plane.rows, strict=True):
        assert other.found.error == pytest.approx(one.found.error, abs=1e-9)
        assert abs(other.found.error - one.found.error) <= other.found.numerical_error + 1e-14
    assert plane.truths[0].separation == pytest.approx(8.0)


@pytest.mark.parametrize(("factor", "verdict"), [(2.0, "within"), (0.5, "exceeded")])
def test_bounds_that_hold_and_bounds_that_fail(independent, factor, verdict):
    bounds = {kind: lambda q, kind=kind: factor * independent[q.kind] for kind in independent}
    judged = lab.theorem_table(TRUTH, 3, bounds=bounds, **QUICK)
    for kind in independent:
        (one,) = found(judged, kind)
        assert one.verdict == verdict
        assert one.ratio == pytest.approx(1.0 / factor)
    assert {one.verdict for one in found(judged, "exact")} == {"no bound"}
    assert len(judged.exceeded) == (2 if verdict == "exceeded" else 0)
    assert judged.within_from == (6.0 if verdict == "within" else None)
    assert judged.largest_ratio == pytest.approx(1.0 / factor)
    said = "nothing found against the theorem at 1 truth, which is no proof: 2 of 2 minima with structure"
    assert str(judged).startswith(
        f"{said}, 2 of 2" if verdict == "within" else "evidence against the theorem at 1 truth: 2"
    )


def test_a_bound_within_the_numerical_error_is_undecided(table):
    (one,) = found(table, "one-fits-many")
    judged = table.judged(bounds={"one-fits-many": lambda q: one.error - 0.5 * one.numerical_error})
    assert [row.found.verdict for row in judged.undecided] == ["undecided"]
    assert judged.exceeded == ()
    assert judged.within_from is None
    assert "next: look at what is undecided" in str(judged)


def test_the_condition_says_where_the_theorem_is_claimed(family):
    tight = {"one-fits-many": lambda q: 1e-3, "exact": lambda q: 0.1}
    everywhere = family.judged(bounds=tight)
    assert {row.separation for row in everywhere.exceeded} == {12.0}
    assert [truth.holds for truth in everywhere.truths] == [None] * 3
    assert (everywhere.condition_from, everywhere.structured_from, everywhere.within_from) == (6.0, 6.0, None)
    near = family.judged(condition=lambda q: q.separation < 10, bounds=tight)
    assert [truth.holds for truth in near.truths] == [True, True, False]
    assert near.exceeded == ()
    assert near.condition_from is None
    assert "(exceeded)" in str(near)
    margins = family.judged(condition=lambda q: q.separation - 9, bounds=tight)
    assert [(truth.holds, truth.margin) for truth in margins.truths] == [
        (False, -3.0),
        (True, 0.0),
        (True, 3.0),
    ]
    assert margins.condition_from == 9.0
    assert len(margins.exceeded) == 2
    nowhere = family.judged(condition=lambda q: False, bounds=tight)
    assert str(nowhere).startswith("the condition holds at none of 3 truths: nothing was tested")
    assert nowhere.exceeded == ()


def test_judging_again_is_judging_at_once(family):
    theorem = {"condition": lambda q: q.separation > 7, "bounds": lambda q: 1 / q.separation}
    at_once = lab.theorem_table(equal, 3, parameters=[6.0, 9.0, 12.0], **theorem, **QUICK)
    assert family.judged(**theorem) == at_once
    assert family != at_once


def test_bounds_need_not_mean_anything_where_the_condition_fails(family):
    def bound(q):
        return (q.separation - 8.0) ** 0.5  # a complex number below 8

    judged = family.judged(condition=lambda q: q.separation > 8, bounds=bound)
    assert {row.found.bound is None for row in judged.rows if row.separation == 6.0} == {True}
    assert {row.found.bound for row in judged.rows if row.separation == 9.0} == {1.0}
    with pytest.raises(
        InvalidParameterError, match=r"bounds returned .*j.* at separation 6, for the exact block"
    ):
        family.judged(bounds=bound)


@pytest.mark.parametrize("offset", [1e8, -1e8])
def test_far_from_zero_the_table_is_the_same(table, offset):
    far = lab.theorem_table(TRUTH.shifted(offset), 3, **QUICK)
    for one, other in zip(table.rows, far.rows, strict=True):
        assert other.found.block == one.found.block
        assert other.found.error == pytest.approx(one.found.error, abs=1e-11)
        assert other.found.numerical_error < 1e-9
    assert far.truths[0].minima[1].means[0][0] == pytest.approx(offset, abs=1e-2)
    assert far.truths[0].separation == 6.0


def test_sigma_is_the_unit(table):
    wide = lab.theorem_table(gs.Mixture.location([-30.0, 30.0, 120.0], sigma=10.0), 3, **QUICK)
    for one, other in zip(table.rows, wide.rows, strict=True):
        assert other.found.error == pytest.approx(one.found.error, abs=1e-11)
    assert wide.truths[0].separation == 6.0
    seen = []
    wide.judged(condition=lambda q: seen.append(q) or True)
    assert (seen[0].separation, seen[0].diameter, seen[0].sigma) == (6.0, 15.0, 10.0)


def test_quantities_of_blocks():
    truth = gs.Mixture.location([[0, 0], [6, 0], [6, 16], [30, 0]], 2.0, [0.1, 0.2, 0.3, 0.4])
    q = lab.TruthQuantities.of(truth, 3)
    assert (q.k, q.k_star, q.d, q.sigma, q.weights) == (3, 4, 2, 2.0, (0.1, 0.2, 0.3, 0.4))
    assert (q.separation, q.diameter) == (3.0, 15.0)
    one = lab.BlockQuantities.of_block(q, lab.Block.of((2,), (1, 2)))
    assert (one.kind, one.n_means, one.n_centers, one.centers) == ("one-fits-many", 1, 2, (1, 2))
    assert (one.block_weight, one.block_diameter, one.block_separation) == (0.5, 8.0, 3.0)
    whole = lab.BlockQuantities.of_block(q, lab.Block.of((0,), (0, 1, 2, 3)))
    assert (whole.block_weight, whole.block_separation) == (pytest.approx(1.0), inf)


def test_places_are_weighted_averages():
    truth = gs.Mixture.location([-3.0, 3.0, 30.0], 1.0, [0.3, 0.1, 0.6])
    (one,) = found(lab.theorem_table(truth, 2, **QUICK), "one-fits-many")
    assert one.error < 1e-9  # the plain average is 1.5 sigma away


def test_minima_without_structure_are_evidence_and_read_by_position():
    """Below the pitchfork at 5.40 the one minimum straddles the middle center."""
    table = lab.theorem_table(equal, 2, parameters=[5.2, 8.0], bounds=lambda q: 0.5, **QUICK)
    assert table.unstructured == ((0, 0),)
    (minimum,) = table.truths[0].minima
    assert (minimum.reading, minimum.reason) == ("unstructured", "Gauss-Legendre panels agree")
    nearest = nearest_structure(np.array(minimum.means), equal(5.2), 1.0)
    assert [one.block for one in minimum.blocks] == list(nearest.structure.blocks)
    assert max(one.error for one in minimum.blocks) == pytest.approx(nearest.error)
    assert (table.structured_from, table.within_from) == (8.0, 8.0)
    assert str(table).startswith("evidence against the theorem at 2 truths: 2 of")
    assert "1 of 3 minima without structure" in str(table)
    apart = table.judged(condition=lambda q: q.separation > 6, bounds=lambda q: 0.5)
    assert (apart.unstructured, apart.exceeded) == ((), ())


def test_predicted_structures_have_bounds_and_say_which_minimum_has_them(family):
    judged = family.judged(bounds=lambda q: float(q.n_centers))
    last = judged.truths[-1]
    assert len(last.predictions) == 4
    for one in last.predictions:
        assert one.bounds == tuple(float(len(block.centers)) for block in one.structure.blocks)
        if one.minimum is None:
            assert one.outcome == "dissolved"
        else:
            blocks = [found.block for found in last.minima[one.minimum].blocks]
            assert {(b.centers, len(b.means)) for b in blocks} == one.structure.orbit
    assert sorted(one.minimum for one in last.predictions if one.minimum is not None) == [0, 1, 2]
    assert "0>0,2  1,2>1 at truth 2 (dissolved)" in judged.to_text(verbose=True)


def test_means_that_float64_cannot_part_are_known_to_a_sphere():
    table = lab.theorem_table(gs.Mixture.location([0.0, 24.0], 1.0), 3, bounds=lambda q: 0.2, **QUICK)
    assert {one.numerical_error for one in found(table, "many-fit-one")} == {0.05}
    assert max(one.numerical_error for one in found(table, "exact")) < 1e-12
    assert all(minimum.flat for minimum in table.truths[0].minima)
    assert table.within_from == 24.0
    tight = table.judged(bounds=lambda q: 0.01)
    assert len(tight.undecided) == 2
    assert tight.exceeded == ()


def test_displacements_by_modes():
    hessian = np.diag([1.0, 0.01, 0.0])
    moved = numerical_errors.displacements(hessian, np.array([1e-6, 1e-6, 0.0]), 0.0, 3)
    assert moved == pytest.approx([1e-6, 1e-4, inf])
    turned = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1e-8], [0.0, -1e-8, 1.0]])
    moved = numerical_errors.displacements(turned @ hessian @ turned.T, np.zeros(3), 1e-6, 3)
    assert moved[:2] == pytest.approx([1e-6, 1e-4 + 1e-8], rel=1e-3)
    assert moved[2] == inf


def test_a_resumed_run_is_the_uninterrupted_one(family, tmp_path):
    settings = {"parameters": [6.0, 9.0, 12.0], "n_starts": 2, "checkpoint": tmp_path / "kept.json"}
    stopped = lab.theorem_table(equal, 3, rng=0, callback=lambda e: "found" in e.detail, **settings)
    assert stopped.stop_reason == "interrupted"
    assert [truth.stop_reason for truth in stopped.truths] == ["completed"]
    assert str(stopped).splitlines()[1] == "next: the search was interrupted"
    seen = []
    whole = lab.theorem_table(equal, 3, callback=seen.append, **settings)
    assert whole == family
    assert [event.done for event in seen if "found" in event.detail] == [2, 3]
    again = lab.theorem_table(equal, 3, callback=seen.clear, **settings)
    assert again == family
    other = settings | {"n_starts": 3}
    with pytest.raises(InvalidParameterError, match="made with another n_starts"):
        lab.theorem_table(equal, 3, **other)
    more = lab.theorem_table(equal, 3, **settings | {"parameters": [12.0, 8.0, 6.0]})
    assert more.truths[0] == family.truths[2]._replace(parameter=12.0)


def test_a_truth_whose_search_was_stopped_is_told_and_not_kept(family, tmp_path):
    file = tmp_path / "kept.json"

    def halfway(event):
        return event.done == 1 and event.detail.get("descents") == 3

    settings = {"parameters": [6.0, 9.0, 12.0], "n_starts": 2, "checkpoint": file}
    stopped = lab.theorem_table(equal, 3, rng=0, callback=halfway, **settings)
    assert [truth.stop_reason for truth in stopped.truths] == ["completed", "interrupted"]
    assert (stopped.structured_from, stopped.n_truths) == (None, 3)
    assert " so far " in str(stopped)
    assert lab.theorem_table(equal, 3, **settings) == family


def test_ctrl_c_and_time_keep_what_was_found():
    def interrupt(event):
        if "found" in event.detail:
            raise KeyboardInterrupt

    stopped = lab.theorem_table(equal, 3, parameters=[6.0, 9.0], callback=interrupt, **QUICK)
    assert (len(stopped.truths), stopped.stop_reason) == (1, "interrupted")
    hasty = lab.theorem_table(equal, 3, parameters=[6.0, 9.0], max_seconds=0.0, **QUICK)
    assert hasty.stop_reason == "time_limit"
    assert len(hasty.truths) == 1
    assert hasty.truths[0].stop_reason == "time_limit"
    assert "raise max_seconds" in str(hasty)


@pytest.mark.slow
def test_processes_change_nothing(family):
    assert lab.theorem_table(equal, 3, parameters=[6.0, 9.0, 12.0], n_jobs=2, **QUICK) == family


def test_truths_are_taken_in_every_form(table):
    population = lab.Population(TRUTH, rtol=1e-9)
    several = lab.theorem_table([TRUTH, population], 3, **QUICK)
    assert several.truths[0] == table.truths[0]
    assert several.truths[1].minima[1].kl == pytest.approx(table.truths[0].minima[1].kl, abs=1e-9)
    by_path = lab.theorem_table(lambda t: lab.Population(TRUTH), 3, parameters=[1.0], **QUICK)
    assert by_path.truths == (table.truths[0]._replace(parameter=1.0),)
    alone = lab.theorem_table(gs.Mixture.location([0.0], 1.0), 1, bounds=lambda q: 1 / q.separation, **QUICK)
    assert (alone.truths[0].separation, found(alone, "exact")[0].bound) == (inf, 0.0)


def raises(q):
    raise KeyError("c")


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        (raises, r"bounds raised KeyError: 'c' at separation 6, for the"),
        ({"many-fit-one": raises}, r"bounds\['many-fit-one'\] raised KeyError.*2 of 3 means on center"),
        ({"exact": lambda q: nan}, r"bounds\['exact'\] returned nan at separation 6.*: return a number"),
        (lambda q: -0.1, "bounds returned -0.1 at separation"),
        (lambda q: "1", "bounds returned '1'"),
        (lambda q: None, "bounds returned None"),
        (lambda q: True, "bounds returned True"),
        (lambda q: 1j, "bounds returned 1j"),
        (lambda q: np.array([1.0]), "bounds returned array"),
        (lambda: 1.0, "bounds raised TypeError"),
        (0.5, "bounds=0.5: pass a function"),
        ({"exact": 0.5}, r"bounds\['exact'\]=0.5: pass a function"),
        ({"split": raises}, "bounds='split': name kinds of block"),
    ],
)
def test_broken_bounds_are_named_before_the_search(bounds, message):
    seen = []
    with pytest.raises(InvalidParameterError, match=message):
        lab.theorem_table(TRUTH, 3, bounds=bounds, callback=seen.append, **QUICK)
    assert seen == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (raises, "condition raised KeyError: 'c' at separation 6: return True or False"),
        (lambda q: nan, "condition returned nan"),
        (lambda q: None, "condition returned None"),
        (lambda q: "yes", "condition returned 'yes'"),
        (12.0, "condition=12.0: pass a function"),
    ],
)
def test_broken_conditions_are_named_before_the_search(condition, message):
    with pytest.raises(InvalidParameterError, match=message):
        lab.theorem_table(TRUTH, 3, condition=condition, **QUICK)


def test_numbers_of_numpy_and_infinite_ones_are_answers(table):
    judged = table.judged(condition=lambda q: np.True_, bounds=lambda q: np.float32(0.25))
    assert judged.truths[0].holds is True
    assert {row.found.bound for row in judged.rows} == {0.25}
    endless = table.judged(condition=lambda q: inf, bounds=lambda q: inf)
    assert (endless.truths[0].holds, endless.truths[0].margin) == (True, None)
    assert {row.found.verdict for row in endless.rows} == {"no bound"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 3), "truths is empty"),
        ((3.0, 3), "truths=3.0: pass Mixtures"),
        ((gs.Mixture(None, [0.0, 9.0], [1.0, 2.0], "spherical"), 3), "share one standard deviation"),
        ((equal, 3), "parameters=None: pass numbers"),
        ((lambda t: t, 3), "truths=6.0: pass Mixtures"),
        ((TRUTH, 0), "n_components=0"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, message):
    more = {"parameters": [6.0]} if callable(arguments[0]) and arguments[0] is not equal else {}
    with pytest.raises(InvalidParameterError, match=message):
        lab.theorem_table(*arguments, **more)
    with pytest.raises(InvalidParameterError, match="parameters are of use where truths is a function"):
        lab.theorem_table(TRUTH, 3, parameters=[1.0])


def test_frames_have_all_that_is_known(family):
    pytest.importorskip("pandas")
    judged = family.judged(condition=lambda q: q.separation - 9, bounds=lambda q: 0.25)
    frame = judged.to_frame()
    assert len(frame) == len(judged.rows)
    last = frame.iloc[-1]
    assert (last["truth"], last["parameter"], last["separation"], last["margin"]) == (2, 12.0, 12.0, 3.0)
    row = judged.rows[-1]
    assert (last["error"], last["ratio"], last["verdict"]) == (
        row.found.error,
        row.found.ratio,
        row.found.verdict,
    )
    predicted = judged.to_frame("predictions")
    assert len(predicted) == sum(len(p.bounds) for t in judged.truths for p in t.predictions)
    assert set(predicted["outcome"]) >= {"realised", "dissolved"}
    with pytest.raises(InvalidParameterError, match="rows='means'"):
        judged.to_frame("means")
    assert family.within_from is None  # nothing is bounded


def test_missing_pandas_is_named(family, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(NotAvailableError, match=r"gmmscape\[frame\]"):
        family.to_frame()


def test_numbers_without_a_power_of_ten_and_nothing_left_out():
    assert [_power(value) for value in (0.0, inf, 3e-9)] == ["0", "inf", "1e-08"]
    assert list(_not_found([])) == []


def test_long_texts_show_the_largest_ratios_first_and_all_on_request(family):
    judged = family.judged(bounds=lambda q: 0.25)
    many = lab.TheoremTable(judged.truths * 4, 3, 12, 2, 0, "completed")
    assert f"and {len(many.rows) - 16} more" in str(many)
    rows = [line for line in str(many).splitlines() if "many-fit-one" in line or "one-fits-many" in line]
    assert "many-fit-one" in rows[0]
    assert "and 1" not in many.to_text(verbose=True)
    assert all(len(line) <= 80 for line in many.to_text(width=80).splitlines())


def test_a_truth_whose_equal_covariances_are_matrices():
    full = gs.Mixture(None, [[0.0, 0.0], [9.0, 0.0]], np.stack([np.eye(2)] * 2))
    same = gs.Mixture.location([[0.0, 0.0], [9.0, 0.0]], 1.0)
    tables = [lab.theorem_table(truth, 2, rng=0, n_starts=2) for truth in (full, same)]
    errors = [[row.found.error for row in table.rows] for table in tables]
    assert errors[0] == pytest.approx(errors[1], abs=1e-12)


def test_a_bound_too_large_for_a_float_is_named():
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    with pytest.raises(gs.InvalidParameterError, match="bounds returned"):
        lab.theorem_table(truth, 3, bounds=lambda block: 10**400, rng=0, n_starts=1)
