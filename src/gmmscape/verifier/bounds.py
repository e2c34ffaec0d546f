"""Check a global bound, in float64 with every rounding accounted for.

S(theta) is the mean over the rows of N(x; theta, sigma^2 I) / q(x). Claimed is that no log S exceeds the
upper end of the gain. Lemmas, and how the errors below are counted: docs/derivations/global_bound.md.
Nothing is shared with the prover; of NumPy only sums, products, quotients, roots and roundings are used,
which IEEE 754 defines.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gmmscape.verifier.interval import Clock
from gmmscape.verifier.krawczyk import floats, need

Array = NDArray[np.float64]
U = 2.0**-53
#: log 2 in two parts: products of the first with whole numbers up to 2^20 are exact.
LOG2, LOG2_REST = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
REACH = 690.0  # of exponents: what float64 holds, with room
TINY = 2.0**-500  # quotients above it have all digits
MOST_PAIRS = 5 * 10**7  # of a row and a component: they are held in memory
#: Why a search may have ended.
ENDS = ("completed", "time_limit", "interrupted", "max_cells", "unproved")


def exponential(z: Array) -> Array:
    """exp(z) for |z| <= REACH, correct to 128 U relatively: 2^n exp(r) with |r| < 0.35, by 18 terms."""
    Clock.ask()
    n = np.rint(z / LOG2)
    r = (z - n * LOG2) - n * LOG2_REST
    found = np.ones_like(r)
    for i in range(17, 0, -1):
        found = 1.0 + found * r / i
    return np.ldexp(found, n.astype(np.int64))


def above(z: Array) -> Array:
    """At least exp(z), but for the error of `exponential`."""
    return np.where(z > REACH, np.inf, exponential(np.clip(z, -REACH, REACH)))


def below(z: Array) -> Array:
    """At most exp(z), but for the error of `exponential`."""
    return np.where(z < -REACH, 0.0, exponential(np.clip(z, -REACH, REACH)))


class Sums:
    """Terms of S over exp(shift), and `error`: how far off sums of them are, relatively, at most."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.rows, w, self.means, share = (
            np.array(floats(problem[name])) for name in ("rows", "row_weights", "means", "weights")
        )
        self.sigma, (n, self.d) = floats(problem["sigma"]), self.rows.shape
        self.k = len(self.means)
        fits = w.shape == (n,) and self.means.shape == (self.k, self.d) and share.shape == (self.k,)
        need(fits and 1 <= self.d <= 3 and min(w.min(), share.min(), self.sigma) > 0, "the problem is none")
        need(all(np.isfinite(x).all() for x in (self.rows, w, self.means, share, self.sigma)), "no numbers")
        need(w.min() > TINY * w.sum() and share.min() > TINY * share.sum(), "a weight is lost")
        need(n * self.k <= MOST_PAIRS, "there are too many rows and components")
        squares = np.stack([self.squares(self.rows - mean) for mean in self.means], axis=1)
        self.least = squares.min(axis=1)
        z, slack = self.least[:, None] - squares, 16 * U * squares
        share, w = share / share.sum(), w / w.sum()
        self.high, self.low = w / (below(z - slack) @ share), w / (above(z + slack) @ share)
        self.error = 4 * U * (n + self.k + 400)

    def squares(self, offsets: Array) -> Array:
        """Half the squared lengths of offsets, in sigma; correct to 8 U relatively."""
        return ((offsets / self.sigma) ** 2).sum(axis=-1) / 2

    def terms(self, squares: Array, shift: float, upper: bool) -> Array:
        """Bounds of terms of S over exp(shift), given half the squared distances (.., n)."""
        z, slack = self.least - squares - shift, 16 * U * (self.least + squares + abs(shift))
        return self.high * above(z + slack) if upper else self.low * below(z - slack)


def check_bound(content: Mapping[str, Any]) -> None:
    """Raise ValueError, or another error of what is damaged, unless the gain follows from the cover."""
    with np.errstate(all="ignore"):
        sums, cover = Sums(content["problem"]), content["cover"]
        low, high = floats(content["gain"])
        place = np.array(floats(content["argmax"]))
        floats([cover["corner"], cover["side"], cover["peaks"], [entry[3] for entry in cover["by_peak"]]])
        need(0 < floats(content["tol"]) <= 1, "the tolerance is none")
        need(content["stop_reason"] in ENDS, "the search ended in no way known")
        need(place.shape == (sums.d,) and 0 <= low <= high < np.inf, "the ends are no interval")
        if low > 0:  # zero needs no proof: the average of S over the components of q is one
            terms = sums.terms(sums.squares(sums.rows - place), low, upper=False)
            need(terms.sum() * (1 - sums.error) >= 1, "the argmax is not proved to gain so much")
        check_covered(sums, cover)
        for level, cells in cover["by_corners"]:
            check_corners(sums, cover, level, np.array(cells, dtype=np.int64), high)
        for number, peak in enumerate(cover["peaks"]):
            cells = [entry for entry in cover["by_peak"] if entry[2] == number]
            check_peak(sums, content, np.array(peak, dtype=np.float64), cells, high)


def places(cover: Mapping[str, Any], level: int, cells: Any) -> Array:
    """The lowest corners of cells; exact, as `check_covered` sees to."""
    return np.array(cover["corner"]) + np.array(cells) * np.ldexp(cover["side"], -level)


def check_covered(sums: Sums, cover: Mapping[str, Any]) -> None:
    """The cells cover the box of the rows, outside of which S is lower; each has a form that is checked."""
    cells = {(level, *cell) for level, some in cover["by_corners"] for cell in some}
    cells |= {(level, *cell) for level, cell, _, _ in cover["by_peak"]}
    need(all(len(cell) == 1 + sums.d and all(type(i) is int for i in cell) for cell in cells), "cells")
    need({entry[2] for entry in cover["by_peak"]} <= set(range(len(cover["peaks"]))), "a peak is missing")
    deepest, side = max(cell[0] for cell in cells), float(cover["side"])
    corner, finest = np.array(cover["corner"], dtype=np.float64), np.ldexp(side, -deepest - 1)
    exact = np.frexp(side)[0] == 0.5 and finest > 0 and (np.abs(corner) + side < finest * 2.0**52).all()
    need(exact and (np.rint(corner / finest) * finest == corner).all(), "corners are no exact floats")
    low, high = sums.rows.min(axis=0), sums.rows.max(axis=0)
    need((corner <= low).all() and (corner + side >= high).all(), "the root misses rows")
    left = [(0, *[0] * sums.d)]
    while left:
        level, *cell = one = left.pop()
        ends = places(cover, level, [cell, [i + 1 for i in cell]])
        if one in cells or (ends[1] < low).any() or (ends[0] > high).any():
            continue
        need(level < deepest, f"cell {cell} of level {level} is not covered")
        left += [(level + 1, *(2 * i + (j >> a & 1) for a, i in enumerate(cell))) for j in range(2**sums.d)]


def check_corners(sums: Sums, cover: Mapping[str, Any], level: int, cells: Any, high: float) -> None:
    """S exp(|theta - c|^2 / 2 sigma^2) is convex: over a cell with middle c it is highest at a corner."""
    steps = np.array([[j >> a & 1 for a in range(sums.d)] for j in range(2**sums.d)])
    points = places(cover, level, np.unique((cells[:, None] + steps).reshape(-1, sums.d), axis=0))
    growth = sums.d * (np.ldexp(cover["side"], -level) / sums.sigma) ** 2 / 8
    shift = high - growth - 16 * U * (high + growth)
    for some in np.array_split(points, 1 + len(points) * len(sums.rows) // 10**6):
        terms = sums.terms(sums.squares(some[:, None] - sums.rows), shift, upper=True)
        need((terms.sum(axis=1) * (1 + sums.error) <= 1).all(), f"a cell of level {level} may be higher")


def check_peak(sums: Sums, content: Mapping[str, Any], p: Array, cells: Any, high: float) -> None:
    """Where minus the Hessian is at least m, S exceeds S(p) by no more than |gradient at p|^2 / 2m."""
    problem, cover = content["problem"], content["cover"]
    y, d, one = (sums.rows - p) / sums.sigma, sums.d, np.eye(sums.d)
    t = sums.terms(sums.squares(sums.rows - p), high, upper=True)
    off = t - sums.terms(sums.squares(sums.rows - p), high, upper=False) + 4 * sums.error * t
    slope = np.abs(t @ y) + off @ np.abs(y)
    need(t.sum() > TINY, "a peak is lost")
    bending = t.sum() * one - (y * t[:, None]).T @ y
    doubt = d * (off @ (1 + (y**2).sum(axis=1))) * (1 + sums.error)
    for level, cell, _, share in cells:
        m = float(share) * float(t.sum())
        ends = places(cover, level, [cell, [i + 1 for i in cell]])
        reach = np.sqrt(2 * sums.squares(np.maximum(*np.abs(ends - p)))) * (1 + 8 * U)
        lowest, highest = np.minimum(ends[0], p), np.maximum(ends[1], p)
        near = np.maximum(0.0, np.maximum(lowest - sums.rows, sums.rows - highest))
        far = np.sqrt(2 * sums.squares(np.maximum(highest - sums.rows, sums.rows - lowest)))
        cubes = np.maximum(2.0, far**3 * (1 + 64 * U) - 3 * far * (1 - 64 * U))
        third = (sums.terms(sums.squares(near), high, upper=True) * cubes).sum() * (1 + sums.error)
        taken = (third * reach / 3 + m + doubt) * (1 + 16 * U)
        need(m > 0 and positive(bending, taken), "a cell may bend up")
        if sums.k == 1 and (p == sums.means[0]).all():  # S is one there, and its gradient a mean of rows
            need(
                exact_square(sums, problem) <= 2 * Fraction(m) * (1 + Fraction(high)) * Fraction(high),
                "the mean is not proved to be the best",
            )
        else:
            peak = t.sum() * (1 + sums.error) + (slope @ slope) / (2 * m) * (1 + sums.error)
            need(peak * (1 + 16 * U) <= 1, "a cell at a peak may be higher")


def positive(matrix: Array, taken: float) -> bool:
    """Whether a symmetric matrix less a multiple of the identity has positive pivots, in fractions."""
    d = len(matrix)
    left = [[Fraction(matrix[min(i, j), max(i, j)]) for j in range(d)] for i in range(d)]
    for i in range(d):
        left[i][i] -= Fraction(taken)
    while left and left[0][0] > 0:
        first = left[0]
        left = [[row[j] - row[0] * first[j] / first[0] for j in range(1, len(first))] for row in left[1:]]
    return not left


def exact_square(sums: Sums, problem: Mapping[str, Any]) -> Fraction:
    """The squared gradient of S at the mean of the one component, in sigma, exactly."""
    weights, mean = list(map(Fraction, problem["row_weights"])), list(map(Fraction, problem["means"][0]))
    slopes = (
        sum(w * (Fraction(row[a]) - mean[a]) for w, row in zip(weights, problem["rows"], strict=True))
        for a in range(sums.d)
    )
    return sum(slope**2 for slope in slopes) / (sum(weights) * Fraction(sums.sigma)) ** 2
