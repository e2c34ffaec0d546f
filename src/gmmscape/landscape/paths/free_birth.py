"""Where a minimum with free weights, widths or covariances begins to exist along a path of truths."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NoResultError
from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.landscape.freedom.starts import of_structure
from gmmscape.landscape.paths.bifurcation import Singular
from gmmscape.landscape.paths.birth_result import BirthPoint
from gmmscape.landscape.paths.branch import BranchPoint
from gmmscape.landscape.paths.free_path import FreePath
from gmmscape.landscape.paths.truth_path import fitted_sigma, truth_at
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Structure, decode
from gmmscape.tolerances import TOLERANCES


def freedom_of(family: Any, weights: Any, sigma: Any, k: int, truth: Mixture) -> Freedom:
    """Return what is free; the width of the location family is that of the truth where none is given."""
    return Freedom.of(
        family, weights, fitted_sigma(truth, None) if family == "location" and sigma is None else sigma, k
    )


def start_of(landscapes: FreePath, wanted: Structure) -> tuple[FreePoint, float]:
    """Return the minimum of that structure at the upper end, or below where it is not too flat there."""
    low, high = landscapes.bracket
    ends: dict[str, None] = {}
    soft = False
    for parameter in np.linspace(high, low, EFFORT.paths.descents_down, endpoint=False):
        found = _realised(landscapes, wanted, float(parameter), ends)
        if found is None:
            break
        if found.eigenvalues[0] >= TOLERANCES.paths.birth_resolved:
            return found, float(parameter)
        soft = True
    if soft:
        raise InvalidParameterError(
            f"bracket: where the minimum '{wanted}' is found it has a curvature below "
            f"{TOLERANCES.paths.birth_resolved:g}, too small to follow: components that share a weight in "
            "any way have none; lower hi, or hold the weights"
        )
    raise InvalidParameterError(
        f"bracket: at hi={high:g} no minimum has the structure '{wanted}' (descents from it end in: "
        f"{', '.join(ends)}); raise hi or follow another structure"
    )


def _realised(
    landscapes: FreePath, wanted: Structure, parameter: float, ends: dict[str, None]
) -> FreePoint | None:
    """Return the minimum of that structure at a parameter, or None; `ends` gathers how descents ended."""
    descent = landscapes.descent(parameter)
    for number in range(len(TOLERANCES.paths.birth_spreads)):
        end = descent.full(of_structure(descent, wanted, np.random.default_rng(number)))
        decoding = end.decoding
        assert decoding is not None
        reads = str(decoding.structure) if decoding.is_structured else "no structure"
        ends[reads if end.converged else end.stop_reason] = None
        if end.is_minimum and decoding.is_structured and decoding.structure.orbit == wanted.orbit:
            return end
    return None


def checked(landscapes: FreePath, point: BranchPoint) -> None:
    """Raise NoResultError where a weight has gone to zero: there a minimum ends without a fold."""
    weights = landscapes.fit(point.point).weights
    if landscapes.freedom.held_weights is None and weights.min() <= TOLERANCES.freedom.vanished:
        raise NoResultError(
            f"at parameter {point.parameter:.10g} the weight of component {int(weights.argmin())} has gone "
            "to zero: the minimum begins there, from a fit of fewer components, and not at a fold"
        )


def reading(landscapes: FreePath, point: BranchPoint) -> str:
    """Return how the fit at a point of the branch reads."""
    truth = landscapes.truth(point.parameter)
    decoding = decode(landscapes.fit(point.point), truth, sigma=landscapes.unit)
    return str(decoding.structure) if decoding.is_structured else "without structure"


def described(
    landscapes: FreePath, wanted: Structure, points: list[BranchPoint], found: Singular
) -> BirthPoint:
    """Return the birth with the fit there and the branch on the way."""
    fit, parameter = landscapes.fit(found.point), found.parameter
    truth = landscapes.truth(parameter)
    measure = Population(truth)
    kl = measure.kl(measure.local_mixture(fit), TOLERANCES.freedom.finer_rtol)
    at = landscapes.slope(found.point, parameter, fine=True)
    largest = found.direction[np.argmax(np.abs(found.direction))]
    ways = [landscapes.fit(point.point).means for point in points]
    return BirthPoint(
        parameter=parameter,
        error=found.error,
        means=landscapes.callers(fit.means),
        kl=float(kl),
        kl_error=kl.error,
        eigenvalues=np.linalg.eigvalsh(at.hessian),
        kind=found.kind,
        direction=np.sign(largest) * found.direction,
        structure=wanted,
        decoding=decode(fit, truth, sigma=landscapes.unit),
        sigma=landscapes.unit,
        truth=truth_at(landscapes.path, parameter),
        newton_steps=found.steps,
        branch_parameters=np.array([p.parameter for p in points]),
        branch_means=landscapes.callers(np.stack(ways)),
        branch_eigenvalues=np.array([p.eigenvalues[0] for p in points]),
        fit=Mixture(fit.weights, landscapes.callers(fit.means), fit.covariances, fit.covariance_type),
    )
