"""Certificates that commands write to a folder, for ``gmmscape verify``; none over another."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import click

Command = Callable[..., Any]


class Proved(Protocol):
    """What can be written for whoever checks."""

    def to_json(self, path: str | Path) -> None:
        """Write it."""


def certificates_option(what: str) -> Callable[[Command], Command]:
    """Return the option that names the folder; `what` says what is written there."""
    return click.option(
        "--certificates",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        help=f"Write {what} to this folder, for gmmscape verify.",
    )


def check_folder(folder: Path | None, names: str, *, force: bool) -> None:
    """Raise a usage error where certificates could not be written later, or would replace some.

    Parameters
    ----------
    folder : Path or None
        What the option names.
    names : str
        Pattern of the names of the files.
    force : bool
        Whether they may be replaced.
    """
    if folder is None:
        return
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        raise click.BadParameter(
            f"{str(folder)!r}: there is no folder there that can be written to", param_hint="--certificates"
        )
    if not force and any(folder.glob(names)):
        raise click.BadParameter(
            f"{str(folder)!r} holds certificates: name another folder, or add --force",
            param_hint="--certificates",
        )


def write_certificates(folder: Path | None, proved: Mapping[str, Proved]) -> None:
    """Write certificates under their names, without ending; nothing where there is no folder."""
    if folder is None or not proved:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, certificate in proved.items():
        certificate.to_json(folder / f"{name}.json")
