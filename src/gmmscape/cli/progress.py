"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from gmmscape.escape import Event as SearchEvent
from gmmscape.landscape import BasinsEvent, FalsifyEvent
from gmmscape.landscape.continuation import FollowEvent
from gmmscape.landscape.explore import Event
from gmmscape.landscape.phases.diagram import PhaseEvent
from gmmscape.selection import SelectionEvent


@contextmanager
def exploration_progress(*, quiet: bool) -> Iterator[Callable[[Event], None] | None]:
    """Yield a callback that draws a bar on standard error; None where that is no terminal, or if quiet."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("exploring"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[found]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("explore", total=None, found="")

        def show(event: Event) -> None:
            found = f"{event.n_minima} minima" + (f", {event.n_saddles} saddles" if event.n_saddles else "")
            bar.update(task, completed=event.done, total=event.total, found=found)

        yield show


@contextmanager
def falsification_progress(*, quiet: bool) -> Iterator[Callable[[FalsifyEvent], None] | None]:
    """Yield a callback that shows how many truths have been searched, under the same conditions."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("falsifying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[found]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("falsify", total=None, found="")

        def show(event: FalsifyEvent) -> None:
            found = f"{event.n_minima} minima, {event.n_unstructured} unstructured"
            bar.update(task, completed=event.done, total=event.total, found=found)

        yield show


@contextmanager
def search_progress(what: str, *, quiet: bool) -> Iterator[Callable[[SearchEvent], None] | None]:
    """Yield a callback that shows where a fit or a search stands, under the same conditions."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn(what), TextColumn("{task.fields[at]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None, at="")

        def show(event: SearchEvent) -> None:
            places = {
                "em": f"start {event.round + 1}, iteration {event.tried}",
                "polish": "polishing",
                "moves": f"round {event.round}, {event.tried} moves tried",
                "finish": "finishing",
            }
            bar.update(task, at=f"{places[event.stage]}, {event.value:.8g} per row")

        yield show


@contextmanager
def following_progress(*, quiet: bool) -> Iterator[Callable[[FollowEvent], None] | None]:
    """Yield a callback that shows how far a branch has been followed, under the same conditions."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("following"), TextColumn("{task.fields[at]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("following", total=None, at="")

        def show(event: FollowEvent) -> None:
            bar.update(task, at=f"parameter {event.parameter:.6g}, curvature {event.eigenvalue:.3g}")

        yield show


@contextmanager
def phase_progress(*, quiet: bool) -> Iterator[Callable[[PhaseEvent], None] | None]:
    """Yield a callback that draws a bar for the stage in work, under the same conditions."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("cells", total=None)

        def show(event: PhaseEvent) -> None:
            bar.update(task, description=event.stage, completed=event.done, total=event.total)

        yield show


@contextmanager
def selection_progress(*, quiet: bool) -> Iterator[Callable[[SelectionEvent], None] | None]:
    """Yield a callback that shows which number of components is in work, under the same conditions."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("selecting"), TextColumn("{task.fields[at]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("selecting", total=None, at="")

        def show(event: SelectionEvent) -> None:
            where = "held out" if event.stage == "heldout" else f"round {event.round} {event.stage}"
            at = f"{where}, {event.covariance_type} k={event.n_components}, {event.value:.8g} per row"
            bar.update(task, at=at)

        yield show


@contextmanager
def basins_progress(*, quiet: bool) -> Iterator[Callable[[BasinsEvent], None] | None]:
    """Yield a callback that shows how many starts have come, under the same conditions."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("descending", total=None)

        def show(event: BasinsEvent) -> None:
            bar.update(task, description=event.stage, completed=event.done, total=event.total)

        yield show
