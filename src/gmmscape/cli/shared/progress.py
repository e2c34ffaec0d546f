"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column

from gmmscape.progress import Callback, Event, described

#: Cells of a line from which on there is room for a bar.
ROOM_FOR_A_BAR = 120


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Callback | None]:
    """Show on standard error where work stands: what it is, its stage, a bar where the total is known.

    Yields what is called with each event: None on what is no terminal, or where nothing is to be shown.
    """
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}")]
    if console.width >= ROOM_FOR_A_BAR:
        columns.append(BarColumn(bar_width=24))
    # What gives way on a narrow terminal is the end of the sentence: its numbers stand at its beginning.
    columns += [
        TextColumn("{task.fields[at]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=7)),
    ]
    with Progress(*columns, console=console, transient=True, expand=True) as shown:
        task = shown.add_task(what, total=None, at="")

        def show(event: Event) -> None:
            fields: dict[str, Any] = {"completed": event.done, "total": event.total, "at": described(event)}
            shown.update(task, **fields)

        yield show
