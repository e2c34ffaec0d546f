"""Random truths whose centers are a stated distance apart."""

from __future__ import annotations

import numpy as np

from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


def random_truth(rng: np.random.Generator, k_star: int, d: int, separation: float, sigma: float) -> Mixture:
    """Return a truth of equal weights whose smallest distance of two centers is `separation`, exactly.

    Each center is put beside one that is there, in a random direction, at a distance of one separation and an
    exponential excess, whose scale is drawn once for each truth, where it is too close to none; then all is
    scaled to the separation.

    Parameters
    ----------
    rng : numpy.random.Generator
        What chooses.
    k_star : int
        Number of centers.
    d : int
        Dimension.
    separation : float
        In sigma.
    sigma : float
        Standard deviation of each component.

    Returns
    -------
    Mixture
        The truth; in no particular order.
    """
    centers, spread = np.zeros((1, d)), rng.uniform(0.0, TOLERANCES.falsification.widest_truth)
    while len(centers) < k_star:
        direction = rng.standard_normal(d)
        direction /= np.linalg.norm(direction)
        new = centers[rng.integers(len(centers))] + (1.0 + rng.exponential(spread)) * direction
        if np.linalg.norm(centers - new, axis=1).min() >= 1.0:
            centers = np.vstack([centers, new])
    if k_star > 1:
        gaps = np.linalg.norm(centers[:, None] - centers, axis=2)
        centers /= gaps[np.triu_indices(k_star, 1)].min()
    return Mixture.location(separation * sigma * centers, sigma)
