"""Where the result of a command goes: standard output, a JSON file, a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import click

from gmmscape.cli.files import Written
from gmmscape.cli.options import Command, check_writable


class Result(Protocol):
    """What a report can be made of: `str` of it is its summary."""

    def to_json(self, path: str | Path, /) -> Any:
        """Write the result to a file."""
        ...


class Report(NamedTuple):
    """What the options of `report_options` ask for."""

    json_file: str | None
    plot_file: str | None
    quiet: bool

    def write(self, found: Result, plot: Callable[[], Any] | None) -> None:
        """Write and draw what was found, and print it even if a file fails: nothing is lost with a full disk.

        Parameters
        ----------
        found : Result
            What to write and print.
        plot : callable or None
            Returns the display to save; None where there is nothing to draw.
        """
        try:
            if self.json_file is not None:
                found.to_json(self.json_file)
            if self.plot_file is not None and plot is not None:
                plot().figure_.savefig(self.plot_file)
        finally:
            if not self.quiet:
                click.echo(str(found))


def report_options(command: Command) -> Command:
    """Add --json and --plot."""
    for option in (
        click.option(
            "--plot",
            "plot_file",
            type=Written(),
            help="Draw the result: PNG, PDF or SVG by the file's ending.",
        ),
        click.option("--json", "json_file", type=Written(), help="Write the result to this file."),
    ):
        command = option(command)
    return command


def report_of(options: dict[str, Any]) -> Report:
    """Take the options of `report_options` and --quiet out of a command's arguments.

    A file that could not be written later is a usage error now.
    """
    report = Report(*(options.pop(field) for field in Report._fields))
    check_writable(report.json_file, "--json")
    if report.plot_file is not None:
        check_writable(report.plot_file, "--plot")
        _check_picture(report.plot_file)
    return report


def _check_picture(file: str) -> None:
    """Raise a usage error now if a picture could not be drawn into a file of this name later."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        raise click.UsageError('--plot needs matplotlib: pip install "gmmscape[plot]"') from error
    endings = FigureCanvasBase.get_supported_filetypes()
    if Path(file).suffix[1:].lower() not in endings:
        raise click.BadParameter(
            f"{file!r} does not end in one of .{', .'.join(sorted(endings))}", param_hint="--plot"
        )
