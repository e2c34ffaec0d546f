"""Variances along known axes that share their profile or their volume: maximisers under a lower bound.

Both minimise sum_kj (n_k log v_kj + w_kj / v_kj) over the variances v of k components along d axes, given
masses n and sums of squares w. In logarithms the problems are convex, bound included.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.tolerances import TOLERANCES

#: In place of sums of squares that are zero, where a bound holds them up.
TINY = float(np.finfo(np.float64).tiny)


def of_one_profile(sums: FloatArray, mass: FloatArray, profile: FloatArray, least: float) -> FloatArray:
    """Return variances v_kj = s_k p_j, each at least `least`: one profile in sizes of each component's own.

    Sizes and profile in turn are each the exact minimiser given the other. With ``s >= least`` and ``p >= 1``
    the bound is a box for both, so that this goes down to the minimum of all (Celeux and Govaert 1995 have it
    without the bound).

    Parameters
    ----------
    sums : ndarray of shape (k, d)
        Sums of squares along the axes.
    mass : ndarray of shape (k,)
        Positive masses.
    profile : ndarray of shape (d,)
        Where to begin, positive.
    least : float
        Least variance; zero for none.

    Returns
    -------
    ndarray of shape (k, d)
        Cost O(k d) an iteration.

    Raises
    ------
    InvalidParameterError
        If there is no bound, and some component or axis has no scatter.
    """
    total, d = mass.sum(), sums.shape[1]
    sizes = np.ones(len(mass))
    for _ in range(EFFORT.solve.covariance_iterations):
        before = sizes
        sizes = positive((sums / profile).sum(axis=1) / (d * mass), least)
        profile = positive((sums / sizes[:, None]).sum(axis=0) / total, 1.0 if least else 0.0)
        if not least:
            profile = profile / np.exp(np.log(profile).mean())
        if np.abs(sizes - before).max() <= TOLERANCES.solve.same_size * sizes.max():
            break
    return sizes[:, None] * profile


def of_one_volume(sums: FloatArray, mass: FloatArray, least: float) -> FloatArray:
    """Return variances, each at least `least`, whose product is that of every component.

    Parameters
    ----------
    sums : ndarray of shape (k, d)
        Sums of squares along the axes.
    mass : ndarray of shape (k,)
        Positive masses.
    least : float
        Least variance; zero for none.

    Returns
    -------
    ndarray of shape (k, d)
        In closed form without the bound; with it by a search for the one volume.

    Raises
    ------
    InvalidParameterError
        If there is no bound, and some component has no scatter along some axis.
    """
    logs = np.log(np.maximum(sums / least, TINY) if least else positive(sums, 0.0))
    middle = logs.mean(axis=1, keepdims=True)
    shift = np.log(np.exp(middle - middle.max()).sum() / mass.sum()) + middle.max()
    free = logs - middle + shift
    if not least:
        return np.exp(free)
    return least * np.exp(free if free.min() >= 0.0 else _bounded(logs, mass.sum()))


def _bounded(logs: FloatArray, total: float) -> FloatArray:
    """Log variances of at least zero with one sum T for all, given the logarithms of sums of squares.

    For a given T each component's are max(0, log w - m), with m such that they sum to T. The derivative in T
    of what is minimised is the total mass less the sum of exp(m), which falls as T grows.
    """
    from scipy.optimize import brentq

    k, d = logs.shape
    sorted_sums = np.cumsum(-np.sort(-logs, axis=1), axis=1)
    each = np.arange(1, d + 1)

    def levels(volume: float) -> FloatArray:
        return ((sorted_sums - volume) / each).max(axis=1)

    def excess(volume: float) -> float:
        m = levels(volume)
        return float(np.log(np.exp(m - m.max()).sum()) + m.max() - np.log(total))

    if excess(0.0) <= 0.0:
        return np.zeros_like(logs)
    # No level lies above the largest logarithm less T / d.
    highest = d * (logs.max() + np.log(k / total)) + 1.0
    volume = brentq(excess, 0.0, highest, xtol=TOLERANCES.solve.same_size)
    return np.maximum(logs - levels(float(volume))[:, None], 0.0)


def positive(variances: FloatArray, least: float) -> FloatArray:
    """Return variances of at least `least`; InvalidParameterError where there is no bound and one is zero."""
    if least:
        return np.maximum(variances, least)
    if not (np.isfinite(variances).all() and (variances > 0).all()):
        raise InvalidParameterError(
            "a component has no scatter along some axis: use fewer components, a covariance_prior or a "
            "covariance_floor"
        )
    return variances
