"""Certify: prove that there is a critical point, where, of what index and value, and its structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NoResultError, NotAvailableError
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.proof.balls import Ball, around, decimal, ends, exact, largest, power, precision, total
from gmmscape.proof.certificate import Certificate, Interval
from gmmscape.proof.contraction import Middle, Point, contracts, holds_one, inertia, polished, widest_box
from gmmscape.proof.enclosure import Encloser, Enclosure
from gmmscape.proof.population import PopulationEncloser
from gmmscape.proof.problem import PopulationProblem, Problem, SampleProblem
from gmmscape.proof.reduced import given, in_span, placed, reduced, start_of
from gmmscape.proof.sample import SampleEncloser
from gmmscape.proof.span import Span
from gmmscape.proof.unfolding import unfolded
from gmmscape.structure.structure import Structure, decode
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import mean_matrix, real_number


def certify(point: Any, land: Landscape, radius: float | None = None) -> Certificate:
    """Prove that a landscape has a critical point near some means, and what it is like.

    The point is polished by Newton's method in ball arithmetic, and Krawczyk's test proves that a box about
    it holds exactly one critical point. Precision grows by itself until the test succeeds, or it is plain
    that it does not. Samples of any dimension; populations whose centers are on a line or in a plane, of any
    dimension: two or three components always. There the box holds one critical point whose means lie in the
    centers' line or plane, and its index is that in all dimensions (docs/proofs.md#span).

    Parameters
    ----------
    point : CriticalPoint or array_like of shape (k,) or (k, d)
        A minimum or saddle that a descent found, or its means.
    land : Landscape
        Of equal weights.
    radius : float, optional
        Of the box in which it is to be the only critical point, in the data's unit of length. By default the
        widest of a row of boxes, each half as wide as the one before.

    Returns
    -------
    Certificate
        With the statements `proved`; `to_json` writes what `verify` checks. Cost: some 10 sums over the
        nodes or rows, of k^2 exponentials each; under a second on a line.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.
    NoResultError
        If there is no critical point nearby, it is flat, the box is too wide, or a mean is out of the line or
        plane of the centers in more than two dimensions.
    NotAvailableError
        If python-flint is not installed, the landscape has free weights, or the centers span more than a
        plane.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> land = lab.Landscape(lab.Population(truth), n_components=3)
    >>> certificate = lab.certify(land.descend([0.0, 11.0, 13.0]), land)
    >>> certificate.index, round(certificate.kl[0], 12)
    (0, 2.769104912887)
    """
    means = means_of(point, land)
    problem = problem_of_landscape(land)
    wanted = None if radius is None else Fraction(real_number("radius", radius))
    structure = None
    if isinstance(land.measure, Population):
        structure = decode(means, land.measure.truth, sigma=land.sigma).structure
    curvatures = np.linalg.eigvalsh(land.hessian(means)) * land.sigma**2
    minimum = bool(curvatures[0] > -TOLERANCES.solve.flat)
    return certified(reduced(problem, means), _nearer(land, means), Aim(structure, wanted, minimum))


def _nearer(land: Landscape, means: FloatArray) -> FloatArray:
    """Return where Newton's method leads in float64, to spare steps in balls; the means where that is far."""
    at, before = means, np.inf
    for _ in range(EFFORT.proof.newton_steps):
        try:
            step = np.linalg.solve(land.hessian(at), land.gradient(at).ravel()).reshape(means.shape)
        except np.linalg.LinAlgError:
            break
        length = np.abs(step).max()
        if not length < before / 2:
            break
        at, before = at - step, length
    near = np.abs(at - means).max() < EFFORT.proof.nearby * land.sigma / 2
    return at if near else means


def means_of(point: Any, land: Landscape) -> FloatArray:
    """Return the means of a point, checked against a landscape."""
    if not isinstance(land, Landscape):
        raise InvalidParameterError.of(
            "land", land, "pass a gmmscape.lab.Landscape of the location family: others are not proved yet"
        )
    if land.weights != "equal":
        raise NotAvailableError("landscapes of free weights cannot be proved yet: pass weights='equal'")
    if isinstance(point, CriticalPoint) and not point.converged:
        raise InvalidParameterError.of(
            "point", point.stop_reason, "pass a point whose descent converged; go on with land.descend(means)"
        )
    means = point.means if isinstance(point, CriticalPoint) else mean_matrix("point", point)
    if means.shape != (land.n_components, land.measure.n_features):
        raise InvalidParameterError.of(
            "point", means.shape, f"pass {land.n_components} means of {land.measure.n_features} dimensions"
        )
    return means


def problem_of_landscape(land: Landscape) -> Problem:
    """Return what is proved about, in the caller's coordinates."""
    measure = land.measure
    if isinstance(measure, Population):
        truth = measure.truth
        sigma = truth.sigma
        if sigma is None or not shares_variance(truth, sigma):
            raise NotAvailableError(
                "truths whose components differ in covariance cannot be proved about yet: pass one sigma"
            )
        centers = tuple(map(tuple, truth.means.tolist()))
        Span.of(centers)  # raises where it is more than a plane
        weights = tuple(truth.weights.tolist())
        return PopulationProblem(weights, centers, sigma, land.sigma, land.n_components)
    rows, weights = measure.given_rows()
    return SampleProblem(rows, weights, land.sigma, land.n_components)


def shares_variance(truth: Mixture, sigma: float) -> bool:
    """Say whether all covariances are sigma^2 I but for rounding: what is proved is of one sigma."""
    apart = np.abs(truth.full_covariances() / sigma**2 - np.eye(truth.n_features)).max()
    return bool(apart <= EFFORT.proof.same_covariance)


@dataclass(frozen=True)
class Aim:
    """What is to be proved of a point.

    Attributes
    ----------
    structure : Structure or None
        How it reads; None for a sample.
    radius : Fraction or None
        Of the box it is to be alone in; None for the widest tried.
    minimum : bool
        Whether it is taken for a minimum: one that has split in digits beyond float64 is then looked for.
    """

    structure: Structure | None
    radius: Fraction | None
    minimum: bool


def certified(problem: Problem, means: FloatArray, aim: Aim) -> Certificate:
    """Return the certificate of a critical point near some means; NoResultError where nothing is proved."""
    start = start_of(problem, means)
    plane = isinstance(problem, PopulationProblem) and problem.n_features == 2
    bits = EFFORT.proof.first_plane_bits if plane else EFFORT.proof.first_bits
    why = ""
    while bits <= EFFORT.proof.most_bits:
        with precision(bits + EFFORT.proof.guard_bits):
            try:
                found = _attempt(problem, start, aim, bits)
            except ArithmeticError:
                found = "the enclosures are not finite"
        if isinstance(found, Certificate):
            return found
        why = found
        bits *= EFFORT.proof.growth_of_bits
    raise NoResultError(f"not proved: {why}")


def _attempt(problem: Problem, start: Point, aim: Aim, bits: int) -> Certificate | str:
    """Return the certificate, or why there is none with so many bits."""
    digits = int((bits + EFFORT.proof.guard_bits) * np.log10(2))
    encloser = encloser_of(problem, [float(x) for x in start], bits, bits + EFFORT.proof.guard_bits)
    length = exact(problem.sigma)
    near = partial(
        polished, encloser, digits=digits, within=exact(EFFORT.proof.nearby) * length,
        enough=exact(2.0**-bits) * length,
    )  # fmt: skip
    at = near(start)
    while aim.minimum and at is not None and problem.n_features == 1 and inertia(at.hessian):
        # A minimum on a line, where two means have split in digits beyond float64.
        split = unfolded(encloser, at, problem.sigma, digits)
        if split is None:
            break
        at = near(split)
    if at is None:
        return (
            "Newton's method does not settle near the point: it is no critical point, or a curvature is so "
            "small that its sign is out of reach"
        )
    found = _tight(encloser, at, bits)
    index = inertia(at.hessian)
    if index is None:
        return "a curvature of the Hessian has no sign: the point is flat"
    if found is None:
        return "no box about the point is proved to hold a critical point: it is flat, or there is none"
    tight, known = found
    errors = _errors(problem, at, tight, aim.structure)
    if aim.structure is not None and _coarse(errors, aim.structure, bits):
        return "approximation errors are not told to three digits"
    if known.across is not None:
        beside = inertia(known.across)
        if beside is None:
            return _flat_across(problem, encloser, at, tight)
        index += problem.n_outside * beside
    shown = placed(problem, at.point, tight, digits)
    radius = None if shown is None else _alone(problem, encloser, at, aim.radius, shown[1])
    if shown is None or radius is None:
        return "no box in all dimensions is proved to hold one critical point"
    kl = defect = rule = None
    if isinstance(encloser, PopulationEncloser) and aim.structure is not None:
        kl = _claimed(known.nll - encloser.entropy(), bits)
        defect = _claimed(defect_of(known, aim.structure), bits)
        rule = asdict(encloser.rule)
    pairs = None if aim.structure is None else aim.structure.pairs
    return Certificate(
        problem.content(), tuple(shown[0]), radius, shown[1], index, _claimed(known.nll, bits), kl, pairs,
        tuple(_claimed(ball, bits) for ball in errors), defect, rule, bits, problem.spanned,
    )  # fmt: skip


def _alone(
    problem: Problem, encloser: Encloser, at: Middle, wanted: Fraction | None, tight: Fraction
) -> Fraction | None:
    """Return the radius of a box, in all dimensions, in which the critical point is proved to be alone."""
    if wanted is None:
        widest = widest_box(encloser, at, problem.sigma)
        radius = None if widest is None else given(problem, widest)
        if radius is not None and radius >= tight:
            return radius
        return tight if holds_one(encloser, at, in_span(problem, tight)) else None
    if wanted >= tight and holds_one(encloser, at, in_span(problem, wanted)):
        return wanted
    what = "larger" if wanted < tight else "smaller"
    raise NoResultError(
        f"a box of radius {float(wanted):.3g} is not proved to hold exactly one critical point: pass a "
        f"{what} one, or leave radius out"
    )


def _flat_across(problem: Problem, encloser: Encloser, at: Middle, tight: Fraction) -> str:
    """Say that a curvature out of the span has no sign; NoResultError where it is proved to be zero.

    It is where two means are in one place and sigma is the truth's. They are proved to be where the point
    with the two exchanged is in the box that holds one critical point.
    """
    d, alone = problem.n_features, widest_box(encloser, at, problem.sigma)
    places = [at.point[i : i + d] for i in range(0, len(at.point), d)]
    if alone is not None and isinstance(problem, PopulationProblem) and problem.truth_sigma == problem.sigma:
        for j, one in enumerate(places):
            for i, other in enumerate(places[:j]):
                if max(abs(x - y) for x, y in zip(one, other, strict=True)) + tight <= alone:
                    raise NoResultError(
                        f"not proved: the point is flat; means {i} and {j} are in one place and can part, "
                        "out of the centers' span, along a curvature that is zero"
                    )
    return "a curvature out of the centers' span has no sign: the point is flat"


def _claimed(ball: Ball, bits: int) -> Interval:
    """Return ends somewhat wider than those of a ball, for whoever checks with other rounding."""
    slack = abs(ball.mid()) * exact(2.0**-EFFORT.proof.claimed_bits) + exact(
        2.0 ** -(bits - EFFORT.proof.slack_bits)
    )
    return ends(around(ball, slack))


def _errors(problem: Problem, at: Middle, tight: Fraction, structure: Structure | None) -> list[Ball]:
    """Return the approximation errors over a tight box; none for a sample."""
    if structure is None or not isinstance(problem, PopulationProblem):
        return []
    return errors_in(problem, [around(exact(x), exact(tight)) for x in at.point], structure)


def _tight(encloser: Encloser, at: Middle, bits: int) -> tuple[Fraction, Enclosure] | None:
    """Return the radius of a small box that holds the critical point, and what is known over it."""
    # Whoever checks knows the gradient to about 2^-bits.
    slack = exact(2.0 ** -(bits - EFFORT.proof.slack_bits))
    least = largest(abs(value) for value in at.step) + slack + at.blurred(slack)
    for _ in range(3):
        radius = decimal((EFFORT.proof.tight * least).upper(), 3)
        known = encloser.at([around(exact(x), exact(radius)) for x in at.point], hessian=True)
        if contracts(at, known.hessian, exact(radius)):
            return radius, known
        least = EFFORT.proof.tight * least
    return None


def errors_in(problem: PopulationProblem, box: Sequence[Ball], structure: Structure) -> list[Ball]:
    """Return the approximation error of each mean, in sigma, over a box."""
    d, shares, centers = problem.n_features, problem.shares(), problem.places()
    sigma = exact(problem.sigma)
    found = [exact(0)] * problem.n_components
    for block in structure.blocks:
        for i in block.means:
            mean = box[i * d : i * d + d]
            if min(len(block.means), len(block.centers)) == 1:
                mass = total(shares[s] for s in block.centers)
                target = [total(shares[s] * centers[s][a] for s in block.centers) / mass for a in range(d)]
                found[i] = _distance(mean, target) / sigma
            else:
                distances = [_distance(mean, center) for center in centers]
                nearest = distances[0]
                for distance in distances[1:]:
                    nearest = nearest.min(distance)
                found[i] = nearest / sigma
    return found


def _distance(one: Sequence[Ball], other: Sequence[Ball]) -> Ball:
    if len(one) == 1:
        return abs(one[0] - other[0])
    return total(power(a - b, 2) for a, b in zip(one, other, strict=True)).nonnegative_part().sqrt()


def _coarse(balls: Sequence[Ball], structure: Structure, bits: int) -> bool:
    """Say whether an error that the structure brings is known to less than three digits, and more can help.

    One that may be zero, as by symmetry, and is next to nothing if not, is known well enough.
    """
    if not balls or bits * EFFORT.proof.growth_of_bits > EFFORT.proof.most_bits:
        return False
    merged = [
        i for block in structure.blocks if max(len(block.means), len(block.centers)) > 1 for i in block.means
    ]
    nothing = exact(EFFORT.proof.no_error)
    return any(
        not balls[i].rad() * EFFORT.proof.error_digits < abs(balls[i].mid())
        and not (balls[i].contains(0) and abs(balls[i]) < nothing)
        for i in merged
    )


def defect_of(known: Enclosure, structure: Structure) -> Ball:
    """Return the largest association outside the blocks of a structure."""
    table = known.associations
    assert table is not None
    within = {(i, s) for block in structure.blocks for i in block.means for s in block.centers}
    outside = (
        table[i, s] for i in range(table.nrows()) for s in range(table.ncols()) if (i, s) not in within
    )
    return largest(ball.nonnegative_part() for ball in outside)


def encloser_of(problem: Problem, means: Sequence[float], accuracy: int, bits: int) -> Encloser:
    """Return what encloses the objective of a problem at some means and beside them."""
    if isinstance(problem, SampleProblem):
        return SampleEncloser(problem, bits)
    return PopulationEncloser.near(problem, means, accuracy, bits)
