"""``gmmscape score``: how likely rows are under a fit."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand, Read
from gmmscape.cli.shared.models import model_in, model_path
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.rows import layout_of, observed, table_options
from gmmscape.prediction.score import Score, score_of


@click.command("score", cls=FileCommand)
@click.argument("model", type=Read())
@click.argument("file", type=Read())
@output_options(Score, plot=False, show=False)
@table_options
@click.pass_context
def score_command(context: click.Context, model: str, file: str, **options: Any) -> None:
    """Say how likely the rows of FILE are under the fit in MODEL.

    Prints the log-likelihood of all rows and per row, BIC and AIC, and the least likely rows; --json has the
    log density of each. MODEL and FILE are as for `gmmscape predict`. Exit codes: 0 done, 2 usage, 3 data, 4
    interrupted.

    \b
    Example:
      gmmscape score fit.json rows.csv
    """
    outputs, layout = outputs_of(options), layout_of(options)
    fitted = model_in(context, model_path(context, model), file)
    rows = observed(layout.read(file, fitted.feature_names, quiet=outputs.quiet))
    outputs.write(score_of(fitted, rows.values, rows.weights, lines=rows.lines), rows=rows)
