"""GaussianMixture that takes DataFrames of Spark and answers with them."""

from __future__ import annotations

from functools import partial
from typing import Any

from gmmscape.distributed import ANSWERS, package
from gmmscape.estimator import GaussianMixture as Estimator
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.spark.blocks import SparkBlocks
from gmmscape.spark.frames import Append, check_numbers, is_frame, renamed


class GaussianMixture(Estimator):
    """`gmmscape.GaussianMixture` of the rows of a DataFrame of Spark.

    `fit`, `score`, `bic` and `aic` compute at once, on the executors; `predict`, `predict_proba` and
    `score_samples` return the DataFrame with one column more, of which nothing is computed yet. Other rows
    are taken as ever.

    Parameters
    ----------
    n_components : int, default=1
        This and all other parameters are those of `gmmscape.GaussianMixture`.
    **parameters
        See there.

    Examples
    --------
    >>> from gmmscape.spark import GaussianMixture
    >>> model = GaussianMixture(n_components=3).fit(frame)  # doctest: +SKIP
    >>> model.predict(frame).groupBy("component").count().show()  # doctest: +SKIP
    """

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> GaussianMixture:
        """Fit the mixture: the search on a coreset, EM on all rows (docs/howto/on_a_cluster.md).

        Parameters
        ----------
        X : pyspark.sql.DataFrame, or what `gmmscape.GaussianMixture` takes
            Rows.
        y : object, optional
            Not used; present as in scikit-learn.
        sample_weight : str, optional
            Name of the column of weights, which is then none of the rows.

        Returns
        -------
        GaussianMixture
            The estimator itself.

        Raises
        ------
        DataError
            If the data cannot be used, or have fewer rows than components.
        NoResultError
            If Spark is gone.
        """
        if not is_frame(X):
            super().fit(X, y, sample_weight)
            return self
        rows = SparkBlocks(X, sample_weight)
        try:
            super().fit(rows)
        finally:
            rows.unpersist()
        return self

    def predict(self, X: Any) -> Any:
        """Return the most probable component of each row, -1 for the background.

        Parameters
        ----------
        X : pyspark.sql.DataFrame, or what `gmmscape.GaussianMixture` takes
            Rows, with the columns that were fitted and others; null is what is missing.

        Returns
        -------
        pyspark.sql.DataFrame
            With a column "component" (bigint).
        """
        return self._each(X, "predict") if is_frame(X) else super().predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Return the posterior probability of each component at each row.

        Parameters
        ----------
        X : pyspark.sql.DataFrame, or what `gmmscape.GaussianMixture` takes
            Rows, with the columns that were fitted and others; null is what is missing.

        Returns
        -------
        pyspark.sql.DataFrame
            With a column "probability" (array of double).
        """
        return self._each(X, "predict_proba") if is_frame(X) else super().predict_proba(X)

    def score_samples(self, X: Any) -> Any:
        """Return the log density at each row.

        Parameters
        ----------
        X : pyspark.sql.DataFrame, or what `gmmscape.GaussianMixture` takes
            Rows, with the columns that were fitted and others; null is what is missing.

        Returns
        -------
        pyspark.sql.DataFrame
            With a column "log_density" (double), in nats.
        """
        return self._each(X, "score_samples") if is_frame(X) else super().score_samples(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the average log density, computed at once.

        Parameters
        ----------
        X : pyspark.sql.DataFrame, or what `gmmscape.GaussianMixture` takes
            Rows.
        y : object, optional
            Not used.
        sample_weight : str, optional
            As for `fit`.

        Returns
        -------
        float
            In nats per row, or per unit of weight.
        """
        return self._judged(X, sample_weight)[0] if is_frame(X) else super().score(X, y, sample_weight)

    def _judged(self, X: Any, sample_weight: Any) -> tuple[float, float]:
        if not is_frame(X):
            return super()._judged(X, sample_weight)
        rows = SparkBlocks(X, sample_weight)
        try:
            return super()._judged(rows, None)
        finally:
            rows.unpersist()

    def _each(self, X: Any, method: str) -> Any:
        mixture, answer = self._mixture(), ANSWERS[method]
        if answer.column in X.columns:
            raise InvalidParameterError.of(
                "X", X.columns, f"rename the column {answer.column!r}, which is to be added"
            )
        fitted = getattr(self, "feature_names_in_", None)
        names = list(X.columns) if fitted is None else [str(name) for name in fitted]
        missing = [name for name in names if name not in X.columns]
        if missing or len(names) != mixture.n_features:
            raise DataError(
                f"X has the columns {', '.join(X.columns)}, and {mixture.n_features} were fitted"
                f"{'' if fitted is None else ': ' + ', '.join(names)}: pass a DataFrame with these"
            )
        check_numbers(X, names)
        types = package("pyspark.sql.types", "spark")
        kind: Any = types.LongType() if method == "predict" else types.DoubleType()
        schema = types.StructType([*X.schema.fields])
        schema.add(answer.column, types.ArrayType(kind) if answer.of_each_component else kind)
        places = tuple(X.columns.index(name) for name in names)
        say = partial(answer.say, mixture)
        return renamed(X).mapInArrow(Append(say, places, (*X.columns, answer.column)), schema)
