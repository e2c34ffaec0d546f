"""What a family has to know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import CovarianceKind
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families.covariance_prior import CovariancePrior
from gmmscape.mixture import Mixture
from gmmscape.statistics import SufficientStatistics

if TYPE_CHECKING:
    from gmmscape.families.held_parts import HeldParts


@dataclass(frozen=True)
class NativeFamily:
    """What the compiled EM loop needs to know of a family that it has M-steps for.

    Attributes
    ----------
    kind : str
        How covariances are stored.
    means_only : bool
        Whether covariances stay as they are.
    floor : ndarray of shape (d,)
        Smallest variances, all zero for no floor.
    prior : CovariancePrior or None
        Of each covariance.
    free_weights : bool
        Whether weights are free where covariances are not.
    """

    kind: str
    means_only: bool
    floor: FloatArray
    prior: CovariancePrior | None = None
    free_weights: bool = False


class Coordinates(Protocol):
    """A family whose free parameters are a vector, so that Newton's method and gradient descent apply.

    The vector has the means component by component and then, for free weights, k - 1 contrasts of sigma times
    the log weights: m = k d, or k d + k - 1.
    """

    @property
    def sigma(self) -> float:
        """Standard deviation of every component, the unit of length."""
        ...

    @property
    def free_weights(self) -> bool:
        """Whether the weights are among the coordinates."""
        ...

    def in_coordinates(
        self, gradient: FloatArray, hessian: FloatArray | None
    ) -> tuple[FloatArray, FloatArray | None]:
        """Return derivatives in the coordinates from those by component."""
        ...

    def spread(self, change: FloatArray, k: int) -> FloatArray:
        """Return a change of the coordinates by component."""
        ...

    def moved(self, mixture: Mixture, change: FloatArray) -> Mixture:
        """Return the mixture with its coordinates changed, in units of sigma."""
        ...


class Family(ABC):
    """What the parameters of a fit are allowed to be.

    Attributes
    ----------
    name : str
        What it is known by.
    kind : CovarianceKind
        How its mixtures store their covariances.
    free_covariances : bool
        Whether covariances are estimated. The search for better optima moves them, and only they collapse.
    whole : bool
        Whether all covariances of the kind on or above the floor belong to the family.
    penalised : bool
        Whether it knows of a prior of its covariances.
    """

    name: str
    kind: CovarianceKind
    free_covariances: bool = True
    whole: bool = True
    penalised: bool = False

    @property
    def scatter(self) -> str:
        """Which scatter the statistics must carry: a kind's name, or "none"."""
        return self.kind.name

    @abstractmethod
    def update(self, statistics: SufficientStatistics, current: Mixture, resolution: float = 0.0) -> Mixture:
        """Return the M-step: the maximiser given the statistics taken at `current`.

        Of components with no more mass than `resolution` the statistics tell nothing; see `unresolved`.
        """

    def penalty(self, mixture: Mixture) -> float:
        """Return what is added to the NLL of a mixture, nats per unit mass: nothing without a prior."""
        return 0.0

    def penalties(self, mixture: Mixture) -> FloatArray:
        """Return the part of `penalty` that each component has, shape (k,); of a shared covariance none."""
        return np.zeros(mixture.n_components)

    @property
    def prior(self) -> CovariancePrior | None:
        """The prior of its covariances, if there is one."""
        return None

    def under(self, prior: CovariancePrior | None) -> Family:
        """Return the family under a prior of its covariances; itself where it knows of none."""
        return self

    def on_part(self, share: float) -> Family:
        """Return the family for a part of the data that has this share of their mass."""
        return self

    def penalties_of(self, covariances: FloatArray) -> FloatArray:
        """Return the penalty of each of p covariances, stored as components' own, shape (p,)."""
        return np.zeros(len(covariances))

    def smoothed(self, covariance: FloatArray, share: FloatArray | float = 1.0) -> FloatArray:
        """Return covariances (..., d, d) of rows of these masses (...), with what a prior adds."""
        return covariance

    def unresolved(self, mass: FloatArray, resolution: float) -> BoolArray:
        """Say which components have so little mass that rows of that resolution, or float64, do not tell."""
        return mass <= resolution

    @abstractmethod
    def n_parameters(self, k: int, d: int) -> int:
        """Return the number of free parameters of k components in d dimensions."""

    def fewest_rows(self, d: int) -> int:
        """Return the fewest rows that a component can be estimated from."""
        return self.kind.fewest_rows(d)

    def movable(self, k: int) -> BoolArray:
        """Say which components the search may split, merge or delete, shape (k,)."""
        return np.full(k, self.free_covariances)

    @property
    def collapsible(self) -> bool:
        """Whether a component on few rows can be as narrow as it likes: nothing shared holds it up."""
        return not self.kind.shared

    def lifted(self, covariances: FloatArray) -> tuple[FloatArray, bool]:
        """Return covariances brought into the family, floor included, and whether any moved."""
        return covariances, False

    def lifted_each(self, weights: FloatArray, covariances: FloatArray) -> FloatArray:
        """Return the covariances (b, ...) of b mixtures of some weights (b, k) brought into the family."""
        kind = self.kind
        stored = covariances.reshape(-1, *covariances.shape[1 if kind.shared else 2 :])
        return self.relaxed(kind.own).lifted(stored)[0].reshape(covariances.shape)

    def made(self, weights: FloatArray | None, means: FloatArray, covariances: FloatArray) -> Mixture:
        """Return the mixture of these parts, its covariances brought into the family.

        Raises InvalidParameterError where they do not make a mixture.
        """
        return Mixture(weights, means, self.lifted(covariances)[0], self.kind.name)

    def admissible(self, mixture: Mixture) -> Mixture:
        """Return `mixture` with its covariances brought into the family; itself if they are."""
        covariances, moved = self.lifted(mixture.covariances)
        if not moved:
            return mixture
        return Mixture(mixture.weights, mixture.means, covariances, mixture.covariance_type)

    def about(self, origin: FloatArray) -> Family:
        """Return the family for coordinates that count from another place, shape (d,), in those of now."""
        return self

    def arranged(self, means: FloatArray) -> FloatArray:
        """Return starting means in the order in which the family wants them."""
        return means

    @property
    def held(self) -> HeldParts | None:
        """What is held of its parameters, component by component; None for nothing."""
        return None

    def on_floor(self, mixture: Mixture) -> BoolArray:
        """Say which components a floor holds up, shape (k,)."""
        return np.zeros(mixture.n_components, dtype=bool)

    def collapsed_on_floor(self, mixture: Mixture) -> BoolArray:
        """Say which of them have collapsed there, and are not just as narrow as coarse values are apart."""
        return self.on_floor(mixture)

    def floor_active(self, mixture: Mixture) -> bool:
        """Say whether some covariance of `mixture` is held up by a floor."""
        return bool(self.on_floor(mixture).any())

    @property
    def scores(self) -> str | None:
        """Which covariances have coordinates: a kind's name or "none"; None without derivatives."""
        return None

    @property
    def weighted(self) -> bool:
        """Whether the weights are free."""
        return True

    @property
    def joint(self) -> bool:
        """Whether derivatives are taken in the log weights too."""
        return False

    @property
    def coordinates(self) -> Coordinates:
        """The family's coordinates, or InvalidParameterError where it has none."""
        raise InvalidParameterError.of(
            "family", self.name, "use EM: derivatives are those of the location family only"
        )

    def native(self, d: int) -> NativeFamily | None:
        """Return what the compiled EM loop needs in d dimensions; None where it has no such M-step."""
        return None

    def relaxed(self, kind: CovarianceKind) -> Family:
        """Return the family of all covariances of a kind on or above the floor, for small problems."""
        raise InvalidParameterError.of("family", self.name, "pass one whose covariances are free")
