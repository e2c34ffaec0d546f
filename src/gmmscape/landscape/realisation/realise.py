"""Whether a landscape has a minimum of a candidate structure, and what decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.laws import structure_prediction
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.realisation.flat_minimum import wall_around
from gmmscape.landscape.realisation.result import Realisation
from gmmscape.landscape.realisation.splitting import Splitting, leaking_excess
from gmmscape.landscape.realisation.splitting_mpmath import affordable, precise_excess
from gmmscape.mixture import Mixture
from gmmscape.structure.candidates import starting_means
from gmmscape.structure.structure import Block, Structure
from gmmscape.tolerances import TOLERANCES


def realise(descent: Descent, structure: Structure, precision: str) -> Realisation:
    """Say what becomes of a candidate; see `Landscape.realise`."""
    truth = descent.measure.truth
    assert truth is not None
    together = coincident_point(descent, structure, truth)
    reached = _reached(descent, structure, truth, together)
    splittings = () if together is None else _rough(descent, structure, together)
    lawful = None if descent.free_weights else _as_spherical(truth)
    plain = Realisation(
        structure=structure,
        outcome=_outcome(structure, reached, together),
        point=reached,
        predicted=None if lawful is None else structure_prediction(structure, lawful, descent.sigma),
        decided_by="float64",
        splittings=splittings,
        wall=None,
        truth=truth,
    )
    settled = plain.outcome in ("realised", "dissolved") and not _undecided(splittings)
    if precision == "float64" or together is None or settled:
        return plain
    if lawful is None:
        raise NotAvailableError(
            'precision="mp" needs weights="equal" and a truth with spherical covariances: '
            'use precision="float64"'
        )
    return _decided(descent, plain, together, lawful)


def candidate_places(
    descent: Descent,
    structure: Structure,
    truth: Mixture,
    spread: float = TOLERANCES.realisation.start_spreads[0],
) -> FloatArray:
    """Return where to descend from for a candidate, the means of a block so many sigma from their center."""
    middle = starting_means(structure, truth, 0.0)
    means = middle + spread / TOLERANCES.realisation.start_spreads[0] * (
        starting_means(structure, truth, descent.sigma) - middle
    )
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
    found = point.decoding
    return found is not None and found.is_structured and found.structure.orbit == structure.orbit


def _reached(
    descent: Descent, structure: Structure, truth: Mixture, together: CriticalPoint | None
) -> CriticalPoint:
    """Where descents end: the first minimum of this structure, else what the first start led to."""
    spreads = (
        TOLERANCES.realisation.start_spreads
        if any(len(block.means) > 1 for block in structure.blocks)
        else TOLERANCES.realisation.start_spreads[:1]
    )
    ends = []
    for spread in spreads:
        ends.append(descent.polish(descent.coarse(candidate_places(descent, structure, truth, spread))))
        if ends[-1].is_minimum and _has(ends[-1], structure):
            return ends[-1]
    return together if together is not None and together.is_minimum else ends[0]


def _outcome(structure: Structure, reached: CriticalPoint, together: CriticalPoint | None) -> str:
    if reached.is_minimum and _has(reached, structure):
        return "flat" if reached.flat else "realised"
    if together is not None and together.index > 0:
        return "saddle"
    return "dissolved" if reached.is_minimum else "unresolved"


def _undecided(splittings: Sequence[Splitting]) -> bool:
    return any(splitting.splits is None for splitting in splittings)


def _rough(descent: Descent, structure: Structure, together: CriticalPoint) -> tuple[Splitting, ...]:
    """Law 1 as float64 sees it: the excess of each block from the curvatures that separate its means."""
    local = together.local
    hessian, masses = _curvatures(descent, local)
    found, d = [], local.n_features
    for block in structure.blocks:
        if len(block.means) > 1:
            i, j = (np.arange(d) + d * mean for mean in block.means[:2])
            unit = masses[block.means[0]] / descent.sigma**2
            excess = -np.linalg.eigvalsh(hessian[np.ix_(i, i)] - hessian[np.ix_(i, j)]) / unit
            found.append(
                Splitting(
                    block,
                    tuple(sorted(excess.tolist())),
                    float(TOLERANCES.solve.flat / masses.min()),
                    "float64",
                )
            )
    return tuple(found)


def _curvatures(descent: Descent, local: Mixture) -> tuple[FloatArray, FloatArray]:
    objective = descent.objective(local, TOLERANCES.realisation.rtol)
    hessian = objective.derivatives(local, hessian=True).hessian
    assert hessian is not None
    return hessian, objective.statistics(local).mass


def _decided(descent: Descent, plain: Realisation, together: CriticalPoint, truth: Mixture) -> Realisation:
    """Decide what float64 does not: signs by law 1 or mpmath, existence by the wall around the point."""
    several = [block for block in plain.structure.blocks if len(block.means) > 1]
    clear = [
        s
        for s in plain.splittings
        if s.splits is not None and abs(s.excess[-1]) > TOLERANCES.realisation.clear_curvature
    ]
    apart = {s.block for s in clear if s.splits and len(clear) < len(several)}
    blocks = [block for block in several if block not in apart]
    middle = together
    if apart:
        # Some means split in plain sight: what the others do is asked about where these have gone.
        groups = [list(block.means) for block in blocks]
        groups += [[i] for i in range(descent.k) if all(i not in group for group in groups)]
        middle = descent.coincident(descent.places(plain.point.mixture), groups)
        if not (middle.converged and _has(middle, plain.structure)):
            return plain
    precise = {s.block: s for s in _precise(descent, blocks, middle, truth)}
    known = {s.block for s in clear}
    splittings = tuple(
        old if old.block in known or old.block not in precise else precise[old.block]
        for old in plain.splittings
    )
    plain = replace(plain, splittings=splittings)
    wall = wall_around(descent, blocks, middle)
    if wall is None:
        return plain
    by = {splitting.decided_by for splitting in splittings}
    held = _undecided(splittings) or by == {"float64"}
    inside = plain.point.is_minimum and _has(plain.point, plain.structure)
    return replace(
        plain,
        outcome="realised",
        point=plain.point if inside else middle,
        decided_by="quartic" if held else "mpmath" if "mpmath" in by else "law 1",
        wall=wall,
    )


def _precise(
    descent: Descent, blocks: Sequence[Block], middle: CriticalPoint, truth: Mixture
) -> list[Splitting]:
    """Law 1 for blocks of coincident means, by sums of small terms or mpmath; none where neither can tell."""
    alone = [i for i in range(descent.k) if all(i not in block.means for block in blocks)]
    firsts = [block.means[0] for block in blocks] + alone
    sizes = np.array([len(block.means) for block in blocks] + [1] * len(alone))
    merged = Mixture.location(middle.means[firsts], descent.sigma, sizes / descent.k)
    wanted: list[Block | None] = [*blocks, *(None for _ in alone)]
    found = leaking_excess(merged, wanted, truth)
    if found is None or not _undecided(found) or _is_truth(merged, truth):
        return found or []
    # The terms are as large as 1e10 times the error stated of their sum; what cancels leaves their square.
    size = min(max(s.error for s in found) * 1e10, 0.1)
    digits = int(20 - 2 * np.log10(size)) if size > 0.0 else EFFORT.realisation.most_digits + 1
    if not affordable(merged, truth, digits):
        return found
    hessian, _ = _curvatures(descent, descent.measure.local_mixture(merged))
    return precise_excess(merged, hessian, wanted, truth, digits)


def _is_truth(merged: Mixture, truth: Mixture) -> bool:
    """Whether a fit is the truth, to rounding: the second moments are then sigma^2 exactly."""
    gaps = np.linalg.norm(merged.means[:, None] - truth.means, axis=2)
    nearest = gaps.argmin(axis=1)
    if merged.n_components != truth.n_components or len(set(nearest.tolist())) < truth.n_components:
        return False
    sigma = merged.sigma or 1.0
    far = 1e-13 * (1.0 + np.abs(truth.means).max() / sigma) * sigma
    same = np.allclose(merged.weights, truth.weights[nearest], rtol=4e-16, atol=0)
    equal = np.all(np.broadcast_to(truth.covariances, truth.n_components) == sigma**2)
    return bool(gaps.min(axis=1).max() <= far and same and equal)


def _as_spherical(truth: Mixture) -> Mixture | None:
    """The truth with one variance a component, or None where covariances have a shape."""
    if truth.kind.isotropic(truth.covariances) is not None:
        return truth
    full = truth.full_covariances()
    variances = full[:, 0, 0]
    if not np.array_equal(full, variances[:, None, None] * np.eye(truth.n_features)):
        return None
    return Mixture(truth.weights, truth.means, variances, "spherical")
