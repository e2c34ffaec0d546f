"""Gaussian mixture regression: moments and quantiles of some columns at rows of the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.given_rows import columns_in_order
from gmmscape.incomplete.patterns import Patterns
from gmmscape.mixture.names import places_of
from gmmscape.validation import data_matrix, finite_array


class Regression(NamedTuple):
    """Distributions of the target at n rows: those of one target have no axis for it.

    Attributes
    ----------
    mean : ndarray of shape (n,) or (n, t)
        E[y | x], in units of the target.
    variance : ndarray of shape (n,) or (n, t)
        Of each target at each row, in squared units.
    covariance : ndarray of shape (n,) or (n, t, t)
        Of the targets with each other; of one target its variance.
    quantiles : ndarray of shape (n, q) or None
        At the levels that were asked for.
    """

    mean: FloatArray
    variance: FloatArray
    covariance: FloatArray
    quantiles: FloatArray | None = None


class _Block(NamedTuple):
    """The components at some rows: shares (n, k), means (n, k, t) and covariances (k, t, t)."""

    shares: FloatArray
    means: FloatArray
    covariances: FloatArray


def regressed(mixture: Any, X: Any, target: Any, given: Any, quantiles: Any) -> Regression:
    """Return what `Mixture.regress` does."""
    d, names = mixture.n_features, mixture.feature_names
    targets = places_of(target, names, d, what="target")
    known = [j for j in range(d) if j not in set(targets)]
    if given is not None:
        known = places_of(given, names, d, what="given")
    if not known or set(known) & set(targets):
        raise InvalidParameterError.of(
            "target", target, "leave one column or more that is known and no target"
        )
    alone = isinstance(target, str | int | np.integer)
    levels = _levels(quantiles, len(targets))
    rows = _rows(mixture, X, known)
    n, t = len(rows), len(targets)
    mean, covariance = np.empty((n, t)), np.empty((n, t, t))
    found = None if levels is None else np.empty((n, len(levels)))
    with np.errstate(over="ignore", invalid="ignore"):  # looked at below
        for part, block in _by_pattern(mixture, rows, known, targets):
            mean[part], covariance[part] = _moments(block)
            if found is not None and levels is not None:
                found[part] = _quantiles(block, levels)
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise DataError("X has rows so far from every component that the answer leaves float64: rescale it")
    variance = np.diagonal(covariance, axis1=1, axis2=2).copy()
    if alone:
        return Regression(mean[:, 0], variance[:, 0], covariance[:, 0, 0], found)
    return Regression(mean, variance, covariance, found)


def _moments(block: _Block) -> tuple[FloatArray, FloatArray]:
    """Mean (n, t) and covariance (n, t, t): that within components, and that between their means."""
    mean = np.einsum("nk,nkt->nt", block.shares, block.means)
    off = block.means - mean[:, None]
    rooted = np.sqrt(block.shares)[:, :, None] * off
    between = np.swapaxes(rooted, 1, 2) @ rooted
    return mean, np.tensordot(block.shares, block.covariances, 1) + between


def _levels(quantiles: Any, n_targets: int) -> FloatArray | None:
    if quantiles is None:
        return None
    levels = np.atleast_1d(finite_array("quantiles", quantiles, ndim=(0, 1)))
    if not np.all((levels > 0) & (levels < 1)):
        raise InvalidParameterError.of("quantiles", quantiles, "pass levels between 0 and 1")
    if n_targets > 1:
        raise InvalidParameterError.of("quantiles", quantiles, "pass one target: only numbers have quantiles")
    return levels


def _rows(mixture: Any, X: Any, known: list[int]) -> FloatArray:
    """The known columns of X, in their order."""
    names = mixture.feature_names
    if names is not None:
        X = columns_in_order(X, [names[j] for j in known])
    width = np.shape(X)[1] if np.ndim(X) == 2 else None
    if width == mixture.n_features != len(known):
        return data_matrix(np.asarray(X)[:, known], missing=True)
    rows = data_matrix(X, missing=True)
    if rows.shape[1] != len(known):
        raise DataError(
            f"X has shape {rows.shape}: pass the {len(known)} known columns, or all {mixture.n_features}"
        )
    return rows


def _by_pattern(
    mixture: Any, rows: FloatArray, known: list[int], targets: list[int]
) -> Iterator[tuple[Any, _Block]]:
    """Yield the components at rows whose missing columns, if there are any, are averaged over."""
    if not np.isnan(rows).any():
        yield from _blocks(mixture, rows, known, targets)
        return
    for observed, at in zip(*Patterns.of(rows), strict=True):
        there = [known[j] for j in np.flatnonzero(observed)]
        if not there:
            yield at, _unconditional(mixture, len(at), targets)
            continue
        for part, block in _blocks(mixture, rows[at[:, None], np.flatnonzero(observed)], there, targets):
            yield at[part], block


def _unconditional(mixture: Any, n: int, targets: list[int]) -> _Block:
    """The components at rows of which nothing is known."""
    own, k = mixture.marginal(targets), mixture.n_components
    matrices = own.kind.matrices(own.covariances, k, len(targets))
    means = np.broadcast_to(own.means, (n, k, len(targets)))
    return _Block(np.broadcast_to(own.weights, (n, k)), means, matrices)


def _blocks(
    mixture: Any, rows: FloatArray, known: list[int], targets: list[int]
) -> Iterator[tuple[slice, _Block]]:
    """Yield the components at so many rows that memory does not depend on their number."""
    k, t = mixture.n_components, len(targets)
    own = mixture.marginal([*known, *targets])
    before = own.marginal(list(range(len(known))))
    a, b = list(range(len(known))), list(range(len(known), len(known) + t))
    slopes, stored = own.kind.given(own.covariances, a, b)
    matrices = own.kind.matrices(stored, k, t)
    slopes = np.broadcast_to(slopes, (k, t, len(known)))
    step = max(1, EFFORT.measure.regression_values // (k * (t + 1) * (t + 1)))
    for i in range(0, len(rows), step):
        X = rows[i : i + step]
        shifts = np.stack([(X - own.means[j, a]) @ slopes[j].T for j in range(k)], axis=1)
        yield slice(i, i + step), _Block(before.responsibilities(X), own.means[:, b] + shifts, matrices)


def _quantiles(block: _Block, levels: FloatArray) -> FloatArray:
    """Quantiles (n, q) of one target, by bisection to rounding."""
    deviations, means = np.sqrt(block.covariances[:, 0, 0]), block.means[:, :, 0]
    there = block.shares > 0
    out = np.empty((len(means), len(levels)))
    for i, level in enumerate(levels):
        # The quantile of a mixture lies between those of its components.
        own = means + deviations * ndtri(level)
        low = np.where(there, own, np.inf).min(axis=1)
        high = np.where(there, own, -np.inf).max(axis=1)
        while True:  # halves until rounding ends it; what is not finite is looked at by the caller
            middle = low + 0.5 * (high - low)
            rounding = np.finfo(np.float64).eps * np.maximum(np.abs(middle), deviations.min())
            if not np.any(high - low > 4 * rounding):
                break
            below = (block.shares * ndtr((middle[:, None] - means) / deviations)).sum(axis=1) < level
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        out[:, i] = middle
    return out
