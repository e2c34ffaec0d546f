"""CriticalPoint: a point of the landscape with value, curvatures and structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import factorial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record, class_of
from gmmscape.solve import STOP_REASONS, Solution
from gmmscape.structure.structure import Decoding
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import choice, standard_deviation, whole_number

if TYPE_CHECKING:
    from gmmscape.plot import MinimaDisplay


#: Format of what may be attached to a point; its class is found by it.
CERTIFICATE = "gmmscape-certificate"


def places_of(mixture: Mixture, sigma: float) -> FloatArray:
    """Return means with sigma times the log weights in one more column, shape (k, d + 1)."""
    logarithms = np.log(np.maximum(mixture.weights, np.finfo(np.float64).tiny))
    return np.column_stack([mixture.means, sigma * logarithms])


@dataclass(frozen=True, eq=False)
class CriticalPoint(Solution):
    """Where a descent in a landscape ended.

    It is a critical point only if `stop_reason` is "converged", and a minimum only if its index is 0 too.

    Attributes
    ----------
    local : Mixture
        The fit as the descent had it, relative to `origin`; `mixture` is in the caller's coordinates.
    origin : ndarray of shape (d,)
        What local coordinates count from: the measure's origin, or zero for a point read from a file.
    nll : float
        Negative log-likelihood in nats per unit mass.
    penalty : float
        What a prior adds to it.
    error : float
        Estimated absolute error of `nll` and `kl`: quadrature and rounding.
    gradient_norm : float
        Length of the EM step from here, in sigma; infinite where a mean is out of reach of the measure.
    stop_reason : str
        A key of `gmmscape.solve.STOP_REASONS`.
    n_iter : int
        Iterations done.
    history : tuple of float
        NLL before the first and after each iteration; empty where read from a file.
    moves_at : tuple of int
        Places in `history` that a move led to.
    background : Background or None
        Beside the components.
    held : HeldParts or None
        What was held.
    memory : None
        Nothing: it is not gone on with.
    floor_active : bool
        Always False: the covariances of the location family are fixed.
    family : str
        Always "location".
    kl : float or None
        Divergence from the truth, nats; None for a sample.
    eigenvalues : ndarray of shape (k*d,) or (k*d + k - 1,)
        Of the Hessian in the means, ascending, in nats per squared unit of length; with free weights in the
        means and k - 1 orthonormal contrasts of sigma times the log weights.
    means_error : float
        Estimated distance of the means (and of sigma times the log weights, where they are free) from the
        critical point nearby: the gradient left, and its error from quadrature and rounding, over the
        smallest curvature. Infinite where a curvature has no sign.
    decoding : Decoding or None
        Structure against the truth; None for a sample.
    hits : int
        Random starts that ended here.
    free_weights : bool
        Whether the weights were free too. Means that coincide may then share their weight in any way: such a
        point stands for a continuum, is flat, and is given with equal shares.
    degree : int or None
        Where some curvature is next to zero: what the point counts for in the count law, together with all
        within a fiftieth of sigma that may have split off it. None elsewhere, or where it is unclear.
    continuum : int or None
        Dimension of the continuum of critical points of this value that a flat point stands for, 0 where it
        is alone; None where no curvature is next to zero, or this was not looked at.
    certificate : Certificate or None
        What is proved of it (docs/proofs.md), where somebody has proved it.
    """

    format: ClassVar[str] = "gmmscape-critical-point"
    names_in_files: ClassVar[Mapping[str, str]] = {"decoding": "structure"}
    left_out_of_files: ClassVar[tuple[str, ...]] = (
        "local",
        "origin",
        "history",
        "floor_active",
        "family",
        "moves_at",
        "memory",
        "certificate",
    )
    told_in_files: ClassVar[tuple[str, ...]] = ("means", "weights", "sigma", "index", "orbit_size", "flat")

    kl: float | None
    eigenvalues: FloatArray
    means_error: float
    decoding: Decoding | None
    hits: int = 0
    free_weights: bool = False
    family: str = field(default="location", kw_only=True)
    degree: int | None = None
    continuum: int | None = None
    certificate: Record | None = None

    @property
    def proved(self) -> bool:
        """Whether a certificate is attached, that it is a critical point of this index."""
        return self.certificate is not None

    def with_certificate(self, certificate: Any) -> Self:
        """Return the point with what is proved of it.

        Parameters
        ----------
        certificate : Certificate
            Of this point, with its labels: its tight box is where the means are, to their error.

        Returns
        -------
        CriticalPoint
            A new point, which prints as proved.

        Raises
        ------
        InvalidParameterError
            If the certificate is of another point or index.
        """
        middle = np.array([float(value) for value in certificate.point])
        far = np.abs(middle - self.means.ravel())
        apart = float(far.max()) if middle.shape == far.shape else np.inf
        if apart > TOLERANCES.points.same * self.sigma or certificate.index != self.index:
            raise InvalidParameterError.of(
                "certificate", str(certificate).splitlines()[0], "pass that of this point and its labels"
            )
        return replace(self, certificate=certificate)

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings; a certificate where there is one.

        Returns
        -------
        dict
            One entry for each field that files hold.
        """
        attached = {} if self.certificate is None else {"certificate": self.certificate.content()}
        return {**super().content(), **attached}

    @property
    def weights(self) -> FloatArray:
        """Weights of the fit, shape (k,)."""
        return self.mixture.weights

    @property
    def places(self) -> FloatArray:
        """What orbits are matched by: means and, where free, sigma times the log weights as a last column."""
        return places_of(self.mixture, self.sigma) if self.free_weights else self.means

    @cached_property
    def middle(self) -> FloatArray:
        """Average of the places."""
        return self.places.mean(axis=0)

    @property
    def sigma(self) -> float:
        """Standard deviation of the fit."""
        return float(np.sqrt(self.mixture.covariances[0]))

    @property
    def index(self) -> int:
        """Number of curvatures clearly below zero (under -1e-10/sigma^2)."""
        return int(np.count_nonzero(self.eigenvalues * self.sigma**2 < -TOLERANCES.solve.flat))

    @property
    def flat(self) -> bool:
        """Whether some curvature is within 1e-10/sigma^2 of zero, where float64 knows no sign."""
        return bool(np.any(np.abs(self.eigenvalues) * self.sigma**2 <= TOLERANCES.solve.flat))

    @cached_property
    def orbit_size(self) -> int:
        """Number of points (or continua) that relabelling makes of this one: k! over means that coincide."""
        left, size, k = list(range(len(self.means))), 1, len(self.means)
        while left:
            gaps = np.linalg.norm(self.means[left] - self.means[left[0]], axis=1)
            together = np.count_nonzero(gaps <= TOLERANCES.points.shown_coincident * self.sigma)
            left = [
                i
                for i, gap in zip(left, gaps, strict=True)
                if gap > TOLERANCES.points.shown_coincident * self.sigma
            ]
            size *= factorial(int(together))
        return factorial(k) // size

    @property
    def is_minimum(self) -> bool:
        """Whether this is a critical point without negative curvature (it may be flat)."""
        return self.converged and self.index == 0

    def __str__(self) -> str:
        what = (
            f"stopped ({self.stop_reason}) at"
            if not self.converged
            else f"critical point of index {self.index}"
        )
        what = "minimum" if self.is_minimum else what
        kl = "" if self.kl is None else f", kl {self.kl:.10g}"
        note = " (proved)" if self.proved else " (flat)" if self.flat else ""
        if self.continuum:
            note = f" (one of a continuum of dimension {self.continuum})"
        lines = [
            f"{what}{note}: nll {self.nll:.10g}{kl}, error {self.error:.1g}",
            "means " + " ".join(np.array2string(mean, precision=6)[1:-1].strip() for mean in self.means),
        ]
        if self.free_weights:
            lines.append("weights " + " ".join(f"{weight:.6g}" for weight in self.weights))
            gone = np.flatnonzero(self.weights <= TOLERANCES.solve.vanished_weight)
            if len(gone):
                lines.append(
                    f"the weight of component {', '.join(map(str, gone))} has gone to zero: its mean means "
                    "nothing, and this is no minimum; use fewer components or start elsewhere"
                )
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
        from gmmscape.plot import MinimaDisplay

        return MinimaDisplay.from_points([self], truth, data=data).plot(ax)

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the point that `content` described, without the history of the descent.

        Weights that were not free are equal, whatever `content` says.
        """
        sigma = standard_deviation("sigma", content["sigma"])
        mixture = Mixture.location(
            content["means"], sigma, content["weights"] if content["free_weights"] else None
        )
        choice("stop_reason", content["stop_reason"], tuple(STOP_REASONS))
        if content["nll"] is None or content["error"] is None:
            raise ValueError("a point has no nll, or no error of it")
        if content.get("degree") not in (None, -1, 0, 1):
            raise ValueError(f"a point has degree {content['degree']!r}")
        if content.get("continuum") is not None and whole_number("continuum", content["continuum"]) > len(
            content["eigenvalues"]
        ):
            raise ValueError(f"a point is on a continuum of dimension {content['continuum']!r}")
        attached = content.get("certificate")
        found = cls(
            local=mixture,
            origin=np.zeros(mixture.n_features),
            history=(),
            certificate=None if attached is None else class_of(CERTIFICATE).from_content(attached),
            **cls._fields_in(content),
        )
        whole_number("hits", found.hits)
        if found.decoding is not None:
            found.decoding.check_means(mixture.n_components)
        return found
