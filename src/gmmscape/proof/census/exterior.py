"""Exterior: how far beyond the outermost centers the mean of a critical point can be.

Lemma and proof: docs/derivations/census.md#exterior.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from gmmscape.effort import EFFORT
from gmmscape.proof.balls import Ball, exact, precision


@cache
def exterior_reach(k: int) -> Fraction:
    """Return a length beyond the outermost centers, in sigma, out of which no critical point has a mean.

    Parameters
    ----------
    k : int
        Number of fitted means, of equal weight and with the standard deviation of the truth.

    Returns
    -------
    Fraction
        The smallest multiple tried for which the lemma's inequality is proved.

    Raises
    ------
    ArithmeticError
        If there is none: with very many means.
    """
    for number in range(1, EFFORT.census.exterior_tries + 1):
        beyond = Fraction(number, EFFORT.census.exterior_parts)
        if is_pulled_inward(k, beyond):
            return beyond
    raise ArithmeticError(f"no reach is proved for {k} means")


def is_pulled_inward(k: int, beyond: Fraction) -> bool:
    """Say whether it is proved that the outermost mean is pulled inward, so far out or farther.

    Parameters
    ----------
    k : int
        Number of means.
    beyond : Fraction
        Distance R of the outermost mean from the outermost center on its side, in sigma.

    Returns
    -------
    bool
        Whether 2 b / (b + sqrt(b^2 + 4)) > exp(-(R - x)^2 / 2), with b the least slope of log Z beyond R and
        x the place from which on Z rises.
    """
    with precision(EFFORT.proof.first_bits):
        slope, rises, far = _slope(k, beyond), _rises(k, beyond), exact(beyond)
        if not (slope > 0 and rises < far and _goes_on(k, far)):
            return False
        pull = 2 * slope / (slope + (slope**2 + 4).sqrt())
        return bool(pull > (-((far - rises) ** 2) / 2).exp())


def _slope(k: int, beyond: Fraction) -> Ball:
    """R - v, where v bounds how far the average of the means under the posteriors at R is below R.

    Any v with (k - 1) max_d (d - v) exp(-d^2/2) <= v does; the maximum is exp(-d^2/2)/d where d(d - v) = 1.
    """
    parts = EFFORT.census.exterior_parts
    for number in range(k * parts):
        v = exact(Fraction(number, parts))
        d = (v + (v**2 + 4).sqrt()) / 2
        if (k - 1) * (-(d**2) / 2).exp() / d <= v:
            return exact(beyond) - v
    return exact(-1)


def _rises(k: int, beyond: Fraction) -> Ball:
    """x = R/2 + log(C/R)/R, C = (k - 1)/sqrt(e), or zero: from there to R, Z does not fall."""
    if k == 1:
        return exact(0)
    far = exact(beyond)
    return (far / 2 + (_leading(k) / far).log() / far).max(exact(0))


def _goes_on(k: int, far: Ball) -> bool:
    """Whether R - x grows with R from here on: R^2/2 + log(C/R) + 1 > 0, where that is convex, or rises.

    Its derivative is R - 1/R, so that its least value from R on is at R, or at one where R is less.
    """
    if k == 1:
        return True
    least = far.max(exact(1))
    return bool(least**2 / 2 + (_leading(k) / least).log() + 1 > 0)


def _leading(k: int) -> Ball:
    return (k - 1) / exact(Fraction(1, 2)).exp()
