"""Whether two points of a landscape are the same up to relabelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.matching import match_means


class Accuracy(NamedTuple):
    """How well points are known that are compared; the figures are fields of `TOLERANCES`.

    Attributes
    ----------
    close : float
        Points whose matched places are within this many sigma are one, whatever else is known of them.
    soft : float
        Where a curvature is next to zero descents end far from each other: soft points are one within this
        many sigma, if their values agree, too.
    nll : float
        Difference up to which values of soft points agree, in nats per unit mass.
    """

    close: float
    soft: float = 0.0
    nll: float = 0.0


def same_point(
    places: FloatArray,
    known: FloatArray,
    sigma: float,
    accuracy: Accuracy,
    *,
    soft: bool = False,
    gap: float | Callable[[IntArray], float] = float("inf"),
    also: Callable[[], bool] | None = None,
) -> bool:
    """Say whether two points are the same up to the order of their means.

    Who knows that points of unlike values are two, however close, compares the values before.

    Parameters
    ----------
    places, known : ndarray of shape (k, d)
        Means of the two points (with log weights as a further column, where they are free).
    sigma : float
        Unit of length.
    accuracy : Accuracy
        How well the points are known.
    soft : bool, default=False
        Whether their positions are known so poorly that `accuracy.soft` counts.
    gap : float or callable, default=inf
        Absolute difference of the values of two soft points; or a function that finds it, called with the
        order in which ``places[order]`` lies closest to `known`, and only where it decides.
    also : callable, optional
        What else has to hold for two soft points, asked last.

    Returns
    -------
    bool
        Whether they are one. Cost O(k^3).
    """
    order, distance = match_means(places, known)
    distance /= sigma
    if distance <= accuracy.close:
        return True
    if not (soft and distance <= accuracy.soft):
        return False
    difference = gap(order) if callable(gap) else gap
    return difference <= accuracy.nll and (also is None or also())
