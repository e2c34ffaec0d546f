"""Files that commands read and write: none is written onto another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class _File(click.ParamType):
    """The name of a file."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        return str(value)


class Read(_File):
    """A file that the command reads."""


class Written(_File):
    """A file that the command writes; `over` names a parameter whose file it may take the place of."""

    def __init__(self, over: str | None = None) -> None:
        self.over = over


class FileCommand(click.Command):
    """A command that refuses, before any work, to write onto a file that it also reads or writes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Check the files, then run the command."""
        given = [
            (param, ctx.params[str(param.name)])
            for param in self.params
            if isinstance(param.type, (_File, click.Path)) and ctx.params.get(str(param.name)) is not None
        ]
        for at, (written, name) in enumerate(given):
            if not isinstance(written.type, Written):
                continue
            for place, (other, taken) in enumerate(given):
                later = isinstance(other.type, Written) and place > at  # each pair once
                if place == at or later or written.type.over == other.name:
                    continue
                if same_file(name, taken):
                    raise click.UsageError(
                        f"{_called(written)} would be written onto {_called(other)} ({taken}): name "
                        "another file",
                        ctx,
                    )
        return super().invoke(ctx)


def same_file(one: str | Path, other: str | Path) -> bool:
    """Say whether two names are those of one file, there or not."""
    try:
        if Path(one).samefile(other):
            return True
    except OSError:  # one of them is not there yet
        pass
    return Path(one).resolve() == Path(other).resolve()


def _called(param: click.Parameter) -> str:
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name
