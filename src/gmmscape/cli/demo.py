"""``gmmscape demo``: the shipped example, fitted."""

from __future__ import annotations

from pathlib import Path

import click

from gmmscape.cli.fit import fit_command

#: Where 1000 visitors of a park stood, around two wide lawns and three pairs of kiosks.
EXAMPLE = Path(__file__).parent / "examples" / "stations.csv"
N_COMPONENTS = "8"


@click.command(
    "demo",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    options_metavar="",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def demo_command(context: click.Context, options: tuple[str, ...]) -> None:
    """Fit the shipped example, in which EM alone gets stuck.

    The rows are where 1000 visitors of a park stood, around two wide lawns and three pairs of kiosks.
    OPTIONS are those of `gmmscape fit`, such as --verbose or --json FILE.

    \b
    Example:
      gmmscape demo --verbose
    """
    click.echo(f"$ gmmscape fit {EXAMPLE} -k {N_COMPONENTS}", err=True)
    arguments = [str(EXAMPLE), "-k", N_COMPONENTS, *options]
    with fit_command.make_context("gmmscape fit", arguments, parent=context) as fitting:
        fit_command.invoke(fitting)
