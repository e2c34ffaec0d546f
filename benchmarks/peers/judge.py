"""One judge of all ends: the likelihood of the optimum that an end leads to, and whether that is sound."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs
from gmmscape.exceptions import GmmscapeError

Array = NDArray[np.float64]
#: A component of fewer rows, times columns and one, is none that the rows speak for: what searches refuse.
LEAST_ROWS = 5


class Judged(NamedTuple):
    """Mean log-likelihood of an optimum, None where there is none, and whether no component is degenerate."""

    value: float | None
    sound: bool


def judged(X: Array, end: dict[str, Any], least: float) -> Judged:
    """Return the optimum that plain EM, far converged, comes to from an end under the least variance."""
    if "error" in end:
        return Judged(None, False)
    weights, means, covariances = (np.asarray(end[key]) for key in ("weights", "means", "covariances"))
    finite = all(np.isfinite(one).all() for one in (weights, means, covariances))
    if not finite or weights.min() <= 0.0 or np.linalg.eigvalsh(covariances).min() <= 0.0:
        return Judged(None, False)
    model = gs.GaussianMixture(
        len(weights),
        escape=False,
        covariance_prior=0.0,
        reg_covar=least,
        covariance_floor=0.0,
        weights_init=weights / weights.sum(),
        means_init=means,
        precisions_init=_symmetric(np.linalg.inv(_symmetric(covariances))),
        tol=1e-8,
        max_iter=20_000,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X)
    except GmmscapeError:
        return Judged(None, False)
    rows = model.weights_.min() * len(X)
    sound = not model.floor_active_ and rows >= LEAST_ROWS * (X.shape[1] + 1)
    return Judged(float(model.score(X)), bool(sound))


def _symmetric(matrices: NDArray[np.floating[Any]]) -> Array:
    """Matrices without the rounding of single precision that made their halves differ."""
    return np.asarray(0.5 * (matrices + matrices.transpose(0, 2, 1)), dtype=np.float64)
