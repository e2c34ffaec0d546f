"""PhaseDiagram: what `phase` finds on a grid of truths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.landscape.phases.cells import UNSTRUCTURED, PhaseMinimum
from gmmscape.landscape.phases.crossings import Crossing
from gmmscape.results.records import Record
from gmmscape.results.text import counted

if TYPE_CHECKING:
    from gmmscape.plot import PhaseDisplay


@dataclass(frozen=True, eq=False)
class PhaseDiagram(Record):
    """Minima on a grid of truths, up to relabelling, with births and thresholds between the cells.

    Attributes
    ----------
    xs : ndarray of shape (nx,)
        First parameter.
    ys : ndarray of shape (ny,)
        Second parameter.
    minima : tuple of tuple of tuple of PhaseMinimum
        ``minima[row][column]`` are those at ``(xs[column], ys[row])``; empty where the work did not come to.
    births : tuple of Crossing
        Folds and pitchforks between neighbouring cells of a row or a column.
    thresholds : tuple of Crossing
        Where the defect of a minimum crosses 0.5/k between neighbouring cells.
    lost : int
        Minima without partner in a neighbouring cell whose way there could not be followed to an end.
    checked : int
        Cells in which independent random starts looked for minima that were missing.
    disagreed : int
        How many of these had one. It was added, and spread to the neighbours.
    checks : tuple of tuple of int
        Cells checked and cells that disagreed, round by round: after a round with a disagreement others are
        checked, three rounds at most.
    supplied : int
        Minima that following those of neighbouring cells added: next to folds, where basins are tiny.
    n_components : int
        Fitted means.
    sigma : float or None
        Standard deviation of the fit; None for that of each truth.
    seed : int
        Of the random starts.
    stop_reason : str
        "completed", "interrupted" or "time_limit".
    """

    format: ClassVar[str] = "gmmscape-phase"
    names_in_files: ClassVar[Mapping[str, str]] = {"n_components": "k"}
    told_in_files: ClassVar[tuple[str, ...]] = ("counts", "kinds", "checked", "disagreed")

    xs: FloatArray
    ys: FloatArray
    minima: tuple[tuple[tuple[PhaseMinimum, ...], ...], ...]
    births: tuple[Crossing, ...]
    thresholds: tuple[Crossing, ...]
    lost: int
    checks: tuple[tuple[int, int], ...]
    supplied: int
    n_components: int
    sigma: float | None
    seed: int
    stop_reason: str

    @property
    def counts(self) -> IntArray:
        """Number of minima of each cell, shape (ny, nx); 0 where the work did not come to."""
        return np.array([[len(cell) for cell in row] for row in self.minima], dtype=np.intp)

    @property
    def kinds(self) -> dict[str, IntArray]:
        """For each structure, the most widespread first, and "unstructured": minima by cell, (ny, nx)."""
        tables: dict[str, IntArray] = {}
        for i, row in enumerate(self.minima):
            for j, cell in enumerate(row):
                for minimum in cell:
                    table = tables.setdefault(
                        minimum.kind, np.zeros((len(self.ys), len(self.xs)), dtype=np.intp)
                    )
                    table[i, j] += 1
        order = sorted(tables, key=lambda kind: (kind == UNSTRUCTURED, -np.count_nonzero(tables[kind]), kind))
        return {kind: tables[kind] for kind in order}

    @property
    def checked(self) -> int:
        """Cells that were checked by random starts."""
        return sum(cells for cells, _ in self.checks)

    @property
    def disagreed(self) -> int:
        """Checked cells in which a minimum had been missing."""
        return sum(cells for _, cells in self.checks)

    def plot(self, ax: Any = None, *, x: str = "x", y: str = "y") -> PhaseDisplay:
        """Draw the number of minima as shades, births as lines and thresholds dashed.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.
        x : str, default="x"
            Name of the first parameter.
        y : str, default="y"
            Name of the second one.

        Returns
        -------
        PhaseDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import PhaseDisplay

        kinds = self.kinds
        births, thresholds = (_by_kind(crossings, kinds) for crossings in (self.births, self.thresholds))
        unstructured = kinds.get(UNSTRUCTURED, np.zeros_like(self.counts))
        display = PhaseDisplay(self.xs, self.ys, self.counts, unstructured, births, thresholds, x=x, y=y)
        return display.plot(ax)

    def __str__(self) -> str:
        nx, ny = len(self.xs), len(self.ys)
        counts = Counter(self.counts.ravel().tolist())
        lines = [
            f"{nx} x {ny} cells, x {self.xs[0]:g} to {self.xs[-1]:g}, y {self.ys[0]:g} to {self.ys[-1]:g}, "
            f"k = {self.n_components}" + ("" if self.stop_reason == "completed" else f", {self.stop_reason}"),
            "minima: "
            + ", ".join(f"{n} in {counted(cells, 'cell')}" for n, cells in sorted(counts.items()) if n),
        ]
        if counts[0]:
            lines.append(f"not searched: {counted(counts[0], 'cell')}")
        for kind, table in self.kinds.items():
            born = Counter(crossing.event for crossing in self.births if crossing.kind == kind)
            crossed = sum(crossing.kind == kind for crossing in self.thresholds)
            notes = [f"{n} {event}{'s' if n > 1 else ''}" for event, n in sorted(born.items())]
            notes += [f"{crossed} threshold{'s' if crossed > 1 else ''}"] if crossed else []
            text = f"  {kind}: in {counted(int(np.count_nonzero(table)), 'cell')}"
            lines.append(text + (f"; located {', '.join(notes)}" if notes else ""))
        lines.append(
            f"checked {counted(self.checked, 'cell')} by random starts: {self.disagreed} had lacked a minimum"
            + (
                f"; {counted(self.supplied, 'minimum', 'minima')} came from following"
                if self.supplied
                else ""
            )
            + (f"; {self.lost} could not be followed" if self.lost else "")
        )
        return "\n".join(lines)


def _by_kind(crossings: Iterable[Crossing], kinds: Iterable[str]) -> dict[str, list[tuple[float, ...]]]:
    """Places, and the cells they are between, by kind."""
    table: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in kinds}
    for item in crossings:
        table[item.kind].append((item.x, item.y, *item.cells[0], *item.cells[1]))
    return {kind: rows for kind, rows in table.items() if rows}
