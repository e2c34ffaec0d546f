"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column

from gmmscape.progress import Callback, Event, described


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Callback | None]:
    """Show on standard error where work stands: what it is, its stage, a bar where the total is known.

    Yields what is called with each event: None on what is no terminal, or where nothing is to be shown.
    """
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[at]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(what, total=None, at="")

        def show(event: Event) -> None:
            fields: dict[str, Any] = {"completed": event.done, "total": event.total, "at": described(event)}
            shown.update(task, **fields)

        yield show
