"""``gmmscape map``: minima and saddles of a known mixture, or of the rows of a file."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.landscapes import landscape_of, landscape_options
from gmmscape.cli.shared.options import WholeNumber, laboratory_options
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.landscape.atlas.atlas import Atlas


@click.command("map", cls=FileCommand)
@landscape_options
@click.option("--saddles", is_flag=True, help="Saddles of every index too, what they join, and barriers.")
@click.option("--starts", type=WholeNumber(0), default=64, show_default=True, help="Random starts.")
@output_options(Atlas)
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

    \b
    Example:
      gmmscape map --centers=-3,3,12 --sigma 1 -k 3 --saddles
    """
    outputs = outputs_of(described)
    landscape, rows = landscape_of(described)
    with progress("exploring", quiet=outputs.quiet) as callback:
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
    outputs.write(atlas, (lambda: atlas.plot(data=data)) if atlas.minima else None, rows=rows)
    if atlas.stop_reason == "interrupted":
        context.exit(4)
