"""Population: a known mixture as a measure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.measure.coordinates import Centred
from gmmscape.measure.divergence import divergence
from gmmscape.measure.estimate import Estimate
from gmmscape.measure.nodes import QuadratureRows, ReducedRows, log_density_and_derivatives, of_one_width
from gmmscape.measure.quadrature import Integrand, Rule, fitted_rule
from gmmscape.measure.sobol import SobolRule
from gmmscape.measure.span import View, basis_of, extended, joint_basis, rounding_length, spherical_deviations
from gmmscape.mixture import Mixture
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import choice, real_number


class Population(Centred):
    """The expectation under a known mixture, by quadrature with stated error.

    A fit of one spherical covariance sees a truth of spherical components only through the span of the
    differences of its means, of r <= min(d, k-1) dimensions, and that span is all that is integrated over
    (docs/integrals.md#more-dimensions). Other truths and fits are integrated over in all dimensions.

    Parameters
    ----------
    mixture : Mixture
        The truth.
    rtol : float, default=1e-10
        Accuracy asked of a value, relative to max(1, its size) in nats, and of derivatives with the
        fit's standard deviation as unit of length. Critical points are polished with a rule 1e5 times
        finer, because errors of positions are those of the gradient divided by the curvature. Trapezoid
        rules reach it in one dimension, mostly in two, and in three where boundaries between means are not
        sharp; Sobol rules take 2^12 points per component for 1e-6, 2^15 for 1e-10 and never more than 2^16,
        and reach 1e-3 to 1e-5. Whatever was reached is the stated error.
    rule : {"auto", "trapezoid", "sobol"}, default="auto"
        Quadrature rule; "auto" picks the trapezoid rule in up to three dimensions (of the span), and Sobol
        points with 16 scramblings of fixed seed beyond. The error of the first is measured by shifting its
        nodes, that of the second is three standard errors.

    Attributes
    ----------
    origin : ndarray of shape (d,)
        Coordinate-wise median center; computations run relative to it.

    Raises
    ------
    InvalidParameterError
        If mixture, rtol or rule is not usable.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> population = lab.Population(gs.Mixture.location([-3, 3, 12], sigma=1.0))
    >>> round(float(population.entropy), 6)
    2.514978
    """

    def __init__(self, mixture: Mixture, rtol: float = 1e-10, rule: str = "auto") -> None:
        if not isinstance(mixture, Mixture):
            raise InvalidParameterError.of("mixture", mixture, "pass a gmmscape.Mixture")
        narrowest = np.sqrt(np.linalg.eigvalsh(mixture.full_covariances()).min())
        with np.errstate(over="ignore"):
            extent = np.ptp(mixture.means, axis=0).max() / narrowest
        if extent > TOLERANCES.measure.farthest:
            raise InvalidParameterError(
                f"mixture has centers {extent:.3g} standard deviations apart: squares of that are not "
                "representable; leave the far ones out"
            )
        self.truth = mixture
        self.rtol = real_number("rtol", rtol)
        if self.rtol >= 1:
            raise InvalidParameterError.of("rtol", rtol, "pass a number below 1")
        self.rule = choice("rule", rule, ("auto", "trapezoid", "sobol"))
        self.n_features = mixture.n_features
        middle = (mixture.n_components - 1) // 2
        self.origin = np.sort(mixture.means, axis=0)[middle]
        self._local = self.local_mixture(mixture)
        self._unit = float(narrowest)
        self._taus = spherical_deviations(self._local)

    def rows(self, mixture: Mixture, rtol: float | None = None) -> QuadratureRows | ReducedRows:
        """Return a rule for expectations of log densities near a mixture.

        Parameters
        ----------
        mixture : Mixture
            In local coordinates (relative to `origin`).
        rtol : float, optional
            Accuracy; the population's own by default.

        Returns
        -------
        QuadratureRows or ReducedRows
            Weighted nodes, with error estimates.

        Raises
        ------
        NotAvailableError
            If a trapezoid rule is asked for in more than three dimensions.
        """
        tolerance = self.rtol if rtol is None else rtol
        if self.n_features > 1 and mixture.sigma is not None and self._taus is not None:
            return self._reduced(tolerance, mixture, None)
        return self._full(mixture, tolerance)

    def fixed_rows(self, rtol: float) -> QuadratureRows:
        """Return Sobol points in all dimensions, as data that serve any mixture.

        Parameters
        ----------
        rtol : float
            Sets the number of points, as `Population` says; such points do not reach it.

        Returns
        -------
        QuadratureRows
            For native loops over many starts.
        """
        rule = SobolRule.of_accuracy(self.n_features, rtol)
        return QuadratureRows(self._local, [rule] * self._local.n_components, self._unit)

    def roomy_rows(self, mixture: Mixture, rtol: float) -> QuadratureRows:
        """Return a rule in all dimensions, which serves means that go anywhere, unlike that of a span.

        Parameters
        ----------
        mixture : Mixture
            In local coordinates: what is to be resolved to `rtol`; other means are, where they are alike.
        rtol : float
            Accuracy.

        Returns
        -------
        QuadratureRows
            A tensor rule in at most three dimensions, Sobol points beyond.
        """
        return self._full(mixture, rtol)

    def rows_on_line(self, sigma: float, rtol: float) -> QuadratureRows:
        """Return a rule on a line for equal means anywhere between the outermost centers.

        Parameters
        ----------
        sigma : float
            Standard deviation of the fits.
        rtol : float
            Accuracy.

        Returns
        -------
        QuadratureRows
            Each center has a rule that resolves the sharpest boundary there: that of two means as far from
            it as the nearer end, and a little more.
        """
        places = self._local.means[:, 0]
        reach = np.minimum(places - places.min(), places.max() - places) + sigma
        pairs = [Mixture.location([x - r, x + r], sigma) for x, r in zip(places, reach, strict=True)]
        return self._full(lambda s: pairs[s], rtol)

    def _full(self, fit: Mixture | Callable[[int], Mixture], tolerance: float) -> QuadratureRows:
        """Rules in all dimensions for a fit, or for one that each component of the truth has of its own."""
        d, truth = self.n_features, self._local
        if self._by_sobol(d):
            return self.fixed_rows(tolerance)
        single = QuadratureRows(truth, [Rule((1.0,) * d)] * truth.n_components, self._unit)
        parts = range(truth.n_components)
        near = [_near(fit(s)) for s in parts] if callable(fit) else [_near(fit)] * len(parts)
        rules = [self._fitted(s, d, partial(single.placed, s), *near[s], tolerance) for s in parts]
        return QuadratureRows(truth, rules, self._unit)

    def _reduced(self, tolerance: float, mixture: Mixture, held: FloatArray | None) -> ReducedRows:
        """Rules in a span that serves a mixture; `held` is a basis that the means have just left."""
        truth = self._local
        length = rounding_length(mixture.means, truth.means)
        basis = basis_of(mixture.means - mixture.means.mean(axis=0), length)
        rules: list[Rule | SobolRule]
        if self._by_sobol(basis.shape[1]):
            # One span for all that the means will go through, so that a solver sees one finite sum.
            basis = joint_basis(truth, mixture)
            if held is not None:
                basis = extended(basis, held.T, length)
            rules = [SobolRule.of_accuracy(basis.shape[1], tolerance)] * truth.n_components
        else:
            view = View.of(truth, mixture, basis, self._unit)
            integrand = of_one_width(view.parameters, view.sigma)
            rules = [
                self._fitted(
                    s,
                    basis.shape[1],
                    partial(view.nodes, s),
                    integrand,
                    view.parameters,
                    view.sigma,
                    tolerance,
                )
                for s in range(truth.n_components)
            ]
        return ReducedRows(truth, rules, basis, self._unit, partial(self._reduced, tolerance))

    def _by_sobol(self, dimension: int) -> bool:
        if self.rule == "trapezoid" and dimension > EFFORT.measure.most_axes:
            raise NotAvailableError(
                f"rule='trapezoid': {dimension} dimensions are to be integrated over, and trapezoid rules "
                f"have at most {EFFORT.measure.most_axes}; choose rule='auto' or 'sobol'"
            )
        return dimension > EFFORT.measure.most_axes or (self.rule == "sobol" and dimension > 0)

    def _fitted(
        self,
        s: int,
        dimension: int,
        placed: Callable[[FloatArray], FloatArray],
        integrand: Integrand,
        parameters: engine.Parameters,
        sigma: float,
        tolerance: float,
    ) -> Rule:
        """Return a trapezoid rule for one component of the truth, which `placed` gives rows."""
        enough = tolerance / max(float(self._local.weights[s]), tolerance)
        z, w = Rule((1.0,) * dimension).nodes()
        rounding = engine.hold(placed(z), w).rounding(parameters)
        noise = np.array(rounding) * np.array([1.0, sigma, sigma * sigma])
        return fitted_rule(dimension, lambda z, w: integrand(placed(z), w), enough, tuple(noise.tolist()))

    def kl(
        self, mixture: Mixture, rtol: float | None = None, nll: Callable[[], Estimate] | None = None
    ) -> Estimate:
        """Return the Kullback-Leibler divergence from the truth to a mixture.

        Parameters
        ----------
        mixture : Mixture
            In local coordinates (relative to `origin`).
        rtol : float, optional
            Accuracy; the population's own by default.
        nll : callable, optional
            Returns the NLL of the mixture, where somebody has a rule of that accuracy for it.

        Returns
        -------
        Estimate
            In nats. Where few dimensions are needed the difference of the log densities is integrated, so
            that small values are not lost in the difference of two large ones; else it is the difference of
            `nll` and `entropy`, with the errors of both.
        """
        tolerance = self.rtol if rtol is None else rtol
        truth = self._local
        reduced = mixture.sigma is not None and truth.sigma is not None and self.n_features > 1
        basis = joint_basis(truth, mixture) if reduced else np.eye(self.n_features)
        few = basis.shape[1] < EFFORT.measure.most_axes and self.rule != "sobol"
        if few or basis.shape[1] == 0:
            return divergence(truth, mixture, basis, tolerance)
        # Rules along the means for one, along the centers for the other cost less than one for both.
        value = self._nll(mixture, tolerance) if nll is None else nll()
        apart = Estimate(float(value - self.entropy), value.error + self.entropy.error)
        if apart.error <= max(tolerance, TOLERANCES.measure.rounded * (1.0 + abs(float(value)))):
            return apart
        sobol = self.rule == "sobol" or basis.shape[1] > EFFORT.measure.most_axes
        together = divergence(truth, mixture, basis, tolerance, sobol=sobol)
        return min(apart, together, key=lambda estimate: estimate.error)

    def _nll(self, mixture: Mixture, tolerance: float) -> Estimate:
        rows = self.rows(mixture, tolerance)
        return Estimate(rows.nll(mixture), rows.errors(mixture).nll)

    @cached_property
    def entropy(self) -> Estimate:
        """NLL of the truth itself, in nats: the smallest value any fit can reach."""
        return self._nll(self._local, self.rtol)

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance matrix of the truth, shape (d, d)."""
        truth = self._local
        deviation = truth.means - truth.weights @ truth.means
        between = (deviation * truth.weights[:, None]).T @ deviation
        return np.einsum("k,kij->ij", truth.weights, truth.full_covariances()) + between

    @property
    def variance(self) -> FloatArray:
        """Variance of each coordinate of the truth, shape (d,)."""
        return np.diagonal(self.covariance)

    def __repr__(self) -> str:
        return f"Population({self.truth!r}, rtol={self.rtol:g})"


def _near(mixture: Mixture) -> tuple[Integrand, engine.Parameters, float]:
    """What a rule for expectations near a mixture has to resolve; its arrays; its smallest deviation."""
    sigma = float(np.sqrt(np.linalg.eigvalsh(mixture.full_covariances()).min()))
    return log_density_and_derivatives(mixture), mixture.parameters, sigma
