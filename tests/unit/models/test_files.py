"""Models from files: which are read, and that pickles are refused and not run."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import joblib
import pytest

import gmmscape as gs
from gmmscape.models import FIT_FORMAT, read_model
from gmmscape.prediction.labels import row_labels
from gmmscape.prediction.score import score_of
from unit.models.cases import TABLE, X, bad, kinds, mixture_of

BOX = {"region": "box", "volume": 1.0, "weight": 0.1, "lower": [0.0, 0.0], "upper": [1.0, 1.0]}


@kinds
def test_files_of_mixtures_and_of_fits(kind: str, tmp_path: Path):
    mixture = mixture_of(bad(kind))
    plain, fit = tmp_path / "mixture.json", tmp_path / "fit.json"
    plain.write_text(json.dumps(mixture.to_dict()), encoding="utf-8")
    fit.write_text(json.dumps(fit_file(mixture)), encoding="utf-8")
    for path in (plain, str(plain), fit, str(fit)):
        read = read_model(path)
        assert read.mixture == mixture
        assert read.source is path
    assert read_model(plain).feature_names is None
    assert read_model(fit).feature_names == ("x", "y")
    assert (read_model(fit).reg_covar, read_model(fit).covariance_floor) == (0.125, 1e-5)
    with pytest.raises(gs.InvalidParameterError, match=f"the model has '{kind}'"):
        read_model(fit, "full" if kind != "full" else "diag")


def fit_file(mixture: gs.Mixture) -> dict[str, Any]:
    """What is read of the files of ``gmmscape fit --json``."""
    return {
        "format": FIT_FORMAT,
        "format_version": 1,
        "feature_names": ["x", "y"],
        "covariance_type": mixture.covariance_type,
        "reg_covar": 0.125,
        "covariance_floor": 1e-5,
        "weights": mixture.weights.tolist(),
        "means": mixture.means.tolist(),
        "covariances": mixture.covariances.tolist(),
    }


def test_a_file_is_repaired_into_a_mixture(tmp_path: Path):
    path = tmp_path / "fit.json"
    path.write_text(json.dumps(fit_file(mixture_of(bad()))), encoding="utf-8")
    result = gs.repair(path, TABLE, rng=0)
    assert isinstance(result.model, gs.Mixture)
    assert result.diagnosis.verdict == "bad optimum"
    assert -result.model.log_density(X).mean() == pytest.approx(result.nll_after, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"means": ...}, "lacks means"),
        ({"weights": ..., "reg_covar": ...}, "lacks weights, reg_covar"),
        ({"format_version": 3}, "format_version=3"),
        ({"format": "gmmscape-atlas"}, "it holds a damaged 'gmmscape-atlas'"),
        ({"format": "gmmscape-other"}, "it holds a 'gmmscape-other', a format that"),
        ({"feature_names": "xy"}, "feature_names must be a list"),
        ({"feature_names": [1, 2]}, "feature_names must be a list"),
        ({"feature_names": ["x"]}, "feature_names has 1 names, and the means have 2"),
        ({"feature_names": ["x", "x"]}, "feature_names has a name twice"),
        ({"weights": None}, "weights=None: write the weight"),
        ({"n_samples": -5}, "n_samples=-5: pass an integer of at least 1"),
        ({"n_samples": "many"}, "n_samples='many'"),
        ({"n_components": 9}, "n_components=9, and the means have"),
        ({"n_features": 7}, "n_features=7, and the means have 2"),
        ({"held": {"weights": 1.0, "means": {}, "covariances": True}}, "holds a damaged model"),
        ({"held": [1]}, "holds a damaged model"),
        ({"background": {**BOX, "lower": [[1.0], 2.0]}}, "holds a damaged model"),
        ({"background": {**BOX, "upper": ["x", 1.0]}}, "holds a damaged model"),
        ({"background": {**BOX, "upper": [1e400, 1.0]}}, "holds Infinity, which is no number"),
        ({"background": {**BOX, "upper": [None, 1.0]}}, "corners and faces are finite"),
        ({"format_version": 2, "colour": 1, "taste": 2}, r"unknown fields \['colour', 'taste'\]"),
    ],
    ids=str,
)
def test_files_that_hold_no_model(change: dict[str, Any], message: str, tmp_path: Path):
    content = fit_file(mixture_of(bad())) | change
    path = tmp_path / "fit.json"
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not ...}), encoding="utf-8")
    with pytest.raises(gs.FormatError, match=message):
        gs.diagnose(path, X)


@pytest.mark.parametrize("name", ["nll", "penalty", "reg_covar", "covariance_floor"])
@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e400"])
def test_numbers_that_json_has_not_are_refused_by_what_they_are(name: str, text: str, tmp_path: Path):
    path = tmp_path / "fit.json"
    told = json.dumps({**fitted_document(), name: "?"}).replace('"?"', text)
    path.write_text(told, encoding="utf-8")
    for read in (gs.load, gs.GaussianMixture.from_json, read_model):
        with pytest.raises(gs.FormatError, match=f"holds {text}, which is no number"):
            read(path)


@pytest.mark.parametrize("name", ["nll", "penalty", "reg_covar"])
def test_a_fit_lacks_no_number(name: str, tmp_path: Path):
    path = tmp_path / "fit.json"
    path.write_text(json.dumps({**fitted_document(), name: None}), encoding="utf-8")
    for read in (gs.load, gs.GaussianMixture.from_json):
        with pytest.raises(gs.FormatError, match=f"{name}=inf: pass a finite number"):
            read(path)


def fitted_document() -> dict[str, Any]:
    """A fit as files of before digests hold it."""
    return gs.GaussianMixture(2, random_state=0).fit(X).document().to_dict()


def test_a_field_that_stands_twice_is_named(tmp_path: Path):
    """Readers of JSON differ in which of the two they take."""
    path, text = tmp_path / "fit.json", json.dumps(fit_file(mixture_of(bad())))
    for name in ("weights", "means", "format"):
        path.write_text(text[:-1] + f', "{name}": null}}', encoding="utf-8")
        with pytest.raises(gs.FormatError, match=f"has the field '{name}' twice in one object: remove one"):
            gs.diagnose(path, X)
    path.write_text(text, encoding="utf-8")
    assert read_model(path).mixture == mixture_of(bad())


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "weights: 1", "3"])
def test_texts_that_hold_no_model(text: str, tmp_path: Path):
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(gs.FormatError, match=r"model\.json"):
        gs.diagnose(path, X)


class Payload:
    """Leaves a file behind when a pickle of it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


def _pickles() -> list[Any]:
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    plain = [pytest.param({"protocol": p, "compress": 0}, id=f"protocol {p}") for p in protocols]
    compressed = [
        pytest.param({"protocol": 4, "compress": (how, 3)}, id=how)
        for how in ("zlib", "gzip", "bz2", "xz", "lzma")
    ]
    return plain + compressed


@pytest.mark.parametrize("how", _pickles())
def test_pickles_are_refused_and_not_run(how: dict[str, Any], tmp_path: Path):
    path, trace = tmp_path / "model.json", tmp_path / "trace"
    joblib.dump(Payload(trace), path, **how)
    for door in (gs.diagnose, gs.repair):
        for name in (path, str(path)):
            with pytest.raises(gs.FormatError, match=r"model\.json"):
                door(name, X)
    assert not trace.exists()
    joblib.load(path)  # the trap is armed
    assert trace.exists()


@pytest.mark.parametrize("compress", [0, 3])
def test_the_error_for_a_pickle_says_why(compress: int, tmp_path: Path):
    path = tmp_path / "model.joblib"
    joblib.dump(bad(), path, compress=compress)
    with pytest.raises(gs.FormatError, match=r"is a pickle.*can run any code.*`gmmscape fit --json`"):
        gs.diagnose(path, X)


def test_centers_alone_say_nothing_of_rows():
    for told in (row_labels, score_of):
        with pytest.raises(gs.InvalidParameterError, match="pass a mixture: centers alone have no density"):
            told([[-3.0, 0.0], [3.0, 0.0]], X)
