"""What happens to a minimum between two cells: it is born, or its defect crosses the threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import NoResultError
from gmmscape.landscape.paths.branch import Branch
from gmmscape.landscape.paths.tracking import tracked
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.phases.cells import PhaseMinimum, kind_of
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.solve import Newton
from gmmscape.tolerances import TOLERANCES


class Crossing(NamedTuple):
    """A point between two neighbouring cells where a minimum is born, or its defect crosses the threshold.

    Attributes
    ----------
    x, y : float
        Parameters.
    event : str
        "fold" or "pitchfork" (a birth), or "threshold".
    kind : str
        Of the minimum in the cell where it exists (a birth), or where it is structured (a threshold).
    error : float
        Estimated absolute error of the parameter that varies between the two cells.
    cells : tuple of tuple of int
        The two cells, each as (row, column): the first is the one where the minimum exists or is structured.
    means : tuple of tuple of float
        Of the minimum there, shape (k, d).
    """

    x: float
    y: float
    event: str
    kind: str
    error: float
    cells: tuple[tuple[int, int], tuple[int, int]]
    means: tuple[tuple[float, ...], ...]


class Followed(NamedTuple):
    """How a minimum fares on the way to a neighbouring cell.

    Attributes
    ----------
    event : str
        "fold" or "pitchfork", "persists" (it is a minimum there too), or "lost" (the branch could not be
        followed).
    share : float
        Where, from 0 (the neighbouring cell) to 1 (the minimum's own).
    error : float
        Of the share.
    means : tuple of tuple of float
        Of the minimum there.
    """

    event: str
    share: float
    error: float
    means: tuple[tuple[float, ...], ...]


class Edge(NamedTuple):
    """The straight line between two neighbouring cells, from `there` (share 0) to `here` (share 1)."""

    path: Callable[[float, float], Mixture]
    here: tuple[float, float]
    there: tuple[float, float]

    def place(self, share: float) -> tuple[float, float]:
        """Return the parameters at a share; the ends are exact."""
        if share in (0.0, 1.0):
            return self.here if share else self.there
        (x, y), (u, v) = self.here, self.there
        return u + share * (x - u), v + share * (y - v)

    def truth(self, share: float) -> Mixture:
        """Return the truth at a share."""
        return self.path(*self.place(share))


def followed(edge: Edge, minimum: PhaseMinimum, sigma: float | None) -> Followed:
    """Follow a minimum to a neighbouring cell, as `birth` does along its bracket.

    Parameters
    ----------
    edge : Edge
        From the neighbouring cell to the minimum's own.
    minimum : PhaseMinimum
        Of the cell at share 1.
    sigma : float or None
        Standard deviation of the fit; None for that of each truth.

    Returns
    -------
    Followed
        Where the minimum ends, or that it persists. Cost: some tens of evaluations of the Hessian.
    """
    landscapes = TruthPath.over(edge.truth, len(minimum.means), sigma, (0.0, 1.0))
    try:
        begun = landscapes.local(minimum.array)
        start = landscapes.descent(1.0).full(Newton(), begun, None, None)
        branch = Branch(landscapes, start.means.ravel() / landscapes.unit, 1.0)
        track = tracked(branch, lambda point: False)
    except (NoResultError, np.linalg.LinAlgError):
        return Followed("lost", 1.0, 1.0, minimum.means)
    if track.lost is not None:
        return Followed("lost", 1.0, 1.0, minimum.means)
    found = track.end
    if found is None:
        return Followed("persists", 0.0, 0.0, _listed(landscapes, track.points[-1].point))
    return Followed(found.kind, found.parameter, found.error, _listed(landscapes, found.point))


def threshold_crossed(
    edge: Edge, structured: PhaseMinimum, other: PhaseMinimum, sigma: float | None
) -> Followed | None:
    """Return where the defect of a minimum crosses 0.5/k between two cells, by bisection and secants.

    Parameters
    ----------
    edge : Edge
        To the cell in which the minimum is structured, from the one in which it is not.
    structured, other : PhaseMinimum
        The minimum in these cells.
    sigma : float or None
        Standard deviation of the fit; None for that of each truth.

    Returns
    -------
    Followed or None
        None where the minimum was not found on the way. Cost: some ten descents.
    """
    from scipy.optimize import brentq

    k = len(structured.means)
    landscapes = TruthPath.over(edge.truth, k, sigma, (0.0, 1.0))
    one, two = landscapes.local(structured.array), landscapes.local(other.array)
    two = two[match_means(two, one)[0]]
    reach = np.linalg.norm(one - two, axis=1).max() + 0.1 * landscapes.unit

    def minimum(share: float) -> FloatArray:
        guess = share * one + (1.0 - share) * two
        end = landscapes.descent(share).coarse(guess)
        if not end.converged or match_means(end.means, guess)[1] > reach:
            raise NoResultError("the minimum is not found between the cells")
        return end.means

    def excess(share: float) -> float:
        means = minimum(share)
        return kind_of(means, landscapes.truth(share), landscapes.descent(share).sigma)[0] - 0.5 / k

    try:
        share, report = brentq(
            excess, 0.0, 1.0, xtol=TOLERANCES.phases.crossing_located, rtol=1e-12, full_output=True
        )
        means = minimum(share)
    except (NoResultError, ValueError):  # no change of sign: the ends are too close to the threshold
        return None
    return (
        Followed(
            "threshold",
            float(share),
            TOLERANCES.phases.crossing_located,
            _listed(landscapes, means / landscapes.unit),
        )
        if report.converged
        else None
    )


def _listed(landscapes: TruthPath, point: FloatArray) -> tuple[tuple[float, ...], ...]:
    """The means of a point in the caller's coordinates."""
    return tuple(map(tuple, landscapes.callers(landscapes.means(point)).tolist()))
