"""``gmmscape diagnose``: a verdict on a fit."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand, Read
from gmmscape.cli.shared.models import model_in, model_path
from gmmscape.cli.shared.options import (
    background_option,
    max_seconds_option,
    pursue_option,
    regularity_options,
    search_options,
)
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import layout_of, table_options
from gmmscape.diagnosis import Diagnosis, diagnose


@click.command("diagnose", cls=FileCommand)
@click.argument("model", type=Read())
@click.argument("file", type=Read())
@max_seconds_option
@click.option("--exit-code", "judging", is_flag=True, help="Exit with 5 where it is a bad optimum.")
@output_options(Diagnosis)
@regularity_options
@background_option
@pursue_option
@search_options(nested="offer")
@table_options
@click.pass_context
def diagnose_command(context: click.Context, model: str, file: str, judging: bool, **options: Any) -> None:
    """Say whether the fit in MODEL is a bad optimum for the rows of FILE.

    MODEL is the JSON of `gmmscape fit --json` or `gmmscape repair --model`. Pickles are refused. Columns are
    those that the model was fitted on. Exit codes: 0 done, whatever the verdict, 2 usage, 3 data, 4
    interrupted.

    \b
    Example:
      gmmscape diagnose fit.json rows.csv --verbose
    """
    outputs, layout, seed = outputs_of(options), layout_of(options), options.pop("seed")
    model = model_path(context, model)
    rows = layout.read(file, model_in(context, model, file).feature_names, quiet=outputs.quiet)
    with progress("examining", quiet=outputs.quiet) as callback:
        diagnosis = diagnose(model, rows.values, rows.weights, rng=seed, callback=callback, **options)
    diagnosis = diagnosis.told(rows.names, rows.lines)
    outputs.write(diagnosis, diagnosis.plot, rows=rows)
    if diagnosis.stop_reason == "interrupted":
        context.exit(4)
    context.exit(5 if judging and diagnosis.verdict == "bad optimum" else 0)
