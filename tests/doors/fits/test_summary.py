"""`gmmscape summary`: parameters of a fit in a file, with standard errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from doors.commandline import inside


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of rows, and the fit to them."""
    here = tmp_path_factory.mktemp("summary")
    X = np.random.default_rng(0).normal([[0.0, 5.0], [8.0, 1.0]], 1.0, (60, 2, 2)).reshape(-1, 2)
    np.savetxt(here / "rows.csv", X, delimiter=",", header="height,width", comments="")
    fit = ("fit", "rows.csv", "-k", 2, "--json", "fit.json", "--save", "fit.gmm")
    assert inside(*fit, cwd=here).returncode == 0
    return here


@pytest.mark.parametrize("model", ["fit.json", "fit.gmm"])
def test_it_prints_the_parameters_with_standard_errors(folder: Path, model: str):
    result = inside("summary", model, "rows.csv", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("trustworthy: the 95 % intervals hold")
    assert "mean of width" in result.stdout
    assert "no better fit found" in result.stdout


def test_it_writes_json_pictures_and_reports(folder: Path):
    result = inside(
        "summary", "fit.json", "rows.csv", "--json", "s.json", "--plot", "s.png", "--report", "s.html",
        "--level", "0.9", cwd=folder,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    content = json.loads((folder / "s.json").read_text(encoding="utf-8"))
    assert (content["format"], content["level"]) == ("gmmscape-standard-errors", 0.9)
    assert content["column_names"] == ["height", "width"]
    assert (folder / "s.png").read_bytes().startswith(b"\x89PNG")
    assert "how sure they are" in (folder / "s.html").read_text(encoding="utf-8")


def test_a_bootstrap_goes_on_from_its_checkpoint(folder: Path):
    arguments = ("summary", "fit.json", "rows.csv", "--method", "bootstrap", "--checkpoint", "refits.json")
    first = inside(*arguments, "--n-bootstrap", 50, cwd=folder)
    assert first.returncode == 0, first.stderr
    kept = json.loads((folder / "refits.json").read_text(encoding="utf-8"))["done"]
    assert set(kept) == {"refits 0", "refits 25"}
    more = inside(*arguments, "--n-bootstrap", 100, cwd=folder)
    assert "100 refits" in more.stdout
    whole = inside(*arguments[:5], "--n-bootstrap", 100, cwd=folder)
    assert whole.stdout == more.stdout


def test_files_the_other_way_round_and_a_bad_level_are_wrong_usage(folder: Path):
    assert inside("summary", "rows.csv", "fit.json", cwd=folder).returncode == 2
    wrong = inside("summary", "fit.json", "rows.csv", "--level", "95", cwd=folder)
    assert wrong.returncode == 2
    assert "--level 95" in wrong.stderr
