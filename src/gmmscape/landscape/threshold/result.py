"""What `structure_threshold` finds: minima followed along a path of truths, and where the last one ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.results.text import counted

if TYPE_CHECKING:
    from gmmscape.plot import ThresholdDisplay

#: Ends that are thresholds; the others are "upper end", "lost" and "below".
KINDS = ("fold", "pitchfork", "crossing")


@dataclass(frozen=True, eq=False)
class FollowedMinimum(Record):
    """A minimum without structure, followed upwards along a path of truths.

    Attributes
    ----------
    end : str
        What ended it. "fold": it met a saddle and vanished. "pitchfork": a symmetric minimum lost its
        stability. "crossing": its defect fell to the one asked for. "upper end": it was there at the upper
        end of the bracket. "lost": it could be followed no further, for `reason`; searches go on above.
        "below": its defect never was above the one asked for, though near it.
    parameter : float
        Where.
    error : float
        Estimated absolute error of the parameter; 0 where the end is none of the first three.
    means : ndarray of shape (k, d)
        The minimum there.
    defect : float
        Its defect there.
    position_error : float
        Largest approximation error there, sigma, for the structure of smallest defect.
    origin : str
        "search", "start" (passed in), or "fold", "pitchfork" or "lost": reached from another one's end.
    finish : str
        What ended the way: `end`, or, since a defect that has fallen may rise again, what came after a
        crossing; "floor" where the defect became a quarter of the one asked for.
    reason : str or None
        Why it was lost.
    parameters : ndarray of shape (n,)
        On the way, ascending; the end among them.
    branch_means : ndarray of shape (n, k, d)
        The minimum on the way.
    defects : ndarray of shape (n,)
        Its defect on the way.
    position_errors : ndarray of shape (n,)
        Its largest approximation error on the way, sigma.
    """

    format: ClassVar[str] = "gmmscape-followed-minimum"

    end: str
    parameter: float
    error: float
    means: FloatArray
    defect: float
    position_error: float
    origin: str
    finish: str
    reason: str | None
    parameters: FloatArray
    branch_means: FloatArray
    defects: FloatArray
    position_errors: FloatArray

    def means_at(self, parameter: float) -> FloatArray | None:
        """Return the means at a parameter, by linear interpolation; None where it was not followed."""
        at, means = self.parameters, self.branch_means
        if not at[0] <= parameter <= at[-1]:
            return None
        after = min(int(np.searchsorted(at, parameter)), len(at) - 1)
        before = max(after - 1, 0)
        width = at[after] - at[before]
        share = (parameter - at[before]) / width if width > 0 else 0.0
        return (1 - share) * means[before] + share * means[after]

    def __str__(self) -> str:
        start = self.parameters[0]
        where = f"{self.end} at {self.parameter:.10g}" + (f" ({self.reason})" if self.reason else "")
        return f"from {start:.6g} ({self.origin}): {where}, defect {self.defect:.4g}"


@dataclass(frozen=True, eq=False)
class StructureThreshold(Record):
    """Where along a path of truths the minima without structure end, as far as they were found.

    Attributes
    ----------
    parameter : float
        Parameter of the path.
    error : float
        Its estimated absolute error, for the minimum that ends there: residual, quadrature and rounding. It
        does not speak of minima that were not found.
    kind : str
        "fold", "pitchfork" or "crossing"; see `FollowedMinimum`.
    means : ndarray of shape (k, d)
        The minimum there.
    defect : float
        Its defect there.
    tau : float or None
        The defect that was asked for; None for the bifurcation of a minimum.
    sigma : float
        Standard deviation of the fit.
    truth : Mixture
        The truth there.
    bracket : tuple of float
        Where it was looked for.
    followed : tuple of FollowedMinimum
        All minima that were followed, by descending end.
    searched : dict of float to int
        Parameters that were searched, ascending, and how many minima with a larger defect were found at each.
    n_starts : int
        Descents at each of them, on average.
    stop_reason : str
        "completed", or "time_limit" or "interrupted": then `parameter` is the largest end so far.
    """

    format: ClassVar[str] = "gmmscape-threshold"
    names_in_files: ClassVar[Mapping[str, str]] = {"tau": "level"}
    left_out_of_files: ClassVar[tuple[str, ...]] = ("searched",)

    parameter: float
    error: float
    kind: str
    means: FloatArray
    defect: float
    tau: float | None
    sigma: float
    truth: Mixture
    bracket: tuple[float, float]
    followed: tuple[FollowedMinimum, ...]
    searched: dict[float, int]
    n_starts: int
    stop_reason: str

    @property
    def searched_above(self) -> tuple[float, ...]:
        """Parameters above the threshold at which a search found nothing."""
        return tuple(at for at, n in self.searched.items() if at > self.parameter and n == 0)

    def __str__(self) -> str:
        of = "" if self.tau is None else f" of defect {self.tau:g}"
        lost = sum(minimum.end == "lost" for minimum in self.followed)
        lines = [
            f"{self.kind}{of} at parameter {self.parameter:.10g}, error {self.error:.1g}",
            "means " + " ".join(np.array2string(mean, precision=8)[1:-1].strip() for mean in self.means),
            f"{counted(len(self.followed), 'minimum', 'minima')} followed, {lost} lost; "
            f"{counted(len(self.searched), 'parameter')} searched, "
            f"{counted(self.n_starts, 'start')} at each, nothing found at {len(self.searched_above)} above",
        ]
        if self.stop_reason != "completed":
            lines.append(f"stopped ({self.stop_reason}): the largest end so far")
        return "\n".join(lines)

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            One entry for each attribute; ``searched`` is a list of [parameter, number found].
        """
        return {**super().content(), "searched": [[at, n] for at, n in self.searched.items()]}

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the threshold that `content` described."""
        return cls(searched={float(at): int(n) for at, n in content["searched"]}, **cls._fields_in(content))

    def plot(self, ax: Any = None) -> ThresholdDisplay:
        """Draw defect and position error of the followed minima along the path, with the threshold marked.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw the defects alone; by default a new figure, unknown to pyplot, with the position
            errors beside them.

        Returns
        -------
        ThresholdDisplay
            With `figure_`, `ax_`, `axes_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import ThresholdDisplay

        return ThresholdDisplay.from_threshold(self).plot(ax)
