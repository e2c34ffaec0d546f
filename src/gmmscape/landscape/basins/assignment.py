"""From very many starts to the minima whose basins they lie in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.landscape.atlas.builder import Survey, why_not
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.orbits import touching
from gmmscape.landscape.points.same_point import Accuracy, same_point
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.solve import EM, Crowd, GradientDescent, GradientFlow, Newton, crowd_ends, run
from gmmscape.tolerances import TOLERANCES

#: Which basin a start lies in is for the plain method to say; extrapolation, which may jump, only finishes.
PLAIN = {
    "em": EM(tol=1e-4, max_iter=10_000, accelerate=False),
    "gd": GradientDescent(tol=1e-4, max_iter=30_000),
    "gradient_flow": GradientFlow(tol=1e-4, max_iter=30_000),
    "newton": Newton(tol=1e-7),
}
#: The same flow by steps of half the length: a start whose ends differ is in no basin that is known.
FINER = GradientFlow(tol=1e-4, max_iter=60_000, step_length=0.5)
DIFFER = "step sizes differ"
FINISH = EM(tol=1e-7, max_iter=300)
#: The same once more for ends that the first finish left in a slow place.
FINISH_SLOW = EM(tol=1e-10, max_iter=100_000)
#: With free weights fewer: means that coincide come together ever more slowly, and no more steps tell more.
FINISH_SLOW_FREE = EM(tol=1e-10, max_iter=10_000)
#: From an end to the bottom of its valley.
NEWTON = Newton(tol=1e-9)


class Fallen(NamedTuple):
    """Where starts ended.

    Attributes
    ----------
    minima : list of CriticalPoint
        In the order of their first polish; `hits` is not set.
    labels : ndarray of int, shape (n,)
        Place of each start's minimum; -1 for none.
    reasons : dict of int to str
        For each start without a minimum, why.
    """

    minima: list[CriticalPoint]
    labels: IntArray
    reasons: dict[int, str]


def descended(descent: Descent, starts: FloatArray, method: str) -> Crowd:
    """Return where a method leads from starts of shape (b, k, d), in the caller's coordinates."""
    objective, origin = descent.anywhere, descent.measure.origin
    plain = crowd_ends(objective, starts - origin, PLAIN[method])
    if method == "gradient_flow":
        plain = _agreed(plain, crowd_ends(objective, starts - origin, FINER), descent.sigma)
    done = np.array([reason == "converged" for reason in plain.reasons])
    return _finished(descent, plain, done, FINISH)


def _agreed(coarser: Crowd, finer: Crowd, sigma: float) -> Crowd:
    """The ends by the shorter steps; of starts that the longer ones lead elsewhere, no end."""
    apart = np.linalg.norm(coarser.means - finer.means, axis=2).max(axis=1)
    differ = apart > TOLERANCES.basins.valley * sigma
    reasons = [
        DIFFER if other else finest for other, finest in zip(differ.tolist(), finer.reasons, strict=True)
    ]
    return Crowd(finer.means, finer.weights, finer.nll, finer.step, tuple(reasons))


def _finished(descent: Descent, crowd: Crowd, which: BoolArray, solver: EM) -> Crowd:
    """The same ends, those chosen brought closer to where they lead."""
    if not which.any():
        return crowd
    closer = crowd_ends(descent.anywhere, crowd.means[which], solver, crowd.weights[which])
    means, weights = crowd.means.copy(), crowd.weights.copy()
    nll, step = crowd.nll.copy(), crowd.step.copy()
    means[which], weights[which] = closer.means, closer.weights
    nll[which], step[which] = closer.nll, closer.step
    reasons = list(crowd.reasons)
    for place, reason in zip(np.flatnonzero(which), closer.reasons, strict=True):
        reasons[place] = reason
    return Crowd(means, weights, nll, step, tuple(reasons))


class Bottom(NamedTuple):
    """The minimum on coarse rows that an end is next to: places in the caller's coordinates, and value."""

    places: FloatArray
    nll: float


class Assignment:
    """Gives ends to minima: what lies in one valley goes to the minimum there, and the rest is followed on.

    Parameters
    ----------
    descent : Descent
        Of the landscape.
    crowd : Crowd
        Ends in local coordinates.
    most : int
        Valleys whose minima are polished; starts of the rest are unresolved.
    tell : callable
        Called with the number of starts that are settled, now and then.
    """

    def __init__(self, descent: Descent, crowd: Crowd, most: int, tell: Callable[[int], None]) -> None:
        self.descent, self.crowd, self.most, self.tell = descent, crowd, most, tell
        self.survey = Survey(descent, 0)
        self.labels = np.full(len(crowd), -1)
        self.reasons: dict[int, str] = {}
        self._bottoms: list[tuple[Bottom, int]] = []

    def run(self) -> Fallen:
        """Settle all ends."""
        ended = np.array([reason in ("converged", "max_iter") for reason in self.crowd.reasons])
        self.reasons = {int(i): self.crowd.reasons[i] for i in np.flatnonzero(~ended)}
        slow = self._settled(np.flatnonzero(ended))
        if len(slow):
            # Long valleys and saddles: their ends are brought closer, and looked at once more.
            which = np.zeros(len(self.crowd), dtype=bool)
            which[slow] = True
            solver = FINISH_SLOW_FREE if self.descent.free_weights else FINISH_SLOW
            self.crowd = _finished(self.descent, self.crowd, which, solver)
            for i in self._settled(slow):
                self._followed(int(i))
                self._report()
        return Fallen(self.survey.minima, self.labels, self.reasons)

    def _settled(self, places: IntArray) -> IntArray:
        """Settle what lies in the valley of a minimum; return the places of the rest."""
        left = []
        radius = TOLERANCES.basins.together * self.descent.sigma
        for group in distinct(self._all_places(), self.crowd.nll, places, radius):
            bottom = self._bottom(group[0])
            if bottom is None:
                left.append(group)
                continue
            known = self._known(bottom)
            if known is None and len(self._bottoms) >= self.most:
                self.reasons.update(dict.fromkeys(map(int, group), "not polished"))
                continue
            if known is None:
                known = self._minimum_of(bottom.places)
                self._bottoms.append((bottom, known))
            if known < 0:
                left.append(group)
            else:
                self.labels[group] = known
            self._report()
        return np.sort(np.concatenate(left)) if left else np.empty(0, dtype=np.intp)

    def _bottom(self, i: int) -> Bottom | None:
        """Where Newton leads from an end on the same rows; None where that is elsewhere, or nowhere."""
        objective, sigma = self.descent.anywhere, self.descent.sigma
        start = Mixture.location(self.crowd.means[i], sigma, self.crowd.weights[i])
        end = run(NEWTON, objective, start)
        if end.stop_reason == "interrupted":
            raise KeyboardInterrupt
        bottom = self.descent.places(end.mixture)
        near = self._apart(bottom, self._places(i)) <= TOLERANCES.basins.valley
        return Bottom(bottom, end.nll) if end.converged and near else None

    def _known(self, bottom: Bottom) -> int | None:
        """What a bottom was found to belong to, if it was seen before."""
        accuracy = Accuracy(TOLERANCES.basins.together)
        for other, label in self._bottoms:
            level = abs(other.nll - bottom.nll) <= TOLERANCES.basins.same_bottom_nll
            if level and same_point(other.places, bottom.places, self.descent.sigma, accuracy):
                return label
        return None

    def _minimum_of(self, bottom: FloatArray) -> int:
        """Place of the minimum that exact integrals lead to from a bottom; -1 where none is near."""
        place = self.survey.place_of(bottom)
        if place is None or self._apart(bottom, self.survey.minima[place].places) > TOLERANCES.basins.close:
            return -1
        return place

    def so_far(self, reason: str) -> Fallen:
        """Return what is settled; the rest is in no minimum for that reason."""
        for i in np.flatnonzero(self.labels < 0):
            self.reasons.setdefault(int(i), reason)
        return Fallen(self.survey.minima, self.labels, self.reasons)

    def _report(self) -> None:
        self.tell(int(np.count_nonzero(self.labels >= 0)) + len(self.reasons))

    def _all_places(self) -> FloatArray:
        """Means of all ends in local coordinates and, where free, sigma times their log weights."""
        if not self.descent.free_weights:
            return self.crowd.means
        sigma = self.descent.sigma
        means, weights = shared(self.crowd.means, self.crowd.weights, TOLERANCES.points.touching * sigma)
        logs = np.log(np.maximum(weights, np.finfo(np.float64).tiny))
        return np.concatenate([means, sigma * logs[..., None]], axis=2)

    def _places(self, i: int) -> FloatArray:
        return self.descent.begun(self.crowd.means[i] + self.descent.measure.origin, self.crowd.weights[i])

    def _apart(self, one: FloatArray, other: FloatArray) -> float:
        """Distance of the means of two places: means that coincide may share their weight in any way."""
        d = self.descent.measure.n_features
        return match_means(one[:, :d], other[:, :d])[1] / self.descent.sigma

    def _followed(self, i: int) -> None:
        """Settle one end by itself: on a saddle, or wherever Newton leads from it."""
        places = self._places(i)
        at = self.descent.critical(places)
        on_it = (
            at is not None and at.converged and self._apart(places, at.places) <= TOLERANCES.basins.on_saddle
        )
        if on_it and at is not None and at.index > 0:
            self.reasons[i] = "saddle"
            return
        end = self.descent.coarse(places)
        place, _ = self.survey.place(end)
        if place is None:
            self.reasons[i] = why_not(end)
        else:
            self.labels[i] = place


def shared(means: FloatArray, weights: FloatArray, reach: float) -> tuple[FloatArray, FloatArray]:
    """Return fits with means within `reach` of each other put together, and their weight shared equally.

    Means that coincide may share their weight in any way: all that do are one continuum.

    Parameters
    ----------
    means : ndarray of shape (b, k, d)
        Of b fits.
    weights : ndarray of shape (b, k)
        Weights.
    reach : float
        Distance.
    """
    means, weights, k = means.copy(), weights.copy(), means.shape[1]
    close = np.zeros(len(means), dtype=bool)
    for i in range(k):
        for j in range(i):
            close |= np.linalg.norm(means[:, i] - means[:, j], axis=1) <= reach
    for at in np.flatnonzero(close):
        for group in touching(means[at], reach):
            share = weights[at][group]
            if len(group) > 1 and share.sum() > 0.0:
                means[at, group] = share @ means[at, group] / share.sum()
                weights[at, group] = share.mean()
    return means, weights


def distinct(points: FloatArray, values: FloatArray, places: IntArray, radius: float) -> list[IntArray]:
    """Return some of the ends in groups of one end each, up to relabelling; the best first, then the largest.

    Each group is what lies within `radius` of its first member. That is another rule than `same_point`:
    very many ends are compared with one at a time, in arrays, and only those of about its value. Cost: where
    groups are few, a comparison of each end with each group of about the same value.
    """
    order = places[np.argsort(values[places], kind="stable")]
    nll, means = values[order], points[order]
    if means.shape[2] == 1:
        means = np.sort(means, axis=1)
    free, groups = np.ones(len(order), dtype=bool), []
    for leader in range(len(order)):
        if not free[leader]:
            continue
        last = np.searchsorted(nll, nll[leader] + TOLERANCES.basins.together_nll, side="right")
        near = leader + np.flatnonzero(free[leader:last])
        near = near[_matching(means[leader], means[near], radius)]
        free[near] = False
        groups.append(order[near])
    return groups[:1] + sorted(groups[1:], key=lambda group: -len(group))


def _matching(leader: FloatArray, others: FloatArray, radius: float) -> BoolArray:
    """Say which of some sets of means, shape (b, k, d), are a set of means up to order; sorted on a line."""
    if leader.shape[1] == 1:
        return np.abs(others - leader).max(axis=(1, 2)) <= radius
    gaps = np.linalg.norm(others[:, :, None] - leader, axis=3)
    found = (gaps.min(axis=1).max(axis=1) <= radius) & (gaps.min(axis=2).max(axis=1) <= radius)
    for i in np.flatnonzero(found):
        if len(set(gaps[i].argmin(axis=1).tolist())) < len(leader):  # means that coincide
            found[i] = match_means(others[i], leader)[1] <= radius
    return found
