"""What a trajectory needs of a landscape: rules for where it stands, and the critical point it ends in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.landscape.dynamics.own_step import Curved, CurvedMeans
from gmmscape.landscape.freedom.descent import FreeDescent
from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.landscape.freedom.landscape import FreeLandscape
from gmmscape.landscape.freedom.local import Local
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.matching import match_means
from gmmscape.measure import Measure, Population
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective, step_sizes
from gmmscape.tolerances import TOLERANCES

Point = CriticalPoint | FreePoint


@dataclass(frozen=True)
class Ground:
    """A landscape as trajectories see it; all mixtures are in the measure's local coordinates.

    Attributes
    ----------
    measure : Population or Sample
        What the NLL is averaged over.
    freedom : Freedom
        What is free.
    unit : float
        Standard deviation of the fit, or of the measure where widths are free: the unit of length.
    objective : callable
        From a mixture to the objective with a fine rule for its neighbourhood.
    fixed : bool
        Whether all mixtures have one rule.
    error : callable
        From an objective and a mixture to the estimated error of the value.
    curved : callable
        From an objective and a mixture to the derivatives in own units, in which EM's rates are read.
    curvature_error : callable
        From a critical point to the estimated error of its curvatures in own units.
    end : callable
        From a mixture to the critical point next to it, with its labels; None where none is near.
    flat_metric : bool
        Whether what is free has coordinates of one unit: means, and weights, of one known width.
    """

    measure: Measure
    freedom: Freedom
    unit: float
    objective: Callable[[Mixture], Objective]
    fixed: bool
    error: Callable[[Objective, Mixture], float]
    curved: Callable[[Objective, Mixture], Curved]
    curvature_error: Callable[[Any], float]
    end: Callable[[Mixture], Point | None]
    flat_metric: bool

    @classmethod
    def of(cls, land: Landscape | FreeLandscape) -> Ground:
        """Return what a trajectory needs of a landscape."""
        return _of_fits(land._descent) if isinstance(land, FreeLandscape) else _of_means(land._descent)

    def curvatures(self, point: Point) -> Curved:
        """Return the derivatives at a critical point in own units."""
        local = self.measure.local_mixture(point.mixture)
        return self.curved(self.objective(local), local)


def _of_means(descent: Descent) -> Ground:
    def objective(local: Mixture) -> Objective:
        # Sobol points for one place differ from those for another by more than steps do.
        return descent.anywhere if descent._by_points else descent._fine(local)

    def end(local: Mixture) -> Point | None:
        point = descent.critical(descent.places_of_local(local))
        if point is None or not point.converged:
            return None
        at = descent.local_of(point)
        order, distance = match_means(at.means, local.means)
        if distance > TOLERANCES.dynamics.near * descent.sigma:
            return None
        return descent.renamed(point, at.permuted(order))

    def curvature_error(point: Any) -> float:
        local = descent.local_of(point)
        rows = objective(local)
        least = float(rows.statistics(local).mass.min())
        by_rule = rows.errors(local).hessian * descent.sigma**2 / max(least, np.finfo(float).tiny)
        # Flat points do not say how far they are off: the NLL is a quartic there, its slope the cube of that.
        off = point.means_error / descent.sigma
        off = off if np.isfinite(off) else float(np.cbrt(max(point.gradient_norm, np.finfo(float).eps)))
        by_place = _change_along_soft(rows, local, off)
        return TOLERANCES.solve.flat + by_rule + by_place

    return Ground(
        measure=descent.measure,
        freedom=Freedom.of("location", descent.weights, descent.sigma, descent.k),
        curved=CurvedMeans.at,
        unit=descent.sigma,
        objective=objective,
        fixed=descent._by_points or not isinstance(descent.measure, Population),
        error=lambda objective, local: objective.errors(local).nll,
        curvature_error=curvature_error,
        end=end,
        flat_metric=True,
    )


def _change_along_soft(objective: Objective, local: Mixture, way: float) -> float:
    """How much curvatures change along a way, in own units, in any direction whose own is next to zero."""
    at = CurvedMeans.at(objective, local)
    values, vectors = np.linalg.eigh(at.bend)
    soft = np.abs(values) <= max(TOLERANCES.points.degree_soft, float(np.abs(values).min()))
    steps = [side * way * direction for direction in vectors.T[soft] for side in (-1.0, 1.0)]
    ends = [CurvedMeans.at(objective, at.moved(step)) for step in steps]
    return max(float(np.abs(np.linalg.eigvalsh(end.bend) - values).max()) for end in ends)


def _of_fits(descent: FreeDescent) -> Ground:
    population = isinstance(descent.measure, Population)

    def objective(local: Mixture) -> Objective:
        return descent.objective(local, TOLERANCES.freedom.fine_rtol)

    def error(objective: Objective, local: Mixture) -> float:
        if not population:
            return objective.errors(local).nll
        finer = descent.objective(local, TOLERANCES.freedom.finer_rtol)
        return abs(finer.value(local) - objective.value(local)) + TOLERANCES.freedom.rounding

    def curvature_error(point: Any) -> float:
        if not population:
            return TOLERANCES.solve.flat
        local = descent.measure.local_mixture(point.mixture)
        finer = descent.objective(local, TOLERANCES.freedom.finer_rtol)
        values = np.linalg.eigvalsh(Local.at(finer, descent.freedom, local).bend)
        return TOLERANCES.solve.flat + float(np.abs(values - point.eigenvalues).max())

    def end(local: Mixture) -> Point | None:
        point = descent.full(local)
        if not point.converged:
            return None
        own = np.sqrt(point.local.column_variances().mean(axis=1))[:, None]
        shift = np.linalg.norm((point.local.means - local.means) / own, axis=1).max()
        return point if shift <= TOLERANCES.dynamics.near else None

    held = descent.freedom.held_sigmas
    spread = float(np.sqrt(np.mean(descent.measure.variance)))
    return Ground(
        measure=descent.measure,
        freedom=descent.freedom,
        curved=lambda objective, local: Local.at(objective, descent.freedom, local),
        unit=spread if held is None else float(held.max()),
        objective=objective,
        fixed=not population,
        error=error,
        curvature_error=curvature_error,
        end=end,
        flat_metric=False,
    )


class Rules:
    """Rules made for where a trajectory stands, and the largest error of the values they gave.

    Parameters
    ----------
    ground : Ground
        The landscape.
    start : Mixture
        In local coordinates.
    """

    def __init__(self, ground: Ground, start: Mixture) -> None:
        self.ground, self.error = ground, 0.0
        self._made(start)

    def _made(self, local: Mixture) -> None:
        self._place = self._within = local
        self.objective = self.ground.objective(local)
        self._checked(local)

    def _checked(self, local: Mixture) -> None:
        self.error = max(self.error, self.ground.error(self.objective, local))

    def renewed(self, local: Mixture) -> bool:
        """Make a new rule where a mixture is out of reach of the last one; say whether that was so."""
        if not self.away(local):
            self._within = local
            return False
        self._checked(self._within)
        self._made(local)
        return True

    def away(self, local: Mixture) -> bool:
        """Say whether a mixture is out of reach of the rule."""
        if self.ground.fixed:
            return False
        return bool(step_sizes(self._place, local).max() > TOLERANCES.dynamics.reach)

    def finish(self, local: Mixture) -> None:
        """Take the error at the last mixture in."""
        self._checked(local)
