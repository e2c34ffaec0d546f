"""Ground: what followings and steepest descents walk on, slopes and curvatures of any family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import LocationState, evaluate, moved
from gmmscape.tolerances import TOLERANCES


class Spot(Protocol):
    """A fit with value, slope and curvature there."""

    @property
    def mixture(self) -> Mixture:
        """In local coordinates."""
        ...

    @property
    def slope(self) -> FloatArray:
        """Derivative, shape (m,), in units in which a step of one is long."""
        ...

    @property
    def curvature(self) -> FloatArray | None:
        """Second derivative, shape (m, m), where asked for."""
        ...

    @property
    def gradient_norm(self) -> float:
        """Length of the EM step, or of what stands for it."""
        ...

    @property
    def gone(self) -> str | None:
        """Why nothing can be followed from here, a key of `gmmscape.solve.STOP_REASONS`, or None."""
        ...


S = TypeVar("S", bound=Spot)


class Ground(Protocol[S]):
    """One rule, with slopes and curvatures of fits on it."""

    def at(self, mixture: Mixture, *, hessian: bool) -> S:
        """Return the spot of a mixture in local coordinates."""
        ...

    def stepped(self, at: S, step: FloatArray, *, hessian: bool) -> S | None:
        """Return the spot after a step of shape (m,); None where no numbers are: far too long a step."""
        ...

    def apart(self, one: Mixture, other: Mixture) -> float:
        """Return the largest distance between components of one label, in the units of steps."""
        ...

    @property
    def no_force(self) -> float:
        """The slope along a soft direction below which rules tell nothing."""
        ...


@dataclass(frozen=True)
class LocationGround:
    """That of means of one sigma, with the unit sigma.

    Attributes
    ----------
    objective : Objective
        Of the location family.
    """

    objective: Objective

    def at(self, mixture: Mixture, *, hessian: bool) -> LocationState:
        """Return the state of a solver at a mixture."""
        return evaluate(self.objective, mixture, hessian=hessian)

    def stepped(self, at: LocationState, step: FloatArray, *, hessian: bool) -> LocationState | None:
        """Return the state after a step."""
        return self.at(moved(self.objective, at.mixture, step), hessian=hessian)

    def apart(self, one: Mixture, other: Mixture) -> float:
        """Return the largest distance between means of one label, in sigma."""
        sigma = self.objective.family.coordinates.sigma
        return float(np.linalg.norm(one.means - other.means, axis=1).max()) / sigma

    @property
    def no_force(self) -> float:
        """The slope along a soft direction below which rules tell nothing: less on a line."""
        line = self.objective.measure.n_features == 1
        return TOLERANCES.points.no_force_on_line if line else TOLERANCES.points.no_force
