"""``gmmscape fit``: data in, verdict and a fit that is not stuck out."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import click

from gmmscape.cli.exits import exit_code
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
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.estimator.document import FitDocument
from gmmscape.estimator.fitting import fit_estimator
from gmmscape.estimator.gaussian_mixture import GaussianMixture
from gmmscape.solve import INIT_PARAMS


@click.command("fit", cls=FileCommand)
@click.argument("file", type=Read())
@click.option("-k", "--n-components", type=click.IntRange(min=1), required=True, help="Number of components.")
@click.option(
    "--covariance",
    type=click.Choice(COVARIANCE_TYPES),
    default="full",
    show_default=True,
    help="What is free.",
)
@click.option(
    "--init-params",
    type=click.Choice(INIT_PARAMS),
    default="kmeans",
    show_default=True,
    help="Where starting means come from.",
)
@click.option(
    "--n-init", type=click.IntRange(min=1), default=1, show_default=True, help="Starts; the best counts."
)
@click.option("--no-escape", is_flag=True, help="Plain EM: stay in a bad optimum.")
@regularity_options
@click.option(
    "--max-iter", type=click.IntRange(min=1), default=1000, show_default=True, help="Of each EM run."
)
@click.option(
    "--tol",
    type=float,
    default=1e-6,
    show_default=True,
    help="Length of the EM step at which it is converged.",
)
@click.option(
    "--json", "json_file", type=Written(), help="Write the fit to this file; diagnose and repair read it."
)
@max_seconds_option
@pursue_option
@search_options(nested="offer")
@table_options
@click.pass_context
def fit_command(
    context: click.Context, file: str, json_file: str | None, quiet: bool, **options: Any
) -> None:
    """Fit a Gaussian mixture to the rows of FILE and leave bad optima.

    FILE is text: CSV, TSV or separated by white space, gzipped or not, with or without a header. Prints what
    EM alone ended in, how it was left, and the fit. Exit codes: 0 good, 1 not converged or degenerate, 2
    usage, 3 data, 4 interrupted.
    """
    layout, seed = layout_of(options), options.pop("seed")
    check_writable(json_file, "--json")
    rows = layout.read(file)
    model = GaussianMixture(
        options.pop("n_components"),
        covariance_type=options.pop("covariance"),
        escape=not options.pop("no_escape"),
        random_state=seed,
        **{name: value for name, value in options.items() if value is not None},
    )
    with progress("fitting", quiet=quiet) as callback, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the exit code and the text say it
        fit_estimator(model, rows.values, rows.weights, callback)
    document = model.document()
    document = replace(
        document,
        feature_names=rows.names,
        diagnosis=document.diagnosis.told(rows.names, rows.lines),
        before=None if document.before is None else document.before.told(rows.names, rows.lines),
    )
    try:
        if json_file is not None:
            document.to_json(json_file)
    finally:  # what was found is not lost with a full disk
        if not quiet:
            click.echo(_text(document))
    context.exit(exit_code(document))


def _text(document: FitDocument) -> str:
    parts = []
    before = document.before
    if before is not None and before.escape_gain > 0:
        parts.append(f"EM alone\n{before}")
    parts.append(str(document))
    reasons = "".join(f"\n  {reason}" for reason in document.diagnosis.reasons)
    notes = "".join(f"\nwarning: {warning}" for warning in document.diagnosis.warnings)
    findings = "".join(f"\n{finding}" for finding in document.diagnosis.findings)
    parts.append(f"verdict on this fit: {document.diagnosis.verdict}{reasons}{findings}{notes}")
    return "\n\n".join(parts)
