"""Birth: prove where along a path of truths a minimum is born, as a regular zero of the extended system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NoResultError, NotAvailableError
from gmmscape.landscape.paths.birth_result import BirthPoint
from gmmscape.proof.balls import (
    Ball,
    BallMatrix,
    around,
    decimal,
    exact,
    float_ends,
    largest,
    matrix,
    precision,
    rounded_down,
    text_of,
    total,
)
from gmmscape.proof.certificate import Proof, checked_digest
from gmmscape.proof.contraction import inertia
from gmmscape.proof.moving import Moving, MovingEncloser, PathProblem


@dataclass(frozen=True, eq=False)
class BirthCertificate(Proof):
    """What is proved about a birth: a fold of the NLL along a path of truths.

    Attributes
    ----------
    problem : dict
        Path and fit.
    point : tuple of Fraction
        Middle of the box: k means, the null vector, the parameter.
    radius : Fraction
        The box reaches so far along each coordinate. In it the extended system grad = 0, H v = 0, l v = 1 has
        exactly one zero, a regular one: a fold.
    normal : tuple of float
        The vector l.
    rule : dict
        Step, strip and reach of the trapezoid rule, which whoever checks may use.
    bits : int
        Binary digits that the proof was computed with.
    """

    format: ClassVar[str] = "gmmscape-birth-certificate"
    kind: ClassVar[str] = "fold"

    problem: dict[str, Any]
    point: tuple[Fraction, ...]
    radius: Fraction
    normal: tuple[float, ...]
    rule: dict[str, float]
    bits: int

    @property
    def parameter(self) -> tuple[float, float]:
        """Ends between which the parameter of the birth is."""
        return float_ends(self.point[-1] - self.radius, self.point[-1] + self.radius)

    @property
    def means(self) -> list[tuple[float, float]]:
        """Ends between which each mean is at the birth."""
        k = self.problem["n_components"]
        return [float_ends(x - self.radius, x + self.radius) for x in self.point[:k]]

    @property
    def proved(self) -> list[str]:
        """The statements that are proved, one sentence each."""
        low, high = self.parameter
        return [
            f"within {rounded_down(self.radius, 3)} of the point there is exactly one critical point with a "
            f"singular Hessian, means and parameter together; its parameter is between {low!r} and {high!r}",
            "it is a fold: minimum and saddle meet there, and near it there is neither on one side of the "
            "parameter",
            "all other curvatures there are positive",
        ]

    def __str__(self) -> str:
        low, high = self.parameter
        head = f"proved: fold at a parameter between {low!r} and {high!r}"
        return "\n".join([head, *(f"  {sentence}" for sentence in self.proved)])

    def proved_content(self) -> dict[str, Any]:
        """Return the content without its digest.

        Returns
        -------
        dict
            Plain numbers, lists and strings.
        """
        return {
            "problem": self.problem,
            "point": [text_of(x) for x in self.point],
            "radius": text_of(self.radius),
            "normal": list(self.normal),
            "rule": self.rule,
            "bits": self.bits,
        }

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the certificate that `content` described; ValueError where its digest is another."""
        checked_digest(content)
        return cls(
            content["problem"],
            tuple(map(Fraction, content["point"])),
            Fraction(content["radius"]),
            tuple(map(float, content["normal"])),
            content["rule"],
            int(content["bits"]),
        )


def certify_birth(birth: BirthPoint) -> BirthCertificate:
    """Prove between which parameters a minimum is born.

    Krawczyk's test on the extended system in means, null vector and parameter: grad = 0, H v = 0, l v = 1.
    The path has to move centers straight, in proportion to its parameter.

    Parameters
    ----------
    birth : BirthPoint
        A fold, as `birth` returns it, on a line, of equal weights.

    Returns
    -------
    BirthCertificate
        Its `parameter` (lo, hi); `to_json` writes what `verify` checks. Cost: some seconds.

    Raises
    ------
    InvalidParameterError
        If it is no birth, or its path is not straight.
    NoResultError
        If nothing is proved.
    NotAvailableError
        If python-flint is not installed, for pitchforks, beyond a line, or where more is free than means.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> path = lambda D: gs.Mixture.location([-D, 0.0, D], sigma=1.0)
    >>> fold = lab.birth(path, [((0,), (0, 1)), ((1, 2), (2,))], (9.0, 12.0))
    >>> low, high = lab.certify_birth(fold).parameter
    >>> round(low, 9), high - low < 1e-12
    (10.046942447, True)
    """
    problem = _problem(birth)
    normal = tuple(birth.direction.ravel().tolist())
    start = [*birth.means.ravel().tolist(), *normal, birth.parameter]
    bits = EFFORT.proof.first_bits
    while bits <= EFFORT.proof.most_birth_bits:
        with precision(bits + EFFORT.proof.guard_bits):
            try:
                found = _attempt(problem, [Fraction(x) for x in start], normal, bits)
            except ArithmeticError:  # what is not finite may be with more digits
                found = None
        if found is not None:
            return found
        bits *= EFFORT.proof.growth_of_bits
    raise NoResultError(
        "not proved: Newton's method on the extended system is not proved to contract near this birth"
    )


def _problem(birth: BirthPoint) -> PathProblem:
    """Return the path of a birth; raises where it is not straight."""
    if not isinstance(birth, BirthPoint):
        raise InvalidParameterError.of("birth", birth, "pass what gmmscape.lab.birth returned")
    if birth.kind != "fold":
        raise NotAvailableError("pitchforks cannot be proved yet: their extended system is singular")
    if birth.fit is not None or birth.truth.n_features > 1:
        raise NotAvailableError("births are proved on a line, where means alone are free")
    if birth.truths_at_ends is None or birth.bracket is None:
        raise InvalidParameterError(
            "birth: it comes from a file that does not hold its path; compute it anew with gmmscape.lab.birth"
        )
    low, high = birth.truths_at_ends
    share = (birth.parameter - birth.bracket[0]) / (birth.bracket[1] - birth.bracket[0])
    between = (1 - share) * low.means + share * high.means
    same = [
        np.array_equal(low.weights, high.weights),
        low.sigma is not None and low.sigma == high.sigma == birth.truth.sigma,
        np.allclose(between, birth.truth.means, rtol=EFFORT.proof.straight, atol=0.0),
    ]
    if not all(same):
        raise InvalidParameterError(
            "birth: its path does not move centers straight with weights and sigma held; pass a path such as "
            "lambda D: gs.Mixture.location([-D, 0, D], 1.0)"
        )
    assert low.sigma is not None
    ends = (tuple(low.means.ravel().tolist()), tuple(high.means.ravel().tolist()))
    weights = tuple(low.weights.tolist())
    return PathProblem(weights, birth.bracket, *ends, low.sigma, birth.sigma, len(birth.means))


def _attempt(
    problem: PathProblem, start: list[Fraction], normal: Sequence[float], bits: int
) -> BirthCertificate | None:
    """Return the certificate with so many bits, or None."""
    k = problem.n_components
    working = bits + EFFORT.proof.guard_bits
    digits = int(working * np.log10(2))
    means = [float(x) for x in start[:k]]
    encloser = MovingEncloser.near(problem, means, float(start[-1]), bits, working)
    point, before = start, None
    for _ in range(EFFORT.proof.newton_steps):
        here = _known(encloser, [exact(x) for x in point])
        try:
            inverse = _slope(here, [exact(x) for x in point], normal).mid().inv().mid()
        except ZeroDivisionError:
            return None
        step = inverse * matrix([[value] for value in _values(here, [exact(x) for x in point], normal)])
        sizes = [abs(step[i, 0]) for i in range(len(point))]
        length = largest(sizes)
        noise = largest(exact(1) * size.rad() for size in sizes)
        if length < 2 * noise or (before is not None and not length < before / 2):
            break
        point = [decimal(exact(x) - step[i, 0].mid(), digits) for i, x in enumerate(point)]
        before = length
    else:
        return None
    if not largest(abs(exact(x) - exact(y)) for x, y in zip(point, start, strict=True)) < exact(
        EFFORT.proof.nearby * problem.sigma
    ):
        return None
    # Whoever checks knows the values to about 2^-bits.
    slack = exact(2.0 ** -(bits - EFFORT.proof.slack_bits))
    size = len(point)
    least = length + slack * largest(total(abs(inverse[i, j]) for j in range(size)) for i in range(size))
    radius = decimal((EFFORT.proof.tight * least).upper(), 3)
    box = [around(exact(x), exact(radius)) for x in point]
    over = _known(encloser, box)
    product = inverse * _slope(over, box, normal)
    for i in range(size):
        row = total(abs(product[i, j] - (1 if i == j else 0)) for j in range(size))
        if not sizes[i] + row * exact(radius) < exact(EFFORT.proof.margin) * exact(radius):
            return None
    if not _others_positive(over, normal):
        return None
    return BirthCertificate(
        problem.content(), tuple(point), radius, tuple(normal), asdict(encloser.rule), bits
    )


def _known(encloser: MovingEncloser, box: Sequence[Ball]) -> Moving:
    k = encloser.problem.n_components
    return encloser.at(box[:k], box[-1])


def _values(known: Moving, box: Sequence[Ball], normal: Sequence[float]) -> list[Ball]:
    """The extended system: gradient, Hessian times null vector, its length along the normal less one."""
    k = len(normal)
    vector = box[k : 2 * k]
    bent = [total(known.hessian[i, j] * vector[j] for j in range(k)) for i in range(k)]
    along = total(exact(a) * b for a, b in zip(normal, vector, strict=True))
    return [*known.gradient, *bent, along - 1]


def _slope(known: Moving, box: Sequence[Ball], normal: Sequence[float]) -> BallMatrix:
    """Its derivative in means, null vector and parameter."""
    k = len(normal)
    vector, zero = box[k : 2 * k], exact(0)
    rows = [
        [*(known.hessian[i, j] for j in range(k)), *[zero] * k, known.gradient_drift[i]] for i in range(k)
    ]
    for i in range(k):
        turned = [total(known.third[i][j, m] * vector[m] for m in range(k)) for j in range(k)]
        drift = total(known.hessian_drift[i, j] * vector[j] for j in range(k))
        rows.append([*turned, *(known.hessian[i, j] for j in range(k)), drift])
    rows.append([*[zero] * k, *(exact(value) for value in normal), zero])
    return matrix(rows)


def _others_positive(known: Moving, normal: Sequence[float]) -> bool:
    """Whether the Hessian is positive but for one direction: H + l l' is positive definite."""
    k = len(normal)
    lifted = [[known.hessian[i, j] + exact(normal[i]) * exact(normal[j]) for j in range(k)] for i in range(k)]
    return inertia(matrix(lifted)) == 0
