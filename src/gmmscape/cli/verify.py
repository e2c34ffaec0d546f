"""``gmmscape verify``: check certificates, in arithmetic of its own."""

from __future__ import annotations

import click

from gmmscape.cli.shared.files import FileCommand
from gmmscape.cli.shared.options import Number
from gmmscape.exceptions import CertificateError
from gmmscape.verifier.check import verify


@click.command("verify", cls=FileCommand)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--quiet", is_flag=True, help="Say nothing of those that hold.")
@click.option(
    "--max-seconds",
    type=Number(0),
    default=3600.0,
    show_default=True,
    help="Refuse what takes longer, each file.",
)
@click.pass_context
def verify_command(context: click.Context, files: tuple[str, ...], quiet: bool, max_seconds: float) -> None:
    """Check the certificates in FILES: compute anew what they claim.

    What does not follow is refused. Nothing of the prover is used, and no other package. Exit codes: 0 all
    hold, 1 some do not, 2 usage, 4 interrupted.

    \b
    Example:
      gmmscape verify proofs/minimum-0.json
    """
    refused = False
    for file in files:
        try:
            verify(file, max_seconds)
            if not quiet:
                click.echo(f"{file}: proved")
        except CertificateError as error:
            refused = True
            click.echo(str(error), err=True)
    if refused:
        context.exit(1)
