"""The result: its table, files, frames, picture, report; and the summary of an estimator."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.results import read


def fitted(**options: Any) -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal([[0.0, 5.0], [8.0, 1.0]], 1.0, (150, 2, 2)).reshape(-1, 2)
    return gs.GaussianMixture(2, random_state=0, **options).fit(X), X


def frame(X: Any) -> Any:
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(X, columns=["height", "width"])


def test_it_prints_estimates_in_the_names_of_the_columns():
    _, X = fitted()
    text = str(gs.GaussianMixture(2, random_state=0).fit(frame(X)).summary())
    line = next(line for line in text.splitlines() if line.startswith("  0  mean of width"))
    value, error, low, high = (float(part) for part in line.split()[4:])
    assert low < value < high
    assert error == pytest.approx((high - low) / 3.92, rel=0.02)
    assert "fit: 2 components, full covariances, 300 rows of 2 columns; no better fit found" in text
    assert "correlation of height and width" in text
    assert "variance of" not in text
    assert "variance of height" in gs.standard_errors(*fitted()).told(["height", "width"]).to_text(
        show=["covariances"]
    )


def test_tied_and_spherical_parameters_are_named_as_what_they_are():
    X = fitted()[1]
    tied = gs.GaussianMixture(2, covariance_type="tied", random_state=0).fit(X).summary()
    assert [one.component for one in tied.of("sd")] == [None, None]
    assert tied.name(tied.of("sd")[0]) == "sd of column 0, all components"
    assert "  all  sd of column 1" in str(tied)
    spherical = gs.GaussianMixture(2, covariance_type="spherical", random_state=0).fit(X).summary()
    assert spherical.name(spherical.of("sd")[1]) == "sd of every column, component 1"
    assert spherical.of("correlation") == ()


def test_estimates_are_found_by_kind_and_component():
    found = gs.standard_errors(*fitted())
    assert [one.columns for one in found.of("mean", 1)] == [(0,), (1,)]
    with pytest.raises(gs.InvalidParameterError, match="kind='means'"):
        found.of("means")
    for component in (2, -1):
        with pytest.raises(
            gs.InvalidParameterError, match=f"component={component}: pass a number from 0 to 1"
        ):
            found.of("mean", component)


def test_it_comes_back_from_its_file(tmp_path: Path):
    model, X = fitted()
    found = model.summary()
    found.to_json(tmp_path / "summary.json")
    again = read(tmp_path / "summary.json")
    assert again == found
    assert str(again) == str(found)
    assert "NaN" not in (tmp_path / "summary.json").read_text()
    # It is a model too: what is polished is judged.
    assert gs.diagnose(tmp_path / "summary.json", X, rng=0).verdict == "no better fit found"


def test_it_is_a_frame():
    pytest.importorskip("pandas")
    table = gs.standard_errors(*fitted()).to_frame()
    assert len(table) == 2 + 4 + 4 + 2 + 4 + 2
    assert table.loc[table["kind"] == "mean", "standard_error"].gt(0).all()
    assert table["name"].is_unique


def test_the_picture_has_a_panel_for_each_parameter_and_a_line_for_each_component():
    pytest.importorskip("matplotlib")
    found = gs.standard_errors(*fitted())
    display = found.plot()
    assert [panel.get_title(loc="left") for panel in display.axes_] == [
        "weight", "mean of column 0", "mean of column 1", "sd of column 0", "sd of column 1",
        "correlation of column 0 and column 1",
    ]  # fmt: skip
    for dots, kind, column in zip(display.dots_[1:3], ("mean", "mean"), (0, 1), strict=True):
        wanted = [one.value for one in found.of(kind) if one.columns == (column,)]
        assert dots.get_xdata().tolist() == wanted
    low, high = found.of("mean")[0].low, found.of("mean")[0].high
    assert display.bars_[1].get_segments()[0][:, 0].tolist() == [low, high]
    assert len(found.plot("weight").axes_) == 1
    with pytest.raises(gs.InvalidParameterError, match="choose a kind that the fit has"):
        gs.standard_errors(*fitted(covariance_type="diag")).plot("correlation")


def test_what_has_no_interval_is_hollow():
    pytest.importorskip("matplotlib")
    X = np.column_stack([fitted()[1], np.ones(300)])
    display = gs.GaussianMixture(2, random_state=0).fit(X).summary().plot("mean")
    assert "hollow: no interval" in display.figure_.axes[0].get_title(loc="left")
    assert len(display.dots_[2].get_xdata()) == 0


def test_a_summary_takes_the_kept_rows_or_those_that_are_passed():
    model, X = fitted()
    kept, given = model.summary(method="observed"), model.summary(X, method="observed")
    assert kept == given
    assert kept.fit_verdict == "no better fit found"
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        with pytest.raises(gs.InvalidParameterError, match="pass those that were fitted"):
            other.summary()
        assert other.summary(X, method="observed") == kept
    with pytest.raises(gs.InvalidParameterError, match="pass those that were fitted"):
        fitted(max_seconds=100)[0].summary()
    with pytest.raises(gs.NotFittedError if hasattr(gs, "NotFittedError") else Exception, match="not fitted"):
        gs.GaussianMixture().summary()


def test_kept_rows_do_not_change_when_the_users_do():
    model, X = fitted()
    before = model.summary(method="observed")
    X *= 100.0
    assert model.summary(method="observed") == before


def test_weights_of_the_fit_are_those_of_the_summary():
    _, X = fitted()
    weights = np.random.default_rng(1).integers(1, 4, len(X))
    model = gs.GaussianMixture(2, random_state=0).fit(X, sample_weight=weights)
    assert model.summary(method="observed") == gs.standard_errors(model, X, weights, method="observed").told(
        None, model.diagnosis_.verdict
    )
    assert model.summary(method="observed").total == weights.sum()


def test_the_report_says_what_the_text_says():
    model, X = fitted()
    page = model.summary().to_html(X)
    assert "Parameters of a fit, and how sure they are" in page
    assert "Trustworthy: the 95 % intervals hold" in page
    assert page.count("correlation of column 0 and column 1") >= 2
