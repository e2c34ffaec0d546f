"""Options that say which birth a command speaks of: the truth, what varies, and where to look."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import click

from gmmscape.cli.shared.landscapes import Numbers
from gmmscape.cli.shared.options import Number
from gmmscape.mixture import Mixture
from gmmscape.structure import Structure

Command = Callable[..., Any]

#: One mean on the first two centers, two means on the last.
FOLLOWED = Structure.of([((0,), (0, 1)), ((1, 2), (2,))])
DEFAULT_RADIUS = 3.0


class Sought(NamedTuple):
    """A birth to look for: the path, and parameters between which it is."""

    path: Callable[[float], Mixture]
    bracket: tuple[float, float]


def birth_options(command: Command) -> Command:
    """Add the options that `birth_in` takes."""
    for option in (
        click.option("--bracket", type=Numbers(), help="LO,HI: the minimum exists at D = HI and not at LO."),
        click.option("--radius", type=Number(), help=f"R, with --shape pair.  [default: {DEFAULT_RADIUS:g}]"),
        click.option(
            "--shape",
            type=click.Choice(["equal", "pair"]),
            required=True,
            help="True centers: -D, 0, D or -R, R, D, with sigma 1 and equal weights; D is what varies.",
        ),
    ):
        command = option(command)
    return command


def birth_in(options: dict[str, Any]) -> Sought:
    """Take the options of `birth_options` out of a command's arguments."""
    path, default = _path(options.pop("shape"), options.pop("radius"))
    return Sought(path, _bracket(options.pop("bracket"), default))


def equally_spaced(separation: float) -> Mixture:
    """Return three centers, equally spaced."""
    return Mixture.location([-separation, 0.0, separation], 1.0)


def pair_and_one(radius: float, place: float) -> Mixture:
    """Return centers -radius, radius and place."""
    return Mixture.location([-radius, radius, place], 1.0)


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
