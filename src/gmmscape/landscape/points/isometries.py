"""Isometries that leave a truth as it is: rotations, reflections and their compositions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


class Isometry(NamedTuple):
    """A map ``x -> middle + matrix @ (x - middle)`` that takes a mixture to itself.

    Attributes
    ----------
    matrix : ndarray of shape (d, d)
        Orthogonal.
    middle : ndarray of shape (d,)
        The mean of the mixture, which it keeps.
    centers : tuple of int
        Component s goes to component centers[s].
    """

    matrix: FloatArray
    middle: FloatArray
    centers: tuple[int, ...]

    def image(self, places: FloatArray) -> FloatArray:
        """Return the image of places; log weights in a further column stay as they are."""
        d = len(self.middle)
        means = self.middle + (places[:, :d] - self.middle) @ self.matrix.T
        return np.column_stack([means, places[:, d:]])


def isometries(truth: Mixture) -> list[Isometry]:
    """Return the isometries that leave a mixture as it is, the identity first.

    Centers are matched by their distances and weights, covariances have to agree as well. Directions in which
    all centers are the same are kept; where there is one such direction, its reflection is among the
    isometries, and where there are more, the rotations among them are not.

    Parameters
    ----------
    truth : Mixture
        In any number of dimensions.

    Returns
    -------
    list of Isometry
        At most `most_isometries` of the effort. Cost: the number of ways to place as many centers as there
        are dimensions so that distances agree.
    """
    middle = truth.weights @ truth.means
    around = truth.means - middle
    extent = float(np.abs(around).max()) + float(np.sqrt(truth.full_covariances().max()))
    _, sizes, directions = np.linalg.svd(around, full_matrices=True)
    rank = int(np.count_nonzero(sizes > TOLERANCES.atlas.flat_direction * extent))
    inside, outside = directions[:rank], directions[rank:]
    apart = np.linalg.norm(around[:, None] - around, axis=2) + extent * np.eye(len(around))
    found: list[Isometry] = []
    # Centers are known as well as their coordinates are.
    close = TOLERANCES.atlas.isometry * extent + 8 * np.finfo(np.float64).eps * float(
        np.abs(truth.means).max()
    )
    for turned, centers in _within(around @ inside.T, truth.weights, close):
        kept = inside.T @ turned @ inside
        for side in (1.0, -1.0) if len(outside) == 1 else (1.0,):
            matrix = kept + side * outside.T @ outside
            # Where centers coincide one isometry permutes them in several ways.
            new = apart.min() > close or not any(
                np.allclose(matrix, one.matrix, atol=TOLERANCES.atlas.same_matrix) for one in found
            )
            if new and _keeps(truth, matrix, centers):
                found.append(Isometry(matrix, middle, centers))
        if len(found) >= EFFORT.atlas.most_isometries:
            break
    d = truth.n_features
    return sorted(
        found, key=lambda one: not np.allclose(one.matrix, np.eye(d), atol=TOLERANCES.atlas.same_matrix)
    )


def _within(
    points: FloatArray, weights: FloatArray, close: float
) -> Iterator[tuple[FloatArray, tuple[int, ...]]]:
    """Yield orthogonal maps of points, which span their space, to themselves, and the permutations."""
    from scipy.optimize import linear_sum_assignment

    base = _base(points)
    products = points @ points.T
    extent = float(np.abs(points).max(initial=0.0))
    alike = np.isclose(weights[:, None], weights, rtol=1e-12, atol=0.0)

    def placed(chosen: list[int]) -> Iterator[list[int]]:
        if len(chosen) == len(base):
            yield chosen
            return
        origin = base[len(chosen)]
        wanted = products[origin, [*base[: len(chosen)], origin]]
        for target in range(len(points)):
            there = products[target, [*chosen, target]]
            if alike[origin, target] and np.abs(there - wanted).max() <= 4 * close * (extent + close):
                yield from placed([*chosen, target])

    for targets in placed([]):
        turned = np.linalg.lstsq(points[base], points[targets], rcond=None)[0].T if base else np.zeros((0, 0))
        left, _, right = np.linalg.svd(turned)
        turned = left @ right
        gaps = np.linalg.norm((points @ turned.T)[:, None] - points, axis=2)
        gaps = np.where(alike, gaps, 1e3 * (extent + close))
        order = linear_sum_assignment(gaps)[1]
        if gaps[np.arange(len(order)), order].max() <= close:
            yield turned, tuple(order.tolist())


def _base(points: FloatArray) -> list[int]:
    """As many points as there are dimensions, chosen one by one so that each is far from those before."""
    rest, base = points.copy(), []
    for _ in range(points.shape[1]):
        place = int(np.linalg.norm(rest, axis=1).argmax())
        direction = rest[place] / np.linalg.norm(rest[place])
        rest = rest - np.outer(rest @ direction, direction)
        base.append(place)
    return base


def _keeps(truth: Mixture, matrix: FloatArray, centers: Sequence[int]) -> bool:
    covariances = truth.full_covariances()
    turned = matrix @ covariances @ matrix.T
    return np.allclose(turned, covariances[list(centers)], rtol=1e-10, atol=1e-12 * covariances.max())


def generators(group: Sequence[Isometry]) -> list[Isometry]:
    """Return a few isometries whose compositions are all of a group; empty for the identity alone."""
    chosen: list[Isometry] = []
    known = {_key(one) for one in group[:1]}
    for one in group:
        if _key(one) not in known and len(known) < EFFORT.atlas.most_isometries:
            chosen.append(one)
            known = _closed([_key(other) for other in chosen])
    return chosen


#: What tells an isometry of a finite group apart: where it takes centers, and whether it turns space over.
Key = tuple[tuple[int, ...], int]


def _key(one: Isometry) -> Key:
    return one.centers, int(np.sign(np.linalg.det(one.matrix)))


def _closed(keys: Sequence[Key]) -> set[Key]:
    """All products of some isometries, up to `most_isometries`."""
    new: list[Key] = [(tuple(range(len(keys[0][0]))), 1)]
    found = set(new)
    while new and len(found) < EFFORT.atlas.most_isometries:
        centers, side = new.pop()
        for there, turn in keys:
            product = (tuple(there[s] for s in centers), side * turn)
            if product not in found:
                found.add(product)
                new.append(product)
    return found
