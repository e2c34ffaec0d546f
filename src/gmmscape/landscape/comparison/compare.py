"""compare: one sample's minima matched with those of its population."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.atlas.atlas import Atlas
from gmmscape.landscape.comparison.matching import expected_spread, matched, population_minima
from gmmscape.landscape.comparison.result import Comparison, Match
from gmmscape.landscape.landscape import Landscape
from gmmscape.measure import Sample
from gmmscape.validation import positive_integer, random_state_too, seed_of


@random_state_too
def compare(
    sample: Sample | ArrayLike,
    population: Landscape,
    *,
    atlas: Atlas | None = None,
    n_starts: int = 16,
    rng: Any = None,
) -> Comparison:
    """Say which minima of a population's landscape a sample has, which it has lost, and which are new.

    A minimum of the population and one of the sample are matched where a descent from the first in the
    sample's landscape ends in the second, and one from the second in the population's ends in the first. No
    distance decides. The other minima of the sample come from random starts.

    Parameters
    ----------
    sample : Sample or array_like of shape (n, d)
        Draws from the population, or other data to be seen beside it.
    population : Landscape
        Of a population; its number of means, its sigma and its equal weights are those of both landscapes.
    atlas : Atlas, optional
        Minima of the population; what `explore` finds by default.
    n_starts : int, default=16
        Random starts in the sample's landscape.
    rng : None, int or numpy.random.Generator, default=None
        Seed of the random starts.

    Returns
    -------
    Comparison
        Minima of both, matches with their distances, lost and new ones. Cost: that of a search in each
        landscape, and two descents a minimum.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or dimensions differ.
    NotAvailableError
        If the weights of the landscape are free.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> land = lab.Landscape(lab.Population(truth), n_components=3)
    >>> found = lab.compare(truth.sample(1000, rng=0)[0], land, rng=0)
    >>> found.agrees, len(found.matches)
    (True, 2)
    """
    seed = seed_of(rng)
    minima = population_minima(population, atlas, seed)
    data = sample if isinstance(sample, Sample) else Sample(sample)
    if data.n_features != population.measure.n_features:
        raise InvalidParameterError(
            f"sample has n_features={data.n_features}, the population {population.measure.n_features}: pass "
            "data of the same columns"
        )
    found = matched(data, population, minima, positive_integer("n_starts", n_starts, minimum=0), seed)
    n = data.effective_rows
    matches = [
        Match(place, partner[0], partner[1], partner[1] * n**0.5, expected_spread(population, minima[place]))
        for place, partner in enumerate(found.partners)
        if partner is not None
    ]
    truth = population.measure.truth
    assert truth is not None
    return Comparison(
        population=minima,
        sample=tuple(found.minima),
        matches=tuple(matches),
        n=float(n),
        n_components=population.n_components,
        sigma=population.sigma,
        truth=truth,
        data=data.digest,
        n_starts=n_starts,
        seed=seed,
    )
