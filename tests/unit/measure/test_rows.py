"""What rows offer to search and diagnosis: densities, responsibilities, coverage, parts of themselves."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.measure import EVERY, WeightedRows

CHOSEN = np.array([4, 0, 17])


@pytest.fixture
def far() -> tuple[WeightedRows, gs.Mixture]:
    """Rows far from zero, and a mixture in their local coordinates."""
    X = np.random.default_rng(0).normal([1000.0, -300.0], [1.0, 50.0], (40, 2))
    sample = lab.Sample(X, np.linspace(1.0, 2.0, 40))
    fit = gs.Mixture([0.3, 0.7], [[-1.0, 20.0], [0.5, 0.0]], [[1.0, 900.0], [2.0, 1600.0]], "diag")
    return sample.rows(fit), fit


@pytest.mark.parametrize("which", [EVERY, CHOSEN, slice(3, 9)])
def test_rows_answer_as_the_mixture_does_at_their_local_coordinates(far, which):
    rows, fit = far
    points = rows.local(which)
    np.testing.assert_array_equal(rows.responsibilities(fit, which), fit.responsibilities(points))
    per_unit = rows.log_densities(fit, which) - rows.log_unit
    np.testing.assert_allclose(per_unit, fit.log_density(points), rtol=1e-12)
    wrong = fit.responsibilities(rows.data[which])  # not in local coordinates
    assert not np.allclose(rows.responsibilities(fit, which), wrong)


@pytest.mark.parametrize("which", [EVERY, CHOSEN, slice(3, 9)])
def test_a_column_is_that_of_the_rows(far, which):
    rows, _ = far
    local = rows.local(which)
    columns = [rows.local_column(which, j) for j in range(2)]
    np.testing.assert_array_equal(np.column_stack(columns), local)
    assert not np.array_equal(columns[0], rows.data[which, 0])  # not in local coordinates


@pytest.mark.parametrize("which", [EVERY, CHOSEN])
def test_coverage_counts_from_the_rows_asked_for(far, which):
    rows, fit = far
    found = rows.coverage(fit, 0.2, which)
    expected = fit.responsibilities(rows.local(which))
    for i in range(2):
        own = slice(found.ends[i], found.ends[i + 1])
        np.testing.assert_array_equal(found.row[own], np.flatnonzero(expected[:, i] >= 0.2))
        np.testing.assert_allclose(found.posterior[own], expected[found.row[own], i], rtol=1e-12)


def test_rows_of_a_span_answer_in_all_dimensions():
    truth = gs.Mixture.location([[0.0, 0.0, 0.0], [3.0, 1.0, 0.0], [0.0, 4.0, 1.0]], 1.0)
    population = lab.Population(truth, rtol=1e-3)
    fit = gs.Mixture.location([[-1.0, 0.0, 0.0], [2.0, 0.5, 0.0]], 1.0)
    rows = population.rows(fit)
    assert rows.data.shape[1] < 3
    points = rows.local(EVERY)
    np.testing.assert_array_equal(rows.responsibilities(fit), fit.responsibilities(points))
    np.testing.assert_allclose(rows.log_densities(fit) - rows.log_unit, fit.log_density(points), rtol=1e-12)
    assert rows.coverage(fit, 0.5).row.max() < len(rows)


def test_what_is_taken_has_the_same_unit_and_local_coordinates(far):
    rows, fit = far
    weights = np.array([0.5, 0.25, 0.25])
    some = rows.taken(CHOSEN, weights)
    np.testing.assert_array_equal(some.local(EVERY), rows.local(CHOSEN))
    assert some.nll(fit) == pytest.approx(-float(weights @ fit.log_density(rows.local(CHOSEN))), rel=1e-12)
    assert some.nll(fit) != pytest.approx(rows.nll(fit), rel=1e-3)
