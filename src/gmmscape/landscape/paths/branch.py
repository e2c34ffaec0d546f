"""A branch of minima followed by arclength through a path of truths, until it turns or loses stability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NoResultError
from gmmscape.landscape.paths.truth_path import AlongPath
from gmmscape.tolerances import TOLERANCES


class BranchPoint(NamedTuple):
    """A critical point of the branch.

    Attributes
    ----------
    parameter : float
        Parameter of the path.
    point : ndarray of shape (k*d,)
        Means in sigma.
    tangent : ndarray of shape (k*d + 1,)
        Unit tangent in (point, parameter / scale), in the direction of travel.
    eigenvalues : ndarray of shape (k*d,)
        Of the Hessian in the means, ascending, in units of sigma.
    speed : ndarray of shape (k*d,)
        Derivative of the gradient in parameter / scale.
    """

    parameter: float
    point: FloatArray
    tangent: FloatArray
    eigenvalues: FloatArray
    speed: FloatArray

    @property
    def turned(self) -> bool:
        """Whether the parameter no longer falls along the branch."""
        return bool(self.tangent[-1] >= 0)

    @property
    def stable(self) -> bool:
        """Whether it is a minimum."""
        return bool(self.eigenvalues[0] > 0)


class Branch:
    """Pseudo-arclength continuation (Keller, 1977), downwards in the parameter.

    Parameters
    ----------
    landscapes : AlongPath
        The landscapes along the path.
    point : ndarray of shape (k*d,)
        A minimum, in sigma.
    parameter : float
        Where it is one: the upper end of the bracket, or below.
    """

    def __init__(self, landscapes: AlongPath, point: FloatArray, parameter: float) -> None:
        self.landscapes = landscapes
        low, high = landscapes.bracket
        at = landscapes.slope(point, parameter)
        drift = np.linalg.solve(at.hessian, landscapes.along_parameter(point, parameter).gradient)
        #: The parameter in units in which the means move by about a sigma, no larger than the bracket.
        self.scale = float(1.0 / max(np.linalg.norm(drift), 1.0 / (high - low)))
        downwards = np.zeros(len(point) + 1)
        downwards[-1] = -1.0
        self.step = TOLERANCES.paths.first_step
        self.last = self._described(point, parameter, downwards)

    def points(self) -> Iterator[BranchPoint]:
        """Yield the start and then each point reached; setting back `last` and `step` repeats a stretch."""
        yield self.last
        while True:
            self.last = self._advance()
            yield self.last

    def _advance(self) -> BranchPoint:
        low, high = self.landscapes.bracket
        while self.step >= TOLERANCES.paths.shortest_step:
            length = min(self.step, 0.1 * (high - low) / (self.scale * max(abs(self.last.tangent[-1]), 0.1)))
            found = self._corrected(length)
            if found is not None:
                self.step = min(TOLERANCES.paths.longest_step, 1.6 * self.step)
                return found
            self.step *= 0.5
        raise NoResultError("steps along the branch became too short")

    def _corrected(self, length: float) -> BranchPoint | None:
        """Predict along the tangent and correct by Newton; None where that is not safely the same branch."""
        last = self.last
        m = len(last.point)
        floor = self.landscapes.bracket[0] / self.scale
        z = np.append(last.point, last.parameter / self.scale) + length * last.tangent
        across = last.tangent
        if z[-1] <= floor:  # the last step ends on the lower end itself
            z[-1], across = floor, np.eye(m + 1)[-1]
        moved = 0.0
        for _ in range(EFFORT.paths.corrections):
            at = self.landscapes.slope(z[:m], self._parameter(z[-1]))
            jacobian = np.block([[at.hessian, last.speed[:, None]], [across[None]]])
            try:
                correction = np.linalg.solve(jacobian, -np.append(at.gradient, 0.0))
            except np.linalg.LinAlgError:
                return None
            z = z + correction
            moved += float(np.linalg.norm(correction))
            if moved > min(
                TOLERANCES.paths.longest_correction,
                TOLERANCES.paths.share_of_gap * self.landscapes.gap(self.last.point),
            ):
                return None
            if np.linalg.norm(correction) <= self.landscapes.resolved(TOLERANCES.paths.on_branch):
                found = self._described(z[:m], self._parameter(z[-1]), last.tangent)
                return found if self._continues(found) else None
        return None

    def _parameter(self, place: float) -> float:
        """The parameter at a place of the last coordinate, inside the bracket and exact at its lower end."""
        low, high = self.landscapes.bracket
        # Scaled back and forth the end may be missed by a rounding, and would never be reached.
        return low if place <= low / self.scale else float(min(max(self.scale * place, low), high))

    def _continues(self, found: BranchPoint) -> bool:
        bent = found.tangent @ self.last.tangent
        changed = np.abs(found.eigenvalues - self.last.eigenvalues).max()
        return bool(bent >= TOLERANCES.paths.least_cosine and changed <= TOLERANCES.paths.eigenvalue_change)

    def _described(self, point: FloatArray, parameter: float, before: FloatArray) -> BranchPoint:
        at = self.landscapes.slope(point, parameter)
        speed = self.scale * self.landscapes.along_parameter(point, parameter).gradient
        # The kernel of (H, speed): the right singular vector beyond the rank.
        tangent = np.linalg.svd(np.column_stack([at.hessian, speed]))[2][-1]
        if tangent @ before < 0:
            tangent = -tangent
        return BranchPoint(parameter, point, tangent, np.linalg.eigvalsh(at.hessian), speed)
