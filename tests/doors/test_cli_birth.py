"""``gmmscape birth`` as a user runs it."""

from __future__ import annotations

import json

import pytest

import gmmscape as gs
from doors.commandline import failed, gmmscape, inside


@pytest.mark.slow
def test_equal_spacing_with_files(tmp_path):
    pytest.importorskip("matplotlib")
    result = gmmscape("birth", "--shape", "equal", "--json", "b.json", "--plot", "b.png", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.startswith("fold of 0>0,1  1,2>2 at parameter 10.04694245")
    content = json.loads((tmp_path / "b.json").read_text())
    assert content["gmmscape_version"] == gs.__version__
    assert content["parameter"] == pytest.approx(10.046942447, abs=1e-8)
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_pair_and_its_options(tmp_path):
    def parameter(*options):
        result = inside("birth", "--shape", "pair", *options, "--quiet", "--json", "b.json", cwd=tmp_path)
        assert (result.returncode, result.stdout.count("\n"), result.stderr) == (0, 1, "")
        return json.loads((tmp_path / "b.json").read_text())["parameter"]

    default = parameter()
    assert parameter("--radius", "3", "--bracket", "10,11.5") == pytest.approx(default, abs=1e-10)
    assert parameter("--radius", "2") < default - 1


def test_a_time_that_is_over_says_so(tmp_path):
    failed(
        inside("birth", "--shape", "equal", "--max-seconds", "1e-9", cwd=tmp_path), 2, "--max-seconds 1e-09"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["--shape"]),
        (["--shape", "round"], ["round"]),
        (["--shape", "equal", "--radius", 2], ["--radius"]),
        (["--shape", "pair", "--radius", 0], ["--radius"]),
        (["--shape", "pair", "--radius", "nan"], ["--radius"]),
        (["--shape", "equal", "--bracket", "9"], ["--bracket"]),
        (["--shape", "equal", "--bracket", "9,x"], ["'x'"]),
        (["--shape", "equal", "--bracket", "12,9"], ["bracket", "lo < hi"]),
        (["--shape", "equal", "--bracket", "11,12"], ["persists"]),
        (["--shape", "equal", "--bracket", "8,9"], ["hi=9"]),
        (["--shape", "equal", "--max-seconds", "-1"], ["--max-seconds"]),
        (["--shape", "equal", "--json", "no/such/out.json"], ["--json"]),
        (["--shape", "equal", "--plot", "no/such/out.png"], ["--plot"]),
        (["--shape", "equal", "--bracket", "9.9,10.2", "--plot", "out.xyz"], ["--plot", "xyz"]),
    ],
)
def test_wrong_usage_exits_2(arguments, words, tmp_path):
    failed(inside("birth", *arguments, cwd=tmp_path), 2, *words)
