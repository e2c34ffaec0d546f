"""The MODEL of a command: a file or standard input."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from gmmscape.cli.shared.files import STDIN
from gmmscape.exceptions import FormatError
from gmmscape.jsonfile import read_json
from gmmscape.models import FittedModel, read_model
from gmmscape.tables.source import standard_input

#: What the context of a command remembers of a model that came through a pipe: its file, and its name.
PIPED = "gmmscape.model"


def model_path(context: click.Context, model: str) -> str:
    """Return the file that holds the model: of a pipe one that lasts as long as the command."""
    if model != STDIN and not Path(model).is_fifo():
        return model
    kept = context.with_resource(_kept(model))
    context.meta[PIPED] = (kept, "standard input" if model == STDIN else model)
    return kept


@contextmanager
def _kept(model: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as folder, ExitStack() as opened:
        source = standard_input() if model == STDIN else opened.enter_context(Path(model).open("rb"))
        file = Path(folder) / "model"
        with file.open("wb") as kept:
            shutil.copyfileobj(source, kept)
        yield str(file)


def model_in(context: click.Context, model: str, file: str | None = None) -> FittedModel:
    """Return the model in a file; a usage error where the two files were given the other way round."""
    kept, name = context.meta.get(PIPED, (model, model))
    try:
        return read_model(model)
    except FormatError as error:
        if _is_json(file):
            raise click.UsageError(
                f"{file} is JSON and {name} is no model: MODEL comes before FILE", context
            ) from error
        raise FormatError(str(error).replace(kept, name)) from error


def _is_json(file: str | None) -> bool:
    if file is None or file == STDIN or not Path(file).is_file():
        return False
    try:
        read_json(file)
    except (FormatError, OSError):
        return False
    return True
