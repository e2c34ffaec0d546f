"""Check that along a path of truths a minimum is born in an interval of parameters: a fold."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gmmscape.verifier.interval import Interval, total
from gmmscape.verifier.krawczyk import contracts, decimal, digits, floats, inverse, need, negative_pivots
from gmmscape.verifier.objective import Row, Table, slopes
from gmmscape.verifier.points import MOST_ON_A_LINE, shares_of, truth_of


def check_birth(claim: Mapping[str, Any]) -> None:
    """Raise ValueError unless grad = 0, H v = 0, l v = 1 has exactly one zero in the box, a regular one."""
    Interval.bits = digits(claim)
    problem, k = claim["problem"], claim["problem"]["n_components"]
    need(type(k) is int and 0 < k <= MOST_ON_A_LINE, "no number of means, or too many")
    need(
        problem["measure"] == "path" and len(claim["point"]) == 2 * k + 1 == 2 * len(claim["normal"]) + 1,
        "no birth",
    )
    sigma, radius = Fraction(floats(problem["sigma"])), decimal(claim["radius"])
    need(sigma > 0 and radius > 0, "no box")
    # Means and parameter count in sigma from here on, and so does the null vector.
    point = [decimal(x) / sigma for x in claim["point"]]
    normal = [Fraction(x) * sigma for x in floats(claim["normal"])]
    ends = [floats(problem[name]) for name in ("bracket", "low", "high")]
    need(len(ends[0]) == 2 and len(ends[1]) == len(ends[2]) == len(problem["weights"]), "no path")
    radius = radius / sigma
    values, middle, _ = _system(claim, [Interval.of(x) for x in point], normal)
    _, slope, hessian = _system(claim, [Interval.of(x - radius, x + radius) for x in point], normal)
    need(contracts(inverse(middle), values, slope, radius), "the box is not proved to hold one birth only")
    lifted = [
        [x + Interval.of(normal[i] * normal[j]) for j, x in enumerate(row)] for i, row in enumerate(hessian)
    ]
    need(negative_pivots(lifted) == 0, "another curvature is not proved to be positive")


def _system(claim: Mapping[str, Any], box: Row, normal: list[Fraction]) -> tuple[Row, Table, Table]:
    """Values and derivatives of the system over a box of means, null vector and parameter; the Hessian."""
    problem, k = claim["problem"], len(normal)
    sigma = Fraction(problem["sigma"])
    begin, end, *places = [Fraction(x) / sigma for name in ("bracket", "low", "high") for x in problem[name]]
    low, high = places[: len(places) // 2], places[len(places) // 2 :]
    speeds = [(b - a) / (end - begin) for a, b in zip(low, high, strict=True)]
    since = box[-1] - Interval.of(begin)
    centers = [[Interval.of(c) + since * Interval.of(speed)] for c, speed in zip(low, speeds, strict=True)]
    truth = truth_of(claim, shares_of(problem["weights"], len(low)), centers)
    points, means, vector = truth.points(), [[x] for x in box[:k]], box[k : 2 * k]
    error = truth.error(means, Fraction(1), Fraction(1, k))
    still = slopes(points, means, error, third=True)
    # The mass of a component changes by its speed times (x - c) / tau^2 of itself.
    rates = [Interval.of(speed / truth.tau**2) for speed in speeds]
    drift = [
        (x, [mass * rate * (x[0] - c[0]) for mass, rate, c in zip(masses, rates, centers, strict=True)])
        for x, masses in points
    ]
    moving = slopes(drift, means, error * max(map(abs, speeds)) / truth.tau**2)
    zero, along = Interval.of(0), [*map(Interval.of, normal)]
    rows = [[*row, *[zero] * k, by] for row, by in zip(still.hessian, moving.gradient, strict=True)]
    for i in range(k):
        turned = [_dot(still.third[i][j], vector) for j in range(k)]
        rows.append([*turned, *still.hessian[i], _dot(moving.hessian[i], vector)])
    rows.append([*[zero] * k, *along, zero])
    bent = [_dot(row, vector) for row in still.hessian]
    return [*still.gradient, *bent, _dot(along, vector) - Interval.of(1)], rows, still.hessian


def _dot(one: Row, other: Row) -> Interval:
    return total(a * b for a, b in zip(one, other, strict=True))
