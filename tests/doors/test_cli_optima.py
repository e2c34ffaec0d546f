"""``gmmscape optima`` as a user runs it."""

from __future__ import annotations

import json
import re
import signal
import time

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import PATIENCE, failed, gmmscape, inside, needs_terminal, on_terminal

HARD = ["-k", 3, "--covariance", "spherical", "--init-params", "random_from_data"]


@pytest.fixture
def file(tmp_path):
    """Three clusters on a line, two of them close to each other."""
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 100)).transpose().ravel()
    path = tmp_path / "rows.csv"
    path.write_text("x,w\n" + "".join(f"{value},1\n" for value in X), encoding="utf-8")
    return path


@pytest.mark.slow
def test_optima_with_files(file, tmp_path):
    pytest.importorskip("matplotlib")
    arguments = (*HARD, "--columns", "x", "--n-starts", 80, "--json", "o.json", "--plot", "o.png")
    result = gmmscape("optima", file, *arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    X = np.loadtxt(file, delimiter=",", skiprows=1)[:, :1]
    found = gs.local_optima(X, 3, "spherical", n_starts=80, rng=0, init_params="random_from_data")
    assert result.stdout == f"verdict: {found}\n".replace("`fit`", "`gmmscape fit`")
    assert "1>1,2" in result.stdout or "0>0,1" in result.stdout
    assert json.loads((tmp_path / "o.json").read_text()) == json.loads(json.dumps(found.file_content()))
    assert (tmp_path / "o.png").read_bytes().startswith(b"\x89PNG")


def test_options_reach_the_function(file, tmp_path):
    def content(*options):
        result = inside("optima", file, *HARD, *options, "--quiet", "--json", tmp_path / "o.json")
        assert (result.stdout.count("\n"), result.stderr) == (1, "")
        return result.returncode, json.loads((tmp_path / "o.json").read_text())

    code, plain = content("--drop", "w", "--n-starts", 20)
    assert code == 0
    assert plain["n_starts"] == 20
    assert content("--weights-column", "w", "--n-starts", 20)[1]["optima"][0]["nll"] == pytest.approx(
        plain["optima"][0]["nll"], abs=1e-10
    )
    assert content("--drop", "w", "--n-starts", 20, "--seed", 1)[1]["seed"] != plain["seed"]
    code, broad = content("--drop", "w", "--n-starts", 20, "--reg-covar", 400)
    assert code == 1  # every component rests on the floor
    assert broad["optima"][0]["state"] == "degenerate"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, ["--n-components"]),
        (["-k", 0], 2, ["--n-components"]),
        (["-k", 2, "--n-starts", 0], 2, ["--n-starts"]),
        (["-k", 2, "--covariance", "round"], 2, ["round"]),
        (["-k", 2, "--json", "no/such/o.json"], 2, ["--json"]),
        (["-k", 2, "--plot", "o.xyz"], 2, ["--plot", "xyz"]),
        (["-k", 2, "--max-seconds", 0], 2, ["--max-seconds"]),
        (["-k", 2, "--n-jobs", 0], 2, ["--n-jobs"]),
        (["-k", 301], 3, ["-k 301"]),
    ],
)
def test_wrong_usage_is_named(arguments, code, words, file):
    failed(inside("optima", file, "--columns", "x", *arguments), code, *words)


@needs_terminal
def test_ctrl_c_returns_what_was_done(file, tmp_path):
    arguments = ("optima", file, *HARD, "--columns", "x", "--n-starts", 1_000_000)
    with on_terminal(arguments, cwd=tmp_path) as (process, shown):
        deadline = time.monotonic() + PATIENCE
        while re.search(rb"em [1-9]\d\d of", shown) is None:
            assert process.poll() is None, bytes(shown)
            assert time.monotonic() < deadline, bytes(shown[-500:])
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4, bytes(shown[-1500:])
    assert "only the starts that were done count: the search was interrupted" in output
    assert "optima of 3 components" in output
