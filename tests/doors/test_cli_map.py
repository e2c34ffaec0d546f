"""The command line from outside: what it prints, writes, refuses, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import (
    COMMAND,
    PATIENCE,
    failed,
    gmmscape,
    inside,
    interrupted,
    needs_terminal,
    on_terminal,
)
from gmmscape import lab
from marks import rest_slow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_main_job(tmp_path):
    result = gmmscape("map", "--centers=-3,3,12", "--sigma", 1, "-k", 3, "--json", tmp_path / "out.json")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.startswith("verdict: 2 minima up to relabelling; k=3, sigma=1; 64 random starts\n")
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["format"] == "gmmscape-atlas"
    assert content["gmmscape_version"] == gs.__version__
    assert (content["seed"], content["k"], content["sigma"]) == (0, 3, 1.0)
    assert content["centers"] == [-3.0, 3.0, 12.0]
    assert content["weights"] == pytest.approx([1 / 3] * 3)
    best, bad = content["minima"]
    assert best["kl"] == pytest.approx(0.0, abs=1e-14)
    assert bad["kl"] == pytest.approx(2.769104913, abs=5e-10)
    assert bad["index"] == 0
    assert bad["hits"] > 0
    assert [block["kind"] for block in bad["structure"]["blocks"]] == ["one-fits-many", "many-fit-one"]
    assert bad["structure"]["blocks"][1]["means"] == [1, 2]
    assert bad["structure"]["is_structured"] is True
    assert len(bad["structure"]["errors"]) == 3
    assert f"verdict: {lab.Atlas.from_json(tmp_path / 'out.json')}" == result.stdout.rstrip("\n")


def test_truth_from_a_file_and_quiet(tmp_path):
    result = inside(
        "map", "--truth", EXAMPLES / "three_centers.json", "--quiet", "--json", "a.json", cwd=tmp_path
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "verdict: 2 minima up to relabelling; k=3, sigma=1; 64 random starts\n"
    assert len(json.loads((tmp_path / "a.json").read_text())["minima"]) == 2


@pytest.mark.slow
def test_options_reach_the_exploration(tmp_path):
    options = ["--weights", "0.5,0.5", "--starts", 3, "--seed", 9, "--n-jobs", 2, "--json", "a.json"]
    result = inside("map", "--centers", "0,9", "--sigma", 2, "-k", 3, *options, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    content = json.loads((tmp_path / "a.json").read_text())
    assert (content["seed"], content["starts"], content["k"]) == (9, 3, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["--centers", "--truth"]),
        (["--centers=1,2"], ["--sigma"]),
        (["--centers=1,x", "--sigma", "1"], ["--centers", "'x'"]),
        (["--centers=", "--sigma", "1"], ["--centers"]),
        (["--centers=1,2", "--sigma", "0"], ["sigma"]),
        (["--centers=1,2", "--sigma", "-1"], ["sigma"]),
        (["--centers=1,nan", "--sigma", "1"], ["centers"]),
        (["--centers=1,2", "--sigma", "1", "-k", "0"], ["-k"]),
        (["--centers=1,2", "--sigma", "1", "--json", ""], ["--json"]),
        (["--centers=1,2", "--sigma", "1", "--json", "."], ["--json"]),
        (["--centers=1,2", "--sigma", "1", "--json", "/dev/null"], ["--json", "regular"]),
        (["--centers=1,2", "--sigma", "1", "--weights", "0.5,0.6"], ["weights"]),
        (["--centers=1,2", "--sigma", "1", "--weights", "1"], ["weights"]),
        (["--centers=1,2", "--sigma", "1", "--seed", "-1"], ["--seed"]),
        (["--centers=1,2", "--sigma", "1", "--starts", "-1"], ["--starts"]),
        (["--centers=1,2", "--sigma", "1", "--n-jobs", "0"], ["--n-jobs", "'0'"]),
        (["--centers=1,2", "--sigma", "1", "--json", "no/such/folder/out.json"], ["--json"]),
        (["--truth", "missing.json"], ["missing.json"]),
        (["--frobnicate"], ["--frobnicate"]),
        (["rows.csv", "--sigma", "1"], ["FILE", "-k"]),
        (["rows.csv", "-k", "2"], ["FILE", "--sigma"]),
        (["rows.csv", "--centers=1,2", "--sigma", "1", "-k", "2"], ["FILE", "--centers"]),
        (["rows.csv", "--sigma", "1", "-k", "2", "--weights", "0.5,0.5"], ["--weights-column"]),
        (["--centers=1,2", "--sigma", "1", "--columns", "1"], ["--columns", "FILE"]),
        (["--centers=1,2", "--sigma", "1", "--weights", "loose"], ["--weights", "'loose'"]),
    ],
)
def test_wrong_usage_exits_2(arguments, words, tmp_path):
    failed(inside("map", *arguments, cwd=tmp_path), 2, *words)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "JSON"),
        ("[1]", "fields"),
        ('{"centers": [1, 2]}', "sigma"),
        ('{"centers": [1, 2], "sigma": 1, "colour": "red"}', "colour"),
    ],
)
def test_unusable_files_exit_3(text, word, tmp_path):
    (tmp_path / "truth.json").write_text(text)
    failed(inside("map", "--truth", "truth.json", cwd=tmp_path), 3, "truth.json" if word == "JSON" else word)


def rows_of_two_groups(folder: Path) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0.0, 1.0, 20), rng.normal(7.0, 1.0, 60)])
    lines = ["name,x,w", *(f"{i},{value!r},2" for i, value in enumerate(x.tolist()))]
    (folder / "rows.csv").write_text("\n".join(lines))


@pytest.mark.slow
def test_rows_of_a_file_with_free_weights(tmp_path):
    rows_of_two_groups(tmp_path)
    result = inside(
        *("map", "rows.csv", "--columns", "x", "--weights-column", "w", "--sigma", 1, "-k", 2),
        *("--weights", "free", "--saddles", "--starts", 8, "--json", "atlas.json", "--plot", "atlas.png"),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert (
        "1 minimum up to relabelling; k=2, sigma=1, free weights; 8 random starts; moves in 1 minimum\n"
        in result.stdout
    )
    content = json.loads((tmp_path / "atlas.json").read_text())
    assert content["fitted_weights"] == "free"
    assert content["truth"] is None
    assert content["minima"][0]["weights"] == pytest.approx([0.25, 0.75], abs=0.02)
    assert content["count_law"] is None
    atlas = lab.Atlas.from_json(tmp_path / "atlas.json")
    assert result.stdout == f"verdict: {atlas}\ncoordinates of means: x\n"
    assert (tmp_path / "atlas.png").read_bytes()[:4] == b"\x89PNG"
    equal = inside("map", "rows.csv", "--columns", "x", "--sigma", 1, "-k", 2, "--starts", 4, cwd=tmp_path)
    assert equal.returncode == 0, equal.stderr
    assert "free weights" not in equal.stdout


def test_a_file_of_no_use_exits_3(tmp_path):
    (tmp_path / "rows.csv").write_text("x\n1\ntwo\n")
    failed(inside("map", "rows.csv", "--sigma", 1, "-k", 1, cwd=tmp_path), 3, "rows.csv")
    failed(inside("map", "missing.csv", "--sigma", 1, "-k", 1, cwd=tmp_path), 3, "missing.csv")
    (tmp_path / "rows.csv").write_text("x\n1\n2\n")
    failed(inside("map", "rows.csv", "--sigma", 1, "-k", 5, cwd=tmp_path), 3, "-k 5")


def test_free_weights_of_a_population(tmp_path):
    result = inside(
        *("map", "--centers=0,8", "--sigma", 1, "--weights", "free", "--starts", 4, "--json", "a.json"),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    content = json.loads((tmp_path / "a.json").read_text())
    assert (content["fitted_weights"], content["weights"]) == ("free", [0.5, 0.5])


def test_two_dimensions(tmp_path):
    (tmp_path / "truth.json").write_text('{"centers": [[1, 2], [9, 4]], "sigma": 1}')
    result = inside("map", "--truth", "truth.json", "--starts", 4, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "(1 2) (9 4)" in result.stdout


def test_saddles_barriers_and_a_picture(tmp_path):
    result = inside(
        *("map", "--centers=-3,3,12", "--sigma", 1, "--saddles", "--starts", 8, "--plot", "atlas.png"),
        *("--json", "atlas.json"),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert "labelled points, weighted by (-1)^index, add up to 1\n" in result.stdout
    assert "1        0.0806116161" in result.stdout
    content = json.loads((tmp_path / "atlas.json").read_text())
    assert [point["index"] for point in content["saddles"]] == [1, 1, 1, 2]
    assert [point["orbit_size"] for point in content["saddles"]] == [3, 3, 6, 1]
    assert content["count_law"] == 1
    assert (tmp_path / "atlas.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("file", ["atlas.xyz", "atlas", "nowhere/atlas.png"])
def test_a_picture_that_cannot_be_is_refused_before_the_search(file, tmp_path):
    failed(inside("map", "--centers=1,9", "--sigma", 1, "--plot", file, cwd=tmp_path), 2, "--plot")


def test_a_failed_run_leaves_the_old_file_alone(tmp_path):
    (tmp_path / "out.json").write_text("precious")
    failed(inside("map", "--centers=1,2", "--sigma", 0, "--json", "out.json", cwd=tmp_path), 2)
    assert (tmp_path / "out.json").read_text() == "precious"


def test_help_and_version():
    for arguments in (["--help"], ["map", "--help"], ["map", "-h"]):
        result = inside(*arguments)
        assert result.returncode == 0
        assert "Usage" in result.stdout
    assert gs.__version__ in gmmscape("--version").stdout
    assert inside().returncode == 2
    failed(inside("mapp"), 2, "mapp")


@pytest.mark.slow
@needs_terminal
def test_interrupt_writes_what_was_found(tmp_path):
    """Ctrl-C once the progress on the terminal says that both minima are known."""
    arguments = ["map", "--centers=-3,3,12", "--sigma", "1", "--starts", "1000000", "--json", "part.json"]
    output = interrupted(arguments, b"minima 2", cwd=tmp_path)
    assert "stopped early: interrupted" in output
    content = json.loads((tmp_path / "part.json").read_text())
    assert content["stop_reason"] == "interrupted"
    assert content["starts"] < 1000000
    assert len(content["minima"]) == 2


def test_a_time_budget_is_kept():
    result = inside(
        "map", "--centers=-3,3,12", "--sigma", 1, "--starts", 1000000, "--max-seconds", 1, "-k", 3
    )
    assert result.returncode == 0
    assert "stopped early: time_limit" in result.stdout


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error():
    process = subprocess.Popen(
        [*COMMAND, "map", "--centers=-3,3,12", "--sigma", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.wait(timeout=PATIENCE) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_one_line_says_what_to_install(missing, tmp_path):
    """A finder that hides the package stands for an environment without it."""
    code = (
        "import importlib.util as u, sys; find = u.find_spec;"
        f"u.find_spec = lambda name, *rest: None if name == {missing!r} else find(name, *rest);"
        "from gmmscape.cli import main; main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert 'pip install "gmmscape[cli]"' in result.stderr


@pytest.mark.slow
@needs_terminal
def test_progress_on_a_terminal_and_nowhere_else():
    arguments = ["map", "--centers=-3,3,12", "--sigma", "1", "--starts", "200"]
    with on_terminal(arguments) as (process, shown):
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert b"exploring" in shown
    assert "exploring" not in output


@needs_terminal
@pytest.mark.parametrize("quiet", rest_slow([[], ["--quiet"]], 1))
def test_quiet_is_so_while_rows_are_read(quiet, tmp_path):
    np.savetxt(tmp_path / "rows.csv", np.arange(6.0)[:, None], header="x", comments="")
    arguments = ["map", tmp_path / "rows.csv", "-k", "1", "--sigma", "1", "--starts", "1", *quiet]
    with on_terminal(arguments) as (process, shown):
        output, _ = process.communicate(timeout=PATIENCE)
    assert output.startswith("verdict: ")
    assert bool(shown) is not bool(quiet), bytes(shown)
