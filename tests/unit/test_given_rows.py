"""Rows as users have them: the same numbers from every kind, and at every door the same refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gmmscape as gs
from gmmscape.given_rows import column_names, columns_in_order, given_rows
from gmmscape.validation import data_matrix

ROWS = np.random.default_rng(8).normal([[0.0, 0.0], [7.0, 3.0]], 1.0, (40, 2, 2)).reshape(-1, 2)
GAPPED = ROWS.copy()
GAPPED[[3, 11], [0, 1]] = np.nan
NAMES = ["width", "height"]


def _objects(word: Any) -> Any:
    found = ROWS.astype(object)
    found[[3, 11], [0, 1]] = word
    return found


def _table() -> pd.DataFrame:
    return pd.DataFrame(GAPPED, columns=NAMES)


def _polars() -> Any:
    return pytest.importorskip("polars").from_pandas(_table(), nan_to_null=True)


def _arrow() -> Any:
    return pytest.importorskip("pyarrow").Table.from_pandas(_table())


#: The numbers of GAPPED, as libraries and people write them.
KINDS: dict[str, Callable[[], Any]] = {
    "None": lambda: _objects(None),
    "pandas' NA": lambda: _objects(pd.NA),
    "no time": lambda: _objects(pd.NaT),
    "decimal": lambda: _objects(Decimal("NaN")),
    "list with NA": lambda: _objects(pd.NA).tolist(),
    "masked": lambda: np.ma.masked_array(ROWS, np.isnan(GAPPED)),
    "table of objects": lambda: pd.DataFrame(_objects(pd.NA), columns=NAMES),
    "some objects": lambda: _table().astype({"width": object}).replace({"width": {np.nan: pd.NA}}),
    "objects beside nullable": lambda: _table().astype({"width": "Float64", "height": object}),
    "nullable": lambda: _table().convert_dtypes(),
    "pandas, sparse": lambda: _table().astype(pd.SparseDtype(float, np.nan)),
    "polars": _polars,
    "Arrow": _arrow,
    "Arrow, batch": lambda: _arrow().to_batches()[0],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_for_missing_is_nan(kind: str):
    data = KINDS[kind]()
    np.testing.assert_array_equal(data_matrix(data, missing=True), GAPPED)
    options: dict[str, Any] = {"random_state": 0, "escape": False, "covariance_prior": 0.0}
    model, plain = (gs.GaussianMixture(2, **options).fit(X) for X in (data, GAPPED))
    np.testing.assert_array_equal(model.means_, plain.means_)
    np.testing.assert_array_equal(model.score_samples(data), plain.score_samples(GAPPED))
    assert gs.diagnose(model, data, rng=0).value_before == gs.diagnose(plain, GAPPED, rng=0).value_before


def test_what_is_given_is_not_modified():
    table, masked, objects = KINDS["table of objects"](), KINDS["masked"](), _objects(pd.NA)
    for data in (table, masked, objects):
        given_rows(data)
    assert table.iloc[3, 0] is pd.NA
    assert objects[3, 0] is pd.NA
    np.testing.assert_array_equal(masked.data, ROWS)
    assert given_rows(ROWS) is ROWS  # nothing is copied where nothing is to be done


def test_masks_of_whole_numbers():
    whole = np.ma.masked_array(np.arange(8).reshape(4, 2), np.eye(4, 2, dtype=bool))
    np.testing.assert_array_equal(given_rows(whole), [[np.nan, 1], [2, np.nan], [4, 5], [6, 7]])
    single = np.ma.masked_array(ROWS.astype(np.float32), np.isnan(GAPPED))
    assert given_rows(single).dtype == np.float32


DAYS = pd.date_range("2020", periods=len(ROWS))
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "iterator": (lambda: iter(ROWS), r"X is an iterator.*list\(X\)"),
    "dictionary": (lambda: {"a": [1.0, 2.0]}, "X is a dictionary.*DataFrame"),
    "set": (lambda: {1.0, 2.0}, "X is a set.*pass a list of rows"),
    "matrix": (lambda: ROWS.view(np.matrix), r"X is a numpy.matrix: pass numpy.asarray\(X\)"),
    "lazy": (lambda: SimpleNamespace(collect=list), r"X is a lazy table: pass X\.collect\(\)"),
    "polars' lazy": (lambda: _polars().lazy(), r"X is a lazy table: pass X\.collect\(\)"),
    "a date": (lambda: _table().assign(when=DAYS), "X has dates or times in column 'when'"),
    "dates": (lambda: pd.DataFrame({"a": DAYS, "b": DAYS - DAYS[0]}), "in columns 'a', 'b'"),
    "array of dates": (lambda: np.array([DAYS, DAYS]).T, "X has dates or times: make numbers"),
    "polars' dates": (lambda: pytest.importorskip("polars").DataFrame({"a": DAYS}), "in column 'a'"),
    "Arrow's dates": (lambda: pytest.importorskip("pyarrow").table({"a": DAYS}), "in column 'a'"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_table_of_numbers_is_refused_at_every_door(kind: str):
    make, message = REFUSED[kind]
    for door in (gs.GaussianMixture().fit, lambda X: gs.select(X, [1]), data_matrix):
        with pytest.raises(gs.DataError, match=message):
            door(make())


def test_the_estimator_says_where():
    table = pd.DataFrame(ROWS, columns=NAMES)
    with pytest.raises(gs.DataError, match="row 5, column 'height': correct it, or make it NaN"):
        gs.GaussianMixture().fit(table.mask((table.index == 5)[:, None] & [False, True], np.inf))
    with pytest.raises(gs.DataError, match="Text may be in column 'name'"):
        gs.GaussianMixture().fit(table.assign(name="x"))
    with pytest.raises(gs.DataError, match="one named 1, a int: name all by text") as caught:
        gs.GaussianMixture().fit(pd.DataFrame(ROWS, columns=["a", 1]))
    assert isinstance(caught.value, TypeError)  # as scikit-learn has it


@pytest.mark.parametrize("value", [1j, datetime(2020, 1, 1), {"a": 1}, {1.0}], ids=repr)
def test_the_estimator_says_which_cell_is_no_number(value: Any):
    objects = ROWS.astype(object)
    objects[4, 1] = value
    kind = type(value).__name__
    with pytest.raises(gs.DataError, match=f"X has {kind} in row 4, column 1: make it a number") as caught:
        gs.GaussianMixture().fit(objects)
    assert isinstance(caught.value, TypeError)  # as scikit-learn has it
    with pytest.raises(gs.DataError, match=f"X has {kind} in row 4, column 'height'"):
        gs.GaussianMixture().fit(pd.DataFrame(objects, columns=NAMES))


@pytest.mark.parametrize("make", [_table, _polars, _arrow], ids=["pandas", "polars", "Arrow"])
def test_columns_are_found_by_name(make: Callable[[], Any]):
    data = make()
    assert column_names(data) == tuple(NAMES)
    turned = columns_in_order(data, NAMES[::-1])
    np.testing.assert_array_equal(data_matrix(turned, missing=True), GAPPED[:, ::-1])
    model = gs.GaussianMixture(2, random_state=0, covariance_prior=0.0).fit(_table())
    expected = gs.diagnose(model, _table(), rng=0).value_before
    assert gs.diagnose(model, turned, rng=0).value_before == expected
    with pytest.raises(gs.DataError, match="X lacks the columns depth"):
        columns_in_order(data, ["depth"])


LONG = np.arange(40, dtype=np.int64).reshape(20, 2) % 7 + 2**53
INTEGERS: dict[str, Callable[[], Any]] = {
    "int64": lambda: LONG,
    "uint64": lambda: LONG.astype(np.uint64),
    "negative": lambda: -LONG,
    "list": lambda: LONG.tolist(),
    "pandas": lambda: pd.DataFrame({"a": LONG[:, 0], "b": np.arange(20.0)}),
    "pandas, nullable": lambda: pd.DataFrame(LONG).astype("Int64").mask(pd.DataFrame(LONG) % 7 == 3),
    "Arrow": lambda: pytest.importorskip("pyarrow").table({"a": LONG[:, 0]}),
}


@pytest.mark.parametrize("kind", INTEGERS)
def test_whole_numbers_that_are_rounded_are_told(kind: str):
    data = INTEGERS[kind]()
    with pytest.warns(UserWarning, match=r"X has whole numbers beyond 2\^53"):
        gs.GaussianMixture(random_state=0).fit(data)
    with pytest.warns(UserWarning, match=r"whole numbers beyond 2\^53"):
        data_matrix(data, missing=True)


@pytest.mark.parametrize(
    "data", [LONG - 2**53, LONG.astype(float), LONG - 1 - LONG % 2**53], ids=["", "f", "e"]
)
def test_whole_numbers_that_are_not_are_not(data: Any, recwarn: pytest.WarningsRecorder):
    data_matrix(data)
    assert not [one for one in recwarn if "2^53" in str(one.message)]


TEXTS: dict[str, Callable[[], Any]] = {
    "array": lambda: ROWS.astype(str),
    "list": lambda: ROWS.astype(str).tolist(),
    "bytes": lambda: ROWS.astype("S"),
    "objects": lambda: np.where(ROWS[3, 1] == ROWS, "1", ROWS.astype(object)),
    "pandas": lambda: pd.DataFrame(ROWS, columns=NAMES).astype({"height": str}),
    "pandas, objects": lambda: pd.DataFrame(ROWS, columns=NAMES).astype(str).astype(object),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_that_looks_like_numbers_is_refused_at_every_door(kind: str):
    data, fitted = TEXTS[kind](), gs.GaussianMixture(2, random_state=0).fit(ROWS)
    for door in (gs.GaussianMixture().fit, fitted.predict):
        with pytest.raises(
            gs.DataError, match=r"could not convert text to numbers: .*make numbers of it"
        ) as caught:
            door(data)
        assert ("'height'" in str(caught.value)) is kind.startswith("pandas")
    for door in (lambda X: gs.select(X, [1]), lambda X: gs.diagnose(fitted, X), data_matrix):
        with pytest.raises(gs.DataError, match=r"text|type"):
            door(data)
