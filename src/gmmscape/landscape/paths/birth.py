"""Birth: a structured minimum followed along a path of truths to where it disappears."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NoResultError
from gmmscape.landscape.paths.bifurcation import Singular
from gmmscape.landscape.paths.birth_result import BirthPoint
from gmmscape.landscape.paths.branch import Branch, BranchPoint
from gmmscape.landscape.paths.free_birth import checked, described, freedom_of, reading, start_of
from gmmscape.landscape.paths.free_path import FreePath
from gmmscape.landscape.paths.tracking import tracked
from gmmscape.landscape.paths.truth_path import TruthPath, ordered_bracket, truth_at
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.solve import Newton
from gmmscape.structure.candidates import starting_means
from gmmscape.structure.structure import Structure, block_average, decode, structure_of
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import standard_deviation


def birth(
    path: Callable[[float], Mixture],
    structure: Structure | Iterable[tuple[Iterable[int], Iterable[int]]],
    bracket: tuple[float, float],
    *,
    sigma: Any = None,
    family: str = "location",
    weights: Any = "equal",
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> BirthPoint:
    """Follow a structured minimum down a path of truths to the parameter at which it disappears.

    The minimum is continued by arclength from the upper end of the bracket, in steps that cannot reach
    another branch, until the branch turns or a curvature becomes negative. There the extended system
    (grad, H v, \\|v\\|^2 - 1) = 0 in means, null vector and parameter is solved by Newton's method, which
    converges quadratically at a fold (Moore and Spence, SIAM J. Numer. Anal. 17, 1980).

    Parameters
    ----------
    path : callable
        From the parameter to the truth, a `Mixture`; its components keep their order.
    structure : Structure or iterable of (means, centers)
        What to follow: a candidate, or index tuples as in ``[((0,), (0, 1)), ((1, 2), (2,))]``.
    bracket : tuple of (float, float)
        Parameters (lo, hi): the minimum exists at hi and not at lo.
    sigma : float, {"free", "common"} or array_like of shape (k,), optional
        Standard deviation of the fit, by default that of each truth; of other families see `Landscape`.
    family : {"location", "spherical", "diag", "tied", "full"}, default="location"
        What covariances are like; "tied" and "full" on a line only.
    weights : {"equal", "free"} or array_like of shape (k,), default="equal"
        Held equal, free, or held at these. Where they are free and widths are not, many means on one center
        are a continuum, which no fold ends.
    max_seconds : float, optional
        Time budget.
    callback : callable, optional
        Called with an `Event` at each point of the branch, its detail being parameter, means and curvature
        (the smallest, in nats per squared unit of length); returning True stops.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    BirthPoint
        Parameter with its estimated error, means, KL, curvatures, kind, and the branch on the way.
        Cost: some hundred evaluations of the Hessian; a second or two in one dimension.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, no minimum has the structure at hi, or the minimum persists to lo.
    NoResultError
        If the budget or the callback ended the work, or the branch could not be followed: also where a free
        weight goes to zero, which is how a minimum may begin too.
    NotAvailableError
        For full and tied covariances in more than one dimension.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> path = lambda D: gs.Mixture.location([-D, 0.0, D], sigma=1.0)
    >>> fold = lab.birth(path, [((0,), (0, 1)), ((1, 2), (2,))], (9.0, 12.0))
    >>> fold.kind, round(fold.parameter, 6)
    ('fold', 10.046942)
    """
    if not callable(path):
        raise InvalidParameterError.of("path", path, "pass a function from a number to a gmmscape.Mixture")
    low, high = ordered_bracket(bracket, "the minimum exists at hi and not at lo")
    budget = Budget.of("birth", max_seconds, callback, verbose)
    truth = truth_at(path, high)
    wanted = structure_of(structure, truth.n_components)
    k = sum(len(block.means) for block in wanted.blocks)
    truth_at(path, low)
    plain = family == "location" and isinstance(weights, str) and weights == "equal" and np.ndim(sigma) == 0
    if plain and not isinstance(sigma, str):
        width = None if sigma is None else standard_deviation("sigma", sigma)
        return _born(TruthPath.over(path, k, width, (low, high)), wanted, budget)
    freedom = freedom_of(family, weights, sigma, k, truth)
    return _born(FreePath.over(path, freedom, (low, high)), wanted, budget)


def _born(landscapes: TruthPath | FreePath, wanted: Structure, budget: Budget) -> BirthPoint:
    """Follow the minimum of a structure down to where it ends."""
    if isinstance(landscapes, FreePath):
        free, beginning = start_of(landscapes, wanted)
        point = landscapes.coordinates(free.mixture)
    else:
        start, beginning = _start(landscapes, wanted)
        point = start.means.ravel() / landscapes.unit
    track = tracked(Branch(landscapes, point, beginning), _watch(landscapes, budget))
    if track.end is None and track.lost is None:
        raise _persists(landscapes, track.points[-1])
    if track.end is None:
        at = track.points[-1].parameter if track.points else beginning
        raise NoResultError(
            f"the branch can be followed to parameter {at:.10g} and not below ({track.lost}): start from a "
            "bracket with another upper end"
        )
    if isinstance(landscapes, FreePath):
        return described(landscapes, wanted, track.points, track.end)
    return _described(landscapes, wanted, track.points, track.end)


def _watch(landscapes: TruthPath | FreePath, budget: Budget) -> Callable[[BranchPoint], bool]:
    """What is done at each point of the branch: the callback is told, and time is looked at."""
    n_points = 0

    def report(point: BranchPoint) -> bool:
        nonlocal n_points
        n_points += 1
        if isinstance(landscapes, FreePath):
            checked(landscapes, point)
            means, curvature = landscapes.fit(point.point).means, float(point.eigenvalues[0])
        else:
            means = landscapes.means(point.point)
            curvature = float(point.eigenvalues[0]) / landscapes.unit**2
        try:
            told = {"means": landscapes.callers(means), "curvature": curvature}
            budget.report("follow", n_points, parameter=point.parameter, **told)
        except Stopped as stop:
            why = "the callback" if str(stop) == "interrupted" else f"max_seconds={budget.max_seconds:g}"
            raise NoResultError(
                f"{why} ended the search at parameter {point.parameter:.10g}, where the minimum exists: "
                "go on from a bracket with that upper end, or give it longer"
            ) from stop
        return False

    return report


def _start(landscapes: TruthPath, wanted: Structure) -> tuple[CriticalPoint, float]:
    """Return the minimum of that structure at the upper end, or below where it is not too flat there."""
    low, high = landscapes.bracket
    ends: dict[str, None] = {}
    parameter = high
    for parameter in np.linspace(high, low, EFFORT.paths.descents_down, endpoint=False):
        found = _realised(landscapes, wanted, float(parameter), ends)
        if found is None:
            break
        if found.eigenvalues[0] * found.sigma**2 >= TOLERANCES.paths.birth_resolved:
            return found, float(parameter)
    if parameter < high:
        raise InvalidParameterError(
            f"bracket: from hi={high:g} down to {parameter:g} the minimum '{wanted}' has a curvature below "
            f"{TOLERANCES.paths.birth_resolved:g}/sigma^2, too small to follow, and then is not found; "
            "lower hi"
        )
    raise InvalidParameterError(
        f"bracket: at hi={high:g} no minimum has the structure '{wanted}' (descents from it end in: "
        f"{', '.join(ends)}); raise hi or follow another structure"
    )


def _realised(
    landscapes: TruthPath, wanted: Structure, parameter: float, ends: dict[str, None]
) -> CriticalPoint | None:
    """Return the minimum of that structure at a parameter, or None; `ends` gathers how descents ended."""
    descent = landscapes.descent(parameter)
    truth = descent.measure.truth
    assert truth is not None
    first = starting_means(wanted, truth, descent.sigma)
    middle = np.empty_like(first)
    for block in wanted.blocks:
        middle[list(block.means)] = block_average(block.centers, truth)
    for spread in TOLERANCES.paths.birth_spreads:
        end = descent.full(Newton(), middle + spread * (first - middle), None, None)
        decoding = end.decoding
        assert decoding is not None
        ends[str(decoding.structure) if decoding.is_structured else "no structure"] = None
        if end.is_minimum and decoding.is_structured and decoding.structure.orbit == wanted.orbit:
            return end
    return None


def _persists(landscapes: TruthPath | FreePath, point: BranchPoint) -> InvalidParameterError:
    if isinstance(landscapes, FreePath):
        read = reading(landscapes, point)
    else:
        descent = landscapes.descent(point.parameter)
        assert descent.measure.truth is not None
        decoding = decode(landscapes.means(point.point), descent.measure.truth, sigma=descent.sigma)
        read = str(decoding.structure) if decoding.is_structured else "without structure"
    return InvalidParameterError(
        f"bracket: the minimum persists to lo={landscapes.bracket[0]:g} (there it reads: {read}), so that it "
        "is not born in the bracket; lower lo"
    )


def _described(
    landscapes: TruthPath, wanted: Structure, points: list[BranchPoint], found: Singular
) -> BirthPoint:
    unit = landscapes.unit
    descent = landscapes.descent(found.parameter)
    means = landscapes.means(found.point)
    assert isinstance(descent.measure, Population)
    kl = descent.measure.kl(descent.local(means), TOLERANCES.points.finer * descent.measure.rtol)
    at = landscapes.slope(found.point, found.parameter, fine=True)
    largest = found.direction[np.argmax(np.abs(found.direction))]
    return BirthPoint(
        parameter=found.parameter,
        error=found.error,
        means=landscapes.callers(means),
        kl=float(kl),
        kl_error=kl.error,
        eigenvalues=np.linalg.eigvalsh(at.hessian) / unit**2,
        kind=found.kind,
        direction=np.sign(largest) * found.direction.reshape(means.shape),
        structure=wanted,
        decoding=decode(means, descent.measure.truth, sigma=descent.sigma),
        sigma=descent.sigma,
        truth=truth_at(landscapes.path, found.parameter),
        newton_steps=found.steps,
        branch_parameters=np.array([p.parameter for p in points]),
        branch_means=landscapes.callers(np.stack([landscapes.means(p.point) for p in points])),
        branch_eigenvalues=np.array([p.eigenvalues[0] for p in points]) / unit**2,
        bracket=landscapes.bracket,
        truths_at_ends=(
            truth_at(landscapes.path, landscapes.bracket[0]),
            truth_at(landscapes.path, landscapes.bracket[1]),
        ),
    )
