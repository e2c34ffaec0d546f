"""Core and halo are nested, neighbours are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.moves.nesting import Clustering, background, better_clustering, close_pairs, distances, nested


def pair(gap: float, wide: float, narrow: float, kind: str = "spherical") -> gs.Mixture:
    variances = np.array([wide, narrow]) ** 2
    covariances = {
        "spherical": variances,
        "diag": variances[:, None] * np.ones(2),
        "full": variances[:, None, None] * np.eye(2),
    }[kind]
    return gs.Mixture([0.5, 0.5], [[0.0, 0.0], [gap, 0.0]], covariances, kind)


@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_distances_are_in_the_metric_of_the_row(kind: str):
    found = np.stack(list(distances(pair(6.0, 3.0, 0.5, kind))))
    np.testing.assert_allclose(found, [[0.0, 2.0], [12.0, 0.0]])


@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
@pytest.mark.parametrize(("gap", "expected"), [(0.0, True), (5.9, True), (6.1, False)])
def test_a_core_is_nested_up_to_two_deviations_of_its_halo(kind: str, gap: float, expected: bool):
    assert nested(pair(gap, 3.0, 0.5, kind))[0, 1] == expected


@pytest.mark.parametrize("kind", ["full", "diag", "spherical", "tied"])
def test_close_pairs_are_those_of_all_distances(kind: str):
    rng = np.random.default_rng(0)
    means = rng.standard_normal((12, 3))
    means[7], means[9] = means[2] + 1e-9, means[2]
    widths = rng.uniform(0.5, 2.0, 12)
    stored = {
        "full": widths[:, None, None] * (np.eye(3) + 0.3),
        "diag": widths[:, None] * np.array([1.0, 0.2, 3.0]),
        "spherical": widths,
        "tied": np.eye(3) + 0.3,
    }
    mixture = gs.Mixture(None, means, stored[kind], kind)
    for reach in (1e-6, 0.8):
        expected = np.argwhere(np.triu(np.stack(list(distances(mixture))) <= reach, 1))
        np.testing.assert_array_equal(close_pairs(mixture, reach), expected)
    assert len(close_pairs(mixture, 1e-6)) == 3


def test_one_wide_component_over_all_others_is_close_to_few_of_them(monkeypatch: pytest.MonkeyPatch):
    """So that not every pair is measured, as for a reach of the widest one's."""
    means = np.random.default_rng(0).standard_normal((2000, 2))
    variances = np.full(2000, 1e-4)
    variances[7] = 1e14
    mixture = gs.Mixture(None, means, variances, "spherical")
    measured, kind = list[int](), type(mixture.kind)

    def counting(real: Any) -> Any:
        def counted(own: Any, shifts: np.ndarray, *rest: Any) -> np.ndarray:
            measured.append(len(shifts))
            return real(own, shifts, *rest)

        return counted

    for name in ("scaled", "scaled_each"):
        monkeypatch.setattr(kind, name, counting(getattr(kind, name)))
    found = close_pairs(mixture, 1e-6)
    assert len(found) == 1992
    assert sum(measured) < 2 * len(means)


def test_equal_components_are_nested_exactly_where_their_density_has_one_mode():
    grid = np.linspace(-3, 6, 20_001)[:, None] * [1.0, 0.0]
    for gap in (1.9, 2.1):
        mixture = pair(gap, 1.0, 1.0)
        slopes = np.sign(np.diff(mixture.log_density(grid)))
        modes = np.count_nonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
        assert nested(mixture)[0, 1] == (modes == 1)


def test_a_tied_covariance_has_no_cores():
    assert not nested(gs.Mixture([0.5, 0.5], [[0.0], [0.1]], [[1.0]], "tied")).any()


def three(middle: float, sigma: float = 1.0) -> gs.Mixture:
    return gs.Mixture(None, [[0.0], [middle], [30.0]], np.array([9.0, sigma**2, 1.0]), "spherical")


def clustering(mixture: gs.Mixture, counted: np.ndarray | None = None) -> Clustering:
    return Clustering(nested(mixture), mixture.weights > 0 if counted is None else counted)


def test_clusters_are_groups_of_nested_components():
    assert clustering(three(1.0)).n_clusters == 2
    assert clustering(three(15.0)).n_clusters == 3


def test_only_moves_that_do_not_trade_clusters_for_cores_are_better():
    separate, core = clustering(three(15.0)), clustering(three(1.0))
    assert better_clustering(core, separate)
    assert not better_clustering(separate, core)
    assert better_clustering(separate, clustering(three(16.0)))
    assert better_clustering(core, clustering(three(1.2)))
    elsewhere = gs.Mixture(None, [[0.0], [30.5], [30.0]], np.array([9.0, 1.0, 4.0]), "spherical")
    assert not better_clustering(core, clustering(elsewhere))  # as many clusters, and another pair is nested


def test_components_that_do_not_count_are_no_clusters():
    lost = np.array([True, False, True])
    assert clustering(three(15.0), lost).n_clusters == 2
    assert better_clustering(clustering(three(15.0), lost), clustering(three(1.0), lost))
    empty = gs.Mixture([0.5, 0.0, 0.5], [[0.0], [1.0], [30.0]], np.ones(3), "spherical")
    assert clustering(empty).n_clusters == 2
    assert not nested(empty).any()


@pytest.mark.parametrize(("width", "behind"), [(1.9, False), (2.2, True)])
def test_a_background_is_twice_as_wide_in_each_direction_whatever_their_number(width: float, behind: bool):
    means, variances = [[0.0, 0.0], [-1.5, 0.0], [1.5, 0.0]], [width**2, 1.0, 1.0]
    found = background(gs.Mixture([0.3, 0.35, 0.35], means, variances, "spherical"))
    assert found.tolist() == [behind, False, False]
