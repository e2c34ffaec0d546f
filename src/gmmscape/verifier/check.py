"""Check a certificate: read it, compute everything anew, and refuse what does not follow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from gmmscape.exceptions import CertificateError
from gmmscape.verifier.bounds import check_bound
from gmmscape.verifier.interval import Interval, largest, total
from gmmscape.verifier.objective import Known, Objective, Table

GUARD = 48


def verify(path: str | Path) -> bool:
    """Check a certificate that `certify` or another proof has written.

    Everything is computed anew from the problem in the file, with nothing of the prover, in arithmetic of its
    own: whole numbers of Python, and for global bounds sums of floats whose roundings are accounted for.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    bool
        True: all statements of the certificate are proved. Cost: some milliseconds for each node or row.

    Raises
    ------
    CertificateError
        If a statement does not follow, or the file was changed or is no certificate.
    OSError
        If the file cannot be read.
    """
    try:
        content = json.loads(Path(path).read_bytes(), parse_constant=_refused, parse_float=_as_written)
        checks = {"gmmscape-certificate": _check_point, "gmmscape-global-bound": check_bound}
        if content["format"] not in checks or content["format_version"] != 1:
            raise ValueError(f"{content['format']!r} is no certificate that this version checks")
        header = ("format", "format_version", "gmmscape_version", "digest")
        rest = {key: value for key, value in content.items() if key not in header}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
        if hashlib.sha256(text.encode()).hexdigest() != content["digest"]:
            raise ValueError("it was changed after it was written: its digest is another")
        checks[content["format"]](rest)
    except OSError:
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError) as error:
        raise CertificateError(f"{path} proves nothing: {error}") from error
    return True


def _as_written(text: str) -> float:
    """A float; only its shortest text is let in, so that no digit can change without the number."""
    number = float(text)
    if repr(number) != text:
        raise ValueError(f"{text} is not as it was written")
    return number


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _check_point(claim: Mapping[str, Any]) -> None:
    Interval.bits = int(claim["bits"]) + GUARD
    objective = Objective(claim["problem"], claim["rule"])
    k, d = objective.k, objective.d
    point = [Fraction(text) for text in claim["point"]]
    radius, tight = Fraction(claim["radius"]), Fraction(claim["tight_radius"])
    _need(len(point) == k * d and 0 < tight <= radius, "point and radii do not fit together")

    middle = objective.at(_box(point, Fraction(0), d))
    inverse = _inverse(middle.hessian)
    small = objective.at(_box(point, tight, d))
    _need(_contracts(middle, inverse, small.hessian, tight), "the tight box is not proved to hold a point")
    _need(_contracts(middle, inverse, _over(objective, middle, point, radius), radius),
          "the box is not proved to hold exactly one critical point")  # fmt: skip
    _need(_negative(middle.hessian) == claim["index"], "the index is another")
    _within(small.nll, claim["nll"], "nll")
    if objective.tau is None:
        _need(claim["kl"] is claim["blocks"] is claim["defect"] is None and not claim["errors"],
              "a sample has no truth")  # fmt: skip
        return
    _within(small.nll - objective.entropy(), claim["kl"], "kl")
    blocks = claim["blocks"]
    for name, n in (("means", k), ("centers", len(objective.places))):
        _need(sorted(i for block in blocks for i in block[name]) == list(range(n)), f"blocks miss {name}")
    inside = {(i, s) for block in blocks for i in block["means"] for s in block["centers"]}
    zero = Interval.of(0)
    others = [
        x for i, row in enumerate(small.associations) for s, x in enumerate(row) if (i, s) not in inside
    ]
    _within(largest(Interval(max(x.lo, 0), x.hi) for x in [zero, *others]), claim["defect"], "defect")
    _need(len(claim["errors"]) == k, "each mean has an error")
    for block in blocks:
        for i in block["means"]:
            mean = [Interval.of(x - tight, x + tight) for x in point[i * d : i * d + d]]
            _within(_error(objective, block, mean), claim["errors"][i], f"the error of mean {i}")


def _error(objective: Objective, block: Mapping[str, Any], mean: list[Interval]) -> Interval:
    """The distance of a mean from the average of its centers, or from the nearest of all, in sigma."""
    centers, weights, members = objective.places, objective.weights, block["centers"]
    if members and min(len(members), len(block["means"])) == 1:
        mass = sum(weights[s] for s in members)
        axes = range(objective.d)
        centers = [[sum(weights[s] * centers[s][a] for s in members) / mass for a in axes]]
    found = [
        total((x - Interval.of(c)).square() for x, c in zip(mean, center, strict=True)).root()
        if objective.d > 1
        else (mean[0] - Interval.of(center[0])).size()
        for center in centers
    ]
    nearest = Interval(min(x.lo for x in found), min(x.hi for x in found))
    return nearest.over(Interval.of(objective.sigma))


def _box(point: list[Fraction], radius: Fraction, d: int) -> list[list[Interval]]:
    ends = [Interval.of(x - radius, x + radius) for x in point]
    return [ends[i : i + d] for i in range(0, len(ends), d)]


def _over(objective: Objective, middle: Known, point: list[Fraction], radius: Fraction) -> Table:
    """Hessians over a box; on a line of a known truth from the middle, by third derivatives."""
    line = objective.d == 1 and objective.tau is not None
    known = objective.at(_box(point, radius, objective.d), third=line)
    if known.third is None:
        return known.hessian
    r = Interval.of(radius)
    return [
        [x.wider(r * total(y.size() for y in known.third[i][j])) for j, x in enumerate(row)]
        for i, row in enumerate(middle.hessian)
    ]


def _contracts(middle: Known, inverse: Table, hessians: Table, radius: Fraction) -> bool:
    """Whether m - Y grad(m) + (I - Y H)(X - m) lies inside X: then X holds exactly one zero (Krawczyk)."""
    r, one, zero = Interval.of(radius), Interval.of(1), Interval.of(0)
    for i, row in enumerate(inverse):
        step = total(y * g for y, g in zip(row, middle.gradient, strict=True)).size()
        columns = range(len(row))
        left = [(one if i == j else zero) - total(row[m] * hessians[m][j] for m in columns) for j in columns]
        if not (step + total(x.size() for x in left) * r).hi < r.lo:
            return False
    return True


def _inverse(matrix: Table) -> Table:
    """An approximate inverse of the middles; how good it is, decides whether maps contract."""
    size, scale = len(matrix), 1 << 2 * Interval.bits
    rows = [
        [(x.lo + x.hi << Interval.bits) // 2 for x in row] + [scale * (i == j) for j in range(size)]
        for i, row in enumerate(matrix)
    ]
    for i in range(size):
        best = max(range(i, size), key=lambda m: abs(rows[m][i]))
        rows[i], rows[best] = rows[best], rows[i]
        pivot = rows[i][i]
        rows[i] = [x * scale // pivot for x in rows[i]]
        for m in range(size):
            if m != i:
                factor = rows[m][i]
                rows[m] = [x - (factor * y) // scale for x, y in zip(rows[m], rows[i], strict=True)]
    return [[Interval(x >> Interval.bits, x >> Interval.bits) for x in row[size:]] for row in rows]


def _negative(matrix: Table) -> int:
    """The number of negative eigenvalues: of negative pivots of L D L' (Sylvester), the largest first."""
    left, found = matrix, 0
    while left:
        best = max(range(len(left)), key=lambda i: abs(left[i][i].lo + left[i][i].hi))
        pivot = left[best][best]
        _need(pivot.lo > 0 or pivot.hi < 0, "a curvature has no sign")
        found += pivot.hi < 0
        others = [i for i in range(len(left)) if i != best]
        left = [[left[i][j] - (left[i][best] * left[best][j]).over(pivot) for j in others] for i in others]
    return found


def _within(found: Interval, claimed: list[str], what: str) -> None:
    low, high = map(Fraction, claimed)
    _need(found.within(Interval.of(low, high)), f"{what} is not proved to be within its ends")


def _need(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)
