"""Fit: means and weights of a mixture of one known sigma, whatever it is given as."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.mixture import Mixture
from gmmscape.model_arrays import mixture_of_arrays
from gmmscape.solve import Solution
from gmmscape.validation import mean_matrix, probability_weights


def fit_of(model: Any, weights: Any, sigma: float, d: int) -> tuple[FloatArray, FloatArray]:
    """Return means and weights of a fit of d dimensions whose covariances are sigma^2 I.

    Raises
    ------
    InvalidParameterError
        If it is none, or has other covariances.
    DataError
        If the rows have another number of columns.
    NotAvailableError
        If there is a background beside the components.
    """
    mixture = _mixture_of(model)
    if mixture is None:
        means = mean_matrix("model", getattr(model, "cluster_centers_", model), n_features=d)
        return means, probability_weights("weights", weights, len(means))
    if weights is not None:
        raise InvalidParameterError.of("weights", weights, "leave out: the model has its own")
    if mixture.n_features != d:
        raise DataError(f"X has {d} columns where the model has {mixture.n_features}")
    if mixture.background is not None:
        raise NotAvailableError("fits beside a background are not bounded yet")
    apart = np.abs(mixture.full_covariances() / sigma**2 - np.eye(d)).max()
    if not apart <= EFFORT.proof.same_covariance:
        raise InvalidParameterError.of(
            "sigma", sigma, "pass the standard deviation of the model, whose covariances have to be sigma^2 I"
        )
    return mixture.means, mixture.weights


def _mixture_of(model: Any) -> Mixture | None:
    """Return the mixture of what has covariances; None for bare means."""
    if isinstance(model, Solution):
        return model.mixture
    if isinstance(model, Mixture):
        return model
    if hasattr(model, "covariance_type"):
        if not hasattr(model, "means_"):
            raise InvalidParameterError.of("model", model, "fit it first")
        arrays = (model.weights_, model.means_, model.covariances_)
        return mixture_of_arrays(arrays, model.covariance_type)
    if isinstance(model, tuple) and len(model) == 3 and np.ndim(model[1]) == 2:
        return mixture_of_arrays(model, "spherical")
    return None
