"""Splits are proposed anew only of components that have moved."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from bad_fits import KINDS, problem
from gmmscape.moves import known_splits
from gmmscape.moves.component_rows import Parts, covered_by
from gmmscape.moves.known_splits import KnownSplits
from gmmscape.moves.splits import SplitProposals, propose_splits
from gmmscape.objective import Objective, step_sizes
from gmmscape.tolerances import TOLERANCES


@pytest.fixture(name="asked")
def numbers_of_parts_asked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    asked: list[int] = []

    def counted(objective: Objective, parts: Parts, rng: np.random.Generator) -> SplitProposals:
        asked.append(len(parts.sizes))
        return propose_splits(objective, parts, rng)

    monkeypatch.setattr(known_splits, "propose_splits", counted)
    return asked


def proposed(known: KnownSplits, objective: Objective, fit: gs.Mixture) -> SplitProposals:
    return known.proposed(fit, covered_by(objective, fit).parts, np.random.default_rng(0))


def with_mean_moved(fit: gs.Mixture, i: int, size: float) -> gs.Mixture:
    """The fit with one component moved by a step of this size."""
    step = np.zeros_like(fit.means)
    step[i, 0] = 1.0
    return fit.relocated(fit.means + step * size / step_sizes(fit, fit.relocated(fit.means + step))[i])


def written(found: SplitProposals) -> list[tuple[int, bool, float]]:
    return [(one.component, one.nested, round(one.gain, 12)) for one in found.splits]


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_moved_is_split_anew(kind: str, asked: list[int]):
    objective, fit = problem(kind)
    known = KnownSplits(objective)
    first = proposed(known, objective, fit)
    fresh = propose_splits(objective, covered_by(objective, fit).parts, np.random.default_rng(0))
    assert written(first) == written(fresh)
    moved = with_mean_moved(fit, 1, 0.5)
    second = proposed(known, objective, moved)
    assert asked == [fit.n_components, 1]
    of_others = [one for one in written(first) if one[0] != 1]
    assert [one for one in written(second) if one[0] != 1] == of_others
    anew = {nested: gain for i, nested, gain in written(second) if i == 1}
    parts = covered_by(objective, moved).parts.taken([1])
    alone = propose_splits(objective, parts, np.random.default_rng(0)).splits
    assert anew == {one.nested: round(one.gain, 12) for one in alone}
    third = proposed(known, objective, moved)
    assert asked == [fit.n_components, 1]
    assert written(third) == written(second)


@pytest.mark.parametrize("kind", KINDS)
def test_small_steps_add_up_to_a_move(kind: str, asked: list[int]):
    objective, fit = problem(kind)
    known = KnownSplits(objective)
    proposed(known, objective, fit)
    for steps in range(1, 5):
        here = with_mean_moved(fit, 0, 0.4 * steps * TOLERANCES.moves.unmoved)
        proposed(known, objective, here)
    assert asked == [fit.n_components, 1]
    assert step_sizes(fit, here)[1:].max() == 0.0


def test_a_tied_covariance_that_changed_moves_all(asked: list[int]):
    objective, fit = problem("tied")
    known = KnownSplits(objective)
    proposed(known, objective, fit)
    wider = gs.Mixture(fit.weights, fit.means, 1.2 * fit.covariances, "tied")
    proposed(known, objective, wider)
    assert asked == [fit.n_components, fit.n_components]
