"""Dimensions that centers and means leave out count by themselves."""

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab


def kl(d: int) -> float:
    """That of means beside centers on a line in d dimensions, of sigma 1 beside a true one of 1.5."""
    axis = np.eye(1, d)
    truth = gs.Mixture.location([[-3.0], [3.0]] @ axis, 1.5)
    return lab.Landscape(lab.Population(truth), 2, sigma=1.0).kl([[-2.5], [3.2]] @ axis)


def test_each_dimension_that_is_left_out_adds_that_of_two_gaussians():
    alone = 0.5 * (1.5**2 - 1.0) - np.log(1.5)
    assert kl(2) - kl(1) == pytest.approx(alone, abs=1e-8)
    assert kl(4) - kl(1) == pytest.approx(3 * alone, abs=1e-8)
