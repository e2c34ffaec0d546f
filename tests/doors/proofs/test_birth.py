"""``gmmscape prove birth`` as a user runs it."""

from __future__ import annotations

import json

import pytest

from doors.commandline import failed, inside
from gmmscape.exceptions import NoResultError

pytest.importorskip("flint")
NEAR = ("birth", "--shape", "equal", "--bracket", "9.9,10.2")
PROVER = "gmmscape.cli.proofs.birth.certify_birth"


def refused(birth):
    raise NoResultError("not proved: for the sake of the test")


def interrupted(birth):
    raise KeyboardInterrupt


@pytest.mark.slow
def test_a_birth_is_proved_and_checked(tmp_path):
    found = inside("prove", *NEAR, "--certificates", "proofs", "--json", "birth.json", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("proved: fold at a parameter between 10.04694244728820")
    assert (tmp_path / "birth.json").read_bytes() == (tmp_path / "proofs/birth.json").read_bytes()
    assert inside("verify", "proofs/birth.json", cwd=tmp_path).stdout == "proofs/birth.json: proved\n"
    failed(inside("prove", *NEAR, "--certificates", "proofs", cwd=tmp_path), 2, "--certificates", "--force")


@pytest.mark.parametrize(("ends", "code"), [(refused, 1), (interrupted, 4)])
def test_what_is_not_proved_is_told_as_measured(ends, code, tmp_path, monkeypatch):
    monkeypatch.setattr(PROVER, ends)
    found = inside("prove", *NEAR, "--certificates", "proofs", "--json", "b.json", cwd=tmp_path)
    assert found.returncode == code
    assert found.stderr.startswith("note: ")
    assert found.stdout.startswith("fold of 0>0,1  1,2>2 at parameter 10.04694245")
    assert json.loads((tmp_path / "b.json").read_text())["format"] == "gmmscape-birth"
    assert not (tmp_path / "proofs").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["birth"], ["--shape"]),
        (["birth", "--shape", "equal", "--radius", "2"], ["--radius"]),
        (["birth", "--shape", "equal", "--bracket", "9"], ["--bracket"]),
        (["birth", "--shape", "equal", "--bracket", "11,12"], ["persists"]),
    ],
)
def test_wrong_usage(arguments, words, tmp_path):
    failed(inside("prove", *arguments, cwd=tmp_path), 2, *words)
