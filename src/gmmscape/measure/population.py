"""Population: a known mixture as a measure (one dimension)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.measure.estimate import Errors, Estimate
from gmmscape.measure.quadrature import TAIL_MASS, Integrand, Rule, Sums, fitted_rule
from gmmscape.measure.rows import WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.validation import choice, real_number

#: Centers farther apart than this, in standard deviations, leave float64 when distances are squared.
FARTHEST = 1e150


class QuadratureRows(WeightedRows):
    """The nodes of one trapezoid rule per component of the truth.

    The rules stay as they are while a solver works on them; `errors` says how well they serve a mixture.

    Parameters
    ----------
    rules : sequence of Rule
        One for each component, in local coordinates.
    shares : ndarray of shape (k_star,)
        Weights of the components.
    unit : float
        See `WeightedRows`.
    """

    def __init__(self, rules: Sequence[Rule], shares: FloatArray, unit: float) -> None:
        self._rules = rules
        self._shares = shares
        parts = [rule.nodes() for rule in rules]
        points = np.concatenate([x for x, _ in parts])[:, None]
        weights = np.concatenate([share * w for (_, w), share in zip(parts, shares, strict=True)])
        super().__init__(points, weights, unit, 5 * TAIL_MASS)

    def component_responsibilities(self, mixture: Mixture) -> FloatArray:
        """Return the mean responsibilities under each component of the truth, shape (k, k_star)."""
        columns = []
        for rule in self._rules:
            x, w = rule.nodes()
            columns.append(engine.statistics(x[:, None], w, mixture.parameters, "none").mass)
        return np.stack(columns, axis=1)

    def measured(self, integrand: Integrand) -> FloatArray:
        """Return the measured quadrature errors of the sums of an integrand."""
        return self._shares @ np.array([rule.measured(integrand) for rule in self._rules])

    def errors(self, mixture: Mixture) -> Errors:
        """Return estimated errors at `mixture`: of the rule, and of rounding."""
        sigma = float(np.sqrt(mixture.full_covariances().min()))
        rule = self.measured(log_density_and_derivatives(mixture)) / np.array([1.0, sigma, sigma * sigma])
        if mixture.sigma is None:  # derivatives in the means are not measured then
            rule[1:] = np.inf
        return Errors(*(float(a + b) for a, b in zip(rule, super().errors(mixture), strict=True)))


def log_density_and_derivatives(mixture: Mixture) -> Integrand:
    """Return what a rule for log densities near a mixture must resolve.

    That is the negative log density, its derivatives in the means, and the responsibilities, with the
    smallest standard deviation as unit of length. Where variances differ the second derivatives are left out:
    only mixtures whose means do not move are integrated then.
    """
    return _of_different_widths(mixture) if mixture.sigma is None else _of_one_width(mixture, mixture.sigma)


def _of_one_width(mixture: Mixture, sigma: float) -> Integrand:
    factors = np.full(mixture.n_components, 1.0 / sigma)
    parameters = mixture.parameters._replace(kind="spherical", factors=factors)

    def integrand(x: FloatArray, w: FloatArray) -> Sums:
        at = engine.location_derivatives(x[:, None], w, parameters, hessian=True)
        assert at.hessian is not None
        slope = np.concatenate([at.mass, sigma * at.gradient[:, 0]])
        return np.array([at.nll]), slope, sigma * (sigma * at.hessian)

    return integrand


def _of_different_widths(mixture: Mixture) -> Integrand:
    parameters = mixture.parameters
    precision = np.abs(parameters.factors).max()

    def integrand(x: FloatArray, w: FloatArray) -> Sums:
        at = engine.statistics(x[:, None], w, parameters, "none")
        pull = precision * at.mass * (at.mean - mixture.means)[:, 0]
        return np.array([at.log_likelihood]), np.concatenate([at.mass, pull]), np.empty(0)

    return integrand


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
        with np.errstate(over="ignore"):
            extent = np.ptp(mixture.means) / np.sqrt(mixture.full_covariances().min())
        if extent > FARTHEST:
            raise InvalidParameterError(
                f"mixture has centers {extent:.3g} standard deviations apart: squares of that are not "
                "representable; leave the far ones out"
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
        return self._fitted(log_density_and_derivatives(mixture), [mixture], rtol)

    def _fitted(
        self, integrand: Integrand, mixtures: Sequence[Mixture], rtol: float | None
    ) -> QuadratureRows:
        """Return rules that resolve an integrand made of the log densities of some mixtures."""
        tolerance = self.rtol if rtol is None else rtol
        truth = self._local
        taus = np.sqrt(truth.full_covariances()[:, 0, 0])
        rules = []
        for center, tau, share in zip(truth.means[:, 0], taus, truth.weights, strict=True):
            enough = tolerance / max(share, tolerance)
            noise = np.sum([_noise(float(center), float(tau), mixture) for mixture in mixtures], axis=0)
            rules.append(fitted_rule(float(center), float(tau), integrand, enough, tuple(noise)))
        return QuadratureRows(rules, truth.weights, float(taus.min()))

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
        truth = self._local

        def integrand(x: FloatArray, w: FloatArray) -> Sums:
            ours, theirs = (engine.log_density(x[:, None], m.parameters) for m in (truth, mixture))
            return np.array([w @ (ours - theirs)]), np.empty(0), np.empty(0)

        rows = self._fitted(integrand, [truth, mixture], rtol)
        difference = rows.log_densities(truth) - rows.log_densities(mixture)
        rounding = sum(WeightedRows.errors(rows, m).nll for m in (truth, mixture))
        error = rows.measured(integrand)[0] + rounding
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


def _noise(center: float, tau: float, mixture: Mixture) -> FloatArray:
    """Rounding errors of the integrand of `log_density_and_derivatives` under one component."""
    x, w = Rule(center, tau, tau).nodes()
    sigma = float(np.sqrt(mixture.full_covariances().min()))
    return np.array(engine.rounding(x[:, None], w, mixture.parameters)) * np.array(
        [1.0, sigma, sigma * sigma]
    )
