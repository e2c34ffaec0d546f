"""The small problems that proposals are found on: parts of the rows, for one or two components each."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.covariances import TIED, CovarianceKind
from gmmscape.effort import EFFORT
from gmmscape.measure import EVERY
from gmmscape.moves.component_rows import Parts
from gmmscape.moves.degeneracy import rows_for_covariance
from gmmscape.objective import SampleObjective
from gmmscape.solve import EM, Small, ends_on_parts
from gmmscape.threads import cached_property

#: A proposal has to be near its optimum only: it is judged on all rows, after EM on everything.
ROUGH = EM(tol=1e-2, max_iter=40)
#: Tells which of several starts on a part are worth going on with.
SCREEN = EM(tol=1e-2, max_iter=6, second_order=False)
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
    def _moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean and covariance of each part; zero where it has no rows."""
        d = self.n_features
        means, scatter = np.zeros((len(self), d)), np.zeros((len(self), d, d))
        for i in np.flatnonzero(self.parts.sizes).tolist():
            points, weights = self.rows(i)
            means[i] = weights @ points
            deviations = points - means[i]
            if self.whole:
                deviations *= np.sqrt(weights)[:, None]
                scatter[i] = deviations.T @ deviations  # of one array, and so exactly symmetric
            else:
                scatter[i] = np.diag(weights @ deviations**2)
        return means, scatter

    @property
    def means(self) -> FloatArray:
        """Mean of each part, shape (p, d); zero where it has no rows."""
        return self._moments[0]

    @property
    def whole(self) -> bool:
        """Whether covariances are whole matrices: of variances in many columns that would be all the work."""
        return self.family.kind.work(self.n_features) > self.n_features or not self.wide

    @property
    def wide(self) -> bool:
        """Whether there are many columns."""
        return self.n_features > EFFORT.moves.whole_columns

    @property
    def scatter(self) -> FloatArray:
        """Covariance of each part, shape (p, d, d); its diagonal where nothing else is asked for."""
        return self._moments[1]

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
        return self._enough & np.isfinite(self.single_value) if self._enough.any() else self._enough

    @property
    def _enough(self) -> BoolArray:
        """Which parts have enough rows for two components."""
        return self.parts.sizes >= 2 * self.fewest_rows

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
        """Value of that component on the part, nats per unit mass of it; infinite where it is singular, or
        the part has too few rows to be split."""
        d = self.n_features
        with np.errstate(all="ignore"):
            if self.single.ndim == 3:
                sign, log_determinant = np.linalg.slogdet(self.single)
                log_determinant = np.where(sign > 0, log_determinant, np.nan)
                inverse = np.full_like(self.single, np.nan)
                asked = (sign > 0) & self._enough
                inverse[asked] = np.linalg.inv(self.single[asked])
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
