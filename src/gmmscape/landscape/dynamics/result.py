"""Trajectory: where EM, gradient flow or Newton's method went from a start, as data and as pictures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.dynamics.frames import written_frames
from gmmscape.landscape.dynamics.ground import Point
from gmmscape.landscape.dynamics.rate import Rate
from gmmscape.mixture import Mixture
from gmmscape.results.fields import restored
from gmmscape.results.records import Record, class_of
from gmmscape.results.text import counted
from gmmscape.validation import positive_integer

if TYPE_CHECKING:
    import pandas as pd

    from gmmscape.plot import TrajectoryDisplay

METHODS = {"em": "EM", "gradient_flow": "gradient flow", "newton": "Newton's method"}
ENDS = {
    "converged": "arrived",
    "max_iter": "the iterations ran out",
    "max_time": "the time of the flow ran out",
    "time_limit": "stopped early: time_limit",
    "interrupted": "stopped early: interrupted",
    "plateau": "on a plateau: a component has no mass, or its weight has gone to zero",
    "degenerate": "a covariance collapsed, or steps became too short",
}


@dataclass(frozen=True, eq=False)
class Trajectory(Record):
    """A trajectory through a landscape; component i keeps its number.

    Attributes
    ----------
    method : str
        "em", "gradient_flow" or "newton".
    times : ndarray of shape (n,)
        Iterations done at each point that is kept; for the gradient flow its time, in sigma^2.
    means : ndarray of shape (n, k, d)
        Means, in the user's coordinates.
    weights : ndarray of shape (n, k)
        Weights, whether free or not.
    covariances : ndarray of shape (m, ...)
        As a `Mixture` stores them: m = n where they are free, else 1, those of all points.
    covariance_type : str
        How they are stored.
    nll : ndarray of shape (n,)
        Negative log-likelihood in nats per unit mass, without a prior's penalty.
    error : float
        Largest estimated error of these values.
    entropy : float or None
        NLL of a population's truth.
    gradient_norm : ndarray of shape (n,)
        Length of the EM step from there (docs/words.md#gradient-norm).
    sigma : float
        Unit of length: the known standard deviation of the fit (the largest, where there are several), or of
        the measure where widths are free.
    stop_reason : str
        "converged", "max_iter", "max_time", "plateau", "degenerate", "time_limit" or "interrupted".
    end : CriticalPoint or FreePoint or None
        The critical point next to where it ended, with the numbers of the components; None where none is
        within a tenth of a standard deviation.
    rate : Rate or None
        Of EM: how fast its errors fell at the end.
    truth : Mixture or None
        The truth of a population.
    """

    format: ClassVar[str] = "gmmscape-trajectory"
    left_out_of_files: ClassVar[tuple[str, ...]] = ("end",)

    method: str
    times: FloatArray
    means: FloatArray
    weights: FloatArray
    covariances: FloatArray
    covariance_type: str
    nll: FloatArray
    error: float
    entropy: float | None
    gradient_norm: FloatArray
    sigma: float
    stop_reason: str
    end: Point | None
    rate: Rate | None
    truth: Mixture | None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def kl(self) -> FloatArray | None:
        """Divergence from the truth at each point, nats, shape (n,); None for a sample."""
        return None if self.entropy is None else self.nll - self.entropy

    def mixture(self, place: int) -> Mixture:
        """Return the fit at one of the points.

        Parameters
        ----------
        place : int
            Place among `times`; negative ones count from the end.

        Returns
        -------
        Mixture
            In the user's coordinates.
        """
        at = place if len(self.covariances) > 1 else 0
        return Mixture(self.weights[place], self.means[place], self.covariances[at], self.covariance_type)

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            One entry for each attribute, and end_format: that of the point in end.
        """
        end = self.end
        told = {"end": None, "end_format": None}
        if end is not None:
            told = {"end": end.content(), "end_format": end.format}
        return {**super().content(), **told}

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        name, end = content["end_format"], None
        if name is not None:
            end = restored(class_of(name), content["end"])
        return cls(end=end, **cls._fields_in(content))

    def __str__(self) -> str:
        unit = "time" if self.method == "gradient_flow" else "iteration"
        lines = [
            f"trajectory of {METHODS[self.method]}: {counted(len(self), 'point')} to {unit} "
            f"{self.times[-1]:.6g}; {ENDS[self.stop_reason]}",
            f"nll {self.nll[0]:.8g} to {self.nll[-1]:.8g}, error {self.error:.1g}; "
            f"gradient norm {self.gradient_norm[-1]:.2g}",
        ]
        if self.rate is not None:
            lines.append(f"rate of EM: {self.rate}")
        lines.append("it ended in no critical point" if self.end is None else f"it ended in a {self.end}")
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """Return the trajectory as a table of pandas.

        Returns
        -------
        pandas.DataFrame
            A row a point, `times` as index. Columns: nll, kl (of a population), gradient_norm, mean_i_j
            (component i, coordinate j) and weight_i.

        Raises
        ------
        NotAvailableError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise NotAvailableError("to_frame needs pandas: install gmmscape[frame]") from error
        _, k, d = self.means.shape
        columns: dict[str, FloatArray] = {"nll": self.nll}
        if self.kl is not None:
            columns["kl"] = self.kl
        columns["gradient_norm"] = self.gradient_norm
        columns |= {f"mean_{i}_{j}": self.means[:, i, j] for i in range(k) for j in range(d)}
        columns |= {f"weight_{i}": self.weights[:, i] for i in range(k)}
        name = "time" if self.method == "gradient_flow" else "iteration"
        return pd.DataFrame(columns, index=pd.Index(self.times, name=name))

    def plot(self, ax: Any = None, *, until: int | None = None) -> TrajectoryDisplay:
        """Draw the means on their way, over the centers.

        On a line they are drawn against the iterations or the time, with the length of the EM step below; in
        more dimensions as paths in the plane.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default. On a line a pair of axes draws both,
            one only the means.
        until : int, optional
            Point of the present: what comes after is drawn faintly.

        Returns
        -------
        TrajectoryDisplay
            With `figure_`, `axes_` and the artists.

        Raises
        ------
        InvalidParameterError
            If `until` is no place of a point.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import TrajectoryDisplay

        return TrajectoryDisplay.from_trajectory(self, until=until).plot(ax)

    def frames(
        self, directory: str | os.PathLike[str], n_frames: int = EFFORT.dynamics.frames, *, dpi: int = 100
    ) -> list[Path]:
        """Write the pictures of an animation, one file a frame.

        Parameters
        ----------
        directory : str or Path
            Folder, made if it is not there. Files that are there are never replaced.
        n_frames : int, default=60
            Frames: points spaced evenly in the order in which they were kept, so that long times are run
            through faster and faster. Where fewer points were kept, each has a frame.
        dpi : int, default=100
            Pixels in an inch.

        Returns
        -------
        list of Path
            frame_0000.png, frame_0001.png, ...: any program that joins pictures makes a film of them.

        Raises
        ------
        InvalidParameterError
            If the folder cannot be used, or holds a file of such a name; nothing is written then.
        NotAvailableError
            If matplotlib is not installed.
        """
        most = min(positive_integer("n_frames", n_frames), len(self))
        moments = np.unique(np.linspace(0, len(self) - 1, most).round().astype(int)).tolist()
        return written_frames(
            directory, moments, lambda at: self.plot(until=at), positive_integer("dpi", dpi)
        )
