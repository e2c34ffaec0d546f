"""Check that a box holds exactly one critical point, and what is said of its index, value and structure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gmmscape.verifier.interval import Interval, total
from gmmscape.verifier.krawczyk import contracts, inverse, need, negative_pivots
from gmmscape.verifier.objective import Fit, Known, Table, Truth

#: Digits beyond those that a certificate was made with.
GUARD = 48


def check_point(claim: Mapping[str, Any]) -> None:
    """Raise ValueError where something does not follow."""
    Interval.bits = int(claim["bits"]) + GUARD
    fit, centers, weights = _problem(claim["problem"], claim["rule"])
    d = len(fit.points[0][0])
    point = [Fraction(text) for text in claim["point"]]
    radius, tight = Fraction(claim["radius"]), Fraction(claim["tight_radius"])
    need(len(point) == fit.k * d and 0 < tight <= radius, "point and radii do not fit together")
    middle = fit.at(_box(point, Fraction(0), d))
    y, small = inverse(middle.hessian), fit.at(_box(point, tight, d))
    need(contracts(y, middle.gradient, small.hessian, tight), "the tight box is not proved to hold a point")
    wide = _over(fit, middle, point, radius, d)
    need(
        contracts(y, middle.gradient, wide, radius),
        "the box is not proved to hold exactly one critical point",
    )
    need(negative_pivots(middle.hessian) == claim["index"], "the index is another")
    _within(small.nll, claim["nll"], "nll")
    if fit.truth is None:
        need(
            claim["kl"] is claim["blocks"] is claim["defect"] is None and not claim["errors"],
            "rows have no truth",
        )
        return
    _within(small.nll - fit.truth.entropy(fit.points), claim["kl"], "kl")
    blocks = claim["blocks"]
    for name, n in (("means", fit.k), ("centers", len(centers))):
        need(sorted(i for block in blocks for i in block[name]) == list(range(n)), f"blocks miss {name}")
    inside = {(i, s) for block in blocks for i in block["means"] for s in block["centers"]}
    others = [
        x.over(Interval.of(weights[s]))
        for i, row in enumerate(small.shares)
        for s, x in enumerate(row)
        if (i, s) not in inside
    ]
    defect = Interval(max([0, *(x.lo for x in others)]), max([0, *(x.hi for x in others)]))
    _within(defect, claim["defect"], "defect")
    need(len(claim["errors"]) == fit.k, "each mean has an error")
    for block in blocks:
        for i in block["means"]:
            mean = _box(point[i * d : i * d + d], tight, d)[0]
            found = _error(centers, weights, block, mean).over(Interval.of(fit.sigma))
            _within(found, claim["errors"][i], f"the error of mean {i}")


def _problem(problem: Mapping[str, Any], rule: Any) -> tuple[Fit, list[list[Fraction]], list[Fraction]]:
    """The fit, and its truth's centers and weights; both empty for rows."""
    k, sigma = problem["n_components"], Fraction(problem["sigma"])
    sample = problem["measure"] == "sample"
    places = [[Fraction(x) for x in place] for place in problem["rows" if sample else "centers"]]
    masses = [Fraction(w) for w in problem["weights"] or [1] * len(places)]
    weights = [w / sum(masses) for w in masses]
    need(
        min(masses) > 0 and sigma > 0 and type(k) is int and k > 0 and len(weights) == len(places),
        "no problem",
    )
    if sample:
        rows = [([*map(Interval.of, row)], [Interval.of(w)]) for row, w in zip(places, weights, strict=True)]
        return Fit(k, sigma, rows, None), [], []
    need(problem["measure"] == "population", "no problem")
    truth = Truth(
        weights,
        [[*map(Interval.of, place)] for place in places],
        Fraction(problem["truth_sigma"]),
        *(Fraction(rule[name]) for name in ("step", "strip", "reach")),
    )
    return Fit(k, sigma, truth.points(), truth), places, weights


def _error(
    centers: list[list[Fraction]], weights: list[Fraction], block: Mapping[str, Any], mean: list[Interval]
) -> Interval:
    """The distance of a mean from the average of its centers, or from the nearest where its block is no star."""
    members, axes = block["centers"], range(len(mean))
    if members and min(len(members), len(block["means"])) == 1:
        mass = sum(weights[s] for s in members)
        centers = [[sum(weights[s] * centers[s][a] for s in members) / mass for a in axes]]
    found = [
        (mean[0] - Interval.of(center[0])).size()
        if len(axes) == 1
        else total((mean[a] - Interval.of(center[a])).square() for a in axes).root()
        for center in centers
    ]
    return Interval(min(x.lo for x in found), min(x.hi for x in found))


def _box(point: list[Fraction], radius: Fraction, d: int) -> Table:
    ends = [Interval.of(x - radius, x + radius) for x in point]
    return [ends[i : i + d] for i in range(0, len(ends), d)]


def _over(fit: Fit, middle: Known, point: list[Fraction], radius: Fraction, d: int) -> Table:
    """Hessians over a box; on a line of a known truth from the middle, by third derivatives."""
    line = d == 1 and fit.truth is not None
    known = fit.at(_box(point, radius, d), third=line)
    if not line:
        return known.hessian
    return [
        [x.wider(radius * sum(_most(y) for y in known.third[i][j])) for j, x in enumerate(row)]
        for i, row in enumerate(middle.hessian)
    ]


def _most(x: Interval) -> Fraction:
    return Fraction(x.size().hi, 1 << Interval.bits)


def _within(found: Interval, claimed: list[str], what: str) -> None:
    low, high = map(Fraction, claimed)
    need(found.within(Interval.of(low, high)), f"{what} is not proved to be within its ends")
