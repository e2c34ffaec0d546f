"""Check that a box holds exactly one critical point, and what is said of its index, value and structure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gmmscape.verifier.interval import Interval, total
from gmmscape.verifier.krawczyk import contracts, decimal, digits, floats, inverse, need, negative_pivots
from gmmscape.verifier.objective import Points, Table, Truth, lower, nll, slopes, upper
from gmmscape.verifier.span import Span, across, gaussian

EMPTY = Fraction(1, 10**6)  # a mean of a star is attributed more than this of some center
MOST, MOST_ON_A_LINE = 500, 100  # coordinates of means; means where third derivatives are taken


def check_point(claim: Mapping[str, Any]) -> None:
    """Raise ValueError where something does not follow."""
    Interval.bits = digits(claim)
    problem = claim["problem"]
    k, sample = problem["n_components"], problem["measure"] == "sample"
    sigma = Fraction(floats(problem["sigma"]))
    known = problem["measure"] in ("sample", "population")
    need(type(k) is int and k > 0 and sigma > 0 and known, "no problem")
    # From here on lengths count in sigma.
    given = floats(problem["rows" if sample else "centers"])
    places = [[Fraction(x) / sigma for x in place] for place in given]
    equally = sample and problem["weights"] is None
    weights = shares_of([1.0] * len(places) if equally else problem["weights"], len(places))
    point, d = [decimal(text) / sigma for text in claim["point"]], len(places[0])
    need(k * d <= MOST and (sample or k <= MOST_ON_A_LINE), "there are too many means")
    radius, tight = decimal(claim["radius"]) / sigma, decimal(claim["tight_radius"]) / sigma
    need(all(len(place) == d > 0 for place in places), "places of unequal dimensions")
    need(len(point) == k * d and 0 < tight <= radius, "point and radii do not fit together")
    table, unit, outside = [[*map(Interval.of, x)] for x in places], total([Interval.of(sigma).log()] * d), 0
    if claim.get("span") is not None:
        need(not sample, "rows have no centers")
        span = Span(places, claim["span"])
        # From here on coordinates are those of the span.
        table, d, outside = [span.coordinates(x) for x in places], claim["span"], span.outside
        point, tight, radius = span.boxes(point, tight, radius)
    need(sample or d <= 2, "not in the plane or on a line")
    truth = None if sample else truth_of(claim, weights, table)
    rows = [(x, [Interval.of(w)]) for x, w in zip(table, weights, strict=True)]
    points: Points = truth.points() if truth else rows
    equal = [Fraction(1, k)] * k

    def error(box: Table) -> Fraction:
        return truth.error(box, Fraction(1), equal[0]) if truth else Fraction(0)

    exact, small, large = (boxes(point, by, d) for by in (Fraction(0), tight, radius))
    middle, within = slopes(points, exact, error(exact)), slopes(points, small, error(small))
    y = inverse(middle.hessian)
    need(contracts(y, middle.gradient, within.hessian, tight), "the tight box is not proved to hold a point")
    # On a line of a known truth from the middle, by third derivatives; else straight away.
    bent = d == 1 and not sample
    over = slopes(points, large, error(large), third=bent)
    hessians = _from_middle(middle.hessian, over.third, radius) if bent else over.hessian
    need(
        contracts(y, middle.gradient, hessians, radius),
        "the box is not proved to hold one critical point only",
    )
    need(type(claim["index"]) is int, "the index is none")
    index = negative_pivots(middle.hessian)
    value = nll(points, small, equal, Fraction(1), error(small)) + unit
    if truth is not None and outside:
        index += outside * negative_pivots(across(within.shares, within.pairs, truth.tau))
        value = value + total([gaussian(truth.tau, Fraction(1))] * outside)
    need(index == claim["index"], "the index is another")
    _within(value, claim["nll"], "nll")
    if truth is None:
        told = [claim[name] for name in ("kl", "blocks", "defect", "rule", "errors")]
        return need(told == [None, None, None, None, []], "rows have no truth")
    wrong = truth.error(truth.centers, truth.tau, min(weights))
    entropy = nll(points, truth.centers, weights, truth.tau, wrong) + unit
    entropy = entropy + total([gaussian(truth.tau, truth.tau)] * outside)
    _within(value - entropy, claim["kl"], "kl")
    _check_structure(claim, table, weights, small, within.shares)


def _from_middle(hessian: Table, third: list[Table], radius: Fraction) -> Table:
    """The Hessians over a box, from that in the middle and third derivatives over the box."""
    far = [[radius * sum(upper(x.size()) for x in row) for row in layer] for layer in third]
    return [[x.wider(far[i][j]) for j, x in enumerate(row)] for i, row in enumerate(hessian)]


def _check_structure(
    claim: Mapping[str, Any],
    places: Table,
    weights: list[Fraction],
    small: Table,
    shares: Table,
) -> None:
    """Check blocks, defect and errors, over a box of means with its sums of posteriors."""
    k = len(small)
    blocks = claim["blocks"]
    for name, n in (("means", k), ("centers", len(places))):
        need(sorted(i for block in blocks for i in block[name]) == list(range(n)), f"blocks miss {name}")
    need(
        all(type(i) is int for block in blocks for name in block for i in block[name]),
        "blocks hold no numbers",
    )
    inside = {(i, s) for block in blocks for i in block["means"] for s in block["centers"]}
    table = [[x.over(Interval.of(w)) for x, w in zip(row, weights, strict=True)] for row in shares]
    others = [x for i, row in enumerate(table) for s, x in enumerate(row) if (i, s) not in inside]
    for block in blocks:
        star = min(len(block["means"]), len(block["centers"])) == 1
        held = [max([lower(table[i][s]) for s in block["centers"]], default=0) for i in block["means"]]
        need(not star or min(held) > EMPTY, "a mean of a block is not proved to have a share in its centers")
    defect = Interval(max([0, *(x.lo for x in others)]), max([0, *(x.hi for x in others)]))
    _within(defect, claim["defect"], "defect")
    need(len(claim["errors"]) == k, "each mean has an error")
    for block in blocks:
        for i in block["means"]:
            _within(_distance(places, weights, block, small[i]), claim["errors"][i], f"the error of mean {i}")


def shares_of(weights: list[float], n: int) -> list[Fraction]:
    """Return weights that sum to one."""
    masses = [Fraction(w) for w in floats(weights)]
    need(len(masses) == n and min(masses) > 0, "weights are not positive, or not as many as places")
    return [w / sum(masses) for w in masses]


def truth_of(claim: Mapping[str, Any], weights: list[Fraction], centers: Table) -> Truth:
    """Return the truth of a claim and its rule, in units of sigma."""
    sigma = Fraction(floats(claim["problem"]["sigma"]))
    lengths = [Fraction(floats(claim["problem"]["truth_sigma"])) / sigma]
    lengths += [Fraction(floats(claim["rule"][name])) / sigma for name in ("step", "strip", "reach")]
    need(min(lengths) > 0, "a length is not positive")
    return Truth(weights, centers, *lengths)


def boxes(point: list[Fraction], radius: Fraction, d: int) -> Table:
    """Return the box of a radius about a point, one row a mean."""
    ends = [Interval.of(x - radius, x + radius) for x in point]
    return [ends[i : i + d] for i in range(0, len(ends), d)]


def _distance(
    centers: Table, weights: list[Fraction], block: Mapping[str, Any], mean: list[Interval]
) -> Interval:
    """The distance of a mean from the average of its centers; from the nearest where its block is no star."""
    members, axes = block["centers"], range(len(mean))
    if members and min(len(members), len(block["means"])) == 1:
        mass = sum(weights[s] for s in members)
        parts = [[Interval.of(weights[s] / mass) * x for x in centers[s]] for s in members]
        centers = [[total(part[a] for part in parts) for a in axes]]
    offsets = [[mean[a] - center[a] for a in axes] for center in centers]
    found = [x[0].size() if len(x) == 1 else total(y.square() for y in x).root() for x in offsets]
    return Interval(min(x.lo for x in found), min(x.hi for x in found))


def _within(found: Interval, claimed: list[str], what: str) -> None:
    low, high = map(decimal, claimed)
    need(low <= lower(found) and upper(found) <= high, f"{what} is not proved to be within its ends")
