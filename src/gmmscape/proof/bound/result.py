"""GlobalBound: how far any mixture of one sigma can be above a fit, proved, as data that anyone can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import expm1, inf
from sys import float_info
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.proof.balls import rounded_down, rounded_up
from gmmscape.proof.bound.cover import Cover
from gmmscape.proof.bound.growth import grown
from gmmscape.proof.bound.problem import BoundProblem
from gmmscape.proof.bound.ratio import Ratio
from gmmscape.proof.certificate import Proof, digest_of
from gmmscape.validation import mean_matrix

if TYPE_CHECKING:
    from gmmscape.plot import GapDisplay

#: expm1 of the C library is correct to this, and a few roundings more.
_SLACK = 8 * float_info.epsilon


@dataclass(frozen=True, eq=False)
class GlobalBound(Proof):
    """How far any mixture with components N(theta, sigma^2 I) can be above a fit on these rows, proved.

    With D(theta) the mean over the rows of N(x; theta, sigma^2 I) / q(x), less one, and q the fit: the
    log-likelihood per unit mass of a mixture with this sigma, whatever its number of components, its means
    and its weights, exceeds that of q by at most ``log(1 + max D)``, which is at most ``max D``.

    Attributes
    ----------
    problem : dict
        Distinct rows with their weights, the fit's means and weights, and sigma.
    gain : tuple of float
        Ends (lo, hi) between which log(1 + max D) is, in nats per unit mass: nothing gains more than hi.
    argmax : tuple of float
        Where D is at least what `gap` begins with, if that is above zero: another component should go there.
    cover : dict
        Cells that cover all rows, and what bounds D in each.
    tol : float
        By which factor of 1 + D the ends were to differ, at most, less one.
    stop_reason : str
        "completed" where they do; "time_limit", "interrupted" or "max_cells" where the search for a
        narrower gap ended before, "unproved" where rounding kept it: what is proved is proved.
    """

    format: ClassVar[str] = "gmmscape-global-bound"

    problem: dict[str, Any]
    gain: tuple[float, float]
    argmax: tuple[float, ...]
    cover: dict[str, Any]
    tol: float
    stop_reason: str

    @property
    def gap(self) -> tuple[float, float]:
        """Ends (lo, hi) between which max D is, nats per unit mass; hi is infinite beyond floats."""
        low, high = (_expm1(end) for end in self.gain)
        return min(low * (1 - _SLACK), float_info.max), high * (1 + _SLACK)

    @property
    def certificate(self) -> Self:
        """The record itself: `to_json` writes what `verify` checks."""
        return self

    @property
    def is_optimal(self) -> bool:
        """Whether it is proved that no mixture with this sigma gains more than `tol`, at most 1e-6."""
        return self.gain[1] <= min(self.tol, EFFORT.proof.optimal)

    @property
    def fit(self) -> Mixture:
        """The fit q."""
        weights = np.array(self.problem["weights"])
        return Mixture.location(self.problem["means"], self.problem["sigma"], weights / weights.sum())

    @property
    def n_cells(self) -> int:
        """Number of cells of the cover."""
        return len(self.cover["by_peak"]) + sum(len(cells) for _, cells in self.cover["by_corners"])

    def with_argmax(self, weight: float | None = None) -> Mixture:
        """Return the fit with a component more, at `argmax`: a start for a better one.

        Parameters
        ----------
        weight : float, optional
            Of the new component, between 0 and 1; by default the one with the highest likelihood.

        Returns
        -------
        Mixture
            Of k + 1 components; with the default weight its likelihood is higher than the fit's wherever
            `gap` begins well above zero.

        Raises
        ------
        InvalidParameterError
            If `weight` is not between 0 and 1.
        """
        problem = BoundProblem.from_content(self.problem)
        return grown(problem, self.fit, np.array(self.argmax), weight)

    def log_ratio(self, places: ArrayLike) -> FloatArray:
        """Return log(1 + D) at some places, in float64.

        Parameters
        ----------
        places : array_like of shape (m,) or (m, d)
            Where another component may be.

        Returns
        -------
        ndarray of shape (m,)
            Nats per unit mass; none exceeds `gain[1]` by more than rounding.

        Raises
        ------
        InvalidParameterError
            If they have another number of columns than the rows.
        """
        problem = BoundProblem.from_content(self.problem)
        return Ratio(problem).log_values(mean_matrix("places", places, n_features=problem.n_features))

    def plot(self, ax: Any = None) -> GapDisplay:
        """Draw log(1 + D) over the places of another component, on a line or in the plane.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        GapDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed, or the rows have three columns.
        """
        from gmmscape.plot import GapDisplay

        return GapDisplay.from_bound(self).plot(ax)

    def __str__(self) -> str:
        low, high = self.gap
        sigma, most = self.problem["sigma"], self.gain[1]
        most_told = rounded_up(most, 6)
        head = f"proved: no mixture with sigma {sigma:.17g} gains more than {most_told} nats per unit mass"
        head += ": globally optimal to that" if self.is_optimal else ", of however many components"
        place = ", ".join(f"{x:.6g}" for x in self.argmax)
        said = [
            head,
            f"  max D is between {rounded_down(low, 10)} and {rounded_up(high, 10)}",
            f"  the next component should go to ({place})" if low > 0 else "",
            f"  by {self.n_cells} cells"
            + ("" if self.stop_reason == "completed" else f"; {self.stop_reason}"),
        ]
        return "\n".join(line for line in said if line)

    def proved_content(self) -> dict[str, Any]:
        """Return the content without its digest.

        Returns
        -------
        dict
            Plain numbers, lists and strings.
        """
        return {
            "problem": self.problem,
            "gain": list(self.gain),
            "argmax": list(self.argmax),
            "cover": self.cover,
            "tol": self.tol,
            "stop_reason": self.stop_reason,
        }

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the bound that `content` described; ValueError where its digest is another."""
        kept = {key: content[key] for key in _KEYS}
        if content["digest"] != digest_of(kept):
            raise ValueError("its digest does not fit its content: it was changed after it was written")
        low, high = map(float, content["gain"])
        place = tuple(map(float, content["argmax"]))
        return cls(
            content["problem"],
            (low, high),
            place,
            content["cover"],
            float(content["tol"]),
            content["stop_reason"],
        )


_KEYS = ("problem", "gain", "argmax", "cover", "tol", "stop_reason")


def _expm1(end: float) -> float:
    return inf if end > np.log(float_info.max) else expm1(end)


def cover_content(cover: Cover) -> dict[str, Any]:
    """Return a cover as plain data, with the peaks that bound cells."""
    used = sorted({index for _, _, index, _ in cover.by_peak})
    return {
        "corner": list(cover.grid.corner),
        "side": cover.grid.side,
        "by_corners": [[level, cells.tolist()] for level, cells in sorted(cover.by_corners.items())],
        "peaks": [cover.peaks[index].place.tolist() for index in used],
        "by_peak": [
            [level, list(number), used.index(index), bend] for level, number, index, bend in cover.by_peak
        ],
    }
