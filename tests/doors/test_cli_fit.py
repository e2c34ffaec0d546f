"""gmmscape fit, diagnose and repair from outside: what they print, write, refuse, and how they end."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from functools import cache

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

import gmmscape as gs
from doors.commandline import failed, gmmscape, inside, interrupted, needs_terminal, on_terminal

CENTERS = np.array([[0.0, 0.0], [12.0, 3.0], [3.0, 14.0], [30.0, 33.0]])
ROWS = 60  # of each cluster
X = np.repeat(CENTERS, ROWS, axis=0) + np.random.default_rng(3).normal(size=(4 * ROWS, 2))
#: Number of free parameters beyond 4 weights and 4 means in the plane, and shape of the covariances.
KINDS = {"full": (12, (4, 2, 2)), "tied": (3, (2, 2)), "diag": (8, (4, 2)), "spherical": (4, (4,))}
FIELDS = {
    *("format", "format_version", "gmmscape_version", "seed", "init_params"),
    *("n_samples", "n_features", "feature_names", "n_components", "covariance_type"),
    *("reg_covar", "covariance_floor", "floor_active", "log_likelihood", "nll", "bic", "aic"),
    *("converged", "n_iter", "stop_reason", "gradient_norm", "verdict", "polish_gain", "escape_gain"),
    *("components", "moves", "alternatives", "warnings", "weights", "means", "covariances"),
}


def write_table(path, values, header="x,y", delimiter=","):
    """Write numbers so that they are read back bit for bit; no header if that is None."""
    lines = [] if header is None else [header]
    lines += [delimiter.join(repr(float(value)) for value in row) for row in values]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fits")


@pytest.fixture(scope="module")
def clusters(folder):
    """Four clusters far from each other."""
    return write_table(folder / "clusters.csv", X)


@pytest.fixture(scope="module")
def many(folder):
    """So many rows that the search takes seconds, in clusters that EM finds at once."""
    rows = np.repeat(CENTERS, 50_000, axis=0) + np.random.default_rng(1).normal(size=(200_000, 2))
    return write_table(folder / "many.csv", rows)


@pytest.fixture(scope="module")
def one_cluster(folder):
    """Rows in which four components overlap so much that EM takes long."""
    return write_table(folder / "one.csv", np.random.default_rng(1).normal(size=(3000, 2)))


def content_of(path):
    return json.loads(path.read_text())


def fitted(file, out, *options, code=0):
    """Fit in this process; return what the JSON file holds."""
    result = inside("fit", file, "--json", out, *options)
    assert result.returncode == code, result.stderr
    assert result.stderr == ""
    return content_of(out)


both = pytest.mark.parametrize("command", ["diagnose", "repair"])


def judged(command, model, file, out, *options):
    """Diagnose or repair in this process, writing to a file."""
    return inside(command, model, file, {"diagnose": "--json", "repair": "--model"}[command], out, *options)


@pytest.fixture(scope="module")
def good(clusters, folder):
    """File of a good fit."""
    fitted(clusters, folder / "good.json", "-k", 4)
    return folder / "good.json"


@cache
def best(kind="full"):
    """Log-likelihood of the four clusters where scikit-learn's EM ends that starts at the truth."""
    model = GaussianMixture(4, covariance_type=kind, means_init=CENTERS, reg_covar=0, tol=1e-12, max_iter=999)
    return model.fit(X).score(X) * len(X)


@pytest.fixture(scope="module")
def stuck(clusters, folder):
    """File of a fit that plain EM has converged to far below the best one, and the options that led there."""
    out = folder / "stuck.json"
    for seed in range(30):
        options = ["-k", 4, "--init-params", "random_from_data", "--seed", seed]
        content = fitted(clusters, out, *options, "--no-escape")
        if content["log_likelihood"] < best() - 100:
            assert content["converged"] is True
            assert content["gradient_norm"] <= 1e-6
            return out, options
    pytest.fail("plain EM never got stuck")


def as_sklearn(content):
    """scikit-learn's mixture with the parameters of a JSON file."""
    model = GaussianMixture(content["n_components"], covariance_type=content["covariance_type"])
    model.weights_, model.means_ = np.array(content["weights"]), np.array(content["means"])
    model.covariances_ = np.array(content["covariances"])
    if content["covariance_type"] in ("diag", "spherical"):
        model.precisions_cholesky_ = 1 / np.sqrt(model.covariances_)
    else:
        roots = np.linalg.cholesky(model.covariances_)
        model.precisions_cholesky_ = np.swapaxes(np.linalg.inv(roots), -1, -2)
    return model


# fit


def test_the_main_job(clusters, tmp_path):
    result = gmmscape("fit", clusters, "-k", 4, "--json", tmp_path / "fit.json")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.startswith(
        "fit: 4 components, full covariances, 240 rows of 2 columns (x, y)\nlog-likelihood -"
    )
    assert "\n\nverdict on this fit: no better fit found\n" in result.stdout
    content = content_of(tmp_path / "fit.json")
    assert set(content) >= FIELDS
    assert (content["format"], content["format_version"]) == ("gmmscape-fit", 1)
    assert content["gmmscape_version"] == gs.__version__
    assert (content["seed"], content["init_params"]) == (0, "k-means++")
    assert (content["n_samples"], content["n_features"], content["n_components"]) == (240, 2, 4)
    assert content["feature_names"] == ["x", "y"]
    assert (content["reg_covar"], content["covariance_floor"]) == (0.0, 1e-6)
    assert content["floor_active"] is False
    assert content["converged"] is True
    assert content["stop_reason"] == "converged"
    assert content["n_iter"] > 0
    assert 0 <= content["gradient_norm"] <= 1e-6
    assert content["verdict"] == "no better fit found"
    assert (content["polish_gain"], content["escape_gain"]) == (0.0, 0.0)
    assert (content["moves"], content["alternatives"], content["warnings"]) == ([], [], [])
    assert [component["kind"] for component in content["components"]] == ["exact"] * 4
    assert [component["weight"] for component in content["components"]] == content["weights"]


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_of_scikit_learn(kind, clusters, tmp_path):
    content = fitted(clusters, tmp_path / "fit.json", "-k", 4, "--covariance", kind)
    extra, shape = KINDS[kind]
    model = as_sklearn(content)
    assert content["covariance_type"] == kind
    assert model.covariances_.shape == shape
    assert model.means_.shape == (4, 2)
    assert sum(content["weights"]) == pytest.approx(1, abs=1e-15)
    assert content["nll"] == pytest.approx(-model.score(X), rel=1e-12)
    assert content["log_likelihood"] == pytest.approx(model.score(X) * 240, rel=1e-12)
    assert content["bic"] == pytest.approx(model.bic(X), rel=1e-12)
    assert content["aic"] == pytest.approx(model.aic(X), rel=1e-12)
    free = 3 + 8 + extra
    assert content["bic"] == pytest.approx(-2 * content["log_likelihood"] + free * np.log(240), rel=1e-14)
    # The parameters are within about 1e-6 of the optimum, where the likelihood has no slope.
    assert content["log_likelihood"] == pytest.approx(best(kind), rel=1e-9)


def test_the_same_seed_gives_the_same_file(clusters, tmp_path):
    """In another process too; another seed takes EM elsewhere."""
    options = ["-k", 4, "--init-params", "random_from_data", "--no-escape", "--seed"]
    first = fitted(clusters, tmp_path / "first.json", *options, 5)
    result = gmmscape("fit", clusters, *options, 5, "--json", tmp_path / "second.json")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "second.json").read_bytes() == (tmp_path / "first.json").read_bytes()
    assert fitted(clusters, tmp_path / "third.json", *options, 6)["means"] != first["means"]


def test_quiet_prints_nothing(clusters, tmp_path):
    model = tmp_path / "fit.json"
    commands = [
        ["fit", clusters, "-k", 1, "--json", model],
        ["diagnose", model, clusters, "--json", tmp_path / "diagnosis.json"],
        ["repair", model, clusters, "--model", tmp_path / "repaired.json"],
    ]
    for command in commands:
        assert inside(*command).stdout != ""
        command[-1].unlink()
        result = inside(*command, "--quiet")
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert command[-1].exists()


def test_iterations_that_run_out_exit_1(clusters, tmp_path):
    options = ["-k", 4, "--init-params", "random_from_data", "--no-escape", "--max-iter", 1]
    result = gmmscape("fit", clusters, *options, "--json", tmp_path / "fit.json")
    assert (result.returncode, result.stderr) == (1, "")
    assert "\nmax_iter after 1 iterations\n" in result.stdout
    content = content_of(tmp_path / "fit.json")
    assert (content["converged"], content["stop_reason"], content["n_iter"]) == (False, "max_iter", 1)
    assert content["gradient_norm"] > 1e-6
    assert content["verdict"] == "cannot tell"
    assert isinstance(content["bic"], float)


def test_degenerate_fits_exit_1_and_have_no_bic(tmp_path):
    """One of the two clusters is one point."""
    rows = np.vstack([np.random.default_rng(0).normal(size=(60, 2)), np.full((20, 2), 30.0)])
    file, model, out = write_table(tmp_path / "data.csv", rows), tmp_path / "fit.json", tmp_path / "out.json"
    content = fitted(file, model, "-k", 2, code=1)
    assert (content["bic"], content["aic"]) == (None, None)
    assert content["floor_active"] is True
    assert content["verdict"] == "cannot tell"
    assert sorted(component["kind"] for component in content["components"]) == ["collapsed", "exact"]
    assert "floor" in content["warnings"][0]
    assert "bic none" in inside("fit", file, "-k", 2).stdout
    assert inside("diagnose", model, file, "--json", out).returncode == 0
    assert content_of(out)["input_state"] == "degenerate"
    assert inside("repair", model, file, "--model", out).returncode == 1
    assert content_of(out)["bic"] is None


def test_rows_all_alike_need_a_floor(tmp_path):
    file = write_table(tmp_path / "data.csv", np.ones((4, 2)))
    failed(inside("fit", file, "-k", 1), 3, "rows equal")
    content = fitted(file, tmp_path / "fit.json", "-k", 2, "--reg-covar", 1, code=1)
    assert content["bic"] is None
    assert content["means"] == [[1.0, 1.0]] * 2


def test_floors_hold_covariances_up(clusters, tmp_path):
    """The clusters have variance 1; floors of the model hold for its repair, unless others are given."""
    model, out = tmp_path / "fit.json", tmp_path / "out.json"
    content = fitted(clusters, model, "-k", 4, "--reg-covar", 4, code=1)
    assert content["reg_covar"] == 4.0
    assert content["floor_active"] is True
    assert content["covariances"] == pytest.approx(np.tile(4 * np.eye(2), (4, 1, 1)), rel=1e-12, abs=1e-12)
    assert inside("repair", model, clusters, "--model", out).returncode == 1
    assert content_of(out)["reg_covar"] == 4.0
    assert content_of(out)["covariances"] == pytest.approx(np.array(content["covariances"]), abs=1e-12)
    assert inside("repair", model, clusters, "--model", out, "--reg-covar", 0).returncode == 0
    assert content_of(out)["reg_covar"] == 0.0
    assert content_of(out)["log_likelihood"] == pytest.approx(best(), rel=1e-9)

    content = fitted(clusters, model, "-k", 4, "--covariance-floor", 0.1, code=1)
    assert content["covariance_floor"] == 0.1
    floors = 0.1 * X.var(axis=0)
    assert content["covariances"] == pytest.approx(np.tile(np.diag(floors), (4, 1, 1)), rel=1e-12, abs=1e-9)
    assert inside("repair", model, clusters, "--model", out, "--covariance-floor", 0).returncode == 0
    assert content_of(out)["covariance_floor"] == 0.0
    assert content_of(out)["log_likelihood"] == pytest.approx(best(), rel=1e-9)


# fit --no-escape, diagnose, repair, diagnose


def test_stuck_fits_are_diagnosed(clusters, stuck, tmp_path):
    model, _ = stuck
    content = content_of(model)
    assert content["verdict"] == "cannot tell"
    result = inside("diagnose", model, clusters, "--json", tmp_path / "diagnosis.json")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("verdict: bad optimum\n")
    found = content_of(tmp_path / "diagnosis.json")
    assert found["verdict"] == "bad optimum"
    assert found["input_state"] == "converged"
    assert found["value_before"] == pytest.approx(content["nll"], rel=1e-12)
    assert found["value_after"] == pytest.approx(-best() / 240, rel=1e-9)
    assert found["gain_total"] == pytest.approx(best() - content["log_likelihood"], rel=1e-6)
    assert {"one-fits-many", "many-fit-one"} <= {component["kind"] for component in found["components"]}
    assert {move["outcome"] for move in found["moves"]} == {"taken"}


def test_stuck_fits_are_repaired(clusters, stuck, tmp_path):
    model, _ = stuck
    before, out = model.read_bytes(), tmp_path / "repaired.json"
    result = inside("repair", model, clusters, "--model", out, "--seed", 3)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("verdict: bad optimum\n")
    assert "\n\nfit: 4 components, full covariances, 240 rows" in result.stdout
    assert model.read_bytes() == before
    content = content_of(out)
    assert set(content) >= FIELDS
    assert (content["seed"], content["init_params"]) == (3, None)
    assert content["log_likelihood"] == pytest.approx(as_sklearn(content).score(X) * 240, rel=1e-12)
    assert content["log_likelihood"] == pytest.approx(best(), rel=1e-9)
    assert content["log_likelihood"] > content_of(model)["log_likelihood"] + 100
    assert content["verdict"] == "no better fit found"
    assert content["escape_gain"] > 0
    again = inside("diagnose", out, clusters)
    assert again.returncode == 0
    assert again.stdout.startswith("verdict: no better fit found\n")


def test_a_repair_may_overwrite_its_input(clusters, stuck, tmp_path):
    model = tmp_path / "model.json"
    model.write_bytes(stuck[0].read_bytes())
    assert inside("repair", model, clusters, "--model", model).returncode == 0
    assert content_of(model)["log_likelihood"] == pytest.approx(best(), rel=1e-9)


def test_fit_escapes_by_itself(clusters, stuck, tmp_path):
    """From the start that plain EM gets stuck from."""
    model, options = stuck
    result = inside("fit", clusters, *options, "--json", tmp_path / "fit.json")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("EM alone\nverdict: bad optimum\n")
    content = content_of(tmp_path / "fit.json")
    assert content["log_likelihood"] == pytest.approx(best(), rel=1e-9)
    assert content["verdict"] == "no better fit found"
    gain = best() - content_of(model)["log_likelihood"]
    assert 240 * (content["polish_gain"] + content["escape_gain"]) == pytest.approx(gain, rel=1e-6)
    assert content["moves"]


def test_a_time_budget_is_kept(one_cluster, tmp_path):
    """Unbounded, these searches take many times as long."""
    model, out = tmp_path / "fit.json", tmp_path / "out.json"
    fitted(one_cluster, model, "-k", 4, "--tol", 0.1, "--no-escape")
    result = inside("diagnose", model, one_cluster, "--max-seconds", 0.2, "--json", out)
    assert (result.returncode, result.stderr) == (0, "")
    assert content_of(out)["ended"] == "time_limit"
    result = inside("repair", model, one_cluster, "--max-seconds", 0.2, "--model", out)
    assert (result.returncode, result.stderr) == (1, "")  # polishing had not come to an end
    assert content_of(out)["stop_reason"] == "time_limit"


@pytest.fixture(scope="module")
def few(folder):
    """So few rows of one cluster that what the search finds depends on its seed; and a fit to them."""
    file = write_table(folder / "few.csv", np.random.default_rng(1).normal(size=(40, 2)))
    fitted(file, folder / "few.json", "-k", 2, "--covariance", "spherical", "--tol", 0.1, "--no-escape")
    return folder / "few.json", file


@both
def test_the_seed_decides(command, few, tmp_path):
    """The same file from the same seed, another search from another one."""
    model, file = few
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    searches = set()
    for seed in range(4):
        for out in (first, second):
            assert judged(command, model, file, out, "--seed", seed).returncode == 0
        assert first.read_bytes() == second.read_bytes()
        content = content_of(first)
        searches.add(json.dumps([content["moves"], content["alternatives"]]))
    assert len(searches) > 1


def test_nested_components_are_offered_or_taken(tmp_path):
    """A core in a halo, and two clusters that a better density gives one component."""
    rng = np.random.default_rng(1)
    parts = [(0, 1, 100), (0, 6, 100), (40, 1, 60), (44, 1, 60)]
    rows = np.vstack([[place, 0] + spread * rng.normal(size=(n, 2)) for place, spread, n in parts])
    file, model = write_table(tmp_path / "data.csv", rows), tmp_path / "mixture.json"
    covariances = [variance * np.eye(2) for variance in (18.5, 1, 1)]
    mixture = gs.Mixture([200 / 320, 60 / 320, 60 / 320], [[0, 0], [40, 0], [44, 0]], covariances, "full")
    model.write_text(json.dumps(mixture.to_dict()))
    out = tmp_path / "out.json"
    assert judged("repair", model, file, out).returncode == 0
    offered = content_of(out)
    assert "nested" in {move["outcome"] for move in offered["alternatives"]}
    assert offered["moves"] == []
    assert judged("repair", model, file, out, "--nested", "take").returncode == 0
    assert content_of(out)["log_likelihood"] > offered["log_likelihood"] + 1


def test_options_reach_the_fit(clusters, stuck, tmp_path):
    options = [*stuck[1], "--no-escape"]
    more = fitted(clusters, tmp_path / "more.json", *options, "--n-init", 6)
    assert more["log_likelihood"] > content_of(stuck[0])["log_likelihood"] + 1
    early = fitted(clusters, tmp_path / "early.json", *options, "--tol", 0.5)
    assert early["converged"] is True
    assert 1e-6 < early["gradient_norm"] <= 0.5


# what is refused


@pytest.mark.parametrize(
    ("text", "k", "words"),
    [
        (None, 2, ["No such file"]),
        ("x,kind\n1,2\n3,red\n", 2, ["line 3", "column kind", "'red'"]),
        ("x,y\n1,2\n3\n4,5\n", 2, ["line 3", "1 cells", "2 are expected"]),
        ("x,y\n1,2\n3,nan\n", 2, ["line 3", "column y", "missing value"]),
        ("x,y\n1,2\n3,inf\n", 2, ["line 3", "column y", "not finite"]),
        ("x,y\n1,2\n3,1\n2,5\n", 4, ["n_components=4", "n_samples=3"]),
        ("", 2, ["is empty"]),
        ("x,y\n", 2, ["header and no rows"]),
        ("x,y\n1,2\n", 1, ["one row"]),
    ],
)
def test_unusable_data_exit_3(text, k, words, tmp_path):
    file, out = tmp_path / "data.csv", tmp_path / "out.json"
    out.write_text("precious")
    if text is not None:
        file.write_text(text)
    named = [] if "n_components=4" in words or "one row" in words else ["data.csv"]
    failed(inside("fit", file, "-k", k, "--json", out), 3, *named, *words)
    assert out.read_text() == "precious"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-k", 0], ["-k", "0 is not in the range"]),
        (["-k", "two"], ["-k", "'two'"]),
        ([], ["Missing option", "-k"]),
        (["-k", 2, "--covariance", "round"], ["--covariance", "'round'", "spherical"]),
        (["-k", 2, "--init-params", "guess"], ["--init-params", "'guess'", "k-means++"]),
        (["-k", 2, "--nested", "maybe"], ["--nested", "'maybe'", "offer"]),
        (["-k", 2, "--seed", -1], ["--seed", "-1"]),
        (["-k", 2, "--n-init", 0], ["--n-init", "0"]),
        (["-k", 2, "--max-iter", 0], ["--max-iter", "0"]),
        (["-k", 2, "--json", ""], ["--json"]),
        (["-k", 2, "--json", "."], ["--json", "regular file"]),
        (["-k", 2, "--json", "no/such/folder/out.json"], ["--json", "no folder there"]),
        (["-k", 2, "--frobnicate"], ["--frobnicate"]),
    ],
)
def test_wrong_usage_exits_2_before_data_are_read(options, words, tmp_path):
    """The file does not exist, and the message does not say so."""
    result = inside("fit", tmp_path / "missing.csv", *options)
    failed(result, 2, *words)
    assert "missing.csv" not in result.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--reg-covar", -1], "reg_covar=-1.0"),
        (["--covariance-floor", "nan"], "covariance_floor=nan"),
        (["--tol", -1], "tol=-1.0"),
        (["--n-jobs", 0], "n_jobs=0"),
        (["--columns", "z"], "columns='z'"),
        (["--drop", "3"], "drop='3'"),
        (["--drop", "x,y"], "leave at least one column"),
        (["--delimiter", "ab"], "delimiter='ab'"),
    ],
)
def test_unusable_options_exit_2(options, word, clusters):
    failed(inside("fit", clusters, "-k", 2, *options), 2, word)


@pytest.mark.parametrize(
    ("command", "word"), [(["diagnose", "--json"], "--json"), (["repair", "--model"], "--model")]
)
def test_the_place_of_the_result_is_looked_at_first(command, word, tmp_path):
    name, option = command
    result = inside(
        name, tmp_path / "missing.json", tmp_path / "missing.csv", option, tmp_path / "no" / "out"
    )
    failed(result, 2, word, "no folder there")
    assert "missing" not in result.stderr


def test_repair_needs_a_place_for_the_result(clusters, good):
    failed(inside("repair", good, clusters), 2, "Missing option", "--model")


@both
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["model.json", "No such file"]),
        ("a,b\n1,2\n", ["model.json", "not a JSON file"]),
        ("", ["model.json", "not a JSON file"]),
        ("[1, 2]", ["model.json", "no model"]),
        ('{"format": "gmmscape-atlas", "format_version": 1, "minima": []}', ["model.json", "mixture"]),
        ('{"format": "gmmscape-fit", "format_version": 2}', ["model.json", "format_version=2"]),
        ('{"format": "gmmscape-fit", "format_version": 1}', ["model.json", "lacks weights, means"]),
    ],
)
def test_unusable_models_exit_3(command, text, words, clusters, tmp_path):
    model = tmp_path / "model.json"
    if text is not None:
        model.write_text(text)
    failed(judged(command, model, clusters, tmp_path / "out.json"), 3, *words)
    assert not (tmp_path / "out.json").exists()


@both
@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("weights", [0.5, 0.6, 0.1, 0.1], "weights"),
        ("weights", ["a"] * 4, "weights"),
        ("means", None, "means"),
        ("covariances", [[[-1, 0], [0, 1]]] * 4, "positive definite"),
        ("covariance_type", "round", "'round'"),
        ("covariance_type", "diag", "shape"),
        ("reg_covar", -1, "reg_covar"),
        ("covariance_floor", "x", "covariance_floor"),
        ("feature_names", "xy", "feature_names"),
    ],
)
def test_models_with_broken_parameters_exit_3(command, field, value, word, clusters, good, tmp_path):
    model = tmp_path / "model.json"
    model.write_text(json.dumps({**content_of(good), field: value}))
    failed(judged(command, model, clusters, tmp_path / "out.json"), 3, "model.json", word)


class Payload:
    """What makes a folder when it is unpickled."""

    def __init__(self, sentinel):
        self.sentinel = str(sentinel)

    def __reduce__(self):
        return os.mkdir, (self.sentinel,)


@both
@pytest.mark.parametrize("protocol", [0, pickle.DEFAULT_PROTOCOL])
def test_pickles_are_refused_and_not_run(command, protocol, clusters, tmp_path):
    sentinel, model = tmp_path / "sentinel", tmp_path / "model.pkl"
    model.write_bytes(pickle.dumps(Payload(sentinel), protocol))
    pickle.loads(model.read_bytes())  # would run
    sentinel.rmdir()
    word = "is a pickle" if protocol else "not a JSON file"  # protocol 0 is text
    failed(judged(command, model, clusters, tmp_path / "out.json"), 3, "model.pkl", word)
    assert not sentinel.exists()


@both
def test_models_and_data_must_agree(command, good, tmp_path):
    out = tmp_path / "out.json"
    other = write_table(tmp_path / "other.csv", X, header="x,z")
    failed(judged(command, good, other, out), 3, "columns x, y", "other.csv", "--columns")
    failed(judged(command, good, other, out, "--columns", "x"), 3, "1 features", "model has 2")
    failed(judged(command, good, tmp_path / "missing.csv", out), 3, "missing.csv", "No such file")
    assert judged(command, good, other, out, "--columns", "x,z").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["fit", "missing.csv", "-k", "2"], 3, "missing.csv"),
        (["fit", "missing.csv", "-k", "0"], 2, "-k"),
    ],
)
def test_exit_codes_of_processes(arguments, code, word, tmp_path):
    failed(gmmscape(*arguments, cwd=tmp_path), code, word)


# how a file is read


def test_models_find_their_columns_by_name(clusters, good, tmp_path):
    rows = [f"{y!r},c{i},{x!r}" for i, (x, y) in enumerate(X.tolist())]
    other = tmp_path / "other.csv"
    other.write_text("\n".join(["y,label,x", *rows]) + "\n")
    nll = content_of(good)["nll"]
    out = tmp_path / "out.json"
    assert judged("diagnose", good, other, out).returncode == 0
    assert content_of(out)["value_before"] == pytest.approx(nll, rel=1e-12)
    assert judged("diagnose", good, other, out, "--columns", "1,3").returncode == 0
    assert content_of(out)["value_before"] > nll + 1  # as they stand in the file
    assert judged("repair", good, other, out).returncode == 0
    assert content_of(out)["feature_names"] == ["x", "y"]


@pytest.fixture(scope="module")
def wide(folder):
    """Columns a to d of numbers and a label."""
    values = np.random.default_rng(0).normal(size=(50, 4)) * [1, 2, 3, 4] + [10, 20, 30, 40]
    lines = [",".join(map(repr, row)) + f",kind{i % 3}" for i, row in enumerate(values.tolist())]
    (folder / "wide.csv").write_text("\n".join(["a,b,c,d,label", *lines]) + "\n")
    return folder / "wide.csv", values


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--columns", "b"], "b"),
        (["--columns", "c,a"], "ca"),
        (["--columns", "2-4"], "bcd"),
        (["--columns", "4,a-b,1-2"], None),
        (["--columns", "4,1-2"], "dab"),
        (["--drop", "label"], "abcd"),
        (["--drop", "5,1-2"], "cd"),
        (["--columns", "1-3", "--drop", "b"], "ac"),
    ],
)
def test_columns_are_chosen(options, names, wide, tmp_path):
    file, values = wide
    if names is None:
        failed(inside("fit", file, "-k", 1, *options), 2, "columns='a-b'")
        return
    content = fitted(file, tmp_path / "fit.json", "-k", 1, *options)
    chosen = values[:, ["abcd".index(name) for name in names]]
    assert content["feature_names"] == list(names)
    assert content["means"] == pytest.approx(chosen.mean(axis=0)[None], rel=1e-13)
    covariance = np.cov(chosen.T, bias=True).reshape(1, len(names), len(names))
    assert content["covariances"] == pytest.approx(covariance, rel=1e-12, abs=1e-12)


def test_all_columns_are_used_by_default(wide):
    failed(inside("fit", wide[0], "-k", 1), 3, "line 2", "column label", "'kind0'")


@pytest.mark.parametrize(("option", "delimiter"), [("|", "|"), ("tab", "\t"), ("space", "  "), (";", ";")])
def test_delimiters(option, delimiter, clusters, tmp_path):
    """The same file as with commas; a wrong delimiter is noticed."""
    file = write_table(tmp_path / "table", X, f"x{delimiter}y", delimiter)
    content = fitted(clusters, tmp_path / "commas.json", "-k", 1)
    assert fitted(file, tmp_path / "fit.json", "-k", 1, "--delimiter", option) == content
    failed(inside("fit", file, "-k", 1, "--delimiter", ","), 3, "line 2")


def test_the_first_line_may_be_data(tmp_path):
    """A line that begins with text looks like a header."""
    file = tmp_path / "data.csv"
    file.write_text("".join(f"row{i},{i},{i * i + 7}\n" for i in range(30)))
    options = ["-k", 1, "--columns", "2-3"]
    content = fitted(file, tmp_path / "fit.json", *options)
    assert (content["n_samples"], content["feature_names"]) == (29, ["0", "7"])
    content = fitted(file, tmp_path / "fit.json", *options, "--no-header")
    assert (content["n_samples"], content["feature_names"]) == (30, ["column2", "column3"])
    assert content["means"][0] == pytest.approx([14.5, 7 + np.mean(np.arange(30.0) ** 2)], rel=1e-13)


def test_models_of_files_without_names(tmp_path):
    file, out = write_table(tmp_path / "data.csv", X, header=None), tmp_path / "out.json"
    content = fitted(file, tmp_path / "fit.json", "-k", 4)
    assert (content["n_samples"], content["feature_names"]) == (240, ["column1", "column2"])
    assert judged("diagnose", tmp_path / "fit.json", file, out).returncode == 0
    assert content_of(out)["value_before"] == pytest.approx(content["nll"], rel=1e-12)


def test_gzipped_files(clusters, good, tmp_path):
    file = tmp_path / "clusters.csv.gz"
    file.write_bytes(gzip.compress(clusters.read_bytes()))
    assert fitted(file, tmp_path / "fit.json", "-k", 4) == content_of(good)


def test_integer_weights_are_repeated_rows(clusters, tmp_path):
    options = ["-k", 4, "--no-escape"]
    weights = np.random.default_rng(0).integers(0, 4, size=240)
    weighted = write_table(tmp_path / "weighted.csv", np.column_stack([X, weights]), "x,y,n")
    repeated = write_table(tmp_path / "repeated.csv", np.repeat(X, weights, axis=0))
    ours = fitted(weighted, tmp_path / "weighted.json", *options, "--weights-column", "n")
    same = fitted(repeated, tmp_path / "repeated.json", *options)
    assert ours["feature_names"] == ["x", "y"]
    for number in ("log_likelihood", "nll", "bic", "aic"):
        assert ours[number] == pytest.approx(same[number], rel=1e-9)
    order, other = np.argsort(ours["means"], axis=0)[:, 0], np.argsort(same["means"], axis=0)[:, 0]
    for name in ("weights", "means", "covariances"):
        # Both are within about tol, 1e-6 of a standard deviation, of the optimum.
        assert np.array(ours[name])[order] == pytest.approx(np.array(same[name])[other], rel=1e-5, abs=1e-5)
    plain = fitted(clusters, tmp_path / "plain.json", *options)
    assert abs(plain["nll"] - ours["nll"]) > 1e-3

    model, out = tmp_path / "weighted.json", tmp_path / "out.json"
    assert judged("diagnose", model, weighted, out).returncode == 0
    assert content_of(out)["value_before"] != pytest.approx(ours["nll"], rel=1e-6)
    assert judged("diagnose", model, weighted, out, "--weights-column", "3").returncode == 0
    assert content_of(out)["value_before"] == pytest.approx(ours["nll"], rel=1e-12)
    assert judged("repair", model, weighted, out, "--weights-column", "n").returncode == 0
    assert content_of(out)["log_likelihood"] == pytest.approx(ours["log_likelihood"], rel=1e-9)


@pytest.mark.parametrize(
    ("weights", "words"), [([1, -1, 1], ["-1", "not negative"]), ([0, 0, 0], ["zero everywhere"])]
)
def test_unusable_weights_exit_3(weights, words, tmp_path):
    file = write_table(tmp_path / "data.csv", np.column_stack([X[:3], weights]), "x,y,n")
    failed(inside("fit", file, "-k", 1, "--weights-column", "n"), 3, *words)


# terminals and Ctrl-C


@needs_terminal
def test_progress_on_a_terminal_and_nowhere_else(clusters, good):
    """test_the_main_job sees to it that standard error is empty elsewhere."""
    with on_terminal(["fit", clusters, "-k", "4"]) as (process, shown):
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"fitting" in shown
    assert "fitting" not in output
    assert "verdict on this fit: no better fit found" in output
    with on_terminal(["diagnose", good, clusters, "--quiet"]) as (process, shown):
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, output, bytes(shown)) == (0, "", b"")


def check_interrupted(output, out, file):
    """The fit that was reached is printed and written, with the numbers that belong to it."""
    assert "\ninterrupted after " in output
    content = content_of(out)
    assert (content["stop_reason"], content["converged"]) == ("interrupted", False)
    assert content["verdict"] == "cannot tell"
    rows = np.loadtxt(file, delimiter=",", skiprows=1)
    assert content["nll"] == pytest.approx(-as_sklearn(content).score(rows), rel=1e-12)


@needs_terminal
@pytest.mark.parametrize("escape", [["--no-escape"], []])
def test_fits_interrupted_during_em_are_written(escape, one_cluster, tmp_path):
    options = ["-k", 4, *escape, "--tol", 0, "--max-iter", 10**9, "--json", tmp_path / "fit.json"]
    output = interrupted(["fit", one_cluster, *options], b"start 1, iteration")
    check_interrupted(output, tmp_path / "fit.json", one_cluster)


@needs_terminal
def test_fits_interrupted_during_the_search_are_written(many, tmp_path):
    output = interrupted(["fit", many, "-k", 4, "--json", tmp_path / "fit.json"], b"moves tried")
    check_interrupted(output, tmp_path / "fit.json", many)


@needs_terminal
def test_interrupted_diagnoses_are_written(one_cluster, tmp_path):
    """Ctrl-C while the fit is polished."""
    model, out = tmp_path / "fit.json", tmp_path / "out.json"
    fitted(one_cluster, model, "-k", 4, "--tol", 0.1, "--no-escape")
    output = interrupted(["diagnose", model, one_cluster, "--json", out], b"examining polishing")
    assert output.startswith("verdict: ")
    assert content_of(out)["ended"] == "interrupted"
    assert content_of(out)["verdict"] != "no better fit found"


@needs_terminal
def test_interrupted_repairs_are_written(many, tmp_path):
    """Ctrl-C during the search."""
    model, out = tmp_path / "fit.json", tmp_path / "out.json"
    before = fitted(many, model, "-k", 4, "--no-escape")
    output = interrupted(["repair", model, many, "--model", out], b"moves tried")
    assert output.startswith("verdict: cannot tell\n")
    content = content_of(out)
    assert content["verdict"] == "cannot tell"
    assert content["log_likelihood"] == pytest.approx(before["log_likelihood"], rel=1e-9)
