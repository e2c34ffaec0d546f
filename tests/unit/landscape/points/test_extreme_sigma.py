"""A known sigma far from the spacing of the rows, and a component more than the best mixture has."""

from __future__ import annotations

import numpy as np
import pytest

from gmmscape import lab

X = np.array([[0.0], [0.3], [1.0], [4.0], [5.5]])
RANGE = 5.5


def test_a_sigma_far_below_the_spacing_counts_in_logarithms():
    land = lab.Landscape(lab.Sample(X), n_components=2, sigma=1e-9 * RANGE)
    for method in ("newton", "em"):
        point = land.descend([0.2, 4.9], method=method)
        assert np.isfinite(point.nll)
        near = [X[:3].mean(), X[3:].mean()]  # each row is of the nearest mean alone
        np.testing.assert_allclose(np.sort(point.means.ravel()), near, atol=1e-9 * RANGE)


@pytest.mark.parametrize("weights", ["equal", "free"])
@pytest.mark.parametrize("method", ["newton", "em"])
def test_a_sigma_far_above_the_range_has_one_place(weights: str, method: str):
    """EM is asked for more than its usual tolerance, which is a share of sigma."""
    options = {} if weights == "equal" else {"weights": "free"}
    land = lab.Landscape(lab.Sample(X), n_components=2, sigma=1e9 * RANGE, **options)
    found = land.descend([0.0, 5.0], method=method, tol=1e-12)
    np.testing.assert_allclose(found.mixture.means.ravel(), X.mean(), atol=1e-9 * RANGE)
    assert np.isfinite(found.mixture.weights).all()


def test_one_component_more_than_the_best_has_gains_nothing():
    rows = np.array([[-0.5], [0.0], [0.5]])
    assert lab.global_bound([0.0], rows, 1.0).is_optimal
    one = lab.Landscape(lab.Sample(rows), n_components=1, sigma=1.0).descend([0.1])
    for weights in ("equal", "free"):
        options = {} if weights == "equal" else {"weights": "free"}
        land = lab.Landscape(lab.Sample(rows), n_components=2, sigma=1.0, **options)
        two = land.descend([-0.3, 0.4])
        assert two.nll == pytest.approx(one.nll, abs=1e-6)
        assert np.ptp(two.mixture.means) < 1e-3 or min(two.mixture.weights) < 1e-6
