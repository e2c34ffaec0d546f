"""KMeansPoint: where a descent in a landscape of k-means ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.structure.structure import Decoding
from gmmscape.tolerances import TOLERANCES

if TYPE_CHECKING:
    from gmmscape.plot import MinimaDisplay


@dataclass(frozen=True, eq=False)
class KMeansPoint(Record):
    """A point of a landscape of k-means.

    It is a stationary point only if `stop_reason` is "converged", and a minimum only if its index is 0 too.

    Attributes
    ----------
    means : ndarray of shape (k, d)
        The k means.
    distortion : float
        ``E min_j |x - m_j|^2``, per unit mass, in squared units of length; scikit-learn's inertia over the
        number of rows.
    error : float
        Estimated absolute error of `distortion`.
    masses : ndarray of shape (k,)
        Share of the measure in the cell of each mean.
    gradient_norm : float
        Longest Lloyd step of a mean, over the root of `distortion` by coordinate.
    eigenvalues : ndarray of shape (k*d,)
        Curvatures in own units, ascending: of the Hessian in coordinates ``sqrt(2 masses) * means``. Pure
        numbers, at most 1 at a stationary point.
    stop_reason : str
        "converged", "max_iter", "time_limit", "interrupted", or "plateau" where a cell is empty.
    n_iter : int
        Steps done.
    decoding : Decoding or None
        Structure against the truth or the reference, each draw being its nearest mean's.
    hits : int
        Random starts that ended here.
    """

    format: ClassVar[str] = "gmmscape-kmeans-point"
    told_in_files: ClassVar[tuple[str, ...]] = ("index", "flat", "lloyd_rate")

    means: FloatArray
    distortion: float
    error: float
    masses: FloatArray
    gradient_norm: float
    eigenvalues: FloatArray
    stop_reason: str
    n_iter: int
    decoding: Decoding | None
    hits: int = 0

    @property
    def converged(self) -> bool:
        """Whether the descent reached a stationary point to its tolerance."""
        return self.stop_reason == "converged"

    @property
    def index(self) -> int:
        """Number of curvatures clearly below zero, under -1e-6."""
        return int(np.count_nonzero(self.eigenvalues < -TOLERANCES.quantisation.flat))

    @property
    def flat(self) -> bool:
        """Whether some curvature is within 1e-6 of zero: Lloyd's method creeps for a million steps.

        So it is along what a symmetry makes of a point, and almost so where a round cluster has several means
        and all others are far: they may be turned together.
        """
        return bool(np.any(np.abs(self.eigenvalues) <= TOLERANCES.quantisation.flat))

    @property
    def lloyd_rate(self) -> float:
        """The factor by which a Lloyd step shrinks the slowest error near here, 1 - the smallest curvature.

        In own units the Hessian is the identity minus the derivative of Lloyd's step. It is 0 for rows, where
        Lloyd's method ends after finitely many steps.
        """
        return float(1.0 - self.eigenvalues[0])

    @property
    def is_minimum(self) -> bool:
        """Whether this is a stationary point without negative curvature (it may be flat)."""
        return self.converged and self.index == 0

    @property
    def unit(self) -> float:
        """Root of the distortion by coordinate: the standard deviation about the means, as one number."""
        return float(np.sqrt(max(self.distortion, 0.0) / self.means.shape[1]))

    def __str__(self) -> str:
        what = "minimum" if self.is_minimum else f"stationary point of index {self.index}"
        if not self.converged:
            what = f"stopped ({self.stop_reason}) at"
        lines = [
            f"{what}{' (flat)' if self.flat else ''}: distortion {self.distortion:.10g}, error "
            f"{self.error:.1g}, Lloyd's rate {self.lloyd_rate:.6g}",
            "means " + " ".join(np.array2string(mean, precision=6)[1:-1].strip() for mean in self.means),
            "masses " + " ".join(f"{mass:.6g}" for mass in self.masses),
        ]
        return "\n".join(lines if self.decoding is None else [*lines, str(self.decoding)])

    def plot(self, ax: Any = None, *, truth: Mixture | None = None, data: Any = None) -> MinimaDisplay:
        """Draw the means, joined to the centers of their blocks.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.
        truth : Mixture, optional
            The truth of a population, which the point does not hold.
        data : array_like of shape (n, d), optional
            The rows of a sample.

        Returns
        -------
        MinimaDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        InvalidParameterError
            If dimensions do not fit.
        NotAvailableError
            If matplotlib is not installed.
        """
        return display([self], truth, data).plot(ax)


def display(
    points: tuple[KMeansPoint, ...] | list[KMeansPoint], truth: Mixture | None, data: Any, most: int = 8
) -> MinimaDisplay:
    """Return the picture of some points, best first, not drawn yet."""
    from gmmscape.plot import MinimaDisplay

    sigma = points[0].unit or 1.0 if points else 1.0
    if truth is not None:
        sigma = width(truth)
    return MinimaDisplay(
        [point.means for point in points],
        sigma,
        [point.distortion for point in points],
        blocks=[None if point.decoding is None else point.decoding.blocks for point in points],
        hits=[point.hits for point in points],
        flat=[point.flat for point in points],
        truth=truth,
        data=data,
        quantity="distortion",
        unit="",
        most=most,
    )


def width(mixture: Mixture) -> float:
    """Return the standard deviation of the components, averaged where there are several."""
    return mixture.sigma or float(np.sqrt(mixture.weights @ mixture.column_variances().mean(axis=1)))


def same_point(one: KMeansPoint, other: KMeansPoint, within: float) -> bool:
    """Say whether two stationary points are one up to the order of their means.

    Flat points of one distortion and one set of masses are taken for one continuum, or what is almost one.
    """
    unit = max(one.unit, other.unit)
    if match_means(one.means, other.means)[1] <= within * unit:
        return True
    alike = TOLERANCES.quantisation.same_flat
    close = abs(one.distortion - other.distortion) <= alike * max(one.distortion, other.distortion)
    # Where the curvature vanishes at a point only, descents end on all sides of it.
    soft = max(one.eigenvalues[0], other.eigenvalues[0]) <= TOLERANCES.quantisation.soft
    if close and soft and match_means(one.means, other.means)[1] <= TOLERANCES.quantisation.same_soft * unit:
        return True
    if not (one.flat and other.flat) or one.index != other.index:
        return False
    return close and bool(np.abs(np.sort(one.masses) - np.sort(other.masses)).max() <= alike)
