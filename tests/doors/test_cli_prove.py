"""``gmmscape prove`` and ``gmmscape verify`` as a user runs them."""

from __future__ import annotations

import json

import pytest

from doors.commandline import failed, inside

pytest.importorskip("flint")
TRUTH = ("--centers=-2,2", "--sigma", "1", "-k", "2", "--starts", "2")


def test_a_truth_is_proved_and_checked(tmp_path):
    result = inside("prove", *TRUTH, "--certificates", "proofs", "--json", "report.json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("1 minimum found, 1 proved, 1 proved to be structured")
    assert json.loads((tmp_path / "report.json").read_text())["format"] == "gmmscape-structure-report"
    assert [file.name for file in (tmp_path / "proofs").iterdir()] == ["minimum-0.json"]

    checked = inside("verify", "proofs/minimum-0.json", cwd=tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "proofs/minimum-0.json: proved\n")
    silent = inside("verify", "--quiet", "proofs/minimum-0.json", cwd=tmp_path)
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    text = (tmp_path / "proofs/minimum-0.json").read_text()
    (tmp_path / "wrong.json").write_text(text.replace('"index": 0', '"index": 1'))
    refused = inside("verify", "proofs/minimum-0.json", "wrong.json", cwd=tmp_path)
    assert refused.returncode == 1
    assert refused.stdout == "proofs/minimum-0.json: proved\n"
    assert refused.stderr.startswith("wrong.json proves nothing: it was changed")


def test_certificates_are_not_written_over(tmp_path):
    inside("prove", *TRUTH, "--certificates", "proofs", cwd=tmp_path)
    failed(inside("prove", *TRUTH, "--certificates", "proofs", cwd=tmp_path), 2, "--certificates", "--force")
    again = inside("prove", *TRUTH, "--certificates", "proofs", "--force", "--quiet", cwd=tmp_path)
    assert (again.returncode, again.stdout.count("\n"), again.stderr) == (0, 1, "")


def test_rows_of_a_file(tmp_path):
    (tmp_path / "rows.csv").write_text(
        "x,y\n" + "".join(f"{i % 3},{8 * (i % 2) + i % 5}\n" for i in range(30))
    )
    result = inside("prove", "rows.csv", "--sigma", "2", "-k", "2", "--certificates", "p", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "found" in result.stdout
    assert inside("verify", "p/minimum-0.json", cwd=tmp_path).returncode == 0


def test_flat_minima_are_told_by_the_exit_code(tmp_path):
    result = inside("prove", "--centers=0", "--sigma", "1", "-k", "2", "--starts", "2", cwd=tmp_path)
    assert result.returncode == 1
    assert "not proved" in result.stdout


def test_wrong_usage(tmp_path):
    failed(
        inside("prove", "--centers=-2,2", "--sigma", "1", "--weights", "free", cwd=tmp_path),
        2,
        "free weights",
    )
    failed(inside("verify", cwd=tmp_path), 2, "FILES")
    failed(inside("verify", "none.json", cwd=tmp_path), 2, "none.json")
