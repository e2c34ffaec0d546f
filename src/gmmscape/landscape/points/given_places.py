"""Means and weights that a caller gives, as the places of a descent."""

from __future__ import annotations

from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.points.descent import Descent
from gmmscape.validation import mean_matrix, probability_weights


def given_places(descent: Descent, means: ArrayLike, weights: ArrayLike | None) -> FloatArray:
    """Return the places of k means and their weights, where these are free.

    Raises
    ------
    InvalidParameterError
        If a shape does not fit, an entry is not finite, a weight is zero, or weights are given where they are
        not free.
    """
    points = mean_matrix("means", means, n_features=descent.measure.n_features)
    if len(points) != descent.k:
        raise InvalidParameterError(
            f"means has {len(points)} rows where the landscape has n_components={descent.k}"
        )
    if weights is None:
        return descent.begun(points)
    if not descent.free_weights:
        raise InvalidParameterError.of(
            "weights",
            weights,
            "leave them out, or make the landscape with weights='free': here they are 1/k",
        )
    shares = probability_weights("weights", weights, descent.k)
    if not shares.all():
        raise InvalidParameterError.of(
            "weights", weights, "pass positive weights: a mean of weight zero means nothing"
        )
    return descent.begun(points, shares)
