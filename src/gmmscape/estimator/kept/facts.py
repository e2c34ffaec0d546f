"""What a fit depends on, in values of JSON: it has to be the same for what is kept of it to be of use."""

from __future__ import annotations

from hashlib import sha256
from numbers import Integral, Real
from typing import Any

import numpy as np

#: Parameters of the estimator that decide on the fit: not how long it may take, nor who watches.
PARAMETERS = (
    "n_components",
    "covariance_type",
    "tol",
    "reg_covar",
    "covariance_floor",
    "covariance_prior",
    "max_iter",
    "n_init",
    "init_params",
    "weights_init",
    "means_init",
    "precisions_init",
    "weights_fixed",
    "means_fixed",
    "covariances_fixed",
    "escape",
    "accelerate",
    "nested",
    "pursue",
)


def facts_of_fit(model: Any, seed: int, data: str) -> dict[str, Any]:
    """Return the facts of a fit: its parameters by name, arrays by their SHA-256, the seed, and the data's.

    Parameters
    ----------
    model : GaussianMixture
        With parameters that were checked.
    seed : int
        Of all that is random.
    data : str
        SHA-256 of the rows, in their blocks.
    """
    return {**{name: _told(getattr(model, name)) for name in PARAMETERS}, "rng": seed, "data": data}


def _told(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    array = np.ascontiguousarray(value, dtype=np.float64)
    return {"shape": list(array.shape), "sha256": sha256(array.tobytes()).hexdigest()}
