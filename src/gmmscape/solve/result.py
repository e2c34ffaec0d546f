"""Solution: where a solver stopped, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture

#: Why a solver stopped, with what the user can do about it.
STOP_REASONS = {
    "converged": "the EM step is shorter than tol",
    "max_iter": "the iterations ran out first: raise max_iter",
    "time_limit": "the time budget ran out first: raise max_seconds",
    "plateau": "a component has no data near it, or its free weight has gone to zero, so its gradient is "
    "below what float64 resolves: start it nearer to the data",
    "degenerate": "a covariance collapsed onto too few rows: set covariance_floor or use fewer components",
    "interrupted": "stopped by the user or a callback; the best point so far is kept",
}


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver found.

    Attributes
    ----------
    local : Mixture
        The fit as the solver had it, in the measure's local coordinates.
    origin : ndarray of shape (d,)
        What local coordinates count from: the measure's origin.
    nll : float
        Negative log-likelihood in nats per unit mass.
    error : float
        Estimated absolute error of `nll`.
    gradient_norm : float
        Length of the EM step from here (DESIGN 3): 0 at a critical point, infinite where a component is
        out of reach of the measure.
    stop_reason : str
        A key of `STOP_REASONS`.
    n_iter : int
        Iterations done.
    history : tuple of float
        NLL before the first and after each iteration.
    floor_active : bool
        Whether a floor holds up some covariance, which would be narrower without.
    family : str
        Name of the family it was fitted in.
    """

    local: Mixture
    origin: FloatArray = field(repr=False)
    nll: float
    error: float
    gradient_norm: float
    stop_reason: str
    n_iter: int
    history: tuple[float, ...] = field(repr=False)
    floor_active: bool = field(default=False, kw_only=True)
    family: str = field(kw_only=True)

    @cached_property
    def mixture(self) -> Mixture:
        """The fit in the caller's coordinates: what users get."""
        return self.local.shifted(self.origin)

    @property
    def means(self) -> FloatArray:
        """Means of the fit, shape (k, d)."""
        return self.mixture.means

    @property
    def value(self) -> float:
        """What was minimised: `nll`."""
        return self.nll

    @property
    def converged(self) -> bool:
        """Whether the solver reached a critical point to its tolerance."""
        return self.stop_reason == "converged"
