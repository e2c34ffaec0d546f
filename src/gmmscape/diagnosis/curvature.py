"""The flattest direction of a fit: how slowly EM converges there, and whether it leaves."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.tolerances import TOLERANCES


def smallest_curvature(objective: Objective, fit: Mixture, seed: int) -> float | None:
    """Return the smallest curvature of the NLL at a converged fit, relative to that of the complete data.

    EM multiplies small deviations by J = 1 - I^-1 H, with H the Hessian of the NLL and I that of the complete
    data (Dempster, Laird and Rubin 1977, section 4). J is self-adjoint in the metric of I;
    its eigenvalues are not negative. Lanczos' method finds the largest, and one less that is the smallest
    curvature: near 0 the fit lies on a plateau or a ridge, below 0 it is a saddle.

    Parameters
    ----------
    objective : Objective
        Of a sample.
    fit : Mixture
        In local coordinates, where EM has converged.
    seed : int
        Of the direction to begin with.

    Returns
    -------
    float or None
        At most 1; from above, by the largest Ritz value after 24 passes. None where a component is empty or a
        displaced fit leaves the family, as in a family that is no `whole` kind.
    """
    if np.any(fit.weights <= 0) or not objective.family.whole:
        return None
    chart = _Chart(fit)
    rng = np.random.default_rng([seed, 6])
    basis = [chart.normalised(chart.balanced(rng.standard_normal(chart.size)))]
    products: list[list[float]] = []
    try:
        base = chart.coordinates(objective.update(objective.statistics(fit), fit))
        for _ in range(min(EFFORT.diagnosis.curvature_passes, chart.size)):
            moved = chart.mixture(TOLERANCES.diagnosis.displacement * basis[-1])
            image = chart.coordinates(objective.update(objective.statistics(moved), moved)) - base
            image = chart.balanced(image / TOLERANCES.diagnosis.displacement)
            products.append([chart.product(vector, image) for vector in basis])
            for vector in basis * 2:  # twice is enough
                image = image - chart.product(vector, image) * vector
            if chart.product(image, image) < TOLERANCES.diagnosis.curvature_rounding:
                break
            basis.append(chart.normalised(image))
    except InvalidParameterError:
        return None
    n = len(products)
    lower = np.zeros((n, n))
    for row, some in enumerate(products):
        lower[row, : row + 1] = some
    return float(1.0 - np.linalg.eigvalsh(lower)[-1])


class _Chart:
    """Coordinates about a mixture, each component in its own units, with the metric of complete data.

    Relative changes of the weights, shifts of the means in standard deviations, and relative changes of the
    covariances; of tied ones, one for all.
    """

    def __init__(self, fit: Mixture) -> None:
        self.fit, self.kind = fit, fit.kind
        self.k, self.d = fit.means.shape
        self.roots = self.kind.roots(fit.covariances)
        self.shape = self.kind.shape(self.k, self.d)
        self.size = self.k + self.k * self.d + int(np.prod(self.shape))
        w = fit.weights
        self.metric = np.concatenate([w, np.repeat(w, self.d), self.kind.information(w, self.d)])

    def product(self, a: FloatArray, b: FloatArray) -> float:
        """The product of two vectors in the metric of complete data."""
        return float(self.metric * a @ b)

    def normalised(self, vector: FloatArray) -> FloatArray:
        return vector / np.sqrt(self.product(vector, vector))

    def balanced(self, vector: FloatArray) -> FloatArray:
        """The vector with weights that sum to one, and symmetric covariances."""
        weights, means, shapes = self._split(vector)
        weights = weights - self.fit.weights @ weights
        return np.concatenate([weights, means.ravel(), self.kind.symmetric(shapes).ravel()])

    def mixture(self, vector: FloatArray) -> Mixture:
        """The mixture at these coordinates."""
        weights, means, shapes = self._split(vector)
        w = self.fit.weights * (1.0 + weights)
        C = self.fit.covariances
        shift, change = self.kind.from_own_units(means, shapes, self.roots, C)
        return Mixture(w / w.sum(), self.fit.means + shift, C + change, self.kind.name)

    def coordinates(self, mixture: Mixture) -> FloatArray:
        """The coordinates of a mixture nearby."""
        weights = mixture.weights / self.fit.weights - 1.0
        shift, change = mixture.means - self.fit.means, mixture.covariances - self.fit.covariances
        means, shapes = self.kind.to_own_units(shift, change, self.roots, self.fit.covariances)
        return np.concatenate([weights, means.ravel(), shapes.ravel()])

    def _split(self, vector: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        k, d = self.k, self.d
        return vector[:k], vector[k : k + k * d].reshape(k, d), vector[k + k * d :].reshape(self.shape)
