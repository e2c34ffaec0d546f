"""What a theorem claims, as its user wrote it: a condition on truths, and bounds on errors."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.theorems.quantities import BlockQuantities, TruthQuantities

#: Kinds of block that a theorem may speak of.
BOUNDED = ("one-fits-many", "many-fit-one", "exact")
#: Where a theorem is claimed to hold: True or a margin from 0 on.
Condition = Callable[[TruthQuantities], Any]
#: How far a mean may be from its place, in sigma.
Bound = Callable[[BlockQuantities], Any]


@dataclass(frozen=True)
class Claims:
    """A condition and bounds that can be asked; what they answer is checked.

    Attributes
    ----------
    condition : callable or None
        None where the theorem is claimed of all truths.
    bounds : dict of str to callable
        By kind of block; a kind that is missing has no bound.
    named : bool
        Whether bounds were given by kind, for messages.
    """

    condition: Condition | None
    bounds: Mapping[str, Bound]
    named: bool

    @classmethod
    def of(cls, condition: Any, bounds: Any) -> Claims:
        """Return what a user's parameters claim.

        Parameters
        ----------
        condition : callable or None
            From `TruthQuantities` to a bool or a margin.
        bounds : callable, mapping of str to callable, or None
            From `BlockQuantities` to a number of sigma.

        Returns
        -------
        Claims
            Both, checked.

        Raises
        ------
        InvalidParameterError
            If something cannot be called, or is no kind of block.
        """
        if condition is not None and not callable(condition):
            raise InvalidParameterError.of(
                "condition", condition, "pass a function, as in lambda q: q.separation >= 12, or None"
            )
        if isinstance(bounds, Mapping):
            for kind, bound in bounds.items():
                if kind not in BOUNDED:
                    raise InvalidParameterError.of(
                        "bounds", kind, "name kinds of block: " + ", ".join(map(repr, BOUNDED))
                    )
                if not callable(bound):
                    raise InvalidParameterError.of(f"bounds[{kind!r}]", bound, "pass a function")
            return cls(condition, dict(bounds), named=True)
        if bounds is not None and not callable(bounds):
            raise InvalidParameterError.of(
                "bounds", bounds, "pass a function, as in lambda q: 1 / q.separation, or one for each kind"
            )
        return cls(condition, {} if bounds is None else dict.fromkeys(BOUNDED, bounds), named=False)

    def of_truth(self, quantities: TruthQuantities) -> tuple[bool | None, float | None]:
        """Say whether the condition holds, and by which margin.

        Parameters
        ----------
        quantities : TruthQuantities
            What it is asked of.

        Returns
        -------
        holds : bool or None
            None where there is no condition.
        margin : float or None
            None where the condition answers with a bool, or without end.

        Raises
        ------
        InvalidParameterError
            If the condition raises, or answers with something else.
        """
        if self.condition is None:
            return None, None
        remedy = "return True or False, or a margin, which holds from 0 on"
        answer = _answer("condition", self.condition, quantities, remedy)
        if isinstance(answer, bool | np.bool_):
            return bool(answer), None
        value = _number("condition", answer, quantities, remedy)
        return value >= 0.0, value if np.isfinite(value) else None

    def of_block(self, quantities: BlockQuantities, *, claimed: bool = True) -> float | None:
        """Return how far the means of a block may be from their place, in sigma.

        Parameters
        ----------
        quantities : BlockQuantities
            What the bound is asked of.
        claimed : bool, default=True
            Whether the condition holds. Where it fails a bound need not mean anything: one that cannot be
            used counts as none.

        Returns
        -------
        float or None
            None where nothing is claimed: there is no bound for this kind, or it is infinite.

        Raises
        ------
        InvalidParameterError
            If the theorem is claimed, and the bound raises, or answers with no number, NaN, or one below 0.
        """
        try:
            return self._bound(quantities)
        except InvalidParameterError:
            if claimed:
                raise
            return None

    def _bound(self, quantities: BlockQuantities) -> float | None:
        bound = self.bounds.get(quantities.kind)
        if bound is None:
            return None
        name = f"bounds[{quantities.kind!r}]" if self.named else "bounds"
        remedy = "return a number of sigma, from 0 on"
        value = _number(name, _answer(name, bound, quantities, remedy), quantities, remedy)
        if value < 0.0:
            raise InvalidParameterError(f"{name} returned {value!r}{_where(quantities)}: {remedy}")
        return value if np.isfinite(value) else None


def _answer(name: str, function: Any, quantities: TruthQuantities, remedy: str) -> Any:
    try:
        return function(quantities)
    except Exception as error:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise InvalidParameterError(f"{name} raised {what}{_where(quantities)}: {remedy}") from error


def _number(name: str, answer: Any, quantities: TruthQuantities, remedy: str) -> float:
    plain = isinstance(answer, numbers.Real) and not isinstance(answer, bool | np.bool_)
    try:
        value = float(answer) if plain else np.nan
    except OverflowError:
        value = np.nan
    if np.isnan(value):
        raise InvalidParameterError(f"{name} returned {answer!r}{_where(quantities)}: {remedy}")
    return value


def _where(quantities: TruthQuantities) -> str:
    said = f" at separation {quantities.separation:.6g}"
    if isinstance(quantities, BlockQuantities):
        means, centers = quantities.n_means, ", ".join(map(str, quantities.centers))
        said += f", for the {quantities.kind} block of {means} of {quantities.k} means on center {centers}"
    return said
