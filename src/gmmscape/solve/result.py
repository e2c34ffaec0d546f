"""Solution: where a solver stopped, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.families import HeldParts
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.results.words import STOP_REASONS
from gmmscape.solve.memory import Memory
from gmmscape.threads import cached_property

#: Stop reasons that are no end of the work: with more time it would have gone on.
CUT_SHORT = ("interrupted", "time_limit")


@dataclass(frozen=True, eq=False)
class Solution(Record):
    """What a solver found.

    What was read from a file has the caller's coordinates as its local ones. Two solutions are equal whatever
    coordinates they were found in, and whatever way led there.

    Attributes
    ----------
    local : Mixture
        The fit as the solver had it, in the measure's local coordinates.
    origin : ndarray of shape (d,)
        What local coordinates count from: the measure's origin.
    nll : float
        Negative log-likelihood in nats per unit mass.
    penalty : float
        What the family's prior adds to it (docs/mathematics.md#prior); zero without one.
    error : float
        Estimated absolute error of `nll`.
    gradient_norm : float
        Length of the EM step from here (docs/words.md#gradient-norm): 0 at a critical point, infinite where
        a component is out of reach of the measure.
    stop_reason : str
        A key of `gmmscape.solve.STOP_REASONS`.
    n_iter : int
        Iterations done.
    history : tuple of float
        Value before the first and after each iteration.
    floor_active : bool
        Whether a floor holds up some covariance, which would be narrower without.
    family : str
        Name of the family it was fitted in.
    moves_at : tuple of int
        Places in `history` that a move led to, not one more iteration: of such a jump only the end is kept.
    background : Background or None
        Beside the components of `local`, whose weights sum to one; in `mixture` they leave its weight.
    held : HeldParts or None
        What was held; in `mixture` it has the very bits that were given.
    memory : Memory or None
        What the solver needs to go on, where that was asked for.
    """

    format: ClassVar[str] = "gmmscape-solution"
    left_out_of_files: ClassVar[tuple[str, ...]] = ("local", "origin", "background", "memory")
    told_in_files: ClassVar[tuple[str, ...]] = ("mixture",)

    local: Mixture = field(compare=False)
    origin: FloatArray = field(repr=False, compare=False)
    nll: float
    error: float
    gradient_norm: float
    stop_reason: str
    n_iter: int
    history: tuple[float, ...] = field(repr=False, compare=False)
    penalty: float = field(default=0.0, kw_only=True)
    floor_active: bool = field(default=False, kw_only=True)
    family: str = field(kw_only=True)
    moves_at: tuple[int, ...] = field(default=(), kw_only=True, repr=False, compare=False)
    background: Background | None = field(default=None, kw_only=True, repr=False, compare=False)
    held: HeldParts | None = field(default=None, kw_only=True, repr=False)
    memory: Memory | None = field(default=None, kw_only=True, repr=False, compare=False)

    @cached_property
    def mixture(self) -> Mixture:
        """The fit in the caller's coordinates: what users get."""
        shifted = self.local.shifted(self.origin)
        if self.held is not None:
            shifted = self.held.given_back(shifted)
        return shifted if self.local.background is not None else shifted.beside(self.background)

    @property
    def means(self) -> FloatArray:
        """Means of the fit, shape (k, d)."""
        return self.mixture.means

    @property
    def value(self) -> float:
        """What was minimised: `nll` and `penalty` together."""
        return self.nll + self.penalty

    @property
    def converged(self) -> bool:
        """Whether the solver reached a critical point to its tolerance."""
        return self.stop_reason == "converged"

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the solution that `content` described."""
        mixture = Mixture.from_content(content["mixture"])
        return cls(
            local=mixture,
            origin=np.zeros(mixture.n_features),
            background=mixture.background,
            **cls._fields_in(content),
        )

    @property
    def fitted_part(self) -> Any:
        """The solution: its `mixture` is a model."""
        return self

    def _compared(self) -> tuple[str, ...]:
        return ("mixture", *super()._compared())

    def __str__(self) -> str:
        floor = "; a floor holds up some covariance" if self.floor_active else ""
        return (
            f"{self.stop_reason} after {counted(self.n_iter, 'iteration')} "
            f"({STOP_REASONS[self.stop_reason]})\n"
            f"nll {self.nll:.10g} per unit mass, length of the EM step {self.gradient_norm:.3g}{floor}\n"
            f"{self.mixture}"
        )
