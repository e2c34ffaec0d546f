"""gmmx: EM in JAX, in single precision, from the best of ten k-means: its defaults."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from gmmx import EMFitter, GaussianMixtureModelJax
from serving import serve


def fitted(X: np.ndarray, k: int, least: float, seed: int) -> tuple[Any, ...]:
    """Fit from k-means, everything else at its defaults."""
    rows = jnp.asarray(X, dtype=jnp.float32)
    start = GaussianMixtureModelJax.from_k_means(rows, k, reg_covar=least, random_state=seed)
    found = EMFitter(reg_covar=least).fit(rows, start).gmm
    return found.weights_numpy, found.means_numpy, found.covariances.values_numpy


if __name__ == "__main__":
    serve({"gmmx": fitted}, compiled=True)
