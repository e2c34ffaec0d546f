"""trajectory: the way of EM, gradient flow or Newton's method from a start."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.landscape.dynamics.ground import Ground, Point, Rules
from gmmscape.landscape.dynamics.rate import Expected, Rate, expected, measured
from gmmscape.landscape.dynamics.result import METHODS, Trajectory
from gmmscape.landscape.dynamics.steps import Seen, Steps, em_steps, flow_steps, newton_steps
from gmmscape.landscape.freedom.landscape import FreeLandscape
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.points.given_places import given_places
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import choice, positive_integer, real_number


def trajectory(
    land: Landscape | FreeLandscape,
    start: Mixture | ArrayLike,
    method: str = "em",
    *,
    weights: ArrayLike | None = None,
    tol: float = TOLERANCES.dynamics.arrived,
    max_iter: int | None = None,
    max_time: float = EFFORT.dynamics.flow_time,
    keep: int = EFFORT.dynamics.keep,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> Trajectory:
    """Return the way of EM, of the gradient flow or of Newton's method from a start, point by point.

    Parameters
    ----------
    land : Landscape or FreeLandscape
        Of a population, or of a sample.
    start : array_like of shape (k,) or (k, d), or Mixture
        Means to begin with; a whole fit where more than means and weights is free.
    method : {"em", "gradient_flow", "newton"}, default="em"
        Plain EM. Steepest descent ``d theta / dt = -grad L`` in the means (and sigma times the log weights,
        where they are free), lengths in sigma: its metric is Euclidean. Newton's method in a trust region.
    weights : array_like of shape (k,), optional
        Weights to begin with, where they are free in a `Landscape`; equal by default.
    tol : float, default=1e-10
        It has arrived where the EM step is no longer than this, in sigma (of Newton's method: its own
        condition, the gradient in own units where more than means and weights is free).
    max_iter : int, optional
        Steps of EM (10,000) or of Newton's method (500).
    max_time : float, default=1e8
        Time of the gradient flow, in sigma^2. A step of gradient descent of length sigma^2 is a time of 1.
    keep : int, default=500
        Steps of EM kept one by one; later ones are kept at iterations that grow by one part in `keep`.
    max_seconds : float, optional
        Time budget.
    callback : callable, optional
        Called with an `Event` after each step (stage "steps", detail gradient_norm); returning True stops.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    Trajectory
        With `times`, `means`, `weights`, `nll`, `gradient_norm`, the critical point where it ended and EM's
        measured `rate`; `to_frame`, `to_json`, `plot` and `frames`. The time budget, the callback and Ctrl-C
        end it with the points so far. Cost: a pass over the rows of a fine rule a step (with Hessian for
        Newton's method; some passes for the flow), a new rule wherever a component has moved by a quarter of
        its standard deviation, and a descent from the end.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.
    NotAvailableError
        If a gradient flow is asked for where widths or covariances are free, or widths differ: what is free
        has no common unit there, so that no metric is the Euclidean one.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> land = lab.Landscape(lab.Population(gs.Mixture.location([-3, 3, 12], sigma=1.0)), n_components=3)
    >>> path = lab.trajectory(land, [0.0, 11.0, 13.0])
    >>> path.means[-1].ravel().round(6).tolist(), str(path.end.decoding.structure)
    ([-0.006991, 11.753777, 12.218717], '0>0,1  1,2>2')
    >>> path.rate.name, round(path.rate.factor, 6), round(path.rate.expected, 6)
    ('linear', 0.89587, 0.89587)
    """
    if not isinstance(land, (Landscape, FreeLandscape)):
        raise InvalidParameterError.of("land", land, "pass a gmmscape.lab.Landscape")
    choice("method", method, tuple(METHODS))
    local, ground = _start(land, start, weights), Ground.of(land)
    if method == "gradient_flow" and not ground.flat_metric:
        raise NotAvailableError(
            "gradient flow needs one unit of length for all that is free: make a Landscape of one known sigma"
        )
    tol, keep = real_number("tol", tol), positive_integer("keep", keep)
    most = EFFORT.dynamics.newton_steps if method == "newton" else EFFORT.dynamics.em_steps
    most = most if max_iter is None else positive_integer("max_iter", max_iter)
    longest = real_number("max_time", max_time)
    budget = Budget.of("trajectory", max_seconds, callback, verbose)
    rules = Rules(ground, local)
    if method == "gradient_flow":
        steps, total = flow_steps(rules, local, tol, longest), None
    else:
        make = em_steps if method == "em" else newton_steps
        steps, total = make(ground, rules, local, tol, most), most
    thinned = keep if method == "em" else None
    seen, reason = _followed(steps, thinned, budget, total)
    rules.finish(seen[-1].mixture)
    return _told(ground, rules, method, seen, reason)


def _start(land: Landscape | FreeLandscape, start: Any, weights: ArrayLike | None) -> Mixture:
    if isinstance(land, FreeLandscape):
        if weights is not None:
            raise InvalidParameterError.of("weights", weights, "pass a Mixture as start, with its weights")
        return land._start(start)
    if isinstance(start, Mixture):
        raise InvalidParameterError.of("start", start, "pass means: widths of this landscape are known")
    return land._descent.local(given_places(land._descent, start, weights))


def _followed(steps: Steps, keep: int | None, budget: Budget, total: int | None) -> tuple[list[Seen], str]:
    """The points that are kept, the last one among them, and why there are no more."""
    kept, due, last, reason = list[Seen](), 0.0, None, "interrupted"
    try:
        for last in steps:
            if last.time >= due or last.reason is not None:
                kept.append(last)
                due = 0.0 if keep is None else max(last.time + 1.0, last.time * (1.0 + 1.0 / keep))
            if last.reason is not None:
                reason = last.reason
                break
            if budget.asks_to_stop("steps", int(last.time), total, last.nll, gradient_norm=last.step):
                break
            if budget.left == 0.0:
                reason = "time_limit"
                break
    except KeyboardInterrupt:
        if last is None:
            raise
    assert last is not None
    if kept[-1] is not last:
        kept.append(last)
    return kept, reason


def _told(ground: Ground, rules: Rules, method: str, seen: list[Seen], reason: str) -> Trajectory:
    measure, fits = ground.measure, [ground.measure.callers_mixture(one.mixture) for one in seen]
    held = ground.freedom.held_sigmas is not None
    end = ground.end(seen[-1].mixture)
    return Trajectory(
        method=method,
        times=np.array([one.time for one in seen]),
        means=np.stack([fit.means for fit in fits]),
        weights=np.stack([fit.weights for fit in fits]),
        covariances=np.stack([fit.covariances for fit in (fits[:1] if held else fits)]),
        covariance_type=fits[0].covariance_type,
        nll=np.array([one.nll for one in seen]),
        error=rules.error,
        entropy=float(measure.entropy) if isinstance(measure, Population) else None,
        gradient_norm=np.array([one.step for one in seen]),
        sigma=ground.unit,
        stop_reason=reason,
        end=end,
        rate=_rate(ground, rules, seen, end) if method == "em" else None,
        truth=measure.truth,
    )


def _rate(ground: Ground, rules: Rules, seen: list[Seen], end: Point | None) -> Rate:
    times, steps = np.array([one.time for one in seen]), np.array([one.step for one in seen])
    last = seen[-1].mixture
    own = float(np.sqrt(last.column_variances().min()))
    rounding = float(np.finfo(np.float64).eps) * (1.0 + float(np.abs(last.means).max()) / own)
    return measured(times, steps, rounding, _expected(ground, rules, seen, rounding, end))


def _expected(
    ground: Ground, rules: Rules, seen: list[Seen], rounding: float, end: Point | None
) -> Expected | None:
    """The curvature along which the tail comes in, read where steps are still clear of rounding."""
    if end is None:
        return None
    at = ground.curvatures(end)
    clear = [one for one in seen if one.step > TOLERANCES.dynamics.clear * rounding]
    here = ground.curved(rules.objective, (clear or seen)[-1].mixture)
    return expected(at, here, ground.curvature_error(end))
