"""Some columns of a mixture: marginals, conditionals, regression, linear maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture.linear_map import mapped
from gmmscape.mixture.names import checked_names, places_of
from gmmscape.mixture.regression import Regression, regressed
from gmmscape.mixture.rows import OverRows
from gmmscape.validation import finite_array

#: Columns by name or by number, from 0.
Column = str | int


class OverColumns(OverRows):
    """What is known of some columns, alone or given others."""

    def with_names(self, feature_names: Sequence[str] | None) -> Self:
        """Return the mixture with other names of its columns.

        Parameters
        ----------
        feature_names : sequence of str or None
            One for each column, each once; None takes them away.

        Returns
        -------
        Mixture
            With the same numbers.

        Raises
        ------
        InvalidParameterError
            If they are not as many as the columns, or one is there twice.
        """
        names = checked_names(feature_names, self.n_features)
        return self._alike(self.weights, self.means, self.covariances, self._factors, names=names)

    def marginal(self, columns: Column | Sequence[Column]) -> Self:
        """Return the distribution of some columns, whatever the others are.

        Parameters
        ----------
        columns : str, int, or sequence of these
            Names, or numbers from 0; the result has them in this order.

        Returns
        -------
        Mixture
            With the same weights and kind of covariances.

        Raises
        ------
        InvalidParameterError
            If a column is not known, or there twice.
        """
        places = places_of(columns, self.feature_names, self.n_features)
        return type(self)(
            self.weights,
            self.means[:, places],
            self.kind.in_columns(self.covariances, places),
            self.covariance_type,
            self._names_at(places),
            None if self.background is None else self.background.in_columns(places),
        )

    def condition(self, values: Mapping[Column, float]) -> Self:
        """Return the distribution of the other columns where some are known.

        Parameters
        ----------
        values : mapping
            Known values by name of the column, or by its number from 0: ``{"x": 1.5}``, ``{0: 1.5}``.

        Returns
        -------
        Mixture
            Of the columns that are left, in their order, with this kind of covariances. Weights are the
            responsibilities of the known values; those of values far from every component are computed in
            logarithms, and go to the nearest.

        Raises
        ------
        InvalidParameterError
            If a column is not known, a value is not finite, or no column is left.
        NotAvailableError
            If there is a background.

        Notes
        -----
        Component i has mean ``mu_b + S_ba S_aa^-1 (x_a - mu_a)`` and covariance ``S_bb - S_ba S_aa^-1 S_ab``.
        Cost O(k d^3) for full covariances, O(k d) for variances.

        Examples
        --------
        >>> import gmmscape as gs
        >>> both = gs.Mixture([0.5, 0.5], [[0, 0], [4, 4]], [[1, 0.5], [0.5, 1]], "tied", ["x", "y"])
        >>> both.condition({"x": 4.0}).means.ravel().tolist()
        [2.0, 4.0]
        """
        self._alone("conditionals")
        if not isinstance(values, Mapping):
            raise InvalidParameterError.of("values", values, "pass a mapping such as {'x': 1.5} or {0: 1.5}")
        if not values:
            return self
        self._alone("conditionals")
        given = places_of(values.keys(), self.feature_names, self.n_features, what="values")
        rest = [j for j in range(self.n_features) if j not in set(given)]
        if not rest:
            raise InvalidParameterError.of("values", dict(values), "leave one column or more unknown")
        row = finite_array("values", list(values.values()), ndim=(1,))
        slopes, covariances = self.kind.given(self.covariances, given, rest)
        with np.errstate(over="ignore", invalid="ignore"):
            moved = (slopes @ (row - self.means[:, given])[:, :, None])[:, :, 0]
        return type(self)(
            self.marginal(given).responsibilities(row[None])[0],
            self.means[:, rest] + moved,
            covariances,
            self.covariance_type,
            self._names_at(rest),
        )

    def regress(
        self,
        X: Any,
        target: Column | Sequence[Column],
        *,
        given: Sequence[Column] | None = None,
        quantiles: ArrayLike | None = None,
    ) -> Regression:
        """Return mean and variance of some columns at each row of the others: E[y | x].

        Parameters
        ----------
        X : array_like of shape (n, m) or (n, d)
            Rows of the known columns, in their order in the mixture or in that of `given`; or of all
            columns, of which those of the target are not looked at. Of a table the columns are taken by
            name. NaN stands for what is missing of a row, which is averaged over.
        target : str, int, or sequence of these
            Columns that are predicted, by name or number from 0.
        given : sequence of str or int, optional
            Columns that are known; all but the target by default. What is in neither is averaged over.
        quantiles : array_like of float, optional
            Levels between 0 and 1 whose quantiles are computed too; for one target.

        Returns
        -------
        Regression
            A named tuple: `mean`, `variance`, `covariance`, `quantiles`, at each row.

        Raises
        ------
        InvalidParameterError
            If a column is not known, or both known and a target; if a level is not between 0 and 1, or
            there are levels and more than one target.
        DataError
            If X holds infinite numbers, has another number of columns, or lacks one by name.
        NotAvailableError
            If there is a background.

        Notes
        -----
        Gaussian mixture regression: the mean is that of the conditional means, weighted by the
        responsibilities of the row; the variance is that within and between the components. Cost O(n k m t)
        for t targets, for each quantile some fifty times O(n k).

        Examples
        --------
        >>> import gmmscape as gs
        >>> line = gs.Mixture([1.0], [[0, 1]], [[[1, 2], [2, 5]]], feature_names=["x", "y"])
        >>> found = line.regress([[0.0], [2.0]], target="y")
        >>> found.mean.tolist(), found.variance.tolist()
        ([1.0, 5.0], [1.0, 1.0])
        """
        self._alone("regression")
        return regressed(self, X, target, given, quantiles)

    def transformed(
        self, A: ArrayLike, b: ArrayLike = 0.0, *, feature_names: Sequence[str] | None = None
    ) -> Self:
        """Return the distribution of ``A x + b``.

        Parameters
        ----------
        A : array_like of shape (m, d)
            Of full row rank, m at most d; a vector of length d stands for one row.
        b : array_like of shape (m,) or float, default=0.0
            Added to the result.
        feature_names : sequence of str, optional
            Names of the m new columns; none by default.

        Returns
        -------
        Mixture
            Its covariances are of the same kind where that can hold them exactly, else full.

        Raises
        ------
        InvalidParameterError
            If A or b has another shape or is not finite, or the rows of A are not linearly independent: the
            result would have no density.
        NotAvailableError
            If there is a background.
        """
        self._alone("linear maps")
        self._alone("linear maps")
        weights, means, covariances, kind = mapped(self, A, b)
        return type(self)(weights, means, covariances, kind, feature_names)

    def _names_at(self, places: Sequence[int]) -> tuple[str, ...] | None:
        return None if self.feature_names is None else tuple(self.feature_names[j] for j in places)
