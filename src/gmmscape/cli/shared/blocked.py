"""Fits of files that are read in blocks, because they need not fit into memory."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from gmmscape.cli.shared.outputs import Outputs
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import MISSING, Layout, Rows
from gmmscape.effort import EFFORT
from gmmscape.measure.blocked import LocalBlocks, facts_of
from gmmscape.tables.blocks import open_rows

if TYPE_CHECKING:
    from gmmscape.estimator.document import FitDocument
    from gmmscape.estimator.gaussian_mixture import GaussianMixture

#: Options of tables that files in blocks know.
KNOWN = ("columns", "drop", "weights_column", "missing")


def opened(
    file: str, memory: str | None, layout: Layout, context: click.Context, *, quiet: bool
) -> LocalBlocks:
    """Return the rows of a file or folder in blocks.

    Raises a usage error where options of tables are given that only texts read at once have.
    """
    other = layout._replace(columns=(), drop=(), weights_column=None, missing=MISSING)
    if other.given:
        said = [name for name, value in other._asdict().items() if value and name not in KNOWN]
        raise click.UsageError(
            f"--{said[0].replace('_', '-')} is not known for files in blocks: leave it out, or leave out "
            "--memory where the file fits into memory",
            context,
        )
    with progress("reading", quiet=quiet) as callback:
        return open_rows(
            file,
            columns=layout.columns or None,
            drop=layout.drop or None,
            weights_column=layout.weights_column,
            missing="drop" if layout.missing == "drop" else "refuse",
            memory=EFFORT.blocked.memory if memory is None else memory,
            callback=callback,
        )


def fit_and_write(
    model: GaussianMixture, rows: LocalBlocks, model_file: str | None, outputs: Outputs
) -> FitDocument:
    """Fit rows in blocks, write what is asked for, and return the document of the fit."""
    from gmmscape.estimator.of_blocks import fit_blocks

    with progress("fitting", quiet=outputs.quiet) as callback, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the exit code and the text say it
        warnings.filterwarnings("default", "checkpoint: ")  # one that is damaged
        fit_blocks(model, rows, callback)
    document = model.document()
    document = replace(document, feature_names=rows.names, diagnosis=document.diagnosis.told(rows.names))
    try:
        if model_file is not None:
            model.save(model_file, force=True)  # what is there was looked at before
    finally:
        some = _shown(rows, outputs)
        outputs.write(document, None if some is None else lambda: document.plot(some.values), rows=some)
    return document


def _shown(rows: LocalBlocks, outputs: Outputs) -> Rows | None:
    """Random rows for a picture or a report, None where neither is asked for."""
    if outputs.plot_file is None and outputs.report_file is None:
        return None
    names = rows.names or tuple(f"column{i + 1}" for i in range(rows.n_features))
    return Rows(facts_of(rows).pilot, names, None)
