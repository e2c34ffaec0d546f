"""``gmmscape basins`` as a user runs it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import failed, inside, interrupted, needs_terminal
from gmmscape import lab

TRUTH = ["basins", "--centers=-3,3,12", "--sigma", "1"]


def test_files_and_text(tmp_path):
    pytest.importorskip("matplotlib")
    files = {name: tmp_path / f"shares.{name}" for name in ("json", "png", "keep")}
    arguments = [*TRUTH, "-n", 700, "--json", files["json"], "--checkpoint", files["keep"]]
    result = inside(*arguments, "--plot", files["png"])
    assert (result.returncode or 0, result.stderr) == (0, "")
    assert result.stdout.startswith("2 minima from 700 starts (truth, seed 0) by EM; k=3, sigma=1")
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3, 3, 12], 1.0)), 3)
    expected = lab.basins(land, start="truth", n_starts=700, rng=0)
    first = files["json"].read_text()
    assert [row["hits"] for row in json.loads(first)["minima"]] == [m.hits for m in expected.minima]
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert files["keep"].exists()
    inside(*arguments)
    assert files["json"].read_text() == first


def test_where_my_own_starts_lead():
    result = inside(*TRUTH, "--means=-3,11,13", "--means=0,0.5,12", "--quiet")
    assert (result.returncode or 0, result.stdout.count("\n")) == (0, 1)
    text = inside(*TRUTH, "--means=-3,11,13", "--means=0,0.5,12").stdout
    assert "2 starts" in text
    assert "interval" not in text
    assert re.search(r"^ +0 +minimum 1$", text, re.MULTILINE)
    assert re.search(r"^ +1 +minimum 0$", text, re.MULTILINE)


def test_free_weights_and_the_flow():
    text = inside(*TRUTH, "--weights", "free", "-n", "40").stdout
    assert text.startswith("1 minimum from 40 starts (truth, seed 0) by EM; k=3, sigma=1, free weights")
    text = inside(*TRUTH, "--means=10.978,11.429,10.911", "--method", "gradient_flow").stdout
    assert "by gradient flow" in text
    assert "0>0,1  1,2>2" in text  # EM leads to the other minimum


def test_rows_of_a_file(tmp_path):
    file = tmp_path / "rows.csv"
    rows = np.random.default_rng(0).normal(size=(300, 2)) + np.array([0, 20])
    np.savetxt(file, np.concatenate([rows, -rows]), delimiter=",")
    text = inside("basins", file, "--sigma", "1", "-k", "2", "-n", "50").stdout
    assert "from 50 starts (rows, seed 0)" in text


@pytest.mark.slow
@needs_terminal
def test_ctrl_c_keeps_what_was_done(tmp_path):
    file = tmp_path / "shares.json"
    output = interrupted([*TRUTH, "-n", 1_000_000, "--json", file], b"00 of 1000000", cwd=tmp_path)
    assert "minima from" in output
    assert json.loads(file.read_text())["stop_reason"] == "interrupted"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sigma", "1"], ["--centers"]),
        (["--centers=-3,3", "--sigma", "1", "--start", "rows"], ["rows"]),
        (["--centers=-3,3", "--sigma", "0"], ["sigma"]),
        (["--centers=-3,3", "--sigma", "1", "--means=1,2,3"], ["--means"]),
        (["--centers=-3,3", "--sigma", "1", "--json", "no/such/x.json"], ["--json"]),
        (["--centers=-3,3", "--sigma", "1", "--plot", "x.xyz"], ["--plot"]),
        (["--centers=-3,3", "--sigma", "1", "--start", "truth", "--means=1,2"], ["--start", "--means"]),
        (["rows.csv", "--sigma", "1"], ["a FILE needs --sigma", "-k"]),
        (["rows.csv", "--sigma", "1", "-k", "2", "--weights", "0.5,0.5"], ["--weights-column"]),
        (["--truth", "truth.json", "--weights", "0.5,0.5"], ["--weights goes with --centers"]),
    ],
)
def test_wrong_usage_exits_2(arguments, words, tmp_path):
    (tmp_path / "rows.csv").write_text("x\n1\n2\n")
    (tmp_path / "truth.json").write_text('{"centers": [0, 9], "sigma": 1}')
    failed(inside("basins", *arguments, cwd=tmp_path), 2, *words)


def test_as_a_process(tmp_path):
    file = tmp_path / "broken.json"
    file.write_text("{")
    failed(inside(*TRUTH, "--checkpoint", file), 3, "JSON")
