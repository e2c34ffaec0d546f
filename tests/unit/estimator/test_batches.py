"""partial_fit: stepwise EM on batches of rows."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import gmmscape as gs
from unit.estimator.cases import FITTED, OVERLAP, PLANE, kinds, model

START = [[1.0, 1.0], [7.0, 1.0], [1.0, 10.0]]
K = 3


def _one_step(kind: str, data: Any, weights: Any = None, **options: Any) -> gs.GaussianMixture:
    once = model(
        covariance_type=kind, means_init=START, max_iter=1, tol=0.0, escape=False, accelerate=False, **options
    )
    with pytest.warns(match="did not converge"):
        return once.fit(data, sample_weight=weights)


def _close(one: gs.GaussianMixture, other: gs.GaussianMixture, tolerance: float):
    for name in FITTED:
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=name)


def _same(one: gs.GaussianMixture, other: gs.GaussianMixture):
    for name in [*FITTED, "lower_bounds_"]:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@kinds
@pytest.mark.parametrize("prior", [0.0, "auto", 3.0])
def test_all_rows_in_one_batch_are_a_step_of_em(kind: str, prior: Any):
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(PLANE))
    for w in (None, weights):
        batch = model(covariance_type=kind, means_init=START, covariance_prior=prior)
        batch.partial_fit(PLANE, sample_weight=w)
        step = _one_step(kind, PLANE, w, covariance_prior=prior)
        _close(batch, step, 1e-12)
        assert batch.lower_bound_ == pytest.approx(-step.history_[0], rel=1e-12)
        assert (batch.n_iter_, batch.converged_, batch.n_samples_) == (1, False, len(PLANE))


def _stream(n: int, seed: int) -> tuple[Any, gs.Mixture]:
    truth = gs.Mixture([0.5, 0.3, 0.2], [[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]], np.ones((3, 2)), "diag")
    return truth.sample(n, seed)[0], truth


@pytest.mark.parametrize("seed", range(3))
def test_it_tends_to_where_em_on_all_rows_ends(seed: int):
    """Of independent rows: the gap of their likelihoods is a matter of the last batches, and small."""
    data, truth = _stream(40_000, seed)
    fresh, _ = _stream(20_000, 100 + seed)
    online = model(covariance_type="diag", means_init=truth.means + 0.7)
    gaps, best = [], truth.log_density(fresh).mean()
    for batch in np.split(data, 400):
        online.partial_fit(batch)
        if online.n_iter_ in (1, 20, 400):
            gaps.append(best - online.score(fresh))
    assert gaps[0] > gaps[1] > gaps[2]
    # Batches of 100 with a last step of 400^-0.6 weigh as some 100 x 400^0.6 rows: 14 parameters cost 7 nats.
    assert abs(gaps[2]) < 5 * 7 / (100 * 400**0.6)
    assert np.abs(online.means_ - truth.means).max() < 0.2


def test_equal_batches_in_equal_order_give_equal_bits_and_others_do_not():
    parts = np.array_split(np.random.default_rng(0).permutation(PLANE), 5)
    one, other, turned = (model(means_init=START) for _ in range(3))
    for a, b in zip(parts, parts[::-1], strict=True):
        one.partial_fit(a)
        other.partial_fit(a.copy())
        turned.partial_fit(b)
    _same(one, other)
    assert np.abs(one.means_ - turned.means_).max() > 1e-6


@kinds
def test_weights_are_repetitions_zero_is_absence_and_the_unit_is_nothing(kind: str):
    rng = np.random.default_rng(2)
    parts = np.array_split(rng.permutation(PLANE), 4)
    counts = [rng.integers(0, 4, len(part)) for part in parts]
    weighted, repeated, scaled, absent = (model(covariance_type=kind, means_init=START) for _ in range(4))
    for part, w in zip(parts, counts, strict=True):
        weighted.partial_fit(part, sample_weight=w)
        repeated.partial_fit(np.repeat(part, w, axis=0))
        scaled.partial_fit(part, sample_weight=0.37 * w)
        absent.partial_fit(part[w > 0], sample_weight=w[w > 0])
    _close(weighted, repeated, 1e-9)
    _close(weighted, scaled, 1e-10)
    _close(weighted, absent, 1e-9)


def test_far_from_zero_it_is_as_near():
    parts = np.array_split(np.round(np.random.default_rng(0).permutation(PLANE) * 2**20) / 2**20, 6)
    here, there = model(means_init=START), model(means_init=np.array(START) + 2.0**20)
    for part in parts:
        here.partial_fit(part)
        there.partial_fit(part + 2.0**20)
    np.testing.assert_allclose(there.means_ - 2.0**20, here.means_, atol=1e-8)
    np.testing.assert_allclose(there.covariances_, here.covariances_, rtol=1e-8)


def test_batches_may_be_of_any_size_after_the_first():
    online = model(means_init=START, covariance_prior="auto")
    rows = np.random.default_rng(0).permutation(PLANE)
    for size, batch in ((60, rows[:60]), (1, rows[60:61]), (2, rows[61:63]), (len(rows) - 63, rows[63:])):
        assert len(batch) == size
        online.partial_fit(batch)
    assert online.n_samples_ == len(rows)
    assert online.covariance_prior_ is not None
    assert online.covariance_prior_.n == pytest.approx(
        len(rows), rel=1e-12
    )  # what the prior is worth, beside them
    assert online.n_iter_ == len(online.lower_bounds_) == 4
    assert np.isfinite(online.means_).all()
    with pytest.raises(gs.DataError, match="n_components = 3, n_samples = 2"):
        model().partial_fit(PLANE[:2])


def test_a_fit_counts_as_its_rows():
    """A hundred rows change a fit of 12,000 by little: (100 / 12,100)^0.6 of what they say."""
    data, truth = _stream(12_000, 0)
    fitted = model(covariance_type="diag", means_init=truth.means).fit(data)
    means, odd = fitted.means_.copy(), data[:100] + 0.5
    fitted.partial_fit(odd)
    moved = np.abs(fitted.means_ - means).max()
    assert 1e-4 < moved < 0.5 * 2 * (100 / 12_100) ** 0.6
    assert fitted.n_samples_ == 12_100
    # Rows of its own leave it where it is, but for chance.
    again = model(covariance_type="diag", means_init=truth.means).fit(data)
    again.partial_fit(data)
    np.testing.assert_allclose(again.means_, means, atol=1e-4)


def test_there_is_no_verdict_and_nothing_old_is_left():
    online = model(means_init=START).fit(PLANE).partial_fit(PLANE)
    for name in ("diagnosis_", "solution_", "stop_reason_", "history_"):
        assert not hasattr(online, name)
    with pytest.raises(gs.InvalidParameterError, match="by batches or elsewhere, and has no verdict"):
        online.document()
    assert gs.diagnose(online, PLANE, rng=0).verdict == "no better fit found"
    assert online.fit(PLANE).diagnosis_.verdict == "no better fit found"
    assert not hasattr(online, "_online")


def test_copies_and_pickles_go_on_and_clones_begin_anew():
    first, second = PLANE[::2], PLANE[1::2]
    online = model(means_init=START).partial_fit(first)
    copied, pickled = copy.deepcopy(online), pickle.loads(pickle.dumps(online))
    for one in (online, copied, pickled):
        one.partial_fit(second)
    _same(online, copied)
    _same(online, pickled)
    _same(clone(online).partial_fit(first), model(means_init=START).partial_fit(first))


def test_what_does_not_fit_is_refused():
    online = model(means_init=START).partial_fit(PLANE)
    with pytest.raises(gs.DataError, match="1 features"):
        online.partial_fit(PLANE[:, :1])
    with pytest.raises(gs.InvalidParameterError, match="the batches before were of 3 and 'full'"):
        online.set_params(covariance_type="diag").partial_fit(PLANE)
    for other in ({"background": "box"}, {"means_fixed": [True, False, False]}):
        with pytest.raises(gs.NotAvailableError, match="partial_fit knows nothing of"):
            model(means_init=START, **other).partial_fit(PLANE)
    with pytest.raises(gs.DataError, match="zero everywhere"):
        model(means_init=START).partial_fit(PLANE, sample_weight=np.zeros(len(PLANE)))
    with pytest.raises(gs.DataError, match=r"lies 1e[+]160 from the first batch, whose square is not"):
        model(means_init=START).partial_fit(PLANE).partial_fit([[1e160, 0.0]])
    held_up_by_nothing = {"covariance_floor": 0.0, "covariance_prior": 0.0, "reg_covar": 0.0}
    with pytest.raises(gs.DataError, match="some component without scatter, and no floor lifts it"):
        gs.GaussianMixture(2, means_init=[[0.0], [9.0]], **held_up_by_nothing).partial_fit(
            [[0.0], [9.0], [9.1], [9.2]]
        )


def test_single_precision_stays():
    online = model(means_init=START).partial_fit(PLANE.astype(np.float32))
    exact = model(means_init=START).partial_fit(PLANE.astype(np.float32).astype(np.float64))
    assert online.means_.dtype == online.predict_proba(PLANE.astype(np.float32)).dtype == np.float32
    for part in (PLANE[::3], PLANE[1::3]):
        online.partial_fit(part.astype(np.float32))
        exact.partial_fit(part.astype(np.float32).astype(np.float64))
    np.testing.assert_array_equal(online.means_, exact.means_.astype(np.float32))


def test_parameters_that_were_changed_are_where_it_goes_on():
    online = model(n_components=2, means_init=[[0.0], [3.0]]).partial_fit(OVERLAP)
    online.means_ = online.means_ + 0.3
    expected = online.score(OVERLAP)
    assert online.partial_fit(OVERLAP).lower_bound_ == pytest.approx(expected, rel=1e-12)


@kinds
def test_a_batch_may_lack_a_column(kind: str):
    """As where one row of next to no weight has a value in it; rows without any value say nothing."""
    rng = np.random.default_rng(3)
    first, second = np.array_split(rng.permutation(PLANE), 2)
    lacking, blank = second * [1.0, np.nan], np.full((3, 2), np.nan)
    online, nearly, without = (model(covariance_type=kind, means_init=START) for _ in range(3))
    for one in (online, nearly, without):
        one.partial_fit(first)
    online.partial_fit(np.concatenate([lacking, blank]))
    without.partial_fit(lacking)
    nearly.partial_fit(
        np.concatenate([lacking, second[:1]]), sample_weight=np.append(np.ones(len(lacking)), 1e-14)
    )
    _close(online, nearly, 1e-10)
    _same(online, without)
    assert (
        np.abs(online.means_ - model(covariance_type=kind, means_init=START).fit(first).means_).max() > 1e-6
    )
    with pytest.raises(gs.DataError, match="X has no value in columns 0, 1"):
        online.partial_fit(blank)


def test_rows_of_equal_values_are_fitted_above_reg_covar():
    """What the error says of them helps."""
    fitted = gs.GaussianMixture(reg_covar=1e-3).fit(np.ones((20, 2)))
    np.testing.assert_allclose(fitted.covariances_[0], 1e-3 * np.eye(2))
