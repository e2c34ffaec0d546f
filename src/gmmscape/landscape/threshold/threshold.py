"""structure_threshold: where along a path of truths the minima without structure end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NoResultError
from gmmscape.landscape.paths.truth_path import TruthPath, ordered_bracket, truth_at
from gmmscape.landscape.threshold.branch_points import read
from gmmscape.landscape.threshold.result import FollowedMinimum, StructureThreshold
from gmmscape.landscape.threshold.sweep import Plan, Sweep, above
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.solve import Newton
from gmmscape.threads import limited
from gmmscape.validation import (
    mean_matrix,
    positive_integer,
    random_state_too,
    real_number,
    seed_of,
    standard_deviation,
)
from gmmscape.work.journal import Journal

MEANING = "unstructured minima exist at lo and not at hi"


@random_state_too
def structure_threshold(
    path: Callable[[float], Mixture],
    n_components: int,
    bracket: tuple[float, float],
    *,
    tau: float | None = None,
    start: ArrayLike | None = None,
    sigma: float | None = None,
    n_starts: int = 24,
    n_parameters: int = 13,
    rng: Any = 0,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
    verbose: int = 0,
) -> StructureThreshold:
    """Find where along a path of truths the minima that are no union of blocks end.

    A minimum is without structure where its defect (see `decode`) exceeds a level. Such minima are looked
    for by descents from many starts, and each is followed upwards by arclength.

    With ``tau=None`` the search is at the lower end, for minima with a defect above 0.5/k, and each is
    followed to its bifurcation: a fold or a pitchfork, located by Newton's method on an extended system. The
    highest one is the result. With a number, the search is at `n_parameters` places in the bracket; minima
    end where their defect falls to that number for the last time, which is a "crossing" and no bifurcation,
    or bifurcate before; what takes their place there is followed, too, and so are minima whose defect is less
    than the number, but above a quarter of it, because it may rise. The highest end is the result, once a
    search just above it finds nothing. That none exists above is thereby measured, not proved: `searched`
    tells where was looked.

    Parameters
    ----------
    path : callable
        From the parameter to the truth, a `Mixture`; its components keep their order.
    n_components : int
        Number of fitted means k; their weights are 1/k.
    bracket : tuple of (float, float)
        Parameters (lo, hi): unstructured minima exist at lo, or above, and not at hi.
    tau : float, optional
        Level, between 0 and 1; None for the bifurcation.
    start : array_like of shape (k,) or (k, d), optional
        Means near a minimum at lo: this one is followed, and what takes its place, and nothing is searched.
    sigma : float, optional
        Standard deviation of the fit. Defaults to that of each truth.
    n_starts : int, default=24
        Random starts at each parameter, besides the candidate structures.
    n_parameters : int, default=13
        Places in the bracket that are searched, the ends included, where `tau` is a number.
    rng : None, int or numpy.random.Generator, default=0
        Seed of the random starts.
    n_jobs : int, default=1
        Processes for the searches; -1 for all cores. The result does not depend on it.
    max_seconds : float, optional
        Time budget.
    callback : callable, optional
        Called with an `Event` after each search (stage "search") and at each point of a branch ("follow"),
        `done` counting the minima followed to their end, its detail being parameter, means, defect and
        largest (end so far); returning True stops.
    checkpoint : str or Path, optional
        JSON file that finished pieces of work are written to. Where it exists, work goes on from it.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    StructureThreshold
        With `parameter`, `kind`, `means`, all minima that were `followed`, `to_json` and `plot`. Where the
        budget, the callback or Ctrl-C ended the work, the highest end so far, with that `stop_reason`. Cost:
        a descent a start and some hundred evaluations of the Hessian a minimum: one to ten seconds on a line.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, no minimum without structure is found, one is there at hi, or (without
        `tau`) those found at lo persist to hi.
    NoResultError
        If the work was ended before anything was found, or all that was found could not be followed.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> path = lambda D: gs.Mixture.location([-D, 0.0, D], sigma=1.0)
    >>> straddling = lab.structure_threshold(path, 2, (4.0, 8.0))
    >>> straddling.kind, round(straddling.parameter, 6)
    ('pitchfork', 5.40262)
    >>> crossing = lab.structure_threshold(path, 2, (4.0, 8.0), tau=0.25)
    >>> crossing.kind, round(crossing.parameter, 4)
    ('crossing', 5.7296)
    """
    from threadpoolctl import threadpool_limits

    if not callable(path):
        raise InvalidParameterError.of("path", path, "pass a function from a number to a gmmscape.Mixture")
    ends = ordered_bracket(bracket, MEANING)
    if tau is not None and real_number("tau", tau) >= 1:
        raise InvalidParameterError.of("tau", tau, "pass a number between 0 and 1, or None")
    k = positive_integer("n_components", n_components)
    width = None if sigma is None else standard_deviation("sigma", sigma)
    landscapes = TruthPath.over(path, k, width, ends)
    means = _start_of(start, k, landscapes)
    plan = Plan(
        n_starts=positive_integer("n_starts", n_starts, minimum=0),
        n_parameters=positive_integer("n_parameters", n_parameters, minimum=2),
        seed=seed_of(rng),
        n_jobs=n_jobs if n_jobs == -1 else positive_integer("n_jobs", n_jobs),
        budget=Budget.of("structure_threshold", max_seconds, callback, verbose),
    )
    level = 0.5 / k if tau is None else float(tau)
    journal = Journal(checkpoint, "structure_threshold", _facts(landscapes, plan, tau, means))
    sweep = Sweep(landscapes, level, tau is not None, plan, journal)
    # Matrices of k d rows are too small for threads of BLAS, which wait for each other longer than they work.
    with limited(plan.n_jobs), threadpool_limits(1, user_api="blas"):
        reason = _carried_out(sweep, means, journal)
    return _result(sweep, tau, reason)


def _start_of(start: Any, k: int, landscapes: TruthPath) -> FloatArray | None:
    """The caller's start in local coordinates."""
    if start is None:
        return None
    means = mean_matrix("start", start, n_features=landscapes.n_features)
    if len(means) != k:
        raise InvalidParameterError(f"start has {len(means)} rows where n_components={k}: pass one a mean")
    return landscapes.local(means)


def _facts(landscapes: TruthPath, plan: Plan, tau: float | None, start: FloatArray | None) -> dict[str, Any]:
    """What tells one computation from another; a path is known by some of its truths."""
    low, high = landscapes.bracket
    return {
        "truths": [truth_at(landscapes.path, at).to_dict() for at in np.linspace(low, high, 5).tolist()],
        "bracket": [low, high],
        "origin": landscapes.origin.tolist(),
        "k": landscapes.k,
        "sigma": landscapes.sigma,
        "defect": None if tau is None else float(tau),
        "start": None if start is None else start.tolist(),
        "effort": [plan.n_starts, plan.n_parameters, plan.seed],
    }


def _carried_out(sweep: Sweep, start: FloatArray | None, journal: Journal) -> str:
    """Do the work; return why it ended."""
    low, high = sweep.landscapes.bracket
    try:
        if start is not None:
            _follow_start(sweep, start)
            _refuse_survivors(sweep)
        elif not sweep.to_level:
            sweep.search([low])
            _refuse_nothing(sweep)
            sweep.follow_found(low)
        else:
            sweep.search([high])
            _refuse_above(sweep)
            sweep.search(np.linspace(low, high, sweep.plan.n_parameters).tolist())
            _refuse_nothing(sweep)
            for at in sorted(sweep.searches):
                sweep.follow_found(at)
            _refuse_survivors(sweep)
            _search_above(sweep)
        return "completed"
    except Stopped as stop:
        return str(stop)
    except KeyboardInterrupt:
        return "interrupted"
    finally:
        journal.close()


def _search_above(sweep: Sweep) -> None:
    """Search just above the highest end, until nothing is found there."""
    for _ in range(EFFORT.threshold.most_rounds):
        largest = sweep.largest
        if largest is None:
            return
        places = above(largest.parameter, sweep.searches)
        sweep.search(places, [largest.means])
        new = [sweep.follow_found(at) for at in places]
        _refuse_survivors(sweep)
        if not any(new):
            return
    raise NoResultError(
        f"above each end another minimum was found, {EFFORT.threshold.most_rounds} times: raise "
        "n_parameters or n_starts"
    )


def _follow_start(sweep: Sweep, start: FloatArray) -> None:
    landscapes, low = sweep.landscapes, sweep.landscapes.bracket[0]
    point = landscapes.descent(low).full(Newton(), start, None, None)
    if not point.is_minimum:
        raise InvalidParameterError.of(
            "start", landscapes.callers(start), f"the descent from it at lo={low:g} finds no minimum"
        )
    found = read(landscapes, point.means.ravel() / landscapes.unit, low).defect
    if found <= sweep.level:
        raise InvalidParameterError(
            f"start leads at lo={low:g} to a minimum of defect {found:.3g}, at most {sweep.level:.3g}: start "
            "elsewhere or lower lo"
        )
    sweep.follow(point.means, low, "start")


def _refuse_nothing(sweep: Sweep) -> None:
    """Refuse a bracket in which no search has found anything."""
    if not any(found.minima for found in sweep.searches.values()):
        raise _no_minimum(sweep)


def _no_minimum(sweep: Sweep) -> InvalidParameterError:
    low, high = sweep.landscapes.bracket
    n = len(sweep.searches)
    where = f"lo={low:g}" if n <= 1 else f"{n} places from {low:g} to {high:g}"
    starts = max((found.n_starts for found in sweep.searches.values()), default=1)
    return InvalidParameterError(
        f"bracket: at {where} no minimum of defect above {sweep.level:.3g} was found from {starts} starts: "
        "such minima must exist there and end above; lower lo, raise n_starts or, where centers approach "
        "each other along the path, run it the other way"
    )


def _refuse_above(sweep: Sweep) -> None:
    """Refuse a bracket at whose upper end the search has found something."""
    for found in sweep.above(sweep.landscapes.bracket[1])[:1]:
        raise _still_there(sweep, found.defect, found.means)


def _refuse_survivors(sweep: Sweep) -> None:
    """Refuse a bracket through which a minimum was followed to the upper end, its defect above the level."""
    for minimum in sweep.followed:
        if minimum.end == "upper end" and sweep.to_level:
            raise _still_there(sweep, minimum.defect, minimum.means.tolist())


def _still_there(sweep: Sweep, defect: float, means: Any) -> InvalidParameterError:
    high, shown = sweep.landscapes.bracket[1], sweep.landscapes.callers(np.array(means)).tolist()
    return InvalidParameterError(
        f"bracket: at hi={high:g} a minimum of defect {defect:.3g}, above {sweep.level:.3g}, is still there, "
        f"with means {shown}: raise hi (in more than one dimension there may be one at any "
        "separation)"
    )


def _result(sweep: Sweep, tau: float | None, reason: str) -> StructureThreshold:
    largest = sweep.largest
    if largest is None:
        raise _nothing(sweep, reason)
    if tau is not None and reason == "completed":
        _refuse_lost_above(sweep, largest)
    landscapes = sweep.landscapes
    followed = [
        replace(
            minimum,
            means=landscapes.callers(minimum.means),
            branch_means=landscapes.callers(minimum.branch_means),
        )
        for minimum in sweep.followed
    ]
    counts = {at: len(sweep.above(at)) for at in sorted(sweep.searches)}
    starts = [found.n_starts for found in sweep.searches.values()]
    return StructureThreshold(
        parameter=largest.parameter,
        error=largest.error,
        kind=largest.end,
        means=landscapes.callers(largest.means),
        defect=largest.defect,
        tau=tau,
        sigma=landscapes.descent(largest.parameter).sigma,
        truth=truth_at(landscapes.path, largest.parameter),
        bracket=sweep.landscapes.bracket,
        followed=tuple(sorted(followed, key=lambda minimum: -minimum.parameter)),
        searched=counts,
        n_starts=round(sum(starts) / len(starts)) if starts else 0,
        stop_reason=reason,
    )


def _refuse_lost_above(sweep: Sweep, largest: FollowedMinimum) -> None:
    """Refuse to name an end above which a minimum was seen, and lost."""
    for minimum in sweep.followed:
        if minimum.end == "lost" and minimum.defect > sweep.level and minimum.parameter > largest.parameter:
            raise NoResultError(
                f"a minimum of defect {minimum.defect:.3g} was lost at {minimum.parameter:.8g} "
                f"({minimum.reason}), above the highest end located, {largest.parameter:.8g}: the threshold "
                "is not below the first; pass a bracket with another lo, or more n_parameters"
            )


def _nothing(sweep: Sweep, reason: str) -> Exception:
    """The error where no minimum was followed to an end that is a threshold."""
    high = sweep.landscapes.bracket[1]
    if reason != "completed":
        return NoResultError(
            f"the work was ended ({reason}) before any minimum was followed to its end: give it longer, or a "
            "checkpoint to go on from"
        )
    if all(minimum.end == "below" for minimum in sweep.followed):
        return _no_minimum(sweep)
    there = [minimum for minimum in sweep.followed if minimum.end == "upper end"]
    if there:
        defects = ", ".join(f"{minimum.defect:.3g}" for minimum in there)
        return InvalidParameterError(
            f"bracket: of {len(sweep.followed)} minima found none bifurcates; {len(there)} are there at "
            f"hi={high:g}, with defects {defects}: raise hi, or pass tau, whose crossing is then located"
        )
    last = max(sweep.followed, key=lambda minimum: minimum.parameter)
    return NoResultError(
        f"none of {len(sweep.followed)} minima found could be followed to its end; the last was lost at "
        f"{last.parameter:.8g} ({last.reason}): pass another lo, or a start"
    )
