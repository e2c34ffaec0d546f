"""What a mixture says of rows: densities, responsibilities, and rows drawn from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.mixture.parts import MixtureParts
from gmmscape.validation import data_matrix, generator, positive_integer


class OverRows(MixtureParts):
    """Densities at rows, and rows drawn at random."""

    def log_density(self, X: ArrayLike) -> FloatArray:
        """Return the log density at each row.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Rows.

        Returns
        -------
        ndarray of shape (n,)
            In nats; -inf where the density underflows even as a logarithm. Cost O(n k d), or
            O(n k d^2) for full and tied covariances.

        Raises
        ------
        DataError
            If X is not a finite (n, d) matrix.
        """
        return engine.hold(data_matrix(X, n_features=self.n_features)).log_density(self.parameters)

    def responsibilities(self, X: ArrayLike) -> FloatArray:
        """Return the posterior probability of each component at each row.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Rows.

        Returns
        -------
        ndarray of shape (n, k)
            Rows sum to one.

        Raises
        ------
        DataError
            If X is not a finite (n, d) matrix.
        """
        return engine.hold(data_matrix(X, n_features=self.n_features)).responsibilities(self.parameters)

    def sample(self, n: int, rng: Any = None) -> tuple[FloatArray, IntArray]:
        """Draw independent rows.

        Parameters
        ----------
        n : int
            Number of rows.
        rng : None, int or numpy.random.Generator, default=None
            Source of randomness (SPEC 7).

        Returns
        -------
        X : ndarray of shape (n, d)
            Rows.
        labels : ndarray of shape (n,)
            Component each row was drawn from, counted from 0.

        Raises
        ------
        InvalidParameterError
            If n is no positive integer or rng is no source of randomness.
        """
        n = positive_integer("n", n)
        rng = generator(rng)
        labels = rng.choice(self.n_components, size=n, p=self.weights)
        noise = rng.standard_normal((n, self.n_features))
        roots = self.kind.roots(self.covariances)
        X = self.means[labels]
        for i in np.unique(labels):
            rows = labels == i
            X[rows] += self.kind.coloured(noise[rows], roots, int(i))
        return X, labels
