"""Where fits begin: random rows, k-means++, or what the user gives. All honour sample weights."""

from __future__ import annotations

import warnings

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.families import Family
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture

BLOCK_ROWS = 4096
#: Starting means are looked for among this many rows, drawn at random where there are more.
START_ROWS = 200_000
INIT_PARAMS = ("kmeans", "k-means++", "random", "random_from_data")


def random_row_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return k different rows, drawn with probability proportional to their weights, shape (k, d).

    In the caller's coordinates. Raises DataError if fewer than k rows have a positive weight.
    """
    _check_enough_rows(sample, k)
    sample = _part(sample, rng)
    rows = rng.choice(len(sample), size=k, replace=False, p=sample.weights)
    return sample.local(rows) + sample.origin


def kmeans_plusplus_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return k rows picked far from each other (Arthur and Vassilvitskii, 2007), shape (k, d).

    scikit-learn's greedy k-means++, with the sample's weights. In the caller's coordinates.
    """
    from sklearn.cluster import kmeans_plusplus

    _check_enough_rows(sample, k)
    sample = _part(sample, rng)
    state = np.random.RandomState(rng.integers(2**32))
    means, _ = kmeans_plusplus(sample.points, k, sample_weight=sample.weights, random_state=state)
    return means + sample.origin


def kmeans_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return the centers of one run of scikit-learn's k-means, shape (k, d). In the caller's coordinates."""
    from sklearn.cluster import KMeans

    _check_enough_rows(sample, k)
    sample = _part(sample, rng)
    solver = KMeans(k, n_init=1, random_state=np.random.RandomState(rng.integers(2**32)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer distinct rows than k: the fit that follows says so
        solver.fit(sample.points, sample_weight=sample.weights)
    return solver.cluster_centers_ + sample.origin


def random_responsibility_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return the means under random responsibilities, all near the middle of the data, shape (k, d)."""
    _check_enough_rows(sample, k)
    mass, total = np.zeros(k), np.zeros((k, sample.n_features))
    for first in range(0, len(sample), BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        points = sample.local(rows)
        share = rng.random((len(points), k))
        share *= sample.weights[rows, None] / share.sum(axis=1, keepdims=True)
        mass += share.sum(axis=0)
        total += share.T @ points
    return total / mass[:, None] + sample.origin


def start_around(
    sample: Sample, family: Family, k: int, init_params: str, rng: np.random.Generator
) -> Mixture:
    """Return a start whose means come from one of `INIT_PARAMS`, the scatter about them as covariances.

    scikit-learn's starts give each mean the covariance of its own rows only, one row for two of them; a tied
    covariance then averages to nearly that of all data, and the means run together.
    """
    means = {
        "kmeans": kmeans_means,
        "k-means++": kmeans_plusplus_means,
        "random": random_responsibility_means,
        "random_from_data": random_row_means,
    }[init_params](sample, k, rng)
    return mixture_around(sample, family, means)


def mixture_around(sample: Sample, family: Family, means: FloatArray) -> Mixture:
    """Return equal weights, the given means and the scatter around them as every covariance.

    Rows count for their nearest mean, and the scatter is pooled over the components: no component starts
    narrower than the data around the means are.

    Parameters
    ----------
    sample : Sample
        The data.
    family : Family
        What the start has to belong to.
    means : ndarray of shape (k, d)
        In the caller's coordinates.

    Returns
    -------
    Mixture
        In the caller's coordinates. Cost O(n k d).

    Raises
    ------
    DataError
        If the scatter is zero and no floor lifts it.
    """
    from scipy.spatial.distance import cdist

    local = means - sample.origin
    pooled = np.zeros((sample.n_features, sample.n_features))
    for first in range(0, len(sample), BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        points = sample.local(rows)
        deviation = points - local[np.argmin(cdist(points, local), axis=1)]
        rooted = deviation * np.sqrt(sample.weights[rows])[:, None]
        pooled += rooted.T @ rooted
    try:
        return family.made(None, means, family.kind.repeated(pooled, len(means)))
    except InvalidParameterError as error:
        raise DataError(
            "the data have no scatter around the starting means (all rows equal, or as many components as "
            f"distinct rows) and no floor is set: use fewer components or a covariance_floor ({error})"
        ) from error


def _part(sample: Sample, rng: np.random.Generator) -> Sample:
    """The sample itself or, where it is very large, rows of it drawn by their weights."""
    if len(sample) <= START_ROWS:
        return sample
    if sample.weights.strides == (0,):
        rows = rng.choice(len(sample), START_ROWS, replace=False)
    else:
        rows = np.searchsorted(np.cumsum(sample.weights), rng.random(START_ROWS)).clip(0, len(sample) - 1)
    return Sample(sample.local(np.sort(rows)) + sample.origin, copy=False)


def _check_enough_rows(sample: Sample, k: int) -> None:
    present = len(sample)
    if k > present:
        raise DataError(
            f"n_components={k} but only {present} rows have a positive weight: use fewer components"
        )
