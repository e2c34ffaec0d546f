"""Options that say of what landscape a command speaks: of a known truth, or of the rows of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from gmmscape.cli.shared.files import Read
from gmmscape.cli.shared.options import Number, WholeNumber
from gmmscape.cli.shared.rows import Layout, Rows, layout_of, table_options
from gmmscape.landscape.landscape import Landscape
from gmmscape.measure import Population, Sample
from gmmscape.mixture import Mixture
from gmmscape.modelfiles import load
from gmmscape.modelfiles.archive import is_archive

Command = Callable[..., Any]


class Numbers(click.ParamType):
    """A list of numbers separated by commas."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[float]:
        """Return the numbers, or fail with the part that is none."""
        if isinstance(value, list):
            return value
        numbers = []
        for part in value.split(","):
            try:
                numbers.append(float(part))
            except ValueError:
                self.fail(
                    f"{part!r} is no number: write numbers separated by commas, as in -3,3,12", param, ctx
                )
        return numbers


class Weights(Numbers):
    """Which weights are fitted, or the weights of the truth."""

    name = "equal|free|numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return "equal" or "free" as it is, and numbers as a list."""
        if isinstance(value, str) and value.lower() in ("equal", "free"):
            return value.lower()
        if isinstance(value, str) and any(letter.isalpha() for letter in value.replace("e", "")):
            self.fail(f"{value!r}: write equal, free, or the true weights as in 0.2,0.3,0.5", param, ctx)
        return super().convert(value, param, ctx)


class Described(NamedTuple):
    """A landscape, and the rows it is of, if any."""

    landscape: Any
    rows: Rows | None


def landscape_options(command: Command) -> Command:
    """Add FILE and the options that `landscape_of` takes."""
    return options_of(
        command,
        click.option(
            "--weights",
            type=Weights(),
            help="Fitted weights: equal (the default) or free. With --centers numbers too: the true weights.",
        ),
        click.option(
            "--sigma", type=Number(), help="Standard deviation of the fit, and of the truth by --centers."
        ),
    )


def options_of(command: Command, *fitted: Command) -> Command:
    """Add FILE, the options that say what a landscape is of, and those that say what is fitted."""
    command = _of_a_truth(
        table_options(command), *fitted, k="Fitted means; as many as centers by default, required with FILE."
    )
    return click.argument("file", required=False, type=Read())(command)


def truth_options(command: Command) -> Command:
    """Add the options that `truth_with_k` takes."""
    return _of_a_truth(
        command,
        click.option("--weights", type=Numbers(), help="True weights, with --centers; equal by default."),
        click.option("--sigma", type=Number(), help="Standard deviation of the truth by --centers."),
        k="Fitted means; as many as centers by default.",
    )


def _of_a_truth(command: Command, *fitted: Command, k: str) -> Command:
    for option in (
        click.option("-k", "--n-components", "k", type=WholeNumber(1), help=k),
        click.option(
            "--truth",
            "truth_file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help='JSON file with the truth instead, as in {"centers": [-3, 3, 12], "sigma": 1}.',
        ),
        *fitted,
        click.option(
            "--centers", type=Numbers(), help="True centers, as in --centers=-3,3,12 (with the = sign)."
        ),
    ):
        command = option(command)
    return command


def truth_with_k(options: dict[str, Any]) -> tuple[Mixture, int]:
    """Take the options of `truth_options` out of a command's arguments: the truth, and k."""
    names = ("centers", "sigma", "weights", "truth_file", "k")
    *described, k = (options.pop(name) for name in names)
    truth = truth_of(*described)
    return truth, truth.n_components if k is None else k


def landscape_of(options: dict[str, Any], *, quiet: bool) -> Described:
    """Take the options of `landscape_options` out of a command's arguments; read the file, if any."""
    layout = layout_of(options)
    names = ("file", "centers", "sigma", "weights", "truth_file", "k")
    file, centers, sigma, weights, truth_file, k = (options.pop(name) for name in names)
    fitted = weights if isinstance(weights, str) else "equal"
    checked_source(layout, file, centers, truth_file)
    if file is None:
        truth = truth_of(centers, sigma, None if isinstance(weights, str) else weights, truth_file)
        k = truth.n_components if k is None else k
        return Described(Landscape(Population(truth), k, sigma=sigma, weights=fitted), None)
    if sigma is None or k is None:
        raise click.UsageError("a FILE needs --sigma, the standard deviation of the fit, and -k")
    if isinstance(weights, list):
        raise click.UsageError("with a FILE, --weights is equal or free; weights of rows: --weights-column")
    rows = layout.read(file, quiet=quiet, whole=True)
    return Described(Landscape(Sample(rows.values, rows.weights), k, sigma=sigma, weights=fitted), rows)


def checked_source(layout: Layout, file: Any, centers: Any, truth_file: Any) -> None:
    """Raise a usage error unless there is one thing that the landscape is of."""
    if file is None and layout.given:
        raise click.UsageError("--columns, --drop and what else says how rows are read need a FILE")
    if file is not None and (centers is not None or truth_file is not None):
        raise click.UsageError("give either the rows of a FILE, or a truth by --centers or --truth")


def truth_of(
    centers: list[float] | None, sigma: float | None, weights: list[float] | None, file: Path | None
) -> Mixture:
    """Return the truth by --centers and --sigma, or by --truth."""
    if (centers is None) == (file is None):
        raise click.UsageError("give the truth either by --centers and --sigma, or by --truth FILE")
    if file is not None:
        if weights is not None:
            raise click.UsageError("--weights goes with --centers; with --truth the file holds the weights")
        if is_archive(file):
            found = load(file)
            return getattr(found, "mixture_", found)  # of a fit
        return Mixture.from_json(file)
    if sigma is None:
        raise click.UsageError("--centers needs --sigma, the standard deviation of each component")
    return Mixture.location(centers or [], sigma, weights)
