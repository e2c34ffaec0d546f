"""Where the result of a command goes: standard output, JSON, a report, a picture."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import click

from gmmscape.cli.shared.files import STDOUT, Written
from gmmscape.cli.shared.rows import Rows
from gmmscape.cli.shared.spoken import in_options
from gmmscape.jsonfile import json_text, write_json
from gmmscape.results.records import Record
from gmmscape.results.text import PARTS, Printing, folded, printed
from gmmscape.wholefile import unfinished

Command = Callable[..., Any]
#: What options that a command does not have are taken for.
NOT_OFFERED = {"show": (), "verbose": False}
#: The name of what makes a picture, by ending: how a later run knows the file for ours.
MAKERS = {"png": "Software", "pdf": "Creator", "svg": "Creator"}


class Outputs(NamedTuple):
    """What the options of `output_options` ask for."""

    json_file: str | None
    report_file: str | None
    plot_file: str | None
    quiet: bool
    verbose: bool
    show: tuple[str, ...]
    force: bool

    def write(
        self,
        found: Record,
        plot: Callable[[], Any] | None = None,
        *,
        rows: Rows | None = None,
        also: tuple[tuple[Record, str | None], ...] = (),
        printed: Record | None = None,
        apart: bool = False,
        verdict: bool = False,
        below: str = "",
    ) -> None:
        """Write what was found, and print it even if a file fails: nothing is lost with a full disk.

        Parameters
        ----------
        found : Record
            What to write and print.
        plot : callable, optional
            Returns the display to save; None where there is nothing to draw.
        rows : Rows, optional
            What the report draws beside the result, with the names of the columns.
        also : tuple of (Record, str or None)
            Other results with the JSON files they go to.
        printed : Record, optional
            What to print instead.
        apart : bool, default=False
            Whether standard output has something else, so that the text goes to standard error.
        verdict : bool, default=False
            Whether the first line is a verdict that does not say so itself.
        below : str, default=""
            A line that the text ends with.
        """
        files = [(found, self.json_file), *also]
        try:
            for result, file in files:
                if file == STDOUT:
                    click.echo(json_text(result.file_content()), nl=False)
                elif file is not None:
                    write_json(result.file_content(), file)
            if self.report_file is not None:
                _write_report(found, rows, self.report_file)
            if self.plot_file is not None and plot is not None:
                _write_picture(plot(), self.plot_file)
        finally:
            taken = apart or STDOUT in (self.report_file, *(file for _, file in files))
            self._tell(printed or found, apart=taken, head="verdict: " if verdict else "", below=below)
        if self.plot_file is not None and plot is None:
            click.echo("--plot: there is nothing to draw", err=True)

    def _tell(self, found: Record, *, apart: bool, head: str, below: str) -> None:
        """Print the result, or its first line; on standard error where a file has the other."""
        width = None if self.quiet else line_width(sys.stderr if apart else sys.stdout)
        show = frozenset(PARTS if "all" in self.show else self.show)
        with printed(Printing(width, self.verbose, show)):
            text = folded(head + in_options(str(found)) + (f"\n{below}" if below else ""))
        click.echo(text.partition("\n")[0] if self.quiet else text, err=apart)


def line_width(stream: Any) -> int | None:
    """Return how many cells a line of a stream has: COLUMNS, its terminal's, or None for any number."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError, AttributeError):  # no terminal
        return None


def output_options(of: type[Record], *, plot: bool = True, show: bool = True) -> Callable[[Command], Command]:
    """Add --json, --report, --plot, --quiet, --verbose, --show and --force.

    Parameters
    ----------
    of : type
        The class of what is found; there is a --report where it has `to_html`.
    plot : bool, default=True
        Whether it can be drawn.
    show : bool, default=True
        Whether there is more to show of it than what is printed.
    """
    options = {
        "force": click.option(
            "--force", is_flag=True, help="Replace files that gmmscape did not write, too."
        ),
        "show": click.option(
            "--show",
            multiple=True,
            type=click.Choice([*PARTS, "all"]),
            help="What is shown in full: more columns or components than fit, or covariances.",
        ),
        "verbose": click.option(
            "--verbose", is_flag=True, help="Tell the details: what was tried, what was measured."
        ),
        "quiet": click.option("--quiet", is_flag=True, help="Only the verdict, in one line; no progress."),
        "plot_file": click.option(
            "--plot",
            "plot_file",
            type=Written(what="a picture"),
            callback=_picture,
            help="Draw the result: PNG, PDF or SVG by the file's ending.",
        ),
        "report_file": click.option(
            "--report",
            "report_file",
            type=Written(stdout=True, what="a report"),
            help="Write a report to this HTML file; - for standard output.",
        ),
        "json_file": click.option(
            "--json",
            "json_file",
            type=Written(stdout=True),
            help="Write the result to this file; - for standard output.",
        ),
    }
    offered = {"plot_file": plot, "show": show, "verbose": show, "report_file": hasattr(of, "to_html")}

    def add(command: Command) -> Command:
        for name, option in options.items():
            command = option(command) if offered.get(name, True) else command
        return command

    return add


def outputs_of(options: dict[str, Any]) -> Outputs:
    """Take the options of `output_options` out of a command's arguments."""
    return Outputs(*(options.pop(field, NOT_OFFERED.get(field)) for field in Outputs._fields))


def _write_report(found: Any, rows: Rows | None, file: str) -> None:
    page = found.to_html() if rows is None else found.to_html(rows.values, columns=rows.names)
    if file == STDOUT:
        click.echo(page)
        return
    with unfinished(file) as beside:
        beside.write_text(page, encoding="utf-8")


def _write_picture(display: Any, file: str) -> None:
    ending = Path(file).suffix[1:].lower()
    with unfinished(file) as beside, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        display.figure_.savefig(beside, format=ending, metadata={MAKERS[ending]: "gmmscape"})
    if any("missing from font" in str(one.message) for one in said):
        click.echo("--plot: the font lacks some letters of the names, drawn as boxes", err=True)


def _picture(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Raise a usage error now if a picture could not be drawn into a file of this name later."""
    if value is None or value == STDOUT:
        return value
    if find_spec("matplotlib") is None:
        raise click.UsageError('--plot needs matplotlib: pip install "gmmscape[plot]"', ctx)
    if Path(value).suffix[1:].lower() not in MAKERS:
        raise click.BadParameter(
            f"{value!r} is no name of a picture: let it end in .{', .'.join(MAKERS)}", ctx, param
        )
    return value
