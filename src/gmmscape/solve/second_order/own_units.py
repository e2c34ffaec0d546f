"""Coordinates about a mixture in which every component has its own units."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import SCORES
from gmmscape.families import Family
from gmmscape.mixture import Mixture
from gmmscape.statistics import Information, ScoreMoments, SufficientStatistics
from gmmscape.threads import cached_property


class OwnUnits:
    """Coordinates of a family about a mixture (docs/mathematics.md#own-units).

    Of each component: the logarithm of its weight, up to a common factor; its mean, in its own standard
    deviations; a triangular matrix that multiplies these on. Each is divided by the root of the information
    that complete data would have of it, so that the Hessian of the NLL is at most the identity where EM
    stands still, and EM a gradient step. Linear maps of the data change nothing.

    Parameters
    ----------
    family : Family
        With `scores`: of a whole kind.
    mixture : Mixture
        Zero of the coordinates; local ones of the rows.
    """

    def __init__(self, family: Family, mixture: Mixture) -> None:
        assert family.scores is not None
        self.family, self.mixture = family, mixture
        self.scores = SCORES[family.scores]
        self.k, self.d = mixture.means.shape
        q = self.scores.size(self.d)
        self.own = 1 + self.d + (0 if self.scores.shared else q)
        self.size = self.k * self.own + (q if self.scores.shared else 0)

    @cached_property
    def scale(self) -> FloatArray:
        """Roots of the information of complete data, shape (m,); one for weights that are known."""
        weights = np.maximum(self.mixture.weights, np.finfo(np.float64).tiny)
        held = weights + self._prior_mass
        inner = self.scores.information(held if not self.scores.shared else weights, self.d)
        own = [weights[:, None] if self.family.weighted else np.ones((self.k, 1))]
        own.append(np.repeat(weights[:, None], self.d, axis=1))
        return np.sqrt(self._joined([*own, inner]))

    @property
    def _prior_mass(self) -> float:
        return 0.0 if self.family.prior is None else self.family.prior.mass

    @property
    def prior_information(self) -> FloatArray:
        """What the prior's rows tell of each coordinate, shape (m,)."""
        inner = self.scores.information(self._prior_masses, self.d)
        weights, means = np.zeros((self.k, 1)), np.zeros((self.k, self.d))
        return self._joined([weights, means, inner]) / np.square(self.scale)

    @cached_property
    def gauge(self) -> FloatArray | None:
        """The direction that changes nothing, all weights by one factor, of length one; None if known."""
        if not self.family.weighted:
            return None
        direction = self._joined(
            [np.sqrt(self.mixture.weights)[:, None], np.zeros((self.k, self.d)), self._no_covariance]
        )
        return direction / np.linalg.norm(direction)

    @cached_property
    def free(self) -> BoolArray:
        """Which coordinates are free, shape (m,): not the weights where they are known."""
        weights = np.full((self.k, 1), 1.0 if self.family.weighted else 0.0)
        rest = np.ones((self.k, self.d)), self._no_covariance + 1.0
        return self._joined([weights, *rest]) > 0

    @property
    def _no_covariance(self) -> FloatArray:
        q = self.scores.size(self.d)
        return np.zeros(q) if self.scores.shared else np.zeros((self.k, q))

    def _joined(self, parts: list[FloatArray]) -> FloatArray:
        """Weights (k, 1), means (k, d) and covariances as one vector."""
        weights, means, covariances = parts
        if self.scores.shared:
            return np.concatenate([np.concatenate([weights, means], axis=1).ravel(), covariances])
        return np.concatenate([weights, means, covariances], axis=1).ravel()

    def _parts(self, vector: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        own = vector[: self.k * self.own].reshape(self.k, self.own)
        shared = vector[self.k * self.own :]
        return own[:, 0], own[:, 1 : 1 + self.d], shared if self.scores.shared else own[:, 1 + self.d :]

    def _sums(self, moments: ScoreMoments) -> FloatArray:
        """Sums of scores."""
        covariances = self.scores.sums(moments.mass, moments.second, self.d)
        return self._joined([moments.mass[:, None], moments.first, covariances])

    def moments(self, statistics: SufficientStatistics) -> ScoreMoments:
        """Return the moments of y from the statistics of a pass at the mixture."""
        at, mass = self.mixture, statistics.mass
        gaps = np.where(mass[:, None] > 0, statistics.mean - at.means, 0.0)
        first = at.kind.scaled_each(gaps, at.parameters.factors)
        return ScoreMoments(
            log_likelihood=statistics.log_likelihood,
            weight=statistics.weight,
            mass=mass,
            first=mass[:, None] * first,
            second=self.scores.second_about(statistics.scatter, mass, first, at.parameters.factors),
        )

    def gradient(self, moments: ScoreMoments) -> FloatArray:
        """Return the gradient of NLL and penalty, shape (m,), by Fisher's identity."""
        slope = -self._sums(moments)
        weights, _, covariances = self._parts(slope)
        if self.family.weighted:
            weights += moments.weight * self.mixture.weights
        if self.scores.size(self.d) and self.family.prior is not None:
            covariances -= self.scores.sums(self._prior_masses, self._prior_second, self.d)
        return np.where(self.free, slope / self.scale, 0.0)

    @property
    def _prior_masses(self) -> FloatArray:
        prior = self._prior_mass
        return np.array([prior]) if self.scores.shared else np.full(self.k, prior)

    @cached_property
    def _prior_second(self) -> FloatArray:
        """Second moments of the prior's rows."""
        prior = self.family.prior
        assert prior is not None
        return prior.mass * self.scores.second_of(prior.scale, self.mixture.parameters.factors)

    def hessian(self, information: Information) -> FloatArray:
        """Return the Hessian of NLL and penalty, shape (m, m); zero where coordinates are not free."""
        assert information.missing is not None
        bend = -information.missing
        self._add_complete(bend, information.moments)
        bend /= self.scale[:, None]
        bend /= self.scale
        if not self.family.weighted:
            bend[~self.free] = 0.0
            bend[:, ~self.free] = 0.0
        return bend

    def _add_complete(self, bend: FloatArray, moments: ScoreMoments) -> None:
        """Add the second derivatives of the complete data's NLL, of the penalty, and of the weights' sum."""
        k, d, own = self.k, self.d, self.own
        across, within = self._blocks(moments)
        starts = np.arange(k) * own
        if self.family.weighted:
            pi = self.mixture.weights
            bend[starts[:, None], starts] += moments.weight * (np.diag(pi) - np.outer(pi, pi))
        means = starts[:, None] + 1 + np.arange(d)
        bend[means, means] += moments.mass[:, None]
        q = self.scores.size(d)
        shared = np.arange(k * own, k * own + q)
        for i in range(k):
            columns = shared if self.scores.shared else starts[i] + 1 + d + np.arange(q)
            bend[means[i][:, None], columns] += across[i]
            bend[columns[:, None], means[i]] += across[i].T
            if q and not self.scores.shared:
                bend[columns[:, None], columns] += within[i]
        if self.scores.shared:
            bend[shared[:, None], shared] += within

    def _blocks(self, moments: ScoreMoments) -> tuple[FloatArray, FloatArray]:
        second = moments.second
        if self.scores.size(self.d) and self.family.prior is not None:
            second = second + self._prior_second
        return self.scores.across(moments.first), self.scores.within(second, self.d)

    def product(self, moments: ScoreMoments, vector: FloatArray, missing: ScoreMoments) -> FloatArray:
        """Return the Hessian times a vector (m,), and what it has along the gauge.

        `missing` are the moments of the missing information times `direction` of the vector.
        """
        weights, means, covariances = self._parts(self.direction(vector))
        across, within = self._blocks(moments)
        turned = moments.mass[:, None] * means
        inner = covariances
        if self.scores.shared:
            turned = turned + across @ covariances
            inner = np.einsum("kdq,kd->q", across, means) + within @ covariances
        elif covariances.size:
            turned = turned + np.einsum("kdq,kq->kd", across, covariances)
            inner = np.einsum("kdq,kd->kq", across, means) + np.einsum("kpq,kq->kp", within, covariances)
        pi = self.mixture.weights
        shares = moments.weight * pi * (weights - pi @ weights) if self.family.weighted else 0.0 * weights
        image = (self._joined([shares[:, None], turned, inner]) - self._sums(missing)) / self.scale
        if self.gauge is not None:
            return image + self.gauge * (self.gauge @ vector)
        return np.where(self.free, image, 0.0)

    def direction(self, vector: FloatArray) -> FloatArray:
        """Return a vector as the missing information is multiplied by it."""
        return np.where(self.free, vector, 0.0) / self.scale

    def moved(self, step: FloatArray) -> Mixture:
        """Return the mixture at these coordinates, brought into the family.

        Raises InvalidParameterError where they do not make one: a step that is far too long.
        """
        weights, means, covariances = self._parts(np.where(self.free, step, 0.0) / self.scale)
        at = self.mixture
        pi = at.weights
        if self.family.weighted:
            logs = at.parameters.log_weights + weights
            pi = np.exp(logs - logs.max())
            pi /= pi.sum()
        shift = np.stack([at.kind.coloured(one[None], self._roots, i)[0] for i, one in enumerate(means)])
        turned = self.scores.turned(at.covariances, self._roots, covariances)
        return self.family.made(pi, at.means + shift, turned)

    @cached_property
    def _roots(self) -> FloatArray:
        return self.mixture.kind.roots(self.mixture.covariances)
