"""``gmmscape select``: table, files, and wrong usage."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import failed, inside, interrupted, needs_terminal

X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 100)).reshape(-1, 1)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("select") / "rows.csv"
    np.savetxt(path, X, header="x", comments="")
    return path


def test_it_prints_and_writes_what_the_function_finds(file, tmp_path):
    pytest.importorskip("matplotlib")
    out, model, picture = (tmp_path / name for name in ("found.json", "model.json", "curve.png"))
    options = ["--k", "1:3,5", "--covariance", "full,tied", "--seed", 4]
    result = inside("select", file, *options, "--json", out, "--model", model, "--plot", picture)
    assert (result.returncode, result.stderr) == (0, "")
    found = gs.select(X, [1, 2, 3, 5], ("full", "tied"), rng=4)
    assert result.stdout == f"verdict: {found}\n"
    assert json.loads(out.read_text()) == json.loads(json.dumps(found.file_content()))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "no better fit found" in inside("diagnose", model, file).stdout
    assert found.best_n_components == 3


@pytest.mark.parametrize("command", [["select", "-k", "1:3"], ["optima", "-k", 3, "--n-starts", 3]])
def test_lines_that_are_set_aside_are_said(command, tmp_path):
    path = tmp_path / "rows.csv"
    np.savetxt(path, np.insert(X, 20, 1e9, axis=0), header="x", comments="")
    result = inside(command[0], path, *command[1:])
    assert result.returncode == 0
    assert "rows set aside" in result.stderr
    assert "line 22" in result.stderr  # below the header, from 1


def test_by_default_there_are_no_more_components_than_rows(tmp_path):
    path = tmp_path / "rows.csv"
    np.savetxt(path, X[:4], header="x", comments="")
    assert inside("select", path).returncode == 0
    failed(inside("select", path, "-k", "1:5"), 3, "-k goes up to 5", "4 rows")


def test_families_have_mclusts_names_too(tmp_path):
    rows, out, model = (tmp_path / name for name in ("rows.csv", "found.json", "model.json"))
    turned = np.random.default_rng(1).normal(size=(120, 2)) * [3.0, 0.5]
    both = np.concatenate([turned, turned[:, ::-1] * [1.0, -1.0] + [20.0, 0.0]])
    np.savetxt(rows, both, delimiter=",", header="x,y", comments="")
    options = ["-k", 2, "--covariance", "VVV,VEV", "--covariance", "EEE", "--json", out, "--model", model]
    assert inside("select", rows, *options, "--quiet").returncode == 0
    kinds = [row["covariance_type"] for row in json.loads(out.read_text())["table"]]
    assert kinds == ["full", "VEV", "tied"]
    assert json.loads(model.read_text())["family"] == "VEV"
    assert "no better fit found" in inside("diagnose", model, rows).stdout
    fit = inside("fit", rows, "-k", 2, "--covariance", "EEV", "--json", tmp_path / "fit.json")
    assert "EEV covariances" in fit.stdout
    content = json.loads((tmp_path / "fit.json").read_text())
    assert (content["family"], content["covariance_type"]) == ("EEV", "full")
    assert inside("optima", rows, "-k", 2, "--covariance", "VEE", "--n-starts", 3).returncode == 0
    for command in (["fit", rows, "-k", 2], ["select", rows]):
        failed(inside(*command, "--covariance", "VXV"), 2, "VXV", "VEV")


def test_families_may_be_given_one_by_one(file, tmp_path):
    out = tmp_path / "found.json"
    options = ["-k", 3, "--covariance", "tied", "--covariance", "spherical", "--json", out]
    assert inside("select", file, *options, "--quiet").returncode == 0
    kinds = [row["covariance_type"] for row in json.loads(out.read_text())["table"]]
    assert kinds == ["tied", "spherical"]


@pytest.mark.slow
def test_the_criterion_and_the_floor_are_passed_on(file, tmp_path):
    out = tmp_path / "found.json"
    result = inside(
        "select", file, "-k", "2,3", "--criterion", "heldout", "--reg-covar", 100, "--quiet", "--json", out
    )
    assert (result.returncode, result.stdout.count("\n")) == (0, 1)
    content = json.loads(out.read_text())
    assert content["criterion"] == "heldout"
    assert content["table"][0]["heldout"] < 0
    assert np.min(content["mixture"]["covariances"]) >= 100 * (1 - 1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--k", "0:3"], ["--k", "1:20"]),
        (["--k", "a"], ["--k", "1:20"]),
        (["--k", "3:1"], ["--k"]),
        (["--covariance", "ful"], ["ful", "spherical"]),
        (["--criterion", "aic"], ["aic"]),
        (["--plot", "curve.xyz"], [".png"]),
        (["--json", "no/such/folder.json"], ["--json"]),
    ],
)
def test_wrong_usage_says_what_is_right(file, options, words):
    failed(inside("select", file, *options), 2, *words)


def test_more_components_than_rows_are_an_error_of_the_data(file):
    failed(inside("select", file, "--k", "1:301"), 3, "301", "300 rows")


@pytest.mark.slow
@needs_terminal
def test_ctrl_c_prints_what_was_found(tmp_path):
    rng = np.random.default_rng(1)
    centers = rng.uniform(-100, 100, (30, 2))
    np.savetxt(tmp_path / "many.csv", np.repeat(centers, 300, axis=0) + rng.normal(size=(9000, 2)))
    output = interrupted(["select", "many.csv", "--k", "1:60"], b"up 1", cwd=tmp_path)
    assert "not all was tried: the search was interrupted" in output
