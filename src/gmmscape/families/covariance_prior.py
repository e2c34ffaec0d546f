"""The prior of covariances: some rows of known scatter that each of them is given beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import FormatError
from gmmscape.mixture import Mixture
from gmmscape.validation import real_number


@dataclass(frozen=True, eq=False)
class CovariancePrior:
    """What keeps a covariance from resting on a few rows alone (docs/mathematics.md#prior).

    Each free covariance C adds the divergence of N(0, scale) from N(0, C), once for each of `rows`, to the
    negative log-likelihood of all rows. The M-step that this leads to adds the scatter of so many rows of
    covariance `scale` (Fraley and Raftery, J. Classif. 24, 2007); the penalised likelihood is bounded, and
    its maximiser consistent (Chen and Tan, J. Multivar. Anal. 100, 2009).

    Attributes
    ----------
    rows : float
        How many rows it is worth; positive.
    scale : ndarray of shape (d, d)
        Their covariance, positive definite, in squared units of the data.
    n : float
        How many rows the data are.
    """

    rows: float
    scale: FloatArray
    n: float

    @property
    def mass(self) -> float:
        """Mass of its rows, where the data have mass one."""
        return self.rows / self.n

    def beside(self, n: float) -> Self:
        """Return the prior beside data of so many rows."""
        return replace(self, n=n)

    def on_part(self, share: float) -> Self:
        """Return the prior where a part of the data with this share of their mass is all there is."""
        return replace(self, n=self.n * share)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CovariancePrior):
            return NotImplemented
        return (self.rows, self.n) == (other.rows, other.n) and np.array_equal(self.scale, other.scale)

    def __hash__(self) -> int:
        return hash((self.rows, self.n))


def prior_in(content: Mapping[str, Any], d: int) -> CovariancePrior | None:
    """Return the prior that a file of a fit in d columns holds; raises FormatError where it is damaged."""
    given = content.get("covariance_prior")
    if given is None:
        return None
    if not isinstance(given, dict) or {"rows", "scale", "n"} - set(given):
        raise FormatError("covariance_prior must hold rows, scale and n")
    one = Mixture(None, np.zeros((1, d)), [given["scale"]], "full")  # symmetric and positive definite
    return CovariancePrior(
        real_number("covariance_prior", given["rows"]), one.covariances[0], real_number("n", given["n"])
    )
