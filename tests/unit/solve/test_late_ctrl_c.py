"""Ctrl-C that comes when all that was begun has just ended is not lost: nothing more is begun."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gmmscape import lab
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.engine.native import NativeRows
from gmmscape.families import Floor, family_named
from gmmscape.moves.restarts import StartPlan, restarted
from gmmscape.objective import Objective
from gmmscape.progress import Budget
from gmmscape.solve import EM, descend_all, mixture_around

pytestmark = pytest.mark.skipif(not available(), reason="the extension is not built")
X = np.random.default_rng(0).normal([[0.0], [6.0]], 1.0, (2, 50)).reshape(-1, 1)


@pytest.fixture
def objective() -> Any:
    sample = lab.Sample(X)
    family = family_named("spherical", Floor.of(sample.variance, covariance_floor=1e-6))
    start = mixture_around(sample, family, np.array([[-3.0], [3.0]]))
    return Objective.near(sample, family, sample.callers_mixture(start)), start


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The native loop says that Ctrl-C was pressed, though all runs have ended by themselves."""
    whole, calls = NativeRows.em, list[int]()

    def em(self: Any, task: Any) -> Any:
        calls.append(1)
        found = whole(self, task)
        return None if found is None else found._replace(interrupted=True)

    monkeypatch.setattr(NativeRows, "em", em)
    return calls


@pytest.mark.parametrize("n", [1, 3])
def test_the_last_end_is_an_interrupted_one(n: int, objective: Any, late: list[int]):
    ends = descend_all(EM(), objective[0], [objective[1]] * n)
    assert late
    assert [one.stop_reason for one in ends] == ["converged"] * (n - 1) + ["interrupted"]


def test_no_further_starts_are_run(objective: Any, late: list[int]):
    found = restarted(objective[0], StartPlan(2, "random_from_data", 500, 0), Budget("optima", None))
    assert found.stop_reason == "interrupted"
    assert len(found.ends) < 500


@pytest.mark.parametrize("pressed", [True, False])
def test_a_collapsed_end_is_not_told_as_a_fit(
    pressed: bool, objective: Any, late: list[int], monkeypatch: pytest.MonkeyPatch
):
    em = NativeRows.em

    def collapsed(self: Any, task: Any) -> Any:
        found = em(self, task)
        runs = [one._replace(end="degenerate") for one in found.runs]
        return found._replace(runs=runs, interrupted=pressed)

    monkeypatch.setattr(NativeRows, "em", collapsed)
    for stops in (False, True):
        if pressed:
            with pytest.raises(KeyboardInterrupt):
                descend_all(EM(), objective[0], [objective[1]], watch=lambda *_, stops=stops: stops)
            continue
        (end,) = descend_all(EM(), objective[0], [objective[1]], watch=lambda *_, stops=stops: stops)
        assert end.stop_reason == "degenerate"
