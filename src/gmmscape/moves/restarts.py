"""EM from many random starts, run to its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.moves.degeneracy import collapsed
from gmmscape.objective import SampleObjective
from gmmscape.progress import Budget, Stopped
from gmmscape.solve import (
    CUT_SHORT,
    EM,
    Solution,
    descend_all,
    ends_of_all,
    mixture_around,
    solution_of,
    spread_means,
    start_around,
    stored,
)
from gmmscape.tolerances import TOLERANCES
from gmmscape.work.journal import Journal
from gmmscape.work.kept_file import as_kept

#: Plain EM chooses the basin, as in the theory; extrapolation, which may jump, only finishes.
PLAIN = EM(tol=1e-2, max_iter=1000, accelerate=False)
FINISH = EM(tol=1e-6, max_iter=10_000)
SHAKEN = EM(tol=1e-4, max_iter=40)


@dataclass(frozen=True, eq=False)
class StartPlan:
    """Where to start from, and how often.

    Attributes
    ----------
    n_components : int
        Number of components.
    init_params : str
        Where starting means come from; a name in `INIT_PARAMS`.
    n_starts : int
        Number of starts; start i depends on the seed and i alone.
    seed : int
        Of the starts.
    """

    n_components: int
    init_params: str
    n_starts: int
    seed: int


@dataclass
class Restarts:
    """Where EM ended from each start that was run to its end, in the order of the starts.

    Attributes
    ----------
    objective : SampleObjective
        Of the sample.
    ends : list of Solution
        Converged, or as far as EM got.
    degenerate : list of bool
        Whether some component of it has collapsed.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    asked : bool
        Whether it was the callback that interrupted.
    """

    objective: SampleObjective
    ends: list[Solution] = field(default_factory=list)
    degenerate: list[bool] = field(default_factory=list)
    stop_reason: str = "completed"
    asked: bool = False

    def add(self, solution: Solution) -> None:
        """Take an end in."""
        self.ends.append(solution)
        broken = solution.stop_reason == "degenerate"
        self.degenerate.append(broken or bool(collapsed(self.objective, solution.local, after_em=True).any()))


def restarted(
    objective: SampleObjective, plan: StartPlan, budget: Budget, journal: Journal | None = None
) -> Restarts:
    """Run EM from random starts to convergence.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample and a family with free covariances.
    plan : StartPlan
        The starts.
    budget : Budget
        Time and callback.
    journal : Journal, optional
        Keeps the ends of starts that go together; those that it has are not run again.

    Returns
    -------
    Restarts
        Where the work was cut short, the ends of the first starts, up to the first that did not get to its
        end: leaving out only the slow ones would change the shares.
    """
    found = Restarts(objective)
    try:
        together = _together(objective, plan)
        for first in range(0, plan.n_starts, together):
            numbers = range(first, min(first + together, plan.n_starts))
            name, pressed = f"starts {numbers.start} to {numbers.stop - 1}", False
            if journal is not None and name in journal:
                with as_kept():
                    ends = [solution_of(one, objective.measure.origin) for one in journal[name]]
            else:
                starts = _starts(objective, plan, numbers, budget)
                ends, pressed = _ends(found, starts, plan.n_starts, budget)
                if journal is not None and len(ends) == len(numbers):
                    journal.put(name, [stored(end) for end in ends])
            for end in ends:
                found.add(end)
            if pressed or len(found.ends) < numbers.stop:  # Ctrl-C, the callback, or the clock
                found.stop_reason = "time_limit" if budget.left == 0.0 and not pressed else "interrupted"
                break
    except Stopped as stop:
        found.stop_reason = str(stop)
        found.asked = found.stop_reason == "interrupted"
    except KeyboardInterrupt:
        found.stop_reason = "interrupted"
    finally:
        if journal is not None:
            journal.close()
    return found


def _together(objective: SampleObjective, plan: StartPlan) -> int:
    """How many starts go together: fewer of large data, where an interruption would lose long work."""
    fitting = EFFORT.moves.responsibilities_together // (len(objective.measure) * plan.n_components)
    return min(max(fitting, EFFORT.moves.fewest_starts_together), EFFORT.moves.starts_together)


def _starts(objective: SampleObjective, plan: StartPlan, numbers: range, budget: Budget) -> list[Mixture]:
    """The starts of these numbers, in local coordinates."""
    sample, family, k = objective.measure, objective.family, plan.n_components
    rngs = [np.random.default_rng([plan.seed, i]) for i in numbers]
    if plan.init_params == "k-means++" and k <= len(sample) <= EFFORT.solve.start_rows:
        means = spread_means(sample, k, rngs, budget.check)
        return [mixture_around(sample, family, own) for own in means]
    starts = []
    for rng in rngs:
        budget.check()
        starts.append(start_around(sample, family, k, plan.init_params, rng))
    return starts


def _ends(found: Restarts, starts: list[Mixture], total: int, budget: Budget) -> tuple[list[Solution], bool]:
    """Where the next starts end, up to the first that was cut short, and whether Ctrl-C was pressed."""
    objective, first = found.objective, len(found.ends)
    budget.report("em", first, total, objective.value(starts[0]), iteration=0)

    def watch(ended: int, iterations: int, nll: float) -> bool:
        found.asked = budget.asks_to_stop(
            "em", first + min(ended, len(starts) - 1), total, nll, iteration=iterations
        )
        return found.asked

    rough, interrupted = ends_of_all(PLAIN, objective, starts, max_seconds=budget.left, watch=watch)
    if not rough and interrupted:
        raise KeyboardInterrupt
    if not rough or found.asked:
        return [], interrupted
    # After Ctrl-C too: what is nearly at its end is taken there, so that it counts.
    ends = descend_all(FINISH, objective, rough, max_seconds=budget.left, watch=watch)
    return list(takewhile(lambda one: one.stop_reason not in CUT_SHORT, ends)), interrupted


def left_when_shaken(found: Restarts, places: Sequence[int], same: float) -> list[bool]:
    """Say of some ends whether EM leaves them, when disturbed a little, for something lower: saddles.

    Parameters
    ----------
    found : Restarts
        The ends.
    places : sequence of int
        Which of them.
    same : float
        Falls of the NLL up to this do not count.

    Returns
    -------
    list of bool
        One for each. Cost: at most 40 iterations of EM each.
    """
    if not places:
        return []
    objective = found.objective
    rng = np.random.default_rng(0)
    starts = [shaken(found.ends[i].local, rng) for i in places]
    ends = descend_all(SHAKEN, objective, starts)
    return [end.value < found.ends[i].value - same for i, end in zip(places, ends, strict=True)]


def shaken(mixture: Mixture, rng: np.random.Generator) -> Mixture:
    """Return a mixture with each mean moved at random by 0.01 of its component's standard deviations."""
    means = mixture.jittered(TOLERANCES.moves.shake, rng)
    return Mixture(mixture.weights, means, mixture.covariances, mixture.covariance_type)
