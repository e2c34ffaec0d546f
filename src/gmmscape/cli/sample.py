"""``gmmscape sample``: rows drawn from a fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click
import numpy as np

from gmmscape.cli.shared.files import STDOUT, FileCommand, Read, Written
from gmmscape.cli.shared.labels import write_csv
from gmmscape.cli.shared.models import model_in, model_path
from gmmscape.cli.shared.options import SEED, WholeNumber
from gmmscape.effort import EFFORT
from gmmscape.exceptions import FormatError
from gmmscape.models import FittedModel


@click.command("sample", cls=FileCommand)
@click.argument("model", type=Read())
@click.option(
    "-n", "--n-samples", "n", type=WholeNumber(1), default=100, show_default=True, help="Number of rows."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of all that is random.")
@click.option(
    "--out",
    type=Written(stdout=True, what="a sample"),
    default=STDOUT,
    show_default=True,
    help="Write the CSV to this file; - for standard output.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.pass_context
def sample_command(context: click.Context, model: str, n: int, seed: int, out: str, force: bool) -> None:
    """Draw rows from the fit in MODEL and write them as CSV.

    The columns are those that the model was fitted on, and the component that each row was drawn from, from
    0. MODEL is a file as `gmmscape fit --json` writes it; - is standard input. Exit codes: 0 done, 2 usage, 3
    data, 4 interrupted.

    \b
    Example:
      gmmscape sample fit.json -n 1000 --seed 1
    """
    write_csv(_drawn(model_in(context, model_path(context, model)), n, seed), out)


def _drawn(model: FittedModel, n: int, seed: int) -> Iterator[Sequence[Any]]:
    if model.mixture is None:
        raise FormatError(
            "the model is one of centers alone, from which nothing can be drawn: pass a mixture"
        )
    names = model.feature_names or tuple(f"column{i}" for i in range(1, model.mixture.n_features + 1))
    yield (*names, "gmmscape_component" if "component" in names else "component")
    rng, together = np.random.default_rng(seed), EFFORT.measure.draws_together
    for first in range(0, n, together):  # all at once might be more than the memory holds
        values, labels = model.mixture.sample(min(together, n - first), rng)
        for row, label in zip(values.tolist(), labels.tolist(), strict=True):
            yield (*row, label)
