"""``gmmscape phase``: the minima over two parameters of the truth."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.cli.shared.expressions import Family, centers_of
from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.options import Number, WholeNumber, laboratory_options
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.phases import PhaseDiagram, phase

MOST_VALUES = 1000


class Steps(click.ParamType):
    """Evenly spaced numbers."""

    name = "lo:hi:n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FloatArray:
        """Return the numbers, or fail with what is expected."""
        if not isinstance(value, str):
            return value
        try:
            low, high, n = value.split(":")
            first, last, count = float(low), float(high), int(n)
        except ValueError:
            self.fail(f"{value!r}: write lowest, highest and number of values, as in 1:8:60", param, ctx)
        if not (np.isfinite([first, last]).all() and first < last and 2 <= count <= MOST_VALUES):
            self.fail(f"{value!r}: lowest < highest, and 2 to {MOST_VALUES} values, are needed", param, ctx)
        return np.linspace(first, last, count)


@click.command("phase", cls=FileCommand)
@click.option(
    "--centers",
    required=True,
    help='True centers in x and y, as in "-x,x,y"; points in more dimensions as in "-x/2,0;x/2,0;0,y".',
)
@click.option("--x", "xs", type=Steps(), required=True, help="Values of x: lowest, highest and how many.")
@click.option("--y", "ys", type=Steps(), required=True, help="Values of y.")
@click.option(
    "-k",
    "--n-components",
    "k",
    type=WholeNumber(1),
    help="Fitted means; as many as centers by default.",
)
@click.option("--sigma", type=Number(), default=1.0, show_default=True, help="Of the truth and the fit.")
@click.option("--no-births", is_flag=True, help="Do not locate births.")
@click.option("--no-thresholds", is_flag=True, help="Do not locate where structure begins.")
@click.option(
    "--verify",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Share of the cells that random starts check.",
)
@output_options(PhaseDiagram)
@laboratory_options(checkpoint=True)
@click.pass_context
def phase_command(
    context: click.Context,
    centers: str,
    xs: FloatArray,
    ys: FloatArray,
    k: int | None,
    sigma: float,
    no_births: bool,
    no_thresholds: bool,
    verify: float,
    seed: int,
    n_jobs: int,
    max_seconds: float | None,
    checkpoint: str | None,
    **options: Any,
) -> None:
    """Map the minima of k means over two parameters x and y of the truth.

    Prints how many minima there are in how many cells, and of which structure; --plot draws their number, the
    curves on which minima are born, and dashed those on which they become structured.

    \b
    Example:
      gmmscape phase --centers "-x,x,y" --x 2:4:5 --y 8:14:5
    """
    try:
        family = Family(centers_of(centers), sigma)
    except InvalidParameterError as error:
        raise click.BadParameter(str(error), param_hint="--centers") from error
    outputs = outputs_of(options)
    with progress("mapping", quiet=outputs.quiet) as callback:
        found = phase(
            family,
            xs,
            ys,
            len(family.centers) if k is None else k,
            births=not no_births,
            thresholds=not no_thresholds,
            verify=verify,
            rng=seed,
            n_jobs=n_jobs,
            max_seconds=max_seconds,
            callback=callback,
            checkpoint=checkpoint,
        )
    outputs.write(found, found.plot)
    if found.stop_reason == "interrupted":
        context.exit(4)
