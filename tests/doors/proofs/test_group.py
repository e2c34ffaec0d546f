"""``gmmscape prove`` as a group: minima are meant where nothing is named."""

from __future__ import annotations

import pytest
from click.shell_completion import BashComplete

from doors.commandline import failed, inside
from gmmscape.cli.app import app
from gmmscape.proof import structure_report as report

TRUTH = ("--centers=-2,2", "--sigma", "1", "--starts", "2")


def test_bare_prove_means_minima():
    pytest.importorskip("flint")
    bare, named = inside("prove", *TRUTH), inside("prove", "minima", *TRUTH)
    assert (bare.returncode, bare.stderr) == (0, "")
    assert bare.stdout.startswith("1 minimum found, 1 proved")
    assert bare.stdout == named.stdout


def test_a_report_of_certificates_is_told_from_one(tmp_path):
    pytest.importorskip("flint")
    inside("prove", *TRUTH, "--json", "report.json", cwd=tmp_path)
    refused = inside("verify", "report.json", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "'gmmscape-structure-report' is no certificate" in refused.stderr
    assert "`gmmscape prove --certificates FOLDER`" in refused.stderr


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_proved(tmp_path, monkeypatch):
    pytest.importorskip("flint")
    whole, calls = report.certify, []

    def second_is_interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(report, "certify", second_is_interrupted)
    two_minima = ("--centers=-3,3,12", "--sigma", "1", "--starts", "0", "--certificates", "p")
    found = inside("prove", *two_minima, cwd=tmp_path)
    assert found.returncode == 4, found.stderr
    assert found.stdout.startswith("1 minimum found, 1 proved")
    assert [file.name for file in (tmp_path / "p").iterdir()] == ["minimum-0.json"]


def test_a_first_word_that_names_no_command_is_a_file(tmp_path):
    pytest.importorskip("flint")
    (tmp_path / "censuses").write_text("x\n1\n2\n4\n")  # nearly a command, and there
    found = inside("prove", "censuses", "--sigma", "4", "-k", "1", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    failed(inside("prove", "rows.csv", "--sigma", "1", "-k", "1", cwd=tmp_path), 3, "rows.csv")


@pytest.mark.parametrize(("slip", "meant"), [("cenus", "census"), ("bonud", "bound"), ("minimum", "minima")])
def test_a_slip_is_told_from_a_file(slip, meant, tmp_path):
    failed(inside("prove", slip, *TRUTH, cwd=tmp_path), 2, f"no command '{slip}': did you mean {meant}?")


def test_without_anything_the_commands_are_listed():
    found = inside("prove")
    assert found.returncode == 2
    assert [word in found.stdout + found.stderr for word in ("minima", "census", "bound", "birth")] == [
        True
    ] * 4


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("prove b", {"bound", "birth"}),
        ("prove --cert", {"--certificates"}),
        ("prove bound --nonp", {"--nonparametric"}),
    ],
)
def test_the_shell_completes_commands_and_options_of_the_default(words, expected):
    *before, incomplete = words.split()
    found = BashComplete(app, {}, "gmmscape", "_").get_completions(before, incomplete)
    assert {item.value for item in found if item.type == "plain"} == expected
