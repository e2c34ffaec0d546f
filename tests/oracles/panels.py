"""EM and gradients of mixtures on a line by panels of Gauss and Legendre: plain, slow, of no part of ours."""

from __future__ import annotations

import numpy as np

X, W = np.polynomial.legendre.leggauss(40)


class Panels:
    """Expectations under a mixture of equal unit normals, over panels of half a standard deviation."""

    def __init__(self, centers):
        edges = np.arange(min(centers) - 10.0, max(centers) + 10.5, 0.5)
        middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.25
        self.x = (middle[:, None] + half * X).ravel()
        density = np.mean([np.exp(-0.5 * (self.x - c) ** 2) for c in centers], axis=0) / np.sqrt(2 * np.pi)
        self.p = np.tile(half * W, len(middle)) * density

    def posteriors(self, means, weights, widths=None):
        sd = np.ones(len(means)) if widths is None else np.asarray(widths)
        z = (self.x[:, None] - np.asarray(means)) / sd
        parts = np.asarray(weights) * np.exp(-0.5 * z**2) / (sd * np.sqrt(2 * np.pi))
        return parts / parts.sum(axis=1, keepdims=True), parts.sum(axis=1)

    def nll(self, means, weights, widths=None):
        return float(-self.p @ np.log(self.posteriors(means, weights, widths)[1]))

    def em(self, means, weights, widths=None, free=True):
        """One textbook step: means, weights where free, and widths where given."""
        psi, _ = self.posteriors(means, weights, widths)
        mass = self.p @ psi
        new = (self.p * self.x) @ psi / mass
        spread = np.sqrt(self.p @ (psi * (self.x[:, None] - new) ** 2) / mass)
        return new, mass / mass.sum() if free else np.asarray(weights), spread

    def slope(self, means, weights):
        """The gradient in the means, and in the logarithms of the weights, of unit widths."""
        psi, _ = self.posteriors(means, weights)
        mean_part = -((self.p * self.x) @ psi - np.asarray(means) * (self.p @ psi))
        return mean_part, -(self.p @ psi - np.asarray(weights))


def jacobian(step, at, h=1e-5):
    """Central differences of a map."""
    at = np.asarray(at, dtype=float)
    columns = [(step(at + h * e) - step(at - h * e)) / (2 * h) for e in np.eye(len(at))]
    return np.array(columns).T
