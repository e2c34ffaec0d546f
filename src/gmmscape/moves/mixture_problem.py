"""The search's view of a mixture's likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from gmmscape.arrays import BoolArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.moves.births import births, with_births
from gmmscape.moves.component_rows import Covered, covered_by
from gmmscape.moves.degeneracy import collapsed, scarce
from gmmscape.moves.known_splits import KnownSplits
from gmmscape.moves.left_out_gain import LeftOutGain
from gmmscape.moves.moves import Move, Removal, Split, applied
from gmmscape.moves.nesting import Clustering, better_clustering, nested
from gmmscape.moves.pairing import disjoint, paired
from gmmscape.moves.prediction import predicted
from gmmscape.moves.removals import propose_removals
from gmmscape.moves.search import Attempt
from gmmscape.moves.splits import SplitProposals, overloaded, propose_resplits
from gmmscape.objective import SampleObjective
from gmmscape.progress import Stopped
from gmmscape.solve import (
    EM,
    Patience,
    Solution,
    descend,
    descend_all,
    mixture_around,
    pass_size,
    spread_means,
)
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES
from gmmscape.work.descents import KeptDescents
from gmmscape.work.pieces import Pieces

#: What moves are made for: gains that new rows would see, or all.
PURSUE = ("evidence", "likelihood")
#: EM that judges a move. After `screen` iterations it looks at the trend and expects it to go on for
#: `EFFORT.moves.outlook`.
JUDGE = EM(tol=1e-5, max_iter=1000)
#: EM that settles a fit, a round of it.
SETTLE = EM(tol=1e-5, max_iter=100)
#: EM after moves that more moves are to follow.
BETWEEN = EM(tol=1e-2, max_iter=12)
#: Tries nothing, of a fit that is settled: what follows is for such fits only, and takes a while to find.
SETTLED = Attempt([], rough=False)


class MixtureProblem:
    """The NLL of a family with free covariances on a sample; fits are `Solution`, starts are local mixtures.

    Parameters
    ----------
    objective : SampleObjective
        With the rows that fits are compared on.
    take_nested : bool
        Whether gains by nesting are taken.
    seed : int
        Of what is random in the proposals.
    hold_out : bool, default=True
        Whether gains are measured on rows left out too.
    pursue : {"evidence", "likelihood"}, default="evidence"
        Whether a gain has to be one that new rows would have, or is enough by itself.
    effort : float, optional
        What the search may cost, as the tally of the rows counts from now on; without end by default.
    pieces : Pieces, optional
        Where descents are kept, if anywhere.
    """

    def __init__(
        self,
        objective: SampleObjective,
        *,
        take_nested: bool,
        seed: int,
        hold_out: bool = True,
        pursue: str = "evidence",
        effort: float | None = None,
        pieces: Pieces | None = None,
    ) -> None:
        if not objective.family.free_covariances:
            raise InvalidParameterError.of(
                "family", objective.family.name, "pass one whose covariances are free: moves change them"
            )
        self.objective = objective
        self.family = objective.family
        self.take_nested = take_nested
        self.same = TOLERANCES.moves.same / objective.measure.effective_rows
        self.seed = seed
        self.hold_out = hold_out
        self.descents = KeptDescents(objective, pieces or Pieces(None))
        self._tally = objective.rows.tally
        self._begun = False
        self._known = KnownSplits(objective)
        #: The fit that splits were proposed for last, and these.
        self.proposed: tuple[Solution, SplitProposals] | None = None
        self._until = np.inf if effort is None else self._tally.done + effort
        self.on_evidence = pursue == "evidence" and hold_out and not take_nested

    @property
    def left(self) -> float:
        """What the search may still cost."""
        return max(0.0, self._until - self._tally.done)

    def _spent(self, check: Callable[[], None]) -> Callable[[], None]:
        """Check that ends the search where its effort is spent, too, but not before anything was tried."""

        def both() -> None:
            check()
            if self._begun and self.left == 0.0:
                raise Stopped("effort_limit")

        return both

    def _affordable(self, here: Mixture, most: int) -> int:
        """How many moves can be screened with what is left; one at least."""
        one = pass_size(self.objective, here) * (EFFORT.moves.screen + 1)
        return int(max(1, min(most, self.left / one)))

    def proposals(self, fit: Solution, number: int, check: Callable[[], None]) -> Iterator[Attempt]:
        """Yield all moves that promise a gain and do not touch each other, at once; then single ones.

        Of clear fits only those that promise a gain; of others whatever may help. Last, new starts.
        """
        here, check = fit.local, self._spent(check)
        if here.n_components == 1:
            if self.family.movable(1).all():
                yield from self._births(here, [Removal((0,), 0.0)], number)
            return
        check()
        covered = covered_by(self.objective, here, [self.seed, number])
        check()
        movable = self.family.movable(here.n_components)
        found = self._known.proposed(here, covered.parts, np.random.default_rng([self.seed, number, 1]))
        self.proposed = fit, found
        splits = [split for split in found.splits if movable[split.component]]
        check()
        removals = propose_removals(self.objective, here, covered)
        separate = [split for split in splits if not split.nested]
        for moves in _at_once(disjoint(separate, removals, self.same)):
            yield Attempt([moves], rough=True)
        yield SETTLED
        clear = not found.overloaded.any() and self._overlap(here) <= TOLERANCES.moves.clear
        within = [split for split in splits if split.nested]
        if clear and self.on_evidence:
            yield from self._of_clear(here, covered, [separate, within], removals, check)
        else:
            yield from self._of_overlapping(here, covered, [separate, within], removals, check, number)
        yield from self._births(here, removals, number)
        if movable.all():
            yield from self._anew(here, number, clear=clear)

    def _births(self, here: Mixture, removals: Sequence[Removal], number: int) -> Iterator[Attempt]:
        """Components born where the background may have swallowed a cluster, in the place of spared ones."""
        born = births(self.objective, here, np.random.default_rng([self.seed, number, 5]))
        starts = with_births(self.objective, here, born, removals)
        if starts:
            yield Attempt([], rough=False, starts=starts)

    def _of_clear(
        self,
        here: Mixture,
        covered: Covered,
        splits: Sequence[list[Split]],
        removals: Sequence[Removal],
        check: Callable[[], None],
    ) -> Iterator[Attempt]:
        """Moves that promise a gain, where rows say which component they are of and none holds several
        clusters: bounds are tight there, and whatever else is tried comes back."""
        for kind in splits:
            most = self._affordable(here, EFFORT.moves.attempts)
            moves = paired(kind, removals, EFFORT.moves.lookahead * most)
            moves = [move for move in moves if move.estimate > self.same]
            yield from self._ranked(here, covered, moves, check, most, self.same)
        self._begun = True

    def _of_overlapping(
        self,
        here: Mixture,
        covered: Covered,
        splits: Sequence[list[Split]],
        removals: Sequence[Removal],
        check: Callable[[], None],
        number: int,
    ) -> Iterator[Attempt]:
        """Moves into separate clusters, neighbours that share anew, nested components; then all the same
        where they promise nothing."""
        separate, within = splits
        # Of many components, a neighbourhood has told by EM what to expect.
        few = here.n_components <= EFFORT.moves.all_pairs or self.family.kind.shared
        least = -np.inf if few else self.same
        most = self._affordable(here, EFFORT.moves.attempts)
        moves = paired(separate, removals, EFFORT.moves.lookahead * most)
        yield from self._ranked(here, covered, moves, check, most, least)
        self._begun = True
        check()
        anew = self._resplits(here, covered, removals, number)
        # Estimates that differ from nothing by their rounding alone are nothing, on every machine.
        promising = [move for move in anew if move.estimate > self.same][
            : EFFORT.moves.lookahead * EFFORT.moves.attempts
        ]
        yield from self._ranked(here, covered, promising, check, EFFORT.moves.attempts, self.same)
        moves = paired(within, removals, EFFORT.moves.lookahead * EFFORT.moves.nested_attempts)
        yield from self._ranked(here, covered, moves, check, EFFORT.moves.nested_attempts, least)
        # Before giving up: neighbours that share in ways which promise nothing by themselves, other than now.
        rest = [move for move in anew if move.estimate < -self.same]
        if few:
            yield Attempt([[move] for move in rest[: EFFORT.moves.attempts]], rough=False)
        else:
            rest = rest[: EFFORT.moves.lookahead * EFFORT.moves.attempts]
            yield from self._ranked(here, covered, rest, check, EFFORT.moves.attempts, least)

    def _anew(self, here: Mixture, number: int, *, clear: bool) -> Iterator[Attempt]:
        """The fit perturbed, and new starts: optima of overlapping clusters differ by more than moves.

        Hardly any where each component is one cluster and rows say which they are of: then perturbed fits
        come back, and new starts that end elsewhere are worse.
        """
        cost = pass_size(self.objective, here)
        if cost > EFFORT.moves.cheap_pass:
            return
        if not clear:
            yield Attempt(
                [], rough=False, starts=perturbed(here, np.random.default_rng([self.seed, number, 3]))
            )
        if cost <= EFFORT.moves.very_cheap_pass:
            count = EFFORT.moves.new_starts_of_clear if clear else EFFORT.moves.new_starts
            yield Attempt([], rough=False, starts=self._new_starts(here, count, [self.seed, number, 4]))

    def _overlap(self, here: Mixture) -> float:
        """The share of rows whose most probable component is not theirs, by their own posteriors."""
        rows, clear = self.objective.rows, 0.0
        for place, _, weights in rows.blocks():
            posterior = rows.responsibilities(here, place)
            background = 1.0 - posterior.sum(axis=1)
            clear += float(weights @ np.maximum(posterior.max(axis=1), background))
        return 1.0 - clear

    def _ranked(
        self,
        here: Mixture,
        covered: Covered,
        moves: Sequence[Move],
        check: Callable[[], None],
        most: int,
        least: float,
    ) -> Iterator[Attempt]:
        """All that are predicted to gain and do not touch each other, at once; then the best, one by one."""
        gains = predicted(self.objective, here, moves, covered, check)
        order = [i for i in np.argsort(-gains, kind="stable") if gains[i] > least]
        together: list[Move] = []
        for i in order:
            if gains[i] > self.same and not any(moves[i].touched & other.touched for other in together):
                together.append(moves[i])
        if len(together) > 1:
            yield Attempt([together], rough=False)
        yield Attempt([[moves[i]] for i in order[:most]], rough=False)

    def _resplits(
        self, here: Mixture, covered: Covered, removals: Sequence[Removal], number: int
    ) -> list[Move]:
        """For the pairs that are cheapest to merge: merge them and split what comes of it another way."""
        pairs = [removal for removal in removals if len(removal.components) == 2][: here.n_components]
        rng = np.random.default_rng([self.seed, number, 2])
        moves = propose_resplits(self.objective, here, pairs, covered.parts, rng)
        moves.sort(key=lambda move: -move.estimate)
        return moves

    def _new_starts(self, here: Mixture, count: int, seed: Sequence[int]) -> list[Mixture]:
        """Starts by k-means++, each component numbered as the one of the fit that it is closest to."""
        sample = self.objective.measure
        rngs = [np.random.default_rng([*seed, i]) for i in range(count)]
        means = spread_means(sample, here.n_components, rngs)
        try:
            return [
                mixture_around(sample, self.family, own[match_means(own, here.means)[0]]) for own in means
            ]
        except DataError:  # no more different rows than components
            return []

    def applied(self, fit: Solution, moves: Sequence[Move]) -> Mixture | None:
        """Return the mixture right after the moves, in local coordinates."""
        return applied(fit.local, self.family, moves)

    def refined(
        self, starts: Sequence[Mixture], target: float, rough: bool, check: Callable[[], None]
    ) -> list[tuple[float, Solution]]:
        """Return the value of each start, and where EM leads from it.

        Given up where the trend does not lead to a gain on `target`; if `rough`, it stops early too.
        """

        def watch(ended: int, iterations: int, nll: float) -> bool:
            check()
            return False

        self._spent(check)()
        self._begun = True
        one = pass_size(self.objective, starts[0])
        cheap = one <= EFFORT.moves.very_cheap_pass
        patience = Patience(
            target - self.same,
            EFFORT.moves.screen,
            EFFORT.moves.long_outlook if cheap else EFFORT.moves.outlook,
        )
        solver = BETWEEN if rough else JUDGE
        if self.left < np.inf:
            # Where the effort ends is where moves are judged.
            most = max(EFFORT.moves.screen + 1, int(self.left / (one * len(starts))))
            solver = replace(solver, max_iter=min(solver.max_iter, most))
        ends = self.descents.several(
            "moves",
            len(starts),
            lambda: descend_all(solver, self.objective, starts, patience=patience, watch=watch),
        )
        if ends[-1].stop_reason == "interrupted":
            raise Stopped("interrupted")  # Ctrl-C
        return [(end.history[0], end) for end in ends]

    def settled(self, fit: Solution, check: Callable[[], None]) -> Solution:
        """Return where EM leads from a fit, converged as far as moves are judged.

        That is no part of the effort. Where a hundred iterations bring nothing that counts, more would not.
        """

        def watch(ended: int, iterations: int, nll: float) -> bool:
            check()
            return False

        before, begun = self._tally.done, fit
        lost = collapsed(self.objective, fit.local, after_em=True)
        for _ in range(EFFORT.moves.settling_rounds):
            start = fit.local
            end = self.descents.one(
                "settling", lambda start=start: descend(SETTLE, self.objective, start, watch=watch)
            )
            if end.stop_reason == "interrupted":
                raise Stopped("interrupted")
            gain = fit.value - end.value
            if (collapsed(self.objective, end.local, after_em=True) & ~lost).any():
                break
            if gain >= 0.0:
                n_iter = end.n_iter + (0 if fit is begun else fit.n_iter)
                history = end.history if fit is begun else (*fit.history, *end.history[1:])
                fit = replace(end, n_iter=n_iter, history=history)
            if end.converged or gain * self.objective.measure.effective_rows <= TOLERANCES.moves.settled:
                break
        self._until += self._tally.done - before
        return fit

    def rank(self, fit: Solution) -> tuple[float, ...]:
        """Return the NLL; where nested components are only offered, more clusters come first."""
        if self.take_nested:
            return (fit.value,)
        local = fit.local
        return (-self._without_overloaded(local, self._clustering(local)).n_clusters, fit.value)

    def held_out_gain(self, before: Solution, after: Solution) -> float | None:
        """Return the fall of the NLL on rows that neither fit has seen."""
        if not self.hold_out:
            return None
        return self._left_out.gain(before.local, after.local).mean

    @cached_property
    def _left_out(self) -> LeftOutGain:
        return LeftOutGain(self.objective)

    def _holds(self, before: Mixture, after: Mixture) -> bool:
        """Whether a gain would be one on new rows.

        It has to stand out among the row-wise differences and not to be lost on rows left out; or, where it
        quite stand out, to be one standard error on rows left out.
        """
        left_out, seen = self._left_out.gain(before, after), self._left_out.seen(before, after)
        if left_out.mean <= 0.0:
            return False
        if seen.score >= TOLERANCES.moves.stands_out:
            return True
        nearly = seen.score >= TOLERANCES.moves.nearly_stands_out
        return nearly and left_out.score >= TOLERANCES.moves.holds

    def outcome(self, before: Solution, after: Solution, moves: Sequence[Move]) -> str:
        """Say whether a refined fit may be taken.

        Where a component newly loses its covariance, or one that a move touched rests on few rows, what it
        contributes does not count.
        """
        if not before.value - after.value > self.same:  # from infinity to infinity there is none
            return "no gain"
        old, new = before.local, after.local
        doubtful = self._doubtful(old, new, moves)
        if doubtful.any():
            contributed = covered_by(self.objective, new).deletion_costs[doubtful].sum()
            if before.value - after.value - contributed <= self.same:
                return "collapsed"
        if not self.take_nested and not self._better_clustering(old, new):
            return "nested"
        if self.on_evidence and not self._holds(old, new):
            return "not told apart"
        return "taken"

    def _better_clustering(self, old: Mixture, new: Mixture) -> bool:
        before, after = self._clustering(old), self._clustering(new)
        if better_clustering(before, after):
            return True
        # A component over several clusters is as wide as a halo, and may have another's mean inside.
        return better_clustering(self._without_overloaded(old, before), self._without_overloaded(new, after))

    def _clustering(self, mixture: Mixture) -> Clustering:
        counted = (mixture.weights > 0) & ~collapsed(self.objective, mixture, after_em=True)
        return Clustering(nested(mixture), counted)

    def _without_overloaded(self, mixture: Mixture, clustering: Clustering) -> Clustering:
        """The same without pairs whose wider one is no halo: BIC says that it covers several clusters."""
        pairs = np.argwhere(np.triu(clustering.nested, 1))
        if len(pairs) == 0:
            return clustering
        width = mixture.column_variances().sum(axis=1)
        wider = np.where(width[pairs[:, 0]] >= width[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
        suspects = np.unique(wider)
        parts = covered_by(self.objective, mixture).parts.taken(suspects)
        several = suspects[overloaded(self.objective, parts, np.random.default_rng(self.seed))]
        kept = pairs[~np.isin(wider, several)]
        remaining = np.zeros_like(clustering.nested)
        remaining[kept[:, 0], kept[:, 1]] = remaining[kept[:, 1], kept[:, 0]] = True
        return clustering._replace(nested=remaining)

    def _doubtful(self, old: Mixture, new: Mixture, moves: Sequence[Move]) -> BoolArray:
        """Components whose likelihood means little, and did not before; none under a prior that bounds it."""
        if self.family.prior is not None:
            return np.zeros(new.n_components, dtype=bool)
        touched = np.zeros(new.n_components, dtype=bool)
        touched[sorted(frozenset().union(*(move.touched for move in moves)))] = True
        touched |= not moves  # perturbed everywhere
        few = scarce(self.objective, new, after_em=True) & touched
        lost = collapsed(self.objective, new, after_em=True)
        if few.any():
            few &= ~scarce(self.objective, old)
        return few | (lost & ~collapsed(self.objective, old) if lost.any() else lost)


def perturbed(here: Mixture, rng: np.random.Generator) -> list[Mixture]:
    """Return the mixture with its means moved at random and its covariances widened by as much."""
    starts = []
    for scale in TOLERANCES.moves.perturbations:
        means = here.jittered(scale / np.sqrt(here.n_features), rng)
        with np.errstate(over="ignore"):
            wider = (1.0 + scale**2) * here.covariances
        with suppress(InvalidParameterError):  # beyond float64, or singular but for rounding, which differs
            starts.append(Mixture(here.weights, means, wider, here.covariance_type))
    return starts


def _at_once(moves: list[Move]) -> Iterator[list[Move]]:
    """All of them, and should that not do, the better half."""
    if moves:
        yield moves
    if len(moves) > 2:
        yield moves[: len(moves) // 2]
