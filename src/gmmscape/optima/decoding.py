"""A fit decoded against a better one of the same data, as if that were the truth."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.component_kinds import association_on_sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.structure.partition import best_stars, components
from gmmscape.structure.structure import Decoding, Structure


def decoded_on_sample(objective: Objective, fit: Mixture, best: Mixture) -> Decoding:
    """Return the blocks of a fit, by association on the rows (docs/mathematics.md#readings).

    Parameters
    ----------
    objective : Objective
        Of a sample.
    fit, best : Mixture
        What is decoded, and what counts as the truth; in local coordinates.

    Returns
    -------
    Decoding
        With the threshold 0.5/k; errors as `errors_of` has them. Cost: a pass, and O(k^2 log k).
    """
    table = association_on_sample(objective, fit, best)
    stars, defect = best_stars(table)
    structure, tau = Structure.of(stars), 0.5 / fit.n_components
    structured = bool(defect <= tau)
    blocks = structure.blocks if structured else Structure.of(components(table > tau)).blocks
    return Decoding(blocks, structured, defect, tau, errors_of(structure, fit, best), table)


def errors_of(structure: Structure, fit: Mixture, best: Mixture) -> FloatArray:
    """Return how far each mean is from what it should meet, shape (k,).

    Mahalanobis distances to the weighted average of the centers of its block, under the weighted average of
    their covariances.
    """
    covariances, errors = best.full_covariances(), np.zeros(fit.n_components)
    for block in structure.blocks:
        members = list(block.centers)
        weights = best.weights[members]
        shares = weights / weights.sum() if weights.any() else np.full(len(members), 1.0 / len(members))
        root = np.linalg.cholesky(np.einsum("s,sde->de", shares, covariances[members]))
        for i in block.means:
            errors[i] = np.linalg.norm(np.linalg.solve(root, fit.means[i] - shares @ best.means[members]))
    return errors
