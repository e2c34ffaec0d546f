"""Rules of a population as weighted rows: in all dimensions, or in the span that a fit can see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray
from gmmscape.exceptions import NotAvailableError
from gmmscape.measure.estimate import Errors
from gmmscape.measure.quadrature import Integrand, Rule, Sums
from gmmscape.measure.rows import WeightedRows
from gmmscape.measure.sobol import SobolRule
from gmmscape.measure.span import View, contains, followed, rounding_length
from gmmscape.mixture import Mixture
from gmmscape.statistics import LocationDerivatives, SufficientStatistics
from gmmscape.tolerances import TOLERANCES

Rules = Sequence[Rule | SobolRule]


class QuadratureRows(WeightedRows):
    """The nodes of one rule per component of the truth, in all dimensions.

    The rules stay as they are while a solver works on them; `errors` says how well they serve a mixture.

    Parameters
    ----------
    truth : Mixture
        In local coordinates.
    rules : sequence of Rule or SobolRule
        One for each component, of d dimensions.
    unit : float
        See `WeightedRows`.
    """

    def __init__(self, truth: Mixture, rules: Rules, unit: float) -> None:
        self._rules = rules
        self._truth = truth
        self._roots = np.linalg.cholesky(truth.full_covariances())
        nodes = [rule.nodes() for rule in rules]
        points = np.concatenate([self.placed(s, z) for s, (z, _) in enumerate(nodes)])
        super().__init__(points, _weights(truth, nodes), unit, _resolution(rules))

    def placed(self, s: int, z: FloatArray) -> FloatArray:
        """Return rows of component s of the truth at standard nodes (n, d)."""
        return self._truth.means[s] + z @ self._roots[s].T

    def component_responsibilities(self, mixture: Mixture) -> FloatArray:
        """Return the mean responsibilities under each component of the truth, shape (k, k_star)."""
        columns = []
        for s, rule in enumerate(self._rules):
            z, w = rule.nodes()
            columns.append(engine.hold(self.placed(s, z), w).statistics(mixture.parameters, "none").mass)
        return np.stack(columns, axis=1)

    def component_responsibility_error(self, mixture: Mixture) -> float:
        """Return the largest measured error of `component_responsibilities`."""
        return max(
            rule.measured(
                lambda z, w, s=s: (
                    engine.hold(self.placed(s, z), w).statistics(mixture.parameters, "none").mass,
                )
            )[0]
            for s, rule in enumerate(self._rules)
        )

    def measured(self, integrand: Integrand) -> FloatArray:
        """Return the measured quadrature errors of the sums of an integrand of rows and weights."""
        each = [
            rule.measured(lambda z, w, s=s: integrand(self.placed(s, z), w))
            for s, rule in enumerate(self._rules)
        ]
        return self._truth.weights @ np.array(each)

    def errors(self, mixture: Mixture, *, joint: bool = False) -> Errors:
        """Return estimated errors at `mixture`: of the rule, and of rounding. `joint`: see `derivatives`."""
        sigma = float(np.sqrt(np.linalg.eigvalsh(mixture.full_covariances()).min()))
        integrand = log_density_and_derivatives(mixture, joint=joint)
        rule = self.measured(integrand) / np.array([1.0, sigma, sigma * sigma])
        if mixture.sigma is None:  # derivatives in the means are not measured then
            rule[1:] = np.inf
        rounding = super().errors(mixture, joint=joint)
        return Errors(*(float(a + b) for a, b in zip(rule, rounding, strict=True)))


class ReducedRows(WeightedRows):
    """Rules in the span of the differences of the means of a fit of one spherical covariance.

    The rules stay as they are while a solver works on them. Where the means leave the span, it is turned
    after them; where they need more dimensions than the rules have, rules are made anew for the mixture
    that needs them first. Rows are (Px, Q c_s): as data they give gradient and EM step, and `derivatives`,
    `statistics` and `nll` add what the dimensions left out contribute.

    Parameters
    ----------
    truth : Mixture
        In local coordinates, of spherical components.
    rules : sequence of Rule or SobolRule
        One for each component of the truth.
    basis : ndarray of shape (d, r)
        Orthonormal; where the nodes lie at the mixture that the rules were made for.
    unit : float
        See `WeightedRows`.
    wider : callable
        Takes a mixture that does not fit and the basis; returns rows that serve it.
    """

    def __init__(
        self,
        truth: Mixture,
        rules: Rules,
        basis: FloatArray,
        unit: float,
        wider: Callable[[Mixture, FloatArray], ReducedRows],
    ) -> None:
        self._truth = truth
        self._rules = rules
        self._basis = basis
        self._wider = wider
        self._widened: ReducedRows | None = None
        nodes = [rule.nodes() for rule in rules]
        self._component = np.repeat(np.arange(len(nodes)), [len(w) for _, w in nodes])
        standard = np.concatenate([z for z, _ in nodes])
        super().__init__(standard, _weights(truth, nodes), unit, _resolution(rules))

    @property
    def log_unit(self) -> float:
        """What to add to an NLL per unit^d to have it in the user's units of length."""
        return self._truth.n_features * float(np.log(self.unit))

    def in_memory(self) -> None:
        """Return None: nodes stand for expectations in more dimensions than they have."""

    def local(self, rows: Any) -> FloatArray:
        """Return some nodes, a slice or their numbers, in local coordinates, shape (m, d)."""
        component = self._component[rows]
        taus = np.sqrt(self._truth.full_covariances()[component, 0, 0])
        return self._truth.means[component] + (taus[:, None] * self.data[rows]) @ self._basis.T

    def statistics(self, mixture: Mixture, scatter: str) -> SufficientStatistics:
        """Return the sufficient statistics at `mixture` (local coordinates), without scatter."""
        if scatter != "none":
            raise NotAvailableError(
                "populations in more than one dimension serve fits whose covariances are fixed; draw a "
                "sample with mixture.sample and use gmmscape.lab.Sample"
            )
        rows, view = self.serving(mixture)
        at = engine.hold(rows._all_nodes(view), rows.weights).statistics(view.parameters, "none")
        f = view.frame.shape[1]
        mean = np.where(at.mass[:, None] > 0, view.middle + at.mean[:, :f] @ view.frame.T, mixture.means)
        value = view.value_beyond(self._truth.weights)
        return SufficientStatistics(at.mass, mean, None, "none", at.log_likelihood - value, at.weight)

    def derivatives(self, mixture: Mixture, *, hessian: bool, joint: bool = False) -> LocationDerivatives:
        """Return value and derivatives in the means; `joint` ones in sigma times the log weights as well."""
        rows, view = self.serving(mixture)
        nodes = engine.hold(rows._all_nodes(view), rows.weights)
        at = (nodes.joint_derivatives if joint else nodes.derivatives)(view.parameters, hessian=hessian)
        return view.lifted(at, view.value_beyond(self._truth.weights))

    def component_responsibilities(self, mixture: Mixture) -> FloatArray:
        """Return the mean responsibilities under each component of the truth, shape (k, k_star)."""
        rows, view = self.serving(mixture)
        columns = []
        for s, rule in enumerate(rows._rules):
            z, w = rule.nodes()
            columns.append(engine.hold(view.nodes(s, z), w).statistics(view.parameters, "none").mass)
        return np.stack(columns, axis=1)

    def component_responsibility_error(self, mixture: Mixture) -> float:
        """Return the largest measured error of `component_responsibilities`."""
        rows, view = self.serving(mixture)
        return max(
            rule.measured(
                lambda z, w, s=s: (engine.hold(view.nodes(s, z), w).statistics(view.parameters, "none").mass,)
            )[0]
            for s, rule in enumerate(rows._rules)
        )

    def errors(self, mixture: Mixture, *, joint: bool = False) -> Errors:
        """Return estimated errors at `mixture`: of the rule, and of rounding. `joint`: see `derivatives`."""
        rows, view = self.serving(mixture)

        def integrand(X: FloatArray, w: FloatArray) -> Sums:
            at = view.lifted(_derivatives(engine.hold(X, w), view.parameters, joint=joint))
            assert at.hessian is not None
            return np.array([at.nll]), at.gradient, at.hessian

        each = [
            rule.measured(lambda z, w, s=s: integrand(view.nodes(s, z), w))
            for s, rule in enumerate(rows._rules)
        ]
        rule = self._truth.weights @ np.array(each)
        nodes = engine.hold(rows._all_nodes(view), rows.weights)
        rounding = np.array(nodes.rounding(view.parameters, joint=joint))
        rounding[0] += 4 * np.finfo(np.float64).eps * abs(view.value_beyond(self._truth.weights))
        return Errors(*(rule + rounding).tolist())

    def serving(self, mixture: Mixture) -> tuple[ReducedRows, View]:
        """Return rows that serve a mixture, mostly these, and how they see it."""
        differences = mixture.means - mixture.means.mean(axis=0)
        tolerance = rounding_length(mixture.means, self._truth.means)
        basis: FloatArray | None = self._basis
        if not contains(self._basis, differences, tolerance):
            frozen = any(isinstance(rule, SobolRule) for rule in self._rules)
            basis = None if frozen else followed(self._basis, differences, tolerance)
        if basis is not None:
            return self, View.of(self._truth, mixture, basis, self.unit)
        if self._widened is None:
            self._widened = self._wider(mixture, self._basis)
        return self._widened.serving(mixture)

    def finer(self) -> ReducedRows:
        """Return the same with half the steps, or four times the Sobol points: for judging `errors`."""
        rules = [rule.finer() for rule in self._rules]
        return ReducedRows(self._truth, rules, self._basis, self.unit, self._wider)

    def _read(self, rows: Any) -> engine.Held:
        return engine.hold(self.local(rows))

    def _all_nodes(self, view: View) -> FloatArray:
        return np.concatenate([view.nodes(s, rule.nodes()[0]) for s, rule in enumerate(self._rules)])


def _weights(truth: Mixture, nodes: list[tuple[FloatArray, FloatArray]]) -> FloatArray:
    return np.concatenate([share * w for (_, w), share in zip(nodes, truth.weights, strict=True)])


def _resolution(rules: Rules) -> float:
    """Mass below which statistics mean nothing: less than a Sobol point, or the tails cut off."""
    points = [len(rule.nodes()[1]) for rule in rules if isinstance(rule, SobolRule)]
    return 1.0 / min(points) if points else 5 * TOLERANCES.measure.tail_mass


def log_density_and_derivatives(mixture: Mixture, *, joint: bool = False) -> Integrand:
    """Return what a rule for log densities near a mixture must resolve, as a function of rows and weights.

    That is the negative log density, its derivatives in the means, and the responsibilities, with the
    smallest standard deviation as unit of length. Where variances differ the second derivatives are left out:
    only mixtures whose means do not move are integrated then. `joint` derivatives are in the log weights too.
    """
    if mixture.sigma is None:
        return _of_different_widths(mixture)
    factors = np.full(mixture.n_components, 1.0 / mixture.sigma)
    parameters = mixture.parameters._replace(kind="spherical", factors=factors)
    return of_one_width(parameters, mixture.sigma, joint=joint)


def of_one_width(parameters: engine.Parameters, sigma: float, *, joint: bool = False) -> Integrand:
    """Return the same for parameters of one spherical covariance."""

    computing = engine.current()  # once, and not for each of many short integrals

    def integrand(X: FloatArray, w: FloatArray) -> Sums:
        at = _derivatives(computing.hold(X, engine.Weights.of(w)), parameters, joint=joint)
        assert at.hessian is not None
        slope = np.concatenate([at.mass, sigma * at.gradient.ravel()])
        return np.array([at.nll]), slope, sigma * (sigma * at.hessian)

    return integrand


def _derivatives(held: engine.Held, parameters: engine.Parameters, *, joint: bool) -> LocationDerivatives:
    return (held.joint_derivatives if joint else held.derivatives)(parameters, hessian=True)


def _of_different_widths(mixture: Mixture) -> Integrand:
    parameters = mixture.parameters
    precision = np.abs(parameters.factors).max()

    def integrand(X: FloatArray, w: FloatArray) -> Sums:
        at = engine.hold(X, w).statistics(parameters, "none")
        pull = precision * at.mass[:, None] * (at.mean - mixture.means)
        return np.array([at.log_likelihood]), np.concatenate([at.mass, pull.ravel()]), np.empty(0)

    return integrand
