"""Newton's method as a proof, and signs of eigenvalues, in intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gmmscape.verifier.interval import Clock, Interval, total
from gmmscape.verifier.objective import Row, Table

GUARD = 48  # digits beyond those that a certificate was made with
DECIMAL = re.compile(r"-?[0-9]{1,2000}(e-?[0-9]{1,3})?", re.ASCII)


def contracts(y: Table, values: Row, slopes: Table, radius: Fraction) -> bool:
    """Say whether m - Y f(m) + (I - Y f'(X)) (X - m) lies inside X: then X holds exactly one zero of f."""
    r, one, zero = Interval.of(radius), Interval.of(1), Interval.of(0)
    for i, row in enumerate(y):
        Clock.ask()
        step = total(a * b for a, b in zip(row, values, strict=True)).size()
        columns = range(len(row))
        left = [(one if i == j else zero) - total(row[m] * slopes[m][j] for m in columns) for j in columns]
        if not (step + total(x.size() for x in left) * r).hi < r.lo:
            return False
    return True


def inverse(matrix: Table) -> Table:
    """Return about the inverse of the middles; how good it is, decides whether maps contract."""
    size, bits = len(matrix), 3 * Interval.bits
    scale = 1 << bits
    rows = [
        [(x.lo + x.hi << bits - Interval.bits) // 2 for x in row] + [scale * (i == j) for j in range(size)]
        for i, row in enumerate(matrix)
    ]
    for i in range(size):
        Clock.ask()
        best = max(range(i, size), key=lambda m: abs(rows[m][i]))
        rows[i], rows[best] = rows[best], rows[i]
        pivot = rows[i][i]
        rows[i] = [x * scale // pivot for x in rows[i]]
        for m in range(size):
            if m != i:
                factor = rows[m][i]
                rows[m] = [x - (factor * y >> bits) for x, y in zip(rows[m], rows[i], strict=True)]
    back = bits - Interval.bits
    return [[Interval(x >> back, x >> back) for x in row[size:]] for row in rows]


def negative_pivots(matrix: Table) -> int:
    """Return the number of negative eigenvalues of all symmetric matrices within: of pivots of L D L'."""
    left, found = matrix, 0
    while left:
        Clock.ask()
        best = max(range(len(left)), key=lambda i: abs(left[i][i].lo + left[i][i].hi))
        pivot = left[best][best]
        need(pivot.lo > 0 or pivot.hi < 0, "a curvature has no sign")
        found += pivot.hi < 0
        others = [i for i in range(len(left)) if i != best]
        left = [[left[i][j] - (left[i][best] * left[best][j]).over(pivot) for j in others] for i in others]
    return found


def floats(values: Any) -> Any:
    """Return floats that a file holds, one or lists of them; ValueError where anything else is among them."""
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, list):
            floats(value)
        elif type(value) is not float:
            raise ValueError(f"{value!r} is not a number as floats are written")
    return values


def decimal(text: Any) -> Fraction:
    """Return a decimal number in a string; ValueError where it is none, or has a million digits."""
    need(isinstance(text, str) and DECIMAL.fullmatch(text), "a number is not written as a decimal one")
    return Fraction(text)


def digits(claim: Mapping[str, Any]) -> int:
    """Return the binary digits to compute with: those of the claim and some more."""
    bits = claim["bits"]
    need(type(bits) is int and 1 <= bits <= 4096, "the number of digits is none")
    return bits + GUARD


def need(holds: Any, why: str) -> None:
    """Raise ValueError where something does not hold."""
    if not holds:
        raise ValueError(why)
