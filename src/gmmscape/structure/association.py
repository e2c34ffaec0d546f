"""Association: which fitted components the draws of each true component are attributed to."""

from __future__ import annotations

from gmmscape.arrays import FloatArray
from gmmscape.measure import Population
from gmmscape.measure.nodes import QuadratureRows, ReducedRows
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


def association(fit: Mixture, truth: Mixture, rtol: float | None = None) -> FloatArray:
    """Return A[i, s], the mean of the fit's responsibility i over true component s.

    What it says: docs/mathematics.md#readings.

    Parameters
    ----------
    fit : Mixture
        With k components.
    truth : Mixture
        With k_star components.
    rtol : float, optional
        Accuracy of the quadrature; what is said below by default.

    Returns
    -------
    ndarray of shape (k, k_star)
        Columns sum to one. By the rules of `Population`: to about 1e-10 in one dimension, to 1e-6 where the
        means span two or three, to 1e-4 to 1e-2 by Sobol points beyond; `association_and_error` measures it.
    """
    rows, local = _placed(fit, truth, rtol)
    return rows.component_responsibilities(local)


def association_and_error(fit: Mixture, truth: Mixture) -> tuple[FloatArray, float]:
    """Return associations, and their estimated absolute error.

    Parameters
    ----------
    fit : Mixture
        With k components.
    truth : Mixture
        With k_star components.

    Returns
    -------
    table : ndarray of shape (k, k_star)
        See `association`.
    error : float
        Of the entry that is known least: measured by shifting the nodes of a trapezoid rule, or as three
        standard errors over the scramblings of Sobol points. Cost: a few times that of `association`.
    """
    rows, local = _placed(fit, truth, None)
    return rows.component_responsibilities(local), rows.component_responsibility_error(local)


def _placed(fit: Mixture, truth: Mixture, rtol: float | None) -> tuple[QuadratureRows | ReducedRows, Mixture]:
    """Rows on which all components of a truth are resolved, and the fit in their coordinates."""
    # With equal weights every component is resolved alike, however little it weighs in the truth.
    even = Mixture(None, truth.means, truth.covariances, truth.covariance_type)
    population = Population(even)
    local = population.local_mixture(fit)
    if rtol is None and truth.n_features > 1:
        rtol = TOLERANCES.structure.association_rtol
    return population.rows(local, rtol), local
