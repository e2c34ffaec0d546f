"""gmmscape: with its search, by its defaults, with the search off, and long runs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from serving import serve

import gmmscape as gs


def fitted(X: np.ndarray, k: int, least: float, seed: int, **options: Any) -> tuple[Any, ...]:
    """Fit, and return what was found."""
    model = gs.GaussianMixture(k, random_state=seed, **options)
    if "covariance_prior" in options:
        model.set_params(reg_covar=least, covariance_floor=0.0)
    model.fit(X)
    return model.weights_, model.means_, model.covariances_


LIKELIHOOD: dict[str, Any] = {"covariance_prior": 0.0, "pursue": "likelihood", "nested": "take"}

if __name__ == "__main__":
    serve(
        {
            "likelihood": partial(fitted, **LIKELIHOOD),
            "defaults": fitted,
            "search off": partial(fitted, escape=False, covariance_prior=0.0),
            "long": partial(fitted, n_init=20, init_params="random_from_data", **LIKELIHOOD),
        }
    )
