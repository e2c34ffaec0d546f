"""``gmmscape optima``: the local optima of a data set."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand, Read
from gmmscape.cli.shared.options import (
    COMPONENTS,
    WholeNumber,
    checkpoint_option,
    covariance_option,
    max_seconds_option,
    regularity_options,
    run_options,
)
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import layout_of, saying_what_is_set_aside, table_options
from gmmscape.optima import LocalOptima, local_optima
from gmmscape.solve import INIT_PARAMS


@click.command("optima", cls=FileCommand)
@click.argument("file", type=Read())
@click.option("-k", "--n-components", type=COMPONENTS, required=True, help="Number of components.")
@covariance_option("covariance_type")
@click.option(
    "--n-starts", type=WholeNumber(1), default=100, show_default=True, help="Number of random starts."
)
@click.option(
    "--init-params",
    type=click.Choice(INIT_PARAMS),
    default="k-means++",
    show_default=True,
    help="Where starting means come from.",
)
@click.option("--no-escape", is_flag=True, help="Only starts: look for no better fit by moves.")
@max_seconds_option
@checkpoint_option
@output_options(LocalOptima)
@regularity_options
@run_options
@table_options
@click.pass_context
def optima_command(
    context: click.Context,
    file: str,
    no_escape: bool,
    **options: Any,
) -> None:
    """List the local optima that EM reaches on the rows of FILE, and how many starts end in each.

    Each optimum is decoded against the best one: which of its components cover several of the best one's
    (i>s,t), and which share one (i,j>s). Exit codes: 0 done, 1 no start ended in an optimum, 2 usage, 3 data,
    4 interrupted.

    \b
    Example:
      gmmscape optima rows.csv -k 3 --n-starts 50
    """
    outputs, layout, seed = outputs_of(options), layout_of(options), options.pop("seed")
    rows = layout.read(file, quiet=outputs.quiet)
    given = {name: value for name, value in options.items() if value is not None}
    with saying_what_is_set_aside(rows), progress("looking for optima", quiet=outputs.quiet) as callback:
        found = local_optima(
            rows.values,
            sample_weight=rows.weights,
            rng=seed,
            escape=not no_escape,
            callback=callback,
            **given,
        )
    outputs.write(found, found.plot, rows=rows, verdict=True)
    context.exit(_exit_code(found))


def _exit_code(found: LocalOptima) -> int:
    if found.stop_reason == "interrupted":
        return 4
    return 0 if found.best.state == "converged" else 1
