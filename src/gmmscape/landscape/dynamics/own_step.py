"""Curvatures of the location family in the metric of EM: one less each is a factor of an EM step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.families.location import contrasts
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.location import evaluate, moved


class Curved(Protocol):
    """Derivatives at a mixture in coordinates y in which an EM step is, to first order, minus the slope."""

    @property
    def slope(self) -> FloatArray:
        """Derivative in y, shape (q,)."""
        ...

    @property
    def bend(self) -> FloatArray:
        """Second derivative in y, shape (q, q): the identity less the derivative of the EM step."""
        ...

    @property
    def basis(self) -> FloatArray:
        """What y are changes of: a change y is the change basis @ y of coordinates that all places share."""
        ...

    def moved(self, step: FloatArray) -> Mixture:
        """Return the mixture after a change of y."""
        ...


@dataclass(frozen=True)
class CurvedMeans:
    """The same for means, and free weights, of one known sigma.

    With x the family's coordinates in units of sigma, an EM step is ``-P dL/dx``: P divides the slope of a
    mean by the mass of its component and, for free weights pi, is ``C' diag(1/pi) C`` for the contrasts C.
    With ``P = R R'`` and ``x = R y`` it is minus the slope in y.

    Attributes
    ----------
    objective : Objective
        Of the location family.
    mixture : Mixture
        In local coordinates.
    slope, bend, basis
        See `Curved`; the basis is R.
    """

    objective: Objective
    mixture: Mixture
    slope: FloatArray
    bend: FloatArray
    basis: FloatArray

    @classmethod
    def at(cls, objective: Objective, mixture: Mixture) -> CurvedMeans:
        """Return the derivatives at a mixture. Cost: a pass with Hessian."""
        found = evaluate(objective, mixture, hessian=True)
        assert found.curvature is not None
        mass = objective.statistics(mixture).mass
        means = 1.0 / np.sqrt(np.repeat(np.maximum(mass, np.finfo(float).tiny), mixture.n_features))
        size = len(found.slope)
        root = np.zeros((size, size))
        root[: len(means), : len(means)] = np.diag(means)
        if size > len(means):
            C = contrasts(mixture.n_components)
            root[len(means) :, len(means) :] = np.linalg.cholesky((C.T / mixture.weights) @ C)
        return cls(objective, mixture, root.T @ found.slope, root.T @ found.curvature @ root, root)

    def moved(self, step: FloatArray) -> Mixture:
        """Return the mixture after a change of y."""
        return moved(self.objective, self.mixture, self.basis @ step)
