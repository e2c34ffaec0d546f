"""scikit-learn's likelihoods and BIC at each number of components, beside those of a selection."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

import gmmscape as gs
from gmmscape.selection.admission import default_least_rows

Array = NDArray[np.float64]
#: Nats by which a fit is worse that a bad optimum fools; by which one is better at all.
FOOLED, BETTER = 0.5, 0.05
#: scikit-learn's default; a covariance of up to twice as much is narrow by it alone.
REG_COVAR = 1e-6


def curves(
    X: Array, kind: str, found: gs.Selection, reg_covar: float, inits: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """Return, by n_init, likelihoods and BIC, the chosen numbers, and where a bad optimum fools them."""
    own = [row for row in found.table if row["covariance_type"] == kind]
    ours = min(own, key=lambda row: np.inf if "refused" in row["flags"] else row["bic"])["n_components"]
    result = {}
    for n_init in inits:
        models = [_fitted(X, kind, row["n_components"], n_init, reg_covar) for row in own]
        values = [float(model.score(X) * len(X)) for model in models]
        bic = [float(model.bic(X)) for model in models]
        pairs = list(zip(own, values, models, strict=True))
        result[f"n_init={n_init}"] = {
            "log_likelihood": values,
            "bic": bic,
            "chosen": own[int(np.argmin(bic))]["n_components"],
            "ours": ours,
            "worse_than_ours_at": [
                row["n_components"] for row, value, _ in pairs if value < row["log_likelihood"] - FOOLED
            ],
            "falls_at": [
                row["n_components"]
                for row, (x, y) in zip(own[1:], pairwise(values), strict=True)
                if y < x - FOOLED
            ],
            "better_than_ours_at": {
                str(row["n_components"]): [
                    round(value - row["log_likelihood"], 3),
                    _sound(X, model, reg_covar),
                ]
                for row, value, model in pairs
                if value > row["log_likelihood"] + BETTER
            },
        }
    return result


def _fitted(X: Array, kind: str, k: int, n_init: int, reg_covar: float) -> GaussianMixture:
    model = GaussianMixture(
        k,
        covariance_type=kind,
        n_init=n_init,
        random_state=0,
        max_iter=1000,
        tol=1e-6,
        reg_covar=max(reg_covar, REG_COVAR),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X)


def _sound(X: Array, model: GaussianMixture, reg_covar: float) -> bool:
    """Whether each component rests on as many rows as ours have to, and none is as narrow as the floor."""
    kind = model.covariance_type
    psi = model.predict_proba(X)
    # Equal rows count as one: their responsibilities are equal, and add up.
    _, group = np.unique(X, axis=0, return_inverse=True)
    merged = np.stack([np.bincount(group.ravel(), psi[:, i]) for i in range(psi.shape[1])], axis=1)
    rows = merged.sum(axis=0) ** 2 / np.maximum(np.square(merged).sum(axis=0), 1e-300)
    least = 2.0 if reg_covar else default_least_rows(kind, X.shape[1])
    full = gs.Mixture(model.weights_, model.means_, model.covariances_, kind).full_covariances()
    return bool(rows.min() >= least and np.linalg.eigvalsh(full).min() > 2 * REG_COVAR)
