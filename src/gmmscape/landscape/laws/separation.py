"""Laws 5 and 6: how errors fall with the separation, and where a structure begins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.validation import real_number, standard_deviation

#: Law 6, measured by `gmmscape.birth` (and to these digits by two other programs): equal spacing, k = 3.
BIRTH_OF_EQUAL_SPACING = 10.046942447


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
