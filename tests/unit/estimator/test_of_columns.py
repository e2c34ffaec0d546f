"""A fitted estimator's conditionals, marginals and regression, by the names of its table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gmmscape as gs


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, 100), rng.normal(8, 1, 100)])
    return pd.DataFrame({"size": x, "price": 3.0 * x + rng.normal(0, 0.1, 200)})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> gs.GaussianMixture:
    return gs.GaussianMixture(2, random_state=0).fit(table)


def test_its_mixture_has_the_names_of_the_table(model: gs.GaussianMixture, table: pd.DataFrame):
    assert model.mixture_.feature_names == ("size", "price")
    np.testing.assert_array_equal(model.mixture_.log_density(table), model.score_samples(table))
    bare = gs.GaussianMixture(1).fit(table.to_numpy())
    assert bare.mixture_.feature_names is None


def test_columns_are_found_by_name(model: gs.GaussianMixture, table: pd.DataFrame):
    assert model.condition({"size": 8.0}) == model.mixture_.condition({0: 8.0})
    assert model.marginal("price").feature_names == ("price",)
    found = model.regress(table[["size"]], "price", quantiles=[0.05, 0.95])
    np.testing.assert_allclose(found.mean, 3.0 * table["size"], atol=0.2)
    with pytest.raises(gs.InvalidParameterError, match="did you mean 'price'"):
        model.condition({"Price": 1.0})


def test_there_is_a_fit_first():
    with pytest.raises(gs.NotFittedError, match="fit"):
        gs.GaussianMixture(2).condition({0: 1.0})
    assert not hasattr(gs.GaussianMixture(2), "mixture_")
