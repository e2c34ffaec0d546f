"""``gmmscape predict``: the component of each row."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.shared.files import STDOUT, FileCommand, Read, Written
from gmmscape.cli.shared.labels import labelled, labelled_beside_columns, write_csv
from gmmscape.cli.shared.models import model_in, model_path
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import layout_of, observed, table_options
from gmmscape.prediction.labels import RowLabels, row_labels
from gmmscape.tables.source import Source


@click.command("predict", cls=FileCommand)
@click.argument("model", type=Read())
@click.argument("file", type=Read())
@click.option(
    "--out",
    type=Written(stdout=True, what="labels"),
    help="Write the CSV to this file; - for standard output, the default without --json.",
)
@click.option("--with-columns", is_flag=True, help="All columns of FILE, as they stand there, in the CSV.")
@output_options(RowLabels, plot=False, show=False)
@table_options
@click.pass_context
def predict_command(
    context: click.Context, model: str, file: str, out: str | None, with_columns: bool, **options: Any
) -> None:
    """Write the component of each row of FILE, by the fit in MODEL, as CSV.

    The columns are the line of the row in FILE, its most probable component (label, from 0; -1 is the
    background), the probability of that, the probability of all others (uncertainty), and the log density of
    the row. MODEL is a file as `gmmscape fit --json` writes it. Its columns are found by their names; others
    are not used. - is standard input. Exit codes: 0 done, 2 usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape predict fit.json rows.csv --out labels.csv
    """
    outputs, layout = outputs_of(options), layout_of(options)
    path = model_path(context, model)
    fitted = model_in(context, path, file)
    source = Source(file)
    rows = observed(layout.read(source, fitted.feature_names, quiet=outputs.quiet))
    found = row_labels(fitted, rows.values, lines=rows.lines)
    if out is None and outputs.json_file is None:
        out = STDOUT
    if out is not None:
        with progress("writing", quiet=outputs.quiet or out == STDOUT):
            beside = labelled_beside_columns(found, rows, source, layout) if with_columns else None
            write_csv(labelled(found, rows) if beside is None else beside, out)
    outputs.write(found, rows=rows, apart=out == STDOUT)
