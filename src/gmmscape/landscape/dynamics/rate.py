"""Rate: how fast EM's errors fall at the end of a trajectory, measured, beside what the curvature says."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.dynamics.own_step import Curved
from gmmscape.tolerances import TOLERANCES


class Rate(NamedTuple):
    """How fast EM's errors fall at the end of a trajectory.

    Attributes
    ----------
    name : str
        "linear": by one factor a step. "sublinear": like a power of the iterations, where the curvature is
        zero within its error. "unresolved": the tail cannot tell.
    factor : float or None
        Measured factor a step, of a linear rate.
    factor_error : float or None
        What the two halves of the tail differ by, or rounding.
    power : float or None
        p of a sublinear rate: errors fall like t^-p.
    power_error : float or None
        What two parts of the trajectory differ by.
    curvature : float or None
        Of the NLL at the critical point, in own units (docs/mathematics.md#own-units), along the direction
        that the tail moves in: one less it is the factor that theory predicts (Dempster, Laird and Rubin,
        J. R. Stat. Soc. B 39, 1977). None where no critical point is near.
    curvature_error : float or None
        Its estimated error.
    place : int or None
        Its place among the curvatures, ascending: 0, the smallest, unless the start has no part in that
        direction, as by symmetry.
    first : float
        Iteration from which on the rate was read.
    last : float
        The last one.
    why : str
        What an unresolved rate lacks; else empty.
    """

    name: str
    factor: float | None
    factor_error: float | None
    power: float | None
    power_error: float | None
    curvature: float | None
    curvature_error: float | None
    place: int | None
    first: float
    last: float
    why: str

    @property
    def expected(self) -> float | None:
        """The factor that the curvature says: one less it."""
        return None if self.curvature is None else 1.0 - self.curvature

    def __str__(self) -> str:
        read = f"in iterations {self.first:.0f} to {self.last:.0f}"
        theory = "" if self.curvature is None else f"; 1 - curvature = {self.expected:.8g}"
        if self.name == "linear":
            assert self.factor is not None
            assert self.factor_error is not None
            # To the digit of the error: what follows is the machine's.
            decimals = 8 if not self.factor_error > 0 else -int(np.floor(np.log10(self.factor_error)))
            factor = f"{self.factor:.{min(max(decimals, 0), 8)}f}"
            return f"linear, {factor} +- {self.factor_error:.1g} a step {read}{theory}"
        if self.name == "sublinear":
            power = f"t^-{self.power:.3g} +- {self.power_error:.2g}"
            return f"sublinear, {power} {read}; curvature {self.curvature:.1g} is zero within its error"
        return f"unresolved, {self.why}{theory}"


class Tail(NamedTuple):
    """Decay of the EM step s over two halves of a tail: c = -d log s / dt.

    Attributes
    ----------
    early, late : float
        c in the two halves.
    growth : float
        Of 1/c, a step.
    first, last : float
        Iterations.
    rounding : float
        Error of c by rounding of the steps.
    power : float
        q where s falls like (t + t0)^-q, through the ends and the middle of the tail; infinite where no
        such power does.
    """

    early: float
    late: float
    growth: float
    first: float
    last: float
    rounding: float
    power: float

    @property
    def drift(self) -> float:
        """Change of c along the tail, as a share of it."""
        return abs(self.late / self.early - 1.0)


class Expected(NamedTuple):
    """Curvature in own units along the direction in which a trajectory comes in, its error and its place."""

    value: float
    error: float
    place: int


def expected(at: Curved, here: Curved, error: float) -> Expected:
    """Return the curvature along which a trajectory comes in.

    Parameters
    ----------
    at : Curved
        The critical point.
    here : Curved
        The end of the trajectory: of the parts of its slope along the directions of the Hessian the largest
        is the one that is left.
    error : float
        Estimated error of the curvatures.
    """
    values, vectors = np.linalg.eigh(at.bend)
    along = np.linalg.lstsq(at.basis, here.basis @ here.slope, rcond=None)[0]
    place = int(np.argmax(np.abs(vectors.T @ along)))
    return Expected(float(values[place]), error, place)


def measured(times: FloatArray, steps: FloatArray, rounding: float, theory: Expected | None) -> Rate:
    """Return the rate of a trajectory of EM.

    Parameters
    ----------
    times : ndarray of shape (n,)
        Iterations.
    steps : ndarray of shape (n,)
        Lengths of the EM steps there, in sigma.
    rounding : float
        Rounding of such a length.
    theory : Expected or None
        The curvature that the tail comes in along.
    """
    clear = np.isfinite(steps) & (steps > TOLERANCES.dynamics.clear * rounding)
    times, steps = times[clear], steps[clear]
    tails = [_tail(times, steps, share, rounding) for share in EFFORT.dynamics.tails]
    tails = [tail for tail in tails if tail is not None]
    if not tails:
        few = f"the tail has fewer than {EFFORT.dynamics.least_tail} points above rounding that fall"
        return _unresolved(few, times, theory)
    straight = [tail for tail in tails if _is_straight(tail)]
    if straight:
        return _linear(min(straight, key=lambda tail: tail.drift), theory)
    return _power(tails, times, theory)


def _tail(times: FloatArray, steps: FloatArray, share: float, rounding: float) -> Tail | None:
    """The last share of a trajectory, or None where it is too short or does not fall."""
    if not len(times):
        return None
    inside = np.flatnonzero(times >= times[-1] - share * (times[-1] - times[0]))
    if len(inside) < EFFORT.dynamics.least_tail:
        return None
    t, s = times[inside], np.log(steps[inside])
    middle = int(np.searchsorted(t, 0.5 * (t[0] + t[-1])))
    if not 0 < middle < len(t) - 1:
        return None
    early, late = (s[0] - s[middle]) / (t[middle] - t[0]), (s[middle] - s[-1]) / (t[-1] - t[middle])
    if early <= 0.0 or late <= 0.0:
        return None
    growth = (1.0 / late - 1.0 / early) / (0.5 * (t[-1] - t[0]))
    noise = rounding * float(np.exp(-s.min())) / (t[-1] - t[middle])
    at = [0, middle, -1]
    return Tail(early, late, growth, float(t[0]), float(t[-1]), noise, _power_through(t[at], s[at]))


def _power_through(t: FloatArray, logs: FloatArray) -> float:
    """The power q of s = A (t + t0)^-q through three points, t0 being above minus the first."""
    from scipy.optimize import brentq

    wanted = (logs[0] - logs[1]) / (logs[1] - logs[2])
    after, span = t - t[0], float(t[2] - t[0])

    def excess(log_first: float) -> float:  # of the ratio of falls, for t0 + t[0] = exp(log_first)
        moved = after + np.exp(log_first)
        return float(np.log(moved[1] / moved[0]) / np.log(moved[2] / moved[1]) - wanted)

    # From next to none of the span to many spans, where a power is next to geometric.
    ends = np.log(span * EFFORT.dynamics.nearest_pole), np.log(span / EFFORT.dynamics.nearest_pole)
    if excess(ends[0]) * excess(ends[1]) >= 0.0:
        return float("inf")
    moved = after + np.exp(brentq(excess, *ends))
    return float((logs[0] - logs[2]) / np.log(moved[2] / moved[0]))


def _is_straight(tail: Tail) -> bool:
    within = tail.drift <= TOLERANCES.dynamics.drift
    return within and abs(tail.growth) <= TOLERANCES.dynamics.straight


def _linear(tail: Tail, theory: Expected | None) -> Rate:
    factor = float(np.exp(-tail.late))
    error = float(factor * (abs(tail.late - tail.early) + tail.rounding))
    return Rate("linear", factor, error, None, None, *_told(theory), tail.first, tail.last, "")


def _power(tails: list[Tail], times: FloatArray, theory: Expected | None) -> Rate:
    """A power of the iterations, if the curvature allows it and parts of the trajectory agree in it."""
    longest = tails[0]
    if theory is None:
        return _unresolved("the decay still changes, and no critical point is near", times, theory)
    if abs(theory.value) > theory.error:
        why = "the decay still changes: it takes some 1/curvature steps to settle; raise max_iter"
        return _unresolved(why, times, theory)
    if any(tail.growth < TOLERANCES.dynamics.bent for tail in tails):
        return _unresolved("the decay is no power of the iterations yet; raise max_iter", times, theory)
    # Steps that fall like t^-q belong to errors that fall like t^(1 - q).
    powers = [tail.power - 1.0 for tail in tails]
    spread = max(powers) - min(powers)
    if not spread <= TOLERANCES.dynamics.same_power:
        return _unresolved("parts of the tail do not agree in a power; raise max_iter", times, theory)
    return Rate("sublinear", None, None, powers[0], spread, *_told(theory), longest.first, longest.last, "")


def _told(theory: Expected | None) -> tuple[Any, Any, Any]:
    return (None, None, None) if theory is None else (theory.value, theory.error, theory.place)


def _unresolved(why: str, times: FloatArray, theory: Expected | None) -> Rate:
    first, last = (float(times[0]), float(times[-1])) if len(times) else (0.0, 0.0)
    return Rate("unresolved", None, None, None, None, *_told(theory), first, last, why)
