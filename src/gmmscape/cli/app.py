"""The click group, and how errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from gmmscape.cli.basins import basins_command
from gmmscape.cli.birth import birth_command
from gmmscape.cli.diagnose import diagnose_command
from gmmscape.cli.falsify import falsify_command
from gmmscape.cli.fit import fit_command
from gmmscape.cli.map import map_command
from gmmscape.cli.optima import optima_command
from gmmscape.cli.phase import phase_command
from gmmscape.cli.repair import repair_command
from gmmscape.cli.select import select_command
from gmmscape.exceptions import DataError, FormatError, GmmscapeError
from gmmscape.version import VERSION

USAGE, DATA, INTERRUPTED = 2, 3, 4


class QuietGroup(click.Group):
    """A group that ends in peace when the reader of its output, such as ``head``, goes away."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what could not be written is dropped."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Python would flush the rest at exit and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None


@click.group(cls=QuietGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="gmmscape")
def app() -> None:
    """Gaussian mixtures that are not stuck: fit, diagnose, repair, select, or map where they get stuck.

    Results go to standard output, messages and progress to standard error. Exit codes: 0 done, 1 fitted but
    not converged or degenerate, 2 wrong usage, 3 unusable data or file, 4 interrupted.
    """


for command in (
    fit_command,
    diagnose_command,
    repair_command,
    optima_command,
    select_command,
    map_command,
    basins_command,
    birth_command,
    falsify_command,
    phase_command,
):
    app.add_command(command)


def run() -> None:
    """Run the group; typed errors become one line on standard error and an exit code."""
    try:
        code = app.main(prog_name="gmmscape", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = USAGE
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except GmmscapeError as error:
        click.echo(f"Error: {error}", err=True)
        code = DATA if isinstance(error, (DataError, FormatError)) else USAGE
    except OSError as error:
        click.echo(f"Error: {error.filename or 'output'}: {error.strerror}", err=True)
        code = DATA
    raise SystemExit(code)
