"""The MODEL of a command: a file or standard input."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gmmscape.cli.shared.files import STDIN
from gmmscape.exceptions import FormatError
from gmmscape.jsonfile import read_json
from gmmscape.models import FittedModel, read_model


def model_path(context: click.Context, model: str) -> str:
    """Return the file that holds the model: of standard input one that lasts as long as the command."""
    return context.with_resource(_kept()) if model == STDIN else model


@contextmanager
def _kept() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="gmmscape-") as folder:
        file = Path(folder) / "standard input"
        file.write_bytes(sys.stdin.buffer.read())
        yield str(file)


def model_in(context: click.Context, model: str, file: str | None = None) -> FittedModel:
    """Return the model in a file; a usage error where the two files were given the other way round."""
    try:
        return read_model(model)
    except FormatError as error:
        if file is None or file == STDIN:
            raise
        try:
            read_json(file)
        except (FormatError, OSError):
            raise error from None
        raise click.UsageError(
            f"{file} is JSON and {model} is no model: MODEL comes before FILE", context
        ) from error
