"""The click group, and how errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

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
    "prove": "Prove the minima of a known mixture, or of the rows of FILE.",
    "verify": "Check the certificates in FILES: compute anew what they claim.",
    "demo": "Fit the shipped example, in which EM alone gets stuck.",
}


class Commands(click.Group):
    """Commands, each loaded when called; ends in peace when the reader, such as ``head``, goes away."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(f"gmmscape.cli.{cmd_name}"), f"{cmd_name}_command")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without loading any."""
        found = [
            CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may be meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f": did you mean {near[0]}?" if near else f": choose one of {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]!r}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what could not be written is dropped."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Python would flush the rest at exit and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
