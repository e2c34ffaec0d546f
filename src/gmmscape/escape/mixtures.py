"""The search's view of a mixture's likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gmmscape import engine
from gmmscape.arrays import BoolArray
from gmmscape.escape.collapse import collapsed, scarce
from gmmscape.escape.moves import Move, Removal, Split, applied
from gmmscape.escape.nesting import better_clustering
from gmmscape.escape.removals import deletion_costs, propose_removals
from gmmscape.escape.search import Stopped
from gmmscape.escape.splits import Share, propose_resplits, propose_splits, shares
from gmmscape.families import FreeCovariance
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, Patience, Solution, descend

#: Single moves of a group that are tried, best prediction first; and of the group of nested components.
ATTEMPTS, NESTED_ATTEMPTS = 8, 4
#: Moves whose prediction is computed exactly, for each that is tried.
LOOKAHEAD = 3
#: How often one split, or one removal, may be paired in a round.
PARTNERS = 3
#: Nats in total, on the effective number of rows, below which two fits count as the same optimum.
SAME = 0.02
#: EM that judges a move. After `SCREEN` iterations it looks at the trend and expects it to go on for
#: `OUTLOOK`.
JUDGE = EM(tol=1e-5, max_iter=1000)
SCREEN, OUTLOOK = 10, 100


class MixtureProblem:
    """The NLL of a family with free covariances on a sample; fits are `Solution`, starts are local mixtures.

    Parameters
    ----------
    objective : Objective
        Of a sample.
    take_nested : bool
        Whether gains by nesting are taken.
    seed : int
        Of what is random in the proposals.
    n_jobs : int, optional
        Threads that look for splits.
    """

    def __init__(
        self, objective: Objective, *, take_nested: bool, seed: int, n_jobs: int | None = None
    ) -> None:
        assert isinstance(objective.family, FreeCovariance)
        self.objective = objective
        self.family = objective.family
        self.take_nested = take_nested
        assert isinstance(objective.measure, Sample)
        self.same = SAME / objective.measure.effective_rows
        self.seed = seed
        self.n_jobs = n_jobs

    def proposals(
        self, fit: Solution, number: int, check: Callable[[], None]
    ) -> Iterator[list[tuple[Move, float]]]:
        """Yield moves into clusters of their own, then neighbours that share anew, then nested components."""
        here = self._local(fit)
        if here.n_components == 1:
            return
        covered = shares(self.objective, here)
        splits = self._splits(here, covered, number, check)
        removals = propose_removals(self.objective, here, covered)
        separate = [split for split in splits if not split.nested]
        yield self._ranked(here, paired(separate, removals, LOOKAHEAD * ATTEMPTS), check)[:ATTEMPTS]
        resplits = self._ranked(here, self._resplits(here, covered, removals, number, check), check)
        yield [(move, gain) for move, gain in resplits if gain > self.same][:ATTEMPTS]
        within = [split for split in splits if split.nested]
        moves = paired(within, removals, LOOKAHEAD * NESTED_ATTEMPTS)
        yield self._ranked(here, moves, check)[:NESTED_ATTEMPTS]

    def _ranked(
        self, here: Mixture, moves: Sequence[Move], check: Callable[[], None]
    ) -> list[tuple[Move, float]]:
        """Moves with the exact gain of each, best first."""
        value = self.value(here)
        exact = []
        for move in moves:
            check()
            start = applied(here, self.family, [move])
            if start is not None:
                exact.append((move, value - self.value(start)))
        exact.sort(key=lambda pair: -pair[1])
        return exact

    def _resplits(
        self,
        here: Mixture,
        covered: list[Share],
        removals: Sequence[Removal],
        number: int,
        check: Callable[[], None],
    ) -> list[Move]:
        """For the pairs that are cheapest to merge: merge them and split what comes of it another way."""
        pairs = [removal for removal in removals if len(removal.components) == 2][: here.n_components]
        moves = []
        for removal in pairs:
            check()
            b, c = removal.components[0], removal.components[1]
            rng = np.random.default_rng([self.seed, number, b, c])
            moves += [Move(s, removal) for s in propose_resplits(self.objective, here, (b, c), covered, rng)]
        return moves

    def applied(self, fit: Solution, moves: Sequence[Move]) -> Mixture | None:
        """Return the mixture right after the moves, in local coordinates."""
        return applied(self._local(fit), self.family, moves)

    def value(self, start: Mixture) -> float:
        """Return the NLL of a local mixture."""
        return self.objective.rows.nll(start)

    def refined(self, start: Mixture, target: float, check: Callable[[], None]) -> Solution:
        """Return where EM leads; given up where the trend does not lead below `target`."""

        def watch(ended: int, iterations: int, nll: float) -> bool:
            check()
            return False

        patience = Patience(target, SCREEN, OUTLOOK)
        solution = descend(JUDGE, self.objective, start, patience=patience, watch=watch)
        if solution.stop_reason == "interrupted":
            raise Stopped("interrupted")  # Ctrl-C
        return solution

    def outcome(self, before: Solution, after: Solution, moves: Sequence[Move]) -> str:
        """Say whether a refined fit may be taken.

        Where a component newly loses its covariance, or one that a move touched rests on few rows, what it
        contributes does not count.
        """
        if before.nll - after.nll <= self.same:
            return "no gain"
        old, new = self._local(before), self._local(after)
        doubtful = self._doubtful(old, new, moves)
        if doubtful.any():
            contributed = deletion_costs(self.objective, new)[doubtful].sum()
            if before.nll - after.nll - contributed <= self.same:
                return "collapsed"
        if not self.take_nested and not better_clustering(old, new):
            return "nested"
        return "taken"

    def _doubtful(self, old: Mixture, new: Mixture, moves: Sequence[Move]) -> BoolArray:
        """Components whose likelihood means little, and did not before."""
        touched = np.zeros(new.n_components, dtype=bool)
        touched[sorted(frozenset().union(*(move.touched for move in moves)))] = True
        few = scarce(self.objective, new) & ~scarce(self.objective, old) & touched
        return few | (collapsed(self.objective, new) & ~collapsed(self.objective, old))

    def _splits(
        self, here: Mixture, covered: list[Share], number: int, check: Callable[[], None]
    ) -> list[Split]:
        parallel = self.n_jobs not in (None, 1)  # Python threads, while the engine is kept to one each

        def of(a: int) -> list[Split]:
            check()
            rng = np.random.default_rng([self.seed, number, a])
            with engine.limited(1 if parallel else None):
                return propose_splits(self.objective, here, a, covered[a], rng)

        components = range(here.n_components)
        if not parallel:
            return [split for a in components for split in of(a)]
        from joblib import Parallel, delayed

        found = Parallel(n_jobs=self.n_jobs, prefer="threads")(delayed(of)(a) for a in components)
        return [split for splits in found for split in splits]

    def _local(self, fit: Solution) -> Mixture:
        return fit.mixture.shifted(-self.objective.measure.origin)


def paired(splits: Sequence[Split], removals: Sequence[Removal], most: int) -> list[Move]:
    """Return splits joined with removals of other components, best estimates first, none used too often."""
    cheap = removals[: 4 * PARTNERS + len(splits)]
    moves = [Move(s, r) for s in splits for r in cheap if s.component not in r.components]
    moves.sort(key=lambda move: -move.estimate)
    used: dict[Any, int] = {}
    kept: list[Move] = []
    for move in moves:
        keys = (move.split.component, move.removal.components)
        if all(used.get(key, 0) < PARTNERS for key in keys):
            kept.append(move)
            used.update({key: used.get(key, 0) + 1 for key in keys})
        if len(kept) == most:
            break
    return kept
