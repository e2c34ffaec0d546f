"""``gmmscape prove birth``: ends of the separation at which a bad minimum begins to exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gmmscape.cli.shared.births import FOLLOWED, birth_in, birth_options
from gmmscape.cli.shared.certificates import certificates_option, check_folder, write_certificates
from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.options import max_seconds_option
from gmmscape.cli.shared.outputs import output_options, outputs_of
from gmmscape.cli.shared.progress import progress
from gmmscape.exceptions import NoResultError
from gmmscape.landscape.paths.birth import birth
from gmmscape.progress import Event
from gmmscape.proof.balls import flint
from gmmscape.proof.birth import BirthCertificate, certify_birth


@click.command("birth", cls=FileCommand)
@birth_options
@certificates_option("birth.json")
@output_options(BirthCertificate)
@max_seconds_option
@click.pass_context
def birth_command(
    context: click.Context, folder: Path | None, max_seconds: float | None, **options: Any
) -> None:
    """Prove at which separation a spurious minimum is born.

    Finds the birth as `gmmscape birth` does, and proves that it is a fold, and between which values of D;
    that takes some seconds more. What could not be proved, or was interrupted, is told as it was measured.
    Exit codes: 0 proved, 1 found and not proved, 2 usage or no birth found, 4 interrupted.

    \b
    Example:
      gmmscape prove birth --shape equal --certificates proofs
    """
    outputs, (path, bracket) = outputs_of(options), birth_in(options)
    flint()
    check_folder(folder, "birth.json", force=outputs.force)
    proved, code = None, 0
    with progress("proving", quiet=outputs.quiet) as callback:
        found = birth(path, FOLLOWED, bracket, max_seconds=max_seconds, callback=callback)
        try:
            if callback is not None:
                callback(Event("prove", "birth", 0, 1, None, 0.0))
            proved = certify_birth(found)
        except NoResultError as error:
            click.echo(f"note: {error}", err=True)
            code = 1
        except KeyboardInterrupt:
            click.echo("note: interrupted before it was proved", err=True)
            code = 4
    try:
        write_certificates(folder, {} if proved is None else {"birth": proved})
    finally:
        outputs.write(proved or found, found.plot)
    context.exit(code)
