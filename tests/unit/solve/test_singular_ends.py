"""Maximum likelihood without a floor: components that shrink onto a plane end a run, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.arrays import FloatArray
from gmmscape.covariances.matrices import Full
from gmmscape.exceptions import InvalidParameterError
from marks import rest_slow

WITHOUT_BOUND = {"covariance_prior": 0.0, "covariance_floor": 0.0, "init_params": "random_from_data"}


def few_rows(seed: int) -> FloatArray:
    """Forty rows of whole numbers in three columns: a component on three of them is flat."""
    return np.round(np.random.default_rng(seed).normal(size=(40, 3)) * [30, 300, 120])


# Seeds whose runs ended at covariances that other factorisations refuse.
@pytest.mark.parametrize("seed", [1, 4, 25])
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
def test_fits_of_few_rows_end(seed: int):
    model = gs.GaussianMixture(3, random_state=seed, n_init=10, **WITHOUT_BOUND).fit(few_rows(seed))
    np.linalg.cholesky(model.covariances_)
    assert np.isfinite(model.score(few_rows(seed)))


@pytest.mark.parametrize("seed", [17, 22, 36])
def test_optima_of_few_rows_are_counted(seed: int):
    found = gs.local_optima(few_rows(seed), 3, rng=0, n_starts=20, escape=False, **WITHOUT_BOUND)
    listed = [one for one in found.optima if one.state == "converged"]
    assert found.degenerate > 0
    assert sum(one.hits for one in listed) + found.degenerate + found.unsettled == 20


@pytest.mark.slow
@pytest.mark.parametrize("family", rest_slow(["EVV", "VVE"], 1))
def test_families_in_python_end(family: str):
    X = np.round(np.random.default_rng(5).normal(size=(40, 3)) * 2)
    options = WITHOUT_BOUND | {"random_state": 5, "n_init": 4}
    model = gs.GaussianMixture(3, covariance_type=family, **options).fit(X)
    assert np.isfinite(model.score(X))


def test_what_is_lost_in_rounding():
    """Not by scale: by how much of a column the others leave."""
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]

    def lost(least: float, units: FloatArray) -> bool:
        matrix = (turn * [1.0, 1.0, least]) @ turn.T * np.outer(units, units)
        try:
            return Full().lost_in_rounding(matrix[None], Full().factors(matrix[None]))
        except InvalidParameterError:
            return True

    for units in (np.ones(3), np.array([1e-8, 1.0, 1e9])):
        assert not lost(1e-11, units)
        assert lost(1e-16, units)
