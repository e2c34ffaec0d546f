"""From a polished fit to its estimates: each method's standard errors and intervals, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.diagnosis.assess import POLISH
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.inference.availability import Held, held_coordinates, reasons
from gmmscape.inference.bootstrap import BOOTSTRAPS, Plan, Refits, in_order_of, refits
from gmmscape.inference.information import Curved, curved, scatter_of_scores
from gmmscape.inference.profile import Profile, price_of_profiles
from gmmscape.inference.quantities import SCALES, Quantity, quantities, sizes, slopes, values
from gmmscape.inference.result import KINDS, Estimate, StandardErrors
from gmmscape.inference.rows import Worth
from gmmscape.inference.text import FEW_REFITS
from gmmscape.inference.trust import CANNOT_TELL, NOT_AVAILABLE, TRUSTWORTHY, doubts_of_overlap, few_rows
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.progress import Budget, Stopped
from gmmscape.results.text import counted
from gmmscape.solve import OwnUnits, Solution
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES

STILL = "it is the same in all refits"
NO_ROWS = "the component has no rows"
NO_END = "no end of its profile was found"


@dataclass(frozen=True, eq=False)
class Problem:
    """A fit whose parameters are asked about.

    Attributes
    ----------
    objective : Objective
        Of the rows.
    given : Mixture
        As it came, in local coordinates.
    solution : Solution
        Polished.
    worth : Worth
        Of the rows.
    level : float
        Of the intervals.
    total : float
        Number of rows, or sum of their weights.
    """

    objective: SampleObjective
    given: Mixture
    solution: Solution
    worth: Worth
    level: float
    total: float

    @cached_property
    def fit(self) -> Mixture:
        """The components that have weight, in local coordinates."""
        mixture = self.solution.local
        return mixture if self.alive.all() else _part(mixture, self.alive)

    @cached_property
    def alive(self) -> BoolArray:
        """Which components have weight, shape (k,)."""
        return self.solution.local.weights > TOLERANCES.solve.vanished_weight

    @cached_property
    def told(self) -> tuple[Quantity, ...]:
        """What is told of these components, by their numbers among them."""
        return quantities(self.fit)

    @cached_property
    def values(self) -> FloatArray:
        """Their values in the caller's coordinates, shape (p,)."""
        return values(self.objective.measure.callers_mixture(self.fit))

    @property
    def ended(self) -> str:
        """How the polish ended the work: "completed", "time_limit" or "interrupted"."""
        reason = self.solution.stop_reason
        return reason if reason in ("time_limit", "interrupted") else "completed"

    @property
    def z(self) -> float:
        """Standard errors that an interval of normal theory reaches."""
        from scipy.special import ndtri

        return float(ndtri(0.5 + 0.5 * self.level))

    @property
    def rise(self) -> float:
        """Of the value at the ends of a profile, in nats per unit mass."""
        return self.z**2 / (2.0 * self.worth.n)


def _part(mixture: Mixture, some: BoolArray) -> Mixture:
    weights = mixture.weights[some]
    covariances = mixture.kind.chosen(mixture.covariances, some)
    return Mixture(weights / weights.sum(), mixture.means[some], covariances, mixture.covariance_type)


def inferred(problem: Problem, plan: Plan, budget: Budget) -> StandardErrors:
    """Return estimates and verdict by the plan's method; see `standard_errors`."""
    if problem.objective.held is not None and not problem.alive.all():
        empty = np.flatnonzero(~problem.alive)[0]
        raise NotAvailableError(
            f"component {empty} has no rows, and others cannot take its place where parameters are held: fit "
            "without it"
        )
    why = no_derivatives(problem)
    if plan.method == "auto" and why is not None:
        plan = plan._replace(method="bootstrap")
    if plan.method in BOOTSTRAPS:
        return _by_bootstrap(problem, plan, budget)
    if why is not None:
        raise NotAvailableError(f"{why}: pass method='bootstrap'")
    held = held_coordinates(problem.objective, OwnUnits(problem.objective.family, problem.fit))
    off = _all(held)
    curve = curved(problem.objective, problem.fit, off)
    method = _method(problem, plan.method)
    estimates = _by_normal_theory(problem, curve, held, sandwich=method == "sandwich")
    ended, doubts = problem.ended, _doubts(problem, curve, method)
    if method == "profile" and ended == "completed":
        estimates, ended, unsettled = _by_profiles(problem, estimates, off, budget)
        if unsettled:
            doubts.append(f"the likelihood is far from normal for {counted(unsettled, 'interval')}")
    return _result(problem, method, estimates, doubts, ended)


def _by_bootstrap(problem: Problem, plan: Plan, budget: Budget) -> StandardErrors:
    if problem.ended == "completed":
        found = refits(problem.objective, problem.fit, problem.worth, plan, POLISH, budget)
    else:
        found = Refits(np.empty((0, len(problem.told))), 0, problem.ended)
    estimates, doubts = _by_refits(problem, found)
    if no_derivatives(problem) is None:
        units = OwnUnits(problem.objective.family, problem.fit)
        curve = curved(problem.objective, problem.fit, _all(held_coordinates(problem.objective, units)))
        doubts = [*doubts, *_doubts(problem, curve, plan.method)]
    told = _result(problem, plan.method, estimates, doubts, found.stop_reason)
    return replace(told, replicates=len(found.values), left_out=found.left_out, seed=plan.seed)


def _all(held: list[Held]) -> BoolArray:
    """All coordinates that stay as they are, (m,); one False for none."""
    return np.any([one.coordinates for one in held], axis=0) if held else np.zeros(1, dtype=bool)


def no_derivatives(problem: Problem) -> str | None:
    """Return why there is no information matrix; None where there is one."""
    family = problem.objective.family
    if family.held is not None:
        return "parameters are held, which second derivatives do not know"
    if family.scores is None:
        return f"the family {family.name!r} has no second derivatives"
    size, rows = OwnUnits(family, problem.fit).size, problem.objective.rows
    work = len(rows) * problem.fit.n_components * size**2
    if rows.incomplete and work > EFFORT.solve.incomplete_hessian:
        return "second derivatives of so many rows with missing values would take too long"
    if size > EFFORT.inference.largest_information:
        return f"the fit has {size} parameters, too many for a matrix of all"
    return None


def _method(problem: Problem, asked: str) -> str:
    """The method, where it is left to us."""
    if asked != "auto":
        return asked
    price = price_of_profiles(problem.objective, problem.fit, len(problem.told))
    return "profile" if price <= EFFORT.inference.profile_work else "observed"


def _by_normal_theory(problem: Problem, curve: Curved, held: list[Held], *, sandwich: bool) -> list[Estimate]:
    """Standard errors by the inverse of the information, or robust ones; intervals on natural scales."""
    gradients = slopes(curve.units)
    along = gradients @ curve.root
    if sandwich:
        scatter = scatter_of_scores(problem.objective, curve.units, problem.worth.squares)
        inner = curve.root.T @ scatter @ curve.root
        errors = np.sqrt(np.maximum(np.einsum("pi,ij,pj->p", along, inner, along), 0.0))
    else:
        errors = np.linalg.norm(along, axis=1) / np.sqrt(problem.worth.n)
    errors = errors * sizes(problem.fit)
    why = reasons(curve, held, gradients)
    return [_normal(problem, *one) for one in zip(problem.told, problem.values, errors, why, strict=True)]


def _normal(problem: Problem, quantity: Quantity, value: float, error: float, why: str | None) -> Estimate:
    """An estimate with the interval of normal theory."""
    if why is not None:
        return Estimate(*quantity, float(value), reason=why)
    scale = SCALES[quantity.kind]
    middle, reach = scale.there(value), problem.z * error * scale.slope(value)
    low, high = float(scale.back(middle - reach)), float(scale.back(middle + reach))
    return Estimate(*quantity, float(value), float(error), low, high, "normal")


def _by_profiles(
    problem: Problem, estimates: list[Estimate], off: BoolArray, budget: Budget
) -> tuple[list[Estimate], str, int]:
    """The estimates with profile likelihood intervals, as far as there is time.

    Also how that ended, and the number of intervals that could not be adjusted.
    """
    profile = Profile(problem.objective, problem.fit, off, problem.worth.n)
    found, unsettled = list(estimates), 0
    wanted = [i for i, one in enumerate(found) if one.reason is None and not _mirrored(problem, one)]
    ended = "completed"
    try:
        for done, i in enumerate(wanted, 1):
            ways = [profile.way(i, problem.z, side) for side in (-1, 1)]
            found[i] = _profiled(found[i], *(way.length for way in ways))
            unsettled += not all(way.settled for way in ways)
            budget.report("profiles", done, len(wanted), last=done == len(wanted))
    except Stopped as stopped:
        ended = str(stopped)
    except KeyboardInterrupt:
        ended = "interrupted"
    deviations = {(one.component, one.columns): one for one in found if one.kind == "sd"}
    for i, one in enumerate(found):
        if one.kind == "variance":
            found[i] = _squared(one, deviations[one.component, one.columns])
        elif one.reason is None and _mirrored(problem, one):
            found[i] = _rest(one, found[0])
    return found, ended, unsettled


def _mirrored(problem: Problem, one: Estimate) -> bool:
    """Whether an interval follows from another: of a variance, and of the second of two weights."""
    return one.kind == "variance" or (
        one.kind == "weight" and one.component == 1 and problem.fit.n_components == 2
    )


def _profiled(one: Estimate, down: float | None, up: float | None) -> Estimate:
    """An estimate with the ends of its profile; on one side, or none, where there is no end."""
    low, high = (None if way is None else one.value + way for way in (down, up))
    why = NO_END if low is None or high is None else None
    return one._replace(low=low, high=high, interval="profile", reason=why)


def _squared(variance: Estimate, deviation: Estimate) -> Estimate:
    """A variance with the ends of its standard deviation."""
    low, high = (None if end is None else end**2 for end in (deviation.low, deviation.high))
    return variance._replace(low=low, high=high, interval=deviation.interval, reason=deviation.reason)


def _rest(weight: Estimate, other: Estimate) -> Estimate:
    """One of two weights with the ends that the other's leave it."""
    low, high = (None if end is None else 1.0 - end for end in (other.high, other.low))
    return weight._replace(low=low, high=high, interval=other.interval, reason=other.reason)


def _by_refits(problem: Problem, found: Refits) -> tuple[list[Estimate], list[str]]:
    """Standard deviations and percentiles of the refits, and what speaks against them."""
    tail = 0.5 * (1.0 - problem.level)
    local, size = values(problem.fit), sizes(problem.fit)
    enough = len(found.values) * tail >= 1.0
    estimates = []
    for i, quantity in enumerate(problem.told):
        one = Estimate(*quantity, float(problem.values[i]))
        column = found.values[:, i]
        if len(column) < 2:
            estimates.append(one._replace(reason=FEW_REFITS))
            continue
        error = float(np.std(column / size[i], ddof=1) * size[i])
        if error <= TOLERANCES.inference.still * abs(local[i]):
            estimates.append(one._replace(reason=STILL))
            continue
        low, high = (np.quantile(column, (tail, 1.0 - tail)) - local[i] + one.value).tolist()
        ends = {"low": low, "high": high, "interval": "percentile"} if enough else {"reason": FEW_REFITS}
        estimates.append(one._replace(standard_error=error, **ends))
    refitted = len(found.values) + found.left_out
    doubts = []
    if found.left_out > TOLERANCES.inference.left_out * refitted:
        doubts.append(f"{found.left_out} of {counted(refitted, 'refit')} collapsed or did not converge")
    if len(found.values) * tail < TOLERANCES.inference.refits_beyond:
        doubts.append(f"only {counted(len(found.values), 'refit')}: {FEW_REFITS}")
    return estimates, doubts


def _doubts(problem: Problem, curve: Curved, method: str) -> list[str]:
    return doubts_of_overlap(problem.objective, curve, problem.rise, problem.worth.n, method)


def _result(
    problem: Problem, method: str, estimates: list[Estimate], doubts: list[str], ended: str
) -> StandardErrors:
    """The result with its verdict."""
    sample, mixture = problem.objective.measure, problem.solution.local
    rows = np.zeros(mixture.n_components)
    rows[problem.alive] = sample.effective_rows_each(problem.fit)
    verdict, why = _verdict(problem, estimates, doubts, rows, ended)
    family = problem.objective.family
    return StandardErrors(
        verdict=verdict,
        reasons=why,
        method=method,
        level=problem.level,
        estimates=_in_order(problem, estimates),
        mixture=sample.callers_mixture(mixture),
        family=family.name,
        moved=_moved(problem, estimates),
        n_samples=sample.n_samples,
        rows=problem.worth.n,
        component_rows=rows,
        log_likelihood=-problem.solution.nll * problem.total,
        total=problem.total,
        n_parameters=family.n_parameters(*mixture.means.shape),
        prior_rows=0.0 if family.prior is None else float(family.prior.rows),
        stop_reason=ended,
    )


def _verdict(
    problem: Problem, estimates: list[Estimate], doubts: list[str], rows: FloatArray, ended: str
) -> tuple[str, tuple[str, ...]]:
    missing = {one.reason for one in estimates if one.standard_error is None and one.reason is not None}
    if all(one.standard_error is None for one in estimates):
        return NOT_AVAILABLE, tuple(sorted(missing))
    few = few_rows(problem.objective, rows)
    doubts = [*([few] if few else []), *doubts]
    if not problem.solution.converged:
        doubts.append(f"EM has not converged ({problem.solution.stop_reason})")
    if ended != "completed":
        doubts.append(f"the work was ended early ({ended})")
    open_ends = sum(one.reason == NO_END for one in estimates)
    if open_ends:
        doubts.append(f"{counted(open_ends, 'interval')} without an end: {NO_END}")
    if doubts:
        return CANNOT_TELL, tuple(doubts)
    return TRUSTWORTHY, (
        f"each component rests on {rows[problem.alive].min():.0f} rows or more, and the likelihood falls as "
        "the theory of large samples has it",
    )


def _in_order(problem: Problem, estimates: list[Estimate]) -> tuple[Estimate, ...]:
    """All estimates by kind, component and columns, those of components without weight among them."""
    numbers = np.flatnonzero(problem.alive)
    found = [
        one if one.component is None else one._replace(component=int(numbers[one.component]))
        for one in estimates
    ]
    if not problem.alive.all():
        mixture = problem.solution.local
        each = zip(quantities(mixture), values(mixture), strict=True)
        found += [
            Estimate(*quantity, float(value), reason=NO_ROWS)
            for quantity, value in each
            if quantity.component is not None and not problem.alive[quantity.component]
        ]
    return tuple(sorted(found, key=lambda one: (KINDS.index(one.kind), one.component or 0)))


def _moved(problem: Problem, estimates: list[Estimate]) -> float:
    """Standard errors by which the polish moved an estimate, at most."""
    if problem.solution.n_iter == 0:
        return 0.0
    given = problem.given.permuted(in_order_of(problem.given, problem.solution.local))
    before = values(_part(given, problem.alive))
    errors = np.array([one.standard_error or np.inf for one in estimates])
    if not np.isfinite(errors).any():
        return float("inf")
    return float(np.max(np.abs(before - values(problem.fit)) / errors))
