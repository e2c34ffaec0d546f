"""Components inside others: offered or taken."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import gmmscape as gs
from unit.estimator.cases import Array, model


@cache
def _core_in_halo() -> Array:
    """A tight core in a wide halo, and two clusters elsewhere."""
    rng = np.random.default_rng(1)
    parts = [rng.normal(0, 0.3, 100), rng.normal(0, 4, 150), rng.normal(40, 1, 60), rng.normal(60, 1, 60)]
    return np.concatenate(parts)[:, None]


@cache
def _with_nested(nested: str) -> gs.GaussianMixture:
    """The start has one mean for core and halo together, and two on the cluster at 40."""
    start = [[0.0], [39.5], [40.5], [60.0]]
    return model(n_components=4, covariance_type="diag", nested=nested, means_init=start).fit(_core_in_halo())


def test_nested_components_are_offered():
    offered = _with_nested("offer")
    alternatives = [move for move in offered.diagnosis_.alternatives if move.outcome == "nested"]
    assert alternatives
    assert all(move.realised_gain > 0.05 for move in alternatives)
    assert not any(move.outcome == "nested" for move in offered.diagnosis_.moves)
    assert any("alternatives" in reason for reason in offered.diagnosis_.reasons)


def test_nested_components_are_taken():
    offered, taken = _with_nested("offer"), _with_nested("take")
    assert taken.lower_bound_ > offered.lower_bound_ + 0.05
    assert not any(move.outcome == "nested" for move in taken.diagnosis_.alternatives)
    means, deviations = taken.means_.ravel(), np.sqrt(taken.covariances_.ravel())
    order = np.argsort(deviations)
    core, halo = order[0], order[-1]
    assert max(abs(means[core]), abs(means[halo])) < 2.0
    assert deviations[core] < 0.6
    assert deviations[halo] > 2.5
    kinds_seen = {i: component.kind for i, component in enumerate(taken.diagnosis_.components)}
    assert kinds_seen[core] == kinds_seen[halo] == "nested"
    assert sorted(kinds_seen.values()) == ["exact", "exact", "nested", "nested"]


def test_what_is_offered_is_what_is_taken():
    """The best alternative promises, to what EM adds after it, the fit that taking it leads to."""
    offered, taken = _with_nested("offer"), _with_nested("take")
    best = max(move.realised_gain for move in offered.diagnosis_.alternatives)
    assert taken.lower_bound_ - offered.lower_bound_ == pytest.approx(best, abs=0.02 / len(_core_in_halo()))
