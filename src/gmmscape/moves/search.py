"""The search for a better fit: moves proposed, ranked by exact gain, refined, judged by what they bring.

It knows nothing of mixtures: a `Problem` proposes moves, applies and refines them. Values are what is
minimised, per unit of mass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, Protocol

from gmmscape.moves.moves import Move
from gmmscape.progress import Budget, Stopped
from gmmscape.results.records import Record


class Fit(Protocol):
    """What a search walks on: a `Solution`, or centers with their inertia."""

    @property
    def value(self) -> float:
        """What is minimised, per unit mass."""
        ...


@dataclass(frozen=True)
class TriedMove(Record):
    """Moves that were made together and judged.

    Attributes
    ----------
    splits : tuple of int
        Components that were split; they keep their index. None where the fit was only perturbed.
    removals : tuple of tuple of int
        For each split, the pair that was merged or the single component that was deleted; its last index is
        where the second half of the split went.
    predicted_gain : float
        Exact fall of the value right after the moves, per unit mass.
    realised_gain : float
        The same after EM; where EM was given up early, what it had brought by then.
    outcome : str
        "taken", "no gain", "nested", "collapsed" or "not told apart".
    held_out_gain : float or None
        Of a gain, what it is on rows held out, after both fits were refined on the others, per unit mass;
        None for centers and for what brought no gain.
    """

    format: ClassVar[str] = "gmmscape-tried-move"

    splits: tuple[int, ...]
    removals: tuple[tuple[int, ...], ...]
    predicted_gain: float
    realised_gain: float
    outcome: str
    held_out_gain: float | None = None

    def __str__(self) -> str:
        return self.in_words()

    def in_words(self, total: float = 1.0, unit: str = "per unit mass") -> str:
        """Return what was done and what it brought.

        Parameters
        ----------
        total : float, default=1.0
            Mass of the data, which gains are multiplied by.
        unit : str, default="per unit mass"
            What gains are in then.

        Returns
        -------
        str
            One line.
        """
        parts = [
            f"{_removal(removal)}, split {split}"
            for split, removal in zip(self.splits, self.removals, strict=True)
        ]
        kind = "" if self.outcome == "taken" else f" ({self.outcome})"
        held_out = "" if self.held_out_gain is None else f", {self.held_out_gain:+.3g} per row held out"
        return (
            f"{'; '.join(parts or ['everything perturbed'])}: predicted {self.predicted_gain * total:+.4g}, "
            f"realised {self.realised_gain * total:+.4g} {unit}{kind}{held_out}"
        )


def _removal(removal: tuple[int, ...]) -> str:
    return f"delete {removal[0]}" if len(removal) == 1 else f"merge {removal[0]} and {removal[1]}"


class Attempt(NamedTuple):
    """Alternatives, of which the best is taken.

    Attributes
    ----------
    alternatives : list of list of Move
        Disjoint moves each, to be made together.
    rough : bool
        Whether more moves are likely to follow, so that EM need not converge.
    starts : list
        Alternatives that no moves lead to: the fit, perturbed.
    """

    alternatives: list[list[Move]]
    rough: bool
    starts: Sequence[Any] = ()


class Problem(Protocol):
    """What a search needs to know of the objective.

    Attributes
    ----------
    same : float
        Differences of the value up to this count for nothing.
    """

    @property
    def same(self) -> float:
        """Differences of the value up to this count for nothing."""
        ...

    def proposals(self, fit: Any, number: int, check: Callable[[], None]) -> Iterator[Attempt]:
        """Yield attempts; the next one is needed if the last failed.

        `number` is that of the round and seeds what is random.
        """
        ...

    def applied(self, fit: Any, moves: Sequence[Move]) -> Any | None:
        """Return the start that disjoint moves make, or None if it is not admissible."""
        ...

    def refined(
        self, starts: Sequence[Any], target: float, rough: bool, check: Callable[[], None]
    ) -> list[tuple[float, Any]]:
        """Return the value of each start and where EM leads; given up where `target` is out of reach."""
        ...

    def settled(self, fit: Any, check: Callable[[], None]) -> Any:
        """Return where EM leads from a fit that was refined roughly."""
        ...

    def outcome(self, before: Any, after: Any, moves: Sequence[Move]) -> str:
        """Return "taken", "no gain", "nested" or "collapsed" for what moves and refinement made."""
        ...

    def rank(self, fit: Any) -> tuple[float, ...]:
        """Return what alternatives that may be taken are compared by; the smallest is taken."""
        ...

    def held_out_gain(self, before: Any, after: Any) -> float | None:
        """Return what a better fit brings on rows it has not seen, or None where that is not known."""
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
    rival : Fit or None
        The best of the last round that is higher on these rows only: they do not tell it from the fit.
    stop_reason : str
        "completed", "effort_limit", "time_limit" or "interrupted".
    rounds : int
        Rounds of proposals.
    tried : int
        Moves judged.
    way : list of Fit
        Where each move that was made led, and each run that settled the fit.
    by_moves : list of int
        Places in `way` that moves led to.
    settled : bool
        Whether EM has converged on the fit.
    """

    fit: Any
    taken: list[TriedMove] = field(default_factory=list)
    alternatives: list[TriedMove] = field(default_factory=list)
    refused: list[TriedMove] = field(default_factory=list)
    rival: Any = None
    stop_reason: str = "completed"
    rounds: int = 0
    tried: int = 0
    way: list[Any] = field(default_factory=list)
    by_moves: list[int] = field(default_factory=list)
    settled: bool = True

    @property
    def cut_short(self) -> bool:
        """Whether the clock, or somebody, ended it: there is no more time for anything."""
        return self.stop_reason not in ("completed", "effort_limit")


def search(problem: Problem, fit: Any, budget: Budget, *, settled: bool = True) -> Escape:
    """Make moves while some bring a gain; each round proposes anew from where the last one ended.

    Of each attempt the best alternative is taken. The search ends where no attempt brings anything, or with
    the budget or the effort that the problem allows; what was reached by then is returned. `settled` says
    whether EM has converged on the fit; until it has, only rough attempts are made.
    """
    state = Escape(fit, settled=settled)
    try:
        while _round(problem, state, budget):
            pass
    except Stopped as stop:
        state.stop_reason = str(stop)
    except KeyboardInterrupt:
        state.stop_reason = "interrupted"
    return state


def _report(state: Escape, budget: Budget) -> None:
    budget.report("moves", state.tried, value=state.fit.value, round=state.rounds)


def _round(problem: Problem, state: Escape, budget: Budget) -> bool:
    state.rounds += 1
    _report(state, budget)
    state.alternatives, state.refused, state.rival = [], [], None
    if _proposed(problem, state, budget):
        return True
    return not state.settled and _settled(problem, state, budget) and _proposed(problem, state, budget)


def _proposed(problem: Problem, state: Escape, budget: Budget) -> bool:
    for attempt in problem.proposals(state.fit, state.rounds, budget.check):
        if not (state.settled or attempt.rough) and _settled(problem, state, budget):
            return _proposed(problem, state, budget)
        if _made(problem, state, attempt, budget):
            return True
    return False


def _settled(problem: Problem, state: Escape, budget: Budget) -> bool:
    """Let EM converge, and say whether that led to another fit, of which other things are to be proposed."""
    before = state.fit.value
    state.fit = problem.settled(state.fit, budget.check)
    state.way.append(state.fit)
    state.settled = True
    return before - state.fit.value > problem.same


def _made(problem: Problem, state: Escape, attempt: Attempt, budget: Budget) -> bool:
    """Make the best of the alternatives that may be taken, and say whether there was one."""
    before = state.fit
    started = [(moves, problem.applied(before, moves)) for moves in attempt.alternatives]
    started = [(moves, start) for moves, start in started if start is not None]
    started += [([], start) for start in attempt.starts]
    if not started:
        return False
    starts = [start for _, start in started]
    ends = problem.refined(starts, before.value, attempt.rough, budget.check)
    tried: list[tuple[TriedMove, Any]] = []
    for (moves, _), (predicted, after) in zip(started, ends, strict=True):
        state.tried += 1
        one = TriedMove(
            splits=tuple(move.split.component for move in moves),
            removals=tuple(move.removal.components for move in moves),
            predicted_gain=_fall(before.value, predicted),
            realised_gain=_fall(before.value, after.value),
            outcome=problem.outcome(before, after, moves),
        )
        tried.append((one, after))
    best = min(
        (pair for pair in tried if pair[0].outcome == "taken"),
        key=lambda pair: problem.rank(pair[1]),
        default=None,
    )
    tried = [(_with_held_out(problem, before, one, after, best), after) for one, after in tried]
    if best is not None:
        best = next(pair for pair in tried if pair[1] is best[1])
        state.fit = best[1]
        state.settled = not attempt.rough
        state.taken.append(best[0])
        state.by_moves.append(len(state.way))
        state.way.append(best[1])
    else:
        state.refused += [one for one, _ in tried if one.outcome == "no gain"]
        state.alternatives += [one for one, _ in tried if one.outcome != "no gain"]
        untold = [after for one, after in tried if one.outcome == "not told apart"]
        rivals = [*untold, *([] if state.rival is None else [state.rival])]
        state.rival = min(rivals, key=lambda fit: fit.value, default=None)
    _report(state, budget)
    return best is not None


def _fall(before: float, after: float) -> float:
    """How far a value falls: not at all from infinity to infinity."""
    return 0.0 if before == after else before - after


def _with_held_out(
    problem: Problem, before: Any, one: TriedMove, after: Any, best: tuple[TriedMove, Any] | None
) -> TriedMove:
    """The record with its gain on rows held out, if it is taken or offered."""
    taken = best is not None and after is best[1]
    offered = best is None and one.outcome not in ("taken", "no gain")
    if not (taken or offered):
        return one
    return replace(one, held_out_gain=problem.held_out_gain(before, after))
