"""Starts of a fit: drawn, given, given in part, and more than one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import gmmscape as gs
from gmmscape.diagnosis import fit as fits
from gmmscape.estimator.fitting import fit_estimator
from gmmscape.progress import Event
from gmmscape.solve import INIT_PARAMS
from unit.estimator.cases import (
    BAD_MEANS,
    CENTERS,
    CORNERS,
    NEAR,
    OVERLAP,
    PLANE,
    ROUGH,
    X,
    assert_same_fit,
    kinds,
    model,
    on_plane,
    planted,
    two_kinds,
)


@two_kinds
@pytest.mark.parametrize("init_params", INIT_PARAMS)
def test_every_kind_of_start_fits(init_params: str, kind: str):
    fitted = model(init_params=init_params, covariance_type=kind).fit(PLANE)
    assert fitted.converged_
    assert fitted.stop_reason_ == "converged"
    assert fitted.lower_bound_ == pytest.approx(on_plane(kind).lower_bound_, abs=1e-8)
    gaps = np.linalg.norm(CORNERS[:, None] - fitted.means_, axis=2)
    assert sorted(gaps.argmin(axis=1)) == [0, 1, 2]


def test_kinds_of_start_differ():
    starts = {name: model(**(ROUGH | {"init_params": name})).fit(OVERLAP).history_[0] for name in INIT_PARAMS}
    assert len(set(starts.values())) == len(INIT_PARAMS)


def _seen(n_init: int) -> dict[int, list[tuple[int, float]]]:
    """Return (iteration, NLL) of each start, by its number."""
    seen: dict[int, list[tuple[int, float]]] = {}
    estimator = model(n_init=n_init, verbose=2, **ROUGH)

    def see(event: Event) -> None:
        seen.setdefault(event.done, []).append((event.detail["iteration"], event.value))

    fit_estimator(estimator, X, callback=see)
    assert -estimator.lower_bound_ == min(run[-1][1] for run in seen.values())
    return seen


def test_more_starts_keep_the_first_ones():
    few, many = _seen(2), _seen(5)
    assert sorted(few) == [0, 1]
    assert sorted(many) == [0, 1, 2, 3, 4]
    for number in few:
        assert many[number] == few[number]
    assert len({tuple(run) for run in many.values()}) > 1


@pytest.mark.parametrize("seed", range(4))
def test_more_starts_are_never_worse(seed: int):
    bounds = [model(n_init=n, random_state=seed, **ROUGH).fit(X).lower_bound_ for n in (1, 2, 4, 8)]
    assert bounds == sorted(bounds)


def test_more_starts_can_be_better():
    """Negative control of the test above: starts do end in different optima."""
    bounds = [model(n_init=n, random_state=s, **ROUGH).fit(X).lower_bound_ for n in (1, 8) for s in range(4)]
    assert max(bounds[4:]) - min(bounds[:4]) > 0.1


@kinds
def test_given_starts_are_begun_from(kind: str):
    weights, variances = np.array([0.2, 0.3, 0.5]), np.array([1.0, 4.0, 2.0])
    precisions = {
        "full": (1 / variances)[:, None, None],
        "tied": np.array([[0.5]]),
        "diag": (1 / variances)[:, None],
        "spherical": 1 / variances,
    }[kind]
    options = {"weights_init": weights, "means_init": BAD_MEANS, "precisions_init": precisions}
    fitted = model(covariance_type=kind, escape=False, **options).fit(X)
    start = gs.Mixture(weights, BAD_MEANS, 1.0 / precisions, kind)
    assert fitted.history_[0] == pytest.approx(-start.log_density(X).mean(), rel=1e-12)


@kinds
def test_precisions_of_correlated_columns(kind: str):
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    precisions = {
        "full": np.array([matrix, 2 * matrix, matrix]),
        "tied": matrix,
        "diag": np.array([[2.0, 1.0], [0.5, 0.25], [1.0, 3.0]]),
        "spherical": np.array([2.0, 0.5, 1.0]),
    }[kind]
    inverses = np.linalg.inv(precisions) if kind in ("full", "tied") else 1.0 / precisions
    fitted = model(covariance_type=kind, means_init=CORNERS, precisions_init=precisions, escape=False)
    start = gs.Mixture(None, CORNERS, inverses, kind)
    assert fitted.fit(PLANE).history_[0] == pytest.approx(-start.log_density(PLANE).mean(), rel=1e-12)


@pytest.mark.parametrize(
    "given", [{"weights_init": [0.2, 0.3, 0.5]}, {"precisions_init": [[[1.0]], [[0.25]], [[0.5]]]}], ids=str
)
def test_a_start_given_in_part_has_the_means_it_would_have(given: dict[str, Any]):
    """The first start with other weights or covariances."""
    plain = model(escape=False, max_iter=1)
    partly = model(escape=False, max_iter=1, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        first, second = plain.fit(X), partly.fit(X)
        assert first.history_[0] != second.history_[0]
        assert_same_fit(partly, model(escape=False, max_iter=1, n_init=3, **given).fit(X))


def test_a_start_that_is_given_is_begun_from_once():
    assert_same_fit(model(means_init=BAD_MEANS, n_init=4).fit(X), planted("full"))


@kinds
def test_means_that_all_coincide_are_left(kind: str):
    fitted = model(means_init=np.zeros((3, 1)) + X.mean(), covariance_type=kind).fit(X)
    assert np.abs(np.sort(fitted.means_.ravel()) - CENTERS).max() < NEAR


@pytest.mark.filterwarnings("ignore:plateau")  # of the last start alone a component is left over
def test_more_starts_never_end_lower(monkeypatch: pytest.MonkeyPatch):
    """Searches begin at each start that beats all before it; from the best alone some end lower."""
    truth = gs.Mixture(None, 3.0 * np.random.default_rng(1).standard_normal((5, 2)), np.ones(5), "spherical")

    def ends(seed: int) -> list[float]:
        rows = truth.sample(60, np.random.default_rng(seed))[0]
        options: dict[str, Any] = {"random_state": seed, "init_params": "random_from_data"}
        return [gs.GaussianMixture(5, n_init=n, **options).fit(rows).lower_bound_ for n in (1, 2, 4)]

    assert min(min(np.diff(ends(seed))) for seed in (30, 102, 143)) >= -1e-9
    every = fits._records
    monkeypatch.setattr(fits, "_records", lambda solutions: every(solutions)[-1:])
    assert min(min(np.diff(ends(seed))) for seed in (30, 143)) < -1e-3
