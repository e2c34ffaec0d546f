"""Value, slope and curvature at a fit along what is free, and one rule as the ground that is walked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.freedom.features import features
from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import OwnUnits
from gmmscape.tolerances import TOLERANCES

#: Components that are kept equal, a tuple each.
Groups = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Local:
    """Value and derivatives at a mixture, along what is free.

    Attributes
    ----------
    mixture : Mixture
        In local coordinates.
    value : float
        NLL and penalty, per the rows' unit of length.
    slope : ndarray of shape (q,)
        Gradient: the EM step with its sign turned, each part over the root of its complete information.
    bend : ndarray of shape (q, q)
        Hessian; at most the identity where EM stands still.
    basis : ndarray of shape (m, q)
        The directions, in the components' own units: of length one where complete data have the information
        that these count in.
    own : OwnUnits
        These units.
    gone : str or None
        "plateau" where a component has lost its mass, "degenerate" where a covariance has collapsed.
    """

    mixture: Mixture
    value: float
    slope: FloatArray
    bend: FloatArray
    basis: FloatArray
    own: OwnUnits
    gone: str | None

    @classmethod
    def at(cls, objective: Objective, freedom: Freedom, mixture: Mixture, groups: Groups = ()) -> Local:
        """Return value and derivatives. Cost: a pass with O(m^2) a row, m numbers being free.

        Of `groups`, whose components are equal but for their weights, only directions are taken that keep
        them so, and the shares of their weight.
        """
        own = OwnUnits(objective.family, mixture)
        found = objective.information(mixture, missing=True)
        mass = found.moments.mass
        basis = _scaled(freedom.basis(own), own, mass)
        if groups:
            basis = basis @ _keeping(groups, basis, own)
        value = objective.family.penalty(mixture) - found.moments.log_likelihood
        bend = basis.T @ own.hessian(found) @ basis
        slope = basis.T @ own.gradient(found.moments)
        return cls(
            mixture, value, slope, 0.5 * (bend + bend.T), basis, own, _gone(objective, freedom, mixture, mass)
        )

    @property
    def curvature(self) -> FloatArray:
        """The Hessian."""
        return self.bend

    @property
    def gradient_norm(self) -> float:
        """Length of the slope."""
        return float(np.linalg.norm(self.slope))

    def moved(self, step: FloatArray) -> Mixture:
        """Return the mixture after a step along what is free."""
        return self.own.moved(self.basis @ step)


def _scaled(basis: FloatArray, own: OwnUnits, mass: FloatArray) -> FloatArray:
    """The directions in units of the information that complete data have.

    Own units count with weights; a component of a held weight has the information of its mass.
    """
    if own.family.weighted:
        return basis
    ratio = np.ones(own.size)
    k, width = own.k, own.own
    share = mass / own.mixture.weights
    prior = 0.0 if own.family.prior is None else own.family.prior.mass
    inner = (mass + prior) / (own.mixture.weights + prior)
    parts = ratio[: k * width].reshape(k, width)
    parts[:, 1 : 1 + own.d] = share[:, None]
    parts[:, 1 + own.d :] = inner[:, None]
    if not (ratio > 0.0).all():  # a component without mass: its own scale tells as much
        return basis
    root = np.linalg.cholesky(basis.T @ (ratio[:, None] * basis))
    return np.linalg.solve(root, basis.T).T


def _gone(objective: Objective, freedom: Freedom, mixture: Mixture, mass: FloatArray) -> str | None:
    """Why nothing can be followed from a mixture, if so."""
    if min(mass.min(), mixture.weights.min()) <= TOLERANCES.freedom.vanished:
        return "plateau"
    if freedom.held_sigmas is None:
        narrowest = _narrowest(mixture)
        truth = objective.measure.truth
        # The clusters of a truth are as narrow as they are, however far apart.
        least = float(np.sqrt(np.max(objective.measure.variance))) if truth is None else _narrowest(truth)
        if narrowest < TOLERANCES.freedom.collapsed * least:
            return "degenerate"
    return None


def _narrowest(mixture: Mixture) -> float:
    return float(np.sqrt(np.linalg.eigvalsh(mixture.full_covariances()).min()))


def _keeping(groups: Groups, basis: FloatArray, own: OwnUnits) -> FloatArray:
    """Those of some directions that keep the components of each group equal, orthonormal, shape (q, p)."""
    average = np.eye(own.size)
    for group in groups:
        places = np.asarray(group)[:, None] * own.own + np.arange(own.own)
        for same in places.T:
            along = own.scale[same] / np.linalg.norm(own.scale[same])
            average[np.ix_(same, same)] = np.outer(along, along)
    changed = basis - average @ basis
    parted, vectors = np.linalg.eigh(changed.T @ changed)
    return vectors[:, parted <= TOLERANCES.solve.flat]


@dataclass(frozen=True)
class FreeGround:
    """One rule of a landscape with more freedom than means, in the components' own units.

    Attributes
    ----------
    objective : Objective
        Of the freedom's family, rows frozen.
    freedom : Freedom
        What is free.
    groups : tuple of tuple of int
        Components that are equal and are kept so, as the gradient keeps them.
    """

    objective: Objective
    freedom: Freedom
    groups: tuple[tuple[int, ...], ...] = ()

    def at(self, mixture: Mixture, *, hessian: bool = True) -> Local:
        """Return value and derivatives at a mixture; the Hessian costs next to nothing beside them."""
        return Local.at(self.objective, self.freedom, mixture, self.groups)

    def stepped(self, at: Local, step: FloatArray, *, hessian: bool = True) -> Local | None:
        """Return the point after a step; None where there is none: far too long a step."""
        try:
            # Where overflow lies ahead, no number comes back that could be compared.
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                trial = self.at(at.moved(step))
        except (InvalidParameterError, np.linalg.LinAlgError):
            return None
        finite = np.isfinite(trial.value) and np.isfinite(trial.slope).all() and np.isfinite(trial.bend).all()
        return trial if finite else None

    def apart(self, one: Mixture, other: Mixture) -> float:
        """Return the largest distance between components of one label: means, logs of weight and width."""
        return float(np.linalg.norm(features(one) - features(other), axis=1).max())

    @property
    def no_force(self) -> float:
        """The slope along a soft direction below which rules tell nothing."""
        return TOLERANCES.points.no_force
