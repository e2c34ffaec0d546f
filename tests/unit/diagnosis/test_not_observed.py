"""Findings of what no row says: columns that a component has no values in, columns never together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.diagnosis.not_observed import NotObserved

CENTERS = np.array([[0.0, 0.0, 0.0], [9.0, 0.0, 3.0], [0.0, 9.0, 0.0]])
LABELS = np.repeat([0, 1, 2], 60)
ROWS = np.random.default_rng(5).normal(CENTERS[LABELS], 1.0)
FIRST = np.arange(len(ROWS)) % 2 == 0


def _findings(X: Any, kind: str, weights: Any = None) -> dict[str, gs.Finding]:
    covariances = {"full": np.full((3, 3, 3), 0.1) + 0.9 * np.eye(3), "diag": np.ones((3, 3))}[kind]
    mixture = gs.Mixture(None, CENTERS, covariances, kind)
    found = gs.diagnose(mixture, X, weights, covariance_type=kind, rng=0).findings
    return {finding.name: finding for finding in found}


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_a_column_that_one_component_alone_has(kind: str):
    X = ROWS.copy()
    X[LABELS != 0, 2] = np.nan
    found = _findings(X, kind)
    assert found["not observed"].columns == (2,)
    assert "values in column 2 are of components 1, 2, whose means" in found["not observed"].message
    X[LABELS == 1, 2] = ROWS[LABELS == 1, 2]
    assert "of component 2, whose" in _findings(X, kind)["not observed"].message
    X[LABELS == 2, 2] = np.where(np.arange(60) < 3, ROWS[LABELS == 2, 2], np.nan)
    assert "not observed" not in _findings(X, kind)  # three values are some


def test_repetitions_are_values():
    X = ROWS.copy()
    X[LABELS == 2, 2] = np.where(np.arange(60) < 1, ROWS[LABELS == 2, 2], np.nan)
    assert "not observed" in _findings(X, "full")
    weights = np.ones(len(X))
    weights[120] = 5.0
    assert "not observed" not in _findings(X, "full", weights)
    assert "not observed" in _findings(X, "full", 7.0 * np.ones(len(X)))  # the unit is nothing


def test_columns_that_no_row_has_both_of():
    X = np.where(FIRST[:, None], ROWS * [1.0, 1.0, np.nan], ROWS * [1.0, np.nan, 1.0])
    found = _findings(X, "full")
    assert found["never together"].columns == (1, 2)
    assert "not observed" not in found
    assert "never together" not in _findings(X, "diag")  # has no covariances
    X[0, 2] = 0.0
    assert "never together" not in _findings(X, "full")


def test_gaps_at_random_are_no_finding():
    X = np.where(np.random.default_rng(1).random(ROWS.shape) < 0.3, np.nan, ROWS)
    assert not {"not observed", "never together"} & set(_findings(X, "full"))


def test_a_component_without_rows_is_another_matter():
    observed, posterior = np.ones((4, 2), dtype=bool), np.array([[1.0, 0.0]] * 4)
    found = NotObserved.of(
        observed, posterior, np.ones(4), gs.Mixture(None, [[0.0, 0.0], [9.0, 9.0]], [1.0, 1.0], "spherical")
    )
    assert len(found.components) == len(found.columns) == len(found.apart) == 0
