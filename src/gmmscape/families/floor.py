"""The floor: the smallest variance that a covariance may have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import CovarianceKind
from gmmscape.exceptions import InvalidParameterError


@dataclass(frozen=True)
class Floor:
    """Smallest variance allowed in each coordinate.

    A covariance C is kept at or above F = diag(variances): the eigenvalues of F^-1/2 C F^-1/2 are clipped
    from below at one. That is the exact maximiser under the constraint C - F positive semidefinite.

    Attributes
    ----------
    variances : ndarray of shape (d,)
        In squared units of the data; all positive, or all zero for no floor.
    constant : ndarray of bool, shape (d,), optional
        Columns of one value: every covariance lies on the floor there, which says nothing about a component.
    coarse : ndarray of bool, shape (d,), optional
        Columns of so few values that a component with many rows may well be as narrow as their steps.

    Raises
    ------
    InvalidParameterError
        If some of the variances are positive and others not.
    """

    variances: FloatArray
    constant: BoolArray | None = None
    coarse: BoolArray | None = None

    def __post_init__(self) -> None:
        if self.variances.any() and not np.all(self.variances > 0):
            raise InvalidParameterError.of(
                "variances", self.variances.tolist(), "pass positive floors for all columns, or zero for all"
            )

    @classmethod
    def of(cls, variance: FloatArray, *, reg_covar: float = 0.0, covariance_floor: float = 1e-6) -> Floor:
        """Return max(reg_covar, covariance_floor x variance) per coordinate.

        A constant coordinate has no variance of its own: it takes the average of the others, so that its
        floor is positive. It adds the same factor to every component and moves no responsibility.
        """
        varying = variance[variance > 0]
        stand_in = varying.mean() if len(varying) else 0.0
        variances = np.maximum(reg_covar, covariance_floor * np.where(variance > 0, variance, stand_in))
        return cls(variances, variance == 0)

    def clip(self, covariances: FloatArray, kind: CovarianceKind) -> tuple[FloatArray, bool]:
        """Return covariances of the given storage kind on or above the floor, and whether any moved."""
        if not self.variances.any():
            return covariances, False
        return kind.lifted(covariances, self.variances)

    def held_up(self, covariances: FloatArray, kind: CovarianceKind) -> BoolArray:
        """Say which covariances lie on the floor, to the rounding of a clipped one; shape (k,), tied (1,)."""
        if not self.variances.any():
            return np.zeros(1 if kind.shared else len(covariances), dtype=bool)
        varying = slice(None) if self.constant is None or self.constant.all() else ~self.constant
        return kind.held_up(covariances, self.variances, varying)

    def collapsed_on(self, covariances: FloatArray, kind: CovarianceKind) -> BoolArray:
        """Say which covariances lie on the floor in columns fine enough for it to mean a collapse."""
        held = self.held_up(covariances, kind)
        if self.coarse is None or not self.coarse.any() or not held.any():
            return held
        fine = ~self.coarse if self.constant is None else ~(self.coarse | self.constant)
        if not fine.any():
            return np.zeros_like(held)
        return kind.held_up(covariances, self.variances, fine)


#: For families that are only asked what does not depend on data.
NO_FLOOR = Floor(np.zeros(0))
