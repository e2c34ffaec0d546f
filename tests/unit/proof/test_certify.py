"""Critical points are proved, with index, values and structure; nothing is proved where nothing is."""

import json
import os
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NoResultError, NotAvailableError
from gmmscape.proof.population import PopulationEncloser
from marks import rest_slow, tuples_rest_slow

TRUTH = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
#: Index, means and KL of the census of (-3, 3, 12).
CENSUS = [
    (0, [-3.0, 3.0, 12.0], 0.0),
    (0, [-0.006991096818619502, 11.75377725857535, 12.218717202735228], 2.769104913),
    (1, [-0.003993, -0.003993, 11.992692], 2.539034511),
    (1, [-0.005736, 11.98913, 11.98913], 2.769366649),
    (1, [-0.125695, 9.499358, 12.258391], 2.849716529),
    (2, [4.0, 4.0, 4.0], 17.90396064),
]


def landscape(centers, k, **more):
    return lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0, **more)), k)


@pytest.fixture(scope="module")
def land():
    return lab.Landscape(lab.Population(TRUTH), 3)


def test_a_rough_start_is_polished_before_balls_are_used(land, monkeypatch):
    """Three sums: where Newton's method leads, where that ends, and over the tight box."""
    asked = []
    at = PopulationEncloser.at
    monkeypatch.setattr(
        PopulationEncloser, "at", lambda self, means, **how: asked.append(1) or at(self, means, **how)
    )
    assert lab.certify([-0.007, 11.754, 12.2187], land).index == 0
    assert len(asked) == 3


def polished(means, digits=50):
    """The critical point near some means of (-3, 3, 12), by Newton's method in plain mpmath, and its KL."""
    centers, k = [-3, 3, 12], 3
    # A rule of its own: a plain trapezoid sum over the whole line.
    step, reach = mpmath.mpf(1) / 140, 17

    def sums(mu):
        gradient, hessian, kl = mpmath.zeros(k, 1), mpmath.zeros(k, k), mpmath.mpf(0)
        for n in range(int((centers[0] - reach) / step), int((centers[-1] + reach) / step) + 1):
            x = n * step
            density = mpmath.fsum(mpmath.exp(-((x - c) ** 2) / 2) for c in centers) / 3
            terms = [mpmath.exp(-((x - m) ** 2) / 2) for m in mu]
            whole = mpmath.fsum(terms)
            weight = step * density / mpmath.sqrt(2 * mpmath.pi)
            kl += weight * (mpmath.log(density) - mpmath.log(whole / 3))
            g = [t / whole * (x - m) for t, m in zip(terms, mu, strict=True)]
            for i in range(k):
                gradient[i] -= weight * g[i]
                for j in range(k):
                    hessian[i, j] += weight * g[i] * g[j]
                hessian[i, i] -= weight * terms[i] / whole * ((x - mu[i]) ** 2 - 1)
        return gradient, hessian, kl

    with mpmath.workdps(digits):
        mu = [mpmath.mpf(m) for m in means]
        for _ in range(8):
            gradient, hessian, kl = sums(mu)
            step_to = mpmath.lu_solve(hessian, gradient)
            mu = [m - step_to[i] for i, m in enumerate(mu)]
            if mpmath.norm(step_to) < mpmath.mpf(10) ** -(digits // 2):
                break
        return mu, kl


@pytest.mark.parametrize(("index", "means", "kl"), tuples_rest_slow(CENSUS, 2))
def test_census_is_certified(land, index, means, kl):
    certificate = lab.certify(means, land)
    assert certificate.index == index
    low, high = certificate.kl
    assert low - 1e-8 <= kl <= high + 1e-8
    assert high - low < 1e-12
    if index == 0:
        assert certificate.radius >= 1e-3
        assert certificate.is_minimum
        assert certificate.is_structured
    for (lower, upper), mean in zip(certificate.box, means, strict=True):
        assert lower < mean < upper


@pytest.mark.slow
@pytest.mark.parametrize(("index", "means", "kl"), CENSUS[1:5])
def test_certificates_hold_fifty_digits(land, index, means, kl):
    certificate = lab.certify(means, land)
    precise, value = polished(means)
    for (lower, upper), mean in zip(certificate.tight_box, precise, strict=True):
        with mpmath.workdps(60):
            assert mpmath.mpf(lower.numerator) / lower.denominator <= mean
            assert mean <= mpmath.mpf(upper.numerator) / upper.denominator
    assert certificate.kl[0] <= value <= certificate.kl[1]
    errors = [abs(precise[0]), abs(precise[1] - 12), abs(precise[2] - 12)]
    if index == 0:
        for (lower, upper), error in zip(certificate.errors, errors, strict=True):
            assert lower <= error <= upper
            assert upper - lower < 1e-3 * error


@pytest.mark.slow
@pytest.mark.parametrize("distance", rest_slow([11, 12, 16], 1))
def test_spurious_minimum_of_equal_spacing(distance):
    spaced = landscape([-distance, 0.0, distance], 3)
    found = spaced.descend([-distance / 2, distance - 0.5, distance + 0.5])
    certificate = lab.certify(found, spaced)
    assert certificate.index == 0
    assert certificate.is_structured
    for (low, high), measured in zip(certificate.errors, found.decoding.errors, strict=True):
        assert low == pytest.approx(measured, rel=1e-6)
        assert high - low <= 1e-3 * low


@pytest.mark.slow
@pytest.mark.parametrize(("distance", "half_gap"), [(24, 6.09e-4), (40, 8.96e-11)])
def test_minima_that_have_split_beyond_float64(distance, half_gap):
    """Float64 sees two means in one place; law 5 has the size of the gap."""
    spaced = landscape([-distance, 0.0, distance], 3)
    certificate = lab.certify(spaced.descend([-distance / 2, distance - 0.5, distance + 0.5]), spaced)
    assert certificate.index == 0
    assert certificate.errors[1][0] == pytest.approx(half_gap, rel=1e-2)
    assert certificate.errors[2][1] - certificate.errors[2][0] < 1e-3 * half_gap
    low, high = certificate.errors[0]
    assert 0 < high - low < 1e-3 * low
    assert low == pytest.approx(np.exp(-(distance**2) / 32), rel=2.0)


def test_nothing_is_certified_below_the_birth():
    spaced = landscape([-10.04, 0.0, 10.04], 3)
    with pytest.raises(NoResultError, match="not proved"):
        lab.certify([-5.11, 9.07, 10.49], spaced)


def test_truth_has_no_divergence(land):
    certificate = lab.certify([-3.0, 3.0, 12.0], land)
    low, high = certificate.kl
    assert low <= 0.0 <= high < 1e-15


@pytest.mark.parametrize(("k", "centers"), tuples_rest_slow([(2, 3), (4, 3)], 1))
def test_unequal_weights_and_another_sigma(k, centers):
    truth = gs.Mixture([0.2, 0.3, 0.5], [-6.0, 0.0, 7.8], [1.21] * centers, "spherical")
    other = lab.Landscape(lab.Population(truth), k, sigma=1.0)
    minima = other.explore(rng=0, n_starts=8).minima
    assert minima
    for point in minima:
        certificate = lab.certify(point, other)
        assert certificate.index == 0
        assert certificate.kl[0] - 1e-8 <= point.kl <= certificate.kl[1] + 1e-8


@pytest.mark.slow
def test_plane():
    centers = [[0.0, 0.0], [3.0, 0.0], [0.0, 2.5]]
    certificate = lab.certify(centers, landscape(centers, 3))
    assert certificate.index == 0
    assert certificate.span is None
    assert len(certificate.box) == 6
    assert certificate.kl[1] < 1e-12


def test_rows_of_a_sample():
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(c, 1.0, (40, 2)) for c in (0.0, 6.0)])
    sample = lab.Landscape(lab.Sample(X), 2, sigma=1.0)
    found = sample.descend([[0.0, 0.0], [6.0, 6.0]])
    certificate = lab.certify(found, sample)
    assert certificate.index == 0
    assert certificate.kl is None
    assert certificate.errors == []
    assert certificate.nll[0] - 1e-12 <= found.nll <= certificate.nll[1] + 1e-12
    assert lab.Certificate.from_content(certificate.content()) == certificate


def test_boxes_asked_for(land):
    means = CENSUS[1][1]
    assert lab.certify(means, land, radius=1e-3).radius == Fraction(1e-3)
    with pytest.raises(NoResultError, match=r"a box of radius 2 is not proved .* pass a smaller one"):
        lab.certify(means, land, radius=2.0)


@pytest.mark.parametrize("means", [[-1.0, 5.0, 12.0], [0.0, 11.0, 13.0]])
def test_boxes_without_a_critical_point(land, means):
    with pytest.raises(NoResultError, match="Newton's method leads away"):
        lab.certify(means, land)


def test_wrong_parameters(land):
    with pytest.raises(InvalidParameterError, match="radius"):
        lab.certify(CENSUS[0][1], land, radius=-1.0)
    with pytest.raises(InvalidParameterError, match="pass 3 means of 1"):
        lab.certify([0.0, 1.0], land)
    with pytest.raises(InvalidParameterError, match="Landscape"):
        lab.certify(CENSUS[0][1], TRUTH)
    with pytest.raises(NotAvailableError, match="free weights"):
        lab.certify(CENSUS[0][1], lab.Landscape(lab.Population(TRUTH), 3, weights="free"))
    with pytest.raises(InvalidParameterError, match="point='max_iter': pass a point whose descent converged"):
        lab.certify(land.descend([0.0, 11.0, 13.0], max_iter=1), land)


def test_enclosures_that_are_not_finite_prove_nothing(land, monkeypatch):
    def attempt(*arguments):
        raise ArithmeticError("a ball is not finite")

    monkeypatch.setattr("gmmscape.proof.certify._attempt", attempt)
    with pytest.raises(NoResultError, match="not proved: the enclosures are not finite"):
        lab.certify(CENSUS[0][1], land)


def test_certificates_come_back(land, tmp_path):
    certificate = lab.certify(CENSUS[1][1], land)
    certificate.to_json(tmp_path / "c.json")
    again = lab.Certificate.from_json(tmp_path / "c.json")
    assert again == certificate
    assert again.proved == certificate.proved
    content = json.loads((tmp_path / "c.json").read_text())
    content["index"] = 1
    (tmp_path / "d.json").write_text(json.dumps(content))
    with pytest.raises(gs.FormatError, match="digest"):
        lab.Certificate.from_json(tmp_path / "d.json")


@pytest.mark.slow
@pytest.mark.skipif("GMMSCAPE_DATA" not in os.environ, reason="GMMSCAPE_DATA names no data")
def test_fifteen_means_on_five_thousand_rows():
    from sklearn.cluster import KMeans

    X = np.loadtxt(Path(os.environ["GMMSCAPE_DATA"]) / "suite" / "s1.data.gz")
    sample = lab.Landscape(lab.Sample(X), 15, sigma=35000.0)
    start = KMeans(15, n_init=10, random_state=0).fit(X).cluster_centers_
    assert lab.certify(sample.descend(start), sample).index == 0


def test_iris():
    from sklearn.datasets import load_iris

    sample = lab.Landscape(lab.Sample(load_iris().data), 3, sigma=0.4)
    minima = sample.explore(rng=0, n_starts=8).minima
    assert [lab.certify(point, sample).index for point in minima] == [0] * len(minima)


@pytest.mark.parametrize("point", [[-2.0, 2e3], [-1e8, 1e8]])
def test_means_far_from_all_centers_are_refused_at_once(point):
    land = lab.Landscape(lab.Population(gs.Mixture.location([-2.0, 2.0], 1.0)), 2)
    with pytest.raises(NoResultError, match="nodes"):
        lab.certify(point, land)


def test_rows_far_apart_have_digits_that_end(tmp_path):
    """Newton's last step is about exp(-1e12): written out, it would take all memory."""
    land = lab.Landscape(lab.Sample(np.array([[0.0], [1e6]])), 2, 1.0)
    certificate = lab.certify([0.0, 1e6], land)
    assert certificate.is_minimum
    certificate.to_json(tmp_path / "c.json")
    assert lab.verify(tmp_path / "c.json")


def test_truths_of_two_sigmas_are_not_taken_for_one():
    """A mixture has a sigma where variances differ by 1e-12 of themselves; a proof is of one alone."""
    truth = gs.Mixture([0.5, 0.5], [[-2.0], [2.0]], [1.0, 1 + 4e-13], "spherical")
    assert truth.sigma is not None
    with pytest.raises(NotAvailableError, match="covariance"):
        lab.certify([-2.0, 2.0], lab.Landscape(lab.Population(truth), 2))


@pytest.mark.parametrize(("radius", "word"), [(1e-300, "larger"), (2.5, "smaller")])
def test_what_radius_to_pass_instead(radius, word):
    land = lab.Landscape(lab.Sample(np.array([[0.0], [1.0], [5.0], [6.0]])), 2, 1.0)
    with pytest.raises(NoResultError, match=word):
        lab.certify(land.descend([0.0, 6.0]), land, radius)
