"""Where fits begin: random rows, k-means++, in local coordinates. All honour sample weights.

Rows with missing values are looked at as `Sample.filled` completes them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.covariances import kind_named
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.families import Family
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.statistics import MergeInOrder, SufficientStatistics
from gmmscape.threads import thread_count

BLOCK_ROWS = 4096
INIT_PARAMS = ("kmeans", "k-means++", "random", "random_from_data")


def random_row_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return k different rows, drawn with probability proportional to their weights, shape (k, d).

    Raises DataError if fewer than k rows have a positive weight.
    """
    _check_enough_rows(sample, k)
    part, middle = _part(sample, k, rng)
    rows = rng.choice(len(part), size=k, replace=False, p=part.weights)
    return part.local(rows) + middle


def different_row_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return k rows of different values, drawn like `random_row_means`, shape (k, d).

    Means that begin in one place stay together. Raises DataError if fewer than k rows have a positive weight;
    where fewer values than k do, some are drawn twice.
    """
    means = random_row_means(sample, k, rng)
    if len(np.unique(means, axis=0)) == k:
        return means
    part, middle = _part(sample, k, rng)
    order = rng.choice(len(part), size=np.count_nonzero(part.weights), replace=False, p=part.weights)
    rows = part.local(order)
    _, first = np.unique(rows, axis=0, return_index=True)
    again = np.setdiff1d(np.arange(len(rows)), first)
    return rows[np.concatenate([np.sort(first), again])[:k]] + middle


def kmeans_plusplus_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return k rows picked far from each other (Arthur and Vassilvitskii, 2007), shape (k, d).

    scikit-learn's greedy k-means++, with the sample's weights.
    """
    from sklearn.cluster import kmeans_plusplus

    _check_enough_rows(sample, k)
    part, middle = _part(sample, k, rng)
    state = np.random.RandomState(rng.integers(2**32))
    means, _ = kmeans_plusplus(part.points, k, sample_weight=part.weights, random_state=state)
    return means + middle


def kmeans_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return the centers of one run of scikit-learn's k-means, shape (k, d)."""
    from sklearn.cluster import KMeans

    _check_enough_rows(sample, k)
    part, middle = _part(sample, k, rng)
    solver = KMeans(k, n_init=1, random_state=np.random.RandomState(rng.integers(2**32)))
    one_pass = len(part) * k * part.n_features
    threads = thread_count() if one_pass > EFFORT.solve.shared_pass else 1
    with warnings.catch_warnings(), _openmp_threads(threads):
        warnings.simplefilter("ignore")  # fewer distinct rows than k: the fit that follows says so
        solver.fit(part.points, sample_weight=part.weights)
    return solver.cluster_centers_ + middle


def _openmp_threads(most: int) -> AbstractContextManager[Any]:
    """Bound the threads of compiled libraries: each loop of so many waits for the last, of however little."""
    return _compiled_libraries().limit(limits=most, user_api="openmp")


@cache
def _compiled_libraries() -> Any:
    """What scikit-learn's k-means has loaded; looking for it takes longer than k-means of few rows."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def random_responsibility_means(sample: Sample, k: int, rng: np.random.Generator) -> FloatArray:
    """Return the means under random responsibilities, all near the middle of the data, shape (k, d)."""
    _check_enough_rows(sample, k)
    part, middle = (sample, 0.0) if len(sample) > EFFORT.solve.start_rows else _part(sample, k, rng)
    mass, total = np.zeros(k), np.zeros((k, sample.n_features))
    for first in range(0, len(part), BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        points = part.filled(rows)
        share = rng.random((len(points), k))
        share *= part.weights[rows, None] / share.sum(axis=1, keepdims=True)
        mass += share.sum(axis=0)
        total += share.T @ points
    return total / mass[:, None] + middle


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
        In local coordinates.

    Returns
    -------
    Mixture
        In local coordinates. Cost O(n k d).

    Raises
    ------
    DataError
        If the scatter is zero and no floor lifts it.
    """
    d, means = sample.n_features, family.arranged(means)
    pooled, seen, squares = np.zeros((d, d)), np.zeros(d), np.zeros(d)
    nearest = _nearest_of(means)
    for first in range(0, len(sample), BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        points, weights = sample.filled(rows), sample.weights[rows]
        deviation = points - means[nearest(points)]
        rooted = deviation * np.sqrt(weights)[:, None]
        pooled += rooted.T @ rooted
        if sample.incomplete:
            there = ~np.isnan(sample.local(rows))
            seen += weights @ there
            squares += weights @ np.where(there, deviation, 0.0) ** 2
    if sample.incomplete:  # expectations scatter less than what they stand for
        short = np.sqrt(np.divide(squares / seen, np.diagonal(pooled), out=np.ones(d), where=squares > 0))
        pooled *= np.outer(short, short)
    try:
        return family.made(None, means, family.kind.repeated(family.smoothed(pooled), len(means)))
    except InvalidParameterError as error:
        if not sample.variance.any():  # a floor that is a share of it is none
            raise DataError(
                "no column has two different values (all rows equal), so that there is no variance: set "
                "reg_covar, the least variance in squared units of the data"
            ) from error
        raise DataError(
            "the data have no scatter around the starting means (as many components as distinct "
            "rows), and no floor lifts covariances enough: use fewer components or a larger "
            f"covariance_floor ({error})"
        ) from error


def mixture_of_responsibilities(sample: Sample, family: Family, psi: FloatArray) -> Mixture:
    """Return the M-step of given responsibilities.

    Parameters
    ----------
    sample : Sample
        The data.
    family : Family
        What the start has to belong to.
    psi : ndarray of shape (n, k)
        Of the rows of the sample; each row sums to one.

    Returns
    -------
    Mixture
        In local coordinates. Cost O(n k d), O(n k d^2) for matrices.

    Raises
    ------
    InvalidParameterError
        If some component has no row.
    DataError
        If a covariance is zero and neither floor nor prior lifts it.
    """
    mass = sample.weights @ psi
    if not mass.all():
        raise InvalidParameterError(
            f"the responsibilities of component {int(np.argmin(mass))} are zero for all rows: give each some"
        )
    merged = MergeInOrder()
    for first in range(0, len(sample), BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        merged.add(_statistics_of(sample.filled(rows), psi[rows] * sample.weights[rows, None], family))
    statistics = merged.total()
    current = mixture_around(sample, family, statistics.mean)
    try:
        return family.update(statistics, current)
    except InvalidParameterError as error:
        raise DataError(
            "the rows that some component is responsible for have no scatter, and no floor lifts its "
            "covariance enough: make it responsible for more of them, or set a larger covariance_floor "
            f"({error})"
        ) from error


def _statistics_of(points: FloatArray, shares: FloatArray, family: Family) -> SufficientStatistics:
    """Of some rows, of which each component has these shares; no likelihood."""
    mass = shares.sum(axis=0)
    sums = shares.T @ points
    mean = np.divide(sums, mass[:, None], out=np.zeros_like(sums), where=mass[:, None] > 0)
    scatter = None
    if family.scatter != "none":
        kind = kind_named(family.scatter)
        scatter = kind.joined([kind.scatter(points - at, shares[:, i]) for i, at in enumerate(mean)])
    return SufficientStatistics(mass, mean, scatter, family.scatter, 0.0, float(shares.sum()))


def _nearest_of(means: FloatArray) -> Callable[[FloatArray], IntArray]:
    """What says which mean is nearest to each row: by a tree, of many means in few columns."""
    from scipy.spatial import cKDTree
    from scipy.spatial.distance import cdist

    if len(means) > EFFORT.solve.tree_means and means.shape[1] <= EFFORT.diagnosis.tree_columns:
        tree = cKDTree(means)
        return lambda points: tree.query(points)[1]
    return lambda points: np.argmin(cdist(points, means), axis=1)


def each_row_once(sample: Sample, k: int) -> Sample | None:
    """Return the different rows with the weight of all that are equal, in the order of their values.

    Draws from them are the same for weights and for rows that are repeated so often, wherever these stand.
    None where there is nothing to join: weights and rows say the same; and where fewer than k rows differ.
    """
    if sample.equal_weights and not sample.duplicates.any:
        return None
    rows, place = np.unique(sample.filled(slice(None)), axis=0, return_inverse=True)
    return None if len(rows) < k else Sample(rows, np.bincount(place.ravel(), sample.weights), copy=False)


def _part(sample: Sample, k: int, rng: np.random.Generator) -> tuple[Sample, FloatArray]:
    """The sample or, where it is very large, rows drawn by their weights; and the origin of that.

    Without gaps, and equal rows together where there are some.
    """
    if len(sample) <= EFFORT.solve.start_rows:
        once = each_row_once(sample, k)
        if once is not None:
            return once, once.origin
        if not sample.incomplete:
            return sample, np.zeros(sample.n_features)
        filled = Sample(sample.filled(slice(None)), sample.weights, copy=False)
        return filled, filled.origin
    if sample.equal_weights:
        rows = rng.choice(len(sample), EFFORT.solve.start_rows, replace=False)
    else:
        rows = np.searchsorted(np.cumsum(sample.weights), rng.random(EFFORT.solve.start_rows)).clip(
            0, len(sample) - 1
        )
    part = Sample(sample.filled(np.sort(rows)), copy=False, background=sample.local_background)
    return part, part.origin


def _check_enough_rows(sample: Sample, k: int) -> None:
    present = len(sample)
    if k > present:
        raise DataError(
            f"n_components={k} but only {present} rows have a positive weight: use fewer components"
        )
