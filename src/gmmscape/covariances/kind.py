"""What a storage kind of covariances has to know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.covariances.conditioning import Conditioned
from gmmscape.exceptions import InvalidParameterError
from gmmscape.results.text import counted
from gmmscape.validation import finite_array


def log_of_products(factors: FloatArray, unit: float) -> FloatArray:
    """Logarithms of factors times a unit, also where float64 cannot hold the product."""
    with np.errstate(over="ignore", under="ignore"):
        products = factors * unit
    if np.finfo(np.float64).tiny <= products.min() and products.max() < np.inf:
        return np.log(products)
    return np.log(factors) + np.log(unit)


class CovarianceKind(ABC):
    """How the covariances of a mixture are stored, and everything that depends on it.

    Arrays called `covariances` and `factors` are those of a mixture of k components in d dimensions, in the
    kind's shape; factors are precision factors U with U U' = inverse covariance. Methods that speak of *each*
    component take and give the form in which one component's covariance is stored, see `own`.

    Attributes
    ----------
    name : str
        scikit-learn's name.
    shared : bool
        Whether one covariance is that of all components.
    """

    name: ClassVar[str]
    shared: ClassVar[bool] = False

    def __repr__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(self.name)

    # Storage

    @property
    def own(self) -> CovarianceKind:
        """The kind that stores a covariance for each component, as rich as this one."""
        return self

    @abstractmethod
    def shape(self, k: int, d: int) -> tuple[int, ...]:
        """Return the shape of k components' covariances."""

    @abstractmethod
    def n_parameters(self, k: int, d: int) -> int:
        """Return how many numbers are free in them."""

    @abstractmethod
    def fewest_rows(self, d: int) -> int:
        """Return the fewest rows that a component's covariance can be estimated from."""

    @abstractmethod
    def work(self, d: int) -> int:
        """Return how many products a row costs with each component."""

    def checked(self, value: ArrayLike, k: int, d: int) -> FloatArray:
        """Return covariances as an exactly symmetric copy, or say what is wrong (InvalidParameterError)."""
        covariances = finite_array("covariances", value, ndim=(1, 2, 3))
        wanted = self.shape(k, d)
        if covariances.shape != wanted:
            raise InvalidParameterError(
                f"covariances has shape {covariances.shape}: covariance_type={self.name!r} with "
                f"{counted(k, 'component')} in {counted(d, 'dimension')} needs {wanted}"
            )
        return self._sound(covariances)

    @abstractmethod
    def _sound(self, covariances: FloatArray) -> FloatArray:
        """Covariances of the right shape, checked."""

    def without_asymmetry(self, value: Any) -> FloatArray:
        """Return covariances without the asymmetry that rounding in other programs leaves."""
        return np.asarray(value, dtype=np.float64)

    def chosen(self, stored: FloatArray, which: Any) -> FloatArray:
        """Return the covariances, or factors, of the components that an index, slice or mask picks."""
        return stored[which]

    def with_more(self, covariances: FloatArray, more: FloatArray) -> FloatArray:
        """Return covariances with those of further components, (n, ...), behind them."""
        return np.concatenate([covariances, more])

    @abstractmethod
    def matrices(self, covariances: FloatArray, k: int, d: int) -> FloatArray:
        """Return a new array of every component's matrix, (k, d, d)."""

    @abstractmethod
    def in_columns(self, covariances: FloatArray, columns: Any) -> FloatArray:
        """Return the covariances of some columns alone."""

    @abstractmethod
    def stored(self, matrices: FloatArray) -> FloatArray:
        """Return how matrices (k, d, d) that are of this kind are stored."""

    @abstractmethod
    def repeated(self, matrix: FloatArray, k: int) -> FloatArray:
        """Return k components that all have what this kind keeps of one matrix (d, d)."""

    @abstractmethod
    def each_of(self, matrices: FloatArray) -> FloatArray:
        """Return what is kept of each matrix (p, d, d) as one component's own: (p,), (p, d) or (p, d, d)."""

    def isotropic(self, covariances: FloatArray) -> FloatArray | None:
        """Return the variance of each component, (k,), if the storage has no other; else None."""
        return None

    # Factors: lengths and likelihoods

    @abstractmethod
    def factors(self, covariances: FloatArray) -> FloatArray:
        """Return precision factors, or raise InvalidParameterError where a matrix has none."""

    @abstractmethod
    def precisions(self, factors: FloatArray) -> FloatArray:
        """Return the inverse covariances, in the shape of the covariances."""

    @abstractmethod
    def inverse_deviations(self, factors: FloatArray) -> FloatArray:
        """Return one over each column's conditional standard deviation; broadcasts to (k, d)."""

    def lost_in_rounding(self, covariances: FloatArray, factors: FloatArray) -> bool:
        """Whether some covariance is singular but for rounding, so that a change of rounding makes it so."""
        return False

    @abstractmethod
    def scaled(self, gaps: FloatArray, factors: FloatArray, i: int) -> FloatArray:
        """Return gaps (n, d) in standard deviations of component i."""

    @abstractmethod
    def scaled_each(self, shifts: FloatArray, factors: FloatArray) -> FloatArray:
        """Return shifts (..., k, d), one of each component, in its own standard deviations."""

    def lengths(self, gaps: FloatArray, factors: FloatArray, i: int) -> FloatArray:
        """Return lengths of gaps (n, d) in standard deviations of component i, infinite ones too, (n,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _lengths(self.scaled(gaps, factors, i), gaps)

    def lengths_each(self, shifts: FloatArray, factors: FloatArray) -> FloatArray:
        """Return lengths of shifts (k, d), each in those of its own component, infinite ones too, (k,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _lengths(self.scaled_each(shifts, factors), shifts)

    @abstractmethod
    def relative_changes(self, change: FloatArray, factors: FloatArray, d: int) -> FloatArray:
        """Return each covariance's change in its own units: Frobenius norms, (k,) or (1,) where shared."""

    @abstractmethod
    def log_determinants(self, covariances: FloatArray, d: int) -> FloatArray:
        """Return the log determinant of each component's own covariance, (k,)."""

    @abstractmethod
    def log_scales(self, factors: FloatArray, unit: float, d: int) -> FloatArray:
        """Return the log determinant of each precision factor times a unit of length; broadcasts to (k,)."""

    @abstractmethod
    def squared_lengths(self, gaps: FloatArray, covariances: FloatArray) -> FloatArray:
        """Return squared Mahalanobis lengths of gaps (p, d), each with its own covariance, (p,)."""

    # Missing values

    @abstractmethod
    def conditioned(self, factors: FloatArray, observed: BoolArray) -> Conditioned:
        """Return what observed columns, patterns (p, d) of them, say of the others."""

    @abstractmethod
    def embedded(self, scatter: FloatArray, columns: IntArray, d: int) -> FloatArray:
        """Return the scatter of some columns among all d, zero in the others."""

    # Estimation

    @abstractmethod
    def scatter(self, deviations: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the weighted squares of one component's deviations (n, d), as its own scatter."""

    def joined(self, scatters: list[FloatArray]) -> FloatArray:
        """Return the components' scatters as the statistics carry them."""
        return np.stack(scatters)

    @abstractmethod
    def merged_scatter(self, total: FloatArray, between: FloatArray, gap: FloatArray) -> FloatArray:
        """Return a sum of two scatters with the between-means term: masses (k,), gaps of means (k, d)."""

    @abstractmethod
    def estimated(self, scatter: FloatArray, mass: FloatArray, current: FloatArray, d: int) -> FloatArray:
        """Return the covariances that scatter and masses imply; without mass a component keeps its own."""

    @abstractmethod
    def pseudo_scatter(self, covariance: FloatArray) -> FloatArray:
        """Return the scatter of unit mass of rows of that covariance (d, d), as one component's own."""

    def with_pseudo_rows(
        self, scatter: FloatArray, mass: FloatArray, covariance: FloatArray, amount: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return scatter and masses with so much mass of rows of a covariance added to each."""
        return scatter + amount * self.pseudo_scatter(covariance), mass + amount

    @abstractmethod
    def divergences(self, covariance: FloatArray, factors: FloatArray) -> FloatArray:
        """Return the Kullback-Leibler divergences of N(0, covariance) from N(0, C), for each C stored.

        Of the covariance (d, d) counts what the kind keeps, so that zero is attained.
        """

    @abstractmethod
    def without(self, scaled: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return squared lengths of rows after their own part of a covariance is taken from it.

        `scaled` (n, d) are deviations in standard deviations of the covariance, of whose scatter each makes
        the outer product times its share (n,); also the fall of the log determinant, (n,), negative.
        """

    @abstractmethod
    def spread(self, gaps: FloatArray) -> FloatArray:
        """Return what gaps between means (p, d) add to each one's own covariance."""

    @abstractmethod
    def lifted(self, covariances: FloatArray, floor: FloatArray) -> tuple[FloatArray, bool]:
        """Return covariances on or above the diagonal matrix of floors (d,), and whether any moved."""

    @abstractmethod
    def held_up(self, covariances: FloatArray, floor: FloatArray, varying: BoolArray | slice) -> BoolArray:
        """Say which lie on the floor in the columns that vary: (k,), or (1,) where they share one."""

    # Units

    @abstractmethod
    def units(self, covariance: FloatArray) -> FloatArray:
        """Return a matrix W such that rows times W are in the units of data of this covariance (d, d).

        Its group is that of the kind: rotations and one scale, column scales, or any linear map.
        """

    @abstractmethod
    def in_units(self, change: FloatArray, units: FloatArray) -> FloatArray:
        """Return a change of covariances of rows, as it is of rows times `units`."""

    @abstractmethod
    def roots(self, covariances: FloatArray) -> FloatArray:
        """Return standard deviations, or lower triangular roots."""

    @abstractmethod
    def coloured(self, noise: FloatArray, roots: FloatArray, i: int) -> FloatArray:
        """Return noise of unit variance (n, d) with the covariance of component i."""

    @abstractmethod
    def column_variances(self, covariances: FloatArray, k: int, d: int) -> FloatArray:
        """Return the variance of each column in each component, shape (k, d)."""

    @abstractmethod
    def given(self, covariances: FloatArray, given: Any, rest: Any) -> tuple[FloatArray, FloatArray]:
        """Return what knowing some columns leaves of the others, in every component.

        Parameters
        ----------
        covariances : ndarray
            As stored.
        given, rest : sequence of int
            Columns that are known, and the others.

        Returns
        -------
        slopes : ndarray, broadcasts to (k, len(rest), len(given))
            Of the conditional means.
        covariances : ndarray
            Conditional ones of the rest, as stored.
        """


def _lengths(scaled: FloatArray, gaps: FloatArray) -> FloatArray:
    """Lengths of scaled gaps, infinite beyond 1e154: of terms that large any difference is rounding."""
    found = np.linalg.norm(scaled, axis=1)
    found[np.isnan(found) & ~np.isnan(gaps).any(axis=1)] = np.inf
    return found
