"""Laws 1, 4 and 8: several means on one center."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.validation import positive_integer, real_number, square_matrix, standard_deviation


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
    matrix = square_matrix("second_moment", second_moment)
    return np.sort(mass / sigma**2 * (1.0 - np.linalg.eigvalsh(matrix) / sigma**2))


class Competitor(NamedTuple):
    """The mean that takes the tail of a pair: what the next order of law 4 depends on. Lengths in sigma.

    Attributes
    ----------
    distance : float
        From the center of the pair to the mean.
    center_distance : float
        From the center of the pair to the nearest center of that mean: the same where it is exact, less where
        it fits many.
    center_weight : float
        True weight of that center.
    """

    distance: float
    center_distance: float
    center_weight: float


def pair_curvature(
    half_gap: float, weight: float, sigma: float = 1.0, *, competitor: Competitor | None = None
) -> float:
    """Law 4: the smallest curvature of exactly two means on one center.

    ``weight * half_gap^2 / sigma^2`` to leading order in the half-gap, up to a factor
    1 + O(half_gap^2 Delta^2), Delta being the distance to the mean that splits the pair; with `competitor`
    that factor's first term too (docs/derivations/laws.md). The law does not extend to three means.

    Parameters
    ----------
    half_gap : float
        Half the distance of the two means, in sigma.
    weight : float
        True weight of their center: 1/k_star where these are equal.
    sigma : float, default=1.0
        Standard deviation of the fit and of the center.
    competitor : Competitor, optional
        The mean that takes the pair's tail, for the next order.

    Returns
    -------
    float
        In nats per squared unit of length.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or the border between the pair and the competitor does not lie between
        their centers.
    """
    half_gap = real_number("half_gap", half_gap, strict=False)
    weight = real_number("weight", weight)
    leading = weight * half_gap**2 / standard_deviation("sigma", sigma) ** 2
    return leading if competitor is None else leading * (1.0 + _next_order(half_gap, weight, competitor))


def _next_order(half_gap: float, weight: float, competitor: Competitor) -> float:
    """What the pair wins at the border, from the competitor's draws (b), against what its own lose it (a)."""
    try:
        distance, center_distance, share = (
            real_number(name, value) for name, value in zip(Competitor._fields, competitor, strict=True)
        )
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidParameterError):
            raise
        raise InvalidParameterError.of("competitor", competitor, "pass a laws.Competitor") from None
    border = 0.5 * distance + np.log(2.0) / distance
    beyond = center_distance - border
    if not (0.0 < beyond < distance and border < distance):
        raise InvalidParameterError.of(
            "competitor", tuple(competitor), "pass one whose nearest center lies beyond the border, half way"
        )
    # a/b, from logarithms: both are tiny where the distance is large.
    gap = 0.5 * (beyond**2 - border**2)
    sines = np.sin(np.pi * beyond / distance) / np.sin(np.pi * border / distance)
    lost = float(weight / share * np.exp(min(gap, 700.0)) * sines)
    rate = -(lost * border + beyond) / (distance * (1.0 - lost)) if lost < 1.0 else -np.inf
    factor = float((half_gap * border) ** 2 * (1.0 / 3.0 + 0.5 * rate))
    if not abs(factor) < 1.0:
        raise InvalidParameterError.of(
            "competitor",
            tuple(competitor),
            "pass one from which the pair wins more than it loses: with this one, no small half-gap is held",
        )
    return factor


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
    inverse = 2.0 * t + start**-2 - 0.5 * np.log1p(2.0 * start**2 * t)
    if not inverse > 0.0:
        raise InvalidParameterError.of("start", start, "pass at most about 1: the expansion ends there")
    return float(inverse**-0.5)
