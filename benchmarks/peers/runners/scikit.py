"""scikit-learn's EM: from its own starts, from centers of better k-means, and by random swaps."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
from serving import serve
from sklearn.mixture import GaussianMixture

#: Swaps of a run and iterations of EM after each.
SWAPS, SWAP_ITERATIONS = 50, 20
LONG = 200


def plain(X: np.ndarray, k: int, least: float, seed: int, start: str) -> tuple[Any, ...]:
    """One start of scikit-learn, everything else at its defaults."""
    return _found(GaussianMixture(k, reg_covar=least, init_params=start, random_state=seed).fit(X))


def breathing(X: np.ndarray, k: int, least: float, seed: int) -> tuple[Any, ...]:
    """Breathing k-means (Fritzke 2020), then EM."""
    from bkmeans import BKMeans

    labels = BKMeans(n_clusters=k, random_state=seed).fit(X).labels_
    return _from_labels(X, labels, k, least)


def local_search(X: np.ndarray, k: int, least: float, seed: int) -> tuple[Any, ...]:
    """k-means++ with foresight and local search (Conrads et al. 2024), then EM."""
    from flspp import FLSpp

    labels = FLSpp(n_clusters=k, random_state=seed).fit(X).labels_
    return _from_labels(X, labels, k, least)


def random_swaps(X: np.ndarray, k: int, least: float, seed: int, swaps: int) -> tuple[Any, ...]:
    """Random swap EM (Zhao, Hautamaki, Karkkainen and Franti 2012).

    A component that is drawn goes to a row that is drawn, EM follows, and the better fit is kept.
    """
    rng = np.random.RandomState(seed)
    begin = {"init_params": "random_from_data", "random_state": rng}
    best = GaussianMixture(k, reg_covar=least, **begin).fit(X)
    reached = time.process_time()
    spread = np.cov(X.T).reshape(X.shape[1], -1) / k ** (2.0 / X.shape[1])
    for _ in range(swaps):
        weights, means, covariances = best.weights_.copy(), best.means_.copy(), best.covariances_.copy()
        j = rng.randint(k)
        weights[j], means[j], covariances[j] = 1.0 / k, X[rng.randint(len(X))], spread
        tried = _from(X, weights / weights.sum(), means, covariances, least, max_iter=SWAP_ITERATIONS)
        if tried.lower_bound_ > best.lower_bound_:
            best, reached = tried, time.process_time()
    end = _from(X, best.weights_, best.means_, best.covariances_, least)
    return *_found(end), reached


def _from_labels(X: np.ndarray, labels: np.ndarray, k: int, least: float) -> tuple[Any, ...]:
    """EM from the moments of clusters, as scikit-learn makes them of its own k-means."""
    members = [X[labels == j] for j in range(k)]
    covariances = [np.cov(one.T, bias=True).reshape(X.shape[1], -1) for one in members]
    weights = np.array([len(one) for one in members]) / len(X)
    means = np.stack([one.mean(axis=0) for one in members])
    return _found(_from(X, weights, means, np.stack(covariances) + least * np.eye(X.shape[1]), least))


def _from(
    X: np.ndarray,
    weights: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
    least: float,
    max_iter: int = 100,
) -> GaussianMixture:
    return GaussianMixture(
        len(weights),
        reg_covar=least,
        weights_init=weights,
        means_init=means,
        precisions_init=np.linalg.inv(covariances),
        max_iter=max_iter,
    ).fit(X)


def _found(model: GaussianMixture) -> tuple[Any, ...]:
    return model.weights_, model.means_, model.covariances_


if __name__ == "__main__":
    serve(
        {start: partial(plain, start=start) for start in ("kmeans", "k-means++", "random_from_data")}
        | {"breathing": breathing, "local search": local_search}
        | {"swaps": partial(random_swaps, swaps=SWAPS), "long": partial(random_swaps, swaps=LONG)}
    )
