"""ThresholdDisplay: defect and position error of minima without structure along a path of truths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import COLOURS, FAINT, INK, SMALL, Display, checked_axes, legend, new_figure
from gmmscape.validation import finite_array

#: Marker of each end.
ENDS = {"fold": "o", "pitchfork": "D", "crossing": "v", "upper end": ">", "lost": "x", "below": "_"}


class FollowedLine(NamedTuple):
    """One minimum along the path, its end included.

    Parameters
    ----------
    parameters, defects, position_errors : array_like of shape (n,)
        Of equal length, in the order of the path; position errors in sigma.
    end : str
        "fold", "pitchfork", "crossing", "upper end", "lost" or "below".
    place : int, default=-1
        Which of the points is that end.
    """

    parameters: Any
    defects: Any
    position_errors: Any
    end: str
    place: int = -1


class ThresholdDisplay(Display):
    """Defect, and beside it position error, of followed minima over the parameter, the threshold marked.

    Parameters
    ----------
    lines : sequence of FollowedLine
        The minima.
    parameter : float
        The threshold.
    kind : str
        What it is: "fold", "pitchfork" or "crossing".
    level : float
        Defect above which a minimum counts as without structure.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        Defect of each minimum.
    error_lines_ : list of matplotlib Line2D
        Position error of each minimum; empty where axes were passed to `plot`.
    threshold_ : matplotlib Line2D
        The mark of the threshold.

    Raises
    ------
    InvalidParameterError
        If there is no minimum, lengths differ, or a value is not finite.
    """

    def __init__(self, lines: Sequence[FollowedLine], parameter: float, kind: str, level: float) -> None:
        if not lines:
            raise InvalidParameterError("lines is empty: a picture needs a minimum")
        self.lines = [self._checked(line) for line in lines]
        self.parameter, self.kind, self.level = float(parameter), kind, float(level)

    @classmethod
    def from_threshold(cls, threshold: Any) -> ThresholdDisplay:
        """Make the display of a threshold.

        Parameters
        ----------
        threshold : StructureThreshold
            What was found.

        Returns
        -------
        ThresholdDisplay
            Not drawn yet.
        """
        lines = [
            FollowedLine(
                minimum.parameters,
                minimum.defects,
                minimum.position_errors,
                minimum.end,
                int(np.argmin(np.abs(minimum.parameters - minimum.parameter))),
            )
            for minimum in threshold.followed
        ]
        level = 0.5 / len(threshold.means) if threshold.tau is None else threshold.tau
        return cls(lines, threshold.parameter, threshold.kind, level)

    @staticmethod
    def _checked(line: FollowedLine) -> FollowedLine:
        columns = [finite_array(name, getattr(line, name), ndim=(1,)) for name in line._fields[:3]]
        if len({len(column) for column in columns}) > 1 or not len(columns[0]):
            raise InvalidParameterError(
                "parameters, defects and position_errors must be as long as each other, one at least"
            )
        if line.end not in ENDS:
            raise InvalidParameterError.of("end", line.end, "choose one of " + ", ".join(map(repr, ENDS)))
        return FollowedLine(columns[0], columns[1], columns[2], line.end, line.place)

    def plot(self, ax: Any = None) -> ThresholdDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw the defects alone; by default a new figure, unknown to pyplot, with the position
            errors beside them.

        Returns
        -------
        ThresholdDisplay
            This display, with `figure_`, `ax_`, `axes_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        axes = list(new_figure(9.0, 4.4).subplots(1, 2, sharex=True)) if ours else [checked_axes(ax)]
        self._keep(axes)
        self.lines_ = [self._line(axes[0], line, line.defects) for line in self.lines]
        axes[0].axhline(self.level, color=FAINT, linewidth=1, linestyle=":", zorder=0)
        axes[0].annotate(
            f"{self.level:.3g}",
            (0.0, self.level),
            (3, 3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=SMALL,
            color=FAINT,
        )
        axes[0].set_ylabel("defect")
        self.error_lines_ = []
        if len(axes) > 1:
            self.error_lines_ = [self._line(axes[1], line, line.position_errors) for line in self.lines]
            axes[1].set_ylabel("largest position error, sigma")
        marks = [self._frame(axis) for axis in axes]
        self.threshold_ = marks[0]
        self._name_ends(axes[-1], ours)
        axes[0].set_title(f"threshold: {self.kind} at {self.parameter:.7g}", loc="left")
        return self

    def _line(self, ax: Any, line: FollowedLine, values: Any) -> Any:
        at = line.place
        last = np.isclose(line.parameters[at], self.parameter, rtol=1e-9) and line.end == self.kind
        hue = COLOURS["one-fits-many"] if last else INK
        curve = ax.plot(
            line.parameters, values, color=hue, linewidth=1.8 if last else 1.1, zorder=3 if last else 2
        )[0]
        ax.plot(line.parameters[at], values[at], ENDS[line.end], color=hue, markersize=5, zorder=4)
        # It may well exist below: this is where the search met it.
        ax.plot(line.parameters[:1], values[:1], ".", color=hue, markersize=5, zorder=4)
        return curve

    def _frame(self, ax: Any) -> Any:
        ax.set_xlabel("parameter")
        ax.set_ylim(bottom=0)
        ax.grid(alpha=0.25)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        return ax.axvline(self.parameter, color=FAINT, linewidth=1, zorder=1)

    def _name_ends(self, ax: Any, ours: bool) -> None:
        """Say what lines and markers mean."""
        from matplotlib.lines import Line2D

        present = [end for end in ENDS if any(line.end == end for line in self.lines)]
        marks = [(".", "found")] + [(ENDS[end], end) for end in present]
        handles = [Line2D([], [], color=INK, marker=mark, linestyle="", label=name) for mark, name in marks]
        red = {"color": COLOURS["one-fits-many"], "linewidth": 1.8}
        handles += [
            Line2D([], [], label="the minimum that makes the threshold", **red),
            Line2D([], [], color=INK, linewidth=1.1, label="other minima"),
        ]
        legend(ax, ours, handles)
