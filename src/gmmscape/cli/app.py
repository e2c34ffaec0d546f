"""The click group, and how errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

import click

from gmmscape.cli.shared.groups import Commands
from gmmscape.cli.shared.spoken import of_an_error
from gmmscape.exceptions import DataError, FormatError, GmmscapeError
from gmmscape.version import VERSION

USAGE, DATA, INTERRUPTED = 2, 3, 4


#: Each command, in the order of the help, with the first sentence of its own help. The module
#: ``gmmscape.cli.NAME``, which has it as ``NAME_command``, is loaded when the command is called.
COMMANDS = {
    "fit": "Fit a Gaussian mixture to the rows of FILE and leave bad optima.",
    "diagnose": "Say whether the fit in MODEL is a bad optimum for the rows of FILE.",
    "repair": "Repair the fit in MODEL on the rows of FILE and write it to the file that --model names.",
    "summary": "Print the parameters of the fit in MODEL with standard errors and intervals.",
    "predict": "Write the component of each row of FILE, by the fit in MODEL, as CSV.",
    "score": "Say how likely the rows of FILE are under the fit in MODEL.",
    "sample": "Draw rows from the fit in MODEL and write them as CSV.",
    "optima": "List the local optima that EM reaches on the rows of FILE, and how many starts end in each.",
    "select": "Choose the number of components of a mixture for the rows of FILE, not misled by bad optima.",
    "map": "Map the local minima of a known mixture, or of the rows of FILE.",
    "basins": "Say which share of the starts falls into each minimum.",
    "birth": "Find the separation at which a spurious minimum is born.",
    "falsify": "Search random separated truths for local minima that are no union of blocks.",
    "phase": "Map the minima of k means over two parameters x and y of the truth.",
    "prove": "Prove minima, that they are all, a birth, or how far a fit is from the best.",
    "verify": "Check the certificates in FILES: compute anew what they claim.",
    "demo": "Fit the shipped example, in which EM alone gets stuck.",
}


class Program(Commands):
    """All commands; ends in peace when the reader, such as ``head``, goes away."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what could not be written is dropped."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Python would flush the rest at exit and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None


@click.group(
    cls=Program,
    listed=COMMANDS,
    package="gmmscape.cli",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="gmmscape")
def app() -> None:
    """Gaussian mixtures that are not stuck: fit, diagnose, repair, select, or map where they get stuck.

    Results go to standard output, messages and progress to standard error. Exit codes: 0 done, 1 fitted but
    not converged or degenerate, 2 wrong usage, 3 unusable data or file, 4 interrupted, 5 a bad optimum
    (diagnose --exit-code).

    \b
    Example:
      gmmscape demo

    Completion of names, in bash (zsh and fish likewise):

    \b
      eval "$(_GMMSCAPE_COMPLETE=bash_source gmmscape)"
    """


def _told(message: Warning | str, *_: Any) -> None:
    """Say on standard error what a warning says, not where in the code it was raised."""
    click.echo(f"Warning: {message}", err=True)


def run() -> None:
    """Run the group; typed errors, and warnings, become one line on standard error, errors an exit code."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _told
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
        told = str(error) if isinstance(error, FormatError) else of_an_error(str(error))
        click.echo(f"Error: {told}", err=True)
        code = DATA if isinstance(error, (DataError, FormatError)) else USAGE
    except MemoryError:
        click.echo("Error: there is not enough memory for this: use fewer rows or columns", err=True)
        code = DATA
    except OSError as error:
        click.echo(f"Error: {error.filename or 'output'}: {error.strerror}", err=True)
        code = DATA
    raise SystemExit(code)
