"""What a fit is judged by: BIC, ICL, and the likelihood of rows that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmmscape import engine
from gmmscape.escape.heldout import some_rows
from gmmscape.estimator import n_parameters
from gmmscape.measure import WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, descend

CRITERIA = ("bic", "icl", "heldout")
#: EM on the rows of a fold's other folds, from the fit to all rows.
REFIT = EM(tol=1e-5, max_iter=1000)


@dataclass(frozen=True)
class Scores:
    """One fit's figures.

    Attributes
    ----------
    n_parameters : int
        Free parameters: weights, means and covariances.
    bic : float
        -2 log-likelihood + n_parameters log n (Schwarz, Annals of Statistics 6(2), 1978); smaller is better.
    icl : float
        BIC + twice the entropy of the responsibilities (Biernacki, Celeux and Govaert, IEEE TPAMI 22(7),
        2000); smaller is better.
    """

    n_parameters: int
    bic: float
    icl: float


def scores(rows: WeightedRows, mixture: Mixture, nll: float, n: float) -> Scores:
    """Return the figures of a fit in local coordinates; `nll` per unit mass, `n` rows that count."""
    p = n_parameters(mixture)
    bic = 2.0 * n * nll + p * float(np.log(n))
    return Scores(p, bic, bic + 2.0 * n * entropy(rows, mixture))


def entropy(rows: WeightedRows, mixture: Mixture) -> float:
    """Return the average entropy of the responsibilities, nats per unit mass; at most log k."""
    total = 0.0
    for _, points, weights in rows.blocks():
        psi = engine.responsibilities(points, mixture.parameters)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(psi > 0.0, psi * np.log(psi), 0.0)
        total -= float(weights @ terms.sum(axis=1))
    return total


def held_out(
    objective: Objective, mixture: Mixture, n_folds: int, seed: int, check: Callable[[], object]
) -> float:
    """Return the log-likelihood of rows held out, nats per unit mass; larger is better.

    Parameters
    ----------
    objective : Objective
        Of a sample.
    mixture : Mixture
        The fit to all rows, in local coordinates.
    n_folds : int
        Parts of the rows; each is held out once.
    seed : int
        Of the division into folds, which is the same for all fits.
    check : callable
        Called between folds; may raise.

    Returns
    -------
    float
        The average over all rows, each judged by EM converged on the folds that it is not in. EM starts at
        the fit to all rows, so that each fold's fit is of the same optimum.
    """
    rows = objective.rows
    fold = np.random.default_rng([seed, 6]).permutation(len(rows)) % n_folds
    total = 0.0
    for number in range(n_folds):
        check()
        out = np.flatnonzero(fold == number)
        seen = Objective(objective.measure, objective.family, some_rows(rows, np.flatnonzero(fold != number)))
        end = descend(REFIT, seen, mixture).mixture.shifted(-objective.measure.origin)
        total -= float(rows.weights[out].sum()) * some_rows(rows, out).nll(end)
    return total
