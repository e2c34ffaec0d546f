"""Whole weights are repetitions, weight zero is absence, and the unit is nothing: wherever they go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.diagnosis.findings import findings
from gmmscape.families import family_named
from gmmscape.objective import Objective
from gmmscape.tolerances import TOLERANCES
from unit.estimator.cases import Array, kinds

CENTERS = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 7.0]])
EACH = 40


def _rows(case: str, seed: int) -> Array:
    X = np.random.default_rng(seed).normal(CENTERS, 1.0, (EACH, 3, 2)).reshape(-1, 2)
    return {
        "plain": X,
        "ties": np.round(X),
        "rows repeated": np.concatenate([X, X[:EACH]]),
        "scales": X * [1e-6, 1e5] + [3.0, 1e7],
        "overlap": 0.4 * X,
    }[case]


def _weighted(case: str, seed: int) -> tuple[Array, Array, dict[str, tuple[Array, Array | None, float]]]:
    """Rows, whole weights, and the same said otherwise: rows, weights, how near results are to be."""
    X, rng = _rows(case, seed), np.random.default_rng(50 + seed)
    w = rng.integers(0, 4, len(X)).astype(np.float64)
    order = rng.permutation(int(w.sum()))
    repeated = np.repeat(X, w.astype(int), axis=0)
    return (
        X,
        w,
        {
            "repeated": (repeated, None, 1e-9),
            "in another order": (repeated[order], None, 1e-9),
            "scaled": (X, 0.37 * w, 1e-10),
            "absent": (X[w > 0], w[w > 0], 1e-9),
        },
    )


cases = pytest.mark.parametrize("case", ["plain", "ties", "rows repeated", "scales", "overlap"])


def _near(one: gs.Mixture, other: gs.Mixture, tolerance: float):
    for name in ("weights", "means", "covariances"):
        a, b = getattr(one, name), getattr(other, name)
        scale = np.abs(a).max(axis=0 if name == "means" else None)
        assert np.abs((a - b) / scale).max() <= tolerance, name


@kinds
@cases
@pytest.mark.parametrize("init_params", ["kmeans", pytest.param("random_from_data", marks=pytest.mark.slow)])
def test_fits_and_what_is_said_of_them(case: str, kind: str, init_params: str):
    """From random starts: draws depend on the different rows and their weights alone."""
    X, w, others = _weighted(case, 0)
    options: dict[str, Any] = {"covariance_type": kind, "init_params": init_params, "random_state": 3}
    one = gs.GaussianMixture(3, **options).fit(X, sample_weight=w)
    for name, (Y, v, tolerance) in others.items():
        other = gs.GaussianMixture(3, **options).fit(Y, sample_weight=v)
        _near(one.solution_.mixture, other.solution_.mixture, tolerance)
        assert other.n_iter_ == one.n_iter_, name
        assert other.diagnosis_.verdict == one.diagnosis_.verdict, name
        for call in ("score", "bic", "aic"):
            a, b = getattr(one, call)(X, sample_weight=w), getattr(other, call)(Y, sample_weight=v)
            assert b == pytest.approx(a, rel=tolerance), (name, call)
        assert other.document().bic == pytest.approx(one.bic(X, sample_weight=w), rel=tolerance)


def test_weights_do_matter():
    """Control of the test above."""
    X, w, _ = _weighted("overlap", 0)
    fits = [gs.GaussianMixture(3, random_state=3).fit(X, sample_weight=v) for v in (w, None)]
    assert np.abs(fits[0].means_ - fits[1].means_).max() > 1e-2
    assert abs(fits[0].score(X, sample_weight=w) - fits[0].score(X)) > 1e-3
    assert fits[0].bic(X, sample_weight=w) != fits[0].bic(X)


@kinds
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_diagnoses(kind: str, seed: int):
    for case in ("plain", "ties", "scales", "overlap"):
        X, w, others = _weighted(case, seed)
        start = gs.GaussianMixture(3, covariance_type=kind, means_init=X[[0, 1, 2]], escape=False, tol=1e-2)
        start.fit(X, sample_weight=w)
        one = gs.diagnose(start, X, sample_weight=w, rng=0)
        for name, (Y, v, tolerance) in others.items():
            other = gs.diagnose(start, Y, sample_weight=v, rng=0)
            assert (other.verdict, other.input_state) == (one.verdict, one.input_state), name
            assert [c.kind for c in other.components] == [c.kind for c in one.components], name
            for gain in ("polish_gain", "escape_gain", "value_after", "total"):
                assert getattr(other, gain) == pytest.approx(getattr(one, gain), rel=1e-9, abs=tolerance)
            # That rows are equal is said where they stand there.
            said = [[f.name for f in d.findings if f.name != "duplicates"] for d in (one, other)]
            assert said[0] == said[1], name


@pytest.mark.parametrize("kind", [pytest.param("full", marks=pytest.mark.slow), "tied"])
def test_selections(kind: str):
    X, w, others = _weighted("plain", 1)
    one = gs.select(X, range(2, 5), covariance_types=kind, sample_weight=w, rng=0)
    for name, (Y, v, _) in others.items():
        other = gs.select(Y, range(2, 5), covariance_types=kind, sample_weight=v, rng=0)
        assert other.best_n_components == one.best_n_components == 3, name
        for a, b in zip(one.table, other.table, strict=True):
            assert b["bic"] == pytest.approx(a["bic"], rel=1e-9), name
            assert b["log_likelihood"] == pytest.approx(a["log_likelihood"], rel=1e-9), name


@pytest.mark.parametrize("kind", ["full", "spherical"])
def test_local_optima(kind: str):
    X, w, others = _weighted("plain", 0)
    options: dict[str, Any] = {"n_starts": 12, "init_params": "random_from_data", "rng": 0}
    one = gs.local_optima(X, 4, kind, sample_weight=w, **options)
    assert len(one.optima) > 1
    for name, (Y, v, _) in others.items():
        other = gs.local_optima(Y, 4, kind, sample_weight=v, **options)
        assert [o.hits for o in other.optima] == [o.hits for o in one.optima], name
        for a, b in zip(one.optima, other.optima, strict=True):
            assert b.nll == pytest.approx(a.nll, rel=1e-9), name


def test_a_rival_is_one_whatever_the_unit_of_weights():
    """A fit better by two nats keeps the verdict in doubt, also where all weights are small."""
    rows = np.random.default_rng(2).normal([[0, 0], [2, 0], [0, 2]], 1.0, (60, 3, 2)).reshape(-1, 2)
    weights = np.random.default_rng(50).integers(0, 4, len(rows)).astype(float)
    said = []
    for unit in (1.0, 1e-3, 1e3):
        fitted = gs.GaussianMixture(3, covariance_type="tied", random_state=0)
        said.append(fitted.fit(rows, sample_weight=unit * weights).diagnosis_)
    assert said[0].rival is not None
    assert {one.verdict for one in said} == {"cannot tell"}
    assert len({one.reasons for one in said}) == 1


def test_a_count_makes_no_row_an_outlier():
    """A row that counts thrice is as far out as three rows are."""
    rows = np.random.default_rng(0).normal(size=(300, 2))
    rows = rows[np.linalg.norm(rows, axis=1) < 3.0]
    probability, n = TOLERANCES.diagnosis.outlier_probability, len(rows) + 3
    between = -2.0 * np.log(probability * 2.0 / n)  # of the limits for one row and for three
    far = np.append(rows, [[np.sqrt(between), 0.0]], axis=0)
    counts = np.ones(len(far))
    counts[-1] = 3.0
    truth = gs.Mixture(None, [[0.0, 0.0]], [np.eye(2)])
    for data, weights in ((far, counts), (np.repeat(far, counts.astype(int), axis=0), None)):
        sample = lab.Sample(data, weights)
        objective = Objective.near(sample, family_named("full"), truth)
        found = findings(objective, sample.local_mixture(truth), np.empty(0, dtype=np.int64))
        assert "outliers" not in [one.name for one in found]
