"""``gmmscape map``: minima and saddles of a known mixture, or of the rows of a file."""

from __future__ import annotations

from inspect import signature
from typing import Any

import click

from gmmscape.cli.shared.families import family_options, landscape_of_a_family
from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.options import WholeNumber, laboratory_options
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.results.text import shortened

#: What options are where nothing is asked for that some landscapes do not have.
UNASKED = {"saddles": False, "n_jobs": 1, "checkpoint": None}


@click.command("map", cls=FileCommand)
@family_options
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

    Fits k components to the population of the truth, from every candidate structure and from random starts,
    or to the rows of FILE, and prints each minimum once, against a truth with its structure. Only the means
    are free by default; --weights, --sigma and --family free more, and --sigma 0 is k-means. FILE is text:
    CSV, TSV or separated by white space, gzipped or not.

    \b
    Example:
      gmmscape map --centers=-3,3,12 --sigma 1 -k 3 --saddles
    """
    outputs = outputs_of(described)
    landscape, rows = landscape_of_a_family(described, quiet=outputs.quiet)
    more = _taken(landscape, saddles=saddles, n_jobs=n_jobs, checkpoint=checkpoint)
    with progress("exploring", quiet=outputs.quiet) as callback:
        atlas = landscape.explore(seed, n_starts=starts, max_seconds=max_seconds, callback=callback, **more)
    data = None if rows is None else rows.values
    columns = "" if rows is None else f"coordinates of means: {', '.join(map(shortened, rows.names))}"
    draw = (lambda: atlas.plot(data=data)) if atlas.minima else None
    outputs.write(atlas, draw, rows=rows, verdict=True, below=columns)
    if atlas.stop_reason == "interrupted":
        context.exit(4)


def _taken(landscape: Any, **asked: Any) -> dict[str, Any]:
    """Return what the exploration of a landscape takes; a usage error where something else is asked for."""
    takes = signature(landscape.explore).parameters
    for name, value in asked.items():
        if name not in takes and value != UNASKED[name]:
            raise click.UsageError(
                f"--{name.replace('_', '-')} is not for this landscape: leave it out, or fit means of one "
                "known --sigma"
            )
    return {name: value for name, value in asked.items() if name in takes}
