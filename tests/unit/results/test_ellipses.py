"""Ellipses of pictures and reports hold the same, stated share."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from scipy.stats import chi2

import gmmscape as gs
from gmmscape.results.ellipses import LEVEL, radius


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_the_radius_holds_the_level(level: float):
    assert chi2.cdf(radius(level) ** 2, 2) == pytest.approx(level)


@pytest.mark.parametrize("cls", [gs.GaussianMixture, gs.Mixture, gs.Diagnosis, gs.Repair])
def test_pictures_draw_the_level_of_reports(cls: type):
    assert inspect.signature(cls.plot).parameters["level"].default == LEVEL


def test_reports_say_it():
    X = np.random.default_rng(0).normal(size=(50, 2))
    page = gs.Mixture([1.0], [[0.0, 0.0]], [1.0], "spherical").to_html(X)
    assert f"Ellipses hold {100 * LEVEL:g} % of a component" in page
    assert f'"radius": {radius()}' in page or f'"radius":{radius()}' in page
