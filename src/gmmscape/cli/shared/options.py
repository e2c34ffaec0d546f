"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

import click

from gmmscape.cli.shared.files import Written
from gmmscape.covariances import SAME_AS
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import family_names, known_family
from gmmscape.mixture.background import REGIONS

Command = Callable[..., Any]


class WholeNumber(click.ParamType):
    """A whole number, not below the least and not above the most."""

    name = "integer"

    def __init__(
        self, least: int | None = None, most: int | None = None, *, missing: str | None = None
    ) -> None:
        self.least, self.most, self.missing = least, most, missing

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str | None:
        """Return what to do where the option is needed and not given."""
        return self.missing

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or fail with an example."""
        try:
            number = int(value)
        except ValueError:
            number = None
        if number is None or (self.least is not None and number < self.least):
            wanted = "" if self.least is None else f" from {self.least} on"
            self.fail(f"{value!r} is no whole number{wanted}: {self.remedy(value, param)}", param, ctx)
        if self.most is not None and number > self.most:
            self.fail(f"{value} is too large: write a number up to {self.most}", param, ctx)
        return number

    def remedy(self, value: Any, param: click.Parameter | None) -> str:
        """Return what to do about something else."""
        return f"write one, as in {_example(param)} 3"


class Components(WholeNumber):
    """How many components a mixture has."""

    def __init__(self) -> None:
        super().__init__(1, missing="Say how many there are, as in -k 3; `gmmscape select` finds it out.")

    def remedy(self, value: Any, param: click.Parameter | None) -> str:
        """Return what to do about something else; of several numbers, which command takes them."""
        if re.match(r"\d+\s*[-:,]\s*\d", str(value)):
            return f"write one, or compare several by `gmmscape select FILE -k {value}`"
        return super().remedy(value, param)


class Jobs(WholeNumber):
    """How many threads or processes there may be."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or fail where it is 0 or less, but for -1."""
        number = super().convert(value, param, ctx)
        if number < 1 and number != -1:
            self.fail(f"{value!r} are too few: write a number from 1 on, or -1 for all cores", param, ctx)
        return number


class Number(click.ParamType):
    """A finite number, not below the least."""

    name = "number"

    def __init__(self, least: float | None = None) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or fail with an example."""
        try:
            number = float(value)
        except ValueError:
            number = None
        if number is None or not isfinite(number) or (self.least is not None and number < self.least):
            wanted = "" if self.least is None else f" from {self.least:g} on"
            self.fail(f"{value!r} is no number{wanted}: write one, as in {_example(param)} 1.5", param, ctx)
        return number


def _example(param: click.Parameter | None) -> str:
    return "1" if param is None else param.opts[0]


COMPONENTS = Components()
SEED = WholeNumber(0, 2**32 - 1)
max_seconds_option = click.option(
    "--max-seconds", type=Number(0), help="Stop after this time with what is found."
)
checkpoint_option = click.option(
    "--checkpoint", type=Written(kept=True), help="Keep what is done in this file; go on from it."
)


def run_options(command: Command) -> Command:
    """Add the options of whatever takes time and chance."""
    for option in (
        click.option("--n-jobs", type=Jobs(), help="Threads at most; all cores by default."),
        click.option("--seed", type=SEED, default=0, show_default=True, help="Of all that is random."),
    ):
        command = option(command)
    return command


def laboratory_options(*, checkpoint: bool) -> Callable[[Command], Command]:
    """Add the options of what searches landscapes, with --checkpoint where the work can be resumed."""
    options = [
        max_seconds_option,
        click.option(
            "--n-jobs", type=Jobs(), default=1, show_default=True, help="Processes; -1 for all cores."
        ),
        click.option("--seed", type=SEED, default=0, show_default=True, help="Of all that is random."),
    ]
    if checkpoint:
        options.insert(0, checkpoint_option)

    def add(command: Command) -> Command:
        for option in options:
            command = option(command)
        return command

    return add


def search_options(*, nested: str) -> Callable[[Command], Command]:
    """Add the options of the search for a better fit; `nested` is the default of --nested."""
    option = click.option(
        "--nested",
        type=click.Choice(["offer", "take"]),
        default=nested,
        show_default=True,
        help="Gains by components nested in one cluster: list them, or take them.",
    )
    return lambda command: run_options(option(command))


class PriorRows(click.ParamType):
    """A number of rows, or auto."""

    name = "rows"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Return the number, or "auto"."""
        if value == "auto":
            return value
        try:
            rows = float(value)
        except ValueError:
            rows = -1.0
        if not (isfinite(rows) and rows >= 0):
            self.fail(f"{value!r} is no number of rows: write auto, or a number, 0 for none", param, ctx)
        return rows


class FamilyName(click.ParamType):
    """A family of covariances, by scikit-learn's or mclust's name."""

    name = "family"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name that the family has here."""
        try:
            return known_family("covariance_type", value)
        except InvalidParameterError:
            names = ", ".join((*family_names(), *SAME_AS))
            self.fail(f"{value!r} is no family of covariances: write one of {names}", param, ctx)


def covariance_option(name: str) -> Callable[[Command], Command]:
    """Return the option that says what is free, passed on under this name."""
    return click.option(
        "--covariance",
        name,
        type=FamilyName(),
        default="full",
        show_default=True,
        help="What is free: full, tied, diag, spherical, or one of mclust's names, such as VEV.",
    )


pursue_option = click.option(
    "--pursue",
    type=click.Choice(["evidence", "likelihood"]),
    default="evidence",
    show_default=True,
    help="Make moves whose gain new rows would see too, or all that gain on these.",
)


class Region(click.ParamType):
    """The region of a background: box, hull, or its volume."""

    name = "box|hull|volume"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Return the region, or the volume."""
        if value in REGIONS:
            return value
        try:
            volume = float(value)
        except ValueError:
            volume = -1.0
        if not (isfinite(volume) and volume > 0):
            self.fail(f"{value!r} is no region: write box, hull, or a volume above 0", param, ctx)
        return volume


background_option = click.option(
    "--background",
    type=Region(),
    help="A uniform density beside the components, for rows of no cluster: over the box or the hull of the "
    "rows, or of a volume in the units of the columns.",
)


def regularity_options(command: Command) -> Command:
    """Add what keeps covariances from collapsing, by default what the model or the function has."""
    for option in (
        click.option("--reg-covar", type=Number(0), help="Least variance, in squared units of the data."),
        click.option("--covariance-floor", type=Number(0), help="Least variance, as a share of the data's."),
        click.option(
            "--covariance-prior",
            type=PriorRows(),
            help="Rows of the components' pooled covariance that each is given: auto, or a number; 0 for "
            "maximum likelihood.",
        ),
    ):
        command = option(command)
    return command
