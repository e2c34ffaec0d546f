"""What a fitted estimator says of rows: components, densities, scores; and rows that it draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.estimator.fitting import seed_of_model
from gmmscape.estimator.inputs import checked_data, in_precision
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import family_named
from gmmscape.mixture import Mixture
from gmmscape.models import NotFittedError, parameters_of
from gmmscape.threads import limited
from gmmscape.validation import positive_integer


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
        """Return the most probable component of each row; the lowest index wins ties.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Component of each row, from 0.
        """
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the posterior probability of each component at each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Rows sum to one.
        """
        mixture, rows = self._mixture(), self._checked(X)
        with limited(self.n_jobs):
            return in_precision(mixture.responsibilities(rows), rows, self.means_)

    def score_samples(self, X: Any) -> FloatArray:
        """Return the log density at each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            In nats.
        """
        mixture, rows = self._mixture(), self._checked(X)
        with limited(self.n_jobs):
            return in_precision(mixture.log_density(rows), rows, self.means_)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the average log density.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.
        y : object, optional
            Not used.

        Returns
        -------
        float
            In nats per row.
        """
        return float(self.score_samples(X).mean())

    def bic(self, X: Any) -> float:
        """Return the Bayesian information criterion; smaller is better, as in scikit-learn.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        float
            -2 log-likelihood + (number of parameters) log n.
        """
        density = self.score_samples(X)
        return float(-2.0 * density.sum() + self._n_parameters() * np.log(len(density)))

    def aic(self, X: Any) -> float:
        """Return Akaike's information criterion; smaller is better, as in scikit-learn.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        float
            -2 log-likelihood + 2 (number of parameters).
        """
        return float(-2.0 * self.score_samples(X).sum() + 2.0 * self._n_parameters())

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
            Component each row was drawn from.
        """
        mixture = self._mixture()
        try:
            n_samples = positive_integer("n_samples", n_samples)
        except InvalidParameterError as error:
            raise InvalidParameterError(f"Invalid value for 'n_samples': {error}") from error
        X, labels = mixture.sample(n_samples, seed_of_model(self))
        order = np.argsort(labels, kind="stable")
        return X[order], labels[order]

    def _mixture(self) -> Mixture:
        if not hasattr(self, "means_"):
            raise NotFittedError.of(self)
        return parameters_of(self, family_named(self.covariance_type).kind.name)

    def _n_parameters(self) -> int:
        return family_named(self.covariance_type).n_parameters(*self._mixture().means.shape)

    def _checked(self, X: Any) -> FloatArray:
        self._mixture()
        return checked_data(self, X, reset=False)
