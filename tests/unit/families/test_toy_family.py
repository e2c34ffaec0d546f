"""A family made here, one variance for all components and directions: known by registration alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.covariances import TIED
from gmmscape.families import Floor, FreeCovariance, register, unregister

NAME = "tied spherical"
CENTERS = np.array([[0.0, 0.0], [9.0, 0.0], [30.0, 4.0]])
STUCK = np.array([[4.5, 0.0], [29.5, 4.0], [30.5, 4.0]])


class TiedSpherical(FreeCovariance):
    """Stored as a tied matrix that is a multiple of the identity; its floor is the average floor."""

    whole = False

    @property
    def name(self) -> str:
        return NAME

    def __init__(self, floor: Floor) -> None:
        super().__init__(TIED, floor)

    def n_parameters(self, k: int, d: int) -> int:
        return k * d + 1 + k - 1

    def lifted(self, covariances: FloatArray) -> tuple[FloatArray, bool]:
        nearest = max(np.trace(covariances) / len(covariances), self._least) * np.eye(len(covariances))
        same = np.allclose(nearest, covariances, rtol=1e-12, atol=0.0)
        return (covariances, False) if same else (nearest, True)

    def on_floor(self, mixture: gs.Mixture) -> BoolArray:
        return np.full(mixture.n_components, mixture.covariances[0, 0] * (1 - 1e-9) < self._least)

    def native(self, d: int) -> None:
        return None

    @property
    def _least(self) -> float:
        return float(self.floor.variances.mean()) if len(self.floor.variances) else 0.0


@pytest.fixture
def _registered() -> Iterator[None]:
    register(NAME, TiedSpherical)
    yield
    unregister(NAME)


@pytest.fixture(name="X")
def three_clusters(rng: np.random.Generator) -> FloatArray:
    return np.repeat(CENTERS, (150, 100, 50), axis=0) + 1.5 * rng.standard_normal((300, 2))


def em_by_hand(X: FloatArray, means: FloatArray, n_iter: int) -> tuple[FloatArray, FloatArray, float]:
    """Weights, means and the one variance after so many EM steps."""
    weights, variance = np.full(len(means), 1 / len(means)), 4.0
    for _ in range(n_iter):
        squared = ((X[:, None] - means) ** 2).sum(axis=2)
        share = weights * np.exp(-0.5 * (squared - squared.min(axis=1, keepdims=True)) / variance)
        share /= share.sum(axis=1, keepdims=True)
        weights, means = share.mean(axis=0), share.T @ X / share.sum(axis=0)[:, None]
        variance = float((share * ((X[:, None] - means) ** 2).sum(axis=2)).sum() / X.size)
    return weights, means, variance


@pytest.mark.usefixtures("_registered")
def test_it_is_fitted_by_its_own_em(X: FloatArray):
    options = {"means_init": CENTERS, "escape": False, "covariance_prior": 0.0, "tol": 1e-9}
    model = gs.GaussianMixture(3, covariance_type=NAME, **options).fit(X)
    weights, means, variance = em_by_hand(X, CENTERS + 1.0, 200)
    for found, wanted in zip((model.weights_, model.means_), (weights, means), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(model.covariances_, variance * np.eye(2), rtol=1e-6)
    assert model.bic(X) == pytest.approx(-2 * model.score_samples(X).sum() + 9 * np.log(300))


@pytest.mark.usefixtures("_registered")
def test_it_is_diagnosed_and_repaired(X: FloatArray):
    model = gs.GaussianMixture(3, covariance_type=NAME, means_init=STUCK, escape=False).fit(X)
    assert gs.diagnose(model, X, rng=0).verdict == "bad optimum"
    repaired = gs.repair(model, X, rng=0).model
    np.testing.assert_allclose(np.sort(repaired.means_[:, 0]), CENTERS[:, 0], atol=0.5)
    np.testing.assert_allclose(repaired.covariances_, repaired.covariances_[0, 0] * np.eye(2))
    assert gs.diagnose(repaired, X, rng=0).verdict == "no better fit found"


@pytest.mark.slow
@pytest.mark.usefixtures("_registered")
def test_it_is_selected_where_it_suffices(X: FloatArray):
    some = ("full", "tied", "diag", "spherical", NAME)
    assert gs.select(X, [3], some, rng=0).best.to_estimator().covariance_type == NAME
    assert gs.select(X * [1.0, 8.0], [3], some, rng=0).best_covariance_type == "tied"
    assert gs.local_optima(X, 3, NAME, n_starts=8, rng=0).covariance_type == NAME


@pytest.mark.usefixtures("_registered")
def test_mixtures_outside_are_refused(X: FloatArray):
    with pytest.raises(gs.InvalidParameterError, match="not of that kind"):
        gs.diagnose(gs.Mixture(None, CENTERS, [[1, 0.5], [0.5, 1]], "tied"), X, covariance_type=NAME)


DOORS = [
    lambda X: gs.GaussianMixture(3, covariance_type=NAME).fit(X),
    lambda X: gs.select(X, [2], NAME),
    lambda X: gs.local_optima(X, 2, NAME),
    lambda X: gs.diagnose(gs.Mixture(None, CENTERS, np.eye(2), "tied"), X, covariance_type=NAME),
]


@pytest.mark.parametrize("door", DOORS, ids=["fit", "select", "local_optima", "diagnose"])
def test_without_registration_it_is_not_known(X: FloatArray, door: Callable[[FloatArray], object]):
    with pytest.raises(gs.InvalidParameterError, match=r"covariance_types?='tied spherical': choose one of"):
        door(X)
