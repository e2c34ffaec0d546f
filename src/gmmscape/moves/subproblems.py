"""The small problems that proposals are found on: parts of the rows, for one or two components each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.covariances import TIED, CovarianceKind
from gmmscape.effort import EFFORT
from gmmscape.families import Family
from gmmscape.measure import EVERY
from gmmscape.moves.component_rows import Parts
from gmmscape.moves.degeneracy import rows_for_covariance
from gmmscape.objective import SampleObjective
from gmmscape.solve import EM, Small, ends_on_parts

#: A proposal has to be near its optimum only: it is judged on all rows, after EM on everything.
ROUGH = EM(tol=1e-2, max_iter=40)
#: Tells which of several starts on a part are worth going on with.
SCREEN = EM(tol=1e-2, max_iter=6)
#: Evaluates starts as they are.
AS_IT_IS = EM(max_iter=0)


class SmallProblems:
    """Parts of the rows, with what one component fitted to each would be.

    Parameters
    ----------
    objective : SampleObjective
        Says family, floor and units.
    parts : Parts
        The rows; parts without rows are not usable.
    """

    def __init__(self, objective: SampleObjective, parts: Parts) -> None:
        self.objective, self.family, self.parts = objective, objective.family, parts
        self.mass = parts.mass
        total = np.repeat(np.where(self.mass > 0, self.mass, 1.0), parts.sizes)
        self.held = parts.rows.taken(EVERY, parts.weights / total)
        self.n_features = objective.measure.n_features

    def __len__(self) -> int:
        return len(self.parts.ends) - 1

    def rows(self, i: int) -> tuple[FloatArray, FloatArray]:
        """Return points and weights of a part; the weights sum to one."""
        own = self.place(i)
        return self.held.local(own), self.held.weights[own]

    def place(self, i: int) -> slice:
        """Return where the rows of a part stand among all."""
        return slice(int(self.parts.ends[i]), int(self.parts.ends[i + 1]))

    @cached_property
    def means(self) -> FloatArray:
        """Mean of each part, shape (p, d); zero where it has no rows."""
        found = np.zeros((len(self), self.n_features))
        for i in np.flatnonzero(self.parts.sizes):
            points, weights = self.rows(int(i))
            found[i] = weights @ points
        return found

    @property
    def whole(self) -> bool:
        """Whether covariances are whole matrices: of variances in many columns that would be all the work."""
        return self.family.kind.work(self.n_features) > self.n_features or not self.wide

    @property
    def wide(self) -> bool:
        """Whether there are many columns."""
        return self.n_features > EFFORT.moves.whole_columns

    @cached_property
    def scatter(self) -> FloatArray:
        """Covariance of each part, shape (p, d, d); its diagonal where nothing else is asked for."""
        found = np.zeros((len(self), self.n_features, self.n_features))
        for i in np.flatnonzero(self.parts.sizes):
            points, weights = self.rows(int(i))
            found[i] = self._pooled(points - self.means[i], weights)
        return found

    def _pooled(self, deviations: FloatArray, weights: FloatArray) -> FloatArray:
        return pooled(deviations, weights) if self.whole else np.diag(weights @ deviations**2)

    @cached_property
    def together(self) -> CovarianceKind:
        """How two components of a part begin: with one covariance, which keeps cores and halos away.

        Where that would be too much work, with their own.
        """
        return TIED if self.whole else self.family.kind

    @property
    def random_starts(self) -> int:
        """How many starts a part has, beside the one along its widest direction."""
        return EFFORT.moves.wide_random_starts if self.wide else EFFORT.moves.random_starts

    @cached_property
    def usable(self) -> BoolArray:
        """Which parts have enough rows for two components, and a covariance."""
        return (self.parts.sizes >= 2 * self.fewest_rows) & np.isfinite(self.single_value)

    @property
    def fewest_rows(self) -> int:
        """Rows that a component has to rest on for its gain to count."""
        return rows_for_covariance(self.family.kind.own, self.objective.measure.n_varying)

    @cached_property
    def single(self) -> FloatArray:
        """Covariance of the single component that fits each part best, as the family stores it, (p, ...)."""
        kind = self.family.kind.own
        smoothed = self.family.smoothed(self.scatter, self.mass)
        return self.family.relaxed(kind).lifted(kind.each_of(smoothed))[0]

    @cached_property
    def single_value(self) -> FloatArray:
        """Value of that component on the part, nats per unit mass of it; infinite where it is singular."""
        d = self.n_features
        with np.errstate(all="ignore"):
            if self.single.ndim == 3:
                sign, log_determinant = np.linalg.slogdet(self.single)
                log_determinant = np.where(sign > 0, log_determinant, np.nan)
                inverse = np.full_like(self.single, np.nan)
                inverse[sign > 0] = np.linalg.inv(self.single[sign > 0])
                distance = np.einsum("pij,pji->p", inverse, self.scatter)
            else:
                variances = np.broadcast_to(self.single.reshape(len(self), -1), (len(self), d))
                log_determinant = np.log(variances).sum(axis=1)
                distance = (np.diagonal(self.scatter, axis1=1, axis2=2) / variances).sum(axis=1)
            value = 0.5 * (d * np.log(2.0 * np.pi) + log_determinant + distance)
        sound = np.flatnonzero(np.isfinite(value) & (self.mass > 0))
        kind = self.family.kind.own
        value[sound] += self.family.relaxed(kind).penalties_of(self.single[sound]) / self.mass[sound]
        return np.where(np.isfinite(value), value, np.inf)

    def fitted(self, which: IntArray, starts: Small, solver: EM = ROUGH) -> tuple[Small, FloatArray]:
        """Return where EM leads from each start on the part `which` says, and the value there."""
        ranges = np.stack([self.parts.ends[which], self.parts.ends[which + 1]], axis=1)
        return ends_on_parts(solver, self.objective, self.held, ranges, self.mass[which], starts)

    def best_fitted(self, which: IntArray, starts: Small, most: int) -> tuple[IntArray, Small, FloatArray]:
        """Return where EM leads from the `most` starts of each part that a few iterations take lowest.

        With the part of each, by part and then by value.
        """
        begun, value = self.fitted(which, starts, SCREEN)
        kept = best_of_each(which, value, most)
        ends, value = self.fitted(which[kept], begun.chosen(kept))
        order = best_of_each(which[kept], value, most)
        return which[kept][order], ends.chosen(order), value[order]

    def around(self, which: IntArray, means: FloatArray, kind: CovarianceKind) -> Small:
        """Return starts around pairs of means (b, 2, d) of the parts `which` says, (b,).

        Rows count for the nearer mean; both components begin with the scatter about them.
        """
        matrices = np.empty((len(which), *self.scatter.shape[1:]))
        for at, i in enumerate(which):
            points, weights = self.rows(int(i))
            first, second = points - means[at, 0], points - means[at, 1]
            nearer = (first**2).sum(axis=1) <= (second**2).sum(axis=1)
            matrices[at] = self._pooled(np.where(nearer[:, None], first, second), weights)
        return pairs(np.full((len(which), 2), 0.5), means, matrices, self.family, kind)

    def starting_means(self, i: int, rng: np.random.Generator, n_random: int) -> FloatArray:
        """Return pairs of means (b, 2, d): along the widest direction, then random rows far apart."""
        points, weights = self.rows(i)
        mean, covariance = self.means[i], self.scatter[i]
        variance = np.diagonal(covariance)
        scale = np.sqrt(np.where(variance > 0, variance, 1.0))
        if self.whole:
            step = widest(covariance / scale / scale[:, None]) * scale
        else:
            step = widest_of_rows((points - mean) / scale, weights) * scale
        starts = [np.stack([mean - step, mean + step])]
        chances = np.cumsum(weights)
        for first in _drawn(chances, rng, n_random):
            far = np.cumsum(weights * (((points - points[first]) / scale) ** 2).sum(axis=1))
            if far[-1] > 0:
                starts.append(np.stack([points[first], points[_drawn(far, rng, 1)[0]]]))
        return np.stack(starts)


def widest(covariance: FloatArray) -> FloatArray:
    """Return the direction in which a covariance (d, d) is widest, one standard deviation long, (d,)."""
    d = len(covariance)
    if d <= EFFORT.moves.whole_columns:
        values, vectors = np.linalg.eigh(covariance)
        return np.sqrt(max(values[-1], 0.0)) * vectors[:, -1]
    start = covariance[:, int(np.argmax(np.square(covariance).sum(axis=0)))]
    return _by_power(lambda direction: covariance @ direction, start)


def widest_of_rows(rows: FloatArray, weights: FloatArray) -> FloatArray:
    """Return about the same of the rows' own covariance, which is not formed; rows (m, d) of mean zero."""
    start = rows[int(np.argmax(np.square(rows).sum(axis=1)))]
    return _by_power(lambda direction: (weights * (rows @ direction)) @ rows, start)


def _by_power(product: Callable[[FloatArray], FloatArray], direction: FloatArray) -> FloatArray:
    """The direction in which a covariance is about widest, by products with it: good enough for a start."""
    for _ in range(EFFORT.moves.power_steps):
        length = float(np.linalg.norm(direction))
        if length == 0.0:
            return direction
        direction = product(direction / length)
    return direction / np.sqrt(float(np.linalg.norm(direction)) or 1.0)


def pairs(
    weights: FloatArray, means: FloatArray, matrices: FloatArray, family: Family, kind: CovarianceKind
) -> Small:
    """Return pairs as starts; `matrices` (b, d, d) are shared, (b, 2, d, d) each component's own."""
    lifted = family.relaxed(kind.own).lifted
    if kind.shared:
        return Small(weights, means, lifted(matrices)[0], kind)
    each = matrices if matrices.ndim == 4 else np.repeat(matrices[:, None], 2, axis=1)
    b, d = len(means), means.shape[2]
    stored = kind.each_of(each.reshape(2 * b, d, d))
    return Small(weights, means, lifted(stored)[0].reshape(b, 2, *stored.shape[1:]), kind)


def joined(first: Small, second: Small) -> Small:
    """Return the mixtures of both, one behind the other."""
    return Small(
        np.concatenate([first.weights, second.weights]),
        np.concatenate([first.means, second.means]),
        np.concatenate([first.covariances, second.covariances]),
        first.kind,
    )


def best_of_each(which: IntArray, value: FloatArray, most: int) -> IntArray:
    """Return the `most` starts of each part that are lowest and ended anywhere, by part and then by value."""
    order = np.lexsort((value, which))
    order = order[np.isfinite(value[order])]
    sorted_parts = which[order]
    first = np.searchsorted(sorted_parts, sorted_parts)  # where each part begins
    return order[np.arange(len(order)) - first < most]


def pooled(deviations: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted scatter of deviations, exactly symmetric, shape (d, d)."""
    rooted = deviations * np.sqrt(weights)[:, None]
    return rooted.T @ rooted


def _drawn(running: FloatArray, rng: np.random.Generator, count: int) -> IntArray:
    """Rows drawn by their weights, of which these are the running sums."""
    drawn = np.searchsorted(running, running[-1] * rng.random(count), side="right")
    return np.minimum(drawn, len(running) - 1)
