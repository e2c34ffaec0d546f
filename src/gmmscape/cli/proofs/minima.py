"""``gmmscape prove minima``: certificates of the minima of a known mixture, or of the rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gmmscape.cli.shared.certificates import certificates_option, check_folder, write_certificates
from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.landscapes import landscape_of, landscape_options
from gmmscape.cli.shared.options import SEED, WholeNumber, max_seconds_option
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.progress import Budget
from gmmscape.proof.balls import flint
from gmmscape.proof.structure_report import StructureReport, report_of


@click.command("minima", cls=FileCommand)
@landscape_options
@click.option("--starts", type=WholeNumber(0), default=64, show_default=True, help="Random starts.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the random starts.")
@certificates_option("a certificate for each proved minimum, minimum-0.json and so on,")
@output_options(StructureReport, plot=False)
@max_seconds_option
@click.pass_context
def minima_command(
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
    divergence, errors and structure. That no minimum was missed is not proved: `gmmscape prove census` does
    that on a line. Exit codes: 0 all proved, 1 not all, 2 usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape prove minima --centers=-2,2 --sigma 1 --certificates proofs
    """
    outputs = outputs_of(described)
    flint()
    check_folder(folder, "minimum-*.json", force=outputs.force)
    landscape, rows = landscape_of(described, quiet=outputs.quiet)
    with progress("proving", quiet=outputs.quiet) as callback:
        budget = Budget.of("prove", max_seconds, callback)
        report = report_of(landscape, budget, n_starts=starts, rng=seed)
    proved = {f"minimum-{i}": certificate for i, certificate in enumerate(report.certificates)}
    try:
        write_certificates(folder, proved)
    finally:
        outputs.write(report, rows=rows)
    if report.stop_reason == "interrupted":
        context.exit(4)
    if len(proved) < len(report.minima) or not proved:
        context.exit(1)
