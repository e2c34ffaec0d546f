"""Enclosures hold what 40-digit integration finds, and bounds of rules what rules leave out."""

import mpmath
import numpy as np
import pytest

from gmmscape.proof.balls import around, ends, exact, power, precision
from gmmscape.proof.population import PopulationEncloser
from gmmscape.proof.problem import PopulationProblem, SampleProblem
from gmmscape.proof.sample import SampleEncloser
from gmmscape.proof.trapezoid import Rule

WEIGHTS, CENTERS, TAU, SIGMA = (0.2, 0.3, 0.5), (-2.0, 1.0, 4.5), 1.125, 1.0
MEANS = (-1.5, 1.0, 4.25, 4.75)
LINE = PopulationProblem(WEIGHTS, tuple((c,) for c in CENTERS), TAU, SIGMA, 4)


def integral(of):
    """E of a function under the truth, to 40 digits."""

    def density(x):
        parts = (
            w * mpmath.exp(-((x - c) ** 2) / (2 * mpmath.mpf(TAU) ** 2))
            for w, c in zip(WEIGHTS, CENTERS, strict=True)
        )
        return mpmath.fsum(parts) / (mpmath.sqrt(2 * mpmath.pi) * TAU) / mpmath.fsum(map(mpmath.mpf, WEIGHTS))

    return mpmath.quad(lambda x: density(x) * of(x), mpmath.linspace(-18, 20, 39))


def terms(x):
    return [mpmath.exp(-((x - m) ** 2) / (2 * mpmath.mpf(SIGMA) ** 2)) / 4 for m in MEANS]


def log_q(x):
    return mpmath.log(mpmath.fsum(terms(x)) / (mpmath.sqrt(2 * mpmath.pi) * SIGMA))


def psi(x, i):
    parts = terms(x)
    return parts[i] / mpmath.fsum(parts)


@pytest.fixture(scope="module")
def known():
    with precision(160):
        encloser = PopulationEncloser.near(LINE, MEANS, 60, 160)
        means = [exact(m) for m in MEANS]
        yield encloser.at(means, hessian=True), encloser.third(means), encloser.entropy()


def holds(ball, value):
    low, high = ends(ball, 40)
    assert 1e-36 < high - low < 1e-20
    with mpmath.workdps(60):
        return (
            mpmath.mpf(low.numerator) / low.denominator
            <= value
            <= mpmath.mpf(high.numerator) / high.denominator
        )


@pytest.mark.slow
def test_value_and_gradient_hold_high_precision(known):
    with mpmath.workdps(40):
        at, _, entropy = known
        assert holds(at.nll, -integral(log_q))
        assert holds(at.gradient[2], -integral(lambda x: psi(x, 2) * (x - MEANS[2])))
        assert holds(
            at.associations[1, 0],
            mpmath.quad(lambda x: psi(x, 1) * mpmath.npdf(x, CENTERS[0], TAU), mpmath.linspace(-18, 16, 35)),
        )
        assert not holds(at.gradient[1], -integral(lambda x: psi(x, 2) * (x - MEANS[2])))

        def truth(x):
            whole = mpmath.fsum(map(mpmath.mpf, WEIGHTS))
            return mpmath.log(
                mpmath.fsum(w / whole * mpmath.npdf(x, c, TAU) for w, c in zip(WEIGHTS, CENTERS, strict=True))
            )

        assert holds(entropy, -integral(truth))


@pytest.mark.slow
def test_second_and_third_derivatives_hold_high_precision(known):
    at, third, _ = known

    def slope(shift, i):
        """d L / d mu_i with mu_2 moved."""
        means = [m + (shift if n == 2 else 0) for n, m in enumerate(MEANS)]

        def of(x):
            parts = [mpmath.exp(-((x - m) ** 2) / 2) for m in means]
            return parts[i] / mpmath.fsum(parts) * (x - means[i])

        return -integral(of)

    with mpmath.workdps(40):
        step = mpmath.mpf(10) ** -8
        for i in (1, 2, 3):
            a, b, c = (slope(by * step, i) for by in (-1, 0, 1))
            low, high = ends(at.hessian[i, 2], 40)
            assert abs(float(low) - float((c - a) / (2 * step))) < 1e-13
            assert abs(float(high) - float((c - a) / (2 * step))) < 1e-13
            assert abs(float(third[i][2, 2].mid()) - float((c - 2 * b + a) / step**2)) < 1e-9


def test_third_derivatives_are_symmetric(known):
    _, third, _ = known
    for i in range(4):
        for j in range(4):
            for m in range(4):
                assert third[i][j, m].overlaps(third[m][i, j])


def test_boxes_hold_what_points_are(known):
    """Over a box all that is known at points of it lies within."""
    at, third, _ = known
    with precision(160):
        encloser = PopulationEncloser.near(LINE, MEANS, 100, 160)
        box = [around(exact(m), exact(1e-3)) for m in MEANS]
        over, bent = encloser.at(box, hessian=True), encloser.third(box)
        assert over.nll.contains(at.nll)
        for i in range(4):
            assert over.gradient[i].contains(at.gradient[i])
            for j in range(4):
                assert over.hessian[i, j].contains(at.hessian[i, j])
                assert bent[i][j, 1].contains(third[i][j, 1])


@pytest.mark.parametrize("step", [0.25, 0.5, 1.0])
def test_coarse_rules_err_within_their_bound(known, step):
    """The rule of a coarse step errs by more than fine arithmetic does, and no more than it says."""
    at, _, _ = known
    with precision(160):
        coarse = PopulationEncloser(LINE, Rule(step, 0.45, 14.0), 160).at(
            [exact(m) for m in MEANS], hessian=True
        )
        for rough, fine in [
            (coarse.nll, at.nll),
            (coarse.gradient[1], at.gradient[1]),
            (coarse.hessian[1, 2], at.hessian[1, 2]),
            (coarse.associations[1, 1], at.associations[1, 1]),
        ]:
            assert rough.contains(fine)
            if step == 1.0:
                assert abs(rough.mid() - fine.mid()) > 1e-12


def test_short_reach_errs_within_its_bound(known):
    at, _, _ = known
    with precision(160):
        short = PopulationEncloser(LINE, Rule(0.0625, 0.45, 5.0), 160).at([exact(m) for m in MEANS])
        assert short.nll.contains(at.nll)
        assert abs(short.nll.mid() - at.nll.mid()) > 1e-7


def test_a_strip_with_a_pole_has_no_bound():
    with precision(160):
        wide = PopulationEncloser(LINE, Rule(0.0625, 0.55, 14.0), 160).at([exact(m) for m in MEANS])
        assert not wide.gradient[0].is_finite()


def test_plane_agrees_with_line():
    """Centers and means on a line in the plane: along it all is as on the line."""
    centers, means = ((-1.5, 0.0), (1.5, 0.0)), (-1.0, 1.25)
    line = PopulationProblem((0.5, 0.5), tuple((c[0],) for c in centers), 1.0, 1.0, 2)
    plane = PopulationProblem((0.5, 0.5), centers, 1.0, 1.0, 2)
    flat = [value for m in means for value in (m, 0.0)]
    with precision(96):
        one = PopulationEncloser.near(line, means, 50, 96)
        two = PopulationEncloser.near(plane, flat, 50, 96)
        a = one.at([exact(m) for m in means], hessian=True)
        b = two.at([exact(m) for m in flat], hessian=True)
        assert (a.nll - one.entropy()).overlaps(b.nll - two.entropy())
        assert b.nll.rad() < 1e-12
        assert a.gradient[1].overlaps(b.gradient[2])
        assert b.gradient[3].contains(0)
        assert a.hessian[0, 1].overlaps(b.hessian[0, 2])
        assert b.hessian[0, 1].contains(0)
        assert b.hessian[1, 1] > 0


def test_samples_hold_plain_sums():
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(30, 3)), rng.uniform(0.5, 2.0, 30)
    means = rng.normal(size=(2, 3))
    with precision(128):
        encloser = SampleEncloser(SampleProblem(rows, weights, 0.75, 2), 128)
        at = encloser.at([exact(x) for x in means.ravel().tolist()], hessian=True)
    squares = ((rows[:, None] - means) ** 2).sum(axis=2) / (2 * 0.75**2)
    log_terms = -squares - 1.5 * np.log(2 * np.pi * 0.75**2) + np.log(0.5)
    log_density = np.logaddexp(*log_terms.T)
    shares = weights / weights.sum()
    assert float(at.nll.mid()) == pytest.approx(-(shares @ log_density), abs=1e-13)
    posterior = np.exp(log_terms - log_density[:, None])
    gradient = -np.einsum("n,ni,nia->ia", shares, posterior, rows[:, None] - means) / 0.75**2
    assert [float(g.mid()) for g in at.gradient] == pytest.approx(gradient.ravel().tolist(), abs=1e-13)
    assert max(float(g.rad()) for g in at.gradient) < 1e-30


def test_powers_of_balls_about_zero():
    with precision(64):
        assert power(around(exact(0), exact(1)), 2).contains(0.25)
        assert power(exact(3), 0) == 1
        with pytest.raises(ArithmeticError, match="not finite"):
            ends(exact(1) / around(exact(0), exact(1)))
