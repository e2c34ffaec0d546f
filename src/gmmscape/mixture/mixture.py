"""Mixture: a Gaussian mixture's weights, means and covariances, frozen."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gmmscape.mixture.columns import OverColumns
from gmmscape.mixture.exchange import Exchanged
from gmmscape.mixture.files import Written
from gmmscape.mixture.rearranged import Rearranged
from gmmscape.results.pictured import Pictured
from gmmscape.results.text import aligned, counted, left_out, shortened

#: Components and features that the printed table shows.
MOST_COMPONENTS, MOST_FEATURES = 40, 4


class Mixture(OverColumns, Rearranged, Exchanged, Written, Pictured):
    """A Gaussian mixture with k components in d dimensions; immutable.

    Parameters
    ----------
    weights : array_like of shape (k,)
        Non-negative, summing to 1 within 1e-8.
    means : array_like of shape (k, d) or (k,)
        Component means; a vector stands for one dimension.
    covariances : array_like
        scikit-learn's shape for the type: (k, d, d) full, (d, d) tied, (k, d) diag, (k,) spherical.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        How the covariances are stored (by mclust's names VVV, EEE, VVI, VII too); `kind` is the object of
        that name, which knows what depends on it.
    feature_names : sequence of str, optional
        Names of the columns, each once. They count where mixtures are compared.
    background : Background, optional
        Uniform density beside the components; its weight and theirs sum to one.

    Raises
    ------
    InvalidParameterError
        If a shape does not fit, a number is not finite, a covariance is not positive definite, or a name is
        there twice.

    Examples
    --------
    >>> import gmmscape as gs
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> truth.separation
    6.0
    """

    format: ClassVar[str] = "gmmscape-mixture"

    def __repr__(self) -> str:
        return (
            f"Mixture(n_components={self.n_components}, n_features={self.n_features}, "
            f"covariance_type={self.covariance_type!r})"
        )

    def __str__(self) -> str:
        d = min(self.n_features, MOST_FEATURES)
        deviations = np.sqrt(self.column_variances())
        heads = [shortened(name) for name in self.feature_names or map(str, range(d))][:d]
        rows = [("#", "weight", *(f"{what} {head}" for what in ("mean", "sd") for head in heads))]
        for i in range(min(self.n_components, MOST_COMPONENTS)):
            numbers = (*self.means[i, :d], *deviations[i, :d])
            rows.append((str(i), f"{self.weights[i]:.4f}", *(f"{x:.5g}" for x in numbers)))
        components, features = counted(self.n_components, "component"), counted(self.n_features, "feature")
        beside = "" if self.background is None else f", background {self.background_weight:.4f}"
        head = f"mixture of {components}, {features}, {self.covariance_type} covariances{beside}"
        return "\n".join([head, *aligned(rows), *left_out(self.n_components, MOST_COMPONENTS)])
