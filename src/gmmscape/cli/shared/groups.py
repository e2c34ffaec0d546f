"""Groups of commands, each loaded when called; one may be meant where none is named."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem


class Commands(click.Group):
    """Commands, each loaded when called.

    Parameters
    ----------
    listed : mapping of str to str
        Each command, in the order of the help, with the first sentence of its own help.
    package : str
        Where they are: the module ``PACKAGE.NAME`` has one as ``NAME_command``.
    """

    def __init__(self, *args: Any, listed: Mapping[str, str], package: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listed, self.package = listed, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(self.listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self.listed:
            return None
        return getattr(import_module(f"{self.package}.{cmd_name}"), f"{cmd_name}_command")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without loading any."""
        found = [
            CompletionItem(name, help=text)
            for name, text in self.listed.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.listed.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may be meant."""
        if args and args[0] not in self.listed and not args[0].startswith("-"):
            near = self.near(args[0])
            meant = f": did you mean {near}?" if near else f": choose one of {', '.join(self.listed)}"
            raise click.UsageError(f"there is no command {args[0]!r}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def near(self, name: str) -> str | None:
        """Return the command whose name is most like another, if one is."""
        return next(iter(get_close_matches(name, self.listed, n=1)), None)


class CommandsWithDefault(Commands):
    """Commands, one of which is meant where the first word names none of them.

    Parameters
    ----------
    default : str
        Which one. A FILE of it that has the name of a command is given as in ./NAME.
    """

    def __init__(self, *args: Any, default: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default where no command is named; a word that is nearly one, and no file, is a slip."""
        if args and args[0] not in (*self.listed, *ctx.help_option_names):
            if not (ctx.resilient_parsing or self.near(args[0]) is None or Path(args[0]).exists()):
                self.resolve_command(ctx, args)
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command, or what the default takes."""
        default = self.get_command(ctx, self.default)
        assert default is not None
        return Commands.shell_complete(self, ctx, incomplete) + default.shell_complete(
            click.Context(default, parent=ctx, info_name=self.default), incomplete
        )
