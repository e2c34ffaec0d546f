"""``gmmscape prove census``: all critical points of a known mixture on a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gmmscape.cli.shared.certificates import certificates_option, check_folder, write_certificates
from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.landscapes import truth_options, truth_with_k
from gmmscape.cli.shared.options import laboratory_options
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.proof.balls import flint
from gmmscape.proof.census.census import census
from gmmscape.proof.census.result import Census


@click.command("census", cls=FileCommand)
@truth_options
@certificates_option("census.json, which holds a certificate of each critical point,")
@output_options(Census)
@laboratory_options(checkpoint=True)
@click.pass_context
def census_command(context: click.Context, folder: Path | None, seed: int, **options: Any) -> None:
    """Find all critical points of a known mixture on a line, and prove that these are all.

    Fits k means (the truth's sigma, weights 1/k). Each critical point is certified, and boxes of means show
    that there is no other; of those that cannot be decided it says where they are. Three means take some ten
    seconds to a minute. Ctrl-C and --max-seconds end it with what was found; --checkpoint goes on from there.
    Exit codes: 0 proved to be complete, 1 not, 2 usage, 3 data, 4 interrupted.

    \b
    Example:
      gmmscape prove census --centers=-2,2 --sigma 1 --certificates proofs
    """
    outputs = outputs_of(options)
    flint()
    check_folder(folder, "census.json", force=outputs.force)
    truth, k = truth_with_k(options)
    with progress("counting", quiet=outputs.quiet) as callback:
        found = census(truth, k, rng=seed, callback=callback, **options)
    try:
        write_certificates(folder, {"census": found})
    finally:
        outputs.write(found, found.plot if found.minima else None)
    if found.stop_reason == "interrupted":
        context.exit(4)
    if not found.complete:
        context.exit(1)
