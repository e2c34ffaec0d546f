"""No command writes onto a file that it also reads or writes."""

from __future__ import annotations

import os

import numpy as np
import pytest

from doors.commandline import failed, inside


@pytest.fixture(name="folder")
def with_data(tmp_path):
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 40)).reshape(-1, 1)
    np.savetxt(tmp_path / "rows.csv", X, header="x", comments="", delimiter=",")
    (tmp_path / "truth.json").write_text('{"centers": [-3, 3, 12], "sigma": 1}')
    assert inside("fit", "rows.csv", "-k", 3, "--json", "fit.json", cwd=tmp_path).returncode == 0
    os.link(tmp_path / "rows.csv", tmp_path / "linked.csv")
    (tmp_path / "named.csv").symlink_to(tmp_path / "rows.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "rows.csv", "-k", 3, "--json", "rows.csv"], ["--json", "FILE"]),
        (["fit", "rows.csv", "-k", 3, "--json", "./rows.csv"], ["--json"]),
        (["fit", "rows.csv", "-k", 3, "--json", "linked.csv"], ["--json"]),
        (["fit", "rows.csv", "-k", 3, "--json", "named.csv"], ["--json"]),
        (["diagnose", "fit.json", "rows.csv", "--json", "fit.json"], ["--json", "MODEL"]),
        (["diagnose", "fit.json", "rows.csv", "--json", "rows.csv"], ["--json", "FILE"]),
        (["repair", "fit.json", "rows.csv", "--model", "rows.csv"], ["--model", "FILE"]),
        (["optima", "rows.csv", "-k", 3, "--checkpoint", "rows.csv"], ["--checkpoint", "FILE"]),
        (["optima", "rows.csv", "-k", 3, "--checkpoint", "a.json", "--json", "a.json"], ["a.json"]),
        (["select", "rows.csv", "-k", "1:2", "--model", "a.json", "--json", "a.json"], ["a.json"]),
        (["select", "rows.csv", "-k", "1:2", "--plot", "rows.csv"], ["--plot"]),
        (["map", "--truth", "truth.json", "-k", 3, "--json", "truth.json"], ["--json", "--truth"]),
        (["map", "--centers=-3,3,12", "-k", 3, "--json", "a.png", "--plot", "a.png"], ["a.png"]),
        (["basins", "--truth", "truth.json", "-k", 3, "--checkpoint", "truth.json"], ["--checkpoint"]),
        (["birth", "--shape", "equal", "--json", "a.png", "--plot", "a.png"], ["a.png"]),
    ],
)
def test_it_is_refused_before_any_work(arguments, words, folder):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    failed(inside(*arguments, cwd=folder), 2, "written onto", *words)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_repair_may_take_the_place_of_its_model(folder):
    done = inside("repair", "fit.json", "rows.csv", "--model", "fit.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert inside("diagnose", "fit.json", "rows.csv", cwd=folder).returncode == 0
