"""What a fit is judged by without further fits: BIC and ICL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.families import Family
from gmmscape.measure import WeightedRows
from gmmscape.mixture import Mixture

CRITERIA = ("bic", "icl", "heldout")


@dataclass(frozen=True)
class Scores:
    """One fit's figures.

    Attributes
    ----------
    n_parameters : int
        Free parameters of the family, in columns that vary.
    bic : float
        -2 log-likelihood + n_parameters log n (Schwarz, Annals of Statistics 6(2), 1978); smaller is better.
    icl : float
        BIC + twice the entropy of the responsibilities (Biernacki, Celeux and Govaert, IEEE TPAMI 22(7),
        2000); smaller is better.
    """

    n_parameters: int
    bic: float
    icl: float


def scores(family: Family, rows: WeightedRows, mixture: Mixture, nll: float, n: float, d: int) -> Scores:
    """Return the figures of a family's fit in local coordinates.

    `nll` is per unit mass, `n` the rows that count, `d` the columns that have parameters: those that vary.
    """
    p = family.n_parameters(mixture.n_components, d)
    bic = 2.0 * n * nll + p * float(np.log(n))
    return Scores(p, bic, bic + 2.0 * n * entropy(rows, mixture))


def entropy(rows: WeightedRows, mixture: Mixture) -> float:
    """Return the average entropy of the responsibilities, nats per unit mass; at most log k."""
    total = 0.0
    for place, _, weights in rows.blocks():
        psi = rows.responsibilities(mixture, place)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(psi > 0.0, psi * np.log(psi), 0.0)
        total -= float(weights @ terms.sum(axis=1))
    return total
