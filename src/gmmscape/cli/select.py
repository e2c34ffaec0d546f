"""``gmmscape select``: how many components, and of which family."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from gmmscape.cli.shared.files import FileCommand, Read, Written
from gmmscape.cli.shared.options import (
    Number,
    PriorRows,
    WholeNumber,
    background_option,
    checkpoint_option,
    max_seconds_option,
    search_options,
)
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import Rows, layout_of, saying_what_is_set_aside, table_options
from gmmscape.covariances import SAME_AS
from gmmscape.estimator.document import FitDocument
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import family_names, known_family
from gmmscape.selection import Selection, select
from gmmscape.selection.criteria import CRITERIA
from gmmscape.selection.select import ALL


class NumbersOfComponents(click.ParamType):
    """Numbers and ranges, ends included: 1:20 or 1-20, or 1,2,5:8."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Return the numbers, ascending."""
        if isinstance(value, list):
            return value
        found: set[int] = set()
        try:
            for part in value.split(","):
                first, colon, last = part.strip().replace("-", ":").partition(":")
                found |= set(range(int(first), int(last if colon else first) + 1))
        except ValueError:
            self.fail(f"{value!r} is no list of numbers: write 1:20, or 1,2,5:8", param, ctx)
        if not found or min(found) < 1:
            self.fail(f"{value!r} holds no numbers from 1 on: write 1:20, or 1,2,5:8", param, ctx)
        return sorted(found)


class Families(click.ParamType):
    """Covariance types, or all."""

    name = "families"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the names."""
        if isinstance(value, tuple):
            return value
        if value == ALL:
            return (ALL,)
        try:
            return tuple(known_family("covariance", name) for name in value.split(","))
        except InvalidParameterError:
            names = ", ".join((*family_names(), *SAME_AS))
            self.fail(f"{value}: choose from {names}, separated by commas, or write all", param, ctx)


@click.command("select", cls=FileCommand)
@click.argument("file", type=Read())
@click.option(
    "--k", "-k", "n_components", type=NumbersOfComponents(), default="1:20", show_default=True,
    help="Numbers of components, ends included: 1:20, or 1,2,5:8.",
)  # fmt: skip
@click.option(
    "--covariance",
    "covariance_types",
    type=Families(),
    default=("full",),
    show_default=True,
    multiple=True,
    help="Families: full, tied, diag, spherical, or mclust's names, separated by commas or by repeating it; "
    "or all.",
)
@click.option(
    "--criterion",
    type=click.Choice(CRITERIA),
    default="bic",
    show_default=True,
    help="What chooses: BIC, ICL (components apart), or the likelihood of rows held out.",
)
@click.option("--n-init", type=WholeNumber(1), default=1, show_default=True, help="Starts of each fit.")
@click.option(
    "--reg-covar", type=Number(0), default=0.0, show_default=True,
    help="Least variance, in squared units of the data; part of the model if above 0.",
)  # fmt: skip
@click.option(
    "--covariance-floor",
    type=Number(0),
    help="Least variance, as a share of the data's; none beside a prior, else 1e-6.",
)
@click.option(
    "--covariance-prior", type=PriorRows(), default="auto", show_default=True,
    help="Rows of the components' pooled covariance that each is given: auto, or a number; 0 for maximum "
    "likelihood.",
)  # fmt: skip
@click.option("--least-rows", type=Number(0), help="Rows that each component must rest on.")
@max_seconds_option
@checkpoint_option
@output_options(Selection)
@click.option(
    "--model",
    "model_file",
    type=Written(stdout=True),
    help="Write the chosen fit to this file; diagnose and repair read it.",
)
@background_option
@search_options(nested="take")
@table_options
@click.pass_context
def select_command(
    context: click.Context,
    file: str,
    model_file: str | None,
    **options: Any,
) -> None:
    """Choose the number of components of a mixture for the rows of FILE, not misled by bad optima.

    Prints the log-likelihood and the criteria of each fit; * marks the chosen one. Exit codes: 0 done, 2
    usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape select rows.csv --k 1:6 --model best.json
    """
    outputs, layout, seed = outputs_of(options), layout_of(options), options.pop("seed")
    families = tuple(name for names in options["covariance_types"] for name in names)
    options["covariance_types"] = ALL if ALL in families else families
    rows = layout.read(file, quiet=outputs.quiet)
    with saying_what_is_set_aside(rows), progress("selecting", quiet=outputs.quiet) as callback:
        found = select(rows.values, sample_weight=rows.weights, rng=seed, callback=callback, **options)
    document = _document(found, rows, seed)
    outputs.write(found, found.plot, rows=rows, also=((document, model_file),), verdict=True)
    context.exit(4 if found.stop_reason == "interrupted" else 0)


def _document(found: Selection, rows: Rows, seed: int) -> FitDocument:
    best = found.best
    return FitDocument(
        solution=best,
        diagnosis=best.fit.diagnosis,
        before=best.fit.em_diagnosis,
        n_samples=len(rows.values),
        feature_names=rows.names,
        total=len(rows.values) if rows.weights is None else float(np.sum(rows.weights)),
        reg_covar=best.reg_covar,
        covariance_floor=best.covariance_floor,
        covariance_prior=best.covariance_prior,
        seed=seed,
        init_params=None,
    )
