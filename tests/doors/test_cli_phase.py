"""``gmmscape phase`` as a user runs it."""

from __future__ import annotations

import json

import pytest

import gmmscape as gs
from doors.commandline import failed, gmmscape, inside, interrupted, needs_terminal
from gmmscape import lab
from gmmscape.cli.shared.expressions import centers_of, value_of

SMALL = ("--x", "2.5:3:2", "--y", "10:11:2", "-k", "3")


@pytest.mark.slow
def test_a_diagram_with_files_and_from_its_checkpoint(tmp_path):
    pytest.importorskip("matplotlib")
    arguments = ("phase", "--centers", "-x,x,y", *SMALL, "--checkpoint", "c.json", "--json", "p.json")
    result = gmmscape(*arguments, "--plot", "p.png", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.startswith("2 x 2 cells")
    content = json.loads((tmp_path / "p.json").read_text())
    assert content["gmmscape_version"] == gs.__version__
    assert content["counts"] == [[2, 1], [2, 2]]
    fold = lab.birth(
        lambda D: gs.Mixture.location([-3.0, 3.0, D], 1.0), [((0,), (0, 1)), ((1, 2), (2,))], (8, 14)
    )
    assert content["births"][-1]["y"] == pytest.approx(fold.parameter, abs=1e-9)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    again = inside(*arguments, cwd=tmp_path)
    assert again.stdout == result.stdout


def test_in_the_plane_and_quiet(tmp_path):
    out = tmp_path / "p.json"
    arguments = ("--x", "4:8:2", "--y", "3:7:2", "-k", "2", "--no-births", "--quiet", "--json", out)
    result = inside("phase", "--centers", "-x/2,0; x/2,0; 0,sqrt(y**2)", *arguments)
    assert (result.returncode or 0, result.stderr) == (0, "")
    assert result.stdout == "2 x 2 cells, x 4 to 8, y 3 to 7, k = 2\n"
    content = json.loads(out.read_text())
    assert len(content["minima"][0][0][0]["means"][0]) == 2
    assert content["births"] == []


def test_expressions():
    assert value_of("-(x+2*y)**2/4 - sqrt(y)", 2.0, 4.0) == -27.0
    assert centers_of("-x/2,0;x/2,0;0,y") == (("-x/2", "0"), ("x/2", "0"), ("0", "y"))


@pytest.mark.slow
@needs_terminal
def test_ctrl_c_keeps_what_was_found(tmp_path):
    big = ("--centers", "-x,x,y", "--x", "1:8:40", "--y", "2:16:40", "--checkpoint", "c.json")
    output = interrupted(["phase", *big], b"2 of 40", cwd=tmp_path)
    assert "interrupted" in output


@pytest.mark.parametrize(
    ("centers", "more", "words"),
    [
        ("-x,x,__import__('os')", (), ["--centers"]),
        ("x.real,y", (), ["--centers"]),
        ("x,z", (), ["--centers"]),
        ("x,", (), ["--centers"]),
        ("1(2),x", (), ["--centers"]),
        ("x,True", (), ["--centers"]),
        ("0,0;x", (), ["--centers", "coordinates"]),
        ("x," + "(" * 150 + "y", (), ["--centers"]),
        ("1/(x-3),y", (), ["1/(x-3)", "x=3"]),
        ("sqrt(-x),y", (), ["sqrt(-x)"]),
        ("(-x)**0.5,y", (), ["(-x)**0.5"]),
        ("9**9**9**9,y", (), ["9**9**9**9"]),
        ("x,y", ("--x", "3:1:5"), ["--x"]),
        ("x,y", ("--y", "1:3"), ["--y", "1:8:60"]),
        ("x,y", ("--sigma", "0"), ["sigma"]),
        ("x,y", ("--plot", "p.xyz"), ["--plot"]),
        ("x,y", ("--json", "no/such/p.json"), ["--json"]),
        ("x,y", ("--verify", "2"), ["--verify"]),
    ],
)
def test_wrong_usage_exits_2(centers, more, words):
    failed(inside("phase", "--centers", centers, *SMALL, *more), 2, *words)
