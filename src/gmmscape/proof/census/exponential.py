"""Exponentials in float64 with a proved bound of their error, for arrays.

The proof: docs/derivations/census.md#exponential.
"""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.proof.balls import exact, flint, precision

#: Half the distance of floats from 1 upward: largest relative error of one rounded operation.
UNIT = 2.0**-53
#: Bound of the relative error of `decaying`.
ERROR = 8 * UNIT
#: Larger arguments are taken for this one: no float is near underflow.
MOST = 700.0
#: Entries of the table per unit of the argument, and terms of the series between them.
_PARTS = 64
_TERMS = 8


def decaying(t: FloatArray) -> FloatArray:
    """Return exp(-t) to a relative error of `ERROR`.

    Parameters
    ----------
    t : ndarray
        From 0 to `MOST`; any shape.

    Returns
    -------
    ndarray
        Of the shape of t.
    """
    place = np.rint(t * _PARTS)
    # Exact: entries are multiples of 1/64, and t is within a factor of two of its own, or that is zero.
    rest = place / _PARTS - t
    found = np.full_like(rest, 1.0 / factorial(_TERMS - 1))
    for n in range(_TERMS - 2, -1, -1):
        found *= rest
        found += 1.0 / factorial(n)
    found *= _table()[place.astype(np.intp)]
    return found


@cache
def _table() -> FloatArray:
    """exp(-j/64), each checked to be within half of the allowance of a rounded number."""
    arb = flint().arb
    found = np.empty(int(MOST) * _PARTS + 2)
    with precision(128):
        allowed = exact(2 * UNIT)
        for j in range(len(found)):
            true = (-arb(j) / _PARTS).exp()
            found[j] = float(true.mid())
            if not abs(exact(float(found[j])) - true) <= allowed * true:
                raise ArithmeticError("a float is not as near as it should be")
    return found
