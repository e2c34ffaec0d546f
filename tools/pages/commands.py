"""The reference of the command line: a page for each command, from its own help."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from gmmscape.cli.app import app


def pages() -> Iterator[tuple[str, str]]:
    """Yield the place of each page below the folder of the commands, and its text in Markdown."""
    with click.Context(app, info_name="gmmscape", **app.context_settings) as context:
        found = commands_in(app, context)
        yield "index.md", index(context, found)
        for name, command in found.items():
            with click.Context(command, parent=context, info_name=name) as inner:
                yield f"{name}.md", page(inner, f"gmmscape {name}")


def index(context: click.Context, commands: dict[str, click.Command]) -> str:
    """Return the page of the whole: what it says of itself, and a table of commands."""
    lines = ["# Command line", "", *paragraphs(app.help), "", "| command | what it does |", "|---|---|"]
    lines += [
        f"| [gmmscape {name}]({name}.md) | {cell(command.get_short_help_str(200))} |"
        for name, command in commands.items()
    ]
    lines += ["", "## Options of every call", "", *options(context)]
    lines += ["", "```{toctree}", ":hidden:", "", *(f"gmmscape {name} <{name}>" for name in commands), "```"]
    return "\n".join(lines) + "\n"


def page(context: click.Context, name: str) -> str:
    """Return the page of one command; those of a group follow on it."""
    usage = " ".join(context.command.collect_usage_pieces(context))
    lines = [f"# {name}", "", "```text", f"{name} {usage}", "```", "", *paragraphs(context.command.help)]
    lines += ["", "## Options", "", *options(context)]
    if isinstance(context.command, click.Group):
        for part, command in commands_in(context.command, context).items():
            with click.Context(command, parent=context, info_name=part) as inner:
                lines += ["", "#" + page(inner, f"{name} {part}").replace("\n## ", "\n### ").rstrip("\n")]
    return "\n".join(lines) + "\n"


def commands_in(group: click.Group, context: click.Context) -> dict[str, click.Command]:
    """Return the commands of a group by their names."""
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def options(context: click.Context) -> list[str]:
    """Return a table of the options of a command."""
    records = [parameter.get_help_record(context) for parameter in context.command.get_params(context)]
    rows = [(names.replace("|", "\\|"), cell(text)) for names, text in filter(None, records) if text]
    return ["| option | meaning |", "|---|---|", *(f"| `{names}` | {text} |" for names, text in rows)]


def paragraphs(text: str | None) -> list[str]:
    """Return a help text in Markdown; what click keeps as it is laid out becomes a block of text."""
    lines: list[str] = []
    for part in inspect.cleandoc(text or "").split("\n\n"):
        laid_out = part.startswith("\b")
        lines += ["```text", part.lstrip("\b\n"), "```", ""] if laid_out else [escaped(part), ""]
    return lines


def cell(text: str) -> str:
    """Return a text for a cell of a table."""
    return escaped(text).replace("|", "\\|").replace("\n", " ")


def escaped(text: str) -> str:
    """Return a text in which nothing outside of backticks is taken for Markdown."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([*_<\[\]#])", r"\\\1", part) for part in parts)
