"""Check that along a path of truths a minimum is born in an interval of parameters: a fold."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gmmscape.verifier.interval import Interval, total
from gmmscape.verifier.krawczyk import contracts, inverse, need, negative_pivots
from gmmscape.verifier.objective import Fit, Row, Table, Truth
from gmmscape.verifier.points import GUARD


def check_birth(claim: Mapping[str, Any]) -> None:
    """Raise ValueError unless grad = 0, H v = 0, l v = 1 has exactly one zero in the box, a regular one."""
    Interval.bits = int(claim["bits"]) + GUARD
    problem, k = claim["problem"], claim["problem"]["n_components"]
    point, radius = [Fraction(text) for text in claim["point"]], Fraction(claim["radius"])
    normal = [Fraction(x) for x in claim["normal"]]
    need(problem["measure"] == "path" and len(point) == 2 * k + 1 and len(normal) == k, "no birth")
    need(radius > 0, "no box")
    values, middle, _ = _system(claim, [Interval.of(x) for x in point], normal)
    _, slopes, hessian = _system(claim, [Interval.of(x - radius, x + radius) for x in point], normal)
    need(
        contracts(inverse(middle), values, slopes, radius), "the box is not proved to hold exactly one birth"
    )
    lifted = [
        [x + Interval.of(normal[i] * normal[j]) for j, x in enumerate(row)] for i, row in enumerate(hessian)
    ]
    need(negative_pivots(lifted) == 0, "another curvature is not proved to be positive")


def _system(claim: Mapping[str, Any], box: Row, normal: list[Fraction]) -> tuple[Row, Table, Table]:
    """Values and derivatives of the system over a box of means, null vector and parameter; the Hessian."""
    problem, k = claim["problem"], len(normal)
    begin, end = map(Fraction, problem["bracket"])
    low, high = ([*map(Fraction, problem[name])] for name in ("low", "high"))
    speeds = [(b - a) / (end - begin) for a, b in zip(low, high, strict=True)]
    masses = [Fraction(w) for w in problem["weights"]]
    need(min(masses) > 0 and len(masses) == len(low), "no truth")
    since = box[-1] - Interval.of(begin)
    truth = Truth(
        [w / sum(masses) for w in masses],
        [[Interval.of(c) + since * Interval.of(speed)] for c, speed in zip(low, speeds, strict=True)],
        Fraction(problem["truth_sigma"]),
        *(Fraction(claim["rule"][name]) for name in ("step", "strip", "reach")),
    )
    fit = Fit(k, Fraction(problem["sigma"]), truth.points(), truth)
    means, vector, zero = [[x] for x in box[:k]], box[k : 2 * k], Interval.of(0)
    still, moving = fit.at(means, third=True), fit.at(means, speeds=speeds)
    bent = [_dot(row, vector) for row in still.hessian]
    along = _dot([*map(Interval.of, normal)], vector) - Interval.of(1)
    slopes = [[*row, *[zero] * k, drift] for row, drift in zip(still.hessian, moving.gradient, strict=True)]
    for i in range(k):
        turned = [_dot(still.third[i][j], vector) for j in range(k)]
        slopes.append([*turned, *still.hessian[i], _dot(moving.hessian[i], vector)])
    slopes.append([*[zero] * k, *map(Interval.of, normal), zero])
    return [*still.gradient, *bent, along], slopes, still.hessian


def _dot(one: Row, other: Row) -> Interval:
    return total(a * b for a, b in zip(one, other, strict=True))
