"""The diagnosis of a fit: computed when it is asked for, the same as if it had been computed at once."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import effort
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.estimator import fitting

#: Long enough for everything; with a limit, the diagnosis is part of the fit.
HOURS = 1e5


def rows() -> Any:
    """Three clusters, some rows twice, and an outlier."""
    rng = np.random.default_rng(0)
    X = rng.normal(np.repeat([[0.0, 0.0], [9.0, 0.0], [30.0, 5.0]], 60, axis=0))
    return np.vstack([X, X[:5], [[200.0, 0.0]]])


def fitted(X: Any, **options: Any) -> gs.GaussianMixture:
    start = [[4.5, 0.0], [29.0, 5.0], [31.0, 5.0]]
    return gs.GaussianMixture(3, random_state=0, means_init=start, **options).fit(X)


def diagnoses(model: gs.GaussianMixture) -> list[Diagnosis]:
    """Both, without what they cost: a limit of time takes a pass to see how long one is."""
    both = [model.diagnosis_, model.em_diagnosis_]
    return [replace(one, passes=0.0) for one in both if one is not None]


@pytest.mark.parametrize("options", [{}, {"escape": False}, {"covariance_type": "tied"}])
def test_it_waits_and_is_then_the_same(options: dict[str, Any]) -> None:
    waiting, at_once = fitted(rows(), **options), fitted(rows(), max_seconds=HOURS, **options)
    assert waiting.diagnosis_.pending
    assert not at_once.diagnosis_.pending
    for one, other in zip(diagnoses(waiting), diagnoses(at_once), strict=True):
        assert one == other
        assert str(one) == str(other)
        assert one.to_dict() == other.to_dict()


def test_changing_the_data_afterwards_changes_nothing() -> None:
    X, weights = rows(), np.linspace(1.0, 2.0, len(rows()))
    start = [[4.5, 0.0], [29.0, 5.0], [31.0, 5.0]]
    model = gs.GaussianMixture(3, random_state=0, means_init=start).fit(X, sample_weight=weights)
    same = gs.GaussianMixture(3, random_state=0, means_init=start).fit(rows(), sample_weight=weights.copy())
    X[:], weights[:] = 0.0, 1.0
    assert model.diagnosis_ == same.diagnosis_


def test_a_second_fit_does_not_change_the_first_ones_diagnosis() -> None:
    model = fitted(rows())
    first = model.diagnosis_
    model.fit(rows()[:100])
    assert first == fitted(rows()).diagnosis_


def test_a_pickled_model_has_its_diagnosis() -> None:
    again = pickle.loads(pickle.dumps(fitted(rows())))
    assert not again.diagnosis_.pending
    assert again.diagnosis_ == fitted(rows()).diagnosis_


def test_larger_data_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    X = rows()
    for kept, pending in ((X.size, True), (X.size - 1, False)):
        less = replace(effort.EFFORT.diagnosis, kept_values=kept)
        monkeypatch.setattr(fitting, "EFFORT", replace(effort.EFFORT, diagnosis=less))
        assert fitted(X).diagnosis_.pending == pending
