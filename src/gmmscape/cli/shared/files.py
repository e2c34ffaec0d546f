"""Files that commands read and write: none is written onto another, nor onto what is not ours."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from gmmscape.exceptions import InvalidParameterError
from gmmscape.wholefile import writable_target

#: The name of standard output among files that are written.
STDOUT = "-"
#: The same of standard input among files that are read.
STDIN = "-"
#: What a file that this program wrote begins with, and the mark that is found in it, by what is in it.
OWN = {
    "JSON": ((b"{", b'"format": "gmmscape-'),),
    "a report": ((b"<!", b'name="generator" content="gmmscape'),),
    "a picture": (
        (b"\x89PNG", b"Software\x00gmmscape"),
        (b"%PDF", b"gmmscape"),
        (b"<?xml", b"gmmscape"),
    ),
    "labels": ((b"", b"label,probability,uncertainty,log_density\n"), (b"", b",gmmscape_log_density\n")),
    "a sample": (),
    "a model": ((b"PK", b'"format": "gmmscape-model"'),),
}


class _File(click.ParamType):
    """The name of a file."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; what shells leave of a home folder, as in --json=~/fit.json, is put in."""
        name = str(value)
        return str(Path(name).expanduser()) if name.startswith("~/") else name

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Leave it to the shell, which knows its files."""
        return [CompletionItem(incomplete, type="file")]


class Read(_File):
    """A file that the command reads."""


class Written(_File):
    """A file that the command writes.

    Parameters
    ----------
    stdout : bool, default=False
        Whether "-" is standard output.
    kept : bool, default=False
        Whether what is there is gone on from, so that whoever reads it says whether it is ours.
    what : str, default="JSON"
        What is written, a key of `OWN`: only files of the same are replaced without being asked.
    """

    def __init__(self, *, stdout: bool = False, kept: bool = False, what: str = "JSON") -> None:
        self.stdout, self.kept, self.what = stdout, kept, what


class FileCommand(click.Command):
    """A command that looks at all its files before any work: see `check_files`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Check the files, then run the command."""
        check_files(self, ctx)
        return super().invoke(ctx)


def check_files(command: click.Command, ctx: click.Context) -> None:
    """Raise a usage error where an output could not be written later, or would destroy something.

    That is an input or another output of the command, by whatever name, and, without --force, a file that
    this program did not write.
    """
    given = [
        (param, ctx.params[str(param.name)])
        for param in command.params
        if isinstance(param.type, (_File, click.Path)) and ctx.params.get(str(param.name)) is not None
    ]
    if len([name for param, name in given if isinstance(param.type, Read) and name == STDIN]) > 1:
        raise click.UsageError("standard input (-) holds one thing: name files for the others", ctx)
    for place, (written, name) in enumerate(given):
        if not isinstance(written.type, Written):
            continue
        if name == STDOUT and not written.type.stdout:
            raise click.BadParameter(
                "'-' is standard output, which takes text: name a file (./- for one of that name)",
                ctx,
                written,
            )
        for at, (other, taken) in enumerate(given):
            later = isinstance(other.type, Written) and at > place  # each pair once
            streams = name == STDOUT and isinstance(other.type, Read)  # input and output of one name
            if at != place and not later and not streams and same_file(name, taken):
                raise click.UsageError(
                    f"{_called(written)} would be written onto {_called(other)} ({taken}): name another file",
                    ctx,
                )
        if name != STDOUT:
            _check_target(ctx, written, name)


def _check_target(ctx: click.Context, written: click.Parameter, name: str) -> None:
    assert isinstance(written.type, Written)
    try:
        target = writable_target(name)
    except InvalidParameterError as error:
        remedy = str(error).partition(": ")[2]
        raise click.BadParameter(f"{name!r}: {remedy}", ctx, written) from error
    if (
        target.exists()
        and not written.type.kept
        and not ctx.params.get("force")
        and not is_ours(target, written.type.what)
    ):
        known = OWN[written.type.what]  # of what cannot be told from other files nothing is said
        other = f", and is not {written.type.what} that gmmscape wrote" if known else ""
        remedy = "name another file, or pass --force to replace it"
        raise click.UsageError(f"{_called(written)}: {name} is there{other}: {remedy}", ctx)


def is_ours(path: Path, what: str) -> bool:
    """Say whether a file is empty or looks like one that this program wrote, with that in it."""
    try:
        with path.open("rb") as file:
            content = file.read(1 << 22)
    except OSError:
        return False
    return not content or any(content.startswith(begin) and mark in content for begin, mark in OWN[what])


def same_file(one: str | Path, other: str | Path) -> bool:
    """Say whether two names are those of one file, there or not.

    Names that differ in case or accents only count as one where neither file is there: some systems make one
    file of them.
    """
    try:
        if Path(one).samefile(other):
            return True
    except (OSError, ValueError):  # one of them is not there yet, or can be no file
        pass
    try:
        first, second = Path(one).resolve(), Path(other).resolve()
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
        return False
    if first.exists() or second.exists():
        return first == second
    return _folded(first) == _folded(second)


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()


def _called(param: click.Parameter) -> str:
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name
