"""AutoGMM: EM from sixteen kinds of clusterings and ten of k-means, of which the best BIC is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
from autogmm import AutoGMM
from serving import serve

#: Agglomerations need all pairs of rows; with more rows than these they take minutes and are left out.
MOST_ROWS = 2000


def fitted(X: np.ndarray, k: int, least: float, seed: int) -> tuple[Any, ...]:
    """Fit full covariances with the number of components that is known; seeds share no k-means."""
    options = {"reg_covar": least, "random_state": 1000 * seed, "init_agglomerative": len(X) <= MOST_ROWS}
    best = AutoGMM(k, k, covariances=["full"], **options).fit(X).best_model_
    return best.weights_, best.means_, best.covariances_


if __name__ == "__main__":
    serve({"autogmm": fitted})
