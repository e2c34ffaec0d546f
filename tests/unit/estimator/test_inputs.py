"""What fit takes: tables and arrays of any kind, with the same bits and the names of their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gmmscape as gs
from unit.estimator.cases import FITTED, NUMBERS, PLANE, model

NAMES = ["width", "height"]
START = [[0.0, 1.0], [7.0, 0.0], [0.0, 11.0]]


def _fitted(data: Any) -> gs.GaussianMixture:
    return model(means_init=START, max_iter=60).fit(data)


def _memmap(folder: Path) -> Any:
    np.save(folder / "rows.npy", PLANE)
    return np.load(folder / "rows.npy", mmap_mode="r")


def _read_only(folder: Path) -> Any:
    rows = PLANE.copy()
    rows.setflags(write=False)
    return rows


def _polars(folder: Path) -> Any:
    return pytest.importorskip("polars").DataFrame(dict(zip(NAMES, PLANE.T, strict=True)))


def _arrow(folder: Path) -> Any:
    return pytest.importorskip("pyarrow").table(dict(zip(NAMES, PLANE.T, strict=True)))


ARRAYS: dict[str, Any] = {
    "list": lambda folder: PLANE.tolist(),
    "Fortran order": lambda folder: np.asfortranarray(PLANE),
    "every other column": lambda folder: np.repeat(PLANE, 2, axis=1)[:, ::2],
    "backwards": lambda folder: PLANE[::-1].copy()[::-1],
    "other byte order": lambda folder: PLANE.astype(PLANE.dtype.newbyteorder()),
    "objects": lambda folder: PLANE.astype(object),
    "read-only": _read_only,
    "memmap": _memmap,
}
TABLES: dict[str, Any] = {
    "pandas": lambda folder: pd.DataFrame(PLANE, columns=NAMES, index=np.arange(len(PLANE)) + 7),
    "pandas, nullable": lambda folder: pd.DataFrame(PLANE, columns=NAMES).convert_dtypes(),
    "polars": _polars,
    "pyarrow": _arrow,
}


@pytest.mark.parametrize("kind", [*ARRAYS, *TABLES])
def test_the_fit_has_the_same_bits(kind: str, tmp_path: Path):
    data = {**ARRAYS, **TABLES}[kind](tmp_path)
    fitted, plain = _fitted(data), _fitted(PLANE)
    for name in NUMBERS:
        np.testing.assert_array_equal(getattr(fitted, name), getattr(plain, name), err_msg=name)
    np.testing.assert_array_equal(fitted.predict_proba(data), plain.predict_proba(PLANE))
    assert fitted.score(data) == plain.score(PLANE)


@pytest.mark.parametrize("kind", TABLES)
def test_names_of_columns_are_kept(kind: str, tmp_path: Path):
    fitted = _fitted(TABLES[kind](tmp_path))
    assert fitted.feature_names_in_.tolist() == NAMES
    assert fitted.document().feature_names == tuple(NAMES)
    assert "mean width" in str(fitted.document())
    turned = pd.DataFrame(PLANE, columns=NAMES)[NAMES[::-1]]
    with pytest.raises(gs.DataError, match="feature names should match"):
        fitted.predict(turned)


def test_whole_numbers_and_booleans_are_numbers():
    whole = np.round(PLANE).astype(np.int32)
    assert _fitted(whole).means_.dtype == np.float64
    np.testing.assert_array_equal(_fitted(whole).means_, _fitted(whole.astype(np.float64)).means_)
    assert gs.GaussianMixture(covariance_prior=0.0).fit(PLANE > 3.0).means_.dtype == np.float64


@pytest.mark.parametrize("order", ["<", ">"])
def test_single_precision_stays_single_precision(order: str):
    """Of what comes in, and what goes out; sums in between are those of the numbers in double precision."""
    rows = PLANE.astype(f"{order}f4")
    single, double = _fitted(rows), _fitted(rows.astype(np.float64))
    for name in FITTED:
        assert getattr(single, name).dtype == np.float32, name
        np.testing.assert_array_equal(getattr(single, name), getattr(double, name).astype(np.float32))
    assert single.lower_bound_ == double.lower_bound_
    for call in ("predict_proba", "score_samples"):
        ours = getattr(single, call)(rows)
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, getattr(double, call)(rows.astype(np.float64)).astype(np.float32))
        assert getattr(single, call)(PLANE).dtype == np.float64
        assert getattr(double, call)(rows).dtype == np.float64


def test_what_was_computed_is_not_lost_to_single_precision(tmp_path: Path):
    """Files, diagnoses and pictures are of the fit, not of its rounded attributes."""
    rows = PLANE.astype(np.float32)
    single, double = _fitted(rows), _fitted(rows.astype(np.float64))
    assert single.document().mixture == double.document().mixture
    assert gs.diagnose(single, rows, rng=0).value_before == double.diagnosis_.value_after
    assert single.plot() is not None
    single.means_ = single.means_ + np.float32(0.5)
    assert gs.diagnose(single, rows, rng=0).value_before > double.diagnosis_.value_after + 1e-3


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64", "float16", "longdouble", "bool"])
def test_numbers_of_other_sizes_are_those_of_their_cast(kind: str):
    """Squares of these in eight bits would wrap around."""
    low = 0 if kind.startswith("u") else -127
    rows = (PLANE > 3.0) if kind == "bool" else np.clip(np.round(10.0 * PLANE, 1), low, 127).astype(kind)
    fitted, plain = (
        gs.GaussianMixture(2, random_state=0).fit(data) for data in (rows, rows.astype(np.float64))
    )
    for name in NUMBERS:
        np.testing.assert_array_equal(getattr(fitted, name), getattr(plain, name), err_msg=name)
    np.testing.assert_array_equal(fitted.predict_proba(rows), plain.predict_proba(rows.astype(np.float64)))


def test_truth_values_are_told_to_be_two_values():
    model = gs.GaussianMixture(2, random_state=0).fit(
        pd.DataFrame({"a": PLANE[:, 0], "b": PLANE[:, 1] > 5.0})
    )
    (finding,) = (one for one in model.diagnosis_.findings if one.name == "rounding")
    assert finding.columns == (1,)
    assert "column 'b': 2 different values" in finding.message


def test_names_in_levels_are_no_matter_and_missing_ones_are_listed():
    index = pd.MultiIndex.from_product([range(3), range(len(PLANE) // 3)])
    levels = pd.DataFrame(PLANE, index=index, columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    np.testing.assert_array_equal(_fitted(levels).means_, _fitted(PLANE).means_)
    table = pd.DataFrame(PLANE, columns=NAMES)
    with pytest.raises(gs.DataError, match=r"(?s)unseen at fit time:\n- depth\n.*now missing:\n- height\n"):
        _fitted(table).predict(table.rename(columns={"height": "depth"}))


def test_columns_of_one_name_are_refused():
    pytest.importorskip("sklearn", minversion="1.9")  # earlier ones let them in
    with pytest.raises(gs.DataError, match="unique column names"):
        _fitted(pd.DataFrame(PLANE, columns=["a", "a"]))
