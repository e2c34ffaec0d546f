"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from gmmscape.landscape.atlas.explore import Event as ExploreEvent
from gmmscape.landscape.basins import BasinsEvent
from gmmscape.landscape.falsification import FalsifyEvent
from gmmscape.landscape.paths.birth import FollowEvent
from gmmscape.landscape.phases.diagram import PhaseEvent
from gmmscape.moves import Event as SearchEvent
from gmmscape.selection import SelectionEvent

E = TypeVar("E")
#: Yields what is called with each event: None on what is no terminal, or where nothing is to be shown.
Shown = AbstractContextManager[Callable[[E], None] | None]

SEARCH_STAGES = {
    "em": "start {round}, iteration {tried}",
    "polish": "polishing",
    "moves": "round {round}, {tried} moves tried",
    "finish": "finishing",
}


def exploration_progress(*, quiet: bool) -> Shown[ExploreEvent]:
    """Draw a bar for the starts of an exploration, with what has been found."""

    def read(event: ExploreEvent) -> Mapping[str, Any]:
        saddles = f", {event.n_saddles} saddles" if event.n_saddles else ""
        return {"completed": event.done, "total": event.total, "at": f"{event.n_minima} minima{saddles}"}

    return _shown("exploring", read, quiet=quiet, bar=True)


def falsification_progress(*, quiet: bool) -> Shown[FalsifyEvent]:
    """Draw a bar for the truths that have been searched."""

    def read(event: FalsifyEvent) -> Mapping[str, Any]:
        found = f"{event.n_minima} minima, {event.n_unstructured} unstructured"
        return {"completed": event.done, "total": event.total, "at": found}

    return _shown("falsifying", read, quiet=quiet, bar=True)


def phase_progress(*, quiet: bool) -> Shown[PhaseEvent]:
    """Draw a bar for the stage of a phase diagram that is in work."""
    return _shown("cells", _staged, quiet=quiet, bar=True)


def basins_progress(*, quiet: bool) -> Shown[BasinsEvent]:
    """Draw a bar for the starts that have descended, then for the ends that are told apart."""
    return _shown("descending", _staged, quiet=quiet, bar=True)


def search_progress(what: str, *, quiet: bool) -> Shown[SearchEvent]:
    """Show where a fit or a search stands."""

    def read(event: SearchEvent) -> Mapping[str, Any]:
        number = event.round + (event.stage == "em")
        stage = SEARCH_STAGES[event.stage].format(round=number, tried=event.tried)
        return {"at": f"{stage}, {event.value:.8g} per row"}

    return _shown(what, read, quiet=quiet)


def following_progress(*, quiet: bool) -> Shown[FollowEvent]:
    """Show how far a branch has been followed."""

    def read(event: FollowEvent) -> Mapping[str, Any]:
        return {"at": f"parameter {event.parameter:.6g}, curvature {event.eigenvalue:.3g}"}

    return _shown("following", read, quiet=quiet)


def selection_progress(*, quiet: bool) -> Shown[SelectionEvent]:
    """Show which number of components is in work."""

    def read(event: SelectionEvent) -> Mapping[str, Any]:
        where = "held out" if event.stage == "heldout" else f"round {event.round} {event.stage}"
        at = f"{where}, {event.covariance_type} k={event.n_components}, {event.value:.8g} per row"
        return {"at": at}

    return _shown("selecting", read, quiet=quiet)


def _staged(event: PhaseEvent | BasinsEvent) -> Mapping[str, Any]:
    return {"description": event.stage, "completed": event.done, "total": event.total}


@contextmanager
def _shown(
    what: str, read: Callable[[E], Mapping[str, Any]], *, quiet: bool, bar: bool = False
) -> Iterator[Callable[[E], None] | None]:
    """Show on standard error what `read` makes of each event; with a bar where the total is known."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    known = (BarColumn(), MofNCompleteColumn()) if bar else ()
    columns = (
        *(() if bar else (SpinnerColumn(),)),
        TextColumn("{task.description}"),
        *known,
        TextColumn("{task.fields[at]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None, at="")
        yield lambda event: progress.update(task, **read(event))
