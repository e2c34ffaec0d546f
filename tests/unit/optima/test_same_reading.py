"""local_optima and diagnose say the same of the same mixture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from marks import tuples_rest_slow


def rows(seed: int, gap: float) -> np.ndarray:
    """Six clusters, the nearest of which are `gap` standard deviations apart on average."""
    rng = np.random.default_rng(seed)
    centers = rng.uniform(0.0, 1.0, (6, 2))
    distances = np.linalg.norm(centers[:, None] - centers, axis=2)[np.triu_indices(6, 1)]
    centers *= gap / np.sort(distances)[:6].mean()
    return np.concatenate([rng.normal(center, 1.0, (150, 2)) for center in centers])


def said(components: tuple) -> list[tuple]:
    return [(one.kind, one.covers, one.partners) for one in components]


@pytest.mark.parametrize(
    ("seed", "gap"), tuples_rest_slow([(0, 6.0), (0, 4.0), (2, 4.0), (3, 6.0), (5, 4.0)], 1)
)
def test_one_reading_of_one_mixture(seed: int, gap: float):
    """Wherever the diagnosis has the same best fit; elsewhere it reads against what it has found."""
    X = rows(seed, gap)
    found = gs.local_optima(X, 6, n_starts=40, rng=0)
    assert len(found.optima) > 2
    best, compared = found.best.mixture, 0
    for one in found.optima:
        repaired = gs.repair(one.mixture, X, covariance_type="full", covariance_prior="auto", rng=0)
        reached = repaired.model
        order = np.linalg.norm(reached.means[:, None] - best.means, axis=2).argmin(axis=1)
        if sorted(order.tolist()) == list(range(6)) and np.allclose(
            reached.means, best.means[order], atol=1e-2
        ):
            number = dict(enumerate(order.tolist()))
            theirs = [
                (kind, tuple(sorted(number.get(s, s) for s in covers)), partners)
                for kind, covers, partners in said(repaired.diagnosis.components)
            ]
            assert theirs == said(one.components), one
            compared += one.gap > 0.0
    assert compared


def test_blocks_are_those_of_the_components():
    found = gs.local_optima(rows(3, 6.0), 6, n_starts=40, rng=0)
    worst = found.optima[-1]
    kinds = [one.kind for one in worst.components]
    assert {"one-fits-many", "many-fit-one"} <= set(kinds)
    for block in worst.blocks:
        assert all(kinds[i] == block.kind or block.kind == "unstructured" for i in block.means)
    # Of the best optimum overlap alone accuses none.
    assert [one.kind for one in found.best.components] == ["exact"] * 6
    assert "6 exact" in str(found)


def test_a_file_of_optima_keeps_what_they_are_optima_of(tmp_path: Path):
    X = rows(3, 6.0)
    found = gs.local_optima(X, 6, n_starts=10, rng=0)
    assert found.covariance_prior is not None
    found.to_json(tmp_path / "optima.json")
    diagnosis = gs.diagnose(str(tmp_path / "optima.json"), X, rng=0)
    assert diagnosis.input_state == "converged"
    assert diagnosis.value_before == pytest.approx(
        gs.diagnose(found.best.mixture, X, covariance_type="full", covariance_prior="auto").value_before,
        rel=1e-9,
    )
    assert gs.LocalOptima.from_json(tmp_path / "optima.json") == found
