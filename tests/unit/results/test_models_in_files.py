"""Python writes the files of fits that `diagnose` reads, which reads any file with a model in it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.models import read_model
from gmmscape.results import read
from unit.results.cases import rows


@pytest.fixture(scope="module")
def model():
    return gs.GaussianMixture(3, covariance_floor=1e-5, random_state=0).fit(rows())


def test_an_estimator_is_written_and_read(model, tmp_path):
    path = tmp_path / "fit.json"
    model.to_json(path)
    again = gs.GaussianMixture.from_json(path)
    given = {**model.get_params(), "covariance_prior": model.covariance_prior_.rows}  # what the data chose
    assert again.get_params() == given
    assert again.covariance_prior_ == model.covariance_prior_
    assert np.array_equal(again.predict_proba(rows()), model.predict_proba(rows()))
    for name in ("n_iter_", "lower_bounds_", "history_", "stop_reason_", "n_features_in_", "n_samples_"):
        assert getattr(again, name) == getattr(model, name)
    assert again.diagnosis_ == model.diagnosis_
    assert again.em_diagnosis_ == model.em_diagnosis_
    assert again.document() == model.document()


def test_the_criteria_are_those_of_the_estimator(model):
    document = model.document()
    assert document.bic == pytest.approx(model.bic(rows()), rel=1e-12)
    assert document.aic == pytest.approx(model.aic(rows()), rel=1e-12)
    assert f"bic {document.bic:.8g}" in str(document)


def test_names_of_columns_are_kept(tmp_path):
    table = pytest.importorskip("pandas").DataFrame(rows(), columns=["depth"])
    named = gs.GaussianMixture(2, random_state=0).fit(table)
    named.to_json(tmp_path / "fit.json")
    assert list(gs.GaussianMixture.from_json(tmp_path / "fit.json").feature_names_in_) == ["depth"]
    assert read_model(tmp_path / "fit.json").feature_names == ("depth",)
    with pytest.raises(gs.DataError, match="depth"):
        gs.diagnose(tmp_path / "fit.json", table.rename(columns={"depth": "height"}))


def test_a_repaired_estimator_writes_the_repaired_fit(tmp_path):
    X = rows()
    stuck = gs.GaussianMixture(3, means_init=[[4.5], [29.0], [31.0]], escape=False, random_state=0).fit(X)
    result = gs.repair(stuck, X, rng=0)
    assert result.escape_gain > 0
    document = result.model.document()
    assert document.solution == result.solution
    assert document.diagnosis == result.diagnosis_after
    assert stuck.document().solution != result.solution


def test_parameters_changed_by_hand_are_no_fit(tmp_path):
    changed = gs.GaussianMixture(2, random_state=0).fit(rows())
    changed.means_ = changed.means_ + 1.0
    with pytest.raises(gs.InvalidParameterError, match="changed after the fit"):
        changed.to_json(tmp_path / "fit.json")
    with pytest.raises(gs.NotFittedError):
        gs.GaussianMixture(2).to_json(tmp_path / "fit.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("mixture", lambda result: result),
        ("solution", lambda result: result.mixture),
        ("repair", lambda result: result.solution.mixture),
        ("local optima", lambda result: result.best.mixture),
        ("local optimum", lambda result: result.mixture),
        ("selection", lambda result: result.best.mixture),
        ("chosen", lambda result: result.mixture),
        ("fit of a selection", lambda result: result.solution.mixture),
        ("fit", lambda result: result.solution.mixture),
    ],
)
def test_a_file_with_a_model_is_diagnosed(results, name, part, tmp_path):
    path = tmp_path / "model.json"
    results[name].to_json(path)
    assert read_model(path).mixture == part(results[name])


def test_a_selection_is_diagnosed_under_its_floors(results, tmp_path):
    selection = results["selection"]
    selection.to_json(tmp_path / "selection.json")
    found = read_model(tmp_path / "selection.json")
    assert (found.reg_covar, found.covariance_floor) == (0.0, selection.best.covariance_floor)
    assert gs.diagnose(tmp_path / "selection.json", rows(), rng=0).verdict == "no better fit found"


@pytest.mark.parametrize("name", ["diagnosis", "atlas", "decoding", "threshold"])
def test_a_file_without_a_model_is_refused_by_name(results, name, tmp_path):
    path = tmp_path / "result.json"
    results[name].to_json(path)
    with pytest.raises(
        gs.FormatError, match=f"{path} holds no usable model: it holds a '{results[name].format}'"
    ):
        gs.diagnose(path, rows())


def test_fits_of_version_1_are_still_diagnosed(model, tmp_path):
    content = model.document().to_dict()
    first = {"total", "history", "error", "family", "diagnosis"}  # what version 2 has added
    old = {name: value for name, value in content.items() if name not in first} | {"format_version": 1}
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old | {"feature_names": ["x"]}))
    assert read_model(path).mixture == model.solution_.mixture
    with pytest.raises(gs.FormatError, match="format_version=1: this version of gmmscape reads 2"):
        read(path)
    path.write_text(json.dumps(old | {"format_version": 3}))
    with pytest.raises(gs.FormatError, match=r"format_version=3.* reads 1 or 2"):
        gs.diagnose(path, rows())


def test_atlases_of_all_versions_are_read(results, tmp_path):
    content = results["atlas"].to_dict()
    path = tmp_path / "atlas.json"
    for version in (1, 2, 3):
        for point in content["minima"] + content["saddles"]:
            point.pop("sigma", None), point.pop("free_weights", None)
        path.write_text(json.dumps(content | {"format_version": version}))
        assert lab.Atlas.from_json(path) == results["atlas"]
        assert read(path) == results["atlas"]
