"""The reference engine against SciPy's densities, sums over all rows at once and finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from scipy.stats import multivariate_normal

import gmmscape as gs
from gmmscape import engine
from gmmscape.engine import Parameters
from gmmscape.engine.reference import BLOCK_ROWS, blocks, log_joint

Array = NDArray[np.float64]

KINDS = ("spherical", "diag", "tied", "full")
WEIGHTS = np.array([0.5, 0.2, 0.0, 0.3])


def some_covariances(rng: np.random.Generator, kind: str, k: int, d: int) -> Array:
    """Return full covariance matrices of a storage kind, shape (k, d, d)."""
    if kind == "spherical":
        return rng.uniform(0.3, 4.0, k)[:, None, None] * np.eye(d)
    if kind == "diag":
        return rng.uniform(0.3, 4.0, (k, d))[:, :, None] * np.eye(d)
    roots = rng.normal(size=(1 if kind == "tied" else k, d, d))
    return np.broadcast_to(roots @ np.swapaxes(roots, 1, 2) + 0.3 * np.eye(d), (k, d, d))


def with_factors(kind: str, weights: Array, means: Array, full: Array, unit: float = 1.0) -> Parameters:
    """Return the engine's parameters; the factors are inverse Cholesky roots, by `numpy.linalg.inv`."""
    roots = np.swapaxes(np.linalg.inv(np.linalg.cholesky(full)), 1, 2)
    diagonals = np.diagonal(roots, axis1=1, axis2=2)
    factors = {"spherical": diagonals[:, 0], "diag": diagonals, "tied": roots[0], "full": roots}[kind]
    with np.errstate(divide="ignore"):
        return Parameters(kind, np.log(weights), means, factors.copy(), unit)


def scipy_joint(X: Array, weights: Array, means: Array, full: Array) -> Array:
    """Return log(weight_i N(x; mean_i, cov_i)), shape (n, k)."""
    with np.errstate(divide="ignore"):
        logs = np.log(weights)
    columns = [multivariate_normal.logpdf(X, m, c).reshape(len(X)) for m, c in zip(means, full, strict=True)]
    return logs + np.stack(columns, axis=1)


class Case:
    """Rows, and one mixture both as the engine and as SciPy see it; component 2 has weight zero."""

    def __init__(self, kind: str, d: int, n: int = 60) -> None:
        rng = np.random.default_rng([d, n, KINDS.index(kind)])
        self.means = rng.normal(0.0, 3.0, (4, d))
        self.full = some_covariances(rng, kind, 4, d)
        self.parameters = with_factors(kind, WEIGHTS, self.means, self.full)
        self.X = rng.normal(0.0, 4.0, (n, d))
        self.joint = scipy_joint(self.X, WEIGHTS, self.means, self.full)
        self.row_weights = rng.uniform(0.0, 2.0, n)
        self.row_weights[3] = 0.0


@pytest.fixture(params=[(kind, d) for kind in KINDS for d in (1, 3)], ids=lambda p: f"{p[0]}-{p[1]}d")
def case(request: pytest.FixtureRequest) -> Case:
    """Return the case of each covariance kind in one and three dimensions."""
    return Case(*request.param)


def test_log_joint_agrees_with_scipy(case: Case):
    joint = log_joint(case.X, case.parameters)
    assert joint.shape == (60, 4)
    assert np.all(np.isneginf(joint[:, 2]))
    np.testing.assert_allclose(np.delete(joint, 2, 1), np.delete(case.joint, 2, 1), rtol=1e-11, atol=1e-11)


def test_log_density_agrees_with_scipy(case: Case):
    expected = logsumexp(case.joint, axis=1)
    np.testing.assert_allclose(
        engine.hold(case.X).log_density(case.parameters), expected, rtol=1e-11, atol=1e-11
    )


def test_responsibilities_agree_with_scipy_and_sum_to_one(case: Case):
    posterior = engine.hold(case.X).responsibilities(case.parameters)
    np.testing.assert_allclose(posterior, softmax(case.joint, axis=1), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0, rtol=1e-13)
    assert not posterior[:, 2].any()


def test_densities_are_per_the_unit_of_length(case: Case):
    """A density per (8 m)^d is 8^d times that per m^d; responsibilities do not know the unit."""
    scaled = case.parameters._replace(unit=8.0)
    d = case.X.shape[1]
    difference = engine.hold(case.X).log_density(scaled) - engine.hold(case.X).log_density(case.parameters)
    np.testing.assert_allclose(difference, d * np.log(8.0), rtol=1e-12)
    expected = engine.hold(case.X).responsibilities(case.parameters)
    np.testing.assert_allclose(
        engine.hold(case.X).responsibilities(scaled), expected, rtol=1e-12, atol=1e-300
    )


def test_scaling_data_parameters_and_unit_by_a_power_of_two_changes_no_bit(case: Case):
    p = case.parameters
    scaled = p._replace(means=4.0 * p.means, factors=p.factors / 4.0, unit=4.0)
    np.testing.assert_array_equal(
        engine.hold(4.0 * case.X).log_density(scaled), engine.hold(case.X).log_density(p)
    )


def test_log_determinants_agree_with_those_of_the_covariances(case: Case):
    expected = -0.5 * np.linalg.slogdet(case.full)[1]
    np.testing.assert_allclose(case.parameters.log_determinants, expected, rtol=1e-12, atol=1e-12)
    assert case.parameters.log_determinants.shape == (4,)


def test_only_component_of_weight_zero_near_a_row_does_not_take_it():
    """The row sits on a dead component, 40 deviations from the live one."""
    parameters = with_factors(
        "spherical", np.array([1.0, 0.0]), np.array([[0.0], [40.0]]), np.ones((2, 1, 1))
    )
    row = np.array([[40.0]])
    np.testing.assert_array_equal(engine.hold(row).responsibilities(parameters), [[1.0, 0.0]])
    assert engine.hold(row).log_density(parameters)[0] == pytest.approx(
        -800.0 - 0.5 * np.log(2 * np.pi), rel=1e-14
    )


@pytest.mark.parametrize("far", [1e160, 1e200, 1e300])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_too_far_for_a_squared_distance_give_no_nan(kind: str, far: float):
    case = Case(kind, 3)
    weights = np.array([0.4, 0.2, 0.1, 0.3])
    parameters = with_factors(kind, weights, case.means, case.full)
    X = np.array([[far, 0.0, 0.0], [-far, far, 0.0], [far, far, -far], [1.0, 2.0, 3.0]])
    density = engine.hold(X).log_density(parameters)
    assert np.all(np.isneginf(density[:3]))
    posterior = engine.hold(X).responsibilities(parameters)
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0, rtol=1e-14)
    # The ordinary row beside them is as it is alone.
    np.testing.assert_allclose(density[3:], engine.hold(X[3:]).log_density(parameters), rtol=1e-13)
    np.testing.assert_allclose(posterior[3:], engine.hold(X[3:]).responsibilities(parameters), rtol=1e-12)


@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_rows_too_far_for_a_squared_distance_go_to_the_nearest_component(kind: str):
    """Nearest in the Mahalanobis sense, which at that distance is that of the direction alone."""
    case = Case(kind, 3)
    weights = np.array([0.4, 0.2, 0.1, 0.3])
    directions = np.array([[1.0, 0.0, 0.0], [-1.0, 1.0, 0.0], [0.2, 1.0, -1.0], [0.0, 0.1, 1.0]])
    squared = np.einsum("nd,kde,ne->nk", directions, np.linalg.inv(case.full), directions)
    posterior = engine.hold(1e200 * directions).responsibilities(
        with_factors(kind, weights, case.means, case.full)
    )
    np.testing.assert_array_equal(posterior, np.eye(4)[squared.argmin(axis=1)])


def test_a_far_row_between_equal_components_is_shared():
    parameters = with_factors("spherical", np.array([0.9, 0.1]), np.array([[1.0], [2.0]]), np.ones((2, 1, 1)))
    np.testing.assert_array_equal(engine.hold(np.array([[1e200]])).responsibilities(parameters), [[0.5, 0.5]])


def test_far_rows_with_means_as_far_apart_go_to_the_nearer_one():
    parameters = with_factors(
        "spherical", np.array([0.5, 0.5]), np.array([[1e200], [-1e200]]), np.ones((2, 1, 1))
    )
    X = np.array([[3e199], [-2e200]])
    np.testing.assert_array_equal(engine.hold(X).responsibilities(parameters), [[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize("n", [0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 3 * BLOCK_ROWS + 17])
def test_blocks_cover_every_row_once(n: int):
    rows = np.arange(n)
    pieces = [rows[block] for block in blocks(n)]
    assert all(0 < len(piece) <= BLOCK_ROWS for piece in pieces)
    np.testing.assert_array_equal(np.concatenate([rows[:0], *pieces]), rows)


def expected_statistics(case: Case) -> tuple[Array, Array, Array, float]:
    """Return mass, means, full scatters and log-likelihood, from SciPy's densities and all rows at once."""
    shares = case.row_weights[:, None] * softmax(case.joint, axis=1)
    mass = shares.sum(axis=0)
    means, scatters = [], []
    d = case.X.shape[1]
    for i, share in enumerate(shares.T):
        if mass[i] == 0:
            means.append(case.means[i])
            scatters.append(np.zeros((d, d)))
        else:
            means.append(np.average(case.X, axis=0, weights=share))
            covariance = np.cov(case.X, rowvar=False, aweights=share, ddof=0)
            scatters.append(mass[i] * covariance.reshape(d, d))
    value = float(case.row_weights @ logsumexp(case.joint, axis=1))
    return mass, np.array(means), np.array(scatters), value


def stored(full: Array, kind: str) -> Array:
    """Return full scatters in the shape of a storage kind."""
    reductions: dict[str, Callable[[Array], Array]] = {
        "spherical": lambda s: np.trace(s, axis1=1, axis2=2),
        "diag": lambda s: np.diagonal(s, axis1=1, axis2=2),
        "tied": lambda s: s.sum(axis=0),
        "full": lambda s: s,
    }
    return reductions[kind](full)


@pytest.mark.parametrize("n", [60, 2 * BLOCK_ROWS + 600], ids=["one block", "three blocks"])
@pytest.mark.parametrize("scatter", KINDS)
def test_statistics_equal_sums_over_all_rows_at_once(scatter: str, n: int):
    case = Case("full", 3, n)
    found = engine.hold(case.X, case.row_weights).statistics(case.parameters, scatter)
    mass, means, full, value = expected_statistics(case)
    np.testing.assert_allclose(found.mass, mass, rtol=1e-10)
    np.testing.assert_allclose(found.mean, means, rtol=1e-9, atol=1e-11)
    expected = stored(full, scatter)
    np.testing.assert_allclose(found.scatter, expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())
    assert found.kind == scatter
    assert found.log_likelihood == pytest.approx(value, rel=1e-11)
    assert found.weight == pytest.approx(case.row_weights.sum(), rel=1e-13)
    assert found.mass.sum() == pytest.approx(found.weight, rel=1e-13)


def test_statistics_without_scatter(case: Case):
    found = engine.hold(case.X, case.row_weights).statistics(case.parameters, "none")
    mass, means, _, value = expected_statistics(case)
    assert found.scatter is None
    np.testing.assert_allclose(found.mass, mass, rtol=1e-10, atol=1e-14)
    alive = mass > 1e-10
    np.testing.assert_allclose(found.mean[alive], means[alive], rtol=1e-9, atol=1e-11)
    assert found.log_likelihood == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_log_density_and_responsibilities_of_several_blocks(kind: str):
    case = Case(kind, 2, 2 * BLOCK_ROWS + 5)
    expected = logsumexp(case.joint, axis=1)
    np.testing.assert_allclose(
        engine.hold(case.X).log_density(case.parameters), expected, rtol=1e-10, atol=1e-10
    )
    posterior = engine.hold(case.X).responsibilities(case.parameters)
    np.testing.assert_allclose(posterior, softmax(case.joint, axis=1), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("scatter", KINDS)
def test_integer_row_weights_count_rows(scatter: str):
    case = Case("full", 2, 50)
    counts = np.random.default_rng(5).integers(0, 4, 50)
    weighted = engine.hold(case.X, counts.astype(float)).statistics(case.parameters, scatter)
    repeated = np.repeat(case.X, counts, axis=0)
    plain = engine.hold(repeated, np.ones(len(repeated))).statistics(case.parameters, scatter)
    for field in ("mass", "mean", "scatter", "log_likelihood", "weight"):
        np.testing.assert_allclose(getattr(weighted, field), getattr(plain, field), rtol=1e-12, atol=1e-12)


def test_statistics_of_a_dead_component_are_finite_and_keep_its_mean(case: Case):
    found = engine.hold(case.X, case.row_weights).statistics(case.parameters, "full")
    assert found.mass[2] == 0.0
    np.testing.assert_array_equal(found.mean[2], case.means[2])
    assert not found.scatter[2].any()


def test_scatter_of_narrow_components_far_from_the_origin_survives():
    """Two clouds of width 1e-3 at 0 and 1e6: their scatter is that of the clouds, not of rounding."""
    rng = np.random.default_rng(3)
    near = rng.integers(-500, 500, (200, 1)) / 2.0**19  # exact after adding 2^20
    X = np.concatenate([near, 2.0**20 + near])
    parameters = with_factors(
        "spherical", np.array([0.5, 0.5]), np.array([[0.0], [2.0**20]]), 1e-6 * np.ones((2, 1, 1))
    )
    found = engine.hold(X, np.ones(400)).statistics(parameters, "diag")
    np.testing.assert_allclose(found.scatter[:, 0], 200 * np.var(near), rtol=1e-6)
    np.testing.assert_allclose(found.mass, 200.0, rtol=1e-14)


def location_nll(X: Array, weights: Array, shares: Array, means: Array, sigma: float) -> float:
    """Return the weighted NLL of a location mixture, by SciPy."""
    d = X.shape[1]
    full = np.tile(sigma**2 * np.eye(d), (len(means), 1, 1))
    return -float(weights @ logsumexp(scipy_joint(X, shares, means, full), axis=1))


@pytest.fixture(params=[1, 3], ids=["1d", "3d"])
def location(request: pytest.FixtureRequest) -> tuple[Array, Array, Array, Array, float]:
    """Return rows, row weights, mixture weights, means and sigma of a location mixture."""
    d = request.param
    rng = np.random.default_rng(d)
    X = rng.normal(0.0, 2.0, (40, d))
    weights = rng.uniform(0.0, 2.0, 40)
    weights[:3] = 0.0
    return X, weights, np.array([0.2, 0.5, 0.3]), rng.normal(0.0, 1.5, (3, d)), 1.7


def location_parameters(shares: Array, means: Array, sigma: float) -> Parameters:
    return Parameters("spherical", np.log(shares), means, np.full(len(means), 1.0 / sigma))


def test_location_value_and_mass(location: tuple[Array, Array, Array, Array, float]):
    X, weights, shares, means, sigma = location
    at = engine.hold(X, weights).derivatives(location_parameters(shares, means, sigma), hessian=False)
    assert at.hessian is None
    assert at.nll == pytest.approx(location_nll(X, weights, shares, means, sigma), rel=1e-12)
    full = np.tile(sigma**2 * np.eye(X.shape[1]), (3, 1, 1))
    expected = weights @ softmax(scipy_joint(X, shares, means, full), axis=1)
    np.testing.assert_allclose(at.mass, expected, rtol=1e-11)


def test_location_gradient_is_that_of_finite_differences(location: tuple[Array, Array, Array, Array, float]):
    X, weights, shares, means, sigma = location
    at = engine.hold(X, weights).derivatives(location_parameters(shares, means, sigma), hessian=False)
    assert at.gradient.shape == means.shape
    h = 1e-5
    for index in np.ndindex(means.shape):
        step = np.zeros_like(means)
        step[index] = h
        up = location_nll(X, weights, shares, means + step, sigma)
        down = location_nll(X, weights, shares, means - step, sigma)
        assert at.gradient[index] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-7)


def test_location_hessian_is_that_of_finite_differences(location: tuple[Array, Array, Array, Array, float]):
    X, weights, shares, means, sigma = location
    at = engine.hold(X, weights).derivatives(location_parameters(shares, means, sigma), hessian=True)
    m, h = means.size, 1e-3
    assert at.hessian.shape == (m, m)
    np.testing.assert_array_equal(at.hessian, at.hessian.T)

    def value(change: Array) -> float:
        return location_nll(X, weights, shares, means + h * change.reshape(means.shape), sigma)

    unit = np.eye(m)
    for i in range(m):
        for j in range(m):
            both, apart = unit[i] + unit[j], unit[i] - unit[j]
            difference = value(both) + value(-both) - value(apart) - value(-apart)
            assert at.hessian[i, j] == pytest.approx(difference / (4 * h * h), rel=1e-5, abs=2e-5)


def test_location_derivatives_of_several_blocks_are_the_sums_over_the_blocks():
    rng = np.random.default_rng(8)
    n = BLOCK_ROWS + 100
    X, weights = rng.normal(0.0, 2.0, (n, 2)), rng.uniform(0.0, 1.0, n)
    parameters = location_parameters(np.array([0.6, 0.4]), np.array([[0.0, 1.0], [2.0, -1.0]]), 0.8)
    whole = engine.hold(X, weights).derivatives(parameters, hessian=True)
    parts = [
        engine.hold(X[a:b], weights[a:b]).derivatives(parameters, hessian=True)
        for a, b in [(0, 1500), (1500, 3000), (3000, n)]
    ]
    for field in ("nll", "gradient", "hessian", "mass"):
        expected = sum(getattr(part, field) for part in parts)
        np.testing.assert_allclose(getattr(whole, field), expected, rtol=1e-11, atol=1e-11)


def test_location_gradient_gives_the_em_step(location: tuple[Array, Array, Array, Array, float]):
    """The EM step of a mean is -sigma^2 gradient / mass: two code paths, one identity."""
    X, weights, shares, means, sigma = location
    parameters = location_parameters(shares, means, sigma)
    at = engine.hold(X, weights).derivatives(parameters, hessian=False)
    em = engine.hold(X, weights).statistics(parameters, "none")
    step = -(sigma**2) * at.gradient / at.mass[:, None]
    np.testing.assert_allclose(em.mean - means, step, rtol=1e-9, atol=1e-12)


def test_the_hessian_of_one_component_is_that_of_a_parabola():
    X = np.random.default_rng(4).normal(size=(30, 2))
    weights = np.full(30, 0.1)
    parameters = location_parameters(np.ones(1), np.array([[0.3, -0.2]]), 2.0)
    at = engine.hold(X, weights).derivatives(parameters, hessian=True)
    np.testing.assert_allclose(at.hessian, 3.0 / 4.0 * np.eye(2), rtol=0, atol=1e-14)
    np.testing.assert_allclose(at.gradient[0], 3.0 / 4.0 * ([0.3, -0.2] - X.mean(axis=0)), rtol=1e-12)


def test_far_rows_never_go_to_a_component_of_weight_zero():
    mixture = gs.Mixture([1, 0], [[0.0], [1.0]], [1.0, 100.0], "spherical")
    np.testing.assert_array_equal(mixture.responsibilities([[1e200]]), [[1.0, 0.0]])


@pytest.mark.parametrize("x", [0.0, 1.0, -1e190])
def test_rows_near_the_origin_of_far_means_go_to_the_nearest(x: float):
    mixture = gs.Mixture.location([1e200, 2e200], 1.0)
    np.testing.assert_array_equal(mixture.responsibilities([[x]]), [[1.0, 0.0]])


def test_correlated_components_too_narrow_for_a_far_row_give_no_nan():
    """The row's coordinates overflow with opposite signs."""
    narrow = [[1e-20, 0.9e-20], [0.9e-20, 1e-20]]
    mixture = gs.Mixture([0.5, 0.5], [[0, 0], [1, 1]], [narrow, narrow])
    assert mixture.log_density([[1e300, 1e300]])[0] == -np.inf
    assert mixture.responsibilities([[1e300, 1e300]]).sum() == 1.0


def test_responsibilities_of_far_rows_sum_to_one():
    """Where log densities are millions of nats, and rounded by 1e-10."""
    X = np.linspace(-9e3, 9e3, 101)[:, None]
    psi = gs.Mixture.location([-0.095, -0.08, 0.3], 1.0).responsibilities(X)
    assert np.abs(psi.sum(axis=1) - 1.0).max() <= 1e-15


def test_negligible_responsibilities_are_zero():
    """exp(-722) would be subnormal."""
    assert gs.Mixture.location([0.0, 38.0], 1.0).responsibilities([[0.0]])[0, 1] == 0.0
