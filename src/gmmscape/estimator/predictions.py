"""What a fitted estimator says of rows: components, densities, scores; and rows that it draws."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.estimator.blocked_answers import average_log_density, of_each_row
from gmmscape.estimator.fitting import seed_of_model
from gmmscape.estimator.inputs import checked_data, in_precision
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import family_named, free_parameters
from gmmscape.measure.blocked import RowBlocks, facts_of
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import most_probable
from gmmscape.models import NotFittedError, parameters_of
from gmmscape.threads import limited
from gmmscape.validation import positive_integer, sample_weights


class Predictions:
    """Predictions and scores of a fitted `GaussianMixture`, whose attributes it reads."""

    covariance_type: Any
    random_state: Any
    rng: Any
    n_jobs: Any
    weights_: Any
    means_: Any
    covariances_: Any

    def predict(self, X: Any) -> IntArray:
        """Return the most probable component of each row, -1 for the background; the lowest index wins ties.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features), or RowBlocks
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Component of each row, from 0; -1 where the background is more probable than any.
        """
        if isinstance(X, RowBlocks):
            return self._of_blocks(X, partial(_labels, self._mixture()))
        return most_probable(self.predict_proba(X), len(self.means_))

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the posterior probability of each component at each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features), or RowBlocks
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_components), one column more with a background, which comes last
            Rows sum to one.
        """
        if isinstance(X, RowBlocks):
            return self._of_blocks(X, self._mixture().responsibilities)
        mixture, rows = self._mixture(), self._checked(X)
        with limited(self.n_jobs):
            return in_precision(mixture.responsibilities(rows), rows, self.means_)

    def score_samples(self, X: Any) -> FloatArray:
        """Return the log density at each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features), or RowBlocks
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            In nats.
        """
        if isinstance(X, RowBlocks):
            return self._of_blocks(X, self._mixture().log_density)
        mixture, rows = self._mixture(), self._checked(X)
        with limited(self.n_jobs):
            return in_precision(mixture.log_density(rows), rows, self.means_)

    def score(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Return the average log density.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features), or RowBlocks
            Rows.
        y : object, optional
            Not used.
        sample_weight : array_like of shape (n_samples,), optional
            Non-negative; only ratios matter. Equal by default.

        Returns
        -------
        float
            In nats per row, or per unit of weight.
        """
        if isinstance(X, RowBlocks):
            return average_log_density(self, self._mixture(), X)
        return self._judged(X, sample_weight)[0]

    def bic(self, X: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the Bayesian information criterion; smaller is better, as in scikit-learn.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features), or RowBlocks
            Rows.
        sample_weight : array_like of shape (n_samples,), optional
            Non-negative; only ratios matter: whole multiples of one weight are counts, and n is their sum; of
            others it is Kish's number, (sum w)^2 / sum w^2. Equal by default.

        Returns
        -------
        float
            -2 log-likelihood + (number of parameters) log n.
        """
        average, n = self._judged(X, sample_weight)
        return float(-2.0 * n * average + self._n_parameters() * np.log(n))

    def aic(self, X: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return Akaike's information criterion; smaller is better, as in scikit-learn.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features), or RowBlocks
            Rows.
        sample_weight : array_like of shape (n_samples,), optional
            As for `bic`.

        Returns
        -------
        float
            -2 log-likelihood + 2 (number of parameters).
        """
        average, n = self._judged(X, sample_weight)
        return float(-2.0 * n * average + 2.0 * self._n_parameters())

    def _judged(self, X: Any, sample_weight: ArrayLike | None) -> tuple[float, float]:
        """The average log density, and how many rows that is the average of."""
        if isinstance(X, RowBlocks):
            average = average_log_density(self, self._mixture(), X)
            return average, facts_of(X).counted_rows
        density = self.score_samples(X)
        if sample_weight is None:
            return float(density.mean()), float(len(density))
        weights = sample_weights(sample_weight, len(density))
        counts = np.flatnonzero(weights.each)  # a row of weight zero may have no density
        some = weights.taken(counts)
        return float(some.each @ density[counts]), some.counted

    def sample(self, n_samples: int = 1) -> tuple[FloatArray, IntArray]:
        """Draw rows from the fitted mixture.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Rows, grouped by component as in scikit-learn.
        y : ndarray of shape (n_samples,)
            Component each row was drawn from; -1 for the background.
        """
        mixture = self._mixture()
        try:
            n_samples = positive_integer("n_samples", n_samples)
        except InvalidParameterError as error:
            raise InvalidParameterError(f"Invalid value for 'n_samples': {error}") from error
        X, labels = mixture.sample(n_samples, seed_of_model(self))
        order = np.argsort(labels, kind="stable")
        return X[order], labels[order]

    def _of_blocks(self, rows: RowBlocks, say: Callable[[FloatArray], Any]) -> Any:
        """What is said of each of the rows in blocks, all together."""
        with limited(self.n_jobs):
            return np.concatenate(list(of_each_row(self, rows, say)))

    def _mixture(self) -> Mixture:
        if not hasattr(self, "means_"):
            raise NotFittedError.of(self)
        return parameters_of(self, family_named(self.covariance_type).kind.name)

    def _n_parameters(self) -> int:
        return free_parameters(self.covariance_type, self._mixture(), getattr(self, "held_", None))

    def _checked(self, X: Any) -> FloatArray:
        self._mixture()
        return checked_data(self, X, reset=False)


def _labels(mixture: Mixture, points: FloatArray) -> IntArray:
    return most_probable(mixture.responsibilities(points), mixture.n_components)
