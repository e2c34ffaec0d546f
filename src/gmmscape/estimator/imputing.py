"""Missing values filled in by a fitted estimator."""

from __future__ import annotations

from typing import Any

from gmmscape.arrays import FloatArray
from gmmscape.estimator.fitting import seed_of_model
from gmmscape.mixture import Mixture
from gmmscape.mixture.completed_tables import like_given
from gmmscape.threads import limited
from gmmscape.validation import random_state_too


class Imputing:
    """What a fitted `GaussianMixture`, whose attributes it reads, says of missing values."""

    random_state: Any
    n_jobs: Any

    def _mixture(self) -> Mixture:
        """Return the fit, or raise NotFittedError."""
        raise NotImplementedError

    def _checked(self, X: Any) -> FloatArray:
        """Return rows of the columns that were fitted."""
        raise NotImplementedError

    @random_state_too
    def impute(self, X: Any, *, draw: bool = False, rng: Any = None) -> Any:
        """Return rows with what is missing filled in; see `Mixture.impute`.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows; NaN, or what a table has for it, stands for what is missing. Never modified.
        draw : bool, default=False
            Whether values are drawn at random from what the fit says of them, given what is observed of the
            row, and not expectations.
        rng : None, int or numpy.random.Generator, default=None
            Of the draws; by default `random_state` says.

        Returns
        -------
        ndarray of shape (n_samples, n_features), or a table like X
            New. Observed values are as they were, bit for bit.

        Raises
        ------
        DataError
            If X has other columns than the fit, or infinite values.
        """
        points = self._checked(X)
        seed = seed_of_model(self) if draw and rng is None else rng
        with limited(self.n_jobs):
            filled = self._mixture().impute(points, draw=draw, rng=seed)
        return like_given(X, points, filled)
