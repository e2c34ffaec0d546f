"""``gmmscape basins``: which share of the starts falls into each minimum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.landscapes import Numbers, landscape_of, landscape_options
from gmmscape.cli.shared.options import WholeNumber, laboratory_options
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.landscape.basins import basins
from gmmscape.landscape.basins.result import METHODS, BasinShares
from gmmscape.landscape.basins.starts import NAMED
from gmmscape.results.text import counted


@click.command("basins", cls=FileCommand)
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
@click.option("-n", "n", type=WholeNumber(1), help="Starts.  [default: 10000]")
@click.option(
    "--method",
    type=click.Choice(list(METHODS)),
    default="em",
    show_default=True,
    help="EM, gradient descent with step sigma^2, its flow (twenty times the work of EM), or Newton's "
    "method.",
)
@output_options(BasinShares)
@laboratory_options(checkpoint=True)
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
    **described: Any,
) -> None:
    """Say which share of the starts falls into each minimum.

    Fits k means (known sigma; weights 1/k, or free ones) to a truth or to the rows of FILE from very many
    starts, and counts those that end in each minimum. With --means it says which minimum your starts lead to.
    Exit codes: 0 done, 2 usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape basins --centers=-3,3,12 --sigma 1 -n 1000
    """
    outputs = outputs_of(described)
    landscape, _ = landscape_of(described, quiet=outputs.quiet)
    if own and start is not None:
        raise click.UsageError("give either --start or your own starts by --means")
    k, d = landscape.n_components, landscape.measure.n_features
    if any(len(means) != k * d for means in own):
        raise click.BadParameter(
            f"pass {counted(k * d, 'number')}: {counted(k, 'mean')} of {counted(d, 'coordinate')}",
            param_hint="--means",
        )
    named = start or ("rows" if landscape.measure.truth is None else "truth")
    with progress("descending", quiet=outputs.quiet) as callback:
        found = basins(
            landscape,
            start=[[means[i * d : (i + 1) * d] for i in range(k)] for means in own] if own else named,
            n_starts=n,
            method=method,
            rng=seed,
            n_jobs=n_jobs,
            max_seconds=max_seconds,
            callback=callback,
            checkpoint=None if checkpoint is None else Path(checkpoint),
        )
    outputs.write(found, found.plot if found.minima else None)
    context.exit(4 if found.stop_reason == "interrupted" else 0)
