"""pomegranate's general mixture of normal distributions, which has no least variance of full covariances."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from pomegranate.distributions import Normal
from pomegranate.gmm import GeneralMixtureModel
from serving import serve


def fitted(X: np.ndarray, k: int, least: float, seed: int) -> tuple[Any, ...]:
    """Fit from a random start, everything else at its defaults."""
    normals = [Normal(covariance_type="full") for _ in range(k)]
    model = GeneralMixtureModel(normals, random_state=seed).fit(torch.tensor(X, dtype=torch.float32))
    means, covariances = (
        np.stack([getattr(one, name).detach().numpy() for one in model.distributions])
        for name in ("means", "covs")
    )
    return model.priors.detach().numpy(), means, covariances


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve({"pomegranate": fitted})
