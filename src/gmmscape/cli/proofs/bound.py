"""``gmmscape prove bound``: how far any mixture can be above a fit, and the best of all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from gmmscape.cli.shared.certificates import certificates_option, check_folder, write_certificates
from gmmscape.cli.shared.files import FileCommand, Read
from gmmscape.cli.shared.models import model_in, model_path
from gmmscape.cli.shared.options import SEED, Number, WholeNumber, max_seconds_option
from gmmscape.cli.shared.outputs import Outputs, output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.cli.shared.rows import Layout, Rows, layout_of, table_options
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NoResultError
from gmmscape.landscape.landscape import Landscape
from gmmscape.measure import Sample
from gmmscape.progress import Budget
from gmmscape.proof.balls import flint, rounded_down, rounded_up
from gmmscape.proof.bound.global_bound import global_bound
from gmmscape.proof.bound.nonparametric import NonparametricFit, nonparametric
from gmmscape.proof.bound.result import GlobalBound
from gmmscape.results.text import counted


class Asked(NamedTuple):
    """What is to be bounded.

    Attributes
    ----------
    model : str or None
        File with the fit.
    k : int or None
        Number of means to fit instead.
    sigma : float or None
        Standard deviation; the model's where None.
    weights : str
        Fitted weights, "equal" or "free".
    starts, seed : int
        Random starts of the search for a fit.
    """

    model: str | None
    k: int | None
    sigma: float | None
    weights: str | None
    starts: int
    seed: int

    def checked(self, *, limit: bool) -> Asked:
        """Return it; a usage error where it does not say what is to be bounded."""
        if self.model is not None and self.k is not None:
            raise click.UsageError(
                "give either a fit by --model, or -k and --sigma for one that is fitted here"
            )
        if self.model is None and self.sigma is None:
            raise click.UsageError("give the fit by --model, or --sigma, its standard deviation, and -k")
        if self.model is None and self.k is None and not limit:
            raise click.UsageError(
                "say how many means are fitted, as in -k 3, or add --nonparametric for the best of any number"
            )
        if self.weights is not None and self.k is None:
            raise click.UsageError("--weights says how -k means are fitted: a --model has its own weights")
        return self


class Fit(NamedTuple):
    """A fit to be bounded: what `global_bound` takes, sigma, and a line on where it is from."""

    model: Any
    sigma: float
    told: str
    interrupted: bool = False


@click.command("bound", cls=FileCommand)
@click.argument("file", type=Read())
@click.option("--model", type=Read(), help="File with the fit, as `gmmscape fit` writes it.")
@click.option("-k", "--n-components", "k", type=WholeNumber(1), help="Means to fit instead, with --sigma.")
@click.option(
    "--sigma", type=Number(), help="Standard deviation of every component; that of --model by default."
)
@click.option(
    "--weights", type=click.Choice(["equal", "free"]), help="Weights that -k means have: equal by default."
)
@click.option(
    "--starts", type=WholeNumber(0), default=64, show_default=True, help="Random starts of -k means."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the random starts.")
@click.option(
    "--tol",
    type=Number(EFFORT.proof.least_gap_tol),
    default=EFFORT.proof.gap_tol,
    show_default=True,
    help="How far apart the ends of what is proved may be.",
)
@click.option(
    "--nonparametric",
    "limit",
    is_flag=True,
    help="Fit the best mixture of any number of components too, the limit of all; alone without a fit.",
)
@certificates_option("bound.json, and nonparametric.json of the best mixture,")
@output_options(GlobalBound)
@max_seconds_option
@table_options
@click.pass_context
def bound_command(
    context: click.Context, file: str, folder: Path | None, limit: bool, tol: float, **options: Any
) -> None:
    """Prove how far any mixture of one sigma can be above a fit to the rows of FILE.

    The components of the fit, and of whatever it is compared with, have covariances sigma^2 I, as of
    `gmmscape fit --covariance EII`; up to three columns. Prints how many nats per unit mass no mixture gains
    more than, of however many components, and where the next component should go. Exit codes: 0 proved to
    --tol, 1 proved with ends farther apart, 2 usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape prove bound rows.csv -k 3 --sigma 1 --certificates proofs
    """
    outputs, layout = outputs_of(options), layout_of(options)
    max_seconds = options.pop("max_seconds")
    asked = Asked(**options).checked(limit=limit)
    flint()
    check_folder(folder, "bound.json", force=outputs.force)
    check_folder(folder, "nonparametric.json", force=outputs.force)
    budget = Budget.of("prove", max_seconds, None)
    fit, rows = _fitted(context, asked, layout, file, budget=budget, quiet=outputs.quiet)
    found = best = None
    with progress("proving", quiet=outputs.quiet) as callback:
        work = {"sample_weight": rows.weights, "tol": tol, "callback": callback}
        if fit is not None:
            left = 0.0 if fit.interrupted else budget.left
            found = global_bound(fit.model, rows.values, fit.sigma, max_seconds=left, **work)
        ended = fit is not None and fit.interrupted
        ended = ended or (found is not None and found.stop_reason == "interrupted")
        if limit and not ended:
            sigma = asked.sigma if fit is None else fit.sigma
            assert sigma is not None  # checked above
            best = nonparametric(rows.values, sigma, max_seconds=budget.left, **work)
    try:
        proved = {"bound": found, "nonparametric": None if best is None else best.bound}
        write_certificates(folder, {name: one for name, one in proved.items() if one is not None})
    finally:
        _tell(outputs, rows, fit, found, best)
    reasons = {one.stop_reason for one in (found, best) if one is not None}
    context.exit(4 if ended or "interrupted" in reasons else int(reasons != {"completed"}))


def _fitted(
    context: click.Context, asked: Asked, layout: Layout, file: str, *, budget: Budget, quiet: bool
) -> tuple[Fit | None, Rows]:
    """Return the fit that is asked for, and the rows."""
    if asked.model is not None:
        model = model_in(context, model_path(context, asked.model), file)
        rows = layout.read(file, model.feature_names, quiet=quiet, whole=True)
        own = None if model.mixture is None else model.mixture.sigma
        sigma = own if asked.sigma is None else asked.sigma
        if sigma is None:
            raise click.UsageError(
                "--model: its components do not share one standard deviation: fit some that do by "
                "`gmmscape fit FILE -k K --covariance EII`, or give --sigma for centers of k-means"
            )
        return Fit(model.centers if model.mixture is None else model.mixture, sigma, ""), rows
    rows = layout.read(file, quiet=quiet, whole=True)
    if asked.k is None:
        return None, rows
    assert asked.sigma is not None  # checked before
    land = Landscape(
        Sample(rows.values, rows.weights), asked.k, sigma=asked.sigma, weights=asked.weights or "equal"
    )
    seconds = None if budget.left is None else EFFORT.proof.time_of_search * budget.left
    with progress("fitting", quiet=quiet) as callback:
        atlas = land.explore(asked.seed, n_starts=asked.starts, max_seconds=seconds, callback=callback)
    if not atlas.minima:
        raise NoResultError("no fit was found to bound: allow more --starts or --max-seconds")
    best = min(atlas.minima, key=lambda point: point.nll)
    told = f"fit: the best of {counted(len(atlas.minima), 'minimum', 'minima')} found, nll {best.nll:.10g}"
    return Fit(best, asked.sigma, told, atlas.stop_reason == "interrupted"), rows


def _tell(
    outputs: Outputs, rows: Rows, fit: Fit | None, found: GlobalBound | None, best: NonparametricFit | None
) -> None:
    """Print and write what was proved: of the fit, with the best mixture below, or of that alone."""
    if found is None:
        assert best is not None
        outputs.write(best, _picture(best.bound), rows=rows)
        return
    assert fit is not None
    below = [fit.told] if fit.told else []
    if best is not None:
        low, high = best.behind(fit.model)
        below += [str(best), f"the fit is {rounded_down(low, 6)} to {rounded_up(high, 6)} nats behind it"]
    outputs.write(found, _picture(found), rows=rows, below="\n".join(below))


def _picture(bound: GlobalBound) -> Callable[[], Any] | None:
    """Return what draws a bound; nothing in space."""
    return bound.plot if len(bound.argmax) < 3 else None
