"""The search for a better fit: moves proposed, ranked by exact gain, refined, judged by what they bring.

It knows nothing of mixtures: a `Problem` proposes moves, applies and refines them. Values are what is
minimised, per unit of mass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from gmmscape.escape.moves import Move
from gmmscape.solve import asks_to_stop


class Fit(Protocol):
    """What a search walks on: a `Solution`, or centers with their inertia."""

    @property
    def value(self) -> float:
        """What is minimised, per unit mass."""
        ...


class Event(NamedTuple):
    """What a callback sees while a fit is examined.

    Attributes
    ----------
    stage : str
        "em" while a start descends, then "polish", "moves" and "finish".
    round : int
        Rounds of proposals begun; at stage "em" the number of the start, from 0.
    tried : int
        Moves judged so far; at stage "em" the iterations of that start.
    value : float
        Best value so far, per unit mass.
    seconds : float
        Since the examination began.
    """

    stage: str
    round: int
    tried: int
    value: float
    seconds: float


class TriedMove(NamedTuple):
    """Moves that were made together and judged.

    Attributes
    ----------
    splits : tuple of int
        Components that were split; they keep their index.
    removals : tuple of tuple of int
        For each split, the pair that was merged or the single component that was deleted; its last index is
        where the second half of the split went.
    predicted_gain : float
        Exact fall of the value right after the moves, per unit mass.
    realised_gain : float
        The same after EM; where EM was given up early, what it had brought by then.
    outcome : str
        "taken", "no gain", "nested" or "collapsed".
    """

    splits: tuple[int, ...]
    removals: tuple[tuple[int, ...], ...]
    predicted_gain: float
    realised_gain: float
    outcome: str

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold.

        Returns
        -------
        dict
            One entry for each field; tuples as lists.
        """
        return {
            "splits": list(self.splits),
            "removals": [list(removal) for removal in self.removals],
            "predicted_gain": self.predicted_gain,
            "realised_gain": self.realised_gain,
            "outcome": self.outcome,
        }


class Problem(Protocol):
    """What a search needs to know of the objective."""

    def proposals(
        self, fit: Any, number: int, check: Callable[[], None]
    ) -> Iterator[list[tuple[Move, float]]]:
        """Yield groups of moves with exact predicted gains, best first; a group is needed if the last failed.

        `number` is that of the round and seeds what is random.
        """
        ...

    def applied(self, fit: Any, moves: Sequence[Move]) -> Any | None:
        """Return the start that disjoint moves make, or None if it is not admissible."""
        ...

    def value(self, start: Any) -> float:
        """Return the value at a start."""
        ...

    def refined(self, start: Any, target: float, check: Callable[[], None]) -> Any:
        """Return where EM leads from a start; it may give up where `target` is out of reach."""
        ...

    def outcome(self, before: Any, after: Any, moves: Sequence[Move]) -> str:
        """Return "taken", "no gain", "nested" or "collapsed" for what moves and refinement made."""
        ...


@dataclass
class Escape:
    """Where a search has come to.

    Attributes
    ----------
    fit : Fit
        Best fit so far.
    taken : list of TriedMove
        Moves that were made.
    alternatives, refused : list of TriedMove
        In the last round: gains that were left alone, and moves that brought none.
    ended : str
        "completed", "time_limit" or "interrupted".
    rounds : int
        Rounds of proposals.
    tried : int
        Moves judged.
    way : list of Fit
        Where each move that was made led.
    """

    fit: Any
    taken: list[TriedMove] = field(default_factory=list)
    alternatives: list[TriedMove] = field(default_factory=list)
    refused: list[TriedMove] = field(default_factory=list)
    ended: str = "completed"
    rounds: int = 0
    tried: int = 0
    way: list[Any] = field(default_factory=list)


class Stopped(Exception):  # noqa: N818 - it is no error
    """The budget is used up, or the user asked to stop; the message is the stop reason."""


class Budget:
    """Time that is left, and the callback that may ask to stop.

    Attributes
    ----------
    deadline : float or None
        On the monotonic clock.
    each_iteration : bool
        Whether the callback is to see each iteration of a start, and not only where it stands now and then.
    """

    def __init__(
        self,
        max_seconds: float | None,
        callback: Callable[[Event], Any] | None,
        *,
        each_iteration: bool = False,
    ) -> None:
        self.each_iteration = each_iteration
        self.began = time.monotonic()
        self.deadline = None if max_seconds is None else self.began + max_seconds
        self._callback = callback

    @property
    def left(self) -> float | None:
        """Seconds left, or None where there is no limit."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def check(self) -> None:
        """Raise `Stopped` if the time is up."""
        if self.left == 0.0:
            raise Stopped("time_limit")

    def asks_to_stop(self, stage: str, number: int, tried: int, value: float) -> bool:
        """Tell the callback, and return whether it asks to stop."""
        event = Event(stage, number, tried, value, time.monotonic() - self.began)
        return self._callback is not None and asks_to_stop(self._callback(event))

    def report(self, stage: str, number: int, tried: int, value: float) -> None:
        """Tell the callback; raise `Stopped` if it asks to stop or the time is up."""
        if self.asks_to_stop(stage, number, tried, value):
            raise Stopped("interrupted")
        self.check()


def search(problem: Problem, fit: Any, budget: Budget) -> Escape:
    """Make moves while one brings a gain; each round proposes anew from where the last one ended.

    All disjoint promising moves of a round are tried at once, then single ones, best prediction first, until
    one is taken. The search ends where none is, or with the budget; what was reached by then is returned.
    """
    state = Escape(fit)
    try:
        while _round(problem, state, budget):
            pass
    except Stopped as stop:
        state.ended = str(stop)
    except KeyboardInterrupt:
        state.ended = "interrupted"
    return state


def _round(problem: Problem, state: Escape, budget: Budget) -> bool:
    state.rounds += 1
    budget.report("moves", state.rounds, state.tried, state.fit.value)
    state.alternatives, state.refused = [], []
    for moves in problem.proposals(state.fit, state.rounds, budget.check):
        joint = _disjoint(moves)
        if len(joint) > 1 and _try(problem, state, joint, budget):
            return True
        if any(_try(problem, state, [move], budget) for move, _ in moves):
            return True
    return False


def _try(problem: Problem, state: Escape, moves: Sequence[Move], budget: Budget) -> bool:
    start = problem.applied(state.fit, moves)
    if start is None:
        return False
    before = state.fit
    after = problem.refined(start, before.value, budget.check)
    state.tried += 1
    tried = TriedMove(
        splits=tuple(move.split.component for move in moves),
        removals=tuple(move.removal.components for move in moves),
        predicted_gain=before.value - problem.value(start),
        realised_gain=before.value - after.value,
        outcome=problem.outcome(before, after, moves),
    )
    if tried.outcome == "taken":
        state.fit = after
        state.taken.append(tried)
        state.way.append(after)
        budget.report("moves", state.rounds, state.tried, after.value)
        return True
    (state.refused if tried.outcome == "no gain" else state.alternatives).append(tried)
    budget.report("moves", state.rounds, state.tried, before.value)
    return False


def _disjoint(moves: Sequence[tuple[Move, float]]) -> list[Move]:
    """Moves that promise a gain and touch no component twice, best first."""
    chosen: list[Move] = []
    touched: set[int] = set()
    for move, gain in moves:
        if gain > 0 and not touched & move.touched:
            chosen.append(move)
            touched |= move.touched
    return chosen
