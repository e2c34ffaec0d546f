"""``gmmscape falsify``: random separated truths searched for minima without structure."""

from __future__ import annotations

from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.landscapes import Numbers
from gmmscape.cli.shared.options import Number, WholeNumber, laboratory_options
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.landscape.falsification import Falsification, falsify

#: Values that a range may have.
MOST_VALUES = 1000


class WholeNumbers(click.ParamType):
    """Whole numbers: one, several with commas, or a range with a colon, both ends included."""

    name = "n|a:b|a,b"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Return the numbers, or fail with the part that is none."""
        if isinstance(value, list):
            return value
        numbers: list[int] = []
        for part in value.split(","):
            try:
                ends = [int(end) for end in part.split(":")]
            except ValueError:
                ends = []
            if len(ends) not in (1, 2) or ends[0] > ends[-1] or ends[-1] - ends[0] >= MOST_VALUES:
                self.fail(f"{part!r}: write a whole number as in 3, or a range as in 1:6", param, ctx)
            numbers.extend(range(ends[0], ends[-1] + 1))
        return numbers


@click.command("falsify", cls=FileCommand)
@click.option(
    "--k", "n_components", type=WholeNumbers(), required=True, help="Fitted means, as in 3, 1:6 or 2,4."
)
@click.option("--k-star", type=WholeNumbers(), required=True, help="True centers, likewise.")
@click.option("-d", "--dimension", "d", type=WholeNumbers(), default="1", show_default=True, help="Likewise.")
@click.option(
    "--separation", type=Numbers(), required=True, help="Smallest distance of two centers, in sigma."
)
@click.option("--truths", "n_truths", type=WholeNumber(1), default=100, show_default=True)
@click.option(
    "--starts", "n_starts", type=WholeNumber(1), default=40, show_default=True, help="For each truth."
)
@click.option("--rtol", type=Number(0), default=1e-6, show_default=True, help="Accuracy while exploring.")
@click.option("--tau", type=Number(0), help="Largest defect of a structured fit.  [default: 0.5/k]")
@click.option("--no-confirm", is_flag=True, help="List suspects without refining and checking them.")
@output_options(Falsification)
@laboratory_options(checkpoint=True)
@click.pass_context
def falsify_command(
    context: click.Context,
    no_confirm: bool,
    **options: Any,
) -> None:
    """Search random separated truths for local minima that are no union of blocks.

    Each truth has equal weights and sigma 1. Minima are read by association (defect above tau: a suspect) and
    by position (distance from the nearest structure); suspects are refined and checked by a second rule of
    integration.

    \b
    Example:
      gmmscape falsify --k 3 --k-star 3 --separation 8 --truths 5
    """
    outputs = outputs_of(options)
    with progress("falsifying", quiet=outputs.quiet) as callback:
        found = falsify(
            rng=options.pop("seed"),
            **options,
            confirm=not no_confirm,
            callback=callback,
        )
    outputs.write(found, found.plot if found.n_minima else None)
    if found.stop_reason == "interrupted":
        context.exit(4)
