"""Population: a known mixture as a measure (one dimension)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.measure import quadrature
from gmmscape.measure.estimate import Errors, Estimate
from gmmscape.measure.rows import WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.validation import choice, real_number


class QuadratureRows(WeightedRows):
    """The nodes of one trapezoid rule per component of the truth.

    The rule stays as it is while a solver works on it; `errors` says how well it serves a mixture.

    Parameters
    ----------
    truth : Mixture
        In local coordinates.
    steps : ndarray of shape (k_star,)
        Step of the rule of each component.
    """

    def __init__(self, truth: Mixture, steps: FloatArray) -> None:
        self._centers = truth.means[:, 0]
        self._taus = np.sqrt(truth.full_covariances()[:, 0, 0])
        self._shares = truth.weights
        self._steps = steps
        rules = [quadrature.nodes(*rule) for rule in zip(self._centers, self._taus, steps, strict=True)]
        points = np.concatenate([x for x, _ in rules])[:, None]
        weights = np.concatenate([w * share for (_, w), share in zip(rules, self._shares, strict=True)])
        super().__init__(points, weights, float(self._taus.min()), 5 * quadrature.TAIL_MASS)
        self._rules = rules

    def component_responsibilities(self, mixture: Mixture) -> FloatArray:
        """Return the mean responsibilities under each component of the truth, shape (k, k_star)."""
        columns = [engine.statistics(x[:, None], w, mixture.parameters, "none").mass for x, w in self._rules]
        return np.stack(columns, axis=1)

    def errors(self, mixture: Mixture) -> Errors:
        """Return estimated errors at `mixture`: of the rule, and of rounding."""
        rounding = super().errors(mixture)
        singular = quadrature.singularities(mixture)
        rule = [
            np.concatenate(quadrature.rule_error(np.array([h]), float(c), float(tau), singular))
            for h, c, tau in zip(self._steps, self._centers, self._taus, strict=True)
        ]
        total = self._shares @ np.array(rule)
        return Errors(*(float(t + r) for t, r in zip(total, rounding, strict=True)))


class Population:
    """The expectation under a known one-dimensional mixture, by quadrature with stated error.

    Parameters
    ----------
    mixture : Mixture
        The truth.
    rtol : float, default=1e-10
        Accuracy asked of a value, relative to max(1, its size) in nats, and of derivatives with the
        fit's standard deviation as unit of length. Critical points are polished with a rule 1e5 times
        finer, because errors of positions are those of the gradient divided by the curvature.
    rule : {"auto", "trapezoid"}, default="auto"
        Quadrature rule; "auto" picks the trapezoid rule in one dimension.

    Attributes
    ----------
    origin : ndarray of shape (1,)
        Coordinate-wise median center; computations run relative to it.

    Raises
    ------
    NotAvailableError
        If the mixture has more than one dimension.
    InvalidParameterError
        If rtol or rule is not usable.

    Examples
    --------
    >>> import gmmscape as gs
    >>> population = gs.Population(gs.Mixture.location([-3, 3, 12], sigma=1.0))
    >>> round(float(population.entropy), 6)
    2.514978
    """

    def __init__(self, mixture: Mixture, rtol: float = 1e-10, rule: str = "auto") -> None:
        if not isinstance(mixture, Mixture):
            raise InvalidParameterError.of("mixture", mixture, "pass a gmmscape.Mixture")
        if mixture.n_features != 1:
            raise NotAvailableError(
                f"mixture has {mixture.n_features} dimensions: populations are one-dimensional in this "
                "version; draw a sample with mixture.sample and use gmmscape.Sample"
            )
        self.truth = mixture
        self.rtol = real_number("rtol", rtol)
        if self.rtol >= 1:
            raise InvalidParameterError.of("rtol", rtol, "pass a number below 1")
        self.rule = choice("rule", rule, ("auto", "trapezoid"))
        self.n_features = 1
        middle = (mixture.n_components - 1) // 2
        self.origin = np.sort(mixture.means, axis=0)[middle]
        self._local = mixture.shifted(-self.origin)

    def rows(self, mixture: Mixture, rtol: float | None = None) -> QuadratureRows:
        """Return a rule for expectations of log densities near a mixture.

        Parameters
        ----------
        mixture : Mixture
            In local coordinates (relative to `origin`).
        rtol : float, optional
            Accuracy; the population's own by default.

        Returns
        -------
        QuadratureRows
            Weighted nodes, with error estimates.
        """
        return self._rule([quadrature.singularities(mixture)], rtol)

    def _rule(self, singular: list[quadrature.Singularities], rtol: float | None) -> QuadratureRows:
        tolerance = self.rtol if rtol is None else rtol
        taus = np.sqrt(self._local.full_covariances()[:, 0, 0])
        steps = [
            min(quadrature.choose_step(float(c), float(tau), s, tolerance) for s in singular)
            for c, tau in zip(self._local.means[:, 0], taus, strict=True)
        ]
        return QuadratureRows(self._local, np.array(steps))

    def kl(self, mixture: Mixture, rtol: float | None = None) -> Estimate:
        """Return the Kullback-Leibler divergence from the truth to a mixture.

        Parameters
        ----------
        mixture : Mixture
            In local coordinates (relative to `origin`).
        rtol : float, optional
            Accuracy; the population's own by default.

        Returns
        -------
        Estimate
            In nats. The difference of the log densities is integrated, so that small values are not
            lost in the difference of two large ones.
        """
        own = quadrature.singularities(self._local)
        rows = self._rule([quadrature.singularities(mixture), own], rtol)
        difference = rows.log_densities(self._local) - rows.log_densities(mixture)
        error = rows.errors(mixture).nll + rows.errors(self._local).nll
        return Estimate(float(rows.weights @ difference), error)

    @cached_property
    def entropy(self) -> Estimate:
        """NLL of the truth itself, in nats: the smallest value any fit can reach."""
        rows = self.rows(self._local)
        value = rows.log_unit - float(rows.weights @ rows.log_densities(self._local))
        return Estimate(value, rows.errors(self._local).nll)

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance matrix of the truth, shape (1, 1)."""
        truth = self._local
        deviation = truth.means - truth.weights @ truth.means
        between = (deviation * truth.weights[:, None]).T @ deviation
        return np.einsum("k,kij->ij", truth.weights, truth.full_covariances()) + between

    @property
    def variance(self) -> FloatArray:
        """Variance of each coordinate of the truth, shape (1,)."""
        return np.diagonal(self.covariance)

    def __repr__(self) -> str:
        return f"Population({self.truth!r}, rtol={self.rtol:g})"
