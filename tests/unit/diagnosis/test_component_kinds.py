"""Kinds of components, read off associations."""

from __future__ import annotations

import numpy as np

from gmmscape.diagnosis.component_kinds import component_reports, normalised


def read(association, *, changed=True, nested=(), collapsed=(), behind=(), weights=None):
    A = np.array(association, dtype=float)
    k = len(A)
    pairs = np.zeros((k, k), dtype=bool)
    for i, j in nested:
        pairs[i, j] = pairs[j, i] = True
    bad = np.zeros(k, dtype=bool)
    bad[list(collapsed)] = True
    wide = np.zeros(k, dtype=bool)
    wide[list(behind)] = True
    return component_reports(
        A,
        np.full(k, 1 / k),
        np.full(A.shape[1], 1 / A.shape[1]) if weights is None else np.array(weights),
        n_rows=np.full(k, 50.0),
        nested=pairs,
        collapsed=bad,
        background=wide,
        exact=np.full(k, not changed),
    )


def kinds(reports):
    return [report.kind for report in reports]


def test_the_two_blocks_of_theory():
    reports = read([[1, 1, 0, 0], [0, 0, 0.6, 0], [0, 0, 0.4, 0], [0, 0, 0, 1]])
    assert kinds(reports) == ["one-fits-many", "many-fit-one", "many-fit-one", "exact"]
    assert reports[0].covers == (0, 1)
    assert reports[1].partners == (2,)
    assert reports[2].partners == (1,)
    assert reports[2].covers == (2,)


def test_three_on_one_center_share_it_though_none_has_half():
    reports = read([[0.4, 0, 0], [0.3, 0, 0], [0.3, 0, 0], [0, 1, 1]])
    assert kinds(reports) == ["many-fit-one"] * 3 + ["one-fits-many"]
    assert reports[1].partners == (0, 2)


def test_all_in_one_place_are_not_exact():
    reports = read(np.full((3, 3), 1 / 3))
    assert "exact" not in kinds(reports)


def test_without_a_better_fit_nobody_is_accused():
    reports = read([[1, 1, 0], [0, 0, 0.6], [0, 0, 0.4]], changed=False)
    assert kinds(reports) == ["exact"] * 3


def test_collapse_and_nesting_are_named_where_nothing_else_is():
    reports = read(np.eye(4), nested=[(1, 2)], collapsed=[0])
    assert kinds(reports) == ["collapsed", "nested", "nested", "exact"]
    assert reports[1].partners == (2,)


def test_what_lies_before_a_background_is_not_nested():
    reports = read(np.eye(3), behind=[0], nested=[(0, 1), (0, 2)])
    assert kinds(reports) == ["background", "exact", "exact"]


def test_empty_clusters_and_further_ones_are_read_too():
    A = [[1, 0, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0.6, 0, 0], [0, 0, 0.4, 0, 0]]
    reports = read(A, weights=[0.25, 0.25, 0.25, 0.0, 0.25])
    assert kinds(reports) == ["one-fits-many", "exact", "many-fit-one", "many-fit-one"]
    assert reports[0].covers == (0, 4)


def test_columns_sum_to_one_and_empty_ones_stay():
    A = normalised(np.array([[2.0, 0.0], [2.0, 0.0]]))
    np.testing.assert_array_equal(A, [[0.5, 0.0], [0.5, 0.0]])
