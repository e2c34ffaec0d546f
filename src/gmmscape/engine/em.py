"""EM from many starts, one thread a start, without coming back to Python in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine.choice import _native, native_isa
from gmmscape.engine.passes import contiguous, split_weights
from gmmscape.engine.threads import thread_count

#: Why a start has ended, in the order of the native enumeration.
ENDS = (
    "converged",
    "max_iter",
    "time_limit",
    "degenerate",
    "interrupted",
    "given_up",
    "not_begun",
    "out_of_reach",
)


class EmProblem(NamedTuple):
    """Rows and what is free of a mixture of them.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        Rows.
    origin : ndarray of shape (d,) or None
        What is subtracted from them first.
    weights : ndarray of shape (n,)
        Their weights.
    kind : {"spherical", "diag", "tied", "full"}
        Covariances.
    location : bool
        Whether only the means are free.
    floor : ndarray of shape (d,)
        Least variance of each column, or zeros.
    spread : ndarray of shape (d,)
        Standard deviations of the columns; a component 1e15 times as narrow has collapsed.
    scale : ndarray of shape (d, d)
        Rows times it are in the data's own units, in which extrapolations are measured.
    unit : float
        Densities are per unit^d.
    resolution : float
        Mass below which the rows tell nothing about a component.
    """

    X: FloatArray
    origin: FloatArray | None
    weights: FloatArray
    kind: str
    location: bool
    floor: FloatArray
    spread: FloatArray
    scale: FloatArray
    unit: float
    resolution: float


class EmRun(NamedTuple):
    """Where one start ended: parameters, and for each what `solve.Solution` says.

    `nll` is per unit^d. `end` is one of `ENDS`; "out_of_reach" where only the reference engine can go on,
    because some row has no density.
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    end: str
    nll: float
    step: float
    starved: bool
    history: FloatArray


def em_from_all(
    problem: EmProblem,
    starts: tuple[FloatArray, FloatArray, FloatArray],
    *,
    ranges: IntArray | None = None,
    tol: float,
    max_iter: int,
    accelerate: bool,
    gradient: bool = False,
    target: float = np.inf,
    screen: int = 0,
    outlook: int = 0,
    max_seconds: float | None = None,
    watch: Callable[[int, int, float], Any] | None = None,
) -> tuple[list[EmRun], bool] | None:
    """Return where EM leads from each start, and whether Ctrl-C ended it; None without the native engine.

    Parameters
    ----------
    problem : EmProblem
        Rows and family.
    starts : tuple of ndarray
        Weights (b, k), means (b, k, d) and covariances (b, ...) of b starts.
    ranges : ndarray of int, shape (b, 2), optional
        First row of each start, and the one after its last; all rows by default.
    tol, max_iter, accelerate
        As for `solve.EM`.
    gradient : bool, default=False
        Gradient descent with the step sigma^2 instead, of a location problem whose weights sum to one: each
        mean goes its mass times the EM step. `tol` is still the length of the EM step.
    target, screen, outlook : float, int, int
        A start is given up where, after `screen` iterations, going on at the last one's pace for `outlook`
        more would not lead to `target`.
    max_seconds : float, optional
        Time for all of them.
    watch : callable, optional
        Called some twenty times a second with the starts that have ended, the iterations of all, and the
        value of the one that moved last; returning True stops.

    Returns
    -------
    list of EmRun
        One for each start. Bits do not depend on the number of threads. Cost of an iteration as `statistics`.
    bool
        Whether Ctrl-C was pressed.
    """
    isa = native_isa()
    if isa is None:
        return None
    common, weight = split_weights(problem.weights)
    weights, means, covariances, ends, interrupted = _native.em(
        isa,
        problem.kind,
        problem.location,
        np.ascontiguousarray(starts[0]),
        np.ascontiguousarray(starts[1]),
        np.ascontiguousarray(starts[2]),
        contiguous(problem.X),
        problem.origin,
        common,
        weight,
        None if ranges is None else np.ascontiguousarray(ranges, dtype=np.int64),
        problem.floor,
        problem.spread,
        np.ascontiguousarray(problem.scale),
        float(np.log(problem.unit)),
        problem.resolution,
        tol,
        max_iter,
        accelerate,
        gradient,
        target,
        screen,
        outlook,
        max_seconds,
        thread_count(),
        watch,
    )
    runs = [
        EmRun(w, m, c, ENDS[end], nll, step, starved, history)
        for w, m, c, (end, nll, step, starved, history) in zip(weights, means, covariances, ends, strict=True)
    ]
    return runs, interrupted
