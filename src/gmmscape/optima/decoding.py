"""A fit decoded against the clusters of a better one of the same data, as `diagnose` reads it."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.clusters import Clusters
from gmmscape.diagnosis.component_kinds import groups_in, read_components
from gmmscape.diagnosis.result import ComponentReport
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.structure.partition import best_stars
from gmmscape.structure.structure import Decoding, Structure


def decoded_on_sample(
    objective: SampleObjective,
    fit: Mixture,
    found: Clusters,
    *,
    best: bool,
    itself: FloatArray | None = None,
) -> tuple[Decoding, tuple[ComponentReport, ...]]:
    """Return the blocks of a fit, by association on the rows (docs/mathematics.md#readings).

    Parameters
    ----------
    objective : SampleObjective
        Of a sample.
    fit : Mixture
        What is decoded; in local coordinates.
    found : Clusters
        Of the best fit: what counts as the truth.
    best : bool
        Whether the fit is that one: overlap alone then accuses none of its components.
    itself : ndarray of shape (m, m), optional
        Association of the clusters with themselves, where it is known.

    Returns
    -------
    Decoding
        Blocks of components that are on the same clusters; the defect beside the threshold 0.5/k, whatever
        they are; errors as `errors_of` has them.
    tuple of ComponentReport
        What `diagnose` says of each component, from which the blocks come. Cost: passes, and O(k^2 log k).
    """
    exact = found.untouched if best else np.zeros(fit.n_components, dtype=bool)
    reports, table = read_components(objective, fit, found.mixture, exact, itself)
    structure, tau = Structure.of(groups_in(reports)), 0.5 / fit.n_components
    defect = best_stars(table[:, found.mixture.weights > 0])[1]
    errors = errors_of(structure, fit, found.mixture)
    return Decoding(structure.blocks, bool(defect <= tau), defect, tau, errors, table), reports


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
