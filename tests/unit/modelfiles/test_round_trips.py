"""What is saved comes back: to the last bit, with all that was known of it."""

from __future__ import annotations

import json
import pickle
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

import gmmscape as gs
from gmmscape.modelfiles.encoding import Encoder
from unit.mixture.cases import COVARIANCES, example
from unit.mixture.test_columns import three


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (80, 2)), rng.normal(7, 1, (80, 2)) * [1.0, 0.3]])
    return pd.DataFrame(X, columns=["größe", "a/b: c"])


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> gs.GaussianMixture:
    start = np.array([[0.1, 0.2], [1.0, 1.0], [1 / 3, 7.0]])
    return gs.GaussianMixture(
        3, means_init=start, random_state=4, max_iter=700, n_jobs=1, covariance_prior=0.3
    ).fit(table)


@pytest.mark.parametrize("kind", list(COVARIANCES))
def test_mixtures_come_back_equal(kind: str, tmp_path: Path):
    for i, mixture in enumerate((example(kind), three(kind, 1).with_names(["x", "y/../z", "ü"]))):
        path = tmp_path / f"{i}.gmm"
        mixture.save(path)
        found = gs.load(path)
        assert type(found) is gs.Mixture
        assert found == mixture
        X = mixture.sample(50, 0)[0]
        np.testing.assert_array_equal(found.log_density(X), mixture.log_density(X))


def test_a_fitted_estimator_comes_back_with_everything(
    model: gs.GaussianMixture, table: pd.DataFrame, tmp_path: Path
):
    path = tmp_path / "fit.gmm"
    model.save(path)
    found = gs.load(str(path))
    assert type(found) is gs.GaussianMixture
    for name in ("predict_proba", "score_samples", "predict"):
        np.testing.assert_array_equal(getattr(found, name)(table), getattr(model, name)(table))
    assert _same(found.get_params(), model.get_params())
    # Every attribute that a fit has is there, and equal.
    ours, theirs = (
        {name: value for name, value in vars(one).items() if not name.startswith("_")}  # rows among those
        for one in (model, found)
    )
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        if name != "solution_":  # in local coordinates, which a file does not hold
            assert _same(theirs[name], value), name
    assert found.document() == model.document()
    assert found.covariance_prior_.rows == 0.3
    np.testing.assert_array_equal(found.means_init, model.means_init)


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in other)
    if isinstance(other, np.ndarray):
        return type(one) is np.ndarray and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(other, float) and isinstance(one, float) and np.isnan(one):
        return bool(np.isnan(other))
    if isinstance(other, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(_same, one, other))
    if type(other).__name__ == "CovariancePrior":
        return _same(vars(one), vars(other))
    return type(one) is type(other) and one == other


def test_the_second_file_is_the_first(model: gs.GaussianMixture, tmp_path: Path):
    model.save(tmp_path / "one.gmm")
    gs.load(tmp_path / "one.gmm").save(tmp_path / "two.gmm")
    assert (tmp_path / "one.gmm").read_bytes() == (tmp_path / "two.gmm").read_bytes()


@pytest.mark.parametrize(
    "state", [np.random.default_rng(3), np.random.RandomState(3), None, 7, np.int64(7)], ids=str
)
def test_random_states_are_kept_as_seeds(state: Any, table: pd.DataFrame, tmp_path: Path):
    model = gs.GaussianMixture(2, random_state=state).fit(table)
    before = pickle.dumps(state)
    model.save(tmp_path / "fit.gmm")
    assert pickle.dumps(state) == before  # saving draws nothing
    same = gs.load(tmp_path / "fit.gmm")
    kept = same.random_state
    assert kept is None if state is None else isinstance(kept, int)
    if isinstance(state, int | np.integer):
        assert kept == state
    twice = [same.fit(table).means_ for _ in range(2)]  # large seeds too, which a Generator leads to
    assert state is None or np.array_equal(*twice)


@pytest.mark.parametrize(
    "options",
    [
        {"background": "box"},
        {"covariance_type": "VEV"},
        {"weights_fixed": [0.5, np.nan], "means_fixed": [[0.0, np.nan], [np.nan, np.nan]]},
        {"escape": False, "covariance_prior": 0.0, "covariance_floor": 1e-3},
    ],
    ids=["background", "family of mclust", "held", "plain"],
)
def test_fits_of_every_kind_come_back(options: dict[str, Any], table: pd.DataFrame, tmp_path: Path):
    model = gs.GaussianMixture(2, random_state=0, **options).fit(table)
    model.save(tmp_path / "fit.gmm")
    found = gs.load(tmp_path / "fit.gmm")
    assert _same(found.predict_proba(table), model.predict_proba(table))
    assert _same(found.score_samples(table), model.score_samples(table))
    for name, value in options.items():
        np.testing.assert_array_equal(getattr(found, name), value)
    assert found.document() == model.document()
    assert found.bic(table) == model.bic(table)


def test_batches_go_on_from_a_file(table: pd.DataFrame, tmp_path: Path):
    model = gs.GaussianMixture(2, random_state=0).partial_fit(table)
    model.save(tmp_path / "fit.gmm")
    found = gs.load(tmp_path / "fit.gmm")
    assert _same(found.predict_proba(table), model.predict_proba(table))
    assert found.n_samples_ == model.n_samples_
    assert _same(found.covariance_prior_, model.covariance_prior_)
    assert found.partial_fit(table).n_samples_ == 2 * len(table)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(dtype: Any, table: pd.DataFrame, tmp_path: Path):
    X = table.to_numpy().astype(dtype)
    model = gs.GaussianMixture(2, rng=np.random.default_rng(1), init_params=_by_first_column).fit(X)
    model.save(tmp_path / "fit.gmm")
    found = gs.load(tmp_path / "fit.gmm")
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        assert _same(getattr(found, name), getattr(model, name)), name
    assert found.means_.dtype == dtype
    assert _same(found.predict_proba(X), model.predict_proba(X))
    assert isinstance(found.rng, int)
    assert found.init_params == "kmeans"  # a function is not written


def _by_first_column(X: Any, n_components: int, random_state: Any) -> Any:
    return np.eye(n_components)[(X[:, 0] > 3.0).astype(int)]


def test_parameters_of_many_kinds_come_back(table: pd.DataFrame, tmp_path: Path):
    model = gs.GaussianMixture(2, random_state=0).fit(table)
    given = {
        "weights_init": [0.25, 0.75],
        "means_init": ((0.0, 1.0), (2.0, 3.0)),
        "precisions_init": np.asfortranarray(np.ones((2, 2, 2), dtype=np.float32)),
        "tol": np.float64(1e-5),
        "max_seconds": float("inf"),
        "verbose": np.bool_(False),
    }
    model.set_params(**given).save(tmp_path / "fit.gmm")
    found = gs.load(tmp_path / "fit.gmm").get_params()
    for name, value in given.items():
        wanted = value.item() if isinstance(value, np.generic) else value
        assert _same(found[name], wanted), name
    model.set_params(means_init=pd.DataFrame({"a": [1, 2], "b": [3, 4]})).save(tmp_path / "fit.gmm")
    np.testing.assert_array_equal(gs.load(tmp_path / "fit.gmm").means_init, [[1, 3], [2, 4]])
    model.set_params(means_init=object())
    with pytest.raises(gs.InvalidParameterError, match="means_init"):
        model.save(tmp_path / "fit.gmm")


def test_numpy_reads_the_arrays_without_pickles(model: gs.GaussianMixture, tmp_path: Path):
    model.save(tmp_path / "fit.gmm")
    with np.load(tmp_path / "fit.gmm", allow_pickle=False) as file:
        for name in ("weights", "means", "covariances"):
            np.testing.assert_array_equal(file[name], getattr(model, f"{name}_"))
        np.testing.assert_array_equal(file["parameters.means_init"], model.means_init)


def test_other_tools_check_the_sums(model: gs.GaussianMixture, tmp_path: Path):
    model.save(tmp_path / "fit.gmm")
    with zipfile.ZipFile(tmp_path / "fit.gmm") as archive:
        archive.extractall(tmp_path / "out")
    done = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "out", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_json_models_are_loaded_too(model: gs.GaussianMixture, table: pd.DataFrame, tmp_path: Path):
    model.to_json(tmp_path / "fit.json")
    np.testing.assert_array_equal(gs.load(tmp_path / "fit.json").predict(table), model.predict(table))
    example("tied").to_json(tmp_path / "mixture.json")
    assert gs.load(tmp_path / "mixture.json") == example("tied")
    model.diagnosis_.to_json(tmp_path / "diagnosis.json")
    with pytest.raises(gs.FormatError, match=r"results\.read"):
        gs.load(tmp_path / "diagnosis.json")


def test_models_are_judged_from_their_file(model: gs.GaussianMixture, table: pd.DataFrame, tmp_path: Path):
    model.save(tmp_path / "fit.gmm")
    X = table.to_numpy()
    found = gs.diagnose(tmp_path / "fit.gmm", X, rng=0)
    assert found.verdict == gs.diagnose(model, table, rng=0).verdict
    repaired = gs.repair(str(tmp_path / "fit.gmm"), X, rng=0)
    assert isinstance(repaired.model, gs.Mixture)  # as for every file
    example("diag").save(tmp_path / "mixture.gmm")
    rows = example("diag").sample(200, 0)[0]
    assert gs.diagnose(tmp_path / "mixture.gmm", rows, rng=0).verdict
    with pytest.raises(gs.InvalidParameterError, match="leave out"):
        gs.diagnose(tmp_path / "mixture.gmm", rows, covariance_type="full")


def test_pickles_of_an_estimator_still_work(model: gs.GaussianMixture, table: pd.DataFrame, tmp_path: Path):
    joblib.dump(model, tmp_path / "fit.joblib")
    for twin in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "fit.joblib")):
        np.testing.assert_array_equal(twin.predict_proba(table), model.predict_proba(table))
        assert twin.mixture_ == model.mixture_


# Files that are there


def test_what_is_no_model_is_not_written_over(tmp_path: Path):
    rows = tmp_path / "rows.csv"
    rows.write_text("1,2\n")
    with pytest.raises(gs.InvalidParameterError, match="force=True"):
        example("full").save(rows)
    assert rows.read_text() == "1,2\n"
    example("full").save(rows, force=True)
    example("diag").save(rows)  # now it is a model
    assert gs.load(rows) == example("diag")
    (tmp_path / "empty").touch()
    example("full").save(tmp_path / "empty")
    with pytest.raises(gs.InvalidParameterError, match="path"):
        example("full").save(tmp_path)


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "model.gmm"
    example("full").save(path)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "replace", _full)
    with pytest.raises(OSError, match="full"):
        example("diag").save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def _full(*args: object) -> None:
    raise OSError(28, "disk full")


def test_only_fitted_models_are_saved(table: pd.DataFrame, tmp_path: Path):
    with pytest.raises(gs.NotFittedError, match="fit"):
        gs.GaussianMixture(2).save(tmp_path / "fit.gmm")
    model = gs.GaussianMixture(1).fit(table)
    model.means_ = model.means_ + 1.0
    with pytest.raises(gs.InvalidParameterError, match="changed after the fit"):
        model.save(tmp_path / "fit.gmm")
    assert not list(tmp_path.iterdir())


#: As versions of gmmscape wrote them, with the means that they hold and what they say of two rows.
KEPT = Path(__file__).parent / "kept"


def test_files_of_earlier_days_are_read_to_the_bit():
    """The one format that there is so far: a file of each later one belongs beside it."""
    found = gs.load(KEPT / "version_1.gmm")
    assert isinstance(found, gs.GaussianMixture)
    said = json.loads((KEPT / "version_1.json").read_text())
    for name in ("weights_", "means_", "covariances_"):
        assert getattr(found, name).tolist() == said[name]
    rows = np.array(said["rows"])
    assert found.predict(rows).tolist() == said["labels"]
    np.testing.assert_allclose(found.score_samples(rows), said["log_density"], rtol=1e-13)


def test_names_of_files_may_be_any(tmp_path: Path):
    mixture = gs.Mixture.location([[0.0, 1.0], [3.0, 4.0]], 1.0)
    for name in ("of my rows.gmm", "\u00fc \u6e29\u5ea6.gmm", "-", "--force.gmm"):
        mixture.save(tmp_path / name)
        assert gs.load(tmp_path / name) == mixture
    (tmp_path / "link.gmm").symlink_to(tmp_path / "-")
    assert gs.load(tmp_path / "link.gmm") == mixture
    assert len(list(tmp_path.iterdir())) == 5


def test_names_that_a_file_writes_alike_stay_apart():
    encoder = Encoder()
    told = encoder.value("options", {"a/b": np.zeros(2), "a:b": np.ones(2)})
    first, second = (one["gmmscape-array"] for one in told.values())
    assert first != second
    np.testing.assert_array_equal(encoder.arrays[first], np.zeros(2))
    np.testing.assert_array_equal(encoder.arrays[second], np.ones(2))
