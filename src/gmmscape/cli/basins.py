"""``gmmscape basins``: which share of the starts falls into each minimum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gmmscape.cli.landscapes import Numbers, landscape_of, landscape_options
from gmmscape.cli.options import check_picture, check_writable
from gmmscape.cli.progress import basins_progress
from gmmscape.landscape import basins
from gmmscape.landscape.attraction.starts import NAMED


@click.command("basins")
@landscape_options
@click.option(
    "--start",
    type=click.Choice(NAMED),
    help="Starts: draws from the truth (the default of --centers), k-means++, points of the box, or k rows "
    "(the default of a FILE).",
)
@click.option(
    "--means",
    "own",
    type=Numbers(),
    multiple=True,
    help="A start of your own, as in --means=-3,11,13 (point by point in more dimensions); may be repeated.",
)
@click.option("-n", "n", type=click.IntRange(min=1), help="Starts.  [default: 10000]")
@click.option(
    "--method",
    type=click.Choice(["em", "gd"]),
    default="em",
    show_default=True,
    help="EM or gradient descent.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the starts.")
@click.option("--n-jobs", type=int, default=1, show_default=True, help="Processes; -1 for all cores.")
@click.option("--max-seconds", type=click.FloatRange(min=0), help="Stop after this time with what is done.")
@click.option("--checkpoint", help="Keep what is done in this file, and go on from it.")
@click.option("--json", "json_file", help="Write the shares to this file.")
@click.option("--plot", "plot_file", help="Draw the shares into this file: PNG, PDF or SVG by its ending.")
@click.option("--quiet", is_flag=True, help="No table and no progress.")
@click.pass_context
def basins_command(
    context: click.Context,
    start: str | None,
    own: tuple[list[float], ...],
    n: int | None,
    method: str,
    seed: int,
    n_jobs: int,
    max_seconds: float | None,
    checkpoint: str | None,
    json_file: str | None,
    plot_file: str | None,
    quiet: bool,
    **described: Any,
) -> None:
    """Say which share of the starts falls into each minimum.

    Fits k means (known sigma, weights 1/k) to a truth or to the rows of FILE from very many starts, and
    counts those that end in each minimum. With --means it says which minimum your starts lead to. Exit codes:
    0 done, 2 usage, 3 data, 4 interrupted.
    """
    landscape, _ = landscape_of(described)
    for name, file in (("--json", json_file), ("--plot", plot_file), ("--checkpoint", checkpoint)):
        check_writable(file, name)
    if plot_file is not None:
        check_picture(plot_file)
    if own and start is not None:
        raise click.UsageError("give either --start or your own starts by --means")
    k, d = landscape.n_components, landscape.measure.n_features
    if any(len(means) != k * d for means in own):
        raise click.BadParameter(
            f"pass {k * d} numbers: {k} mean(s) of {d} coordinate(s)", param_hint="--means"
        )
    named = start or ("rows" if landscape.measure.truth is None else "truth")
    with basins_progress(quiet=quiet) as callback:
        found = basins(
            landscape,
            start=[[means[i * d : (i + 1) * d] for i in range(k)] for means in own] if own else named,
            n=n,
            method=method,
            rng=seed,
            n_jobs=n_jobs,
            max_seconds=max_seconds,
            callback=callback,
            checkpoint=None if checkpoint is None else Path(checkpoint),
        )
    try:
        if json_file is not None:
            found.to_json(json_file)
    finally:  # what was found is not lost with a full disk
        if not quiet:
            click.echo(str(found))
    if plot_file is not None:
        found.plot().figure_.savefig(plot_file)
    context.exit(4 if found.stop_reason == "interrupted" else 0)
