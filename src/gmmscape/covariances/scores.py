"""Scores of covariances: derivatives of a component's log density in its own units.

The coordinates of a covariance are entries of a triangular matrix W by which deviations in its own standard
deviations, y = U'(x - mean), are multiplied on: logarithms on the diagonal, where W is the identity to begin
with (docs/mathematics.md#own-units). In them log densities are the same function for every component, and the
information of complete data is one or two a row: they are well scaled.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import ClassVar

import numpy as np

from gmmscape.arrays import FloatArray, IntArray


@lru_cache
def _triangle(d: int) -> tuple[IntArray, IntArray]:
    """Rows and columns of the entries of a lower triangle; asked for at every step."""
    row, column = np.tril_indices(d)
    return row, column


class CovarianceScores(ABC):
    """Coordinates of covariances of one kind, q a covariance, and what derivatives in them need.

    Attributes
    ----------
    shared : bool
        Whether one covariance is that of all components: then arrays have no axis of components.
    """

    shared: ClassVar[bool] = False

    @abstractmethod
    def size(self, d: int) -> int:
        """Return q."""

    @abstractmethod
    def at(self, y: FloatArray) -> FloatArray:
        """Return the scores at deviations (n, d) in own standard deviations, shape (n, q)."""

    @abstractmethod
    def squares(self, share: FloatArray, y: FloatArray) -> FloatArray:
        """Return one component's second moments of y (n, d) under weights (n,)."""

    @abstractmethod
    def sums(self, mass: FloatArray, second: FloatArray, d: int) -> FloatArray:
        """Return sums of scores from masses (k,) and second moments of y: (k, q), or (q,)."""

    @abstractmethod
    def across(self, first: FloatArray) -> FloatArray:
        """Return minus the second derivatives in means and covariance from first moments: (k, d, q)."""

    @abstractmethod
    def within(self, second: FloatArray, d: int) -> FloatArray:
        """Return minus the second derivatives in the covariance: (k, q, q), or (q, q)."""

    @abstractmethod
    def information(self, weights: FloatArray, d: int) -> FloatArray:
        """Return the information of complete data, a diagonal matrix: (k, q), or (q,)."""

    @abstractmethod
    def turned(self, covariances: FloatArray, roots: FloatArray, change: FloatArray) -> FloatArray:
        """Return the covariances, of these roots, after a change of their coordinates."""

    @abstractmethod
    def slopes(self, roots: FloatArray, k: int, d: int) -> FloatArray:
        """Return derivatives of the matrices of these roots in their coordinates: (k or 1, q, d, d)."""

    @abstractmethod
    def basis(self, d: int) -> FloatArray:
        """Return what each coordinate adds to W to first order, shape (q, d, d)."""

    def bends(self, left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivatives of one entry of a matrix in its coordinates: (q,), (q, q).

        The entry is ``left @ right``, of two rows of a root A of the matrix A A', which becomes
        A (W'W)^-1 A'. With X what the coordinates add to W to first order and D its diagonal, the middle is
        I - (X + X') + X X + (X X)' + X X' - D D to second order.
        """
        basis = self.basis(len(left))
        before, after = left @ basis, basis @ right
        other_before, other_after = right @ basis, basis @ left
        diagonals = np.diagonal(basis, axis1=1, axis2=2)
        half = before @ after.T + other_before @ other_after.T + before @ other_before.T
        bend = half + half.T - 2.0 * (diagonals * (left * right)) @ diagonals.T
        return -(before @ right + other_before @ left), bend

    @abstractmethod
    def second_about(
        self, scatter: FloatArray | None, mass: FloatArray, first: FloatArray, factors: FloatArray
    ) -> FloatArray:
        """Return second moments of y from the scatter about the rows' means; `first` is the mean of y."""

    @abstractmethod
    def second_of(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        """Return the second moments of y of unit mass of rows of a covariance (d, d) about each mean."""


class _NoScores(CovarianceScores):
    """Covariances that are known."""

    def size(self, d: int) -> int:
        return 0

    def at(self, y: FloatArray) -> FloatArray:
        return np.empty((len(y), 0))

    def squares(self, share: FloatArray, y: FloatArray) -> FloatArray:
        return np.empty(0)

    def sums(self, mass: FloatArray, second: FloatArray, d: int) -> FloatArray:
        return np.empty((len(mass), 0))

    def across(self, first: FloatArray) -> FloatArray:
        return np.empty((*first.shape, 0))

    def within(self, second: FloatArray, d: int) -> FloatArray:
        return np.empty((0, 0, 0))

    def information(self, weights: FloatArray, d: int) -> FloatArray:
        return np.empty((len(weights), 0))

    def turned(self, covariances: FloatArray, roots: FloatArray, change: FloatArray) -> FloatArray:
        return covariances

    def basis(self, d: int) -> FloatArray:
        return np.empty((0, d, d))

    def slopes(self, roots: FloatArray, k: int, d: int) -> FloatArray:
        return np.empty((k, 0, d, d))

    def second_about(
        self, scatter: FloatArray | None, mass: FloatArray, first: FloatArray, factors: FloatArray
    ) -> FloatArray:
        return np.empty(0)

    def second_of(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        return np.empty(0)


class _SphericalScores(CovarianceScores):
    """One logarithm a component; second moments are of |y|^2, (k,)."""

    def size(self, d: int) -> int:
        return 1

    def at(self, y: FloatArray) -> FloatArray:
        return (y.shape[1] - np.square(y).sum(axis=1))[:, None]

    def squares(self, share: FloatArray, y: FloatArray) -> FloatArray:
        return share @ np.square(y).sum(axis=1)

    def sums(self, mass: FloatArray, second: FloatArray, d: int) -> FloatArray:
        return (d * mass - second)[:, None]

    def across(self, first: FloatArray) -> FloatArray:
        return -2.0 * first[:, :, None]

    def within(self, second: FloatArray, d: int) -> FloatArray:
        return 2.0 * second[:, None, None]

    def information(self, weights: FloatArray, d: int) -> FloatArray:
        return 2.0 * d * weights[:, None]

    def turned(self, covariances: FloatArray, roots: FloatArray, change: FloatArray) -> FloatArray:
        return covariances * np.exp(-2.0 * change[:, 0])

    def basis(self, d: int) -> FloatArray:
        return np.eye(d)[None]

    def slopes(self, roots: FloatArray, k: int, d: int) -> FloatArray:
        return -2.0 * (roots * roots)[:, None, None, None] * np.eye(d)

    def second_about(
        self, scatter: FloatArray | None, mass: FloatArray, first: FloatArray, factors: FloatArray
    ) -> FloatArray:
        assert scatter is not None
        return scatter * factors * factors + mass * np.square(first).sum(axis=1)

    def second_of(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        return np.trace(covariance) * factors * factors


class _DiagScores(CovarianceScores):
    """A logarithm for each column; second moments are (k, d)."""

    def size(self, d: int) -> int:
        return d

    def at(self, y: FloatArray) -> FloatArray:
        return 1.0 - np.square(y)

    def squares(self, share: FloatArray, y: FloatArray) -> FloatArray:
        return share @ np.square(y)

    def sums(self, mass: FloatArray, second: FloatArray, d: int) -> FloatArray:
        return mass[:, None] - second

    def across(self, first: FloatArray) -> FloatArray:
        return -2.0 * first[:, :, None] * np.eye(first.shape[1])

    def within(self, second: FloatArray, d: int) -> FloatArray:
        return 2.0 * second[:, :, None] * np.eye(d)

    def information(self, weights: FloatArray, d: int) -> FloatArray:
        return np.repeat(2.0 * weights[:, None], d, axis=1)

    def turned(self, covariances: FloatArray, roots: FloatArray, change: FloatArray) -> FloatArray:
        return covariances * np.exp(-2.0 * change)

    def basis(self, d: int) -> FloatArray:
        return np.eye(d)[:, :, None] * np.eye(d)

    def slopes(self, roots: FloatArray, k: int, d: int) -> FloatArray:
        on = np.arange(d)
        found = np.zeros((k, d, d, d))
        found[:, on, on, on] = -2.0 * roots * roots
        return found

    def second_about(
        self, scatter: FloatArray | None, mass: FloatArray, first: FloatArray, factors: FloatArray
    ) -> FloatArray:
        assert scatter is not None
        return scatter * factors * factors + mass[:, None] * np.square(first)

    def second_of(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        return np.diagonal(covariance) * factors * factors


class _FullScores(CovarianceScores):
    """A lower triangle a component, row after row; second moments are (k, d, d)."""

    def size(self, d: int) -> int:
        return d * (d + 1) // 2

    def at(self, y: FloatArray) -> FloatArray:
        row, column = _triangle(y.shape[1])
        return (row == column) - y[:, row] * y[:, column]

    def squares(self, share: FloatArray, y: FloatArray) -> FloatArray:
        return (y * share[:, None]).T @ y

    def sums(self, mass: FloatArray, second: FloatArray, d: int) -> FloatArray:
        row, column = _triangle(d)
        return mass[..., None] * (row == column) - second[..., row, column]

    def across(self, first: FloatArray) -> FloatArray:
        k, d = first.shape
        row, column = _triangle(d)
        at = np.arange(len(row))
        block = np.zeros((k, d, len(row)))
        block[:, row, at] -= first[:, column]
        block[:, column, at] -= first[:, row]
        return block

    def within(self, second: FloatArray, d: int) -> FloatArray:
        row, column = _triangle(d)
        same = row[:, None] == row
        block = np.where(same, second[..., column[:, None], column], 0.0)
        on = np.flatnonzero(row == column)
        block[..., on, on] *= 2.0
        return block

    def information(self, weights: FloatArray, d: int) -> FloatArray:
        row, column = _triangle(d)
        return weights[..., None] * np.where(row == column, 2.0, 1.0)

    def turned(self, covariances: FloatArray, roots: FloatArray, change: FloatArray) -> FloatArray:
        d = covariances.shape[-1]
        row, column = _triangle(d)
        W = np.zeros((*change.shape[:-1], d, d))
        W[..., row, column] = np.where(row == column, np.exp(np.where(row == column, change, 0.0)), change)
        # root W^-1 is the root of what has become of the covariance.
        root = np.swapaxes(np.linalg.solve(np.swapaxes(W, -1, -2), np.swapaxes(roots, -1, -2)), -1, -2)
        return root @ np.swapaxes(root, -1, -2)

    def basis(self, d: int) -> FloatArray:
        row, column = _triangle(d)
        return np.eye(d)[row][:, :, None] * np.eye(d)[column][:, None, :]

    def slopes(self, roots: FloatArray, k: int, d: int) -> FloatArray:
        row, column = _triangle(d)
        left = np.moveaxis(roots, -1, -2).reshape(-1, d, d)  # columns of the roots
        half = left[:, row, :, None] * left[:, column, None, :]
        return -(half + np.swapaxes(half, -1, -2))

    def second_about(
        self, scatter: FloatArray | None, mass: FloatArray, first: FloatArray, factors: FloatArray
    ) -> FloatArray:
        assert scatter is not None
        inner = np.swapaxes(factors, -1, -2) @ scatter @ factors
        between = mass[:, None, None] * first[:, :, None] * first[:, None, :]
        return inner + (between.sum(axis=0) if self.shared else between)

    def second_of(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        # Narrow directions are what large entries leave when they cancel.
        wide = np.asarray(factors, dtype=np.longdouble)
        return (np.swapaxes(wide, -1, -2) @ covariance.astype(np.longdouble) @ wide).astype(np.float64)


class _TiedScores(_FullScores):
    """A lower triangle for all; second moments are (d, d), those of all components together."""

    shared = True

    def sums(self, mass: FloatArray, second: FloatArray, d: int) -> FloatArray:
        return super().sums(mass.sum(), second, d)

    def information(self, weights: FloatArray, d: int) -> FloatArray:
        return super().information(weights.sum(), d)


#: By what statistics call the scatter that is accumulated.
SCORES: dict[str, CovarianceScores] = {
    "none": _NoScores(),
    "spherical": _SphericalScores(),
    "diag": _DiagScores(),
    "tied": _TiedScores(),
    "full": _FullScores(),
}


def hessian_passes(scatter: str, k: int, d: int) -> float:
    """Return what the missing information costs, in passes, if every component touches every row."""
    triangle = d * (d + 1) // 2
    monomials = 1 + d + triangle
    monomials += {"spherical": d + 1, "diag": d * d + triangle}.get(scatter, 0)
    if scatter == "full":
        monomials += triangle * (d + 2) // 3 * (d + 7) // 4
    scores = SCORES[scatter]
    features = 1 + d + (0 if scores.shared else scores.size(d))
    return 0.5 * (k + 1) * monomials / (3 * features + 15)
