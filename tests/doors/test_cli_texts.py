"""What commands print: verdict first, tables that fit the line, details on request; examples of the help."""

from __future__ import annotations

import csv
import os
import shlex
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import click
import numpy as np
import pytest
from rich.console import Console

import gmmscape as gs
from doors.commandline import PATIENCE, gmmscape, inside
from gmmscape.cli.app import COMMANDS, app
from gmmscape.cli.prove import PROOFS
from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.outputs import Outputs, output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.progress import Event
from gmmscape.results.text import cells

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["<script>", 'a "quoted" one', "\u202eRTL\u202c", "x" * 10_000, "\u6e29\u5ea6", "red\x1b[31m"]


@pytest.fixture(name="folder", scope="module")
def with_rows(tmp_path_factory):
    """Three clusters in six columns of hostile names, a fit to them, and a longer table in one."""
    folder = tmp_path_factory.mktemp("texts")
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(c, 1, (60, 6)) for c in (0, 8, 20)])
    with (folder / "wide.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([NAMES, *X.tolist()])
    np.savetxt(folder / "rows.csv", X[:, :2], header="east,north", comments="", delimiter=",")
    assert inside("fit", "wide.csv", "-k", 3, "--json", "wide.json", cwd=folder).returncode == 0
    assert inside("fit", "rows.csv", "-k", 3, "--json", "fit.json", cwd=folder).returncode == 0
    return folder


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize(
    "command",
    [
        ["fit", "wide.csv", "-k", 3, "--show", "all", "--verbose"],
        ["diagnose", "wide.json", "wide.csv", "--verbose"],
        ["select", "rows.csv", "--k", "1:4"],
        ["optima", "rows.csv", "-k", 3, "--n-starts", 8],
        ["map", "--centers=-3,3,12", "--sigma", 1, "-k", 3, "--starts", 4],
        pytest.param(
            ["map", "--centers=-3,3,12,30,50", "--sigma", 1, "-k", 5, "--starts", 8], marks=pytest.mark.slow
        ),
    ],
    ids=lambda command: f"{command[0]} {command[-3]}",
)
def test_lines_fit_the_terminal_and_nothing_is_cut(command, width, folder, monkeypatch):
    plain = inside(*command, cwd=folder)
    monkeypatch.setenv("COLUMNS", str(width))
    fitting = inside(*command, cwd=folder)
    assert (plain.returncode, fitting.returncode) == (0, 0), fitting.stderr
    widths = [cells(line) for line in fitting.stdout.splitlines()]
    # A single word, such as the means of a minimum in one cell, may be longer than a line.
    assert max(widths) <= width or command[0] == "map"
    assert max(map(cells, plain.stdout.splitlines())) > 60 if command[0] != "select" else True
    numbers = {word for word in plain.stdout.split() if word.replace(".", "").replace("-", "").isdigit()}
    assert numbers <= set(fitting.stdout.split())


def test_names_move_no_cursor_and_turn_no_direction(folder):
    text = inside("fit", "wide.csv", "-k", 3, "--show", "all", "--verbose", cwd=folder).stdout
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "red\\x1b[31m" in text
    assert "xxx..." in text
    assert "\u6e29\u5ea6" in text


def test_more_is_shown_on_request(folder):
    def text(*options):
        return inside("fit", "wide.csv", "-k", 3, *options, cwd=folder).stdout

    short, columns, matrices = text(), text("--show", "columns"), text("--show", "covariances")
    assert "and 2 more columns: --show columns" in short
    assert "mean \u6e29\u5ea6" in columns
    assert "mean \u6e29\u5ea6" not in short
    assert matrices.count("\ncovariance of component ") == 3
    tied = inside("fit", "rows.csv", "-k", 2, "--covariance", "tied", "--show", "all", cwd=folder).stdout
    assert tied.count("covariance of all components:") == 1
    for kind in ("diag", "spherical"):
        shown = inside("fit", "rows.csv", "-k", 2, "--covariance", kind, "--show", "all", cwd=folder).stdout
        assert shown.count("\nvariances:\n") == 1


def test_details_are_told_on_request():
    short, full = inside("demo").stdout, inside("demo", "--verbose").stdout
    verdict, then, before, *_ = short.splitlines()
    assert verdict.startswith("verdict: no better fit found - ")
    assert then == "next: use this fit"
    assert before.startswith("EM alone ended in a bad optimum: ")
    assert "exact: one component on one cluster" in short
    assert "one-fits-many" not in short
    assert "moves:" not in short
    assert "one-fits-many: sits on several clusters" in full
    assert "moves:" in full
    assert full.count("verdict") == 1
    assert inside("demo", "--quiet").stdout == f"{verdict}\n"


def test_alternatives_are_listed_where_they_are_announced(tmp_path):
    """A core in a halo: two components on one cluster are the better density, and not the better clusters."""
    rng = np.random.default_rng(1)
    parts = [(0, 1, 100), (0, 6, 100), (40, 1, 60), (44, 1, 60)]
    rows = np.vstack([[place, 0] + spread * rng.normal(size=(n, 2)) for place, spread, n in parts])
    np.savetxt(tmp_path / "rows.csv", rows, header="x,y", comments="", delimiter=",")
    covariances = [variance * np.eye(2) for variance in (18.5, 1, 1)]
    mixture = gs.Mixture([200 / 320, 60 / 320, 60 / 320], [[0, 0], [40, 0], [44, 0]], covariances, "full")
    mixture.to_json(tmp_path / "model.json")
    text = inside("diagnose", "model.json", "rows.csv", cwd=tmp_path).stdout
    assert "\nalternatives, not taken:\n  " in text
    assert "(nested)" in text


@pytest.mark.slow
def test_notes_of_a_selection_are_explained(tmp_path):
    rows = np.repeat(np.random.default_rng(0).normal(size=(8, 1)), 2, axis=0)
    found = gs.select(rows, range(1, 5), rng=0)
    words = {word for row in found.table for word in (row["found_by"], *row["flags"])}
    assert "nothing gained" in words or "refused" in words
    for word in words & {"refused", "nothing gained", "copy", "split", "merge"}:
        assert f"\n  {word}: " in str(found)


def test_the_example_is_that_of_the_readme():
    shipped = ROOT / "src" / "gmmscape" / "cli" / "examples" / "stations.csv"
    assert shipped.read_bytes() == (ROOT / "examples" / "stations.csv").read_bytes()


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "gmmscape", "--version"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.stdout.split() == ["gmmscape,", "version", gs.__version__]


@pytest.mark.parametrize(
    ("words", "expected"), [("gmmscape f", {"fit", "falsify"}), ("gmmscape d", {"diagnose", "demo"})]
)
def test_the_shell_completes_commands(words, expected):
    asked = {"_GMMSCAPE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "1"}
    done = gmmscape(env={**os.environ, **asked})
    assert {line.partition(",")[2] for line in done.stdout.split()} == expected


@pytest.mark.slow
def test_the_shell_completes_options_and_files():
    asked = {"_GMMSCAPE_COMPLETE": "bash_complete", "COMP_CWORD": "2"}
    done = gmmscape(env={**os.environ, **asked, "COMP_WORDS": "gmmscape fit --js"})
    assert done.stdout.split() == ["plain,--json"]
    done = gmmscape(env={**os.environ, **asked, "COMP_WORDS": "gmmscape fit ro"})
    assert done.stdout.split() == ["file,ro"]


#: Each command by what is typed for it: `prove`, which means its minima, and those of its group too.
TYPED = [*COMMANDS, *(f"prove {name}" for name in PROOFS)]

#: Those whose examples are dear, left to the nightly run.
SLOW = ("birth", "map", "phase", "prove", "prove birth", "prove census", "verify")


def command_of(typed: str) -> click.Command:
    """Return the command that is typed so."""
    command: click.Command | None = app
    for name in typed.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    return command


def examples_in(typed: str) -> list[str]:
    help_text = command_of(typed).help
    assert help_text is not None
    after = help_text.split("Example:\n")
    assert len(after) == 2, f"{typed} --help has no example"
    return [line.strip() for line in after[1].splitlines() if line.strip()]


@pytest.mark.parametrize(
    "typed", [pytest.param(typed, marks=[pytest.mark.slow] * (typed in SLOW)) for typed in TYPED]
)
def test_the_example_of_each_help_page_runs(typed, folder, tmp_path):
    for file in ("rows.csv", "fit.json"):
        shutil.copy(folder / file, tmp_path / file)
    (example,) = examples_in(typed)
    program, *arguments = shlex.split(example)
    assert program == "gmmscape"
    assert arguments[: len(typed.split())] == typed.split()
    if typed == "verify":  # what the example of prove has made
        inside(*shlex.split(examples_in("prove")[0])[1:], cwd=tmp_path)
    done = inside(*arguments, *(["--force"] if "--json" in arguments else []), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


class Told(gs.Mixture):
    """A result with a report."""

    def to_html(self) -> str:
        return "<!doctype html><title>\u00e9</title>"


@click.command("toy", cls=FileCommand)
@output_options(Told)
def toy(**options):
    outputs_of(options).write(Told.location([0.0, 1.0], 1.0))


def test_a_result_with_a_report_has_the_option(tmp_path):
    from click.testing import CliRunner

    page = tmp_path / "page.html"
    assert CliRunner().invoke(toy, ["--report", str(page)]).exit_code == 0
    assert page.read_text(encoding="utf-8") == Told.to_html(Told.location([0.0], 1.0))
    assert CliRunner().invoke(toy, ["--report", "-"]).stdout.startswith("<!doctype html>")
    assert CliRunner().invoke(toy, ["--report", str(page), "--json", str(page)]).exit_code == 2
    page.write_text("mine")
    assert CliRunner().invoke(toy, ["--report", str(page)]).exit_code == 2
    assert page.read_text() == "mine"


#: Commands that search for nothing: they are through at once.
AT_ONCE = {"predict": {"--json", "--quiet", "--force"}, "sample": {"--force"}}
AT_ONCE["score"], AT_ONCE["verify"] = AT_ONCE["predict"], {"--quiet"}


@pytest.mark.parametrize("typed", sorted(set(TYPED) - {"demo", "prove"}))
def test_every_command_has_the_same_options(typed):
    there = {option for param in command_of(typed).params for option in param.opts}
    assert (
        AT_ONCE.get(typed, {"--json", "--quiet", "--verbose", "--show", "--force", "--max-seconds"}) <= there
    )


def test_progress_tells_the_stage_and_leaves_nothing_behind(monkeypatch, capsys):
    monkeypatch.setattr(
        "gmmscape.cli.shared.progress.Console", partial(Console, force_terminal=True, width=130)
    )
    with progress("fitting", quiet=False) as callback:
        assert callback is not None
        callback(Event("fit", "em", 3, 10, 1.5, 0.0))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "fitting" in shown.err
    assert "em 3 of 10" in shown.err
    with progress("fitting", quiet=True) as callback:
        assert callback is None


def test_a_picture_of_nothing_is_said_and_not_written(tmp_path, capsys):
    outputs = Outputs(None, None, str(tmp_path / "p.png"), True, False, (), False)
    outputs.write(gs.Mixture.location([0.0], 1.0), None)
    assert capsys.readouterr().err == "--plot: there is nothing to draw\n"
    assert not list(tmp_path.iterdir())
