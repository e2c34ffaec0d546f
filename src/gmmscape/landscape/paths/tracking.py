"""A branch of minima followed to its end: a fold, a pitchfork, the bracket's end, or where one stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.exceptions import NoResultError
from gmmscape.landscape.paths.bifurcation import Singular, singular_point
from gmmscape.landscape.paths.branch import Branch, BranchPoint
from gmmscape.tolerances import TOLERANCES


class Track(NamedTuple):
    """Minima of a branch, and what ended it.

    Attributes
    ----------
    points : list of BranchPoint
        Minima, in the direction of travel; the first is where it began.
    end : Singular or None
        The fold or pitchfork; None where the far end of the bracket was reached, `watch` stopped, or the
        branch was lost.
    lost : str or None
        Why it could be followed no further, where that is what ended it.
    """

    points: list[BranchPoint]
    end: Singular | None
    lost: str | None


def tracked(branch: Branch, watch: Callable[[BranchPoint], bool]) -> Track:
    """Follow a branch of minima to its end.

    Parameters
    ----------
    branch : Branch
        At its start.
    watch : callable
        Sees each minimum; returning True ends the work there. What it raises is passed on.

    Returns
    -------
    Track
        The minima and the end.
    """
    low = branch.landscapes.bracket[0]
    points: list[BranchPoint] = []
    steps = branch.points()
    while True:
        try:
            point = next(steps)
        except NoResultError as error:
            # Next to a pitchfork steps may become too short before one goes beyond it.
            found = _singular_near(branch, points[-1], points[-1], branch.step) if points else None
            return Track(points, found, None if found is not None else str(error))
        if point.stable and not point.turned:
            points.append(point)
            if watch(point) or point.parameter <= low:
                return Track(points, None, None)
            continue
        if not points:
            return Track(points, None, "the branch does not begin with a minimum that can be followed")
        last = points[-1]
        for near in sorted((last, point), key=lambda p: abs(p.eigenvalues[0])):
            found = _singular_near(branch, near, last, branch.step)
            if found is not None:
                return Track(points, found, None)
        branch.last = last
        branch.step *= 0.25
        if branch.step < TOLERANCES.paths.shortest_step:
            return Track(points, None, "neither a fold nor a pitchfork is found where the branch ends")


def _singular_near(branch: Branch, near: BranchPoint, last: BranchPoint, step: float) -> Singular | None:
    """Return the end of the branch that Newton finds from a point of it, if it is next to the branch."""
    landscapes = branch.landscapes
    at = landscapes.slope(near.point, near.parameter)
    vector = np.linalg.eigh(at.hessian)[1][:, 0]
    found = singular_point(landscapes, near.point, vector, near.parameter, branch.scale)
    if found is None:
        return None
    away = np.append(found.point - last.point, (found.parameter - last.parameter) / branch.scale)
    others = np.linalg.eigvalsh(landscapes.slope(found.point, found.parameter).hessian)
    reachable = np.linalg.norm(away) <= 2 * max(step, 1e-3)
    least = -landscapes.resolved(-TOLERANCES.paths.negative)
    return found if reachable and others[0] >= least else None
