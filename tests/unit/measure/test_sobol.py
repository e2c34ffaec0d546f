"""Sobol rules: exact for quadratics, repeatable, and with errors from their scramblings."""

from __future__ import annotations

import numpy as np
import pytest

from gmmscape.effort import EFFORT
from gmmscape.measure.sobol import SobolRule


def test_quadratics_are_integrated_exactly():
    z, w = SobolRule(5, 6).nodes()
    assert z.shape == (EFFORT.measure.scramblings * 64, 5)
    assert w.sum() == pytest.approx(1.0, abs=1e-14)
    assert w @ z == pytest.approx(np.zeros(5), abs=1e-13)
    assert (z * w[:, None]).T @ z == pytest.approx(np.eye(5), abs=1e-12)


def test_points_follow_the_accuracy_up_to_a_cap():
    sizes = [len(SobolRule.of_accuracy(4, rtol).nodes()[1]) for rtol in (1e-3, 1e-6, 1e-10, 1e-15, 1e-30)]
    assert sizes == [2**10, 2**12, 2**15, 2**EFFORT.measure.most_sobol, 2**EFFORT.measure.most_sobol]
    assert len(SobolRule.of_accuracy(60, 1e-2).nodes()[1]) >= EFFORT.measure.scramblings * 240


def test_three_standard_errors_cover_and_shrink():
    direction = np.array([1.0, -2.0, 0.5, 1.0])
    exact = np.exp(0.5 * 0.04 * direction @ direction)

    def integrand(z, w):
        return (np.atleast_1d(w @ np.exp(0.2 * z @ direction)),)

    errors = []
    for log2_each in (5, 7, 9):
        rule = SobolRule(4, log2_each)
        value = integrand(*rule.nodes())[0][0]
        errors.append(rule.measured(integrand)[0])
        assert abs(value - exact) <= errors[-1]
    assert errors[0] > 2 * errors[1] > 4 * errors[2] > 0  # faster than random draws
    assert SobolRule(4, 5).finer() == SobolRule(4, 7)
