"""phase: the number and the kinds of minima over two parameters of the truth."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.paths.truth_path import fitted_sigma
from gmmscape.landscape.phases.result import PhaseDiagram
from gmmscape.landscape.phases.spreading import Grid, Spreading
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.threads import limited
from gmmscape.validation import (
    finite_array,
    positive_integer,
    random_state_too,
    real_number,
    standard_deviation,
)
from gmmscape.work.journal import Journal, seed_for
from gmmscape.work.tasks import Tasks


@random_state_too
def phase(
    path: Callable[[float, float], Mixture],
    xs: ArrayLike,
    ys: ArrayLike,
    n_components: int,
    *,
    sigma: float | None = None,
    births: bool = True,
    thresholds: bool = True,
    verify: float = 0.05,
    n_starts: int = 8,
    rng: Any = None,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
    verbose: int = 0,
) -> PhaseDiagram:
    """Map the minima over two parameters of the truth, with the curves on which they are born.

    Each cell is descended from every candidate structure; then every minimum that a cell has and its
    neighbour has not is tried there, until nothing new is found. A share of the cells is checked by
    independent random starts. A minimum without partner in a neighbouring cell is followed there, to the fold
    or pitchfork at which it ends, as `birth` does; where partners differ in being structured, the crossing of
    the defect is located between the cells. Fitted weights are equal.

    Parameters
    ----------
    path : callable
        From x and y to the truth, a `Mixture`; the number of components and their order stay. It is called
        between cells too.
    xs : array_like of shape (nx,)
        First parameter, ascending.
    ys : array_like of shape (ny,)
        Second parameter, ascending.
    n_components : int
        Number of fitted means k.
    sigma : float, optional
        Standard deviation of the fit. Defaults to that of each truth.
    births : bool, default=True
        Whether to locate births.
    thresholds : bool, default=True
        Whether to locate where defects cross 0.5/k.
    verify : float, default=0.05
        Share of the cells that random starts check, in each of at most three rounds; 0 for none.
    n_starts : int, default=8
        Random starts in a cell that is checked: k draws from the truth each.
    rng : None, int or numpy.random.Generator, default=None
        Seed of the random starts and of the choice of cells.
    n_jobs : int, default=1
        Processes; -1 for all cores. No number depends on it.
    max_seconds : float, optional
        Time budget.
    callback : callable, optional
        Called with an `Event` after each piece of work; returning True stops. Stages: "cells" (rows descended
        from candidates), "neighbours" (minima tried in neighbouring cells), "checks" (random starts),
        "births" (minima followed to where they end), "thresholds"; a stage may come again.
    checkpoint : str or Path, optional
        JSON file that results are kept in; if it exists, the work goes on from it, without `rng` with its
        seed.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    PhaseDiagram
        Minima of each cell, births, thresholds, and what the checks found. Ctrl-C, the budget and the
        callback end the work with what was found. Cost: some hundredths of a second a cell on
        a line, some tenths for each point of a curve of births; several times that in the plane.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or the checkpoint is one of other truths.
    FormatError
        If the checkpoint is none.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> path = lambda R, D: gs.Mixture.location([-R, R, D], sigma=1.0)
    >>> found = lab.phase(path, [2.5, 3.0], [10.0, 11.0], 3, rng=0)
    >>> found.counts.tolist()
    [[2, 1], [2, 2]]
    >>> [(round(b.x, 4), round(b.y, 4), b.event) for b in found.births]
    [(2.6773, 10.0, 'fold'), (3.0, 10.7112, 'fold')]
    """
    if not callable(path):
        raise InvalidParameterError.of("path", path, "pass a function from two numbers to a gmmscape.Mixture")
    k = positive_integer("n_components", n_components)
    width = None if sigma is None else standard_deviation("sigma", sigma)
    for name, value in (("births", births), ("thresholds", thresholds)):
        if not isinstance(value, bool):
            raise InvalidParameterError.of(name, value, "pass True or False")
    share = real_number("verify", verify, strict=False)
    if share > 1:
        raise InvalidParameterError.of("verify", verify, "pass a share between 0 and 1")
    positive_integer("n_starts", n_starts)
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    grid = _grid(path, _ascending("xs", xs), _ascending("ys", ys), k, width)
    seed = seed_for(checkpoint, rng)
    budget = Budget.of("phase", max_seconds, callback, verbose)
    tasks = Tasks(Journal(checkpoint, "phase", _facts(grid, seed, n_starts)), n_jobs, budget)
    return _mapped(Spreading(grid, tasks, seed, share, n_starts), births, thresholds)


def _mapped(work: Spreading, births: bool, thresholds: bool) -> PhaseDiagram:
    from threadpoolctl import threadpool_limits

    stop_reason = "completed"
    try:
        with limited(1), threadpool_limits(1, user_api="blas"):
            work.fill()
            if births:
                work.locate_births()
            if thresholds:
                work.locate_thresholds()
    except Stopped as stop:
        stop_reason = str(stop)
    except KeyboardInterrupt:
        stop_reason = "interrupted"
    finally:
        work.tasks.close()
    grid = work.grid
    nx = len(grid.xs)
    return PhaseDiagram(
        xs=grid.xs,
        ys=grid.ys,
        minima=tuple(
            tuple(tuple(cell) for cell in work.cells[first : first + nx])
            for first in range(0, len(work.cells), nx)
        ),
        births=tuple(sorted(work.births)),
        thresholds=tuple(sorted(work.thresholds)),
        lost=work.lost,
        checks=tuple(work.checks),
        supplied=work.supplied,
        n_components=grid.k,
        sigma=grid.sigma,
        seed=work.seed,
        stop_reason=stop_reason,
    )


def _ascending(name: str, values: ArrayLike) -> FloatArray:
    array = finite_array(name, values, ndim=(1,))
    if len(array) < 2 or (np.diff(array) <= 0).any():
        raise InvalidParameterError(
            f"{name} must be two ascending numbers or more: use numpy.linspace(lo, hi, n)"
        )
    return array


def _grid(
    path: Callable[[float, float], Mixture], xs: FloatArray, ys: FloatArray, k: int, sigma: float | None
) -> Grid:
    """Return the grid with the truths of its cells, row by row, checked."""
    truths: list[Mixture] = []
    for y in ys.tolist():
        for x in xs.tolist():
            truth = path(x, y)
            if not isinstance(truth, Mixture):
                raise InvalidParameterError(
                    f"path({x:g}, {y:g}) returned {type(truth).__name__}: pass a function from two numbers "
                    "to a gmmscape.Mixture, as in lambda R, D: gs.Mixture.location([-R, R, D], 1.0)"
                )
            if truths and truth.means.shape != truths[0].means.shape:
                raise InvalidParameterError(
                    f"path({x:g}, {y:g}) has centers of shape {truth.means.shape}, the first truth "
                    f"{truths[0].means.shape}: return truths of one number of components and one dimension"
                )
            fitted_sigma(truth, sigma)
            truths.append(truth)
    return Grid(path, xs, ys, k, sigma, truths)


def _facts(grid: Grid, seed: int, n_starts: int) -> dict[str, Any]:
    """What must be the same for results to be of use: all that they depend on."""
    digest = sha256()
    for truth in grid.truths:
        for array in (truth.means, truth.weights, truth.covariances):
            digest.update(np.ascontiguousarray(array).tobytes())
    return {
        "grid": [grid.xs.tolist(), grid.ys.tolist()],
        "path": digest.hexdigest(),
        "n_components": grid.k,
        "sigma": grid.sigma,
        "rng": seed,
        "n_starts": n_starts,
    }
