"""``gmmscape diagnose``: a verdict on a fit."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.files import FileCommand, Read, Written
from gmmscape.cli.options import (
    check_writable,
    layout_of,
    max_seconds_option,
    pursue_option,
    regularity_options,
    search_options,
    table_options,
)
from gmmscape.cli.progress import progress
from gmmscape.diagnosis import diagnose
from gmmscape.models import read_model


@click.command("diagnose", cls=FileCommand)
@click.argument("model", type=Read())
@click.argument("file", type=Read())
@max_seconds_option
@click.option("--json", "json_file", type=Written(), help="Write the diagnosis to this file.")
@regularity_options
@pursue_option
@search_options(nested="offer")
@table_options
@click.pass_context
def diagnose_command(
    context: click.Context, model: str, file: str, json_file: str | None, quiet: bool, **options: Any
) -> None:
    """Say whether the fit in MODEL is a bad optimum for the rows of FILE.

    MODEL is the JSON of `gmmscape fit --json` or `gmmscape repair --model`. Pickles are refused. Columns are
    those that the model was fitted on. Exit codes: 0 done, whatever the verdict, 2 usage, 3 data, 4
    interrupted.
    """
    layout, seed = layout_of(options), options.pop("seed")
    check_writable(json_file, "--json")
    rows = layout.read(file, read_model(model).feature_names)
    with progress("examining", quiet=quiet) as callback:
        diagnosis = diagnose(model, rows.values, rows.weights, rng=seed, callback=callback, **options)
    diagnosis = diagnosis.told(rows.names, rows.lines)
    try:
        if json_file is not None:
            diagnosis.to_json(json_file)
    finally:
        if not quiet:
            click.echo(str(diagnosis))
    context.exit(4 if diagnosis.stop_reason == "interrupted" else 0)
