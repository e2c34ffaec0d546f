"""The parts of a search for minima without structure, each against what is known otherwise."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape import laws
from gmmscape.landscape.falsification.confirm import (
    Verdict,
    _by_extended,
    _by_float64,
    _judged,
    _sharper,
    confirmed,
)
from gmmscape.landscape.falsification.cuts import cut_centers
from gmmscape.landscape.falsification.position import nearest_structure
from gmmscape.landscape.falsification.predicted import predicted_cuts
from gmmscape.landscape.falsification.second_opinion import gauss_legendre
from gmmscape.landscape.falsification.second_opinion_mpmath import Exact, multiprecision
from gmmscape.landscape.falsification.starts import starts_for
from gmmscape.landscape.falsification.truths import random_truth
from gmmscape.structure.intervals import Share
from gmmscape.structure.structure import block_average


@pytest.mark.parametrize("d", [1, 2, 3])
def test_random_truths_have_the_separation(d):
    spreads = set()
    for i in range(20):
        truth = random_truth(np.random.default_rng(i), 4, d, 7.5, 2.0)
        assert truth.separation == pytest.approx(7.5)
        assert truth.means.shape == (4, d)
        assert truth.sigma == 2.0
        spreads.add(round(float(np.ptp(truth.means, axis=0).max()), 3))
    assert len(spreads) == 20


def test_starts_are_of_all_kinds_and_repeatable():
    truth = random_truth(np.random.default_rng(3), 4, 2, 12.0, 1.0)
    one, other = (starts_for(truth, 3, 40, np.random.default_rng(0)) for _ in range(2))
    assert len(one.expected) + len(one.random) == 40
    assert all(start.shape == (3, 2) for start in (*one.expected, *one.random))
    assert np.array_equal(one.random, other.random)


def test_a_center_that_all_means_have_is_not_cut():
    one = gs.Mixture.location([[3.0, 4.0]], 1.0)
    starts = starts_for(one, 2, 4, np.random.default_rng(0)).random
    assert np.shape(starts) == (4, 2, 2)
    for start in (starts[0], starts[3]):
        assert np.abs(start - one.means).max() < 5.0


def test_position_is_the_smallest_over_all_structures():
    """Beside a search over all candidates and all labellings of the means."""
    rng = np.random.default_rng(5)
    for k, k_star, d in ((2, 3, 1), (3, 3, 2), (4, 2, 2), (3, 4, 3)):
        truth = random_truth(rng, k_star, d, 4.0, 0.5)
        means = rng.uniform(-4, 4, size=(k, d))
        expected = np.inf
        for structure in lab.candidates(k, k_star):
            targets = np.empty((k, d))
            for block in structure.blocks:
                targets[list(block.means)] = block_average(block.centers, truth)
            for order in permutations(range(k)):
                error = np.linalg.norm(means[list(order)] - targets, axis=1).max() / 0.5
                expected = min(expected, error)
        found = nearest_structure(means, truth, 0.5)
        assert found.error == pytest.approx(expected)
        assert found.structure is not None
        worst = max(
            np.linalg.norm(means[i] - block_average(block.centers, truth)) / 0.5
            for block in found.structure.blocks
            for i in block.means
        )
        assert worst == pytest.approx(expected)


@pytest.mark.parametrize(
    ("centers", "means", "sigma"),
    [
        ([-3.0, 3.0, 12.0], [0.0, 11.7, 12.3], 1.0),
        ([[0, 0], [6, 0], [3, 6.0]], [[1, 2], [5, 1.0]], 1.5),
        ([[0, 0], [6, 0], [3, 6.0]], [[1, 2], [5, 1.0], [4, 5.0]], 1.0),
        ([[0, 0, 0], [5, 0, 1], [0, 4, 4.0]], [[1, 1, 0], [4, 0, 1], [0, 4, 3.0]], 1.2),
    ],
)
def test_the_second_opinion_agrees_with_the_engine_anywhere(centers, means, sigma):
    """Not only where the gradient vanishes; by other rules, other code and another order of things."""
    truth = gs.Mixture.location(centers, sigma)
    land = lab.Landscape(lab.Population(truth), len(means))
    at = np.asarray(means, dtype=float).reshape(len(means), -1)
    opinion = gauss_legendre(at, truth, sigma)
    assert opinion.error < 1e-7
    assert opinion.gradient / sigma == pytest.approx(land.gradient(at).ravel(), abs=1e-8)
    assert opinion.hessian / sigma**2 == pytest.approx(land.hessian(at), abs=1e-7)
    assert opinion.association == pytest.approx(lab.decode(at, truth).association, abs=1e-6)


@pytest.mark.slow
def test_extended_precision_sees_what_float64_does_not():
    """A pair together beside an exact neighbour: a saddle, by a curvature that law 1 gives term by term."""
    truth = gs.Mixture.location([0.0, 16.0], 1.0)
    land = lab.Landscape(lab.Population(truth), 3)
    exact = multiprecision(np.array([[0.0], [16.0], [16.0]]), truth, 1.0)
    assert exact is not None
    excess = land.realise([((0,), (0,)), ((1, 2), (1,))], "mp").splittings[0].excess[0]
    # Law 1: the mass of each mean of the pair, a quarter, times minus the excess.
    assert 0 < excess < 1e-10
    assert exact.eigenvalues[0] == pytest.approx(-0.25 * excess, rel=1e-6)
    assert exact.error < 1e-3 * excess


def test_cuts_are_told_from_pairs():
    truth = gs.Mixture.location([0.0, 10.0, 20.0], 1.0)
    pair = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.5], [0.0, 0.0, 0.5]])
    assert cut_centers(np.array([[5.0], [19.9], [20.1]]), pair, truth, 1.0, 0.1) == ()
    table = np.array([[1.0, 0.4, 0.0], [0.0, 0.6, 1.0]])
    (cut,) = cut_centers(np.array([[3.0], [17.0]]), table, truth, 1.0, 0.25)
    assert (cut.center, cut.means, cut.share, cut.gap, cut.offset) == (1, (0, 1), 0.4, 14.0, 0.0)
    assert cut.masses == pytest.approx((1.0, 1.0))
    assert cut.stability == pytest.approx(laws.cut_stability(0.4, 14.0, 1, 1))


def test_expected_cuts_hold_themselves():
    """The example in space is expected where it is found; four equal centers on a line have none."""
    centers = [[0, 0, 0], [-6, 100, 0], [-6, -100, 0], [6, 0, 100], [6, 0, -100]]
    (means, *_) = predicted_cuts(gs.Mixture.location(centers, 1.0), 2, 1.0, 3)
    assert np.sort(means[:, 0]) == pytest.approx([-4.957, 4.957], abs=0.2)
    line = gs.Mixture.location([0.0, 60.0, 120.0, 180.0], 1.0)
    assert all(
        abs(lab.Landscape(lab.Population(line), 2).descend(m).decoding.defect) < 0.25
        for m in predicted_cuts(line, 2, 1.0, 5)
    )


def test_what_is_no_minimum_or_structured_is_not_confirmed():
    truth = gs.Mixture.location([-5.0, 0.0, 5.0], 1.0)
    land = lab.Landscape(lab.Population(truth), 2)
    straddling = land.descend([-3.0, 3.0])
    assert confirmed(truth, straddling, 0.25).outcome == "confirmed"
    assert confirmed(truth, straddling, 0.6).outcome == "refuted"
    unfinished = land.descend([-3.0, 8.0], max_iter=1)
    assert confirmed(truth, unfinished, 0.25).outcome in ("undecided", "confirmed")


@pytest.fixture(scope="module")
def straddling():
    """A minimum in which two means share the middle center half and half, and what panels say of it."""
    truth = gs.Mixture.location([-5.0, 0.0, 5.0], 1.0)
    point = lab.Landscape(lab.Population(truth), 2).descend([-3.0, 3.0])
    return point, gauss_legendre(point.means, truth, 1.0)


@pytest.mark.parametrize(
    ("changed", "tau", "outcome", "word"),
    [
        ({}, 0.25, "confirmed", "agree"),
        ({"hessian": -np.eye(2)}, 0.25, "undecided", "no sign in float64"),
        ({"hessian": np.diag([1e-12, 1.0]), "error": 1e-9}, 0.25, "undecided", "no sign in float64"),
        ({"gradient": np.full(2, 1e-3)}, 0.25, "undecided", "apart"),
        ({"association": np.full((2, 3), 0.45)}, 0.25, "undecided", "tau within its error"),
    ],
)
def test_a_suspect_is_confirmed_only_where_the_second_rule_agrees(straddling, changed, tau, outcome, word):
    point, opinion = straddling
    verdict = _by_float64(point, opinion._replace(**changed), tau, 1.0)
    assert verdict.outcome == outcome
    assert word in verdict.reason
    assert _sharper(verdict) == ("no sign" in word)


def test_what_both_rules_find_bent_down_is_refuted(straddling):
    point, opinion = straddling
    saddle = replace(point, eigenvalues=np.array([-1.0, 1.0]))
    verdict = _by_float64(saddle, opinion._replace(hessian=np.diag([1.0, -1.0])), 0.25, 1.0)
    assert verdict[1:3] == ("refuted", "no minimum: a curvature is negative")


@pytest.mark.parametrize(
    ("exact", "outcome", "word"),
    [
        ({}, "confirmed", "mpmath"),
        ({"eigenvalues": np.array([-1e-15, 1.0])}, "undecided", "a saddle by a curvature of -1e-15"),
        ({"eigenvalues": np.array([1e-30, 1.0])}, "undecided", "no sign in extended precision"),
        ({"moved": 0.1}, "undecided", "0.1 sigma away"),
        ({"association": np.eye(2)}, "refuted", "structured"),
    ],
)
def test_extended_precision_decides_where_it_can(straddling, exact, outcome, word):
    half = np.array([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]])
    sharp = Exact(1e-12, np.array([1e-15, 1.0]), half, 1e-30)._replace(**exact)
    before = Verdict(straddling[0], "undecided", "the smallest curvature has no sign in float64", 0.0, 1e-9)
    verdict = _judged(before, sharp, 0.25)
    assert verdict.outcome == outcome
    assert word in verdict.reason
    assert (verdict.eigenvalue, verdict.error) == (sharp.eigenvalues[0], 1e-30)


def test_without_more_digits_a_verdict_stays_as_it_is(straddling, monkeypatch):
    before = Verdict(straddling[0], "undecided", "no sign in float64", 0.0, 1e-9)
    plane = gs.Mixture.location([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 1.0)
    in_the_plane = before._replace(point=lab.Landscape(lab.Population(plane), 3).descend(plane.means))
    assert _by_extended(in_the_plane, plane, 0.25, 1.0) is in_the_plane
    monkeypatch.setitem(sys.modules, "mpmath", None)
    missing = _by_extended(before, gs.Mixture.location([-5.0, 0.0, 5.0], 1.0), 0.25, 1.0)
    assert missing.outcome == "undecided"
    assert "no sign in float64; extended precision needs mpmath" in missing.reason


def test_means_that_span_too_much_have_no_second_rule():
    truth = gs.Mixture.location(9.0 * np.eye(5, 4), 1.0)
    with pytest.raises(gs.NotAvailableError, match="span 4 dimensions"):
        gauss_legendre(truth.means, truth, 1.0)
    assert multiprecision(truth.means[:3], truth, 1.0) is None


def test_where_structures_are_too_many_to_list_starts_are_drawn():
    truth = gs.Mixture.location(9.0 * np.arange(12.0), 1.0)
    assert nearest_structure(truth.means, truth, 1.0) == (np.inf, None)
    starts = starts_for(truth, 12, 8, np.random.default_rng(0))
    assert starts.expected == []
    assert np.shape(starts.random) == (8, 12, 1)


def test_intervals_are_exact():
    """Against the binomial sums that define them."""
    from scipy.stats import binom

    share = Share.of_counts(3, 50)
    assert binom.sf(2, 50, share.low) == pytest.approx(0.025)
    assert binom.cdf(3, 50, share.high) == pytest.approx(0.025)
    assert Share.of_counts(0, 2000).high == pytest.approx(1 - 0.025 ** (1 / 2000))
    assert Share.of_counts(0, 0)[2:] == (0.0, 1.0)
    assert Share.of_counts(7, 7).high == 1.0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 1.0}, "alpha"),
        ({"gap": 0.0}, "gap"),
        ({"first": -1.0}, "first"),
        ({"second": float("nan")}, "second"),
        ({"offset": -1.0}, "offset"),
    ],
)
def test_the_law_checks_its_arguments(arguments, word):
    usable = {"alpha": 0.5, "gap": 10.0, "first": 1, "second": 1}
    with pytest.raises(gs.InvalidParameterError, match=word):
        laws.cut_stability(**{**usable, **arguments})


def test_the_law_has_its_symmetries():
    value = laws.cut_stability(0.3, 11.0, 1, 2, offset=2.0)
    assert laws.cut_stability(0.7, 11.0, 2, 1, offset=2.0) == pytest.approx(value)
    assert laws.cut_stability(0.3, 33.0, 1, 2, offset=6.0, sigma=3.0) == pytest.approx(value)
    assert laws.cut_stability(0.3, 11.0, 5, 10, offset=2.0, weight=5.0) == pytest.approx(value)
