"""Marginals, conditionals and regression of a fitted estimator, whose columns have names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from gmmscape.mixture import Mixture
from gmmscape.mixture.columns import Column
from gmmscape.mixture.regression import Regression


class OfColumns:
    """What a fitted `GaussianMixture` says of some columns: its mixture's methods, by the table's names."""

    def _mixture(self) -> Mixture:
        """Return the fit, or raise NotFittedError."""
        raise NotImplementedError

    @property
    def mixture_(self) -> Mixture:
        """The fit as a `Mixture`, with the names of its columns."""
        names = getattr(self, "feature_names_in_", None)
        return self._mixture().with_names(None if names is None else [str(name) for name in names])

    def marginal(self, columns: Column | Sequence[Column]) -> Mixture:
        """Return the distribution of some columns; see `Mixture.marginal`.

        Parameters
        ----------
        columns : str, int, or sequence of these
            Names, or numbers from 0.

        Returns
        -------
        Mixture
            Of these columns, in this order.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        InvalidParameterError
            If a column is not known.
        """
        return self.mixture_.marginal(columns)

    def condition(self, values: Mapping[Column, float]) -> Mixture:
        """Return the distribution of the other columns where some are known; see `Mixture.condition`.

        Parameters
        ----------
        values : mapping
            Known values by name or number of the column: ``{"x": 1.5}``.

        Returns
        -------
        Mixture
            Of the columns that are left.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        InvalidParameterError
            If a column is not known, a value is not finite, or no column is left.
        """
        return self.mixture_.condition(values)

    def regress(
        self,
        X: Any,
        target: Column | Sequence[Column],
        *,
        given: Sequence[Column] | None = None,
        quantiles: ArrayLike | None = None,
    ) -> Regression:
        """Return mean and variance of some columns at each row of the others; see `Mixture.regress`.

        Parameters
        ----------
        X : array_like of shape (n, m) or (n, n_features)
            Rows of the known columns, or of all columns; of a table the columns are taken by name. NaN stands
            for what is missing.
        target : str, int, or sequence of these
            Columns that are predicted.
        given : sequence of str or int, optional
            Columns that are known; all others by default.
        quantiles : array_like of float, optional
            Levels whose quantiles are computed too; for one target.

        Returns
        -------
        Regression
            `mean`, `variance`, `covariance` and `quantiles` at each row.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        InvalidParameterError
            If a column is not known, or a level is not between 0 and 1.
        DataError
            If X holds infinite numbers, has another number of columns, or lacks one by name.
        """
        return self.mixture_.regress(X, target, given=given, quantiles=quantiles)
