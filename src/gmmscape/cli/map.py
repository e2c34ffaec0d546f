"""``gmmscape map``: minima and saddles of a known mixture, or of the rows of a file."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.landscapes import landscape_of, landscape_options
from gmmscape.cli.options import check_picture, check_writable
from gmmscape.cli.progress import exploration_progress


@click.command("map")
@landscape_options
@click.option("--saddles", is_flag=True, help="Saddles of every index too, what they join, and barriers.")
@click.option("--starts", type=click.IntRange(min=0), default=64, show_default=True, help="Random starts.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random starts."
)
@click.option("--n-jobs", type=int, default=1, show_default=True, help="Processes; -1 for all cores.")
@click.option("--max-seconds", type=click.FloatRange(min=0), help="Stop after this time with what is found.")
@click.option("--json", "json_file", help="Write the atlas to this file.")
@click.option("--plot", "plot_file", help="Draw the atlas into this file: PNG, PDF or SVG by its ending.")
@click.option("--quiet", is_flag=True, help="No table and no progress.")
@click.pass_context
def map_command(
    context: click.Context,
    saddles: bool,
    starts: int,
    seed: int,
    n_jobs: int,
    max_seconds: float | None,
    json_file: str | None,
    plot_file: str | None,
    quiet: bool,
    **described: Any,
) -> None:
    """Map the local minima of a known mixture, or of the rows of FILE.

    Fits k means (known sigma; weights 1/k, or free ones) to the population of the truth, from every
    candidate structure and from random starts, or to the rows of FILE, and prints each minimum once, against
    a truth with its structure. FILE is text: CSV, TSV or separated by white space, gzipped or not.
    """
    landscape, rows = landscape_of(described)
    for name, file in (("--json", json_file), ("--plot", plot_file)):
        if file is not None:
            check_writable(file, name)
    if plot_file is not None:
        check_picture(plot_file)
    with exploration_progress(quiet=quiet) as callback:
        atlas = landscape.explore(
            seed,
            n_starts=starts,
            saddles=saddles,
            n_jobs=n_jobs,
            max_seconds=max_seconds,
            callback=callback,
        )
    try:
        if json_file is not None:
            atlas.to_json(json_file)
    finally:  # what was found is not lost with a full disk
        if not quiet:
            click.echo(str(atlas))
    if plot_file is not None and atlas.minima:
        atlas.plot(data=None if rows is None else rows.values).figure_.savefig(plot_file)
    if atlas.stop_reason == "interrupted":
        context.exit(4)
