"""AutoGMM: EM from sixteen kinds of clusterings and ten of k-means, of which the best BIC is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
from autogmm import AutoGMM
from serving import serve


def fitted(X: np.ndarray, k: int, least: float, seed: int) -> tuple[Any, ...]:
    """Fit full covariances with the number of components that is known; seeds share no k-means."""
    model = AutoGMM(k, k, covariances=["full"], reg_covar=least, random_state=1000 * seed).fit(X)
    best = model.best_model_
    return best.weights_, best.means_, best.covariances_


if __name__ == "__main__":
    serve({"autogmm": fitted})
