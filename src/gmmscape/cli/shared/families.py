"""Options that say what is free in a landscape: family, weights and widths."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

import click

from gmmscape.cli.shared.landscapes import (
    Command,
    Described,
    Numbers,
    Weights,
    checked_source,
    options_of,
    truth_of,
)
from gmmscape.cli.shared.options import Number
from gmmscape.cli.shared.rows import layout_of
from gmmscape.landscape.freedom.freedom import FAMILIES
from gmmscape.landscape.landscape import Landscape
from gmmscape.measure import Population, Sample

#: How held weights begin.
HELD = "held="


class Widths(Numbers):
    """Standard deviations of the fit: free, one for all, or numbers."""

    name = "free|common|numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return "free" or "common" as it is, and numbers as a list."""
        if isinstance(value, str) and value.lower() in ("free", "common"):
            return value.lower()
        if isinstance(value, str) and any(letter.isalpha() for letter in value.replace("e", "")):
            self.fail(f"{value!r}: write free, common, or numbers, as in 1 or 0.5,1,2", param, ctx)
        numbers = super().convert(value, param, ctx)
        if not all(isfinite(number) and number >= 0 for number in numbers):
            self.fail(f"{value!r}: standard deviations are positive (0 alone is k-means)", param, ctx)
        return numbers


class HeldWeights(NamedTuple):
    """Fitted weights that stay as they are."""

    values: list[float]


class FittedWeights(Weights):
    """Which weights are fitted or held, or the weights of the truth."""

    name = "equal|free|held=numbers|numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return "equal" or "free" as it is, held ones as `HeldWeights`, and numbers as a list."""
        if isinstance(value, str) and value.lower().startswith(HELD):
            return HeldWeights(Numbers().convert(value[len(HELD) :], param, ctx))
        return super().convert(value, param, ctx)


def family_options(command: Command) -> Command:
    """Add FILE and the options that `landscape_of_a_family` takes."""
    return options_of(
        command,
        click.option(
            "--family",
            type=click.Choice(FAMILIES),
            default="location",
            show_default=True,
            help="What covariances are like: known (location), one variance a component (spherical), or as "
            "`gmmscape fit --covariance` has them.",
        ),
        click.option(
            "--weights",
            type=FittedWeights(),
            help="Fitted weights: equal (the default), free, or held, as in held=0.2,0.8. With --centers "
            "numbers alone are the true weights.",
        ),
        click.option(
            "--true-sigma",
            type=Number(0),
            help="Standard deviation of the truth by --centers, where --sigma does not say it.",
        ),
        click.option(
            "--sigma",
            type=Widths(),
            help="Standard deviation of the fit: a number, one a component as in 1,1,2, common to all, or "
            "free; 0 is k-means. A number is that of the truth by --centers, too; with another --family than "
            "location of the truth alone.",
        ),
    )


def landscape_of_a_family(options: dict[str, Any], *, quiet: bool) -> Described:
    """Take the options of `family_options` out of a command's arguments; read the file, if any."""
    layout = layout_of(options)
    names = ("file", "centers", "sigma", "true_sigma", "weights", "truth_file", "k", "family")
    file, centers, sigma, true_sigma, weights, truth_file, k, family = (options.pop(name) for name in names)
    fitted: Any = "equal" if isinstance(weights, list) else weights or "equal"
    fitted = fitted.values if isinstance(fitted, HeldWeights) else fitted
    checked_source(layout, file, centers, truth_file)
    if true_sigma is not None and centers is None:
        raise click.UsageError("--true-sigma goes with --centers: the truth by --truth holds its own")
    if file is not None:
        spread = sigma is not None or family != "location"
        if k is None or not spread:
            missing = [] if spread else ["--sigma, the standard deviation of the fit"]
            missing += ["-k, the number of components"] if k is None else []
            raise click.UsageError(f"a FILE needs {', and '.join(missing)}")
        if isinstance(weights, list):
            raise click.UsageError(
                "with a FILE, --weights is equal, free or held=numbers; weights of rows: --weights-column"
            )
        rows = layout.read(file, quiet=quiet, whole=True)
        measure = Sample(rows.values, rows.weights)
        return Described(_landscape(measure, k, sigma, fitted, family), rows)
    one = sigma[0] if isinstance(sigma, list) and len(sigma) == 1 else None
    if centers is not None and true_sigma is None:
        if sigma is not None and not one:
            raise click.UsageError("--sigma is that of the fit alone: the truth's is given by --true-sigma")
        if not one:
            raise click.UsageError(
                "--centers needs --sigma, the standard deviation of each component, or, where that of the "
                "fit is another, --true-sigma"
            )
        true_sigma = one
        sigma = sigma if family == "location" else None
    if true_sigma is not None and not 0 < true_sigma < float("inf"):
        raise click.BadParameter(f"{true_sigma}: pass a finite number above 0", param_hint="--true-sigma")
    truth = truth_of(centers, true_sigma, weights if isinstance(weights, list) else None, truth_file)
    k = truth.n_components if k is None else k
    return Described(_landscape(Population(truth), k, sigma, fitted, family), None)


def _landscape(measure: Population | Sample, k: int, sigma: Any, weights: Any, family: str) -> Any:
    if isinstance(sigma, list) and len(sigma) not in (1, k):
        raise click.BadParameter(
            f"pass one number, or one of each of the {k} components", param_hint="--sigma"
        )
    if isinstance(sigma, list) and len(sigma) == 1:
        sigma = sigma[0]
    return Landscape(measure, k, sigma=sigma, weights=weights, family=family)
