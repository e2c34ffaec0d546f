"""Law 9: when a center on the border of two blocks can be cut between their means, stably."""

from __future__ import annotations

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.validation import real_number, standard_deviation


def cut_stability(
    alpha: float,
    gap: float,
    first: float,
    second: float,
    *,
    weight: float = 1.0,
    offset: float = 0.0,
    sigma: float = 1.0,
) -> float:
    """Law 9: a cut center is stable, to leading order, where this number is below one.

    Two means share the draws of one center, alpha to 1 - alpha, and each has whole centers besides. With
    z = Phi^-1(1 - alpha) the number is
    ``phi(z) (gap / (4 sigma)) (1 + (2 offset/gap)^2) [1/(first + alpha) + 1/(second + 1 - alpha)]``.

    Parameters
    ----------
    alpha : float
        Share of the draws of the cut center that goes to the first mean, between 0 and 1.
    gap : float
        Distance of the two means.
    first, second : float
        Mass of the centers that belong wholly to the first mean, and to the second: their number, where true
        weights are equal.
    weight : float, default=1.0
        Mass of the cut center, in the unit of `first` and `second`.
    offset : float, default=0.0
        Distance of the cut center from the line through the means.
    sigma : float, default=1.0
        Standard deviation of the fit and of the centers.

    Returns
    -------
    float
        One over the margin: the largest eigenvalue of what the moving border takes back, relative to what
        holds the means. Up to terms of order (sigma/gap)^2.

    Raises
    ------
    InvalidParameterError
        If alpha is not between 0 and 1, a length or mass is not usable.

    Examples
    --------
    >>> from gmmscape.landscape import laws
    >>> round(laws.cut_stability(0.5, 2 * 4.956995, 2, 2), 4)
    0.791
    """
    from scipy.special import ndtri

    alpha, gap = real_number("alpha", alpha), real_number("gap", gap)
    if alpha >= 1.0:
        raise InvalidParameterError.of("alpha", alpha, "pass a share between 0 and 1")
    first = real_number("first", first, strict=False)
    second = real_number("second", second, strict=False)
    weight, sigma = real_number("weight", weight), standard_deviation("sigma", sigma)
    offset = real_number("offset", offset, strict=False)
    z = float(ndtri(1.0 - alpha))
    density = float(np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))
    held = 1.0 / (first + alpha * weight) + 1.0 / (second + (1.0 - alpha) * weight)
    return weight * density * gap / (4.0 * sigma) * (1.0 + (2.0 * offset / gap) ** 2) * held
