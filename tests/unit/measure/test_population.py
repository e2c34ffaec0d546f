"""Populations: closed forms, stated accuracy, and where their origin is."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab


def test_one_gaussian_has_closed_forms():
    truth = gs.Mixture.location([2.0], 1.5)
    population = lab.Population(truth)
    entropy = 0.5 * np.log(2 * np.pi * np.e * 1.5**2)
    assert abs(population.entropy - entropy) <= population.entropy.error < 1e-10
    land = lab.Landscape(population, 1, sigma=1.0)
    nll = 0.5 * np.log(2 * np.pi) + 0.5 * (1.5**2 + 0.7**2)
    assert abs(land.nll([2.7]) - nll) <= land.nll([2.7]).error
    kl = 0.5 * (1.5**2 + 0.7**2) - 0.5 - np.log(1.5)
    assert abs(land.kl([2.7]) - kl) <= land.kl([2.7]).error
    assert land.gradient([2.7]) == pytest.approx(np.array([[0.7]]), abs=1e-12)
    assert land.hessian([2.7]) == pytest.approx(np.array([[1.0]]), abs=1e-12)


def test_divergence_of_the_truth_is_zero_and_small_ones_are_not_lost():
    truth = gs.Mixture.location([0.0, 5.0], 1.0)
    land = lab.Landscape(lab.Population(truth), 2)
    assert abs(land.kl([0.0, 5.0])) <= 1e-15
    tiny = land.kl([1e-5, 5.0])
    hessian = land.hessian([0.0, 5.0])
    assert tiny == pytest.approx(0.5 * hessian[0, 0] * 1e-10, rel=1e-4)


def test_covariance():
    truth = gs.Mixture([0.3, 0.7], [1.0, 6.0], [0.25, 4.0], "spherical")
    mean = 0.3 * 1 + 0.7 * 6
    wanted = 0.3 * (0.25 + (1 - mean) ** 2) + 0.7 * (4 + (6 - mean) ** 2)
    assert lab.Population(truth).variance == pytest.approx([wanted])


def test_origin_is_a_center_and_a_shift_changes_no_bit():
    centers = np.array([-3.0, 3.0, 12.0])
    here = lab.Population(gs.Mixture.location(centers, 1.0))
    there = lab.Population(gs.Mixture.location(centers + 2.0**20, 1.0))
    assert here.origin in centers
    means = np.array([-2.0, 11.5, 12.5])
    a, b = lab.Landscape(here, 3), lab.Landscape(there, 3)
    assert a.nll(means) == b.nll(means + 2.0**20)
    assert np.array_equal(a.hessian(means), b.hessian(means + 2.0**20))


def test_finer_rules_have_smaller_errors():
    truth = gs.Mixture.location([0.0, 7.0, 9.0], 1.0)
    errors = [
        lab.Landscape(lab.Population(truth, rtol=r), 3).nll([0, 1, 9]).error for r in (1e-2, 1e-5, 1e-9)
    ]
    assert errors[0] > 10 * errors[1] > 100 * errors[2]
    assert errors[2] < 1e-8


def test_components_of_weight_zero_do_not_matter():
    truth = gs.Mixture.location([0.0, 5.0, 50.0], 1.0, [0.5, 0.5, 0.0])
    same = gs.Mixture.location([0.0, 5.0], 1.0)
    means = [0.3, 4.9]
    assert lab.Landscape(lab.Population(truth), 2).nll(means) == pytest.approx(
        float(lab.Landscape(lab.Population(same), 2).nll(means)), abs=1e-12
    )


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        ({"mixture": [1.0, 2.0]}, gs.InvalidParameterError, "mixture"),
        ({"mixture": gs.Mixture.location([-1e300, 1e300], 1.0)}, gs.InvalidParameterError, "centers"),
        ({"rtol": 0.0}, gs.InvalidParameterError, "rtol"),
        ({"rtol": 1.0}, gs.InvalidParameterError, "rtol"),
        ({"rule": "simpson"}, gs.InvalidParameterError, "rule"),
    ],
)
def test_bad_arguments_are_named(arguments, error, word):
    with pytest.raises(error, match=word):
        lab.Population(**{"mixture": gs.Mixture.location([0.0], 1.0), **arguments})


def test_estimates_are_floats_that_keep_their_error():
    value = lab.Population(gs.Mixture.location([0.0], 1.0)).entropy
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert again.error == value.error
    assert type(value + 1) is float
