"""``gmmscape prove census`` as a user runs it."""

from __future__ import annotations

import json

import pytest

from doors.commandline import failed, inside
from gmmscape.proof.census.subdivision import Subdivision

pytest.importorskip("flint")
TRUTH = ("census", "--centers=-2,2", "--sigma", "1")


@pytest.mark.slow
def test_a_complete_census_and_its_file(tmp_path):
    found = inside("prove", *TRUTH, "--certificates", "proofs", "--json", "-", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert found.stderr.startswith("proved: exactly 2 critical points up to relabelling, and no others")
    written = json.loads((tmp_path / "proofs/census.json").read_text())
    assert written == json.loads(found.stdout)
    assert written["complete"] is True
    assert inside("verify", "proofs/census.json", cwd=tmp_path).stdout == "proofs/census.json: proved\n"
    before = (tmp_path / "proofs/census.json").read_bytes()
    failed(inside("prove", *TRUTH, "--certificates", "proofs", cwd=tmp_path), 2, "--certificates", "--force")
    assert (tmp_path / "proofs/census.json").read_bytes() == before
    (tmp_path / "proofs/census.json").write_text("mine")
    forced = inside("prove", *TRUTH, "--certificates", "proofs", "--force", "--quiet", cwd=tmp_path)
    assert (forced.returncode, forced.stdout.count("\n")) == (0, 1)
    assert (tmp_path / "proofs/census.json").read_bytes() == before


def test_true_weights_and_k():
    found = inside("prove", *TRUTH, "--weights", "0.3,0.7", "-k", "1", "--quiet")
    assert (found.returncode, found.stdout) == (
        0,
        "proved: exactly 1 critical point up to relabelling, and no others\n",
    )


def test_ctrl_c_keeps_what_there_is_and_a_checkpoint_goes_on(tmp_path, monkeypatch):
    def interrupt(self, side):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Subdivision, "step", interrupt)
        stopped = inside(
            "prove", *TRUTH, "--checkpoint", "kept.json", "--certificates", "early", cwd=tmp_path
        )
    assert stopped.returncode == 4
    assert stopped.stdout.startswith("not proved to be complete: stopped early (interrupted)")
    early = json.loads((tmp_path / "early/census.json").read_text())
    assert (early["complete"], len(early["certificates"])) == (False, 2)

    def certified_anew(*arguments):
        raise AssertionError("the checkpoint holds the certificates")

    monkeypatch.setattr("gmmscape.proof.census.census._certificate", certified_anew)
    resumed = inside("prove", *TRUTH, "--checkpoint", "kept.json", "--quiet", cwd=tmp_path)
    assert resumed.returncode == 0
    assert resumed.stdout.startswith("proved: exactly 2 critical points")


def test_time_that_is_over_is_told_by_the_exit_code():
    found = inside("prove", *TRUTH, "--max-seconds", "0")
    assert found.returncode == 1
    assert "(time_limit)" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["census"], ["--centers", "--truth"]),
        (["census", "--centers=-2,2"], ["--sigma"]),
        (["census", "--centers=-2,2", "--sigma", "1", "--weights", "free"], ["--weights", "'free'"]),
        (["census", "rows.csv"], ["rows.csv"]),
        ([*TRUTH, "--certificates", "notes/proofs"], ["--certificates", "no folder"]),
        ([*TRUTH, "--truth", "notes"], ["--truth"]),
    ],
)
def test_wrong_usage(arguments, words, tmp_path):
    (tmp_path / "notes").write_text("mine")
    failed(inside("prove", *arguments, cwd=tmp_path), 2, *words)
