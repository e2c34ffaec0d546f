"""GaussianMixture that takes Dask's collections and answers with them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.dask.blocks import DaskBlocks
from gmmscape.dask.partitions import is_collection, is_table
from gmmscape.distributed import ANSWERS, Answer, package
from gmmscape.estimator import GaussianMixture as Estimator
from gmmscape.estimator.of_blocks import check_columns
from gmmscape.mixture import Mixture


class GaussianMixture(Estimator):
    """`gmmscape.GaussianMixture` of rows that Dask has.

    `fit`, `score`, `bic` and `aic` compute on the cluster whose client was opened last; `predict`,
    `predict_proba` and `score_samples` return collections of which nothing is computed yet. Other rows are
    taken as ever. For another client pass `DaskBlocks`.

    Parameters
    ----------
    n_components : int, default=1
        This and all other parameters are those of `gmmscape.GaussianMixture`.
    **parameters
        See there.

    Examples
    --------
    >>> import dask.array as da
    >>> from gmmscape.dask import GaussianMixture
    >>> X = da.random.default_rng(0).normal(size=(20_000, 2), chunks=(5_000, 2))
    >>> model = GaussianMixture(n_components=1).fit(X)
    >>> labels = model.predict(X)
    >>> int(labels.max().compute())
    0
    """

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> GaussianMixture:
        """Fit the mixture: the search on a coreset, EM on all rows (docs/howto/on_a_cluster.md).

        Parameters
        ----------
        X : dask array of shape (n, d), dask dataframe, or what `gmmscape.GaussianMixture` takes
            Rows.
        y : object, optional
            Not used; present as in scikit-learn.
        sample_weight : str, or collection or array_like of shape (n,), optional
            In partitions as the rows; of a table also the name of a column, which is then none of the rows.

        Returns
        -------
        GaussianMixture
            The estimator itself.

        Raises
        ------
        DataError
            If the data cannot be used, or have fewer rows than components.
        NoResultError
            If the cluster is gone.
        """
        if is_collection(X):
            super().fit(DaskBlocks(X, sample_weight))
        else:
            super().fit(X, y, sample_weight)
        return self

    def predict(self, X: Any) -> Any:
        """Return the most probable component of each row, -1 for the background.

        Parameters
        ----------
        X : dask array of shape (n, d), dask dataframe, or what `gmmscape.GaussianMixture` takes
            Rows; NaN is what is missing.

        Returns
        -------
        dask.array.Array of shape (n,), or a dask series "component" with the index of a table
            Components, from 0.
        """
        return self._each(X, "predict") if is_collection(X) else super().predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Return the posterior probability of each component at each row.

        Parameters
        ----------
        X : dask array of shape (n, d), dask dataframe, or what `gmmscape.GaussianMixture` takes
            Rows; NaN is what is missing.

        Returns
        -------
        dask.array.Array of shape (n, n_components), or a dask.dataframe with the index of a table
            Rows sum to one.
        """
        return self._each(X, "predict_proba") if is_collection(X) else super().predict_proba(X)

    def score_samples(self, X: Any) -> Any:
        """Return the log density at each row.

        Parameters
        ----------
        X : dask array of shape (n, d), dask dataframe, or what `gmmscape.GaussianMixture` takes
            Rows; NaN is what is missing.

        Returns
        -------
        dask.array.Array of shape (n,), or a dask series "log_density" with the index of a table
            In nats.
        """
        return self._each(X, "score_samples") if is_collection(X) else super().score_samples(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the average log density, computed at once.

        Parameters
        ----------
        X : dask array of shape (n, d), dask dataframe, or what `gmmscape.GaussianMixture` takes
            Rows.
        y : object, optional
            Not used.
        sample_weight : str, or collection or array_like of shape (n,), optional
            As for `fit`.

        Returns
        -------
        float
            In nats per row, or per unit of weight.
        """
        if is_collection(X):
            return super().score(DaskBlocks(X, sample_weight))
        return super().score(X, y, sample_weight)

    def _judged(self, X: Any, sample_weight: Any) -> tuple[float, float]:
        if is_collection(X):
            return super()._judged(DaskBlocks(X, sample_weight), None)
        return super()._judged(X, sample_weight)

    def _each(self, X: Any, method: str) -> Any:
        mixture, rows = self._mixture(), DaskBlocks(X)
        check_columns(self, rows)
        answer = ANSWERS[method]
        if is_table(X):
            return _of_table(X, answer, mixture)
        said = partial(answer.say, mixture)
        parts = X.rechunk({1: -1})
        empty = np.empty((0, 0) if answer.of_each_component else 0, dtype=answer.dtype)
        if answer.of_each_component:
            chunks = (parts.chunks[0], (said(np.empty((0, X.shape[1]))).shape[1],))
            return parts.map_blocks(_of_array, said, chunks=chunks, meta=empty)
        return parts.map_blocks(_of_array, said, drop_axis=1, meta=empty)


def _of_array(part: Any, said: Any) -> Any:
    return said(np.asarray(part, dtype=np.float64))


def _of_table(X: Any, answer: Answer, mixture: Mixture) -> Any:
    """What is said of the rows of a table, as a table or a series with its index."""
    empty = answer.say(mixture, np.empty((0, len(X.columns))))
    meta = _with_index(X._meta.iloc[:0], empty, answer.column)
    return X.map_partitions(_of_part, answer.say, mixture, answer.column, meta=meta)


def _of_part(part: Any, say: Any, mixture: Mixture, column: str) -> Any:
    points: FloatArray = part.to_numpy(dtype=np.float64, na_value=np.nan)
    return _with_index(part, say(mixture, points), column)


def _with_index(table: Any, said: Any, column: str) -> Any:
    pandas = package("pandas", "dask")
    if said.ndim == 1:
        return pandas.Series(said, index=table.index, name=column)
    return pandas.DataFrame(said, index=table.index)
