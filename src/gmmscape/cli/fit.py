"""``gmmscape fit``: data in, verdict and a fit that is not stuck out."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from gmmscape.cli.shared.blocked import fit_and_write, opened
from gmmscape.cli.shared.files import STDOUT, FileCommand, Read, Written
from gmmscape.cli.shared.labels import labelled, write_csv
from gmmscape.cli.shared.options import (
    COMPONENTS,
    Number,
    WholeNumber,
    background_option,
    checkpoint_option,
    covariance_option,
    max_seconds_option,
    pursue_option,
    regularity_options,
    search_options,
)
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import layout_of, observed, table_options
from gmmscape.estimator.document import FitDocument
from gmmscape.estimator.fitting import fit_estimator
from gmmscape.estimator.gaussian_mixture import GaussianMixture
from gmmscape.estimator.of_blocks import fit_kept
from gmmscape.estimator.scaling import OF_ONE_UNIT, Scaling
from gmmscape.prediction.labels import row_labels
from gmmscape.solve import INIT_PARAMS


@click.command("fit", cls=FileCommand)
@click.argument("file", type=Read())
@click.option("-k", "--n-components", type=COMPONENTS, required=True, help="Number of components.")
@covariance_option("covariance")
@click.option(
    "--init-params",
    type=click.Choice(INIT_PARAMS),
    default="kmeans",
    show_default=True,
    help="Where starting means come from.",
)
@click.option("--n-init", type=WholeNumber(1), default=1, show_default=True, help="Starts; the best counts.")
@click.option("--no-escape", is_flag=True, help="Plain EM: stay in a bad optimum.")
@regularity_options
@click.option("--max-iter", type=WholeNumber(1), default=1000, show_default=True, help="Of each EM run.")
@click.option(
    "--tol",
    type=Number(0),
    default=1e-6,
    show_default=True,
    help="Length of the EM step at which it is converged.",
)
@click.option(
    "--standardize",
    is_flag=True,
    help="Fit columns of average 0 and variance 1; the fit is told in their own units.",
)
@click.option(
    "--labels",
    "labels_file",
    type=Written(stdout=True, what="labels"),
    help="Write the component of each row to this CSV, as `gmmscape predict` does; - for standard output.",
)
@click.option(
    "--save",
    "model_file",
    type=Written(what="a model"),
    help="Keep the whole model in this file, such as fit.gmm; every command takes it, and gmmscape.load.",
)
@click.option(
    "--memory",
    help="Read FILE again for each pass, in blocks that take so much memory, such as 1GB; a folder of files "
    "always is.",
)
@output_options(FitDocument)
@checkpoint_option
@max_seconds_option
@background_option
@pursue_option
@search_options(nested="offer")
@table_options
@click.pass_context
def fit_command(
    context: click.Context,
    file: str,
    labels_file: str | None,
    model_file: str | None,
    standardize: bool,
    memory: str | None,
    **options: Any,
) -> None:
    """Fit a Gaussian mixture to the rows of FILE and leave bad optima.

    FILE is text: CSV, TSV or separated by white space, gzipped or not, with or without a header; or Parquet,
    Feather, NPY; or a folder of such files. Prints what EM alone ended in, how it was left, and the fit. Exit
    codes: 0 good, 1 not converged or degenerate, 2 usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape fit rows.csv -k 3 --json fit.json
    """
    outputs, layout, seed = outputs_of(options), layout_of(options), options.pop("seed")
    if standardize and options["reg_covar"]:
        raise click.UsageError(
            "--reg-covar is in units of the data, which --standardize takes away: use --covariance-floor",
            context,
        )
    if standardize and options["background"] is not None:
        raise click.UsageError(
            "--background is a density in the units of the data: leave --standardize out", context
        )
    if standardize and model_file is not None and options["covariance"] in OF_ONE_UNIT:
        raise click.UsageError(
            f"--save holds a fit in the columns' own units, in which one of --standardize is not "
            f"{options['covariance']}: use --json, which every command takes, or --covariance full",
            context,
        )
    model = GaussianMixture(
        options.pop("n_components"),
        covariance_type=options.pop("covariance"),
        escape=not options.pop("no_escape"),
        random_state=seed,
        **{name: value for name, value in options.items() if value is not None},
    )
    if memory is not None or Path(file).is_dir():
        _check_in_blocks(context, "--standardize" if standardize else "--labels" if labels_file else None)
        rows = opened(file, memory, layout, context, quiet=outputs.quiet)
        document = fit_and_write(model, rows, model_file, outputs)
        context.exit(exit_code(document))
    rows = layout.read(file, quiet=outputs.quiet)
    scaling = Scaling.of(rows.values, rows.weights, rows.names) if standardize else None
    values = rows.values if scaling is None else scaling.apply(rows.values)
    with progress("fitting", quiet=outputs.quiet) as callback, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the exit code and the text say it
        if model.checkpoint is None:
            fit_estimator(model, values, rows.weights, callback, defer=False)
        else:
            warnings.filterwarnings("default", "checkpoint: ")  # one that is damaged
            fit_kept(model, values, rows.weights, callback)
    document = model.document()
    if scaling is not None:
        document = scaling.told(document, rows.values, rows.weights)
    document = replace(
        document,
        feature_names=rows.names,
        diagnosis=document.diagnosis.told(rows.names, rows.lines),
        before=None if document.before is None else document.before.told(rows.names, rows.lines),
    )
    try:
        if model_file is not None:
            kept = GaussianMixture.of_document(document).set_params(**model.get_params())
            kept.save(model_file, force=True)  # what is there was looked at before
        if labels_file is not None:
            seen = observed(rows)
            write_csv(labelled(row_labels(document.mixture, seen.values), seen), labels_file)
    finally:
        outputs.write(document, lambda: document.plot(rows.values), rows=rows, apart=labels_file == STDOUT)
    context.exit(exit_code(document))


def _check_in_blocks(context: click.Context, wanted: str | None) -> None:
    """Raise a usage error where an option needs all rows in memory."""
    if wanted is not None:
        raise click.UsageError(
            f"{wanted} needs all rows in memory: leave it out for files in blocks", context
        )


def exit_code(document: FitDocument) -> int:
    """Return 0 for a good fit, 1 for one that is not converged or degenerate, 4 for an interrupted one."""
    if document.solution.stop_reason == "interrupted":
        return 4
    return 0 if document.solution.converged and not document.degenerate else 1
