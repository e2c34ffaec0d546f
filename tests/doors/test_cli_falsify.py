"""``gmmscape falsify`` as a user runs it."""

from __future__ import annotations

import json

import pytest

from doors.commandline import failed, inside, interrupted, needs_terminal
from gmmscape import lab

SMALL = ["falsify", "--k", "1:3", "--k-star", "2,3", "--separation", "5", "--starts", "8", "--seed", "3"]


def test_files_and_text(tmp_path):
    pytest.importorskip("matplotlib")
    files = {name: tmp_path / f"search.{name}" for name in ("json", "png", "keep")}
    result = inside(
        *SMALL, "--truths", 6, "--json", files["json"], "--plot", files["png"], "--checkpoint", files["keep"]
    )
    assert (result.returncode or 0, result.stderr) == (0, "")
    verdict, following, facts = result.stdout.splitlines()[:3]
    assert verdict.startswith("no counterexample among ")
    assert following.startswith("next: ")
    assert facts.startswith("6 of 6 truths searched from 8 starts each (completed); seed 3")
    content = json.loads(files["json"].read_text())
    expected = lab.falsify(
        n_components=[1, 2, 3], k_star=[2, 3], d=1, separation=5.0, n_truths=6, n_starts=8, rng=3
    ).file_content()
    assert content == expected
    again = inside(*SMALL, "--truths", 6, "--json", files["json"], "--checkpoint", files["keep"])
    assert again.stdout == result.stdout
    assert json.loads(files["json"].read_text()) == expected
    assert files["png"].read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@needs_terminal
def test_ctrl_c_keeps_what_was_found(tmp_path):
    file = tmp_path / "search.json"
    arguments = [*SMALL, "--truths", 100000, "--json", file]
    output = interrupted(arguments, b"unstructured", cwd=tmp_path)
    assert "(interrupted)" in output
    assert json.loads(file.read_text())["stop_reason"] == "interrupted"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--k", "2", "--k-star", "3"], ["--separation"]),
        (["--k", "x", "--k-star", "3", "--separation", "9"], ["'x'"]),
        (["--k", "3:1", "--k-star", "3", "--separation", "9"], ["'3:1'"]),
        (["--k", "0", "--k-star", "3", "--separation", "9"], ["-k 0"]),
        (["--k", "2", "--k-star", "3", "--separation", "0"], ["separation"]),
        (["--k", "2", "--k-star", "3", "--separation", "9", "--tau", "2"], ["tau"]),
        (["--k", "2", "--k-star", "3", "--separation", "9", "--json", "no/such/x.json"], ["--json"]),
        (["--k", "2", "--k-star", "3", "--separation", "9", "--plot", "x.xyz"], ["--plot"]),
    ],
)
def test_wrong_usage_exits_2(arguments, words):
    failed(inside("falsify", *arguments), 2, *words)


def test_as_a_process(tmp_path):
    file = tmp_path / "broken.json"
    file.write_text("{")
    failed(inside(*SMALL, "--truths", 1, "--checkpoint", file), 3, "JSON")
