"""torchgmm, and pycave, from which it comes: EM in PyTorch Lightning."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import torch
from serving import serve

#: Nothing is drawn or logged.
QUIET = {
    "accelerator": "cpu",
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": False,
    "logger": False,
}


def fitted(X: np.ndarray, k: int, least: float, seed: int, package: str) -> tuple[Any, ...]:
    """Fit from k-means, everything else at its defaults."""
    torch.manual_seed(seed)
    mixture = import_module(f"{package}.bayes").GaussianMixture
    options = {"covariance_type": "full", "covariance_regularization": least, "trainer_params": QUIET}
    model = mixture(k, **options).fit(torch.tensor(X, dtype=torch.float32)).model_
    return tuple(one.detach().numpy() for one in (model.component_probs, model.means, model.covariances))


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve({package: partial(fitted, package=package) for package in ("torchgmm", "pycave")})
