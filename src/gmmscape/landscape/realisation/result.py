"""Realisation: what became of one candidate structure, with what was predicted beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.landscape.laws import StructurePrediction
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.realisation.flat_minimum import Wall
from gmmscape.landscape.realisation.splitting import Splitting
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.structure.structure import Block, Structure


@dataclass(frozen=True, eq=False)
class Realisation(Record):
    """Whether a landscape has a minimum of a certain structure.

    Attributes
    ----------
    structure : Structure
        The candidate.
    outcome : str
        "realised": a minimum has this structure. "flat": one has, as far as float64 can tell, but a curvature
        has no sign there. "saddle": with the means of each block in one place it is a critical point, and
        a direction leads down to no minimum of this structure. "dissolved": descents end in minima without
        it. "unresolved": they end in none.
    point : CriticalPoint
        The minimum of this structure, or the coincident configuration that stands for it where float64 finds
        none; else where the descent ended.
    predicted : StructurePrediction or None
        Laws 2 and 3; None for truths they do not concern.
    decided_by : str
        "float64"; or, where that does not suffice, what decided: "law 1" (signs of sums of small terms),
        "mpmath" (the same in extended precision), or "quartic" (no sign as far as computed, as of zero,
        or split means take places that are not resolved: the quartic term holds them).
    splittings : tuple of Splitting
        For each block of several means: do coincident ones split.
    wall : Wall or None
        Why there is a minimum where `decided_by` is not "float64".
    truth : Mixture
        The truth.
    """

    format: ClassVar[str] = "gmmscape-realisation"
    left_out_of_files: ClassVar[tuple[str, ...]] = ("structure", "splittings")

    structure: Structure
    outcome: str
    point: CriticalPoint
    predicted: StructurePrediction | None
    decided_by: str
    splittings: tuple[Splitting, ...]
    wall: Wall | None
    truth: Mixture

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys structure, outcome, decided_by, point, predicted, splittings, wall, truth.
        """
        return {
            "structure": [[list(block.means), list(block.centers)] for block in self.structure.blocks],
            **super().content(),
            "splittings": [
                {
                    "means": list(splitting.block.means),
                    "center": splitting.block.centers[0],
                    "excess": list(splitting.excess),
                    "error": splitting.error,
                    "decided_by": splitting.decided_by,
                    "digits": splitting.digits,
                    "splits": splitting.splits,
                }
                for splitting in self.splittings
            ],
        }

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the realisation that `content` described."""
        splittings = tuple(
            Splitting(
                Block.of(tuple(item["means"]), (item["center"],)),
                tuple(map(float, item["excess"])),
                float(item["error"]),
                str(item["decided_by"]),
                int(item["digits"]),
            )
            for item in content["splittings"]
        )
        structure = Structure.of((means, centers) for means, centers in content["structure"])
        return cls(structure=structure, splittings=splittings, **cls._fields_in(content))

    def plot(self, ax: Any = None) -> Any:
        """Draw where the descent ended under the true density.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        MinimaDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        return self.point.plot(ax, truth=self.truth)

    def __str__(self) -> str:
        lines = [f"{self.structure}: {self.outcome}, decided by {self.decided_by}"]
        for splitting in self.splittings:
            means = ",".join(map(str, splitting.block.means))
            number = splitting.excess[-1]
            verb = {True: "split", False: "stay together", None: "have no sign in this arithmetic"}
            lines.append(
                f"  means {means} {verb[splitting.splits]}: V/sigma^2 - 1 = {number:.6g} "
                f"({splitting.decided_by}, {splitting.digits} digits)"
                + (
                    f", about {splitting.spread:.2g} sigma from their common place"
                    if splitting.splits
                    else ""
                )
            )
        if self.wall is not None:
            lines.append(
                f"  the NLL is {self.wall.height:.2g} nats or more higher on {self.wall.directions} points "
                f"{self.wall.radius:g} sigma around: a minimum lies inside"
            )
        predicted = self.predicted
        lines.append("              found         predicted (laws 2 and 3)")
        foreseen = "" if predicted is None else f"{predicted.kl:.8g}"
        lines.append(f"  kl          {self.point.kl or 0.0:<13.8g} {foreseen}")
        for name, found, other in (
            ("mean", self.point.means, None if predicted is None else predicted.means),
            ("curvature", self.point.eigenvalues, None if predicted is None else predicted.eigenvalues),
        ):
            for i, value in enumerate(found):
                foreseen = "" if other is None else _short(other[i])
                lines.append(f"  {name + ' ' + str(i):<11} {_short(value):<13} {foreseen}")
        return "\n".join(lines)


def _short(value: Any) -> str:
    return " ".join(f"{number:.6g}" for number in np.atleast_1d(value))
