"""``gmmscape map``: minima and saddles of a known mixture, or of the rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gmmscape.cli.options import check_picture, check_writable, layout_of, table_options
from gmmscape.cli.progress import exploration_progress
from gmmscape.landscape import Landscape
from gmmscape.measure import Population, Sample
from gmmscape.mixture import Mixture


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


@click.command("map")
@click.argument("file", required=False)
@click.option("--centers", type=Numbers(), help="True centers, as in --centers=-3,3,12 (with the = sign).")
@click.option("--sigma", type=float, help="Standard deviation of the fit, and of the truth by --centers.")
@click.option(
    "--weights",
    type=Weights(),
    help="Fitted weights: equal (the default) or free. With --centers numbers too: the true weights.",
)
@click.option(
    "--truth",
    "truth_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON file with the truth instead, as in {"centers": [-3, 3, 12], "sigma": 1}.',
)
@click.option(
    "-k",
    "--n-components",
    "k",
    type=click.IntRange(min=1),
    help="Fitted means; as many as centers by default, required with FILE.",
)
@click.option("--saddles", is_flag=True, help="Saddles of every index too, what they join, and barriers.")
@click.option("--starts", type=click.IntRange(min=0), default=64, show_default=True, help="Random starts.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random starts."
)
@click.option("--n-jobs", type=int, default=1, show_default=True, help="Processes; -1 for all cores.")
@click.option("--max-seconds", type=click.FloatRange(min=0), help="Stop after this time with what is found.")
@click.option("--json", "json_file", help="Write the atlas to this file.")
@click.option("--plot", "plot_file", help="Draw the atlas into this file: PNG, PDF or SVG by its ending.")
@click.option("--quiet", is_flag=True, help="No table and no progress.")
@table_options
@click.pass_context
def map_command(
    context: click.Context,
    file: str | None,
    centers: list[float] | None,
    sigma: float | None,
    weights: list[float] | str | None,
    truth_file: Path | None,
    k: int | None,
    saddles: bool,
    starts: int,
    seed: int,
    n_jobs: int,
    max_seconds: float | None,
    json_file: str | None,
    plot_file: str | None,
    quiet: bool,
    **table: Any,
) -> None:
    """Map the local minima of a known mixture, or of the rows of FILE.

    Fits k means (known sigma; weights 1/k, or free ones) to the population of the truth, from every
    candidate structure and from random starts, or to the rows of FILE, and prints each minimum once, against
    a truth with its structure. FILE is text: CSV, TSV or separated by white space, gzipped or not.
    """
    layout = layout_of(table)
    fitted = weights if isinstance(weights, str) else "equal"
    rows = None
    if file is None:
        if any(layout):
            raise click.UsageError(
                "--columns, --drop, --delimiter, --no-header and --weights-column need a FILE"
            )
        truth = _truth(centers, sigma, None if isinstance(weights, str) else weights, truth_file)
        measure, k = Population(truth), truth.n_components if k is None else k
    else:
        if centers is not None or truth_file is not None:
            raise click.UsageError("give either the rows of a FILE, or a truth by --centers or --truth")
        if sigma is None or k is None:
            raise click.UsageError("a FILE needs --sigma, the standard deviation of the fit, and -k")
        if isinstance(weights, list):
            raise click.UsageError(
                "with a FILE, --weights is equal or free; weights of rows: --weights-column"
            )
        rows = layout.read(file)
        measure = Sample(rows.values, rows.weights)
    landscape = Landscape(measure, k, sigma=sigma, weights=fitted)
    for name, file in (("--json", json_file), ("--plot", plot_file)):
        if file is not None:
            check_writable(file, name)
    if plot_file is not None:
        check_picture(plot_file)
    with exploration_progress(quiet=quiet) as callback:
        atlas = landscape.explore(
            seed,
            n_starts=starts,
            saddles=saddles,
            n_jobs=n_jobs,
            max_seconds=max_seconds,
            callback=callback,
        )
    try:
        if json_file is not None:
            atlas.to_json(json_file)
    finally:  # what was found is not lost with a full disk
        if not quiet:
            click.echo(str(atlas))
    if plot_file is not None and atlas.minima:
        atlas.plot(data=None if rows is None else rows.values).figure_.savefig(plot_file)
    if atlas.stop_reason == "interrupted":
        context.exit(4)


def _truth(
    centers: list[float] | None, sigma: float | None, weights: list[float] | None, file: Path | None
) -> Mixture:
    if (centers is None) == (file is None):
        raise click.UsageError("give the truth either by --centers and --sigma, or by --truth FILE")
    if file is not None:
        if weights is not None:
            raise click.UsageError("--weights goes with --centers; with --truth the file holds the weights")
        return Mixture.from_json(file)
    if sigma is None:
        raise click.UsageError("--centers needs --sigma, the standard deviation of each component")
    return Mixture.location(centers or [], sigma, weights)
