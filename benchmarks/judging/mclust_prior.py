"""EM under mclust's prior: conjugate, with the constants of Fraley and Raftery (J. Classif. 24, 2007)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.cluster import KMeans

Array = NDArray[np.float64]
#: Rows that the prior of a mean is worth; relative change of the log-likelihood at which EM ends.
SHRINKAGE, TOLERANCE, ITERATIONS = 0.01, 1e-5, 500


class MclustPrior:
    """A mixture fitted by maximum a posteriori from k-means.

    The prior of a covariance is inverse Wishart (or inverse gamma, of variances) with d + 2 degrees of
    freedom and the scale of the data's covariance over k^(2/d), that of a mean normal around the data's.
    """

    def __init__(self, k: int, *, covariance_type: str, random_state: int) -> None:
        self.k, self.family, self.seed = k, covariance_type, random_state

    def fit(self, X: Array) -> MclustPrior:
        """Fit to rows (n, d)."""
        self.center, d = X.mean(axis=0), X.shape[1]
        total = np.atleast_2d(np.cov(X.T, bias=True)) / self.k ** (2.0 / d)
        matrix = self.family in ("full", "tied")
        self.scale = total if matrix else np.full(d, np.trace(total) / d)
        labels = KMeans(self.k, n_init=1, random_state=self.seed).fit_predict(X)
        posterior, before = np.eye(self.k)[labels], -np.inf
        for _ in range(ITERATIONS):
            self._maximise(X, posterior)
            joint = self._joint(X)
            density = np.asarray(logsumexp(joint, axis=1))
            value = float(density.sum())
            if abs(value - before) <= TOLERANCE * abs(value):
                break
            posterior, before = np.exp(joint - density[:, None]), value
        return self

    def score(self, X: Array) -> float:
        """Return the log density of rows, averaged."""
        return float(logsumexp(self._joint(X), axis=1).mean())

    def predict(self, X: Array) -> NDArray[np.int64]:
        """Return the most probable component of each row."""
        return self._joint(X).argmax(axis=1)

    def _maximise(self, X: Array, posterior: Array) -> None:
        n, d = X.shape
        mass = posterior.sum(axis=0) + 1e-300
        averages = posterior.T @ X / mass[:, None]
        self.weights = mass / n
        self.means = (mass[:, None] * averages + SHRINKAGE * self.center) / (mass + SHRINKAGE)[:, None]
        pull = SHRINKAGE * mass / (mass + SHRINKAGE)
        scatters = []
        for j in range(self.k):
            rows, off = X - averages[j], averages[j] - self.center
            if self.family in ("full", "tied"):
                scatters.append((rows * posterior[:, j, None]).T @ rows + pull[j] * np.outer(off, off))
            else:
                scatters.append(posterior[:, j] @ rows**2 + pull[j] * off**2)
        scatter, freedom = np.array(scatters), d + 2.0
        if self.family == "full":
            self.covariances = (self.scale + scatter) / (freedom + d + 2.0 + mass)[:, None, None]
        elif self.family == "tied":
            pooled = (self.scale + scatter.sum(axis=0)) / (freedom + d + 1.0 + n + self.k)
            self.covariances = np.broadcast_to(pooled, (self.k, d, d))
        elif self.family == "diag":
            self.covariances = (self.scale + scatter) / (freedom + 3.0 + mass)[:, None]
        else:
            variance = (self.scale[0] + scatter.sum(axis=1)) / (freedom + 2.0 + (mass + 1.0) * d)
            self.covariances = np.repeat(variance[:, None], d, axis=1)

    def _joint(self, X: Array) -> Array:
        found = np.empty((len(X), self.k))
        for j in range(self.k):
            off, covariance = X - self.means[j], self.covariances[j]
            if covariance.ndim == 1:
                lengths, log_det = (off**2 / covariance).sum(axis=1), np.log(covariance).sum()
            else:
                root = np.linalg.cholesky(covariance)
                lengths = (np.linalg.solve(root, off.T) ** 2).sum(axis=0)
                log_det = 2.0 * np.log(np.diagonal(root)).sum()
            found[:, j] = np.log(self.weights[j]) - 0.5 * (lengths + log_det)
        return found - 0.5 * X.shape[1] * np.log(2.0 * np.pi)
