"""Fits, diagnoses, repairs and selections of rows with missing values, as a user calls them."""

from __future__ import annotations

import re
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.families import Floor, family_named
from gmmscape.measure import repetition
from gmmscape.moves.component_rows import covered_by
from gmmscape.objective import Objective
from gmmscape.solve import mixture_around

mpl.use("agg")
CENTERS = np.array([[0, 0, 0, 0], [9, 0, 9, 0], [0, 9, 9, 9], [18, 18, 0, 0]], dtype=float)
#: One mean on two clusters, two on one.
BAD = np.array([[0.0, 0, 0, 0], [0, 1, 0, 0], [9, 0, 9, 0], [9, 13, 4, 4]])
OPTIONS = {"random_state": 0, "n_jobs": 1}


@pytest.fixture(name="X", scope="module")
def rows() -> np.ndarray:
    rng = np.random.default_rng(7)
    found = np.repeat(CENTERS, 80, axis=0) + rng.normal(size=(320, 4))
    found[rng.random(found.shape) < 0.2] = np.nan
    found[np.isnan(found).all(axis=1), 0] = 0.0
    return found


@pytest.fixture(scope="module")
def escaped(X: np.ndarray) -> gs.GaussianMixture:
    return gs.GaussianMixture(4, means_init=BAD, **OPTIONS).fit(X)


def all_found(means: np.ndarray) -> bool:
    return bool((np.linalg.norm(means[:, None] - CENTERS, axis=2).min(axis=0) < 1.0).all())


def test_bad_optima_are_left(escaped: gs.GaussianMixture, X: np.ndarray):
    assert escaped.em_diagnosis_.verdict == "bad optimum"
    assert escaped.diagnosis_.verdict == "no better fit found"
    assert all_found(escaped.means_)
    alone = gs.GaussianMixture(4, means_init=BAD, escape=False, **OPTIONS).fit(X)
    assert not all_found(alone.means_)


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
@pytest.mark.parametrize("init", ["kmeans", "k-means++", "random", "random_from_data"])
def test_all_starts_and_kinds_of_covariance(kind: str, init: str, X: np.ndarray):
    model = gs.GaussianMixture(4, covariance_type=kind, init_params=init, max_seconds=20, **OPTIONS).fit(X)
    assert model.converged_
    assert all_found(model.means_)


def test_what_is_observed_is_judged(escaped: gs.GaussianMixture, X: np.ndarray):
    mixture = gs.Mixture(escaped.weights_, escaped.means_, escaped.covariances_)
    densities = escaped.score_samples(X)
    np.testing.assert_array_equal(densities, mixture.log_density(X))
    assert escaped.score(X) == pytest.approx(densities.mean())
    assert escaped.lower_bound_ == pytest.approx(densities.mean(), abs=0.2)  # less the prior's penalty
    assert escaped.lower_bound_ < densities.mean()
    parameters = 4 - 1 + 4 * 4 + 4 * 10
    assert escaped.bic(X) == pytest.approx(-2 * densities.sum() + parameters * np.log(len(X)))
    np.testing.assert_allclose(escaped.predict_proba(X).sum(axis=1), 1.0)
    blank = np.full((1, 4), np.nan)
    np.testing.assert_allclose(escaped.predict_proba(blank)[0], escaped.weights_)
    labels = escaped.predict(X)
    truth = np.repeat(np.arange(4), 80)
    assert all(len(np.unique(np.bincount(labels[truth == i]).argmax())) == 1 for i in range(4))


def test_the_fit_is_invariant_under_the_order_of_the_rows_in_what_it_returns(
    escaped: gs.GaussianMixture, X: np.ndarray
):
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_allclose(escaped.score_samples(X[order]), escaped.score_samples(X)[order], rtol=1e-12)
    np.testing.assert_array_equal(escaped.predict(X[order]), escaped.predict(X)[order])


def test_gaps_are_found_and_counted(escaped: gs.GaussianMixture, X: np.ndarray):
    (finding,) = [one for one in escaped.diagnosis_.findings if one.name == "missing values"]
    each = np.isnan(X).sum(axis=0)
    assert finding.columns == (0, 1, 2, 3)
    assert f"{each.sum()} values" in finding.message
    assert ", ".join(map(str, each)) in finding.message
    assert "missing values" not in str(gs.diagnose(escaped, CENTERS.repeat(9, axis=0) + 1.0, rng=0))


def test_rows_without_any_value_are_set_aside_and_named(X: np.ndarray):
    with_blank = np.insert(X, [3, 200], np.nan, axis=0)
    with pytest.warns(UserWarning, match="2 rows have no value in any column, left out: rows 3, 201"):
        found = gs.GaussianMixture(4, escape=False, **OPTIONS).fit(with_blank)
    expected = gs.GaussianMixture(4, escape=False, **OPTIONS).fit(X)
    np.testing.assert_array_equal(found.means_, expected.means_)
    (finding,) = [one for one in found.diagnosis_.findings if one.name == "rows without values"]
    assert finding.rows == (3, 201)


def test_wild_rows_and_rows_without_values_are_told_apart(X: np.ndarray):
    wild = np.vstack([X, [[1e9, np.nan, 0.0, 0.0]], np.full((1, 4), np.nan)])
    sample = lab.Sample(wild, wild="aside")
    np.testing.assert_array_equal(sample.set_aside, [320, 321])
    np.testing.assert_array_equal(sample.without_value, [321])
    assert sample.n_samples == 322
    assert len(sample) == 320


def test_columns_without_any_value_are_named(X: np.ndarray):
    table = pd.DataFrame(X, columns=["a", "b", "c", "d"]).assign(c=np.nan)
    with pytest.raises(gs.DataError, match="no value in column 'c': leave it out"):
        gs.GaussianMixture(2).fit(table)
    with pytest.raises(gs.DataError, match="'c'"):
        gs.select(table, [1])
    with pytest.raises(gs.DataError, match="column 0"):
        lab.Sample([[np.nan, 1.0], [np.nan, 2.0]])


def test_infinite_values_stay_errors(escaped: gs.GaussianMixture, X: np.ndarray):
    wrong = X.copy()
    wrong[4, 2] = np.inf
    for use in (gs.GaussianMixture(2).fit, escaped.predict, escaped.score_samples, lab.Sample):
        with pytest.raises(gs.DataError, match="infinit"):
            use(wrong)


def test_other_fits_are_repaired(X: np.ndarray):
    bad = gs.Mixture(None, BAD, np.full(4, 4.0), "spherical")
    found = gs.repair(bad, X, covariance_type="spherical", rng=0)
    assert found.diagnosis.verdict == "bad optimum"
    assert all_found(found.model.means)
    assert found.diagnosis.evidence.held_out_gain > 0
    after = gs.diagnose(found.model, X, covariance_type="spherical", rng=0)
    assert after.verdict == "no better fit found"
    assert after.evidence.falling_directions == 0
    assert 0.0 < after.evidence.smallest_curvature < 1.0


def test_a_model_of_other_rows_is_noticed(escaped: gs.GaussianMixture, X: np.ndarray):
    assert "fitted on other rows" not in str(gs.diagnose(escaped, X, rng=0))
    moved = gs.diagnose(escaped, X + 100.0, rng=0)
    assert moved.verdict == "cannot tell"


@pytest.mark.slow
def test_the_number_is_chosen(X: np.ndarray):
    few = X[::2]
    found = gs.select(few, [3, 4, 5], covariance_types=("spherical",), rng=0)
    assert found.best_n_components == 4
    held_out = gs.select(few, [3, 4], covariance_types=("spherical",), criterion="heldout", n_folds=2, rng=0)
    assert held_out.best_n_components == 4


def test_optima_are_listed(X: np.ndarray):
    options = {"covariance_type": "spherical", "n_starts": 12, "init_params": "random_from_data"}
    found = gs.local_optima(X, 4, rng=0, **options)
    assert all_found(found.optima[0].mixture.means)
    assert len(found.optima) > 1


def test_what_knows_no_gaps_says_so(X: np.ndarray):
    with pytest.raises(gs.DataError, match=r"missing values in .* landscapes"):
        lab.Landscape(lab.Sample(X), 2, sigma=1.0)
    with pytest.raises(gs.DataError, match=r"missing values in .* landscapes"):
        lab.FreeLandscape(lab.Sample(X), 2)
    with pytest.raises(gs.DataError, match=r"missing values in .* k-means"):
        gs.diagnose(CENTERS, X)


def test_pictures_leave_out_rows_of_which_what_is_drawn_is_missing(
    escaped: gs.GaussianMixture, X: np.ndarray
):
    missing = np.isnan(X)
    display = escaped.plot(X, columns=[0, 2])
    left_out = int(missing[:, [0, 2]].any(axis=1).sum())
    assert any(
        f"{left_out} rows left out" in note for note in display.panels_[0].notes + display.panels_[0].away
    )
    assert len(display.panels_[0].rows.get_offsets()) == len(X) - left_out
    whole = escaped.plot(X)
    assert len(whole.panels_[0].rows.get_offsets()) == int((~missing.any(axis=1)).sum())
    pairs = escaped.plot(X, columns="pairs")
    assert "panel leaves out the rows" in " ".join(pairs.legend_.get_title().get_text().split())
    one = escaped.plot(X, columns=[1])
    assert any(
        f"{missing[:, 1].sum()} rows left out" in note for note in one.panels_[0].notes + one.panels_[0].away
    )


def test_reports_say_what_is_not_drawn(escaped: gs.GaussianMixture, X: np.ndarray):
    incomplete = int(np.isnan(X).any(axis=1).sum())
    page = escaped.to_html(X)
    assert f"{incomplete} rows with missing values are not drawn" in page
    assert re.search(r'="[^"]*\bnan\b', page, re.IGNORECASE) is None


def test_starts_are_as_wide_as_what_is_observed(X: np.ndarray):
    sample = lab.Sample(X)
    family = family_named("diag", Floor(np.zeros(4)))
    start = mixture_around(sample, family, CENTERS - sample.origin)
    filled = sample.filled(slice(None))
    nearest = np.linalg.norm(filled[:, None] - start.means, axis=2).argmin(axis=1)
    gaps = X - sample.origin - start.means[nearest]
    np.testing.assert_allclose(start.covariances, np.tile(np.nanmean(gaps**2, axis=0), (4, 1)), rtol=1e-9)


def test_false_alarms_are_measured_on_draws_with_gaps(X: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    drawn: list[np.ndarray] = []

    def gain(family, fit, rows, *rest):
        drawn.append(rows)
        return 0.0

    monkeypatch.setattr("gmmscape.diagnosis.false_alarms._gain", gain)
    bad = gs.Mixture(None, BAD, np.full(4, 4.0), "spherical")
    gs.diagnose(bad, X, covariance_type="spherical", false_alarm=0.2, rng=0)
    share = np.mean([np.isnan(one).mean(axis=0) for one in drawn], axis=0)
    np.testing.assert_allclose(share, np.isnan(X).mean(axis=0), atol=0.06)


def test_rows_that_lie_as_the_fit_says_are_not_called_misfits(escaped: gs.GaussianMixture):
    names = {one.name for one in escaped.diagnosis_.findings}
    assert names == {"missing values"}


def test_repeated_rows_are_seen_through_their_gaps(X: np.ndarray):
    sample = lab.Sample(np.repeat(X, 3, axis=0))
    assert sample.repetition == pytest.approx(3.0)
    assert sample.effective_rows == pytest.approx(len(X))
    assert lab.Sample(X).repetition == 1.0


def test_tables_with_their_own_word_for_missing_values_are_read(escaped: gs.GaussianMixture, X: np.ndarray):
    table = pd.DataFrame(X, columns=list("abcd"))
    own_word = table.astype("Float64")
    assert own_word.isna().sum().sum() == np.isnan(X).sum()
    mixture = gs.Mixture(escaped.weights_, escaped.means_, escaped.covariances_)
    np.testing.assert_array_equal(mixture.log_density(own_word), mixture.log_density(X))
    np.testing.assert_array_equal(lab.Sample(own_word).points, lab.Sample(X).points)
    model = gs.GaussianMixture(2, tol=0.1, escape=False, random_state=0)
    first, second = model.fit(table).means_.copy(), model.fit(own_word).means_
    np.testing.assert_array_equal(first, second)


def test_single_precision_and_objects_are_read(X: np.ndarray):
    model = gs.GaussianMixture(4, tol=0.1, escape=False, random_state=0)
    first = model.fit(X).means_.copy()
    np.testing.assert_array_equal(model.fit(np.where(np.isnan(X), None, X)).means_, first)
    np.testing.assert_allclose(model.fit(X.astype(np.float32)).means_, first, atol=1e-4)


def test_columns_that_are_never_seen_together_are_fitted(X: np.ndarray):
    apart = X.copy()
    apart[::2, 0] = np.nan
    apart[1::2, 1] = np.nan
    apart[np.isnan(apart).all(axis=1), 3] = 0.0
    found = gs.GaussianMixture(4, **OPTIONS).fit(apart)
    assert np.isfinite(found.covariances_).all()
    assert np.linalg.eigvalsh(found.covariances_).min() > 0.0


@pytest.mark.parametrize("step", [0.0, 1.0])
def test_repetitions_are_counted_through_gaps_on_grids_too(step: float, X: np.ndarray):
    rows = np.round(X[:, :2]) if step else X[:, :2]
    assert repetition(np.repeat(rows, 3, axis=0), np.ones(3 * len(rows))) == pytest.approx(
        repetition(rows, np.full(len(rows), 3.0))
    )


def test_moves_are_proposed_on_rows_without_gaps(escaped: gs.GaussianMixture, X: np.ndarray):
    sample = lab.Sample(X)
    local = sample.local_mixture(gs.Mixture(escaped.weights_, escaped.means_, escaped.covariances_))
    objective = Objective.near(sample, family_named("full", Floor(np.zeros(4))), local)
    covered = covered_by(objective, local)
    found = covered.parts.rows.local(slice(None))
    assert not np.isnan(found).any()
    assert np.isnan(covered.ranking.local(slice(None))).any()
    for i, (first, last) in enumerate(pairwise(covered.parts.ends)):
        weights = covered.parts.weights[first:last] / covered.parts.weights[first:last].sum()
        spread = np.sqrt(weights @ (found[first:last] - weights @ found[first:last]) ** 2)
        np.testing.assert_allclose(spread, np.sqrt(np.diag(local.covariances[i])), rtol=0.35)
