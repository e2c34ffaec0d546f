"""Laws of the landscape of k equally weighted means: what can be said before anything is computed.

They concern means with weights 1/k and a known sigma, fitted to a population. The derivations are in
docs/laws.md; the numbers of the laws are those of DESIGN 2.3. Predictions to leading order say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.structure import Structure, block_average, structure_of
from gmmscape.mixture import Mixture
from gmmscape.validation import finite_array, positive_integer, real_number, standard_deviation

#: Law 6, measured by `gmmscape.birth` (and to these digits by two other programs): equal spacing, k = 3.
BIRTH_OF_EQUAL_SPACING = 10.046942447


class StructurePrediction(NamedTuple):
    """What a structure would look like at large separation.

    Attributes
    ----------
    kl : float
        Law 2, nats.
    means : ndarray of shape (k, d)
        Block averages; several means on one center are all put there.
    eigenvalues : ndarray of shape (k*d,)
        Law 3, ascending, in nats per squared unit of length.
    """

    kl: float
    means: FloatArray
    eigenvalues: FloatArray


class Errors5(NamedTuple):
    """Law 5: orders of the position errors, in sigma.

    Attributes
    ----------
    one_fits_many : float
        Of the error of the mean on two centers.
    half_gap : float
        Of half the distance of the two means on one center.
    """

    one_fits_many: float
    half_gap: float


def splitting_eigenvalues(mass: float, second_moment: ArrayLike, sigma: float = 1.0) -> FloatArray:
    """Law 1: curvatures that separate n equal means lying in one place, each of them n-1 times.

    Exact at a critical point: ``(mass / sigma^2) (1 - V / sigma^2)``, V running over the eigenvalues of the
    second moment. A negative one makes the point a saddle at which the means split.

    Parameters
    ----------
    mass : float
        E[psi] of one of the means.
    second_moment : array_like, scalar or of shape (d, d)
        V = E[psi (x - m)(x - m)'] / E[psi], m being the common place.
    sigma : float, default=1.0
        Standard deviation of the fit.

    Returns
    -------
    ndarray of shape (d,)
        Ascending, in nats per squared unit of length.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.

    Examples
    --------
    >>> from gmmscape.landscape.laws import splitting_eigenvalues
    >>> splitting_eigenvalues(0.5, 1.5).tolist()
    [-0.25]
    """
    mass, sigma = real_number("mass", mass), standard_deviation("sigma", sigma)
    matrix = _square("second_moment", np.atleast_2d(np.asarray(second_moment, dtype=np.float64)))
    return np.sort(mass / sigma**2 * (1.0 - np.linalg.eigvalsh(matrix) / sigma**2))


def leading_kl(structure: Structure, truth: Mixture, sigma: float | None = None) -> float:
    """Law 2: the KL that a structure tends to as the separation grows.

    ``sum_s w_s [|c_s - cbar|^2 / (2 sigma^2) + log(k w_s / m) + (d/2)(r_s - 1 - log r_s)]`` with cbar the
    average of the block of center s, m its number of means, and r_s = tau_s^2 / sigma^2; the last term is
    zero where the fitted sigma is the true one.

    Parameters
    ----------
    structure : Structure
        Of all means and all centers.
    truth : Mixture
        With spherical covariances tau_s^2 I.
    sigma : float, optional
        Standard deviation of the fit; that of the truth by default.

    Returns
    -------
    float
        In nats.

    Raises
    ------
    InvalidParameterError
        If the structure does not fit the truth, or sigma is needed and missing.
    """
    k, sigma, variances = _setting(structure, truth, sigma)
    total = 0.0
    for block in structure.blocks:
        average = block_average(block.centers, truth)
        for s in block.centers:
            weight = truth.weights[s]
            if weight > 0:
                ratio = variances[s] / sigma**2
                spread = np.sum((truth.means[s] - average) ** 2) / (2 * sigma**2)
                shape = 0.5 * truth.n_features * (ratio - 1.0 - np.log(ratio))
                total += weight * (spread + np.log(k * weight / len(block.means)) + shape)
    return float(total)


def limiting_spectrum(structure: Structure, truth: Mixture, sigma: float | None = None) -> FloatArray:
    """Law 3: the eigenvalues of the Hessian that a structure tends to as the separation grows.

    A block of one mean contributes W/sigma^2, d times, W being the weight of its centers; a block of m means
    on center s contributes w_s/(m sigma^2), d times, and (m-1) d times the limit of law 1 with V = tau_s^2:
    zero where the fitted sigma is the true one.

    Parameters
    ----------
    structure : Structure
        Of all means and all centers.
    truth : Mixture
        With spherical covariances tau_s^2 I.
    sigma : float, optional
        Standard deviation of the fit; that of the truth by default.

    Returns
    -------
    ndarray of shape (k*d,)
        Ascending, in nats per squared unit of length. Where tau_s > sigma, the (m-1) d of such a block are
        negative: they are those of coincident means, which split there.

    Raises
    ------
    InvalidParameterError
        If the structure does not fit the truth, or sigma is needed and missing.
    """
    _, sigma, variances = _setting(structure, truth, sigma)
    values: list[float] = []
    for block in structure.blocks:
        m, d = len(block.means), truth.n_features
        share = float(truth.weights[list(block.centers)].sum()) / m
        values += [share / sigma**2] * d
        if m > 1:
            ratio = float(variances[block.centers[0]]) / sigma**2
            values += [share / sigma**2 * (1.0 - ratio)] * ((m - 1) * d)
    return np.sort(values)


def embedding_eigenvalues(products: ArrayLike, sigma: float = 1.0) -> FloatArray:
    """Law 3: what each added dimension adds to the spectrum, exactly.

    Parameters
    ----------
    products : array_like of shape (k, k)
        E[psi_i psi_j].
    sigma : float, default=1.0
        Standard deviation of the fit and of the truth in the added dimension.

    Returns
    -------
    ndarray of shape (k,)
        Eigenvalues of ``products / sigma^2``, ascending, in nats per squared unit of length.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.
    """
    matrix = _square("products", np.asarray(products, dtype=np.float64))
    return np.linalg.eigvalsh(matrix) / standard_deviation("sigma", sigma) ** 2


def structure_prediction(
    structure: Structure, truth: Mixture, sigma: float | None = None, k: int | None = None
) -> StructurePrediction:
    """Return laws 2 and 3 for one structure: KL, positions and spectrum at large separation.

    Parameters
    ----------
    structure : Structure
        A candidate.
    truth : Mixture
        With spherical covariances.
    sigma : float, optional
        Standard deviation of the fit; that of the truth by default.
    k : int, optional
        Number of fitted means, to be checked; that of the structure by default.

    Returns
    -------
    StructurePrediction
        Fields kl, means, eigenvalues.

    Raises
    ------
    InvalidParameterError
        If the structure does not fit the truth or k, or sigma is needed and missing.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape.landscape.laws import structure_prediction
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> structure = gs.candidates(3, 3, contiguous=True)[1]
    >>> predicted = structure_prediction(structure, truth)
    >>> round(predicted.kl, 6), predicted.means.ravel().tolist()
    (2.768951, [0.0, 12.0, 12.0])
    """
    count, sigma, _ = _setting(structure, truth, sigma)
    if k is not None and positive_integer("k", k) != count:
        raise InvalidParameterError(f"k={k}, but structure='{structure}' has {count} means: pass that number")
    means = np.empty((count, truth.n_features))
    for block in structure.blocks:
        means[list(block.means)] = block_average(block.centers, truth)
    kl = leading_kl(structure, truth, sigma)
    return StructurePrediction(kl, means, limiting_spectrum(structure, truth, sigma))


def pair_curvature(half_gap: float, weight: float, sigma: float = 1.0) -> float:
    """Law 4: the smallest curvature of exactly two means on one center, to leading order in the half-gap.

    ``weight * half_gap^2 / sigma^2``, up to a factor 1 + O(half_gap^2 Delta^2), Delta being the distance to
    the nearest other mean in sigma. The law does not extend to three means.

    Parameters
    ----------
    half_gap : float
        Half the distance of the two means, in sigma.
    weight : float
        True weight of their center: 1/k_star where these are equal.
    sigma : float, default=1.0
        Standard deviation of the fit and of the center.

    Returns
    -------
    float
        In nats per squared unit of length.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.
    """
    half_gap = real_number("half_gap", half_gap, strict=False)
    return real_number("weight", weight) * half_gap**2 / standard_deviation("sigma", sigma) ** 2


def error_orders(a: float, b: float, sigma: float = 1.0) -> Errors5:
    """Law 5: orders of the errors for one mean on {c1, c2} and two on c3, three centers on a line.

    With u = (2b - a)/sigma: exp(-u^2/32) and sqrt(u) exp(-u^2/64). Factors that depend on b/a alone, as
    the separation grows, are left out.

    Parameters
    ----------
    a : float
        Distance of c1 and c2.
    b : float
        Distance of c2 and c3; 2b > a.
    sigma : float, default=1.0
        Standard deviation of the fit and of the centers.

    Returns
    -------
    Errors5
        Fields one_fits_many and half_gap, in sigma.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable or 2b <= a.
    """
    a, b = real_number("a", a), real_number("b", b)
    if 2 * b <= a:
        raise InvalidParameterError.of(
            "b", b, f"pass more than a/2={a / 2:g}: else c2 is not covered with c1"
        )
    u = (2 * b - a) / standard_deviation("sigma", sigma)
    return Errors5(float(np.exp(-(u**2) / 32)), float(np.sqrt(u) * np.exp(-(u**2) / 64)))


def equal_spacing_birth(sigma: float = 1.0) -> float:
    """Law 6: the separation below which three means on three equally spaced centers have no bad minimum.

    Measured, not derived; `gmmscape.birth` measures it again, and for other families of truths.

    Parameters
    ----------
    sigma : float, default=1.0
        Standard deviation of the fit and of the centers.

    Returns
    -------
    float
        The fold, 10.046942447 sigma.

    Raises
    ------
    InvalidParameterError
        If sigma is not usable.
    """
    return BIRTH_OF_EQUAL_SPACING * standard_deviation("sigma", sigma)


def signed_count(indices: Sequence[int], orbit_sizes: Sequence[int]) -> int:
    """Law 7: the sum of (-1)^index over labelled critical points.

    It is 1 for all critical points of a population's NLL if they are isolated and nondegenerate. Another
    value says that some are missing; 1 says nothing.

    Parameters
    ----------
    indices : sequence of int
        Number of negative curvatures, one for each orbit under relabelling.
    orbit_sizes : sequence of int
        Number of labelled points in each orbit: k! over the factorials of the numbers of coincident means.

    Returns
    -------
    int
        The sum.

    Raises
    ------
    InvalidParameterError
        If the lengths differ or an entry is not usable.
    """
    if len(indices) != len(orbit_sizes):
        raise InvalidParameterError(
            f"indices has {len(indices)} entries and orbit_sizes {len(orbit_sizes)}: pass one each an orbit"
        )
    return sum(
        positive_integer("orbit_sizes", size) * (-1) ** positive_integer("indices", index, minimum=0)
        for index, size in zip(indices, orbit_sizes, strict=True)
    )


def em_half_gap(t: int, start: float) -> float:
    """Law 8: where EM has come after t steps with two means at +-start on one Gaussian, in sigma.

    From a -> a - a^3 + 2 a^5: ``1/a_t^2 = 2 t + 1/a_0^2 - log(1 + 2 a_0^2 t)/2 + O(a_0^2)``, so that
    2 t a_t^2 tends to 1: EM is sublinear.

    Parameters
    ----------
    t : int
        Number of EM steps.
    start : float
        Half-gap at the start, in sigma; at most about 1.

    Returns
    -------
    float
        Half-gap after them, in sigma.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.
    """
    t, start = positive_integer("t", t, minimum=0), real_number("start", start)
    return float((2.0 * t + start**-2 - 0.5 * np.log1p(2.0 * start**2 * t)) ** -0.5)


def _square(name: str, matrix: FloatArray) -> FloatArray:
    matrix = finite_array(name, matrix, ndim=(2,))
    if matrix.shape[0] != matrix.shape[1]:
        raise InvalidParameterError.of(name, matrix.shape, "pass a square matrix")
    return matrix


def _setting(structure: Structure, truth: Mixture, sigma: float | None) -> tuple[int, float, FloatArray]:
    """Return k, sigma of the fit and the variances of the truth, checked against each other."""
    structure_of(structure, truth.n_components)
    if truth.covariance_type != "spherical":
        raise InvalidParameterError.of(
            "truth", truth, "pass a truth with spherical covariances: the laws are about these"
        )
    sigma = truth.sigma if sigma is None else standard_deviation("sigma", sigma)
    if sigma is None:
        raise InvalidParameterError.of("sigma", None, "pass the standard deviation of the fit")
    count = sum(len(block.means) for block in structure.blocks)
    return count, sigma, np.broadcast_to(truth.covariances, truth.n_components)
