"""What a fit is judged by without further fits: BIC and ICL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.measure import WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.tolerances import TOLERANCES

CRITERIA = ("bic", "icl", "heldout")


@dataclass(frozen=True)
class Scores:
    """One fit's figures.

    Attributes
    ----------
    n_parameters : int
        Free parameters, in columns that vary; the weight of a background is one.
    bic : float
        -2 log-likelihood + n_parameters log n (Schwarz, Annals of Statistics 6(2), 1978); smaller is better.
    icl : float
        BIC + twice the entropy of the responsibilities (Biernacki, Celeux and Govaert, IEEE TPAMI 22(7),
        2000); smaller is better.
    """

    n_parameters: int
    bic: float
    icl: float


def scores(objective: SampleObjective, mixture: Mixture, nll: float, n: float, d: int) -> Scores:
    """Return the figures of a fit in local coordinates.

    `nll` is per unit mass, `n` the rows that count, `d` the columns that have parameters: those that vary.
    """
    p = objective.n_parameters(mixture.n_components, d)
    bic = 2.0 * n * nll + p * float(np.log(n))
    return Scores(p, bic, bic + 2.0 * n * entropy(objective.rows, mixture))


def entropy(rows: WeightedRows, mixture: Mixture) -> float:
    """Return the average entropy of the responsibilities, nats per unit mass; at most log k.

    A background counts as one more.
    """
    total = 0.0
    for place, _, weights in rows.blocks():
        found = rows.coverage(mixture, TOLERANCES.selection.no_entropy, place)
        total -= float(weights[found.row] @ (found.posterior * np.log(found.posterior)))
        if rows.background_weight(mixture) > 0.0:
            rest = 1.0 - np.bincount(found.row, found.posterior, len(weights))
            some = rest > TOLERANCES.selection.no_entropy
            total -= float(weights[some] @ (rest[some] * np.log(rest[some])))
    return total
