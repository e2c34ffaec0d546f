"""Laws 2 and 3: value and spectrum that structures tend to as the separation grows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Structure, block_average, structure_of
from gmmscape.validation import positive_integer, square_matrix, standard_deviation


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
    matrix = square_matrix("products", products)
    return np.linalg.eigvalsh(matrix) / standard_deviation("sigma", sigma) ** 2


def structure_prediction(
    structure: Structure, truth: Mixture, sigma: float | None = None, n_components: int | None = None
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
    n_components : int, optional
        Number of fitted means, to be checked; that of the structure by default.

    Returns
    -------
    StructurePrediction
        Fields kl, means, eigenvalues.

    Raises
    ------
    InvalidParameterError
        If the structure does not fit the truth or n_components, or sigma is needed and missing.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> from gmmscape.landscape.laws import structure_prediction
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> structure = lab.candidates(3, 3, contiguous=True)[1]
    >>> predicted = structure_prediction(structure, truth)
    >>> round(predicted.kl, 6), predicted.means.ravel().tolist()
    (2.768951, [0.0, 12.0, 12.0])
    """
    count, sigma, _ = _setting(structure, truth, sigma)
    if n_components is not None and positive_integer("n_components", n_components) != count:
        raise InvalidParameterError(
            f"n_components={n_components}, but structure='{structure}' has {count} means: pass that number"
        )
    means = np.empty((count, truth.n_features))
    for block in structure.blocks:
        means[list(block.means)] = block_average(block.centers, truth)
    kl = leading_kl(structure, truth, sigma)
    return StructurePrediction(kl, means, limiting_spectrum(structure, truth, sigma))


def _setting(structure: Structure, truth: Mixture, sigma: float | None) -> tuple[int, float, FloatArray]:
    """Return k, sigma of the fit and the variances of the truth, checked against each other."""
    structure_of(structure, truth.n_components)
    variances = truth.kind.isotropic(truth.covariances)
    if variances is None:
        raise InvalidParameterError.of(
            "truth", truth, "pass a truth with spherical covariances: the laws are about these"
        )
    sigma = truth.sigma if sigma is None else standard_deviation("sigma", sigma)
    if sigma is None:
        raise InvalidParameterError.of("sigma", None, "pass the standard deviation of the fit")
    count = sum(len(block.means) for block in structure.blocks)
    return count, sigma, np.broadcast_to(variances, truth.n_components)
