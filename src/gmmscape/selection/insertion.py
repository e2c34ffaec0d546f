"""One component more, put where a few rows lie close together: what no split of a component leads to.

As in greedy EM (Vlassis and Likas, Neural Processing Letters 15, 2002), with places drawn from the data.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.tolerances import TOLERANCES


def with_one_inserted(
    objective: SampleObjective, fit: Mixture, rng: np.random.Generator, most: int
) -> list[Mixture]:
    """Return starts with one component more, around rows drawn by their weights.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample and a family with free covariances.
    fit : Mixture
        In local coordinates.
    rng : numpy.random.Generator
        Of the places.
    most : int
        Starts at most.

    Returns
    -------
    list of Mixture
        In local coordinates. The new component is last; it has the mean and the covariance of the rows
        nearest to its place, fewer or more of them in turn, and the others keep theirs. Cost O(n d) each.
    """
    sample = objective.measure
    points, n = sample.filled(slice(None)), len(sample)
    least = min(n, 2 * (sample.n_features + 1))
    scale = np.sqrt(sample.variance)
    scaled = points / np.where(scale > 0, scale, 1.0)
    starts = []
    for number in range(most):
        place = scaled[rng.choice(n, p=sample.weights)]
        size = max(
            least,
            int(
                TOLERANCES.selection.inserted_shares[number % len(TOLERANCES.selection.inserted_shares)]
                * n
                / (fit.n_components + 1)
            ),
        )
        near = np.argpartition(np.sum((scaled - place) ** 2, axis=1), size - 1)[:size]
        start = _inserted(fit, points[near], sample.weights[near])
        if start is not None:
            starts.append(objective.admissible(start))
    return starts


def _inserted(fit: Mixture, rows: FloatArray, weights: FloatArray) -> Mixture | None:
    mass = float(weights.sum())
    share = min(mass, 0.5)
    mean = weights @ rows / mass
    deviation = rows - mean
    own = (deviation * (weights / mass)[:, None]).T @ deviation
    covariances = fit.kind.with_more(fit.covariances, fit.kind.repeated(own, 1))
    try:
        return Mixture(
            np.append((1.0 - share) * fit.weights, share),
            np.vstack([fit.means, mean]),
            covariances,
            fit.covariance_type,
        )
    except InvalidParameterError:  # the rows are all equal, or lie in a plane
        return None
