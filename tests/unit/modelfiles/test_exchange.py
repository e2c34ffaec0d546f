"""Models of other programs and for other programs: scikit-learn, mclust, ONNX, skops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture as Theirs

import gmmscape as gs
from gmmscape.families.mclust_variance import named_for_mclust
from unit.mixture.cases import COVARIANCES, example
from unit.mixture.test_columns import three

KINDS = list(COVARIANCES)
#: mclust's models and the kind that each is.
MODELS = {
    "spherical": ["EII", "VII"],
    "diag": ["EEI", "VEI", "EVI", "VVI"],
    "tied": ["EEE"],
    "full": ["EVE", "VEE", "VVE", "EEV", "VEV", "EVV", "VVV"],
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    X, _ = three("full", 1).sample(200, 0)
    return pd.DataFrame(X, columns=["a", "b", "c"])


# scikit-learn


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_goes_to_scikit_learn_and_back(kind: str, table: pd.DataFrame):
    ours = gs.GaussianMixture(2, covariance_type=kind, random_state=0).fit(table)
    theirs = ours.to_sklearn()
    assert type(theirs) is Theirs
    np.testing.assert_array_equal(theirs.predict(table), ours.predict(table))
    np.testing.assert_allclose(theirs.predict_proba(table), ours.predict_proba(table), atol=1e-9)
    np.testing.assert_allclose(theirs.score_samples(table), ours.score_samples(table), rtol=1e-9)
    assert theirs.bic(table) == pytest.approx(ours.bic(table))
    assert (theirs.n_iter_, theirs.converged_) == (ours.n_iter_, ours.converged_)
    assert theirs.random_state == 0
    theirs.sample(3)
    back = gs.GaussianMixture.from_sklearn(theirs)
    np.testing.assert_array_equal(back.predict_proba(table), ours.predict_proba(table))
    assert back.mixture_ == ours.mixture_


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_of_scikit_learn_comes_here(kind: str, table: pd.DataFrame, tmp_path: Path):
    theirs = Theirs(2, covariance_type=kind, random_state=0, max_iter=77).fit(table)
    before = theirs.means_.copy()
    ours = gs.GaussianMixture.from_sklearn(theirs)
    np.testing.assert_array_equal(ours.predict(table), theirs.predict(table))
    np.testing.assert_allclose(ours.score_samples(table), theirs.score_samples(table), rtol=1e-9)
    assert (ours.max_iter, ours.n_iter_, ours.covariance_prior) == (77, theirs.n_iter_, 0.0)
    assert list(ours.feature_names_in_) == ["a", "b", "c"]
    assert gs.diagnose(ours, table, rng=0).verdict == gs.diagnose(theirs, table, rng=0).verdict
    # It can be saved, but has no document of a fit.
    ours.save(tmp_path / "fit.gmm")
    found = gs.load(tmp_path / "fit.gmm")
    np.testing.assert_array_equal(found.predict_proba(table), ours.predict_proba(table))
    assert found.n_iter_ == theirs.n_iter_
    with pytest.raises(gs.InvalidParameterError, match="has no verdict"):
        ours.document()
    ours.means_[0] += 1.0
    np.testing.assert_array_equal(theirs.means_, before)
    assert found.set_params(warm_start=True).fit(table).converged_


def test_a_mixture_goes_to_scikit_learn(tmp_path: Path):
    for kind in KINDS:
        mixture = example(kind)
        X, theirs = mixture.sample(40, 0)[0], mixture.to_sklearn()
        np.testing.assert_allclose(theirs.score_samples(X), mixture.log_density(X), rtol=1e-10)
        back = gs.GaussianMixture.from_sklearn(theirs)
        assert back.mixture_ == mixture
        back.save(tmp_path / "fit.gmm")
        assert gs.load(tmp_path / "fit.gmm").mixture_ == mixture


def test_other_estimators_are_refused(table: pd.DataFrame):
    with pytest.raises(gs.NotFittedError):
        gs.GaussianMixture.from_sklearn(Theirs(2))
    with pytest.raises(gs.InvalidParameterError, match="fitted GaussianMixture"):
        gs.GaussianMixture.from_sklearn(KMeans(2, n_init=1, random_state=0).fit(table))
    with pytest.raises(gs.NotFittedError):
        gs.GaussianMixture(2).to_sklearn()


# mclust


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d", [1, 2])
def test_mclust_has_components_last_and_back(kind: str, d: int):
    mixture = example(kind).marginal(list(range(d)))
    found = mixture.to_mclust()
    parameters, full = found["parameters"], mixture.full_covariances()
    np.testing.assert_array_equal(parameters["pro"], mixture.weights)
    if d == 2:
        assert found["modelName"] == {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}[kind]
        assert parameters["mean"].shape == (2, 3)
        for i in range(3):
            np.testing.assert_array_equal(parameters["mean"][:, i], mixture.means[i])
            np.testing.assert_array_equal(parameters["variance"]["sigma"][:, :, i], full[i])
    else:
        np.testing.assert_array_equal(parameters["mean"], mixture.means[:, 0])
        sigmasq = np.broadcast_to(parameters["variance"]["sigmasq"], 3)
        np.testing.assert_array_equal(sigmasq, full[:, 0, 0])
    back = gs.from_mclust(found)
    X = mixture.sample(30, 0)[0]
    np.testing.assert_allclose(back.log_density(X), mixture.log_density(X), rtol=1e-12)
    if d == 2:
        assert back == mixture
    again = gs.from_mclust(json.loads(json.dumps(found, default=lambda array: array.tolist())))
    assert again == back


SHARING = ["EII", "EEI", "VEI", "EVI", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV"]


@pytest.mark.parametrize("family", [*SHARING, "VVV", "EEE", "VVI", "VII"])
def test_fits_keep_the_name_of_their_family(family: str):
    """R's functions use the name and its parts: covariances made of them are those of the fit."""
    rng = np.random.default_rng(4)
    X = np.vstack([rng.normal(size=(80, 3)) @ rng.normal(size=(3, 3)) + c for c in ([0, 0, 0], [9, 0, 3])])
    model = gs.GaussianMixture(2, covariance_type=family, random_state=0).fit(X)
    found = model.to_mclust()
    variance = found["parameters"]["variance"]
    assert found["modelName"] == variance["modelName"] == family
    if family in SHARING:
        volume, shape, orientation = family
        assert np.shape(variance["scale"]) == (() if volume == "E" else (2,))
        assert ("shape" in variance) == (shape != "I")
        assert ("orientation" in variance) == (orientation != "I")
        for i in range(2):
            size = np.broadcast_to(variance["scale"], 2)[i]
            along = (
                np.ones(3) if shape == "I" else np.asarray(variance["shape"]).T[i if shape == "V" else ...]
            )
            axes = np.eye(3) if orientation == "I" else variance["orientation"]
            axes = axes[..., i] if orientation == "V" else axes
            np.testing.assert_allclose((size * axes * along) @ axes.T, variance["sigma"][..., i], atol=1e-9)
            assert np.prod(along) == pytest.approx(1.0)
    back = gs.from_mclust(json.loads(json.dumps(found, default=lambda array: array.tolist())))
    np.testing.assert_allclose(back.log_density(X), model.score_samples(X), atol=1e-12)


def test_parts_are_those_that_mclust_has():
    """Of mclust's own EEV fit of its diabetes data with two components, four decimals each."""
    sigma = np.empty((3, 3, 2))
    sigma[..., 0] = [
        [209.9149, 808.8128, 769.2357],
        [808.8128, 10228.2258, 9864.4111],
        [769.2357, 9864.4111, 25105.3706],
    ]
    sigma[..., 1] = [
        [1951.8033, 7050.8738, -691.6897],
        [7050.8738, 27756.1517, -3419.9118],
        [-691.6897, -3419.9118, 5835.5563],
    ]
    given = {"modelName": "VVV", "d": 3, "G": 2, "parameters": {"variance": {"sigma": sigma}}}
    found = named_for_mclust(given, "EEV")["parameters"]["variance"]
    assert found["scale"] == pytest.approx(2855.1778, rel=1e-4)
    assert found["shape"] == pytest.approx([10.5277, 1.8703, 0.0508], abs=1e-3)
    first = [[0.0351, -0.0734, -0.9967], [0.4463, -0.8912, 0.0814], [0.8942, 0.4476, -0.0014]]
    np.testing.assert_allclose(np.abs(found["orientation"][..., 0]), np.abs(first), atol=1e-3)


def test_roots_and_shapes_are_those_that_mclust_looks_for():
    variance = example("full").to_mclust()["parameters"]["variance"]
    for i, matrix in enumerate(example("full").covariances):
        root = variance["cholsigma"][:, :, i]
        assert np.array_equal(root, np.triu(root))
        np.testing.assert_allclose(root.T @ root, matrix)
    variance = example("diag").to_mclust()["parameters"]["variance"]
    np.testing.assert_allclose(variance["scale"] * variance["shape"], example("diag").covariances.T)
    np.testing.assert_allclose(variance["shape"].prod(axis=0), 1.0)
    variance = example("tied").to_mclust()["parameters"]["variance"]
    np.testing.assert_allclose(variance["cholSigma"].T @ variance["cholSigma"], variance["Sigma"])


@pytest.mark.parametrize(("kind", "model"), [(kind, name) for kind in MODELS for name in MODELS[kind]])
def test_every_model_of_mclust_is_read(kind: str, model: str):
    mixture = example(kind)
    sigma = np.moveaxis(mixture.full_covariances(), 0, -1)
    names = ["length", "width"]
    found = gs.from_mclust(mixture.weights, mixture.means.T, sigma, model, feature_names=names)
    assert found == mixture.with_names(names)
    listed = {"modelName": [model], "d": [2], "G": [3], "sigma": sigma.tolist()}  # as jsonlite writes it
    fit = {"parameters": {"pro": list(mixture.weights), "mean": mixture.means.T.tolist(), "variance": listed}}
    assert gs.from_mclust(fit) == mixture


def test_a_file_of_jsonlite_is_read_and_judged(tmp_path: Path):
    """An Mclust object as R writes it, with fifteen digits and what else is in it."""
    text = """{"call":"Mclust","modelName":["VVI"],"n":[100],"d":[2],"G":[2],"BIC":[[-1.5]],
    "parameters":{"pro":[0.333333333333333,0.666666666666667],"mean":[[0.1,4.2],[1.5,-2]],
    "variance":{"modelName":["VVI"],"d":[2],"G":[2],
    "sigma":[[[1.5,0.5],[0,0]],[[0,0],[2.5,0.25]]],"scale":[1.9,0.35],"shape":[[0.8,1.4],[1.3,0.7]]}}}"""
    (tmp_path / "fit.json").write_text(text)
    found = gs.from_mclust(tmp_path / "fit.json")
    assert found.covariance_type == "diag"
    np.testing.assert_array_equal(found.means, [[0.1, 1.5], [4.2, -2.0]])
    np.testing.assert_array_equal(found.covariances, [[1.5, 2.5], [0.5, 0.25]])
    assert gs.diagnose(found, found.sample(100, 0)[0], covariance_type="diag", rng=0).verdict
    (tmp_path / "list.json").write_text("[1, 2]")
    with pytest.raises(gs.FormatError, match="holds no Mclust object"):
        gs.from_mclust(tmp_path / "list.json")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"pro": [0.4, 0.4, 0.2]}, gs.InvalidParameterError, "has Vinv too"),
        ({"mean": np.ones((2, 3))}, gs.InvalidParameterError, "means are columns"),
        ({"variance": np.ones((2, 2, 3))}, gs.InvalidParameterError, "component last"),
        (
            {"variance": np.stack([np.eye(2) + 0.5] * 2, -1), "modelName": "VVI"},
            gs.InvalidParameterError,
            "of that model",
        ),
        ({"modelName": "VVX"}, gs.InvalidParameterError, "choose one of"),
        ({"variance": None}, gs.InvalidParameterError, "all three"),
        ({"variance": {"modelName": "VVV"}}, gs.FormatError, "neither sigma"),
        ({"pro": {"means": 1}, "mean": None}, gs.FormatError, "no fit of mclust"),
    ],
)
def test_what_mclust_would_not_have(given: dict[str, Any], error: type[Exception], message: str):
    right = {"pro": [0.5, 0.5], "mean": np.eye(2), "variance": np.stack([np.eye(2)] * 2, -1)}
    gs.from_mclust(**right)
    with pytest.raises(error, match=message):
        gs.from_mclust(**{**right, **given})


def test_one_matrix_is_that_of_all_components():
    given = {"pro": [0.5, 0.5], "mean": np.eye(2)}
    each = gs.from_mclust(**given, variance=np.stack([[[2.0, 0.5], [0.5, 1.0]]] * 2, -1))
    assert gs.from_mclust(**given, variance=[[2.0, 0.5], [0.5, 1.0]]) == each


def test_noise_is_a_background(tmp_path: Path):
    given = {"pro": [0.3, 0.5, 0.2], "mean": np.eye(2), "variance": np.stack([np.eye(2)] * 2, -1)}
    found = gs.from_mclust(**given, Vinv=0.01)
    assert found.background is not None
    assert (found.background.volume, found.background_weight) == (pytest.approx(100.0), 0.2)
    assert found.weights.tolist() == [0.3, 0.5]
    density = 0.3 * np.exp(-0.5) / (2 * np.pi) + 0.5 * np.exp(-0.5) / (2 * np.pi) + 0.002
    assert np.exp(found.log_density([[0.0, 0.0]])[0]) == pytest.approx(density)
    assert gs.from_mclust(found.to_mclust()) == found
    listed = {name: np.asarray(value).tolist() for name, value in given.items() if name != "variance"}
    variance = {"modelName": ["VVV"], "sigma": np.asarray(given["variance"]).tolist()}
    again = gs.from_mclust({"parameters": {**listed, "variance": variance, "Vinv": [0.01]}})
    assert again == found
    found.save(tmp_path / "noise.gmm")
    assert gs.load(tmp_path / "noise.gmm") == found
    for refused in (found.to_sklearn, lambda: found.condition({0: 1.0}), lambda: found.regress([[1.0]], 1)):
        with pytest.raises(gs.NotAvailableError, match="background"):
            refused()
    with pytest.raises(gs.NotAvailableError, match="background"):
        found.transformed(np.eye(2))
    with pytest.raises(gs.InvalidParameterError, match="beside"):
        gs.divergence(found, found)


# Tools that know scikit-learn


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_predicts_the_same(kind: str):
    skl2onnx, runtime = pytest.importorskip("skl2onnx"), pytest.importorskip("onnxruntime")
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 60)).reshape(-1, 2)
    model = gs.GaussianMixture(2, covariance_type=kind, random_state=0).fit(X)
    program = skl2onnx.to_onnx(model.to_sklearn(), X[:1], target_opset=15)
    session = runtime.InferenceSession(program.SerializeToString(), providers=["CPUExecutionProvider"])
    labels, probabilities = session.run(None, {session.get_inputs()[0].name: X})[:2]
    np.testing.assert_array_equal(labels.ravel(), model.predict(X))
    np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=1e-6)


def test_skops_needs_trust_in_a_few_classes_of_ours(table: pd.DataFrame):
    skops = pytest.importorskip("skops.io")
    model = gs.GaussianMixture(2, random_state=0).fit(table)
    data = skops.dumps(model)
    unknown = skops.get_untrusted_types(data=data)
    assert 0 < len(unknown) <= 10
    assert all(name.startswith("gmmscape.") for name in unknown)
    with pytest.raises(Exception, match="gmmscape"):
        skops.loads(data)
    found = skops.loads(data, trusted=unknown)
    np.testing.assert_array_equal(found.predict_proba(table), model.predict_proba(table))
    assert found.diagnosis_ == model.diagnosis_
