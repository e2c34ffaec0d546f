"""How many random starts replicate the best fit in hand."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.diagnosis import assess as judge
from gmmscape.exceptions import InvalidParameterError

BAD = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).transpose().reshape(-1, 1)


def test_it_counts_the_starts_that_end_in_the_best_optimum(rows: np.ndarray):
    found = gs.diagnose(BAD, rows, covariance_type="spherical", rng=0, n_starts=40)
    assert found.evidence.replicated is not None
    hits, starts = found.evidence.replicated
    listed = gs.local_optima(rows, 3, "spherical", n_starts=40, rng=0)
    assert (hits, starts) == listed.replicated
    assert hits > 20
    assert found.to_dict()["evidence"]["replicated"] == [hits, starts]
    assert f"replicated by {hits} of {starts} random starts" in found.to_text(verbose=True)
    assert not any("random starts" in warning for warning in found.warnings)


def test_without_it_nothing_is_said(rows: np.ndarray):
    found = gs.diagnose(BAD, rows, covariance_type="spherical", rng=0)
    assert found.evidence.replicated is None
    assert "replicated" not in found.to_text(verbose=True)


def test_starts_that_end_lower_are_reported(rows: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    def nothing_found(objective, given, problem, finish, budget):
        return judge_examine(objective, given, _NoMoves(problem), finish, budget)

    judge_examine = judge.examine
    monkeypatch.setattr(judge, "examine", nothing_found)
    found = gs.diagnose(BAD, rows, covariance_type="spherical", rng=0, n_starts=40)
    assert found.evidence.replicated is not None
    assert found.evidence.replicated[0] < 20
    assert any("random starts ended lower" in warning for warning in found.warnings)


class _NoMoves:
    """A search that proposes nothing."""

    def __init__(self, problem: object) -> None:
        self._problem = problem

    def __getattr__(self, name: str) -> object:
        return getattr(self._problem, name)

    def proposals(self, *arguments: object) -> list:
        return []


@pytest.mark.parametrize("wrong", [-1, 2.5, True])
def test_a_wrong_number_is_refused(rows: np.ndarray, wrong: object):
    with pytest.raises(InvalidParameterError, match="n_starts"):
        gs.diagnose(BAD, rows, covariance_type="spherical", n_starts=wrong)


@pytest.mark.parametrize("end", ["true", "ctrl-c"])
def test_what_ends_the_starts_is_told(end: str):
    """Starts that go together count where they came to their ends: here none did."""
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 30)).reshape(-1, 1)

    def stop(event: gs.Event) -> bool:
        if event.stage == "em" and end == "ctrl-c":
            raise KeyboardInterrupt
        return event.stage == "em"

    with pytest.raises(KeyboardInterrupt if end == "ctrl-c" else gs.NoResultError):
        gs.local_optima(X, 2, n_starts=2, rng=0, callback=stop)
