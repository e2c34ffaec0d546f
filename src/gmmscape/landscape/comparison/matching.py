"""The minima of a sample beside those of its population: two are one where each leads to the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.orbits import find_orbit
from gmmscape.measure import Population, Sample


class Matched(NamedTuple):
    """The minima of a sample, and which of them a population's have become.

    Attributes
    ----------
    minima : list of CriticalPoint
        Of the sample: those that the population's minima lead to, with their labels, then others.
    partners : list of (int, float) or None
        For each minimum of the population the place of its partner, and the distance to it in sigma: the
        root of the sum of squares over the means. None where it has no partner.
    """

    minima: list[CriticalPoint]
    partners: list[tuple[int, float] | None]


def population_minima(population: Landscape, atlas: Atlas | None, seed: int) -> tuple[CriticalPoint, ...]:
    """Return the minima of a population's landscape: those of an atlas, or what a search finds.

    Raises
    ------
    InvalidParameterError
        If it is no landscape of a population, the atlas is one of another landscape, or there is no minimum.
    NotAvailableError
        If its weights are free.
    """
    if not isinstance(population, Landscape) or not isinstance(population.measure, Population):
        raise InvalidParameterError.of(
            "population", population, "pass a Landscape of a Population, as in "
            "lab.Landscape(lab.Population(truth), n_components=3)"
        )  # fmt: skip
    if population.weights == "free":
        raise NotAvailableError(
            "comparisons of landscapes with free weights are not offered: make it with weights='equal'"
        )
    if atlas is None:
        atlas = population.explore(seed)
    elif not isinstance(atlas, Atlas):
        raise InvalidParameterError.of("atlas", atlas, "pass an Atlas of this landscape, or None")
    truth = population.measure.truth
    atlas.check_same_landscape(population.n_components, population.sigma, truth, None)
    if not atlas.minima:
        raise InvalidParameterError("the population's atlas holds no minimum: explore with more starts")
    return atlas.minima


def matched(
    sample: Sample, population: Landscape, minima: Sequence[CriticalPoint], n_starts: int, seed: int
) -> Matched:
    """Return the minima of a sample's landscape, each minimum of the population with its partner.

    A minimum of the population and one of the sample are partners where a descent from the first, in the
    sample's landscape, ends in the second, and one from the second, in the population's, in the first.

    Parameters
    ----------
    sample : Sample
        Of the population.
    population : Landscape
        Of a population, with equal weights.
    minima : sequence of CriticalPoint
        Of the population.
    n_starts : int
        Random starts in the sample's landscape.
    seed : int
        Of these.

    Returns
    -------
    Matched
        What was found. Cost: a search from `n_starts` starts, and two descents a minimum.
    """
    truth, sigma = population.measure.truth, population.sigma
    land = Landscape(sample, population.n_components, sigma=sigma, reference=truth)
    found: list[CriticalPoint] = []
    partners: list[tuple[int, float] | None] = []
    for place, minimum in enumerate(minima):
        end = land.descend(minimum.means)
        home = None if not end.is_minimum else population.descend(end.means)
        if home is None or not home.is_minimum or find_orbit(minima, home) != place:
            partners.append(None)
            continue
        partners.append((len(found), float(np.linalg.norm(end.means - minimum.means)) / sigma))
        found.append(end)
    for other in land.explore(seed, n_starts=n_starts, candidates=False).minima:
        if find_orbit(found, other) is None:
            found.append(other)
    return Matched(found, partners)


def expected_spread(population: Landscape, minimum: CriticalPoint) -> float | None:
    """Return the distance, times the root of n, to expect of a large sample's minimum, in sigma.

    The minimum of a sample is asymptotically normal about the population's, with covariance H^-1 V H^-1 / n,
    where H is the Hessian and V the covariance of the gradient of one draw's NLL (Huber 1967; White 1982).

    Parameters
    ----------
    population : Landscape
        Of a population, with equal weights.
    minimum : CriticalPoint
        One of its minima.

    Returns
    -------
    float or None
        The root of the trace of H^-1 V H^-1; None where a curvature has no sign.
    """
    if minimum.flat:
        return None
    descent, measure, sigma = population._descent, population.measure, population.sigma
    local = descent.local_of(minimum)
    assert isinstance(measure, Population)
    block = measure.roomy_rows(local, measure.rtol).in_memory()
    assert block is not None
    points, weights = block.points, block.weights.each
    pulls = local.responsibilities(points)[:, :, None] * (points[:, None] - local.means) / sigma
    scores = pulls.reshape(len(points), -1)
    variance = (scores * weights[:, None]).T @ scores
    inverse = np.linalg.inv(sigma**2 * descent.hessian(descent.places_of_local(local)))
    return float(np.sqrt(np.trace(inverse @ variance @ inverse)))
