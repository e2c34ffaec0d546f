"""Orbits under relabelling: which points are one, mirror images, and the count of all labelled points."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial, prod

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.same_point import Accuracy, same_point
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.results.text import counted
from gmmscape.tolerances import TOLERANCES


def find_orbit(points: Sequence[CriticalPoint], point: CriticalPoint) -> int | None:
    """Return the place of the orbit that `point` belongs to, or None if it is a new one."""
    for place, known in enumerate(points):
        if same_orbit(point, known):
            return place
    return None


def same_orbit(point: CriticalPoint, known: CriticalPoint, places: FloatArray | None = None) -> bool:
    """Say whether two critical points are one up to relabelling, as far as both are known.

    Parameters
    ----------
    point, known : CriticalPoint
        The two.
    places : ndarray of shape (k, d), optional
        Those of an image of `point` under an isometry, which is then looked at in its place.

    Returns
    -------
    bool
        Whether they are one.
    """
    gap = abs(known.nll - point.nll)
    alike = max(TOLERANCES.points.same_nll, known.error + point.error)
    if gap > max(alike, TOLERANCES.points.unlike_nll):
        return False
    least, most = sorted((known.means_error, point.means_error))
    # A point between two others, as where a pair has only just split, is as close and differs in index.
    if least > TOLERANCES.points.same * point.sigma:
        soft, reach = known.index == point.index or known.flat or point.flat, TOLERANCES.points.same_flat
    else:  # no farther apart than the one that is known less well may be off
        soft = known.index == point.index and np.isfinite(most)
        reach = min(TOLERANCES.points.same_flat, TOLERANCES.points.unsure * most / point.sigma)
    accuracy = Accuracy(TOLERANCES.points.same, reach, alike)
    where = point.places if places is None else places
    return same_point(where, known.places, point.sigma, accuracy, soft=soft, gap=gap)


def signed_count(minima: Sequence[CriticalPoint], saddles: Sequence[CriticalPoint]) -> int:
    """Return the sum of (-1)^index over all labelled points (law 7); flat ones enter with their degree.

    Parameters
    ----------
    minima, saddles : sequence of CriticalPoint
        One of each orbit.

    Returns
    -------
    int
        One where all are known and isolated, and the degrees of the flat ones are.
    """
    return _counted((*minima, *saddles))[0]


def _counted(points: Sequence[CriticalPoint]) -> tuple[int, int]:
    """The count, and how many flat points have a degree that is not known.

    Where curvatures are next to zero a point counts together with all that lies within the sphere on which
    the degree was measured, around the point there at which most means coincide.
    """
    # A closed curve of points counts for zero, its Euler characteristic.
    points = [point for point in points if point.continuum != 1]
    left, count, unclear = list(points), 0, 0
    for point in points:
        soft = point.flat or point.degree is not None
        if not soft or not any(point is other for other in left):
            continue
        near = [other for other in points if _within(other, point)]
        center = min(near, key=lambda other: other.orbit_size)
        inside = [other for other in points if _within(other, center)]
        spheres = _spheres(center)
        alone = not center.continuum and any(point is other for other in inside)
        if center.degree is None or spheres is None or not alone:
            unclear += point.flat
            continue
        count += spheres * center.degree
        left = [other for other in left if not any(other is some for some in inside)]
    return count + sum(point.orbit_size * (-1) ** point.index for point in left), unclear


def _within(point: CriticalPoint, center: CriticalPoint) -> bool:
    return match_means(point.means, center.means)[1] <= TOLERANCES.points.degree_radius * center.sigma


def _spheres(point: CriticalPoint) -> int | None:
    """How many labelled spheres there are like that around a point, or None where it is not in the middle.

    Means that have split by a small part of the radius lie in the middle of one sphere in all their orders.
    """
    radius = TOLERANCES.points.degree_radius * point.sigma
    groups = touching(point.means, 2 * radius)
    for group in groups:
        gaps = np.linalg.norm(point.means[group] - point.means[group[0]], axis=1)
        if gaps.max() > TOLERANCES.points.middle * radius:
            return None
    return factorial(len(point.means)) // prod(factorial(len(group)) for group in groups)


def count_alarm(minima: Sequence[CriticalPoint], saddles: Sequence[CriticalPoint]) -> str | None:
    """Return what the count law says is missing, or None.

    Parameters
    ----------
    minima, saddles : sequence of CriticalPoint
        One of each orbit.

    Returns
    -------
    str or None
        None where the count is one and the degree of each flat point is known.
    """
    count, flat = _counted((*minima, *saddles))
    unclear = (
        f"; {counted(flat, 'flat point counts', 'flat points count')} by a degree that float64 does not know"
        if flat
        else ""
    )
    if count == 1:
        return f"the count is 1{unclear}" if flat else None
    index = "odd index (1, 3, ...)" if count > 1 else "even index (minima, index 2, ...)"
    return (
        f"the count of labelled points is {count}, not 1: orbits of {index} that make up "
        f"{abs(count - 1)} labelled points are missing; explore with more starts{unclear}"
    )


def mirror_of(truth: Mixture) -> FloatArray | None:
    """Return c where the reflection x -> c - x leaves a truth as it is, or None.

    Parameters
    ----------
    truth : Mixture
        With a spherical covariance for each component.

    Returns
    -------
    ndarray of shape (d,) or None
        Twice the middle of the mixture.
    """
    c = 2.0 * (truth.weights @ truth.means)
    gaps = np.linalg.norm(truth.means[:, None] - (c - truth.means), axis=2)
    images = gaps.argmin(axis=1)
    extent = 1e-12 * (np.abs(truth.means - 0.5 * c).max() + float(np.sqrt(truth.full_covariances().max())))
    extent += 4 * float(np.spacing(np.abs(truth.means).max()))  # what centers far from zero are rounded to
    same = np.allclose(truth.weights, truth.weights[images], rtol=1e-12)
    covariances = truth.full_covariances()
    same = same and np.allclose(covariances, covariances[images], rtol=1e-12)
    return c if same and gaps.min(axis=1).max() <= extent and len(set(images)) == len(images) else None


def reflected(places: FloatArray, c: FloatArray) -> FloatArray:
    """Return the mirror image of places: means x -> c - x, log weights as they are."""
    d = len(c)
    return np.column_stack([c - places[:, :d], places[:, d:]])


def mirrored_places(points: Sequence[CriticalPoint], c: FloatArray | None) -> tuple[int | None, ...]:
    """Return for each point the place of its mirror image x -> c - x among them, or None.

    Parameters
    ----------
    points : sequence of CriticalPoint
        One of each orbit.
    c : ndarray of shape (d,) or None
        See `mirror_of`.

    Returns
    -------
    tuple of int or None
        As long as `points`.
    """
    if c is None:
        return (None,) * len(points)
    found: list[int | None] = []
    for point in points:
        image, accuracy = reflected(point.places, c), Accuracy(TOLERANCES.points.mirrored)
        near = [
            place
            for place, other in enumerate(points)
            if abs(other.nll - point.nll) <= TOLERANCES.points.same_nll
            and same_point(image, other.places, point.sigma, accuracy)
        ]
        found.append(near[0] if near else None)
    return tuple(found)


def touching(means: FloatArray, distance: float) -> list[list[int]]:
    """Group means that are linked by gaps of at most `distance`."""
    groups: list[list[int]] = []
    for i, mean in enumerate(means):
        near = [g for g in groups if np.linalg.norm(means[g] - mean, axis=1).min() <= distance]
        groups = [g for g in groups if g not in near] + [sorted([i, *(j for g in near for j in g)])]
    return sorted(groups)
