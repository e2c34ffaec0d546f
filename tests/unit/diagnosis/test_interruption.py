"""Ctrl-C after the search, while what it found is looked at."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.diagnosis import fit as module
from gmmscape.diagnosis import verdict


@pytest.fixture
def pressed_once(monkeypatch, request):
    """Ctrl-C when a step of the diagnosis is first taken."""
    step = getattr(verdict, request.param)
    times = []

    def pressed(*arguments, **options):
        times.append(1)
        if len(times) == 1:
            raise KeyboardInterrupt
        return step(*arguments, **options)

    monkeypatch.setattr(verdict, request.param, pressed)
    return times


@pytest.mark.parametrize("pressed_once", ["suggested_n_components", "evidence_of", "findings"], indirect=True)
@pytest.mark.parametrize("job", [gs.repair, gs.diagnose])
def test_what_was_found_is_told(job, pressed_once):
    """The repaired fit is in hand: it is handed over, and said to be of an interrupted search."""
    centers = np.array([[0.0], [9.0], [30.0]])
    X = np.random.default_rng(0).normal(centers, 1.0, (3, 200)).reshape(-1, 1)
    bad = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")
    result = job(bad, X, covariance_type="spherical", rng=0)
    assert pressed_once
    diagnosis = result.diagnosis if job is gs.repair else result
    assert (diagnosis.stop_reason, diagnosis.verdict) == ("interrupted", "bad optimum")
    if job is gs.repair:
        assert result.solution.stop_reason == "interrupted"
        assert np.sort(result.model.means.ravel()) == pytest.approx(centers.ravel(), abs=0.3)


def test_ctrl_c_while_moves_are_made_leaves_the_polished_fit(monkeypatch):
    def pressed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("gmmscape.diagnosis.examine._shaken_off", pressed)
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 30)).reshape(-1, 1)
    fit = gs.Mixture([0.5, 0.5], [0.0, 9.0], [1.0, 1.0], "spherical")
    found = gs.diagnose(fit, X, covariance_type="spherical", rng=0)
    assert (found.stop_reason, found.escape_gain) == ("interrupted", 0.0)


def test_ctrl_c_while_a_fit_is_looked_at_leaves_the_fit(monkeypatch):
    looked_at, times = module._diagnoses, []

    def pressed(*arguments, **options):
        times.append(1)
        if len(times) == 1:
            raise KeyboardInterrupt
        return looked_at(*arguments, **options)

    monkeypatch.setattr(module, "_diagnoses", pressed)
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 30)).reshape(-1, 1)
    model = gs.GaussianMixture(2, random_state=0).fit(X)
    assert np.sort(model.means_.ravel()) == pytest.approx([0.0, 9.0], abs=0.6)
    assert model.diagnosis_.stop_reason == "interrupted"
