"""The objective of weighted rows, in balls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gmmscape.proof.balls import Ball, exact, precision
from gmmscape.proof.enclosure import Enclosure, Third, boxes, enclosed
from gmmscape.proof.problem import SampleProblem
from gmmscape.proof.sums import Place, moments
from gmmscape.threads import cached_property


@dataclass(frozen=True)
class SampleEncloser:
    """The objective of weighted rows, of any number and dimension.

    Attributes
    ----------
    problem : SampleProblem
        Rows and fit.
    bits : int
        Binary digits of the arithmetic.
    """

    problem: SampleProblem
    bits: int

    @cached_property
    def _points(self) -> tuple[list[Place], list[list[Ball]]]:
        places: list[Place] = [[exact(value) for value in row] for row in self.problem.rows.tolist()]
        return places, [[share] for share in self.problem.shares()]

    def at(self, means: Sequence[Ball], *, hessian: bool = False) -> Enclosure:
        """Return what is known over a box of means."""
        with precision(self.bits):
            places, weights = self._points
            sigma = exact(self.problem.sigma)
            shown = boxes(means, self.problem.n_features)
            return enclosed(moments(places, weights, shown, sigma, second=hessian), sigma)

    def for_box(self, middle: Sequence[float], radius: float) -> SampleEncloser:
        """Return the encloser itself."""
        return self

    def third(self, means: Sequence[Ball]) -> Third | None:
        """Return nothing: boxes of samples are narrow enough without."""
        return None
