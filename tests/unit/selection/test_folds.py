"""Rows held out count by their weights."""

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.measure import Sample
from gmmscape.selection.folds import held_out


def test_of_one_model_for_all_parts_it_is_the_likelihood_of_all_rows(rng: np.random.Generator):
    X, weights = rng.normal(size=(40, 2)), rng.uniform(0.1, 3.0, 40)
    model = gs.Mixture([0.4, 0.6], [[0.0, 0.0], [1.0, -1.0]], [1.0, 2.0], "spherical")
    sample = Sample(X, weights)
    found = held_out(sample, lambda part: sample.local_mixture(model), 5, 0)
    assert found == pytest.approx(np.average(model.log_density(X), weights=weights), abs=1e-12)
