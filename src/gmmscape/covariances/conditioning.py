"""Marginals of the columns that are observed, and what they say of the others, for many patterns at once.

Arrays have the pattern first, p of them, then the component: c is k, or 1 where all share a covariance.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray


class Conditioned(Protocol):
    """Covariances given which columns are observed, (p, d); see `CovarianceKind.conditioned`."""

    def factors(self, j: int) -> FloatArray:
        """Return the precision factors of the observed columns of pattern j, as the kind stores them."""
        ...

    def expected(self, gaps: FloatArray) -> FloatArray:
        """Return expected deviations from the means (p, k, d), given observed ones, zero where missing."""
        ...

    def completed(self, scatter: FloatArray, mass: FloatArray) -> FloatArray:
        """Return the expected scatter of all columns, (p, ...).

        `scatter` is that of the observed columns, zero elsewhere, `mass` (p, k) of the rows that it is of.
        """
        ...

    def of_rows(self, j: int, i: int, gaps: FloatArray) -> FloatArray:
        """Return the expected deviations of rows (m, d) of pattern j from mean i; observed ones as given."""
        ...

    def rest(self, j: int, i: int, noise: FloatArray) -> FloatArray:
        """Return draws about that expectation from standard normal numbers (m, d); zero where observed."""
        ...


class Regressions:
    """Matrices: what is missing is regressed on what is observed.

    With O the observed columns, M the others and B = C_MO C_OO^-1, the expectation of x_M is
    mean_M + B (x_O - mean_O), and its covariance C_MM - B C_OM.

    Parameters
    ----------
    factors : ndarray of shape (c, d, d)
        Upper triangular precision factors.
    observed : ndarray of bool, shape (p, d)
        Patterns.
    shared : bool
        Whether they are stored as one matrix.
    """

    def __init__(self, factors: FloatArray, observed: BoolArray, *, shared: bool) -> None:
        self._observed, self._shared = observed, shared
        roots = np.swapaxes(np.linalg.inv(factors), -1, -2)
        covariances = roots @ np.swapaxes(roots, -1, -2)
        both = (observed[:, :, None] & observed[:, None, :])[:, None]
        self._factors = _marginal_factors(roots, covariances, observed)
        precisions = np.where(both, self._factors @ np.swapaxes(self._factors, -1, -2), 0.0)
        own = observed[:, None, :, None]
        #: From observed deviations to all of them, (p, c, d, d).
        self._slopes = np.where(own, np.eye(observed.shape[1]), covariances @ precisions)
        missing = (~observed[:, :, None] & ~observed[:, None, :])[:, None]
        left = np.where(missing, covariances - self._slopes @ covariances, 0.0)
        self._left = 0.5 * (left + np.swapaxes(left, -1, -2))

    def factors(self, j: int) -> FloatArray:
        """Return the upper triangular factors of the observed columns."""
        own = np.flatnonzero(self._observed[j])
        found = self._factors[j][:, own[:, None], own]
        return found[0] if self._shared else found

    def expected(self, gaps: FloatArray) -> FloatArray:
        """Return expected deviations, (p, k, d)."""
        return (self._slopes @ gaps[..., None])[..., 0]

    def completed(self, scatter: FloatArray, mass: FloatArray) -> FloatArray:
        """Return the expected scatter, (p, d, d) or (p, k, d, d)."""
        stacked = scatter[:, None] if self._shared else scatter
        held = mass.sum(axis=1, keepdims=True) if self._shared else mass
        found = self._slopes @ stacked @ np.swapaxes(self._slopes, -1, -2)
        found = found + held[..., None, None] * self._left
        found = 0.5 * (found + np.swapaxes(found, -1, -2))
        return found[:, 0] if self._shared else found

    def of_rows(self, j: int, i: int, gaps: FloatArray) -> FloatArray:
        """Return expected deviations of rows, (m, d)."""
        return np.where(self._observed[j], gaps, gaps @ self._slopes[j, self._at(i)].T)

    def rest(self, j: int, i: int, noise: FloatArray) -> FloatArray:
        """Return draws of what is missing, (m, d)."""
        values, vectors = np.linalg.eigh(self._left[j, self._at(i)])
        drawn = noise @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
        return np.where(self._observed[j], 0.0, drawn)

    def _at(self, i: int) -> int:
        return 0 if self._shared else i


class Independent:
    """Variances along the axes: what is observed says nothing of the rest.

    Parameters
    ----------
    variances : ndarray of shape (k, d)
        Of each column.
    factors : ndarray of shape (k,) or (k, d)
        Precision factors as they are stored.
    observed : ndarray of bool, shape (p, d)
        Patterns.
    """

    def __init__(self, variances: FloatArray, factors: FloatArray, observed: BoolArray) -> None:
        self._variances, self._factors, self._observed = variances, factors, observed

    def factors(self, j: int) -> FloatArray:
        """Return the factors of the observed columns, or those of all columns."""
        return self._factors if self._factors.ndim == 1 else self._factors[:, self._observed[j]]

    def expected(self, gaps: FloatArray) -> FloatArray:
        """Return expected deviations: none where nothing was observed."""
        return gaps

    def completed(self, scatter: FloatArray, mass: FloatArray) -> FloatArray:
        """Return the expected scatter, (p, k) or (p, k, d)."""
        added = np.where(self._observed[:, None, :], 0.0, mass[..., None] * self._variances)
        return scatter + (added.sum(axis=-1) if scatter.ndim == 2 else added)

    def of_rows(self, j: int, i: int, gaps: FloatArray) -> FloatArray:
        """Return expected deviations of rows, (m, d)."""
        return np.where(self._observed[j], gaps, 0.0)

    def rest(self, j: int, i: int, noise: FloatArray) -> FloatArray:
        """Return draws of what is missing, (m, d)."""
        return np.where(self._observed[j], 0.0, noise * np.sqrt(self._variances[i]))


def _marginal_factors(roots: FloatArray, covariances: FloatArray, observed: BoolArray) -> FloatArray:
    """Upper triangular precision factors of the observed columns, in their places, (p, c, d, d).

    Missing columns stand beside them, independent and with their own variances, so that they take no part.
    """
    d = observed.shape[1]
    both = (observed[:, :, None] & observed[:, None, :])[:, None]
    apart = np.where(both | np.eye(d, dtype=bool), covariances, 0.0)
    try:
        lower = np.linalg.cholesky(apart)
    except np.linalg.LinAlgError:  # squared, a narrow covariance loses what its root still has
        own = np.eye(d) * np.sqrt(np.einsum("cdd->cd", covariances))[:, None, :]
        alone = np.where(observed[:, None, :, None], 0.0, own)
        rows = np.where(observed[:, None, :, None], roots, 0.0)
        upper = np.linalg.qr(np.swapaxes(np.concatenate([rows, alone], axis=-1), -1, -2))[1]
        signs = np.where(np.einsum("pcdd->pcd", upper) < 0.0, -1.0, 1.0)
        lower = np.swapaxes(signs[..., None] * upper, -1, -2)
    return np.swapaxes(np.linalg.inv(lower), -1, -2)
