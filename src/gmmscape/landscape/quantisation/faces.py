"""Faces: the walls between the Voronoi cells of means on a line or in a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Faces:
    """Walls between cells: points on a line, pieces of straight lines in a plane.

    Attributes
    ----------
    pairs : ndarray of shape (f, 2)
        The means i and j on both sides.
    middles : ndarray of shape (f, r)
        Half way between the two means.
    normals : ndarray of shape (f, r)
        Of length one, from i to j.
    gaps : ndarray of shape (f,)
        Distance of the two means.
    tangents : ndarray of shape (f, r)
        Along the wall; zero on a line.
    ends : ndarray of shape (f, 2)
        From where to where the wall goes along its tangent, counted from the middle; infinite where it does
        not end, and on a line.
    """

    pairs: IntArray
    middles: FloatArray
    normals: FloatArray
    gaps: FloatArray
    tangents: FloatArray
    ends: FloatArray


def faces_of(means: FloatArray) -> Faces:
    """Return the walls between the cells of different means, shape (k, r) with r = 1 or 2.

    In a plane each is the part of a bisector that is no nearer to a third mean: O(k^3).
    """
    k, r = means.shape
    if r == 1:
        order = np.argsort(means[:, 0], kind="stable")
        pairs = np.column_stack([order[:-1], order[1:]])
    else:
        pairs = np.column_stack(np.triu_indices(k, 1))
    first, second = means[pairs[:, 0]], means[pairs[:, 1]]
    apart = second - first
    gaps = np.linalg.norm(apart, axis=1)
    normals = apart / gaps[:, None]
    middles = first + 0.5 * apart
    if r != 2:
        ends = np.tile([-np.inf, np.inf], (len(pairs), 1))
        return Faces(pairs, middles, normals, gaps, np.zeros_like(normals), ends)
    tangents = np.column_stack([-normals[:, 1], normals[:, 0]])
    ends = _ends(means, pairs, tangents)
    kept = ends[:, 1] > ends[:, 0]
    return Faces(pairs[kept], middles[kept], normals[kept], gaps[kept], tangents[kept], ends[kept])


def _ends(means: FloatArray, pairs: IntArray, tangents: FloatArray) -> FloatArray:
    """From where to where the points of each bisector are no nearer to a third mean, shape (f, 2).

    The third mean l leaves the points t with alpha + beta t <= 0 to the pair.
    """
    first, second = means[pairs[:, 0], None], means[pairs[:, 1], None]
    aside = means[None] - first
    alpha = np.einsum("flr,flr->fl", 0.5 * (second - means[None]), aside)
    beta = np.einsum("fr,flr->fl", tangents, aside)
    own = (np.arange(len(means)) == pairs[:, :1]) | (np.arange(len(means)) == pairs[:, 1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -alpha / beta
    upper = np.where(~own & (beta > 0.0), crossing, np.inf).min(axis=1)
    lower = np.where(~own & (beta < 0.0), crossing, -np.inf).max(axis=1)
    nowhere = (~own & (beta == 0.0) & (alpha > 0.0)).any(axis=1)
    return np.column_stack([np.where(nowhere, np.inf, lower), np.where(nowhere, -np.inf, upper)])


def open_angles(means: FloatArray, root: FloatArray) -> FloatArray:
    """Return the angle in which each cell goes to infinity, once `root` times z are the places, shape (k,).

    A cell is open in the directions that have no positive part along any way to another mean: what the polar
    cone of these ways spans. The angle does not jump where means come to lie on a line.
    """
    k = len(means)
    others = np.arange(k) != np.arange(k)[:, None]
    ways = (means[None] - means[:, None])[others].reshape(k, k - 1, 2) @ root
    turned = np.sort(np.arctan2(ways[..., 1], ways[..., 0]), axis=1)
    widest = np.diff(np.column_stack([turned, turned[:, 0] + 2.0 * np.pi]), axis=1).max(axis=1)
    return np.maximum(0.0, widest - np.pi)
