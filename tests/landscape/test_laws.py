"""The laws (docs/laws.md) against the library's numbers: what they predict, it finds."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab

EQUALLY_SPACED = "0>0,1  1,2>2"


def landscape(centers, k, sigma=1.0, weights=None):
    return lab.Landscape(lab.Population(gs.Mixture.location(centers, sigma, weights)), k)


def pair_on_the_last_of(separation):
    """The minimum with one mean on the first two of three equally spaced centers, two on the last."""
    land = landscape([-separation, 0.0, separation], 3)
    return land.descend([-separation / 2, separation - 0.3, separation + 0.3])


@pytest.mark.parametrize("d", [3.0, 0.7])
def test_law_1_coincident_means(d):
    """Means 4, 4, 4 of the census, and a symmetric pair: eigenvalues along the splitting directions."""
    for centers, point in (([-3.0, 3.0, 12.0], [4.0] * 3), ([-d, d], [0.0, 0.0])):
        k = len(point)
        second_moment = 1.0 + np.var(centers)  # all responsibilities are 1/k
        eigenvalues = np.linalg.eigvalsh(landscape(centers, k).hessian(point))
        assert eigenvalues[:-1] == pytest.approx([(1 - second_moment) / k] * (k - 1), abs=1e-9)
        assert eigenvalues[-1] == pytest.approx(1 / k, abs=1e-9)


def test_law_2_leading_divergence():
    """sum_s w_s (|c_s - average|^2 / 2 sigma^2 + log(k w_s / m)); corrections fall with the separation."""
    weights, sigma = np.array([0.5, 0.3, 0.2]), 1.5
    gaps = []
    for scale in (12.0, 24.0):
        centers = scale * np.array([0.0, 1.0, 2.5])
        land = landscape(centers, 3, sigma, weights)
        average = weights[:2] @ centers[:2] / weights[:2].sum()
        point = land.descend([average, centers[2] - 0.3, centers[2] + 0.3])
        assert str(point.decoding.structure) == EQUALLY_SPACED
        spread = weights[:2] @ (centers[:2] - average) ** 2 / (2 * sigma**2)
        predicted = spread + weights @ np.log(3 * weights / np.array([1, 1, 2]))
        gaps.append(abs(point.kl - predicted))
    assert gaps[0] < 1e-2
    assert gaps[1] < 1e-8


def test_law_3_limiting_spectrum():
    """W/sigma^2 for the block of one mean, w/(m sigma^2) for the block of m means, and zeros."""
    weights, sigma = np.array([0.5, 0.3, 0.2]), 2.0
    centers = np.array([0.0, 30.0, 90.0])
    point = landscape(centers, 3, sigma, weights).descend([11.0, 89.9, 90.1])
    limits = sorted([0.8 / sigma**2, 0.2 / (2 * sigma**2), 0.0])
    assert point.eigenvalues == pytest.approx(limits, abs=1e-6)


def test_law_4_smallest_curvature_of_a_pair():
    """a^2 / k* for half-gap a, up to a relative correction of order a^2 Delta^2."""
    for separation in (14.0, 18.0, 22.0):
        point = pair_on_the_last_of(separation)
        half_gap = (point.means[2, 0] - point.means[1, 0]) / 2
        correction = (half_gap * separation) ** 2
        assert point.eigenvalues[0] == pytest.approx(half_gap**2 / 3, rel=correction)


def test_law_5_errors_of_equally_spaced_centers():
    """log of the one-fits-many error falls like -u^2/32, of the half-gap like -u^2/64 + log(u)/2."""
    us = np.array([14.0, 16.0, 18.0, 20.0, 22.0])
    points = [pair_on_the_last_of(u) for u in us]
    shift = np.log([abs(p.means[0, 0] + u / 2) for p, u in zip(points, us, strict=True)])
    half_gap = np.log([(p.means[2, 0] - p.means[1, 0]) / 2 for p in points])
    for logarithm, limit in ((shift, -1 / 32), (half_gap - 0.5 * np.log(us), -1 / 64)):
        off = np.abs(np.diff(logarithm) / np.diff(us**2) / limit - 1)
        assert np.all(np.diff(off) < 0)  # the larger the separation, the better the law
        assert off[-1] < 0.02


def test_law_6_and_9_births():
    """The fold at 10.046942447 and the pitchfork at 5.402619502, each bracketed to one part in 10^5."""
    for critical, k in ((10.046942447, 3), (5.402619502, 2)):
        counts = [
            len(landscape([-d, 0.0, d], k).explore(0, n_starts=8).minima)
            for d in (critical * (1 - 1e-5), critical * (1 + 1e-5))
        ]
        assert counts[0] == 1
        assert counts[1] > 1


def test_law_8_em_is_sublinear_on_one_gaussian():
    """2 t a_t^2 tends to 1; Newton is there in a few steps."""
    land = landscape([0.0], 2)
    steps = 400
    point = land.descend([-0.5, 0.5], "em", max_iter=steps, tol=1e-12)
    assert point.stop_reason == "max_iter"
    a = (point.means[1, 0] - point.means[0, 0]) / 2
    assert 2 * steps * a**2 == pytest.approx(1.0, rel=0.05)
    newton = land.descend([-0.5, 0.5])
    assert newton.n_iter < 100
    assert np.abs(newton.means).max() < 1e-5


def test_law_9_defect_of_two_means_on_three_centers():
    """Crossings of defect 0.25 and 0.05, equal spacing, at 5.7296 and 7.4813."""
    for level, at in ((0.25, 5.7296), (0.05, 7.4813)):
        defects = []
        for separation in (at - 1e-3, at + 1e-3):
            land = landscape([-separation, 0.0, separation], 2)
            defects.append(land.descend([-separation / 2, separation]).decoding.defect)
        assert defects[0] > level > defects[1]


def test_law_10_a_plateau_is_not_listed():
    land = landscape([0.0, 10.0], 3)
    point = land.descend([0.0, 10.0, 60.0])
    assert point.stop_reason == "plateau"
    assert all(np.abs(m.means).max() < 20 for m in land.explore(0, n_starts=8).minima)


def test_law_3_embedding():
    """A dimension in which the data have variance sigma^2 adds the spectrum of E[psi psi'] / sigma^2."""
    rng = np.random.default_rng(2)
    x, sigma = rng.normal(size=80) + 4 * rng.integers(0, 2, 80), 0.8
    means = np.array([-0.3, 3.0, 4.6])
    line = lab.Landscape(lab.Sample(x[:, None]), 3, sigma=sigma).hessian(means)
    rows = np.array([[value, sign * sigma] for value in x for sign in (-1.0, 1.0)])
    plane = lab.Landscape(lab.Sample(rows), 3, sigma=sigma).hessian(np.column_stack([means, np.zeros(3)]))
    psi = gs.Mixture.location(means, sigma).responsibilities(x[:, None])
    added = psi.T @ psi / len(x) / sigma**2
    wanted = np.concatenate([np.linalg.eigvalsh(line), np.linalg.eigvalsh(added)])
    assert np.linalg.eigvalsh(plane) == pytest.approx(np.sort(wanted), abs=1e-12)
