"""What no row says of a fit: columns that a component has no values in, columns that are never together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


class NotObserved(NamedTuple):
    """What the parameters of a fit say that no row has said.

    Attributes
    ----------
    components, columns : ndarray of int
        Components with next to no value in some column, and these columns: means and covariances there.
    apart : ndarray of int
        Columns of which some pair is in no row together: the covariance between them.
    """

    components: IntArray
    columns: IntArray
    apart: IntArray

    @classmethod
    def of(cls, observed: BoolArray, posterior: FloatArray, counts: FloatArray, fit: Mixture) -> NotObserved:
        """Return what is not observed.

        Parameters
        ----------
        observed : ndarray of bool, shape (m, d)
            Where rows have values.
        posterior : ndarray of shape (m, k)
            Responsibilities of the components.
        counts : ndarray of shape (m,)
            How often each row counts.
        fit : Mixture
            Of k components.

        Returns
        -------
        NotObserved
            Cost O(m d (k + d)).
        """
        seen = np.where(observed, counts[:, None], 0.0)
        values = posterior.T @ seen
        # A component with no more rows than that is collapsed, of which more is said elsewhere.
        few = values < TOLERANCES.diagnosis.values_of_a_column
        few &= (posterior.T @ counts >= TOLERANCES.diagnosis.values_of_a_column)[:, None]
        apart = _joined(fit) & (seen.T @ observed.astype(np.float64) == 0.0)
        return cls(
            *(np.flatnonzero(where.any(axis=axis)) for where, axis in ((few, 1), (few, 0), (apart, 0)))
        )


def _joined(fit: Mixture) -> BoolArray:
    """Say which columns covary in some component, shape (d, d); variances are not written out as matrices."""
    d = fit.n_features
    if fit.covariance_type in ("full", "tied"):
        return (fit.covariances.reshape(-1, d, d) != 0.0).any(axis=0)
    return np.eye(d, dtype=np.bool_)
