"""The estimator for Dask: collections in, collections out, nothing computed before it is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.dask import GaussianMixture
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks

da = pytest.importorskip("dask.array", reason="Dask is not installed")
dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed")
pd = pytest.importorskip("pandas", reason="pandas is not installed")

RNG = np.random.default_rng(6)
X = RNG.normal([[0.0, 0.0], [8.0, 1.0]], 1.0, (150, 2, 2)).reshape(-1, 2)
WEIGHTS = RNG.integers(1, 4, len(X)).astype(float)
ARRAY = da.from_array(X, chunks=(110, 1))
TABLE = pd.DataFrame(X, columns=["length", "width"], index=np.arange(len(X)) * 7)
FRAME = dd.from_pandas(TABLE.assign(count=WEIGHTS), npartitions=3)
COLUMNS = FRAME[["length", "width"]]


@pytest.fixture(scope="module")
def model() -> GaussianMixture:
    """Return a fit to the array."""
    return GaussianMixture(2, random_state=0).fit(ARRAY)


def test_it_is_fitted_as_blocks_are(model: GaussianMixture):
    same = gs.GaussianMixture(2, random_state=0).fit(LocalBlocks(ArrayBlocks(np.split(X, [110, 220]))))
    np.testing.assert_array_equal(model.means_, same.means_)
    assert model.score(ARRAY) == same.score(LocalBlocks(ArrayBlocks(np.split(X, [110, 220]))))
    assert model.bic(ARRAY) == pytest.approx(same.bic(X), rel=1e-12)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score_samples"])
def test_answers_are_arrays_that_are_not_computed_yet(model: GaussianMixture, method: str):
    seen: list[int] = []

    def watched(part: Any) -> Any:
        seen.append(len(part))
        return part

    answer = getattr(model, method)(ARRAY.rechunk({1: -1}).map_blocks(watched, meta=X[:0]))
    assert isinstance(answer, da.Array)
    assert not seen
    expected = getattr(model, method)(X)
    assert (answer.shape, answer.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(answer.compute(scheduler="sync"), expected, rtol=1e-12)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("method", "columns"),
    [("predict", "component"), ("predict_proba", [0, 1]), ("score_samples", "log_density")],
)
def test_answers_to_tables_keep_their_index(model: GaussianMixture, method: str, columns: Any):
    answer = getattr(model, method)(COLUMNS).compute(scheduler="sync")
    np.testing.assert_array_equal(answer.index, TABLE.index)
    np.testing.assert_allclose(answer.to_numpy(), getattr(model, method)(X), rtol=1e-12)
    assert (list(answer.columns) if answer.ndim == 2 else answer.name) == columns


def test_a_table_brings_names_and_weights():
    model = GaussianMixture(2, random_state=0).fit(FRAME, sample_weight="count")
    assert list(model.feature_names_in_) == ["length", "width"]
    beside = GaussianMixture(2, random_state=0).fit(COLUMNS, sample_weight=FRAME["count"])
    np.testing.assert_array_equal(model.means_, beside.means_)
    assert not np.array_equal(model.means_, GaussianMixture(2, random_state=0).fit(COLUMNS).means_)
    with pytest.raises(gs.InvalidParameterError, match=r"length.*width.*which were fitted"):
        model.predict(FRAME[["width", "length"]])
    with pytest.raises(gs.DataError, match="X has 3 features"):
        model.predict(FRAME)


@pytest.mark.parametrize(
    ("frame", "weights", "message"),
    [
        (FRAME.assign(kind="a"), None, "column 'kind' holds no numbers but .*X.drop"),
        (COLUMNS.mask(COLUMNS["width"] > 1.0), None, r"column 'length' has .* missing .* in partition \d"),
        (FRAME, "mass", "weights='mass': pass the name of a column"),
        (COLUMNS, FRAME["count"].repartition(npartitions=2), "weights are in 2 partitions, the rows in 3"),
        (COLUMNS[["length", "length"]], None, "X has a column name twice: rename the columns"),
        (COLUMNS, 3.0, "weights='float': pass the name of a column"),
        (FRAME[["count"]], "count", "X has no columns: pass a table with columns of numbers"),
        (COLUMNS, FRAME["count"].mask(FRAME["count"] > 1), r"a weight in partition \d is missing"),
    ],
)
def test_what_cannot_be_used_is_told(frame: Any, weights: Any, message: str):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(2).fit(frame, sample_weight=weights)


def test_rows_in_memory_are_fitted_as_ever():
    first, second = (
        kind(2, random_state=0).fit(X, sample_weight=WEIGHTS)
        for kind in (GaussianMixture, gs.GaussianMixture)
    )
    np.testing.assert_array_equal(first.means_, second.means_)
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    assert first.score(X) == second.score(X)
