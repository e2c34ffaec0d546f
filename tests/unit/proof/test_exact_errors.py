"""Errors that are zero by symmetry need no endless digits."""

import pytest

import gmmscape as gs
from gmmscape import lab


def test_a_mean_on_the_average_of_its_centers():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-2.0, 2.0], 1.0)), 1)
    certificate = lab.certify([0.0], land)
    assert certificate.errors[0][0] <= 0.0 <= certificate.errors[0][1] < 1e-36
    assert certificate.bits < 200


@pytest.mark.slow
def test_all_means_in_the_middle():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-6.0, 0.0, 6.0], 1.0)), 3)
    assert lab.certify([0.0, 0.0, 0.0], land).index == 2
