"""HeldRows: rows that compute everything by NumPy, for engines to override what they do better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine import reference, reference_information
from gmmscape.engine.parameters import LOG_2PI, Parameters
from gmmscape.engine.protocol import Coverage, EmRuns, EmTask, Rounding, Rows, Truncation
from gmmscape.engine.rounding import largest_coordinate, reference_rounding
from gmmscape.statistics import Information, LocationDerivatives, ScoreMoments, SufficientStatistics
from gmmscape.threads import cached_property
from gmmscape.weights import Weights


class HeldRows:
    """Rows with their weights and an origin; see `protocol.Held` for what the methods return.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float64 or float32; not copied.
    weights : Weights
        Of the rows.
    origin : ndarray of shape (d,), optional
        What is subtracted where rows are read.
    """

    def __init__(self, X: Rows, weights: Weights, origin: FloatArray | None = None) -> None:
        self.X, self.weights, self.origin = X, weights, origin
        self._extended: tuple[float, HeldRows] | None = None

    @property
    def local(self) -> Any:
        """The rows less the origin; a copy, where there is one."""
        return self.X if self.origin is None else self.X - self.origin

    @cached_property
    def largest(self) -> float:
        """The largest local coordinate in absolute value."""
        return largest_coordinate(self.X, self.origin)

    def statistics(self, parameters: Parameters, scatter: str) -> SufficientStatistics:
        """Return the sufficient statistics at a mixture."""
        return reference.statistics(self.local, self.weights.each, parameters, scatter)

    def order(self, parameters: Parameters, scatter: str, truncation: Truncation) -> Any | None:
        """Return None: every row meets every component."""
        return None

    def ordered_statistics(self, parameters: Parameters, scatter: str, order: Any) -> SufficientStatistics:
        """Return the sufficient statistics at a mixture."""
        return self.statistics(parameters, scatter)

    def log_density(self, parameters: Parameters) -> FloatArray:
        """Return the log density of the mixture at each row, shape (n,)."""
        return reference.log_density(self.local, parameters)

    def responsibilities(self, parameters: Parameters) -> FloatArray:
        """Return the posterior probability of each component at each row, shape (n, k)."""
        return reference.responsibilities(self.local, parameters)

    def coverage(self, parameters: Parameters, threshold: float) -> Coverage:
        """Return the responsibilities that are at least `threshold`."""
        component, row, posterior, rest = self.covered(parameters, threshold)
        k = len(parameters.means)
        small = component.astype(np.uint16) if k <= 2**16 else component  # sorted by digits, not by comparing
        order = np.argsort(small, kind="stable")
        ends = np.concatenate([[0], np.cumsum(np.bincount(component, minlength=k))])
        return Coverage(ends, row[order], posterior[order], rest[order])

    def covered(
        self, parameters: Parameters, threshold: float
    ) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """Return component, row, responsibility and one less it, row after row."""
        return reference.covered(self.local, parameters, threshold)

    def nearest(self, parameters: Parameters) -> IntArray:
        """Return the component of largest joint density at each row, shape (n,)."""
        return reference.nearest(self.local, parameters)

    def derivatives(self, parameters: Parameters, *, hessian: bool) -> LocationDerivatives:
        """Return value, gradient and Hessian in the means, equal spherical covariances.

        With y_i = x - mean_i and psi the responsibilities (docs/mathematics.md#derivatives):
        grad_i = -E[psi_i y_i] / sigma^2,
        Hess_ij = E[psi_i psi_j y_i y_j'] / sigma^4 - [i=j] E[psi_i (y_i y_i' / sigma^4 - I / sigma^2)].

        Cost O(n k d) without and O(n k^2 d^2) with the Hessian.
        """
        return reference.location_derivatives(self.local, self.weights.each, parameters, hessian=hessian)

    def joint_derivatives(self, parameters: Parameters, *, hessian: bool) -> LocationDerivatives:
        """Return value, gradient and Hessian in the means and in sigma times the log weights.

        By component: gradient of shape (k, d+1), log weight last, and Hessian of k (d+1) rows and columns.

        Weights are pi_i = exp(eta_i) / sum_j exp(eta_j). With y_i and psi as in `derivatives`:
        dL/d eta_i = -(E psi_i - pi_i),
        d2L/d eta_i d eta_j = E[psi_i psi_j] - [i=j] E psi_i + [i=j] pi_i - pi_i pi_j,
        d2L/d mean_i d eta_j = (E[psi_i psi_j y_i] - [i=j] E[psi_i y_i]) / sigma^2.

        The expectations are those of `derivatives` with one more coordinate, in which every row lies sigma
        away from every mean: there y_i / sigma is one.
        """
        k, d = parameters.means.shape
        factor = float(parameters.factors[0])
        rows, extended = self._with_constant(parameters)
        at = rows.derivatives(extended, hessian=hessian)
        total = float(self.weights.each.sum())
        pi = np.exp(parameters.log_weights)
        nll = at.nll - total * (0.5 * LOG_2PI + 0.5 - float(np.log(factor * parameters.unit)))
        gradient = at.gradient.copy()
        gradient[:, d] += factor * total * pi
        if at.hessian is None:
            return LocationDerivatives(nll, gradient, None, at.mass)
        second = at.hessian.reshape(k, d + 1, k, d + 1).copy()
        spread = np.diag(total * pi - at.mass) - total * np.outer(pi, pi)
        second[:, d, :, d] += factor * (factor * spread)
        return LocationDerivatives(nll, gradient, second.reshape(at.hessian.shape), at.mass)

    def information(self, parameters: Parameters, scatter: str, *, missing: bool) -> Information:
        """Return moments of scores and, where asked for, the missing information."""
        return reference_information.information(
            self.local, self.weights.each, parameters, scatter, missing=missing
        )

    def missing_product(self, parameters: Parameters, scatter: str, direction: FloatArray) -> ScoreMoments:
        """Return the missing information times a direction, as moments of y."""
        return reference_information.missing_product(
            self.local, self.weights.each, parameters, scatter, direction
        )

    def rounding(self, parameters: Parameters, *, joint: bool = False) -> Rounding:
        """Return estimated rounding errors of the value and of its derivatives in the means.

        First order: coordinates are rounded relative to the largest, which moves a distance of m standard
        deviations by eps * length / sigma; squared distances by eps * m^2 besides. Log densities err by the
        responsibility-weighted average of that. Responsibilities err by it times psi (1 - psi), so that far
        rows matter where two components compete for them.

        Cost O(n k d), or O(n k d^2) for full and tied covariances.
        """
        if joint:
            rows, parameters = self._with_constant(parameters)
            return rows.rounding(parameters)
        return reference_rounding(self.local, self.weights.each, parameters)

    def em(self, task: EmTask) -> EmRuns | None:
        """Return None: Python drives the iterations."""
        return None

    def em_of_patterns(
        self, X: Rows, parts: Sequence[tuple[IntArray, HeldRows]], task: EmTask
    ) -> EmRuns | None:
        """Return where EM leads on rows with missing values, or None: Python drives the iterations.

        Parameters
        ----------
        X : ndarray of shape (n, d)
            All rows, NaN where values are missing.
        parts : sequence of (ndarray of int, HeldRows)
            Columns that are observed, ascending, and the rows in which they are: each row once. One of these
            is asked.
        task : EmTask
            The starts; without ranges.

        Returns
        -------
        EmRuns or None
            Where each start led.
        """
        return None

    def taken(self, rows: Any, weights: FloatArray | None = None) -> HeldRows:
        """Return some rows with their own weights or others."""
        own = self.weights.taken(rows) if weights is None else Weights.of(weights)
        return type(self)(self.X[rows], own, self.origin)

    def _with_constant(self, parameters: Parameters) -> tuple[HeldRows, Parameters]:
        """The rows and parameters with one more coordinate: sigma in rows, 0 in means."""
        sigma = 1.0 / float(parameters.factors[0])
        if self._extended is None or self._extended[0] != sigma:
            X = np.column_stack([self.local, np.full(len(self.X), sigma)])
            self._extended = (sigma, self._of_this_kind(X))
        means = np.column_stack([parameters.means, np.zeros(len(parameters.means))])
        return self._extended[1], parameters._replace(means=means)

    def _of_this_kind(self, X: Rows) -> HeldRows:
        """Other coordinates of the same rows, held by the same engine."""
        return type(self)(X, self.weights)


class ReferenceEngine:
    """NumPy alone: written to be read, and what the others are tested against."""

    name = "reference"
    isa = None

    def hold(self, X: Rows, weights: Weights, origin: FloatArray | None = None) -> HeldRows:
        """Return rows with their weights."""
        return HeldRows(X, weights, origin)
