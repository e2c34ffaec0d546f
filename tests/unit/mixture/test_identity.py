"""When mixtures are equal, and that neither they nor their copies can be changed."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from unit.mixture.cases import COVARIANCES, MEANS, WEIGHTS, example


def test_equality_needs_every_number_and_the_type():
    mixture = example("diag")
    assert mixture == example("diag")
    assert mixture != gs.Mixture(WEIGHTS, np.add(MEANS, [0.0, 1e-12]), COVARIANCES["diag"], "diag")
    assert mixture != gs.Mixture([0.375, 0.5, 0.125], MEANS, COVARIANCES["diag"], "diag")
    assert mixture != gs.Mixture(WEIGHTS, MEANS, COVARIANCES["diag"] * (1 + 1e-15), "diag")
    assert mixture != mixture.permuted([1, 0, 2])
    assert mixture != gs.Mixture.location([0, 1], 1.0)
    full = gs.Mixture(WEIGHTS, MEANS, mixture.full_covariances(), "full")
    assert full != mixture
    assert mixture != "mixture"
    # The same numbers can be two variances of each component or one matrix of both.
    numbers = [[2.0, 0.5], [0.5, 1.0]]
    assert gs.Mixture(None, MEANS[:2], numbers, "tied") != gs.Mixture(None, MEANS[:2], numbers, "diag")


def test_mixtures_cannot_be_hashed():
    with pytest.raises(TypeError, match="unhashable"):
        hash(example("full"))


def test_weights_that_are_normalised_keep_their_bits():
    rng = np.random.default_rng(0)
    for _ in range(300):
        mixture = gs.Mixture(rng.dirichlet(np.ones(5)), np.arange(5.0), np.ones(5), "spherical")
        assert gs.Mixture.from_dict(mixture.to_dict()) == mixture
        np.testing.assert_array_equal(mixture.shifted(0.0).weights, mixture.weights)


def test_copies_are_equal_and_frozen():
    mixture = gs.Mixture([0.3, 0.7], [[0, 0], [1, 2]], [[[2, 1], [1, 3]], [[1, 0], [0, 1]]])
    for twin in (pickle.loads(pickle.dumps(mixture)), copy.deepcopy(mixture), copy.copy(mixture)):
        assert twin == mixture
        assert not twin.means.flags.writeable
        with pytest.raises(AttributeError, match="immutable"):
            twin.means = mixture.means


@pytest.mark.parametrize("name", ["sigma", "separation", "colour"])
def test_nothing_can_be_set_or_deleted_not_even_before_it_is_computed(name: str):
    mixture = gs.Mixture.location([0.0, 1.0], 1.0)
    with pytest.raises(AttributeError, match=name):
        setattr(mixture, name, 3.0)
    with pytest.raises(AttributeError, match="means"):
        del mixture.means
    assert mixture.sigma == 1.0


@pytest.mark.parametrize("order", [[0, 0], [0], [0, 1, 2], [1, 2], [0.5, 1]])
def test_permuted_wants_a_permutation(order: Any):
    with pytest.raises(gs.InvalidParameterError, match="order"):
        gs.Mixture.location([0.0, 1.0], 1.0).permuted(order)


@pytest.mark.parametrize("offset", [[1.0, 2.0, 3.0], [[1.0]], np.nan, "far"])
def test_shifted_wants_one_number_per_feature(offset: Any):
    with pytest.raises(gs.InvalidParameterError, match="offset"):
        gs.Mixture.location([0.0, 1.0], 1.0).shifted(offset)
