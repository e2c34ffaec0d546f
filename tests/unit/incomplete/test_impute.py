"""Missing values filled in."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.mixture.completed_tables import like_given
from oracles.missing_values import conditional, log_joint

MEANS = np.array([[0.0, 0.0, 1.0], [3.0, 1.0, -2.0]])
MATRICES = np.array(
    [
        [[1.0, 0.6, 0.3], [0.6, 1.5, 0.2], [0.3, 0.2, 0.8]],
        [[0.5, -0.2, 0.0], [-0.2, 0.7, 0.1], [0.0, 0.1, 1.2]],
    ]
)


def mixture(kind: str = "full") -> gs.Mixture:
    stored = {
        "full": MATRICES,
        "tied": MATRICES[0],
        "diag": np.einsum("kdd->kd", MATRICES),
        "spherical": np.array([0.5, 1.2]),
    }[kind]
    return gs.Mixture([0.7, 0.3], MEANS, stored, kind)


def gapped(rng: np.random.Generator, n: int = 40) -> np.ndarray:
    X = mixture().sample(n, rng)[0]
    X[rng.random(X.shape) < 0.4] = np.nan
    return X


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_values_are_expectations_given_what_is_observed(kind: str, rng: np.random.Generator):
    own, X = mixture(kind), gapped(rng)
    before = X.copy()
    found = own.impute(X)
    joint = log_joint(X, own.weights, own.means, own.full_covariances())
    psi = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
    for x, shares, got in zip(X, psi, found, strict=True):
        parts = [conditional(x, m, c)[0] for m, c in zip(own.means, own.full_covariances(), strict=True)]
        np.testing.assert_allclose(got, shares @ np.array(parts), atol=1e-12)
    np.testing.assert_array_equal(X, before)
    own_values = ~np.isnan(X)
    assert found[own_values].tobytes() == X[own_values].tobytes()


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_draws_are_spread_as_the_mixture_says(kind: str):
    """Means and covariances of draws, within five standard errors of those of the mixture."""
    own, n = mixture(kind), 40_000
    x = np.array([2.0, np.nan, np.nan])
    drawn = own.impute(np.tile(x, (n, 1)), draw=True, rng=1)
    joint = log_joint(x[None], own.weights, own.means, own.full_covariances())[0]
    shares = np.exp(joint - np.logaddexp.reduce(joint))
    parts = [conditional(x, m, c) for m, c in zip(own.means, own.full_covariances(), strict=True)]
    mean = sum(s * e for s, (e, _) in zip(shares, parts, strict=True))
    spread = sum(s * (c + np.outer(e - mean, e - mean)) for s, (e, c) in zip(shares, parts, strict=True))
    sd = np.sqrt(np.diag(spread)[1:])
    assert (np.abs(drawn.mean(axis=0) - mean)[1:] < 5.0 * sd / np.sqrt(n)).all()
    gap = np.cov(drawn[:, 1:].T) - spread[1:, 1:]
    assert (np.abs(gap) < 5.0 * 3.0 * np.outer(sd, sd) / np.sqrt(n)).all()
    assert (drawn[:, 0] == 2.0).all()


def test_draws_follow_the_seed_and_not_the_other_rows(rng: np.random.Generator):
    own, X = mixture(), gapped(rng)
    one = own.impute(X, draw=True, rng=3)
    np.testing.assert_array_equal(one, own.impute(X, draw=True, rng=3))
    assert (one != own.impute(X, draw=True, rng=4)).any()
    fewer = X.copy()
    fewer[5] = 0.0
    np.testing.assert_array_equal(own.impute(fewer, draw=True, rng=3)[6:], one[6:])


def test_tables_come_back_as_tables(rng: np.random.Generator):
    table = pd.DataFrame(gapped(rng), columns=["a", "b", "c"], index=np.arange(40) * 2)
    table["b"] = table["b"].round().astype("Int64")
    table["c"] = table["c"].astype("float32")
    table.loc[table["a"].isna(), "a"] = 1.0
    before = table.copy()
    found = mixture().impute(table)
    pd.testing.assert_frame_equal(table, before)
    assert list(found.columns) == ["a", "b", "c"]
    assert found.index.equals(table.index)
    assert found.dtypes.to_dict() == {"a": "float64", "b": "float64", "c": "float32"}
    assert not found.isna().any().any()
    there = table["b"].notna()
    np.testing.assert_array_equal(found["b"][there], table["b"][there].astype(float))
    pd.testing.assert_series_equal(found["c"][table["c"].notna()], table["c"].dropna())


@pytest.mark.parametrize(("library", "made"), [("polars", "DataFrame"), ("pyarrow", "table")])
def test_tables_of_other_libraries_come_back_as_such(library: str, made: str, rng: np.random.Generator):
    narwhals = pytest.importorskip("narwhals")
    X = gapped(rng)
    table = getattr(pytest.importorskip(library), made)({name: X[:, j] for j, name in enumerate("abc")})
    found = mixture().impute(table)
    assert type(found) is type(table)
    frame = narwhals.from_native(found, eager_only=True)
    assert frame.columns == ["a", "b", "c"]
    np.testing.assert_array_equal(frame.to_numpy(), mixture().impute(X))


@pytest.mark.parametrize("there", [True, False])
def test_a_table_that_nobody_knows_becomes_an_array(there: bool, monkeypatch: pytest.MonkeyPatch):
    """As every table does where narwhals is not installed."""
    points, filled = np.array([[np.nan, 1.0]]), np.array([[2.0, 1.0]])
    if not there:
        monkeypatch.setitem(sys.modules, "narwhals", None)
    assert like_given(SimpleNamespace(columns=["a", "b"]), points, filled) is filled


def test_single_precision_stays_so(rng: np.random.Generator):
    X = gapped(rng).astype(np.float32)
    found = mixture().impute(X)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[~np.isnan(X)], X[~np.isnan(X)])


def test_an_estimator_imputes_as_its_mixture_does(rng: np.random.Generator):
    X = gapped(rng, 200)
    X[np.isnan(X).all(axis=1), 0] = 0.0
    model = gs.GaussianMixture(2, random_state=0).fit(pd.DataFrame(X, columns=["a", "b", "c"]))
    own = gs.Mixture(model.weights_, model.means_, model.covariances_)
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    np.testing.assert_array_equal(model.impute(table).to_numpy(), own.impute(X))
    np.testing.assert_array_equal(
        model.impute(table, draw=True, rng=5).to_numpy(), own.impute(X, draw=True, rng=5)
    )
    again = model.impute(table, draw=True)
    pd.testing.assert_frame_equal(again, model.impute(table, draw=True))
    with pytest.raises(gs.DataError, match="feature names"):
        model.impute(table.rename(columns={"a": "z"}))
    with pytest.raises(gs.DataError, match="infinit"):
        model.impute(table.replace(table["a"].dropna().iloc[0], np.inf))


def test_what_cannot_be_imputed_is_refused():
    with pytest.raises(gs.DataError, match="infinite"):
        mixture().impute([[1.0, np.inf, np.nan]])
    with pytest.raises(gs.DataError, match="n_features=3"):
        mixture().impute([[1.0, np.nan]])
    with pytest.raises(gs.InvalidParameterError, match="rng"):
        mixture().impute([[1.0, np.nan, 0.0]], draw=True, rng="x")
