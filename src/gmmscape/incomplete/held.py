"""Rows with missing values as an engine holds them: each pattern of observed columns by itself.

Densities, responsibilities and statistics are those of the marginals in the observed columns. Statistics are
then completed: the expected mass, mean and scatter of all columns given what was observed, which make the
exact EM step where values are missing at random (Dempster, Laird and Rubin, J. R. Stat. Soc. B 39, 1977;
Ghahramani and Jordan, NIPS 6, 1994).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.covariances import CovarianceKind, kind_named
from gmmscape.covariances.conditioning import Conditioned
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.incomplete.information import information
from gmmscape.incomplete.patterns import Patterns
from gmmscape.statistics import Information, LocationDerivatives, ScoreMoments, SufficientStatistics
from gmmscape.threads import cached_property
from gmmscape.weights import Weights


def hold(X: engine.Rows, weights: Weights | None = None, origin: FloatArray | None = None) -> engine.Held:
    """Hand rows, complete or not, over to the engine that computes now; see `engine.hold`."""
    given = Weights.equal(max(len(X), 1)) if weights is None else weights
    return hold_with(engine.current(), X, given, origin)


def hold_with(
    computing: engine.Engine, X: engine.Rows, weights: Weights, origin: FloatArray | None = None
) -> engine.Held:
    """Hand rows over to an engine, by patterns where values are missing."""
    if np.isnan(X).any():
        return IncompleteRows(computing, X, weights, origin)
    return computing.hold(X, weights, origin)


class IncompleteRows(engine.HeldRows):
    """Rows in which NaN stands for what is missing; see `engine.Held` for what the methods return.

    The log density of a row is that of its observed columns, per unit^m for m of them, and 0 where there are
    none. Derivatives in means alone there are none; those of any family are NumPy's, so that EM is not
    followed by steps of a quadratic model.

    Parameters
    ----------
    computing : Engine
        Holds the rows of each pattern.
    X : ndarray of shape (n, d)
        Rows, float64 or float32; not copied.
    weights : Weights
        Of the rows.
    origin : ndarray of shape (d,), optional
        What is subtracted where rows are read.
    """

    def __init__(
        self, computing: engine.Engine, X: engine.Rows, weights: Weights, origin: FloatArray | None = None
    ) -> None:
        super().__init__(X, weights, origin)
        self._computing = computing

    @cached_property
    def patterns(self) -> Patterns:
        """The rows by the columns that are observed."""
        return Patterns.of(self.X)

    @cached_property
    def _parts(self) -> list[tuple[IntArray, IntArray, engine.Held | None]]:
        """Observed columns, rows, and these as held, of each pattern; None where all is missing."""
        found: list[tuple[IntArray, IntArray, engine.Held | None]] = []
        for observed, rows in zip(*self.patterns, strict=True):
            columns, held = np.flatnonzero(observed), None
            if len(columns):
                origin = None if self.origin is None else self.origin[columns]
                held = self._computing.hold(self.X[rows[:, None], columns], self.weights.taken(rows), origin)
            found.append((columns, rows, held))
        return found

    def statistics(self, parameters: engine.Parameters, scatter: str) -> SufficientStatistics:
        """Return the expected sufficient statistics of all columns, given what was observed.

        Cost of a pass, and O(k d^3) for each pattern where covariances are matrices.
        """
        kind = kind_named(parameters.kind)
        if scatter not in ("none", kind.name):
            whole = self.statistics(_as_full(parameters), "full")
            return _stored_as(whole, kind_named(scatter))
        parts = [
            self._completed(parameters, kind, scatter, slice(first, first + step))
            for step in [_together(parameters)]
            for first in range(0, len(self.patterns), step)
        ]
        masses, means, scatters = (np.concatenate(part) for part in zip(*(p[:3] for p in parts), strict=True))
        mass, mean, total = _merged(kind, scatter, parameters.means, masses, means, scatters)
        return SufficientStatistics(
            mass=mass,
            mean=mean,
            scatter=total,
            kind=scatter,
            log_likelihood=float(sum(part[3] for part in parts)),
            weight=float(self.weights.each.sum()),
        )

    def _completed(
        self, parameters: engine.Parameters, kind: CovarianceKind, scatter: str, some: slice
    ) -> tuple[FloatArray, FloatArray, FloatArray, float]:
        """Masses (p, k), expected means (p, k, d) and scatter (p, ...) of some patterns; log-likelihood."""
        k, d = parameters.means.shape
        given = kind.conditioned(parameters.factors, self.patterns.observed[some])
        p, value = len(self.patterns.rows[some]), 0.0
        masses, gaps, scatters = np.zeros((p, k)), np.zeros((p, k, d)), list[FloatArray]()
        for j, (columns, rows, held) in enumerate(self._parts[some]):
            if held is None:
                masses[j] = np.exp(parameters.log_weights) * float(self.weights[rows].sum())
                scatters.append(np.zeros(kind.shape(k, d)))
                continue
            found = held.statistics(_marginal(parameters, given, j, columns), scatter)
            masses[j], value = found.mass, value + found.log_likelihood
            gaps[j, :, columns] = (found.mean - parameters.means[:, columns]).T
            if found.scatter is not None:
                scatters.append(kind.embedded(found.scatter, columns, d))
        gaps[masses == 0.0] = 0.0
        means = parameters.means + given.expected(gaps)
        if scatter == "none":
            return masses, means, np.zeros((p, 0)), value
        return masses, means, given.completed(np.stack(scatters), masses), value

    def log_density(self, parameters: engine.Parameters) -> FloatArray:
        """Return the log density of the observed columns of each row, shape (n,)."""
        found = np.zeros(len(self.X))
        for rows, held, marginal in self._marginals(parameters):
            if held is not None:
                found[rows] = held.log_density(marginal)
        return found

    def responsibilities(self, parameters: engine.Parameters) -> FloatArray:
        """Return the posterior probability of each component at each row; its weight where all is missing."""
        found = np.tile(np.exp(parameters.log_weights), (len(self.X), 1))
        for rows, held, marginal in self._marginals(parameters):
            if held is not None:
                found[rows] = held.responsibilities(marginal)
        return found

    def covered(
        self, parameters: engine.Parameters, threshold: float
    ) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """Return component, row, responsibility and one less it, row after row."""
        parts = list[tuple[IntArray, IntArray, FloatArray, FloatArray]]()
        weights = np.exp(parameters.log_weights)
        for rows, held, marginal in self._marginals(parameters):
            if held is None:
                own = np.flatnonzero(weights >= threshold)
                component, at = np.tile(own, len(rows)), np.repeat(np.arange(len(rows)), len(own))
                parts.append((component, rows[at], weights[component], 1.0 - weights[component]))
                continue
            found = held.coverage(marginal, threshold)
            component = np.repeat(np.arange(len(weights)), np.diff(found.ends))
            parts.append((component, rows[found.row], found.posterior, found.rest))
        component, row, posterior, rest = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((component, row))
        return component[order], row[order], posterior[order], rest[order]

    def rounding(self, parameters: engine.Parameters, *, joint: bool = False) -> engine.Rounding:
        """Return estimated rounding errors: the sums of those of all patterns."""
        found = [
            held.rounding(marginal, joint=joint)
            for _, held, marginal in self._marginals(parameters)
            if held is not None
        ]
        return engine.Rounding(*(float(sum(part)) for part in zip(*found, strict=True)))

    def derivatives(self, parameters: engine.Parameters, *, hessian: bool) -> LocationDerivatives:
        """Raise NotAvailableError."""
        raise _no_derivatives()

    def joint_derivatives(self, parameters: engine.Parameters, *, hessian: bool) -> LocationDerivatives:
        """Raise NotAvailableError."""
        raise _no_derivatives()

    def information(self, parameters: engine.Parameters, scatter: str, *, missing: bool) -> Information:
        """Return moments of scores and, where asked for, the missing information: of labels and of values.

        By NumPy. Cost O(n k m^2) for m coordinates, times the number of missing columns.
        """
        return information(self.local, self.weights.each, parameters, scatter, missing=missing)

    def missing_product(
        self, parameters: engine.Parameters, scatter: str, direction: FloatArray
    ) -> ScoreMoments:
        """Raise NotAvailableError."""
        raise _no_derivatives()

    def em(self, task: engine.EmTask) -> engine.EmRuns | None:
        """Return where EM leads from each start, by the loop of the engine that holds the patterns.

        None where Python has to drive the iterations: where starts have rows of their own, or a row no value.
        """
        parts = [(columns, held) for columns, _, held in self._parts if isinstance(held, engine.HeldRows)]
        if task.ranges is not None or len(parts) < len(self._parts):
            return None
        return parts[0][1].em_of_patterns(self.X, parts, task)

    def taken(self, rows: Any, weights: FloatArray | None = None) -> Any:
        """Return some rows with their own weights or others."""
        own = self.weights.taken(rows) if weights is None else Weights.of(weights)
        taken = hold_with(self._computing, self.X[rows], own, self.origin)
        if isinstance(rows, slice) and rows == slice(None) and isinstance(taken, IncompleteRows):
            taken.patterns = self.patterns
        return taken

    def _marginals(self, parameters: engine.Parameters) -> Any:
        """Yield rows, held ones and the marginal of the mixture for each pattern."""
        kind, step = kind_named(parameters.kind), _together(parameters)
        for first in range(0, len(self.patterns), step):
            some = slice(first, first + step)
            given = kind.conditioned(parameters.factors, self.patterns.observed[some])
            for j, (columns, rows, held) in enumerate(self._parts[some]):
                yield rows, held, None if held is None else _marginal(parameters, given, j, columns)


def _together(parameters: engine.Parameters) -> int:
    """Patterns that are conditioned on at once."""
    d = parameters.means.shape[1]
    return max(1, EFFORT.measure.conditioned_together // (max(1, parameters.factors.size) * d))


def _marginal(
    parameters: engine.Parameters, given: Conditioned, j: int, columns: IntArray
) -> engine.Parameters:
    """The mixture in the observed columns of a pattern."""
    return parameters._replace(
        means=np.ascontiguousarray(parameters.means[:, columns]), factors=given.factors(j)
    )


def _merged(
    kind: CovarianceKind,
    scatter: str,
    about: FloatArray,
    masses: FloatArray,
    means: FloatArray,
    scatters: Any,
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Mass, mean and scatter of all patterns together, with the terms between their means."""
    mass = masses.sum(axis=0)
    share = np.divide(masses, mass, out=np.zeros_like(masses), where=mass > 0)
    mean = about + (share[..., None] * (means - about)).sum(axis=0)
    if scatter == "none":
        return mass, mean, None
    total = scatters.sum(axis=0)
    for own, at in zip(masses, means, strict=True):
        total = kind.merged_scatter(total, own, at - mean)
    return mass, mean, total


def _as_full(parameters: engine.Parameters) -> engine.Parameters:
    """The same mixture with a matrix for each component."""
    kind, (k, d) = kind_named(parameters.kind), parameters.means.shape
    factors = kind.matrices(parameters.factors, k, d).copy()
    return parameters._replace(kind="full", factors=factors)


def _stored_as(whole: SufficientStatistics, kind: CovarianceKind) -> SufficientStatistics:
    """The same statistics with the scatter of another kind."""
    assert whole.scatter is not None
    values, vectors = np.linalg.eigh(whole.scatter)
    roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    ones = np.ones(roots.shape[-1])
    scatter = kind.joined([kind.scatter(root.T, ones) for root in roots])
    return SufficientStatistics(
        whole.mass, whole.mean, scatter, kind.name, whole.log_likelihood, whole.weight
    )


def _no_derivatives() -> NotAvailableError:
    return NotAvailableError(
        "rows have missing values: derivatives in means alone, and products with the Hessian, are those of "
        "complete rows"
    )
