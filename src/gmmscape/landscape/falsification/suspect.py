"""Suspect: a minimum that exploration reads as unstructured, and what became of it under scrutiny."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.falsification.cuts import CutCenter
from gmmscape.mixture import Mixture

OUTCOMES = ("confirmed", "undecided", "refuted", "unchecked")


@dataclass(frozen=True, eq=False)
class Suspect:
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
    def k(self) -> int:
        """Number of fitted means."""
        return len(self.means)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            One key for each attribute; errors that are infinite become None.
        """
        finite = np.isfinite(self.eigenvalue_error)
        return {
            "number": self.number,
            "truth": self.truth.to_dict(),
            "means": self.means.tolist(),
            "defect": self.defect,
            "tau": self.tau,
            "position_error": self.position_error if np.isfinite(self.position_error) else None,
            "eigenvalue": self.eigenvalue,
            "eigenvalue_error": self.eigenvalue_error if finite else None,
            "outcome": self.outcome,
            "reason": self.reason,
            "hits": self.hits,
            "cuts": [cut._asdict() for cut in self.cuts],
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Suspect:
        """Return the suspect that `to_dict` described.

        Parameters
        ----------
        content : dict
            As written by `to_dict`.

        Returns
        -------
        Suspect
            The suspect.
        """
        numbers = {
            name: float("inf") if content[name] is None else float(content[name])
            for name in ("defect", "tau", "position_error", "eigenvalue", "eigenvalue_error")
        }
        return cls(
            number=int(content["number"]),
            truth=Mixture.from_dict(content["truth"]),
            means=np.array(content["means"], dtype=np.float64),
            outcome=str(content["outcome"]),
            reason=str(content["reason"]),
            hits=int(content["hits"]),
            cuts=tuple(CutCenter.from_dict(cut) for cut in content["cuts"]),
            **numbers,
        )

    def __str__(self) -> str:
        def points(array: FloatArray) -> str:
            return " ".join("(" + ", ".join(f"{x:.4f}" for x in row) + ")" for row in array)

        lines = [
            f"{self.outcome}: truth {self.number}, k={self.k}, k*={self.truth.n_components}, "
            f"separation {self.truth.separation:.4g}: defect {self.defect:.4f} (tau {self.tau:.3g}), "
            f"{self.position_error:.3g} sigma from a structure",
            f"  centers {points(self.truth.means)}",
            f"  means {points(self.means)}",
            f"  smallest eigenvalue {self.eigenvalue:.6g}, error {self.eigenvalue_error:.1g}; {self.reason}",
        ]
        return "\n".join([*lines, *(f"  {cut}" for cut in self.cuts)])
