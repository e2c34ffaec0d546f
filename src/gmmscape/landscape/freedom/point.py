"""FreePoint: where a descent with free weights, widths or covariances ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.freedom.features import order_of_same, together
from gmmscape.mixture import Mixture
from gmmscape.solve import Solution
from gmmscape.structure.structure import Decoding
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import whole_number


@dataclass(frozen=True, eq=False)
class FreePoint(Solution):
    """A point of a landscape of fits with more freedom than means.

    It is a critical point only if `stop_reason` is "converged", and a minimum only if its index is 0 too.

    Attributes
    ----------
    local : Mixture
        The fit relative to `origin`; `mixture` is in the caller's coordinates.
    origin : ndarray of shape (d,)
        What local coordinates count from.
    nll : float
        Negative log-likelihood in nats per unit mass.
    penalty : float
        What a prior adds to it.
    error : float
        Estimated absolute error of `nll`: what a finer rule changes, and rounding.
    gradient_norm : float
        Length of the gradient in the components' own units (docs/mathematics.md#own-units).
    stop_reason : str
        A key of `gmmscape.solve.STOP_REASONS`; "plateau" where a free weight has gone to zero, "degenerate"
        where a covariance has collapsed.
    n_iter : int
        Trial steps of Newton's method.
    history : tuple of float
        Value before the first and after each accepted step; empty where read from a file.
    moves_at : tuple of int
        Always empty.
    background : Background or None
        Beside the components.
    held : HeldParts or None
        What was held.
    memory : None
        Nothing: it is not gone on with.
    floor_active : bool
        Always False: descents end before a covariance rests on a floor.
    family : str
        "location", "spherical", "diag", "tied" or "full".
    kl : float or None
        Divergence from the truth of a population, nats.
    eigenvalues : ndarray of shape (q,)
        Curvatures along what is free, in own units, ascending: pure numbers, at most about one.
    decoding : Decoding or None
        Structure against the truth or the reference.
    hits : int
        Random starts that ended here.
    orbit_size : int
        Number of points (or continua) that relabelling makes of this one: components that coincide count
        once, and such as are held at different weights or widths keep their places.
    """

    #: Nothing is proved of points with more freedom yet.
    proved: ClassVar[bool] = False
    format: ClassVar[str] = "gmmscape-free-point"
    left_out_of_files: ClassVar[tuple[str, ...]] = (
        "local",
        "origin",
        "history",
        "floor_active",
        "moves_at",
        "memory",
    )
    told_in_files: ClassVar[tuple[str, ...]] = ("mixture", "index", "flat", "em_rate")

    kl: float | None
    eigenvalues: FloatArray
    decoding: Decoding | None
    hits: int = 0
    orbit_size: int = 1

    @property
    def weights(self) -> FloatArray:
        """Weights of the fit, shape (k,)."""
        return self.mixture.weights

    @property
    def widths(self) -> FloatArray:
        """Roots of the average variance of each component, shape (k,)."""
        return np.sqrt(self.mixture.column_variances().mean(axis=1))

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the point that `content` described, without the history of the descent."""
        mixture = Mixture.from_content(content["mixture"])
        origin = np.zeros(mixture.n_features)
        found = cls(local=mixture, origin=origin, history=(), **cls._fields_in(content))
        whole_number("hits", found.hits)
        if found.decoding is not None:
            found.decoding.check_means(mixture.n_components)
        return found

    @property
    def index(self) -> int:
        """Number of curvatures clearly below zero."""
        return int(np.count_nonzero(self.eigenvalues < -TOLERANCES.solve.flat))

    @property
    def flat(self) -> bool:
        """Whether some curvature has no sign in float64."""
        return bool(np.any(np.abs(self.eigenvalues) <= TOLERANCES.solve.flat))

    @property
    def softest(self) -> float:
        """The smallest size of a curvature, a flat one's being that of the rounding."""
        return float(np.abs(self.eigenvalues).min())

    @property
    def em_rate(self) -> float:
        """The factor by which EM shrinks the slowest error near here, 1 - the smallest curvature.

        In own units the Hessian is the identity minus the derivative of the EM step (Dempster, Laird and
        Rubin, 1977); near 1 EM creeps, and at 1 it is slower than any geometric sequence.
        """
        return float(1.0 - self.eigenvalues[0])

    @property
    def is_minimum(self) -> bool:
        """Whether this is a critical point without negative curvature (it may be flat)."""
        return self.converged and self.index == 0

    def __str__(self) -> str:
        what = "minimum" if self.is_minimum else f"critical point of index {self.index}"
        if not self.converged:
            what = f"stopped ({self.stop_reason}) at"
        kl = "" if self.kl is None else f", kl {self.kl:.10g}"
        lines = [
            f"{what}{' (flat)' if self.flat else ''}: nll {self.nll:.10g}{kl}, error {self.error:.1g}, "
            f"EM's rate {self.em_rate:.6g}",
            str(self.mixture),
        ]
        return "\n".join(lines if self.decoding is None else [*lines, str(self.decoding)])


def same_soft(one: FreePoint, other: FreePoint) -> bool:
    """Say whether two points of next to no curvature are one: descents creep, and end somewhere near it.

    Components that coincide may share their weight in any way, and come together ever more slowly: they count
    as one, and the points are one if their values, what is left and how many coincide where agree. A
    curvature whose sign is lost in rounding makes no index.
    """
    soft = max(one.softest, other.softest) < TOLERANCES.freedom.soft
    alike = one.index == other.index or one.flat or other.flat
    if not (soft and alike) or abs(one.value - other.value) > TOLERANCES.freedom.same_nll:
        return False
    mine, theirs = together(one.local), together(other.local)
    order = order_of_same(mine.fit, theirs.fit, TOLERANCES.freedom.same_soft)
    return order is not None and bool((mine.counts[order] == theirs.counts).all())
