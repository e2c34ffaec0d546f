"""Global bound: prove how far any mixture with this sigma can be above a fit."""

from __future__ import annotations

from math import inf, nextafter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.progress import Budget, Callback
from gmmscape.proof.balls import ends, flint, float_ends, precision
from gmmscape.proof.bound.cover import Cover, cover_of
from gmmscape.proof.bound.fit import fit_of
from gmmscape.proof.bound.problem import BoundProblem
from gmmscape.proof.bound.proved import Proved, Seconds, highest, proved_by
from gmmscape.proof.bound.result import GlobalBound, cover_content
from gmmscape.validation import (
    data_matrix,
    real_number,
    sample_weights,
    standard_deviation,
)


def global_bound(
    model: Any,
    X: ArrayLike,
    sigma: float,
    weights: ArrayLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    tol: float = EFFORT.proof.gap_tol,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> GlobalBound:
    """Prove how far any mixture with components N(theta, sigma^2 I) can be above a fit on these rows.

    The largest D(theta) = mean over the rows of N(x; theta, sigma^2 I) / q(x), less one, is enclosed by
    branch and bound over all theta (docs/laws.md#law-11): no mixture with this sigma, whatever its number of
    components and its weights, has a log-likelihood per unit mass more than that above that of q.

    Parameters
    ----------
    model : array_like of shape (k,) or (k, d), Mixture, estimator, tuple, CriticalPoint or FreePoint
        The fit q: bare means, or a model whose covariances are all sigma^2 I; of a tuple, weights, means and
        covariances.
    X : array_like of shape (n, d)
        Rows; d up to 3.
    sigma : float
        Standard deviation of every component, of q and of all mixtures it is compared with.
    weights : array_like of shape (k,), optional
        Of the components, where bare means are given; equal by default. Models have their own. What has a
        weight below 1e-150 is left out of q.
    sample_weight : array_like of shape (n,), optional
        Of the rows, up to a common factor; equal by default.
    tol : float, default=1e-6
        The ends of the gap differ by at most ``tol * (1 + lo)``: an absolute tolerance where the gap is
        small, a relative one where it is large. At least 1e-11.
    max_seconds : float, optional
        Time for the search and, as far as can be told before, the proof of its cells. Where it is used up,
        the gap is wider, and as proved as any.
    callback : callable, optional
        Called with an `Event` after each halving of cells; returning True ends the search.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    GlobalBound
        With `gap`, `gain`, `argmax` and the `certificate`. Cost: the sum over the rows at the corners of some
        hundred cells on a line, some thousands in the plane; more where D has many flat maxima.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, the model has other covariances, or rows are beyond its reach.
    DataError
        If the rows are not usable.
    NotAvailableError
        If python-flint is not installed, or there are more than three columns.

    Examples
    --------
    >>> from gmmscape import lab
    >>> X = [[-0.5], [0.0], [0.5]]
    >>> lab.global_bound([0.0], X, 1.0).gap
    (0.0, 0.0)
    >>> bound = lab.global_bound([0.0], [[-2.0], [2.0]], 1.0)
    >>> round(bound.gap[0], 4), [round(abs(x), 3) for x in bound.argmax]
    (2.6958, [1.999])
    """
    flint()
    scale = standard_deviation("sigma", sigma)
    rows, given = rows_and_weights(X, sample_weight)
    means, shares = fit_of(model, weights, scale, rows.shape[1])
    problem = BoundProblem.of(rows, given, means, shares, scale)
    wanted = checked_tol(tol)
    return bound_of(problem, wanted, Budget.of("global_bound", max_seconds, callback, verbose))


def rows_and_weights(X: Any, sample_weight: Any) -> tuple[FloatArray, FloatArray | None]:
    """Return checked rows of up to three columns, and the weights that they were given."""
    rows = data_matrix(X)
    if rows.shape[1] > 3:
        raise NotAvailableError(f"X has {rows.shape[1]} columns: global bounds are proved in up to three")
    return rows, None if sample_weight is None else sample_weights(sample_weight, len(rows), faint=True).each


def checked_tol(tol: Any) -> float:
    """Return a tolerance that float64 can check."""
    wanted = real_number("tol", tol)
    if not wanted >= EFFORT.proof.least_gap_tol:
        raise InvalidParameterError.of(
            "tol", tol, f"pass a number of at least {EFFORT.proof.least_gap_tol:g}: float64 checks no less"
        )
    return wanted


def bound_of(problem: BoundProblem, tol: float, budget: Budget) -> GlobalBound:
    """Return the bound of a problem, proved.

    Raises
    ------
    InvalidParameterError
        If a row is beyond the reach of the fit.
    DataError
        If the rows are too far apart for sigma.
    """
    farthest = float(np.sqrt(2 * problem.nearest.max()))
    if not farthest <= EFFORT.proof.farthest_row:
        raise InvalidParameterError.of(
            "sigma",
            problem.sigma,
            f"fit the model first: a row is {farthest:.3g} sigma from the nearest mean",
        )
    seconds = None if budget.left is None else Seconds.of(problem)
    return proved_bound(problem, cover_of(problem, tol, budget, seconds), tol, budget)


def proved_bound(problem: BoundProblem, cover: Cover, tol: float, budget: Budget) -> GlobalBound:
    """Return what a cover proves; the budget is told how far it has come, and does not end it."""
    with precision(EFFORT.proof.bound_bits):
        proved = proved_by(problem, cover, budget)
        gain = _gain(problem, cover, proved)
    place = tuple(highest(cover.peaks).place.tolist())
    return GlobalBound(problem.content(), gain, place, cover_content(cover), tol, cover.stop_reason)


def _gain(problem: BoundProblem, cover: Cover, proved: Proved) -> tuple[float, float]:
    """Ends of log(1 + max D), with room for the roundings of whoever checks in float64."""
    below = float_ends(*ends(proved.value.log()))[0]
    # max D is not negative: its average over the components of q is zero.
    high = max(0.0, float_ends(*ends(proved.excess))[1])
    # Whoever checks knows exp(high) to be at least 1 + high.
    high *= 1 + high**2 + checking_room(problem, 0.0, 0.0)
    # Nothing is bounded by corners where one peak covers all.
    above = -inf if proved.bound == 0 else float_ends(*ends(proved.bound.log()))[1]
    room = checking_room(problem, above, cover.growth_at(min(cover.by_corners, default=0), problem.sigma))
    if above + room > high:
        high = nextafter(above + room, inf)
    low = max(0.0, nextafter(below - checking_room(problem, below, 0.0), -inf))
    return min(low, high), high


def checking_room(problem: BoundProblem, log_value: float, growth: float) -> float:
    """Return what float64 makes of the logarithm of S, at most: docs/derivations/global_bound.md#float64."""
    effort = EFFORT.proof
    rows = len(problem.rows) + len(problem.means) + effort.more_rows
    exponents = float(problem.nearest.max()) + abs(log_value) + growth + effort.more_exponents
    return effort.rounding * (effort.row_roundings * rows + effort.exponent_roundings * exponents)
