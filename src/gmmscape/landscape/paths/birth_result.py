"""BirthPoint: where a structured minimum begins to exist along a path of truths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.results.fields import plain
from gmmscape.results.records import Record
from gmmscape.structure.structure import Decoding, Structure

if TYPE_CHECKING:
    from gmmscape.plot import BirthDisplay


#: What files hold of the branch.
OF_BRANCH = ("parameters", "means", "eigenvalues")


@dataclass(frozen=True, eq=False)
class BirthPoint(Record):
    """The point of a path of truths above which a structured minimum exists, and below which it does not.

    Attributes
    ----------
    parameter : float
        Parameter of the path.
    error : float
        Its estimated absolute error: residual, quadrature and rounding.
    means : ndarray of shape (k, d)
        Means of the minimum there.
    kl : float
        Divergence from the truth there, in nats.
    kl_error : float
        Its estimated absolute error.
    eigenvalues : ndarray of shape (k*d,) or (m,)
        Of the Hessian in the means there, ascending, in nats per squared unit of length; the first is zero up
        to its error. With more freedom in nats, along means in units of `sigma`, contrasts of log weights and
        logs of widths.
    kind : str
        "fold": minimum and saddle meet and vanish. "pitchfork": two mirror images merge into a symmetric
        minimum, or a symmetric minimum loses its stability.
    direction : ndarray of shape (k, d) or (m,)
        Unit null vector of the Hessian; with more freedom in all m coordinates.
    structure : Structure
        What was followed.
    decoding : Decoding
        How the fit reads at the birth.
    sigma : float
        Standard deviation of the fit; with more freedom the truth's, averaged, at the upper end.
    truth : Mixture
        The truth there.
    newton_steps : tuple of float
        Lengths of the Newton steps on the extended system, in sigma.
    branch_parameters : ndarray of shape (n,)
        Parameters on the way, falling from the upper end of the bracket.
    branch_means : ndarray of shape (n, k, d)
        Means on the way.
    branch_eigenvalues : ndarray of shape (n,)
        Smallest curvature on the way, in the unit of `eigenvalues`.
    fit : Mixture or None
        The fit at the birth, where more than means are free.
    bracket : tuple of float or None
        Parameters between which it was looked for; None in files of before it was written.
    truths_at_ends : tuple of Mixture or None
        The truths there.
    """

    format: ClassVar[str] = "gmmscape-birth"
    left_out_of_files: ClassVar[tuple[str, ...]] = ("structure", *(f"branch_{name}" for name in OF_BRANCH))

    parameter: float
    error: float
    means: FloatArray
    kl: float
    kl_error: float
    eigenvalues: FloatArray
    kind: str
    direction: FloatArray
    structure: Structure
    decoding: Decoding
    sigma: float
    truth: Mixture
    newton_steps: tuple[float, ...]
    branch_parameters: FloatArray
    branch_means: FloatArray
    branch_eigenvalues: FloatArray
    fit: Mixture | None = None
    bracket: tuple[float, float] | None = None
    truths_at_ends: tuple[Mixture, Mixture] | None = None

    def __str__(self) -> str:
        means = " ".join(np.array2string(mean, precision=8)[1:-1].strip() for mean in self.means)
        lines = [
            f"{self.kind} of {self.structure} at parameter {self.parameter:.10g}, error {self.error:.1g}",
            f"means {means}",
            *([] if self.fit is None else [str(self.fit)]),
            f"kl {self.kl:.10g}",
            "eigenvalues " + " ".join(f"{value:.6g}" for value in self.eigenvalues),
        ]
        return "\n".join(lines)

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys kind, parameter, error, means, kl, kl_error, eigenvalues, direction, structure, decoding,
            sigma, truth, newton_steps, branch, fit, bracket, truths_at_ends.
        """
        branch = {name: plain(getattr(self, f"branch_{name}")) for name in OF_BRANCH}
        return {**super().content(), "structure": self.structure.pairs, "branch": branch}

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the birth that `content` described."""
        branch = {f"branch_{name}": np.array(content["branch"][name], dtype=np.float64) for name in OF_BRANCH}
        structure = Structure.of_pairs(content["structure"])
        return cls(structure=structure, **branch, **cls._fields_in(content))

    def plot(self, ax: Any = None) -> BirthDisplay:
        """Draw the means of the branch over the parameter, with the birth marked.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        BirthDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import BirthDisplay

        parameters = np.append(self.branch_parameters, self.parameter)
        means = np.concatenate([self.branch_means, self.means[None]])
        return BirthDisplay(parameters, means, self.kind, name=str(self.structure)).plot(ax)
