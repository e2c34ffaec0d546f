"""Planes to look at a fit in: the one that separates its components best, and pairs of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray


class Direction(NamedTuple):
    """A line to project on, in the units of a picture.

    Attributes
    ----------
    name : str
        What an axis calls it.
    vector : ndarray of shape (d,)
        What a point is multiplied by.
    """

    name: str
    vector: FloatArray


def best_directions(
    weights: FloatArray, means: FloatArray, covariances: FloatArray | None, names: Sequence[str]
) -> list[Direction]:
    """Return the two directions in which the components lie farthest apart, for their spread.

    Linear discriminant directions: between the components the variance is as large as can be where that
    within them is one. Without covariances, those in which the centers vary most.

    Parameters
    ----------
    weights : ndarray of shape (k,)
        Of the components.
    means : ndarray of shape (k, d)
        In the units of the picture.
    covariances : ndarray of shape (k, d, d) or None
        In these units.
    names : sequence of str
        Of the columns.

    Returns
    -------
    list of Direction
        Two, each with the columns that weigh most in its name.
    """
    d = means.shape[1]
    within = np.eye(d) if covariances is None else np.einsum("k,kij->ij", weights, covariances)
    gaps = means - weights @ means
    between = (gaps * weights[:, None]).T @ gaps
    values, axes = np.linalg.eigh(within)
    # A direction of next to no variance would be divided by it: it counts as if it had a little.
    root = axes / np.sqrt(np.maximum(values, 1e-10 * max(values[-1], 1e-300)))
    _, turned = np.linalg.eigh(root.T @ between @ root)
    vectors = (root @ turned[:, ::-1][:, :2]).T
    found = []
    for place, vector in enumerate(vectors):
        largest = vector[np.argmax(np.abs(vector))]
        vector = vector if largest > 0 else -vector  # a sign that does not depend on the machine
        found.append(Direction(_named(place, vector, names), vector))
    return found


def _named(place: int, vector: FloatArray, names: Sequence[str]) -> str:
    order = np.argsort(-np.abs(vector), kind="stable")[:2]
    signs = ["+" if vector[i] > 0 else "\u2212" for i in order]
    parts = " ".join(f"{sign} {names[i][:18]}" for sign, i in zip(signs, order, strict=True))
    return f"direction {place + 1}: {parts.removeprefix('+ ')}"
