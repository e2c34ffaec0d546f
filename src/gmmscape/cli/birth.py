"""``gmmscape birth``: where a bad minimum of three centers on a line begins to exist."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.landscapes import Numbers
from gmmscape.cli.shared.options import Number, max_seconds_option
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.landscape.paths.birth import birth
from gmmscape.landscape.paths.birth_result import BirthPoint
from gmmscape.mixture import Mixture
from gmmscape.structure import Structure

#: One mean on the first two centers, two means on the last.
FOLLOWED = Structure.of([((0,), (0, 1)), ((1, 2), (2,))])
DEFAULT_RADIUS = 3.0


def equally_spaced(separation: float) -> Mixture:
    """Return three centers, equally spaced."""
    return Mixture.location([-separation, 0.0, separation], 1.0)


def pair_and_one(radius: float, place: float) -> Mixture:
    """Return centers -radius, radius and place."""
    return Mixture.location([-radius, radius, place], 1.0)


@click.command("birth", cls=FileCommand)
@click.option(
    "--shape",
    type=click.Choice(["equal", "pair"]),
    required=True,
    help="True centers: -D, 0, D or -R, R, D, with sigma 1 and equal weights; D is what varies.",
)
@click.option("--radius", type=Number(), help=f"R, with --shape pair.  [default: {DEFAULT_RADIUS:g}]")
@click.option("--bracket", type=Numbers(), help="LO,HI: the minimum exists at D = HI and not at LO.")
@output_options(BirthPoint)
@max_seconds_option
def birth_command(
    shape: str,
    radius: float | None,
    bracket: list[float] | None,
    max_seconds: float | None,
    **options: Any,
) -> None:
    """Find the separation at which a spurious minimum is born.

    Three means are fitted to three centers. The minimum with one mean on the first two centers and two means
    on the third is followed from HI downwards to the fold at which it disappears.

    \b
    Example:
      gmmscape birth --shape equal
    """
    path, default = _path(shape, radius)
    outputs = outputs_of(options)
    with progress("following", quiet=outputs.quiet) as callback:
        found = birth(path, FOLLOWED, _bracket(bracket, default), max_seconds=max_seconds, callback=callback)
    outputs.write(found, found.plot)


def _path(shape: str, radius: float | None) -> tuple[Callable[[float], Mixture], tuple[float, float]]:
    """Return the path and a bracket, for the pair u = 2 b - a between 4 and 16 sigma.

    See docs/laws.md#law-5.
    """
    if shape == "equal":
        if radius is not None:
            raise click.UsageError("--radius goes with --shape pair")
        return equally_spaced, (8.0, 14.0)
    radius = DEFAULT_RADIUS if radius is None else radius
    if not 0 < radius < 1e6:
        raise click.BadParameter(f"{radius:g} is no radius: pass a positive number", param_hint="--radius")
    return partial(pair_and_one, radius), (2 * radius + 2, 2 * radius + 8)


def _bracket(given: list[float] | None, default: tuple[float, float]) -> tuple[float, float]:
    if given is None:
        return default
    if len(given) != 2:
        raise click.BadParameter("pass two numbers, as in --bracket 9,12", param_hint="--bracket")
    return given[0], given[1]
