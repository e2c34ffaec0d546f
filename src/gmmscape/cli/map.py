"""``gmmscape map``: minima and saddles of a known mixture, or of the rows of a file."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.files import FileCommand
from gmmscape.cli.landscapes import landscape_of, landscape_options
from gmmscape.cli.options import laboratory_options
from gmmscape.cli.progress import progress
from gmmscape.cli.report import report_of, report_options


@click.command("map", cls=FileCommand)
@landscape_options
@click.option("--saddles", is_flag=True, help="Saddles of every index too, what they join, and barriers.")
@click.option("--starts", type=click.IntRange(min=0), default=64, show_default=True, help="Random starts.")
@report_options
@laboratory_options(checkpoint=True)
@click.pass_context
def map_command(
    context: click.Context,
    saddles: bool,
    starts: int,
    seed: int,
    n_jobs: int,
    max_seconds: float | None,
    checkpoint: str | None,
    **described: Any,
) -> None:
    """Map the local minima of a known mixture, or of the rows of FILE.

    Fits k means (known sigma; weights 1/k, or free ones) to the population of the truth, from every
    candidate structure and from random starts, or to the rows of FILE, and prints each minimum once, against
    a truth with its structure. FILE is text: CSV, TSV or separated by white space, gzipped or not.
    """
    report = report_of(described)
    landscape, rows = landscape_of(described)
    with progress("exploring", quiet=report.quiet) as callback:
        atlas = landscape.explore(
            seed,
            n_starts=starts,
            saddles=saddles,
            n_jobs=n_jobs,
            max_seconds=max_seconds,
            callback=callback,
            checkpoint=checkpoint,
        )
    data = None if rows is None else rows.values
    report.write(atlas, (lambda: atlas.plot(data=data)) if atlas.minima else None)
    if atlas.stop_reason == "interrupted":
        context.exit(4)
