"""Suspect: a minimum that exploration reads as unstructured, and what became of it under scrutiny."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from gmmscape.arrays import FloatArray
from gmmscape.landscape.falsification.cuts import CutCenter
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record

OUTCOMES = ("confirmed", "undecided", "refuted", "unchecked")


@dataclass(frozen=True, eq=False)
class Suspect(Record):
    """A minimum without structure, by association.

    Attributes
    ----------
    number : int
        Which of the truths.
    truth : Mixture
        The truth.
    means : ndarray of shape (k, d)
        The fit, refined.
    defect : float
        Smallest value, over all structures, of the largest association outside the blocks.
    tau : float
        Largest defect of a structured fit.
    position_error : float
        Distance from the nearest structure, by position: see `nearest_structure`; sigma.
    eigenvalue : float
        Smallest curvature, in 1/sigma^2.
    eigenvalue_error : float
        Its estimated error; infinite where it was not looked at closely.
    outcome : str
        "confirmed" (a minimum, and unstructured, by two rules of integration), "undecided", "refuted" (no
        minimum, or structured, once it was refined) or "unchecked".
    reason : str
        Why it is not confirmed; how it was, where it is.
    hits : int
        Starts that led here.
    cuts : tuple of CutCenter
        Centers that are cut, each with what law 9 says.
    """

    format: ClassVar[str] = "gmmscape-suspect"

    number: int
    truth: Mixture
    means: FloatArray
    defect: float
    tau: float
    position_error: float
    eigenvalue: float
    eigenvalue_error: float
    outcome: str
    reason: str
    hits: int
    cuts: tuple[CutCenter, ...]

    @property
    def n_components(self) -> int:
        """Number of fitted means."""
        return len(self.means)

    def __str__(self) -> str:
        def points(array: FloatArray) -> str:
            return " ".join("(" + ", ".join(f"{x:.4f}" for x in row) + ")" for row in array)

        known = isfinite(self.position_error)
        away = f"{self.position_error:.3g} sigma from" if known else "unknown how far from"
        lines = [
            f"{self.outcome}: truth {self.number}, k={self.n_components}, k*={self.truth.n_components}, "
            f"separation {self.truth.separation:.4g}: defect {self.defect:.4f} (tau {self.tau:.3g}), "
            f"{away} a structure",
            f"  centers {points(self.truth.means)}",
            f"  means {points(self.means)}",
            f"  smallest eigenvalue {self.eigenvalue:.6g}, error {self.eigenvalue_error:.1g}; {self.reason}",
        ]
        return "\n".join([*lines, *(f"  {cut}" for cut in self.cuts)])
