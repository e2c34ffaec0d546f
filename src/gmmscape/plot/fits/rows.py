"""Rows as they are drawn: thinned where they are many, tinted by their component."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import most_probable
from gmmscape.plot.fits.views import Components
from gmmscape.plot.sizes import SIZES

#: Pale colours of the rows, told apart by the colour-blind too; neighbours get different ones.
GREY = "#9a9a9a"
TINTS = ("#8ab6e8", "#c4b23a", "#f2c1cd", "#7fd0c0", GREY, "#b58bd0")
#: Of rows that nothing is known of.
NEUTRAL = "#a8a8a8"


def thinned(points: FloatArray) -> FloatArray:
    """Return the rows that are drawn: all, or as many as a picture holds, drawn evenly at random."""
    if len(points) <= SIZES.most_rows:
        return points
    chosen = np.random.default_rng(0).choice(len(points), SIZES.most_rows, replace=False)
    return points[np.sort(chosen)]


def component_of(points: FloatArray, parts: Components) -> IntArray:
    """Return the most probable component of each row, -1 for the background; for centers, the nearest."""
    if parts.covariances is None:
        there = ~np.isnan(points)
        squares = there @ (parts.means**2).T - 2.0 * np.where(there, points, 0.0) @ parts.means.T
        return squares.argmin(axis=1)
    mixture = Mixture(parts.weights, parts.means, parts.covariances, "full").beside(parts.background)
    return most_probable(mixture.responsibilities(points), len(parts.weights))


def tints(places: FloatArray, *, grey: bool = True) -> list[str]:
    """Return a pale colour for each component such that those with one colour lie far apart.

    Parameters
    ----------
    places : ndarray of shape (k, m)
        Means, as they are seen.
    grey : bool, default=True
        Whether grey is one of them; it is not where rows of a background are drawn so.

    Returns
    -------
    list of str
        One for each.
    """
    given: list[int] = []
    known = TINTS if grey else tuple(tint for tint in TINTS if tint != GREY)
    for place in places:
        nearest = np.full(len(known), np.inf)
        for j, tint in enumerate(given):
            nearest[tint] = min(nearest[tint], float(np.linalg.norm(place - places[j])))
        unused = np.flatnonzero(np.isinf(nearest))
        given.append(int(unused[0]) if len(unused) else int(nearest.argmax()))
    return [known[tint] for tint in given]


def drawn_note(total: int, drawn: int) -> list[str]:
    """Say how many rows are drawn, where not all are."""
    return [f"{drawn:,} of {total:,} rows are drawn."] if drawn < total else []


def beyond(points: FloatArray, limits: list[Any]) -> int:
    """Return how many rows lie outside the limits of the axes."""
    low, high = np.array(limits).T
    return int((~((points >= low) & (points <= high)).all(axis=1)).sum())
