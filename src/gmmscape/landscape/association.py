"""Association: which fitted components the draws of each true component are attributed to."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.measure import Population
from gmmscape.mixture import Mixture

SOBOL_LOG2_POINTS = 13


def association(fit: Mixture, truth: Mixture) -> FloatArray:
    """Return A[i, s], the mean of the fit's responsibility i over true component s (DESIGN 2.2).

    Parameters
    ----------
    fit : Mixture
        With k components.
    truth : Mixture
        With k_star components.

    Returns
    -------
    ndarray of shape (k, k_star)
        Columns sum to one. In one dimension by quadrature, to about 1e-10; in more by 2^13 scrambled Sobol
        points per component with a fixed seed, to about 1e-3.
    """
    if truth.n_features == 1:
        # With equal weights every component is resolved alike, however little it weighs in the truth.
        even = Mixture(None, truth.means, truth.covariances, truth.covariance_type)
        population = Population(even)
        local = fit.shifted(-population.origin)
        return population.rows(local).component_responsibilities(local)
    return _association_by_sobol(fit, truth)


def _association_by_sobol(fit: Mixture, truth: Mixture) -> FloatArray:
    from scipy.stats import norm, qmc

    sequence = qmc.Sobol(truth.n_features, rng=np.random.default_rng(0))
    noise = norm.ppf(sequence.random_base2(SOBOL_LOG2_POINTS))
    roots = np.linalg.cholesky(truth.full_covariances())
    columns = [
        fit.responsibilities(center + noise @ root.T).mean(axis=0)
        for center, root in zip(truth.means, roots, strict=True)
    ]
    return np.stack(columns, axis=1)
