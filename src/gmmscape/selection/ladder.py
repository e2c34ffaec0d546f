"""The fits of one family with ever more components, each helping its neighbours out of bad optima.

A fit with k+1 components that is worse than one with k proves a bad optimum: splitting any component of the
latter into two equal copies gives as good a one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gmmscape.covariances import CovarianceKind
from gmmscape.diagnosis.fit import Fit, FitPlan, fit_mixture
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError
from gmmscape.families import Family, family_named
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.moves.component_rows import covered_by
from gmmscape.moves.degeneracy import on_floor
from gmmscape.moves.resizing import with_one_fewer, with_one_more
from gmmscape.objective import Objective, SampleObjective
from gmmscape.progress import Budget, Stopped
from gmmscape.selection.admission import Admission
from gmmscape.selection.insertion import with_one_inserted
from gmmscape.selection.kept_fits import KeptFits
from gmmscape.solve import (
    CUT_SHORT,
    EM,
    Regularity,
    Solution,
    descend_all,
    mixture_around,
    pass_size,
    spread_means,
    start_around,
)
from gmmscape.tolerances import TOLERANCES

#: Splits, or merges and deletions, of a neighbour that are run through EM; EM on them.
BRIEF = EM(tol=1e-4, max_iter=500)


@dataclass(frozen=True, eq=False)
class Rung:
    """The best fit found with one number of components.

    Attributes
    ----------
    fit : Fit
        Best of the fits that may win; of all where none may.
    refusal : str or None
        Why it may not win.
    found_by : str
        Where it comes from: "starts", "split", "merge", "copy", or the name of a narrower family.
    refused : Fit or None
        A better one that may not win.
    why_refused : str or None
        Why not.
    """

    fit: Fit
    refusal: str | None
    found_by: str
    refused: Fit | None = None
    why_refused: str | None = None

    @property
    def nll(self) -> float:
        """NLL of the fit, per unit mass."""
        return self.fit.solution.nll

    @property
    def value(self) -> float:
        """NLL and penalty: what is minimised, over one number of components."""
        return self.fit.solution.value


class Ladder:
    """Fits of one family to one sample, by number of components.

    Parameters
    ----------
    sample : Sample
        The data.
    name : str
        Of the family.
    regularity : Regularity
        What keeps its covariances from collapsing.
    plan : FitPlan
        How each number of components is fitted; its own number does not matter.
    most : int
        Largest number of components.
    admission : Admission
        Which fits may win.
    total : float
        Rows that count.
    budget : Budget
        Time, and who watches.
    kept : KeptFits
        What a checkpoint has.

    Attributes
    ----------
    reference : int
        Number of components that the prior of fewer is taken from.
    rungs : dict of int to Rung
        What was found, by number of components.
    """

    def __init__(
        self,
        sample: Sample,
        name: str,
        regularity: Regularity,
        plan: FitPlan,
        most: int,
        admission: Admission,
        total: float,
        budget: Budget,
        kept: KeptFits,
    ) -> None:
        self.sample, self.name, self.regularity, self.plan = sample, name, regularity, plan
        self.admission, self.total, self.budget, self.kept = admission, total, budget, kept
        each = TOLERANCES.selection.rows_for_prior * family_named(name).fewest_rows(sample.n_varying)
        self.reference = max(1, min(most, int(sample.effective_rows / each)))
        self._objectives: dict[int, SampleObjective] = {}
        family = self._family(sample, self.reference)
        single = self._single(family)
        self._objectives[self.reference] = Objective.near(sample, family, single)
        if on_floor(self.objective(1), single).any():  # as of collinear columns: the floor tells nothing then
            self.admission = replace(admission, floor_counts=True)
        self.same = TOLERANCES.selection.same / sample.effective_rows
        self.rungs: dict[int, Rung] = {}
        self._tried: dict[tuple[int, int], Fit] = {}

    def objective(self, k: int) -> SampleObjective:
        """Return what k components are fitted under.

        All numbers that leave enough rows for each component have the same prior, that of the largest of
        them: what a component on a value that many rows have is as wide as must not depend on the others.
        """
        of = max(k, self.reference)
        if of not in self._objectives:
            family = self._family(self.sample, of)
            self._objectives[of] = Objective.near(self.sample, family, self._single(family))
        return self._objectives[of]

    def _family(self, sample: Sample, k: int) -> Family:
        # Fits that are kept have one prior, however long the runs are that find them.
        seconds = None if self.kept.any else self.budget.max_seconds
        return self.regularity.family(sample, self.name, k, seconds)

    def _single(self, family: Family) -> Mixture:
        mean = self.sample.weights @ self.sample.filled(slice(None))
        return mixture_around(self.sample, family, mean[None])

    def value(self, k: int, mixture: Mixture, nll: float) -> float:
        """Return what is minimised over k components, of a mixture of that NLL."""
        return nll + self.objective(k).family.penalty(mixture)

    def begin(self, stage: str, done: int, total: int, round_number: int, n_components: int) -> None:
        """Say which fit is in work from now on; raise `Stopped` if the time is up."""
        self.budget.begin(
            stage,
            done,
            total,
            round=round_number,
            covariance_type=self.name,
            n_components=n_components,
        )

    def _watch(self, ended: int, iterations: int, value: float) -> bool:
        """Raise `Stopped` if the time is up or the callback asks for it."""
        self.budget.report("em", ended, value=value, iteration=iterations)
        return False

    def climb(self, numbers: Sequence[int], narrower: Sequence[Ladder]) -> None:
        """Fit every number of components, up and down until nothing improves; raises `Stopped`."""
        for round_number in range(1, EFFORT.selection.most_rounds + 1):
            before = dict(self.rungs)
            for place, k in enumerate(numbers):
                self.begin("up", place, len(numbers), round_number, k)
                if k not in self.rungs:
                    self._from_starts(k)
                    self._from_narrower(k, narrower)
                if place:
                    self._from_neighbour(k, numbers[place - 1])
                    self._no_worse_than(k, numbers[place - 1])
            for place in range(len(numbers) - 2, -1, -1):
                self.begin("down", len(numbers) - 1 - place, len(numbers), round_number, numbers[place])
                self._from_neighbour(numbers[place], numbers[place + 1])
            if all(before.get(k) is self.rungs[k] for k in numbers):
                break
        for below, k in pairwise(numbers):
            self._no_worse_than(k, below)

    def refitted(self, k: int, part: Sample) -> Mixture:
        """Return the fit of a part of the rows, from starts of its own; raises `Stopped`.

        In the coordinates of the part's rows. A start at the fit to all rows would let the rows held out
        decide which optimum it is.
        """
        plan = replace(
            self.plan, n_components=k, n_init=max(self.plan.n_init, EFFORT.selection.refitting_starts)
        )
        fit = self.kept.fit(
            f"{self.name} k={k} of a part",
            part.origin,
            lambda: fit_mixture(
                part,
                self._family(part, max(k, self.reference)),
                plan,
                self.total,
                self.budget,
            ),
        )
        if fit.solution.stop_reason in CUT_SHORT:
            raise Stopped(fit.solution.stop_reason)
        return fit.solution.mixture

    def _from_starts(self, k: int) -> None:
        try:
            self._consider(self._fitted(None, k), "starts")
        except DataError:  # as many components as different rows: splits of fewer may still do
            if k == 1:
                raise
            return
        if self.rungs[k].refusal is not None and self._may_be_admitted(k):
            self._from_best(k, self._more_starts(k), "starts")

    def _may_be_admitted(self, k: int) -> bool:
        """Whether there are rows enough for k components, unless they share them."""
        return k * self.admission.least_rows <= self.sample.effective_rows

    def _more_starts(self, k: int) -> list[Mixture]:
        sample, family, number = self.sample, self.objective(k).family, EFFORT.selection.more_starts
        rngs = [np.random.default_rng([self.plan.seed, k, 1, i]) for i in range(number)]
        if len(sample) <= EFFORT.solve.start_rows:
            means = spread_means(sample, k, rngs, self.budget.check)
            return [mixture_around(sample, family, own) for own in means]
        return [start_around(sample, family, k, "k-means++", rng) for rng in rngs]

    def _from_narrower(self, k: int, narrower: Sequence[Ladder]) -> None:
        """Start at fits of families that this one contains: their best fits are among its own."""
        for ladder in narrower:
            if k in ladder.rungs:
                objective = self.objective(k)
                start = _freed(ladder.rungs[k].fit.solution.local, objective.family.kind)
                self._from_best(k, [objective.admissible(start)], ladder.name)

    def _from_neighbour(self, k: int, other: int) -> None:
        """Start at splits, or merges and deletions, of the best fit with `other` components."""
        if other not in self.rungs or self._tried.get((k, other)) is self.rungs[other].fit:
            return
        source = self.rungs[other].fit
        self._tried[k, other] = source
        starts = [source.solution.local]
        for step in range(abs(k - other)):
            if step:  # a gap in the numbers is crossed along the best
                starts = [self._best_of(starts)]
            starts = self._resized(starts[0], k > other, step)
            if not starts:
                return
        self._from_best(k, starts, "split" if k > other else "merge")

    def _resized(self, fit: Mixture, more: bool, step: int) -> list[Mixture]:
        objective = self.objective(fit.n_components)
        covered = covered_by(objective, fit)
        if not more:
            return with_one_fewer(objective, fit, covered, EFFORT.selection.neighbours_tried)
        rng = np.random.default_rng([self.plan.seed, fit.n_components, 2, step])
        separate = not self.plan.take_nested
        starts = with_one_more(
            objective, fit, covered, rng, EFFORT.selection.neighbours_tried, separate=separate
        )
        if not separate and pass_size(objective, fit) <= EFFORT.selection.cheap_pass:
            starts += with_one_inserted(objective, fit, rng, EFFORT.selection.inserted)
        return starts

    def _best_of(self, starts: Sequence[Mixture]) -> Mixture:
        ends = self._ends(starts)
        local = [end.local for end in ends]
        objective = self.objective(local[0].n_components)
        sound = (one for one in local if self.admission.refusal(objective, one) is None)
        return next(sound, local[0])

    def _from_best(self, k: int, starts: Sequence[Mixture], found_by: str) -> None:
        """Run starts through EM, and search from the best that may win if it beats what is in hand."""
        ends = self._ends(starts)
        rung = self.rungs.get(k)
        for end in ends:
            beaten = rung is None or rung.refusal is not None or end.value < rung.value - self.same
            if not beaten:
                return
            if self.admission.refusal(self.objective(k), end.local) is None:
                self._consider(self._fitted(end.local, k), found_by)
                if self.rungs[k].refusal is not None or self.rungs[k].value > end.value + self.same:
                    # The search went on into what is refused.
                    self._consider(self._fitted(end.local, k, escape=False), found_by)
                return
        if rung is None and ends:
            self._consider(self._fitted(ends[0].local, k), found_by)

    def _no_worse_than(self, k: int, below: int) -> None:
        """Where k components are worse than fewer, start at copies of the heaviest component of those."""
        if below not in self.rungs:
            return
        lower, rung = self.rungs[below], self.rungs.get(k)
        start = lower.fit.solution.local
        for _ in range(k - below):
            start = _with_copy(start)
        least = self.value(k, start, lower.nll) + TOLERANCES.selection.rounding * (1.0 + abs(lower.nll))
        # What may win beats what may not, however likely.
        kept = rung is not None and (rung.refusal is None, -rung.value) >= (lower.refusal is None, -least)
        if kept:
            return
        if lower.refusal is None:
            self._consider(self._fitted(start, k), "split")
            if self.rungs[k].refusal is None and self.rungs[k].value <= least:
                return
        self._consider(self._fitted(start, k, escape=False), "copy")

    def _fitted(self, start: Mixture | None, k: int, *, escape: bool = True) -> Fit:
        plan = replace(self.plan, n_components=k, start=start, escape=escape)
        return self.kept.fit(
            f"{self.name} k={k}",
            self.sample.origin,
            lambda: fit_mixture(self.sample, self.objective(k).family, plan, self.total, self.budget),
        )

    def _ends(self, starts: Sequence[Mixture]) -> list[Solution]:
        """Where a short EM leads from each start, best first; raises `Stopped`."""
        k = starts[0].n_components
        ends = self.kept.ends(
            f"{self.name} k={k}",
            self.sample.origin,
            len(starts),
            lambda: descend_all(BRIEF, self.objective(k), starts, watch=self._watch),
        )
        if ends[-1].stop_reason == "interrupted":
            raise Stopped("interrupted")
        return sorted(ends, key=lambda end: end.value)

    def _consider(self, fit: Fit, found_by: str) -> None:
        """Keep a fit if it is better than what is in hand; raise `Stopped` where it was cut short."""
        k = fit.solution.mixture.n_components
        refusal = self.admission.refusal(self.objective(k), fit.solution.local)
        new, old = Rung(fit, refusal, found_by), self.rungs.get(k)
        if old is None:
            self.rungs[k] = new
        elif (refusal is None) == (old.refusal is None):
            if new.value < old.value:
                self.rungs[k] = replace(new, refused=old.refused, why_refused=old.why_refused)
        elif refusal is None:
            self.rungs[k] = replace(new, refused=old.fit, why_refused=old.refusal)
        elif old.refused is None or fit.solution.value < old.refused.solution.value:
            self.rungs[k] = replace(old, refused=fit, why_refused=refusal)
        if fit.solution.stop_reason in CUT_SHORT:
            raise Stopped(fit.solution.stop_reason)


def _with_copy(mixture: Mixture) -> Mixture:
    """The same density with the heaviest component in two equal copies."""
    weights, at = mixture.weights.copy(), int(np.argmax(mixture.weights))
    weights[at] *= 0.5
    kind = mixture.kind
    covariances = kind.with_more(mixture.covariances, kind.chosen(mixture.covariances, slice(at, at + 1)))
    means = np.vstack([mixture.means, mixture.means[at]])
    return Mixture(np.append(weights, weights[at]), means, covariances, mixture.covariance_type)


def _freed(mixture: Mixture, kind: CovarianceKind) -> Mixture:
    """The same density, stored as a wider family's."""
    covariances = kind.stored(mixture.full_covariances())
    return Mixture(mixture.weights, mixture.means, covariances, kind.name)
