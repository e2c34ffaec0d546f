"""What a mixture says of rows: densities, responsibilities, and rows drawn from it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape import engine, incomplete
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.exceptions import NotAvailableError
from gmmscape.mixture.background import Background, share_of_background
from gmmscape.mixture.completed_tables import like_given
from gmmscape.mixture.parts import MixtureParts
from gmmscape.validation import data_matrix, generator, positive_integer, random_state_too


class OverRows(MixtureParts):
    """Densities at rows, and rows drawn at random."""

    def log_density(self, X: ArrayLike) -> FloatArray:
        """Return the log density at each row.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Rows. NaN stands for what is missing: the density is that of what is observed.

        Returns
        -------
        ndarray of shape (n,)
            In nats, 0 where nothing is observed; -inf where the density underflows even as a logarithm. Cost
            O(n k d), or O(n k d^2) for full and tied covariances.

        Raises
        ------
        DataError
            If X is no (n, d) matrix of finite numbers and NaN.
        """
        if self.background is None:
            return self._held(X).log_density(self.parameters)
        points = self._points(X)
        return np.logaddexp(self._log_of_components(points), self.background.log_densities(points))

    def responsibilities(self, X: ArrayLike) -> FloatArray:
        """Return the posterior probability of each component at each row.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Rows. NaN stands for what is missing: the posterior is that given what is observed.

        Returns
        -------
        ndarray of shape (n, k), or (n, k + 1) with a background, which comes last
            Rows sum to one; the weights where nothing is observed.

        Raises
        ------
        DataError
            If X is no (n, d) matrix of finite numbers and NaN.
        """
        own = self._held(X).responsibilities(self.parameters)
        if self.background is None:
            return own
        points = self._points(X)
        density = self.background.log_densities(points)
        share = share_of_background(self._log_of_components(points), density)
        found = np.column_stack([own * (1.0 - share)[:, None], share])
        found[np.isnan(points).all(axis=1)] = [*self.weights, self.background.weight]
        return found

    @random_state_too
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
            Component each row was drawn from, counted from 0; -1 for the background.

        Raises
        ------
        InvalidParameterError
            If n is no positive integer or rng is no source of randomness, or of a background only the volume
            is known.
        """
        n = positive_integer("n", n)
        rng = generator(rng)
        if self.background is not None:
            return self._sampled_with_background(n, rng, self.background)
        labels = rng.choice(self.n_components, size=n, p=self.weights)
        noise = rng.standard_normal((n, self.n_features))
        roots = self.kind.roots(self.covariances)
        X = self.means[labels]
        for i in np.unique(labels):
            rows = labels == i
            X[rows] += self.kind.coloured(noise[rows], roots, int(i))
        return X, labels

    @random_state_too
    def impute(self, X: Any, *, draw: bool = False, rng: Any = None) -> Any:
        """Return rows with what is missing filled in.

        Parameters
        ----------
        X : array_like of shape (n, d)
            Rows; NaN, or what a table has for it, stands for what is missing. Never modified.
        draw : bool, default=False
            Whether values are drawn at random from what the mixture says of them, given what is observed of
            the row. Rows so completed scatter as rows do; several draws show how unsure the values are
            (multiple imputation). By default values are expectations, the best single guesses, which scatter
            less.
        rng : None, int or numpy.random.Generator, default=None
            Of the draws (SPEC 7).

        Returns
        -------
        ndarray of shape (n, d), or a table like X
            New. Observed values are as they were, bit for bit. Where nothing of a row is observed values are
            those of the whole mixture. Cost of a pass, and O(k d^3) for each pattern of missing values.

        Raises
        ------
        DataError
            If X is no (n, d) matrix of finite numbers and missing ones.
        InvalidParameterError
            If `rng` is no source of randomness.

        Examples
        --------
        >>> import numpy as np, gmmscape as gs
        >>> mixture = gs.Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.8], [0.8, 1.0]]])
        >>> mixture.impute([[2.0, np.nan], [np.nan, np.nan], [1.0, 1.0]]).round(6).tolist()
        [[2.0, 1.6], [0.0, 0.0], [1.0, 1.0]]
        """
        rng = generator(rng)
        points = self._points(X)
        components = self.parameters if self.background is None else self._components().parameters
        if draw:
            filled = incomplete.drawn(points, components, rng)
        else:
            filled = incomplete.expected(points, components)
        if self.background is not None:
            share = self.responsibilities(points)[:, -1]
            noise = self.background.filled(points, rng if draw else None)
            share = (rng.random(len(points)) < share).astype(np.float64) if draw else share
            filled = np.where(np.isnan(points), filled + share[:, None] * (noise - filled), points)
        return like_given(X, points, filled)

    def _sampled_with_background(
        self, n: int, rng: np.random.Generator, background: Background
    ) -> tuple[FloatArray, IntArray]:
        """Rows and where each was drawn from, -1 for the background."""
        noise = int(rng.binomial(n, background.weight))
        X, labels = background.sample(noise, self.n_features, rng), np.full(noise, -1, dtype=np.intp)
        if noise < n:
            own, components = self._components().sample(n - noise, rng)
            X, labels = np.vstack([X, own]), np.concatenate([labels, components])
        order = rng.permutation(n)
        return X[order], labels[order]

    def _alone(self, what: str) -> None:
        """Raise where a background is in the way: what is asked for is known of the components only."""
        if self.background is not None:
            raise NotAvailableError(
                f"{what} of a mixture with a background: take the components alone, `mixture.beside(None)`"
            )

    def _components(self) -> Self:
        """The components alone, their weights summing to one."""
        weights = self.weights / self.weights.sum()
        return self._alike(weights, self.means, self.covariances, self._factors, background=None)

    def _log_of_components(self, points: FloatArray) -> FloatArray:
        """Log density of the components alone, whose weights leave the background's."""
        found = self._held(points).log_density(self.parameters)
        with np.errstate(divide="ignore"):
            found[np.isnan(points).all(axis=1)] = np.log(self.weights.sum())
        return found

    def _points(self, X: ArrayLike) -> FloatArray:
        return data_matrix(X, n_features=self.n_features, missing=True)

    def _held(self, X: ArrayLike) -> engine.Held:
        return incomplete.hold(self._points(X))
