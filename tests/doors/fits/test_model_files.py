"""Model files on the command line: written by fit, and taken wherever the JSON of a fit is."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import inside

ROWS = np.random.default_rng(0).normal([[0.0, 0.0], [9.0, 3.0]], 1.0, (40, 2, 2)).reshape(-1, 2)
OPTIONS = ["-k", "2", "--seed", "3", "--max-iter", "500"]


@pytest.fixture
def folder(tmp_path):
    np.savetxt(tmp_path / "rows.csv", ROWS, delimiter=",", header="size,price", comments="")
    return tmp_path


def test_a_fit_is_kept_as_it_is_written_to_json(folder):
    done = inside("fit", "rows.csv", *OPTIONS, "--save", "fit.gmm", "--json", "fit.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found, told = gs.load(folder / "fit.gmm"), gs.GaussianMixture.from_json(folder / "fit.json")
    assert found.document() == told.document()
    assert list(found.feature_names_in_) == ["size", "price"]
    assert (found.max_iter, found.random_state) == (500, 3)
    for command in ("diagnose", "predict", "score"):
        ours, theirs = (inside(command, f"fit.{end}", "rows.csv", cwd=folder) for end in ("gmm", "json"))
        assert ours.returncode == theirs.returncode == 0, ours.stderr
        assert ours.stdout == theirs.stdout
    drawn = [inside("sample", f"fit.{end}", "-n", "3", "--seed", "1", cwd=folder) for end in ("gmm", "json")]
    assert drawn[0].stdout == drawn[1].stdout != ""


def test_models_are_replaced_and_nothing_else(folder):
    rows = (folder / "rows.csv").read_text()
    for target in ("rows.csv", "other.csv"):
        (folder / "other.csv").write_text(rows)
        done = inside("fit", "rows.csv", *OPTIONS, "--save", target, cwd=folder)
        assert done.returncode == 2
        assert "--save" in done.stderr
        assert (folder / target).read_text() == rows
    assert inside("fit", "rows.csv", *OPTIONS, "--save", "other.csv", "--force", cwd=folder).returncode == 0
    assert inside("fit", "rows.csv", *OPTIONS, "--save", "other.csv", cwd=folder).returncode == 0
    assert gs.load(folder / "other.csv").n_components == 2


def test_a_truth_may_be_a_model_file(folder):
    truth = gs.Mixture.location([-3.0, 3.0], 1.0)
    truth.save(folder / "truth.gmm")
    truth.to_json(folder / "truth.json")
    ours, theirs = (
        inside("map", "--truth", f"truth.{end}", "-k", "2", "--starts", "2", "--seed", "0", cwd=folder)
        for end in ("gmm", "json")
    )
    assert ours.returncode == theirs.returncode == 0, ours.stderr
    assert ours.stdout == theirs.stdout


def test_damaged_files_are_refused_as_data(folder):
    gs.Mixture.location([-3.0, 3.0], 1.0).save(folder / "model.gmm")
    (folder / "model.gmm").write_bytes((folder / "model.gmm").read_bytes()[:-9])
    done = inside("diagnose", "model.gmm", "rows.csv", cwd=folder)
    assert done.returncode == 3
    assert "cut short" in done.stderr
