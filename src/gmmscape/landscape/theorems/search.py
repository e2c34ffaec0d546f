"""One truth searched: its minima read as blocks, with their errors and how exactly these are known."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.falsification.confirm import confirmed
from gmmscape.landscape.falsification.position import nearest_structure
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.theorems.found import FoundBlock, FoundMinimum, FoundTruth, Prediction
from gmmscape.landscape.theorems.numerical_errors import numerical_errors
from gmmscape.measure import Population
from gmmscape.progress import Callback
from gmmscape.structure.structure import Decoding, Structure, block_average


def searched(
    population: Population,
    k: int,
    n_starts: int,
    seed: int,
    callback: Callback | None = None,
) -> FoundTruth:
    """Explore the landscape of one truth and read its minima.

    All runs relative to the population's origin, errors included: far from zero, places that are rounded
    would tell errors to no more than that.

    Parameters
    ----------
    population : Population
        Of a truth whose components share one standard deviation.
    k : int
        Number of fitted means.
    n_starts : int
        Random starts.
    seed : int
        Of the random starts.
    callback : callable, optional
        Sees the exploration's events; returning True ends it.

    Returns
    -------
    FoundTruth
        Without claims: nothing is bounded yet.
    """
    truth = population.truth
    here = Population(population.local_mixture(truth), population.rtol, population.rule)
    land = Landscape(here, k)
    atlas = land.explore(seed, n_starts=n_starts, callback=callback)
    descent = Descent(here, k, land.sigma)
    minima = tuple(_minimum(here, descent, point, population.origin) for point in atlas.minima)
    return FoundTruth(
        truth=truth,
        separation=truth.separation,
        minima=minima,
        predictions=_predictions(atlas),
        untried=atlas.untried,
        stop_reason=atlas.stop_reason,
    )


def _minimum(
    population: Population, descent: Descent, point: CriticalPoint, origin: FloatArray
) -> FoundMinimum:
    decoding = point.decoding
    assert decoding is not None
    assert point.kl is not None
    reading, reason = _reading(population, point, decoding)
    structure, errors = decoding.structure, decoding.errors
    if not decoding.is_structured:
        structure, errors = _by_position(population, descent, point)
    off, second = numerical_errors(population, descent, point)
    blocks = [] if structure is None else structure.blocks
    return FoundMinimum(
        means=tuple(tuple(mean) for mean in (point.means + origin).tolist()),
        kl=float(point.kl),
        hits=point.hits,
        flat=point.flat,
        reading=reading,
        reason=reason,
        defect=decoding.defect,
        tau=decoding.tau,
        second_rule=second,
        blocks=tuple(
            FoundBlock(block, float(errors[list(block.means)].max()), float(off[list(block.means)].max()))
            for block in blocks
        ),
    )


def _reading(population: Population, point: CriticalPoint, decoding: Decoding) -> tuple[str, str]:
    """How the minimum is read by association, and why where it is not structured."""
    if abs(decoding.defect - decoding.tau) <= (decoding.association_error or 0.0):
        return "undecided", "the defect is tau within its error"
    if decoding.is_structured:
        return "structured", ""
    if decoding.empty:
        return "undecided", "a mean is empty"
    verdict = confirmed(population.truth, point, decoding.tau)
    return ("unstructured" if verdict.outcome == "confirmed" else "undecided"), verdict.reason


def _by_position(
    population: Population, descent: Descent, point: CriticalPoint
) -> tuple[Structure | None, FloatArray]:
    """The structure whose places are nearest, and the distance of each mean from its place."""
    truth, sigma = population.truth, descent.sigma
    nearest = nearest_structure(point.means, truth, sigma).structure
    errors = np.zeros(descent.k)
    for block in () if nearest is None else nearest.blocks:
        members = list(block.means)
        away = point.means[members] - block_average(block.centers, truth)
        errors[members] = np.linalg.norm(away, axis=1) / sigma
    return nearest, errors


def _predictions(atlas: Atlas) -> tuple[Prediction, ...]:
    decoded = [(place, minimum.decoding) for place, minimum in enumerate(atlas.minima)]
    first: dict[object, int] = {}
    for place, decoding in decoded:
        if decoding is not None and decoding.is_structured:
            first.setdefault(decoding.structure.orbit, place)
    return tuple(
        Prediction(
            item.structure,
            item.outcome,
            first.get(item.structure.orbit),
            (None,) * len(item.structure.blocks),
        )
        for item in atlas.candidates
    )
