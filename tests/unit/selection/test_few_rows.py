"""Selections of fewer rows than columns: what cannot win is not worked on, and clusters are found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.diagnosis import fit as fitting
from gmmscape.moves import subproblems
from gmmscape.selection.ladder import Ladder
from gmmscape.solve.regularity import Regularity


def wide(n: int = 24, d: int = 30) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, d))


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[tuple[Any, ...]]:
    """The arguments of the calls of a function from now on."""
    calls, real = list[tuple[Any, ...]](), getattr(owner, name)

    def called(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, called)
    return calls


@pytest.mark.parametrize(("kind", "numbers"), [("diag", [3]), ("spherical", range(1, 6))])
def test_three_clusters_of_fifty_rows_in_a_hundred_columns(kind: str, numbers: Iterable[int]):
    """BIC asks for more than that before it pays for the 201 numbers of another diag component."""
    labels = np.repeat([0, 1, 2], [17, 17, 16])
    X = 10.0 / np.sqrt(2.0) * np.eye(100)[labels] + wide(50, 100)  # ten standard deviations from each other
    found = gs.select(X, numbers, (kind,), rng=0)
    assert found.best_n_components == 3
    chosen = found.best.to_estimator().predict(X)
    assert len({*zip(labels.tolist(), chosen.tolist(), strict=True)}) == 3


def test_parts_that_are_too_small_to_be_split_are_not_looked_at(monkeypatch: pytest.MonkeyPatch):
    fit = gs.GaussianMixture(3, escape=False, random_state=0).fit(wide())
    inverted = counted(monkeypatch, subproblems.np.linalg, "inv")
    diagnosis = gs.diagnose(fit, wide(), rng=0)
    assert diagnosis.rounds > 0
    assert inverted == []


def test_starts_are_not_tried_again_where_no_fit_could_have_rows_enough(monkeypatch: pytest.MonkeyPatch):
    more = counted(monkeypatch, Ladder, "_more_starts")
    found = gs.select(wide(), range(1, 6), ("full",), rng=0)  # each component needs ten rows
    assert {k for _, k in more} <= {2}
    assert found.best_n_components == 1


def test_a_selection_diagnoses_what_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    diagnosed = counted(monkeypatch, fitting, "diagnosis_of")
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 60)).reshape(-1, 1)
    before = gs.select(X, range(1, 4), rng=0).best.diagnosis.verdict
    assert len(diagnosed) == 1
    found = gs.select(X, range(1, 4), rng=0)
    X[:] = np.linspace(0.0, 1.0, len(X))[:, None]  # rows are the user's, and may change
    assert found.best.diagnosis.verdict == before
    assert len(diagnosed) == 2


def test_kept_fits_have_the_prior_of_a_run_without_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Any):
    X = np.random.default_rng(0).normal(size=(60, 1))
    priors = counted(monkeypatch, Regularity, "family")
    gs.select(X, [1, 2], rng=0, max_seconds=60.0)
    assert {args[-1] for args in priors} == {60.0}
    priors.clear()
    gs.select(X, [1, 2], rng=0, max_seconds=60.0, checkpoint=tmp_path / "selection.json")
    gs.local_optima(X, 2, n_starts=3, rng=0, max_seconds=60.0, checkpoint=tmp_path / "optima.json")
    assert {args[-1] for args in priors} == {None}
