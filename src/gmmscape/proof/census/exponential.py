"""Exponentials in float64 with a proved bound of their error, for arrays.

The proof: docs/derivations/census.md#exponential.
"""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.proof.balls import exact, flint, precision

#: Half the distance of floats from 1 upward: largest relative error of one rounded operation.
UNIT = float(np.finfo(np.float64).eps) / 2
#: Bound of the relative error of `decaying`.
ERROR = 8 * UNIT


def decaying(t: FloatArray) -> FloatArray:
    """Return exp(-t) to a relative error of `ERROR`.

    Parameters
    ----------
    t : ndarray
        From 0 to `EFFORT.census.largest_exponent`; any shape.

    Returns
    -------
    ndarray
        Of the shape of t.
    """
    parts, terms = EFFORT.census.entries, EFFORT.census.terms
    place = np.rint(t * parts)
    # Exact: entries are multiples of 1/64, and t is within a factor of two of its own, or that is zero.
    rest = place / parts - t
    found = np.full_like(rest, 1.0 / factorial(terms - 1))
    for n in range(terms - 2, -1, -1):
        found *= rest
        found += 1.0 / factorial(n)
    found *= _table()[place.astype(np.intp)]
    return found


@cache
def _table() -> FloatArray:
    """exp(-j/64), each checked to be within half of the allowance of a rounded number."""
    arb, parts = flint().arb, EFFORT.census.entries
    found = np.empty(int(EFFORT.census.largest_exponent) * parts + 2)
    with precision(128):
        allowed = exact(2 * UNIT)
        for j in range(len(found)):
            true = (-arb(j) / parts).exp()
            found[j] = float(true.mid())
            if not abs(exact(float(found[j])) - true) <= allowed * true:
                raise ArithmeticError("a float is not as near as it should be")
    return found
