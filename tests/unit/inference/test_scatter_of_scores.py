"""Scatters of scores are about their mean, also where that is not zero."""

import numpy as np

import gmmscape as gs
from gmmscape.families import family_named
from gmmscape.inference.adjustment import row_scores
from gmmscape.inference.information import scatter_of_scores
from gmmscape.measure import Sample
from gmmscape.objective import Objective
from gmmscape.solve import OwnUnits


def test_beside_an_optimum_and_with_weights(rng: np.random.Generator):
    sample = Sample(rng.normal(size=(50, 1)), rng.uniform(0.5, 2.0, 50))
    model = sample.local_mixture(gs.Mixture([0.3, 0.7], [[0.5], [-1.0]], [1.5, 0.8], "spherical"))
    objective = Objective.near(sample, family_named("spherical"), model)
    units, shares = OwnUnits(objective.family, model), rng.uniform(0.5, 2.0, 50)
    scores = np.concatenate([row_scores(objective, units, place) for place, _, _ in objective.rows.blocks()])
    centred = scores - np.concatenate([w for _, _, w in objective.rows.blocks()]) @ scores
    expected = (centred * shares[:, None]).T @ centred
    np.testing.assert_allclose(scatter_of_scores(objective, units, shares), expected, rtol=1e-10, atol=1e-12)
