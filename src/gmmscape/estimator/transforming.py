"""Responsibilities as features: the estimator as a step of pipelines, with names and `set_output`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from gmmscape.arrays import FloatArray
from gmmscape.models import NotFittedError


class Transforming(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """What a fitted `GaussianMixture`, whose attributes it reads, makes of rows as a transformer."""

    background_: Any

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the posterior probability of each component at each row."""
        raise NotImplementedError

    def transform(self, X: Any) -> Any:
        """Return the responsibilities of `predict_proba` in the form that `set_output` asks for.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray or table of shape (n_samples, n_components), one column more with a background, the last
            An array unless ``set_output(transform="pandas")``, or "polars", was called; rows sum to one.
            Columns of tables have the names of `get_feature_names_out`, and a table has the index of X.
        """
        return self.predict_proba(X)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return names of what `transform` returns.

        Parameters
        ----------
        input_features : object, optional
            Not used; present as in scikit-learn.

        Returns
        -------
        ndarray of str, shape (n_components,), one more with a background
            "gaussianmixture0" and so on; the last is "gaussianmixture_background" where there is one.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        """
        if not hasattr(self, "means_"):
            raise NotFittedError.of(self)
        names: NDArray[np.object_] = super().get_feature_names_out(input_features)
        if getattr(self, "background_", None) is not None:
            names[-1] = f"{type(self).__name__.lower()}_background"
        return names

    @property
    def _n_features_out(self) -> int:
        """As many as scikit-learn is to name."""
        model: Any = self
        return len(model.means_) + (getattr(self, "background_", None) is not None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
