"""``gmmscape prove``: certificates of the minima of a known mixture, or of the rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.landscapes import landscape_of, landscape_options
from gmmscape.cli.shared.options import SEED, WholeNumber, max_seconds_option
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.progress import Budget
from gmmscape.proof.structure_report import StructureReport, report_of


@click.command("prove", cls=FileCommand)
@landscape_options
@click.option("--starts", type=WholeNumber(0), default=64, show_default=True, help="Random starts.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the random starts.")
@click.option(
    "--certificates",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a certificate for each proved minimum to this folder, for gmmscape verify.",
)
@output_options(StructureReport, plot=False)
@max_seconds_option
@click.pass_context
def prove_command(
    context: click.Context,
    starts: int,
    seed: int,
    folder: Path | None,
    max_seconds: float | None,
    **described: Any,
) -> None:
    """Prove the minima of a known mixture, or of the rows of FILE.

    Searches the minima of k means (known sigma, weights 1/k) and proves of each, in interval arithmetic, that
    a box holds exactly one critical point, that it is a minimum, its likelihood, and against a truth its
    divergence, errors and structure. That no minimum was missed is not proved. Exit codes: 0 all proved, 1
    not all, 2 usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape prove --centers=-3,3,12 --sigma 1 -k 3 --certificates proofs
    """
    outputs = outputs_of(described)
    landscape, rows = landscape_of(described, quiet=outputs.quiet)
    if folder is not None and not outputs.force:
        _check_free(folder)
    with progress("proving", quiet=outputs.quiet) as callback:
        budget = Budget.of("prove", max_seconds, callback)
        report = report_of(landscape, budget, n_starts=starts, rng=seed)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for i, certificate in enumerate(report.certificates):
            certificate.to_json(folder / f"minimum-{i}.json")
    outputs.write(report, rows=rows)
    if report.stop_reason == "interrupted":
        context.exit(4)
    if len(report.certificates) < len(report.minima):
        context.exit(1)


def _check_free(folder: Path) -> None:
    """Raise a usage error where a folder holds certificates already."""
    if any(folder.glob("minimum-*.json")):
        raise click.BadParameter(
            f"{str(folder)!r} holds certificates: name another folder, or add --force",
            param_hint="--certificates",
        )
