"""How far two mixtures are apart: divergences by random draws, with their error, and in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, xlogy

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture.divergence_bounds import Gaussians, cauchy_schwarz, kl_bounds, squared_l2
from gmmscape.mixture.mixture import Mixture
from gmmscape.mixture.strata import Strata
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.results.records import Record
from gmmscape.validation import choice, positive_integer, random_state_too, real_number, seed_of

LOG_2 = float(np.log(2.0))
#: What each kind is called, and its unit.
KINDS = {
    "kl": ("Kullback-Leibler divergence", " nats"),
    "js": ("Jensen-Shannon divergence", " nats"),
    "hellinger": ("Hellinger distance", ""),
    "tv": ("total variation distance", ""),
    "cauchy-schwarz": ("Cauchy-Schwarz divergence", " nats"),
    "l2": ("integrated squared difference", ""),
}


@dataclass(frozen=True, eq=False)
class Divergence(Record):
    """How far two mixtures are apart.

    Attributes
    ----------
    kind : str
        What was measured.
    value : float
        The divergence. `float` of the record is this.
    standard_error : float
        Of the value, from the draws; of what has a closed form, what rounding may have done.
    lower, upper : float
        Bounds between which the divergence lies, in closed form.
    n_draws : int
        Number of random draws; 0 for a closed form.
    stop_reason : str
        "converged", "max_draws", "time_limit" or "interrupted".
    seed : int or None
        Of the draws.
    """

    format: ClassVar[str] = "gmmscape-divergence"

    kind: str
    value: float
    standard_error: float
    lower: float
    upper: float
    n_draws: int
    stop_reason: str
    seed: int | None

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        name, unit = KINDS[self.kind]
        error = f" +- {self.standard_error:.2g}" if self.n_draws else ""
        lines = [f"{name} {self.value:.6g}{error}{unit}"]
        lines.append(f"it lies between {self.lower:.6g} and {self.upper:.6g}, by closed forms")
        if self.n_draws:
            lines.append(f"{self.n_draws} random draws, {self.stop_reason.replace('_', ' ')}")
        return "\n".join(lines)


@random_state_too
def divergence(
    p: Mixture,
    q: Mixture,
    kind: str = "kl",
    *,
    error: float = 1e-3,
    rng: Any = None,
    max_draws: int = 10_000_000,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> Divergence:
    """Return how far two mixtures are apart.

    Parameters
    ----------
    p, q : Mixture
        Of the same columns. Columns with names in both are matched by name.
    kind : {"kl", "js", "hellinger", "tv", "cauchy-schwarz", "l2"}, default="kl"
        Kullback-Leibler divergence ``E_p[log p - log q]``; Jensen-Shannon divergence, the mean of that of p
        and of q from ``(p + q) / 2``, between 0 and log 2; Hellinger distance ``sqrt(1 - integral of
        sqrt(p q))`` and total variation distance ``integral of |p - q| / 2``, between 0 and 1;
        Cauchy-Schwarz divergence ``-log(<p, q> / sqrt(<p, p> <q, q>))``; the integral of ``(p - q)^2``. The
        last two have closed forms.
    error : float, default=1e-3
        Standard error that is wanted; as a share of the value where that is above one.
    rng : None, int or numpy.random.Generator, default=None
        Source of randomness (SPEC 7).
    max_draws : int, default=10_000_000
        Draws at most.
    max_seconds : float, optional
        Time at most.
    callback : callable, optional
        Called with an `Event` after each round of draws; returning True ends the work.
    verbose : int, default=0
        1 prints where it stands.

    Returns
    -------
    Divergence
        With `value`, `standard_error` and the bounds `lower` and `upper`. Ctrl-C ends the draws; what is
        there then is returned.

    Raises
    ------
    InvalidParameterError
        If p and q are no mixtures of the same columns, or another parameter cannot be used.

    Notes
    -----
    Half of the draws are from p, half from q, each component by itself, more where values scatter more.
    Every draw counts with its density under ``(p + q) / 2``, and adds something that is not negative: the
    value is never below zero, and its variance is finite whatever the tails. Bounds: Hershey and Olsen,
    ICASSP 2007; Durrieu, Thiran and Kelly, ICASSP 2012. Cost O(k d^2) a draw, O(k^2 d^3) for the bounds.

    Examples
    --------
    >>> import gmmscape as gs
    >>> one, other = gs.Mixture.location([0.0], 1.0), gs.Mixture.location([2.0], 1.0)
    >>> found = gs.divergence(one, other, rng=0)
    >>> round(found.value, 2), round(found.lower, 2), round(found.upper, 2)
    (2.0, 0.85, 2.0)
    """
    choice("kind", kind, tuple(KINDS))
    p, q = _comparable(p, q)
    wanted = real_number("error", error)
    most = positive_integer("max_draws", max_draws)
    budget = Budget.of("divergence", max_seconds, callback, verbose)
    ours, theirs = Gaussians.of(p), Gaussians.of(q)
    if kind == "cauchy-schwarz":
        return _closed(kind, cauchy_schwarz(ours, theirs), 0.0)
    if kind == "l2":
        return _closed(kind, *squared_l2(ours, theirs))
    seed = seed_of(rng)
    strata = Strata(p, q, INTEGRANDS[kind], np.random.default_rng(seed))
    stop_reason = _drawn(strata, kind, wanted, most, budget)
    value, deviation = _transformed(kind, *strata.estimate())
    lower, upper = _bounds(kind, ours, theirs)
    return Divergence(kind, value, deviation, lower, upper, strata.n_draws, stop_reason, seed)


def _comparable(p: Any, q: Any) -> tuple[Mixture, Mixture]:
    for name, one in (("p", p), ("q", q)):
        if not isinstance(one, Mixture):
            raise InvalidParameterError.of(name, one, "pass a Mixture; of a fitted model its mixture_")
    if p.n_features != q.n_features:
        raise InvalidParameterError(
            f"p has {p.n_features} columns and q {q.n_features}: pass mixtures of the same columns"
        )
    if p.feature_names is None or q.feature_names in (None, p.feature_names):
        return p, q
    if set(p.feature_names) != set(q.feature_names):
        raise InvalidParameterError(
            f"p has the columns {', '.join(p.feature_names)} and q {', '.join(q.feature_names)}: pass "
            "mixtures of the same columns"
        )
    return p, q.marginal(p.feature_names)


def _drawn(strata: Strata, kind: str, wanted: float, most: int, budget: Budget) -> str:
    """Draw until the error is as wanted, and say why it ended."""
    n = EFFORT.measure.divergence_draws
    try:
        while True:
            strata.draw(min(n, most - strata.n_draws))
            value, deviation = _transformed(kind, *strata.estimate())
            if deviation <= wanted * max(1.0, value):
                return "converged"
            if strata.n_draws >= most:
                return "max_draws"
            budget.report("draws", strata.n_draws, most, error=deviation)
            n = strata.wanted(deviation / (wanted * max(1.0, value)))
    except Stopped as stopped:
        return str(stopped)
    except KeyboardInterrupt:
        if not strata.n_draws:
            raise
        return "interrupted"


def _closed(kind: str, value: float, rounding: float) -> Divergence:
    return Divergence(kind, value, rounding, value, value, 0, "converged", None)


def _bounds(kind: str, p: Gaussians, q: Gaussians) -> tuple[float, float]:
    """Bounds on the divergence; those of distances follow from that of KL."""
    if kind == "js":
        middle = p.halved_with(q)
        sides = [kl_bounds(one, middle) for one in (p, q)]
        lower, upper = (0.5 * (a + b) for a, b in zip(*sides, strict=True))
        return lower, min(LOG_2, upper)
    lower, upper = kl_bounds(p, q)
    if kind == "kl":
        return lower, upper
    upper = min(upper, kl_bounds(q, p)[1])
    # The integral of sqrt(p q) is exp(-KL / 2) at least (Jensen).
    shared = float(np.exp(-0.5 * upper))
    if kind == "hellinger":
        return 0.0, float(np.sqrt(1.0 - shared))
    return 0.0, float(min(np.sqrt(0.5 * upper), np.sqrt(1.0 - shared * shared)))


def _transformed(kind: str, value: float, deviation: float) -> tuple[float, float]:
    """The Hellinger distance is the root of what is averaged; errors go with the slope."""
    if kind != "hellinger":
        return value, deviation
    root = float(np.sqrt(value))
    return root, min(deviation / (2.0 * root) if root else 0.0, float(np.sqrt(deviation)))


# What a draw adds, from t = log p - log q there, is its share of (p + q) / 2: p's part is 2 / (1 + exp(-t)).


def _kl(t: FloatArray) -> FloatArray:
    """(p log(p / q) + q - p) over (p + q) / 2, without differences of what is nearly equal."""
    a = np.abs(t)
    with np.errstate(invalid="ignore", over="ignore"):
        ahead = a + np.expm1(-a)  # times p, where p is the larger
        behind = -np.expm1(-a) - a * np.exp(-np.minimum(a, -np.log(np.finfo(np.float64).tiny)))  # times q
    behind = np.where(np.isinf(a), 1.0, behind)
    return np.maximum(0.0, 2.0 * expit(a) * np.where(t >= 0, ahead, behind))


def _js(t: FloatArray) -> FloatArray:
    """(p log p / m + q log q / m) / 2 over m, with m = (p + q) / 2."""
    ours, theirs = 2.0 * expit(t), 2.0 * expit(-t)
    near = np.square(np.tanh(0.5 * t))  # x log x loses what is left near x = 1
    exact = 0.5 * (xlogy(ours, ours) + xlogy(theirs, theirs))
    series = 0.5 * near + near * near / 12.0
    return np.clip(np.where(near < EFFORT.measure.series_below, series, exact), 0.0, LOG_2)


def _hellinger(t: FloatArray) -> FloatArray:
    """(sqrt p - sqrt q)^2 / 2 over (p + q) / 2."""
    ours, theirs = expit(t), expit(-t)
    return np.square(np.tanh(0.5 * t)) / (1.0 + 2.0 * np.sqrt(ours * theirs))


def _tv(t: FloatArray) -> FloatArray:
    """|p - q| / 2 over (p + q) / 2."""
    return np.abs(np.tanh(0.5 * t))


INTEGRANDS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "kl": _kl,
    "js": _js,
    "hellinger": _hellinger,
    "tv": _tv,
}
