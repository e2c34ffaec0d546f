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
