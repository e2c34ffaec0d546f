"""What is free in a landscape of fits: which covariances, and whether weights and widths are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import factorial, prod
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import kind_named
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import NO_FLOOR, CovariancePrior, Family, Floor, FreeCovariance, Location, Restricted
from gmmscape.mixture import Mixture
from gmmscape.solve import OwnUnits
from gmmscape.statistics import SufficientStatistics
from gmmscape.validation import choice, finite_array, probability_weights

#: Families of landscapes, as users name them; the first has known widths.
FAMILIES = ("location", "spherical", "diag", "tied", "full")
#: What a sigma may be that is no number.
WIDTHS = ("free", "common")


@dataclass(frozen=True)
class Freedom:
    """What is free, beside the means.

    Attributes
    ----------
    covariance_type : str
        How covariances are stored: "spherical", "diag", "tied" or "full".
    n_components : int
        Number of fitted components k.
    held_weights : ndarray of shape (k,) or None
        Weights that stay as they are; None where they are free.
    held_sigmas : ndarray of shape (k,) or None
        Standard deviations that stay as they are; None where covariances are free.
    common : bool
        Whether the covariances are one number, that of all components.
    prior : CovariancePrior or None
        Of each covariance.
    floor : Floor
        Of the covariances.
    """

    covariance_type: str
    n_components: int
    held_weights: FloatArray | None = None
    held_sigmas: FloatArray | None = None
    common: bool = False
    prior: CovariancePrior | None = None
    floor: Floor = NO_FLOOR

    @classmethod
    def of(cls, family: Any, weights: Any, sigma: Any, k: int) -> Freedom:
        """Return what a user asks for.

        Parameters
        ----------
        family : str
            One of `FAMILIES`.
        weights : {"equal", "free"} or array_like of shape (k,)
            Held equal, free, or held at these.
        sigma : None, {"free", "common"}, float or array_like of shape (k,)
            Of the spherical families: widths that are free, one for all, or held at these. None is "free".
        k : int
            Number of components.

        Raises
        ------
        InvalidParameterError
            If one of them cannot be used, or a width is given to a family that has other covariances.
        """
        name = choice("family", family, FAMILIES)
        held = None if isinstance(weights, str) and weights == "free" else _held_weights(weights, k)
        if name not in ("location", "spherical"):
            if sigma is not None and not (isinstance(sigma, str) and sigma == "free"):
                raise InvalidParameterError.of(
                    "sigma", sigma, f"leave it out: covariances are free with family={name!r}"
                )
            return cls(name, k, held)
        width = "free" if sigma is None else sigma
        if isinstance(width, str):
            choice("sigma", width, WIDTHS)
            return cls("spherical", k, held, common=width == "common")
        sigmas = np.broadcast_to(finite_array("sigma", width, ndim=(0, 1)), (k,))
        if not (sigmas > 0).all():
            raise InvalidParameterError.of("sigma", width, "pass positive standard deviations")
        return cls("spherical", k, held, held_sigmas=sigmas.copy())

    @property
    def family(self) -> Family:
        """The family whose EM step it is."""
        if self.held_sigmas is not None:
            return Location(float(self.held_sigmas.max()), free_weights=self.held_weights is None)
        kind = kind_named(self.covariance_type)
        if self.held_weights is None and not self.common:
            return FreeCovariance(kind, self.floor, self.prior)
        return Restricted(
            kind, self.floor, self.prior, held_weights=self.held_weights is not None, common=self.common
        )

    @property
    def alike(self) -> list[list[int]]:
        """Components that may be exchanged: all, but for such as are held at different weights or widths."""
        held = [values for values in (self.held_weights, self.held_sigmas) if values is not None]
        each = [tuple(float(values[i]) for values in held) for i in range(self.n_components)]
        return [[i for i, one in enumerate(each) if one == kind] for kind in dict.fromkeys(each)]

    @property
    def n_relabellings(self) -> int:
        """Number of relabellings that change nothing that is held."""
        return prod(factorial(len(group)) for group in self.alike)

    def under(self, prior: CovariancePrior | None, floor: Floor) -> Freedom:
        """Return the same under a prior and a floor of the covariances."""
        return replace(self, prior=prior, floor=floor)

    def rests_on_floor(self, mixture: Mixture) -> bool:
        """Say whether a covariance of a fit of this freedom lies on the floor."""
        return bool(self.floor.held_up(mixture.covariances, kind_named(self.covariance_type)).any())

    @property
    def name(self) -> str:
        """The family as users name it."""
        return "location" if self.held_sigmas is not None else self.covariance_type

    @property
    def weights(self) -> str:
        """What users call the weights: "free", "equal" or "fixed"."""
        if self.held_weights is None:
            return "free"
        return "equal" if np.ptp(self.held_weights) == 0.0 else "fixed"

    @property
    def widths(self) -> str:
        """What users call the widths: "free", "common" or "fixed"."""
        return "fixed" if self.held_sigmas is not None else "common" if self.common else "free"

    def moment_matched(self, mass: FloatArray, means: FloatArray, covariances: FloatArray) -> Mixture:
        """Return the mixture of what is free nearest to components with these moments.

        Parameters
        ----------
        mass : ndarray of shape (k,)
            Weights, where they are free.
        means : ndarray of shape (k, d)
            Means.
        covariances : ndarray of shape (k, d, d)
            Of the rows of each component; what is free of them is matched.
        """
        k, d = means.shape
        weights = mass / mass.sum() if self.held_weights is None else self.held_weights
        if self.held_sigmas is not None:
            return Mixture(weights, means, self.held_sigmas**2, "spherical")
        scatter = mass[:, None, None] * covariances
        kind = kind_named(self.covariance_type)
        of_kind = {
            "spherical": np.trace(scatter, axis1=1, axis2=2),
            "diag": np.diagonal(scatter, axis1=1, axis2=2),
            "tied": scatter.sum(axis=0),
            "full": scatter,
        }[self.covariance_type]
        current = Mixture(weights, means, kind.repeated(np.eye(d), k), kind.name)
        statistics = SufficientStatistics(mass, means, of_kind, kind.name, 0.0, float(mass.sum()))
        # A prior would add rows of its own.
        return replace(self, prior=None).family.update(statistics, current)

    def basis(self, own: OwnUnits) -> FloatArray:
        """Return what is free about a mixture as orthonormal directions in its own units, shape (m, q)."""
        unit, k = np.eye(own.size), own.k
        weights = np.arange(k) * own.own
        means = (weights[:, None] + 1 + np.arange(own.d)).ravel()
        directions = [unit[:, means]]
        if self.held_weights is None:
            # Up to a common factor: the complement of the gauge, by a reflection that turns smoothly with it.
            assert own.gauge is not None
            normal = own.gauge[weights] + unit[0, :k]
            across = unit[:k, :k] - 2.0 * np.outer(normal, normal) / (normal @ normal)
            directions.append(unit[:, weights] @ across[:, 1:])
        inner = np.ones(own.size, dtype=bool)
        inner[weights] = inner[means] = False
        if self.common:
            together = np.where(inner, own.scale, 0.0)
            directions.append((together / np.linalg.norm(together))[:, None])
        else:
            directions.append(unit[:, inner])
        return np.hstack(directions)


def _held_weights(weights: Any, k: int) -> FloatArray:
    if isinstance(weights, str):
        choice("weights", weights, ("equal", "free"))
        return np.full(k, 1.0 / k)
    held = probability_weights("weights", weights, k)
    if not held.all():
        raise InvalidParameterError.of("weights", weights, "pass positive weights")
    return held
