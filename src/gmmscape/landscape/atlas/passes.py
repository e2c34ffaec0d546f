"""What atlases of every family say of their minima: how high the passes are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.atlas.edges import Edge, escape_height, relabelling_height
from gmmscape.measure import Estimate
from gmmscape.solve import Solution


class Listed(Protocol):
    """What a point of a landscape says whatever is free."""

    @property
    def nll(self) -> float: ...
    @property
    def kl(self) -> float | None: ...
    @property
    def error(self) -> float: ...
    @property
    def value(self) -> float: ...
    @property
    def hits(self) -> int: ...


P = TypeVar("P", bound=Listed)


class WithPasses(Generic[P]):
    """An atlas of minima, and of saddles with their edges, in the kind of point that it holds."""

    minima: tuple[P, ...]
    saddles: tuple[P, ...]
    edges: tuple[Edge, ...]

    @property
    def joins(self) -> tuple[Edge, ...]:
        """All passes that are known between minima."""
        return self.edges

    def barrier(self, minimum: int | P) -> Estimate:
        """Return the height of the lowest known pass from a minimum to a lower one.

        Parameters
        ----------
        minimum : int, CriticalPoint or FreePoint
            A place in `minima`, or one of them.

        Returns
        -------
        Estimate
            A float, in nats above the minimum, whose attribute ``error`` is its estimated error; infinite
            where no such pass is known, as for the lowest. Lower is what is lower by more than the errors.

        Raises
        ------
        InvalidParameterError
            If it is no minimum of this atlas.
        """
        return escape_height(self._placed(minimum), *self._levels(), self.joins)

    def relabelling_barrier(self, minimum: int | P) -> Estimate:
        """Return the height of the lowest known pass between two labellings of a minimum.

        It may lead over any number of saddles and other minima.

        Parameters
        ----------
        minimum : int, CriticalPoint or FreePoint
            A place in `minima`, or one of them.

        Returns
        -------
        Estimate
            A float, in nats above the minimum, with its ``error``; infinite where no such pass is known.

        Raises
        ------
        InvalidParameterError
            If it is no minimum of this atlas.
        """
        place = self._placed(minimum)
        return relabelling_height(place, *self._levels(), self.joins, self._coincident())

    def _coincident(self) -> Sequence[Sequence[Sequence[int]]]:
        """For each minimum the groups of its components that coincide."""
        raise NotImplementedError

    def _place_of(self, point: Any) -> int | None:
        """The place of a point among the minima, or None."""
        raise NotImplementedError

    def _levels(self) -> tuple[list[Estimate], list[Estimate]]:
        """Values of minima and saddles: divergences where they are known, which small heights survive."""
        minima, saddles = (
            [Estimate(point.value if point.kl is None else point.kl, point.error) for point in some]
            for some in (self.minima, self.saddles)
        )
        return minima, saddles

    def _placed(self, minimum: int | P) -> int:
        if isinstance(minimum, Solution):
            place = self._place_of(minimum)
            if place is None:
                raise InvalidParameterError("minimum is none of this atlas: pass one of atlas.minima")
            return place
        if isinstance(minimum, bool) or not isinstance(minimum, (int, np.integer)):
            raise InvalidParameterError.of("minimum", minimum, "pass a place in atlas.minima or one of them")
        if not 0 <= minimum < len(self.minima):
            raise InvalidParameterError.of("minimum", minimum, f"pass a place below {len(self.minima)}")
        return int(minimum)
