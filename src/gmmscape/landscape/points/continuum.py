"""Continua: critical points of one value that fill a curve or a surface, as symmetries make them.

A curvature of zero says little: a minimum may be flat and alone. What tells is to go along: a step in the
flat directions, then Newton's method in all directions that have a curvature. From an isolated flat point
that leads back; along a continuum it leads to another critical point of the same value.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.ground import LocationGround
from gmmscape.matching import match_means
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import LocationState, evaluate, moved
from gmmscape.tolerances import TOLERANCES


class Continuum:
    """What can be reached from a critical point without a change of value.

    Parameters
    ----------
    descent : Descent
        Of a landscape with equal weights.
    point : CriticalPoint
        Where to begin.

    Attributes
    ----------
    dimension : int
        Of the continuum there; 0 for a point that is alone.
    """

    def __init__(self, descent: Descent, point: CriticalPoint) -> None:
        self._descent, self._point = descent, point
        start = descent.local_of(point)
        self._rtol = (
            TOLERANCES.points.finer * descent.measure.rtol
            if isinstance(descent.measure, Population)
            else None
        )
        self._rule = (start, descent.objective(start, self._rtol))
        self._level = evaluate(self._objective(start), start, hessian=False).value
        self._visited = [start]
        looked_at = point.flat and point.converged
        self.dimension = len(self._found(start, self._flat(start))) if looked_at else 0

    def reaches(self, other: CriticalPoint) -> bool:
        """Say whether one can walk to another critical point, up to relabelling, at one value.

        Parameters
        ----------
        other : CriticalPoint
            Of the same landscape.

        Returns
        -------
        bool
            False also where the walk gets stuck or takes too many steps. Cost: a few evaluations of the
            Hessian a step; what was walked before is not walked again.
        """
        goal = self._descent.local_of(other)
        if self.dimension == 0:
            return False
        if not self._level_with(goal, evaluate(self._objective(goal), goal, hessian=False)):
            return False
        at = min(self._visited, key=lambda known: match_means(goal.means, known.means)[1])
        for _ in range(EFFORT.points.continuum_steps):
            ahead = self._towards(at, goal)
            if np.linalg.norm(ahead) <= TOLERANCES.points.continuum_stride:
                return self._along(at, ahead)
            found = self._stepped(at, ahead)
            if found is None:
                return False
            at = found
            self._visited.append(at)
        return False

    def _objective(self, at: Mixture) -> Objective:
        """The objective with a rule for a place: one that was made within a stride of it."""
        made_for, objective = self._rule
        if LocationGround(objective).apart(at, made_for) > TOLERANCES.points.continuum_stride:
            # Farther on, a rule that is spaced for other means sees curvatures where none are.
            objective = self._descent.objective(at, self._rtol)
            self._rule = (at, objective)
        return objective

    def _towards(self, at: Mixture, goal: Mixture) -> FloatArray:
        """The way to a goal in coordinates, the goal's means in the order that makes it short."""
        order = match_means(goal.means, at.means)[0]
        return (goal.means[order] - at.means).ravel() / self._descent.sigma

    def _along(self, at: Mixture, ahead: FloatArray) -> bool:
        """Whether the last bit of a way runs along the continuum, but for its bending."""
        length = float(np.linalg.norm(ahead))
        if length <= TOLERANCES.points.same:
            return True
        tangents = self._tangents(at)
        return bool(np.linalg.norm(tangents @ ahead) >= TOLERANCES.points.along * length)

    def _stepped(self, at: Mixture, ahead: FloatArray) -> Mixture | None:
        """A point of the continuum nearer to the goal; None where no step along it leads nearer."""
        tangents = self._tangents(at)
        along = tangents.T @ (tangents @ ahead)
        if np.linalg.norm(along) < TOLERANCES.points.stuck * np.linalg.norm(ahead):
            # The goal is straight across, as the far side of a ring is: to either side.
            along = tangents[0] if len(tangents) else along
        length = float(np.linalg.norm(along))
        stride = TOLERANCES.points.continuum_stride
        while length > 0 and stride >= TOLERANCES.points.shortest_stride:
            step = min(stride, length) / length * along
            found = self._relaxed(moved(self._objective(at), at, step))
            if found is not None:
                gone = (found.mixture.means - at.means).ravel() / self._descent.sigma
                # Relaxing leads back to the continuum, and not along it.
                if np.linalg.norm(gone - step) <= TOLERANCES.points.bent * np.linalg.norm(step):
                    return found.mixture
            stride *= 0.5
        return None

    def _tangents(self, at: Mixture) -> FloatArray:
        """Orthonormal directions of the continuum at one of its points, one a row."""
        flat = self._flat(at)
        return flat if len(flat) == self.dimension else self._found(at, flat)

    def _flat(self, at: Mixture) -> FloatArray:
        """Orthonormal directions without curvature, one a row."""
        state = evaluate(self._objective(at), at, hessian=True)
        assert state.curvature is not None
        values, vectors = np.linalg.eigh(state.curvature)
        return vectors[:, np.abs(values) <= TOLERANCES.points.continuum_flat].T

    def _found(self, at: Mixture, flat: FloatArray) -> FloatArray:
        """Of some flat directions those along which critical points of this value lie."""
        gone = []
        for direction in (*flat, *-flat):
            step = TOLERANCES.points.continuum_step * direction
            found = self._relaxed(moved(self._objective(at), at, step))
            if found is not None:
                gone.append((found.mixture.means - at.means).ravel() / self._descent.sigma)
        if not gone:
            return flat[:0]
        # Of the way in the flat directions a part across the continuum has led back.
        _, lengths, directions = np.linalg.svd(np.array(gone), full_matrices=False)
        return directions[lengths >= TOLERANCES.points.gone * TOLERANCES.points.continuum_step]

    def _relaxed(self, start: Mixture) -> LocationState | None:
        """The critical point that Newton's method leads to, flat directions left alone; None off level."""
        objective = self._objective(start)
        at = evaluate(objective, start, hessian=True)
        for _ in range(EFFORT.points.continuum_relaxing):
            assert at.curvature is not None
            values, vectors = np.linalg.eigh(at.curvature)
            slope = vectors.T @ at.slope
            stiff = np.abs(values) > TOLERANCES.points.degree_soft
            step = np.where(stiff, -slope / np.where(stiff, values, 1.0), 0.0)
            length = float(np.linalg.norm(step))
            if at.lost.any():
                return None
            if length <= TOLERANCES.points.polished:
                critical = at.gradient_norm <= TOLERANCES.points.followed
                return at if critical and self._level_with(at.mixture, at) else None
            step *= min(1.0, TOLERANCES.points.continuum_stride / length)
            at = evaluate(objective, moved(objective, at.mixture, vectors @ step), hessian=True)
        return None

    def _level_with(self, at: Mixture, state: LocationState) -> bool:
        """Whether a point has the value of the continuum, within the errors of both."""
        errors = self._point.error + self._objective(at).errors(at).nll
        return bool(abs(state.value - self._level) <= TOLERANCES.points.level * errors)


def dimension_of(descent: Descent, point: CriticalPoint) -> int | None:
    """Return the dimension of the continuum that a flat critical point belongs to, 0 where it is alone.

    Parameters
    ----------
    descent : Descent
        Of the landscape.
    point : CriticalPoint
        What a descent has found.

    Returns
    -------
    int or None
        None where all curvatures have a sign, and with free weights, whose continua of coincident means are
        found otherwise. Cost: some tens of evaluations of the Hessian a flat direction.
    """
    return Continuum(descent, point).dimension if point.flat and not descent.free_weights else None
