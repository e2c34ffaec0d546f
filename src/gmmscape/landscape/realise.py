"""Whether a landscape has a minimum of a candidate structure, and what decides it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.candidates import starting_means
from gmmscape.landscape.critical_point import CriticalPoint
from gmmscape.landscape.descent import Descent
from gmmscape.landscape.high_precision import DIGITS, precise_excess
from gmmscape.landscape.laws import structure_prediction
from gmmscape.landscape.realisation import Realisation
from gmmscape.landscape.splitting import Splitting, leaking_excess
from gmmscape.landscape.structure import Structure
from gmmscape.landscape.wall import wall_around
from gmmscape.mixture import Mixture
from gmmscape.solve.newton import FLAT

#: How far the means of a block begin from their center, in sigma, one try after another.
SPREADS = (0.5, 1.2, 0.1)
#: Accuracy of the rule for curvatures at coincident means.
RTOL = 1e-13
#: An excess above this is float64's own business.
CLEAR = 1e-8


def realise(descent: Descent, structure: Structure, precision: str) -> Realisation:
    """Say what becomes of a candidate; see `Landscape.realise`."""
    truth = descent.measure.truth
    assert truth is not None
    together = coincident_point(descent, structure, truth)
    reached = _reached(descent, structure, truth, together)
    splittings = () if together is None else _rough(descent, structure, together)
    lawful = truth.covariance_type == "spherical" and not descent.free_weights
    plain = Realisation(
        structure=structure,
        outcome=_outcome(structure, reached, together),
        point=reached,
        predicted=structure_prediction(structure, truth, descent.sigma) if lawful else None,
        decided_by="float64",
        splittings=splittings,
        wall=None,
        truth=truth,
    )
    settled = plain.outcome in ("realised", "dissolved") and not _undecided(splittings)
    if precision == "float64" or together is None or settled:
        return plain
    if not lawful:
        weights = "free" if descent.free_weights else "equal"
        raise NotAvailableError(
            f'precision="mp" needs weights="equal" and a truth with spherical covariances; here they are '
            f'{weights} and {truth.covariance_type}: use precision="float64"'
        )
    return _decided(descent, plain, together)


def candidate_places(
    descent: Descent, structure: Structure, truth: Mixture, spread: float = SPREADS[0]
) -> FloatArray:
    """Return where to descend from for a candidate, the means of a block so many sigma from their center."""
    middle = starting_means(structure, truth, 0.0)
    means = middle + spread / SPREADS[0] * (starting_means(structure, truth, descent.sigma) - middle)
    if not descent.free_weights:
        return descent.begun(means)
    weights = np.empty(descent.k)
    for block in structure.blocks:
        mass = truth.weights[list(block.centers)].sum()
        weights[list(block.means)] = mass / len(block.means)
    # A center without weight attracts nothing; a start needs some.
    return descent.begun(means, np.maximum(weights, 1e-3) / np.maximum(weights, 1e-3).sum())


def coincident_point(descent: Descent, structure: Structure, truth: Mixture) -> CriticalPoint | None:
    """Return the critical point of a structure whose blocks have coincident means; None if there is none."""
    groups = [list(block.means) for block in structure.blocks]
    if all(len(group) == 1 for group in groups):
        return None
    point = descent.coincident(candidate_places(descent, structure, truth), groups)
    return point if point.converged and _has(point, structure) else None


def _has(point: CriticalPoint, structure: Structure) -> bool:
    found = point.structure
    return found is not None and found.is_structured and found.structure.orbit == structure.orbit


def _reached(
    descent: Descent, structure: Structure, truth: Mixture, together: CriticalPoint | None
) -> CriticalPoint:
    """Where descents end: the first minimum of this structure, else what the first start led to."""
    spreads = SPREADS if any(len(block.means) > 1 for block in structure.blocks) else SPREADS[:1]
    ends = []
    for spread in spreads:
        ends.append(descent.polish(descent.coarse(candidate_places(descent, structure, truth, spread))))
        if ends[-1].is_minimum and _has(ends[-1], structure):
            return ends[-1]
    return together if together is not None and together.is_minimum else ends[0]


def _outcome(structure: Structure, reached: CriticalPoint, together: CriticalPoint | None) -> str:
    if reached.is_minimum and _has(reached, structure):
        return "flat" if reached.flat else "realised"
    if together is not None:
        return "saddle"
    return "dissolved" if reached.is_minimum else "unresolved"


def _undecided(splittings: Sequence[Splitting]) -> bool:
    return any(splitting.splits is None for splitting in splittings)


def _rough(descent: Descent, structure: Structure, together: CriticalPoint) -> tuple[Splitting, ...]:
    """Law 1 as float64 sees it: the excess of each block from the curvatures that separate its means."""
    local = together.mixture.shifted(-descent.measure.origin)
    hessian, masses = _curvatures(descent, local)
    found, d = [], local.n_features
    for block in structure.blocks:
        if len(block.means) > 1:
            i, j = (np.arange(d) + d * mean for mean in block.means[:2])
            unit = masses[block.means[0]] / descent.sigma**2
            excess = -np.linalg.eigvalsh(hessian[np.ix_(i, i)] - hessian[np.ix_(i, j)]) / unit
            found.append(
                Splitting(block, tuple(sorted(excess.tolist())), float(FLAT / masses.min()), "float64")
            )
    return tuple(found)


def _curvatures(descent: Descent, local: Mixture) -> tuple[FloatArray, FloatArray]:
    objective = descent.objective(local, RTOL)
    hessian = objective.derivatives(local, hessian=True).hessian
    assert hessian is not None
    return hessian, objective.statistics(local).mass


def _decided(descent: Descent, plain: Realisation, together: CriticalPoint) -> Realisation:
    """Decide what float64 does not: signs by law 1 or mpmath, existence by the wall around the point."""
    precise = _precise(descent, plain, together)
    # What float64 sees clearly stays its own.
    splittings = tuple(
        old if abs(old.excess[-1]) > CLEAR else new
        for old, new in zip(plain.splittings, precise, strict=True)
    )
    wall = wall_around(descent, plain.structure, together)
    if wall is None:
        return plain._replace(splittings=splittings)
    by = {splitting.decided_by for splitting in splittings}
    held = _undecided(splittings) or by == {"float64"}
    inside = plain.point.is_minimum and _has(plain.point, plain.structure)
    return plain._replace(
        outcome="realised",
        point=plain.point if inside else together,
        decided_by="quartic" if held else "mpmath" if "mpmath" in by else "law 1",
        splittings=splittings,
        wall=wall,
    )


def _precise(descent: Descent, plain: Realisation, together: CriticalPoint) -> list[Splitting]:
    structure, truth = plain.structure, plain.truth
    sizes = np.array([len(block.means) for block in structure.blocks])
    means = np.stack([together.means[block.means[0]] for block in structure.blocks])
    merged = Mixture.location(means, descent.sigma, sizes / descent.k)
    found = leaking_excess(merged, structure.blocks, truth)
    if found is not None and (truth.n_features > 1 or not _undecided(found)):
        return found
    hessian, _ = _curvatures(descent, merged.shifted(-descent.measure.origin))
    for digits in DIGITS:
        found = precise_excess(merged, hessian, structure.blocks, truth, digits)
        if not _undecided(found):
            break
    assert found is not None
    return found
