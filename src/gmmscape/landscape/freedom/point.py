"""FreePoint: where a descent with free weights, widths or covariances ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.matching import match_means
from gmmscape.mixture import Mixture
from gmmscape.solve import Solution
from gmmscape.structure.structure import Decoding
from gmmscape.tolerances import TOLERANCES


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
    """

    format: ClassVar[str] = "gmmscape-free-point"
    left_out_of_files: ClassVar[tuple[str, ...]] = ("local", "origin", "history", "floor_active", "moves_at")
    told_in_files: ClassVar[tuple[str, ...]] = ("mixture", "index", "flat", "em_rate")

    kl: float | None
    eigenvalues: FloatArray
    decoding: Decoding | None
    hits: int = 0

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the point that `content` described, without the history of the descent."""
        mixture = Mixture.from_content(content["mixture"])
        origin = np.zeros(mixture.n_features)
        return cls(local=mixture, origin=origin, history=(), **cls._fields_in(content))

    @property
    def index(self) -> int:
        """Number of curvatures clearly below zero."""
        return int(np.count_nonzero(self.eigenvalues < -TOLERANCES.solve.flat))

    @property
    def flat(self) -> bool:
        """Whether some curvature has no sign in float64."""
        return bool(np.any(np.abs(self.eigenvalues) <= TOLERANCES.solve.flat))

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


def features(mixture: Mixture) -> FloatArray:
    """Return what components are matched by: means in the fit's standard deviation, logs of weight and width.

    Shape (k, d + 2); the unit is the root of the average variance.
    """
    variances = mixture.column_variances().mean(axis=1)
    unit = float(np.sqrt(mixture.weights @ variances))
    logs = np.log(np.maximum(mixture.weights, np.finfo(np.float64).tiny))
    return np.column_stack([mixture.means / unit, logs, 0.5 * np.log(variances / unit**2)])


def same_fit(one: Mixture, other: Mixture, within: float = TOLERANCES.freedom.same) -> bool:
    """Say whether two fits are one up to the order of their components."""
    if one.n_components != other.n_components:
        return False
    order, distance = match_means(features(one), features(other))
    if distance > within:
        return False
    mine, theirs = one.full_covariances()[order], other.full_covariances()
    size = np.trace(theirs, axis1=1, axis2=2)[:, None, None]
    return bool(np.abs((mine - theirs) / size).max() <= within)


def same_soft(one: FreePoint, other: FreePoint) -> bool:
    """Say whether two points of next to no curvature are one: descents creep, and end somewhere near it.

    Components that coincide may share their weight in any way, and come together ever more slowly: they count
    as one, and the points are one if their values and what is left agree.
    """
    soft = max(one.eigenvalues[0], other.eigenvalues[0]) < TOLERANCES.freedom.soft
    if not soft or abs(one.value - other.value) > TOLERANCES.freedom.same_nll:
        return False
    return same_fit(together(one.local), together(other.local), TOLERANCES.freedom.same_soft)


def together(mixture: Mixture) -> Mixture:
    """Return the mixture with components that nearly coincide put together, moments kept."""
    at = features(mixture)[:, [*range(mixture.n_features), -1]]
    covariances, left = mixture.full_covariances(), list(range(mixture.n_components))
    weights, means, spreads = list[float](), list[FloatArray](), list[FloatArray]()
    while left:
        near = [i for i in left if np.linalg.norm(at[i] - at[left[0]]) <= TOLERANCES.freedom.coincident]
        left = [i for i in left if i not in near]
        share = mixture.weights[near] / mixture.weights[near].sum()
        mean = share @ mixture.means[near]
        away = mixture.means[near] - mean
        weights.append(float(mixture.weights[near].sum()))
        means.append(mean)
        spreads.append(np.einsum("s,sij->ij", share, covariances[near]) + (share[:, None] * away).T @ away)
    return Mixture(weights, np.array(means), np.array(spreads))
