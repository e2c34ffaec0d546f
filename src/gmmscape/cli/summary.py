"""``gmmscape summary``: the parameters of a fit, and how sure they are."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand, Read
from gmmscape.cli.shared.models import model_in, model_path
from gmmscape.cli.shared.options import (
    Number,
    WholeNumber,
    laboratory_options,
    regularity_options,
)
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import layout_of, saying_what_is_set_aside, table_options
from gmmscape.inference import StandardErrors, standard_errors
from gmmscape.inference.standard_errors import METHODS
from gmmscape.jsonfile import read_json
from gmmscape.modelfiles.archive import is_archive
from gmmscape.modelfiles.load import load


@click.command("summary", cls=FileCommand)
@click.argument("model", type=Read())
@click.argument("file", type=Read())
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="auto",
    show_default=True,
    help="How standard errors and intervals are found.",
)
@click.option("--level", type=Number(0), default=0.95, show_default=True, help="Of the intervals.")
@click.option(
    "--n-bootstrap", type=WholeNumber(1), default=999, show_default=True, help="Refits of a bootstrap."
)
@output_options(StandardErrors)
@regularity_options
@laboratory_options(checkpoint=True)
@table_options
@click.pass_context
def summary_command(context: click.Context, model: str, file: str, **options: Any) -> None:
    """Print the parameters of the fit in MODEL with standard errors and intervals.

    MODEL is the JSON of `gmmscape fit --json` or `gmmscape repair --model`, or a file of `gmmscape fit
    --save`; FILE has the rows that it was fitted on. Exit codes: 0 done, 1 there are no standard errors, 2
    usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape summary fit.json rows.csv
    """
    outputs, layout, seed = outputs_of(options), layout_of(options), options.pop("seed")
    model = model_path(context, model)
    rows = layout.read(file, model_in(context, model, file).feature_names, quiet=outputs.quiet)
    with saying_what_is_set_aside(rows), progress("summary", quiet=outputs.quiet) as callback:
        found = standard_errors(model, rows.values, rows.weights, rng=seed, callback=callback, **options)
    found = found.told(rows.names, verdict_in(model))
    outputs.write(found, found.plot, rows=rows)
    if found.stop_reason == "interrupted":
        context.exit(4)
    context.exit(1 if found.verdict == "not available" else 0)


def verdict_in(model: str) -> str | None:
    """Return the verdict on the fit that its file holds, or None."""
    if is_archive(model):
        return getattr(getattr(load(model), "diagnosis_", None), "verdict", None)
    verdict = read_json(model).get("verdict")
    return verdict if isinstance(verdict, str) else None
