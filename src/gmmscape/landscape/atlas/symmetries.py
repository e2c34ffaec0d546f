"""Symmetries of a landscape: what the isometries of its truth make of critical points and edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.landscape.atlas.edges import Edge, after, inverse
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.isometries import Isometry
from gmmscape.landscape.points.orbits import same_orbit
from gmmscape.matching import match_means
from gmmscape.tolerances import TOLERANCES


class Symmetries(NamedTuple):
    """Which points of an atlas are images of each other under the isometries of its truth.

    Attributes
    ----------
    isometries : tuple of Isometry
        Those of the truth, the identity first; at most a thousand are listed.
    minima, saddles : tuple of tuple of int
        For each kind of point that differs by more than an isometry the places of all its images in the
        atlas; their number is the multiplicity.
    complete : bool
        Whether the images of all points are in the atlas.
    """

    isometries: tuple[Isometry, ...]
    minima: tuple[tuple[int, ...], ...]
    saddles: tuple[tuple[int, ...], ...]
    complete: bool

    @property
    def order(self) -> int:
        """Number of isometries listed."""
        return len(self.isometries)

    def __str__(self) -> str:
        most = "at least " if self.order >= EFFORT.atlas.most_isometries else ""
        lines = [f"{most}{self.order} isometries of the truth"]
        for one, several, places in (
            ("minimum", "minima", self.minima),
            ("saddle", "saddles", self.saddles),
        ):
            kinds = ", ".join(f"{len(some)} x {one} {some[0]}" for some in places)
            lines.append(f"{several} up to these: {len(places)}" + (f" ({kinds})" if kinds else ""))
        return "\n".join(lines)


def image_of(point: CriticalPoint, isometry: Isometry, descent: Descent) -> CriticalPoint:
    """Return the image of a point, with the values and curvatures that it shares, listed in order."""
    local = descent.local_of(point)
    turned = isometry.image(local.means + descent.measure.origin) - descent.measure.origin
    image = local.relocated(turned)
    order = np.lexsort(descent.places(descent.measure.callers_mixture(image)).T[::-1])
    return descent.renamed(replace(point, hits=0, n_iter=0, history=()), image.permuted(order))


def place_of_image(point: CriticalPoint, isometry: Isometry, points: Sequence[CriticalPoint]) -> int | None:
    """Return the place of a point's image among points, or None."""
    places = isometry.image(point.places)
    return next((i for i, known in enumerate(points) if same_orbit(point, known, places)), None)


def carried(
    edge: Edge,
    isometry: Isometry,
    minima: Sequence[CriticalPoint],
    saddles: Sequence[CriticalPoint],
) -> Edge | None:
    """Return the image of an edge, or None where an end's image, or the saddle's, is not known."""
    saddle = place_of_image(saddles[edge.saddle], isometry, saddles)
    ends = [place_of_image(minima[end], isometry, minima) for end in edge.minima]
    if saddle is None or ends[0] is None or ends[1] is None:
        return None
    if edge.relabelling is None:
        return Edge(saddle, (ends[0], ends[1]))
    orders = []
    for old, new in zip(edge.minima, (ends[0], ends[1]), strict=True):
        places = isometry.image(minima[old].places)
        order, distance = match_means(places, minima[new].places)
        if distance > TOLERANCES.points.same_flat * minima[new].sigma:
            return Edge(saddle, (ends[0], ends[1]))
        orders.append([int(i) for i in order])
    return Edge(saddle, (ends[0], ends[1]), after(inverse(orders[1]), after(edge.relabelling, orders[0])))


def classes(
    points: Sequence[CriticalPoint], generating: Sequence[Isometry]
) -> tuple[tuple[tuple[int, ...], ...], bool]:
    """Return the places of points that are images of each other, and whether all images are among them."""
    home = list(range(len(points)))
    complete = True
    for place, point in enumerate(points):
        for isometry in generating:
            image = place_of_image(point, isometry, points)
            if image is None:
                complete = False
            elif home[image] != home[place]:
                low, high = sorted((home[image], home[place]))
                home = [low if one == high else one for one in home]
    return tuple(
        tuple(i for i, one in enumerate(home) if one == first) for first in sorted(set(home))
    ), complete
