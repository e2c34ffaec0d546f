"""``gmmscape repair``: a fit, out of its bad optimum."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from gmmscape.cli.fit import exit_code
from gmmscape.cli.shared.files import FileCommand, Read, Written
from gmmscape.cli.shared.models import model_in, model_path
from gmmscape.cli.shared.options import (
    background_option,
    checkpoint_option,
    max_seconds_option,
    pursue_option,
    regularity_options,
    search_options,
)
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import Rows, layout_of, table_options
from gmmscape.diagnosis import Repair, repair
from gmmscape.estimator.document import FitDocument
from gmmscape.models import FittedModel


@click.command("repair", cls=FileCommand)
@click.argument("model", type=Read())
@click.argument("file", type=Read())
@click.option(
    "--model",
    "out",
    type=Written(stdout=True),
    required=True,
    help="Write the repaired fit to this file; - for standard output.",
)
@output_options(Repair)
@checkpoint_option
@max_seconds_option
@regularity_options
@background_option
@pursue_option
@search_options(nested="offer")
@table_options
@click.pass_context
def repair_command(context: click.Context, model: str, file: str, out: str, **options: Any) -> None:
    """Repair the fit in MODEL on the rows of FILE and write it to the file that --model names.

    MODEL is the JSON of `gmmscape fit --json` or `gmmscape repair --model`, or of a repair of k-means
    that was written from Python. Pickles are refused. Columns are those that the model was fitted on. Exit
    codes: 0 good, 1 the result is not converged or degenerate, 2 usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape repair fit.json rows.csv --model better.json
    """
    outputs, layout, seed = outputs_of(options), layout_of(options), options.pop("seed")
    model = model_path(context, model)
    fitted = model_in(context, model, file)
    rows = layout.read(file, fitted.feature_names, quiet=outputs.quiet)
    with progress("repairing", quiet=outputs.quiet) as callback:
        result = repair(model, rows.values, rows.weights, rng=seed, callback=callback, **options)
    result = result.told(rows.names, rows.lines)
    if result.solution is None:  # centers: their repair is read again as it is
        outputs.write(result, result.plot, rows=rows, also=((result, out),))
        context.exit(4 if result.diagnosis.stop_reason == "interrupted" else 0)
    document = _document(result, fitted, rows, options, seed)
    outputs.write(result, result.plot, rows=rows, also=((document, out),), printed=document)
    context.exit(4 if result.diagnosis.stop_reason == "interrupted" else exit_code(document))


def _document(
    result: Repair, fitted: FittedModel, rows: Rows, options: dict[str, Any], seed: int | None
) -> FitDocument:
    """The repaired mixture as a fit, with what the given one says of itself where no option says more."""
    assert result.solution is not None
    assert result.diagnosis_after is not None
    floors = (options["reg_covar"], fitted.reg_covar), (options["covariance_floor"], fitted.covariance_floor)
    return FitDocument(
        solution=result.solution,
        diagnosis=result.diagnosis_after,
        before=result.diagnosis,
        n_samples=len(rows.values),
        feature_names=rows.names,
        total=len(rows.values) if rows.weights is None else float(np.sum(rows.weights)),
        reg_covar=next((value for value in floors[0] if value is not None), 0.0),
        covariance_floor=next((value for value in floors[1] if value is not None), None),
        covariance_prior=result.prior,
        seed=seed,
        init_params=None,
    )
