"""Marginals and conditionals: against integration, by identities, and far from everything."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy.integrate import quad

import gmmscape as gs
from unit.mixture.cases import COVARIANCES, MEANS, WEIGHTS, Array, example

KINDS = list(COVARIANCES)
NAMES = ["height", "weight", "age"]


def three(kind: str, seed: int = 0, k: int = 3) -> gs.Mixture:
    """Three named columns of very different units."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(k, 3, 3))
    full = roots @ np.swapaxes(roots, 1, 2) + 0.1 * np.eye(3)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": np.diagonal(full, axis1=1, axis2=2),
        "spherical": full[:, 0, 0],
    }[kind]
    found = gs.Mixture(rng.dirichlet(np.ones(k)), 2.0 * rng.normal(size=(k, 3)), covariances, kind)
    return found.with_names(NAMES)


def density(mixture: gs.Mixture, *row: float) -> float:
    return float(np.exp(mixture.log_density([row])[0]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [-3.0, 0.7, 6.0])
def test_a_conditional_is_the_joint_density_over_its_integral(kind: str, at: float):
    mixture = example(kind)
    found = mixture.condition({1: at})
    mass = quad(lambda x: density(mixture, x, at), -40, 40, points=[-6, 0, 3], limit=200, epsabs=1e-14)[0]
    assert density(mixture.marginal([1]), at) == pytest.approx(mass, rel=1e-8)
    for x in (-7.0, -1.0, 0.3, 4.0):
        assert density(found, x) == pytest.approx(density(mixture, x, at) / mass, rel=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_density_is_marginal_times_conditional(kind: str):
    mixture = three(kind)
    X = mixture.sample(20, 1)[0]
    for row in X:
        apart = mixture.marginal(["age"]).log_density([[row[2]]]) + mixture.condition(
            {"age": row[2]}
        ).log_density([row[:2]])
        assert apart == pytest.approx(mixture.log_density([row]), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_conditioning_does_not_matter(kind: str):
    mixture, values = three(kind, 3), {"height": 0.4, "age": -1.1}
    at_once = mixture.condition(values)
    assert at_once.feature_names == ("weight",)
    for order in permutations(values):
        one_by_one = mixture
        for name in order:
            one_by_one = one_by_one.condition({name: values[name]})
        np.testing.assert_allclose(one_by_one.weights, at_once.weights, rtol=1e-12)
        np.testing.assert_allclose(one_by_one.means, at_once.means, rtol=1e-12)
        np.testing.assert_allclose(one_by_one.full_covariances(), at_once.full_covariances(), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_marginal_of_a_conditional_is_the_conditional_of_the_marginal(kind: str):
    mixture = three(kind, 5)
    one = mixture.condition({"weight": 1.0}).marginal("age")
    other = mixture.marginal(["age", "weight"]).condition({"weight": 1.0})
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-12)
    np.testing.assert_allclose(one.means, other.means, rtol=1e-12)
    np.testing.assert_allclose(one.full_covariances(), other.full_covariances(), rtol=1e-12)
    assert one.feature_names == other.feature_names == ("age",)


def test_kinds_of_covariances_stay():
    for kind in KINDS:
        assert three(kind).condition({0: 1.0}).covariance_type == kind
        assert three(kind).marginal([2, 0]).covariance_type == kind


def test_marginals_keep_the_order_that_was_asked_for():
    mixture = three("full")
    found = mixture.marginal(["age", "height"])
    np.testing.assert_array_equal(found.means, mixture.means[:, [2, 0]])
    np.testing.assert_array_equal(found.covariances, mixture.covariances[:, [2, 0]][:, :, [2, 0]])
    assert found.feature_names == ("age", "height")
    assert mixture.marginal([2, 0]) == found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("far", [1e6, -1e6, 1e12, 1e200])
def test_values_that_no_component_reaches_have_a_conditional(kind: str, far: float):
    """The widest of the known column takes all; of one width, the one on that side."""
    mixture = example(kind)
    found = mixture.condition({0: far})
    widest = {"full": 2, "diag": 2, "spherical": 2}.get(kind)
    if widest is None and abs(far) < 1e100:
        widest = 1 if far > 0 else 2
    assert found.weights.sum() == pytest.approx(1.0)
    assert np.isfinite(found.means).all()
    if widest is not None:
        assert found.weights[widest] == 1.0
    near = mixture.condition({0: 3.0})
    assert near.weights.min() > 0  # and not everywhere


def test_far_values_are_weighed_as_their_logarithms_say():
    """Two components of one width, a million standard deviations off: known in closed form."""
    gap = 1e-6
    mixture = gs.Mixture([0.5, 0.5], [[0.0, 0.0], [gap, 5.0]], [[1.0, 1.0]] * 2, "diag")
    odds = np.exp(gap * 1e6 - 0.5 * gap * gap)
    assert mixture.condition({0: 1e6}).weights[1] == pytest.approx(odds / (1 + odds), rel=1e-3)


def test_collinear_columns_keep_positive_variances():
    """The variance that is left is lost in a difference, but not by roots."""
    e = 1e-7
    mixture = gs.Mixture([1.0], [[0.0, 0.0]], [[[1.0, 1.0 - e**2 / 2], [1.0 - e**2 / 2, 1.0]]])
    left = mixture.condition({0: 0.3})
    assert left.covariances[0, 0, 0] == pytest.approx(e**2, rel=0.05)
    assert left.means[0, 0] == pytest.approx(0.3)


def test_nothing_known_is_the_mixture_itself():
    mixture = three("full")
    assert mixture.condition({}) == mixture


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"wieght": 1.0}, "did you mean 'weight'"),
        ({"AGE": 1.0}, "did you mean 'age'"),
        ({"income in thousands": 1.0}, "'height', 'weight', 'age' or a number from 0 to 2"),
        ({3: 1.0}, "0 to 2"),
        ({-1: 1.0}, "0 to 2"),
        ({True: 1.0}, "0 to 2"),
        ({"age": np.nan}, "finite"),
        ({"age": "old"}, "numbers"),
        ({"age": 1.0, 2: 1.0}, "each once"),
        ({"height": 1.0, "weight": 2.0, "age": 3.0}, "unknown"),
        ([1.0], "mapping"),
    ],
)
def test_what_cannot_be_conditioned_on(values: object, message: str):
    with pytest.raises(gs.InvalidParameterError, match=message):
        three("full").condition(values)  # type: ignore[arg-type]


def test_columns_without_names_are_numbered():
    with pytest.raises(gs.InvalidParameterError, match=r"columns=0\.5: pass names or numbers of columns"):
        example("full").marginal(0.5)
    with pytest.raises(gs.InvalidParameterError, match="no names: pass a number from 0 to 1"):
        example("full").condition({"x": 1.0})
    with pytest.raises(gs.InvalidParameterError, match="each once"):
        example("full").marginal([0, 0])
    with pytest.raises(gs.InvalidParameterError, match="each once"):
        example("full").marginal([])


# Linear maps


@pytest.mark.parametrize("kind", KINDS)
def test_an_invertible_map_changes_the_density_by_its_determinant(kind: str):
    mixture = three(kind, 7)
    A = np.random.default_rng(2).normal(size=(3, 3))
    b = [1.0, -20.0, 300.0]
    X = mixture.sample(30, 3)[0]
    found = mixture.transformed(A, b).log_density(X @ A.T + b)
    expected = mixture.log_density(X) - np.log(abs(np.linalg.det(A)))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_a_map_onto_fewer_dimensions_is_the_distribution_of_the_image():
    """Sums of columns: the marginal after a rotation, and moments of draws."""
    mixture = three("full", 8)
    found = mixture.transformed([[1.0, 1.0, 0.0]], feature_names=["sum"])
    shear = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(found.covariances, mixture.transformed(shear).marginal([0]).covariances)
    drawn = mixture.sample(40_000, 1)[0][:, :2].sum(axis=1)
    spread = drawn.std() / 200
    assert abs(drawn.mean() - found.weights @ found.means[:, 0]) < 5 * spread
    assert found.feature_names == ("sum",)


def test_kinds_stay_where_they_can():
    assert three("diag").transformed(np.diag([2.0, 3.0, 4.0])).covariance_type == "diag"
    assert three("diag").transformed([[0, 0, 1.0], [1.0, 0, 0]]).covariance_type == "diag"
    assert three("spherical").transformed(2.0 * np.eye(3)).covariance_type == "spherical"
    assert three("spherical").transformed(np.diag([1.0, 2.0, 3.0])).covariance_type == "full"
    assert three("tied").transformed(np.ones((1, 3))).covariance_type == "tied"
    assert three("diag").transformed([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0]]).covariance_type == "full"


def test_units_of_columns_do_not_matter_for_the_rank():
    mixture = gs.Mixture([1.0], [[0.0, 0.0]], [[1e-18, 1e18]], "diag")
    found = mixture.transformed([[1e9, 0.0], [0.0, 1e-9]])
    np.testing.assert_allclose(found.covariances, [[1.0, 1.0]])


@pytest.mark.parametrize(
    ("A", "b", "message"),
    [
        (np.ones((4, 3)), 0.0, "at most 3 rows"),
        (np.ones((2, 3)), 0.0, "not linearly independent"),
        ([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0 + 1e-15]], 0.0, "not linearly independent"),
        (np.zeros((1, 3)), 0.0, "not linearly independent"),
        (np.ones((2, 2)), 0.0, r"pass \(m, 3\)"),
        (np.eye(3), [1.0, 2.0], "pass one number, or 3"),
        (np.full((1, 3), np.nan), 0.0, "finite"),
        (np.empty((0, 3)), 0.0, "at least one"),
    ],
)
def test_maps_that_leave_no_density_are_refused(A: Array, b: object, message: str):
    with pytest.raises(gs.InvalidParameterError, match=message):
        three("full").transformed(A, b)  # type: ignore[arg-type]


# Names


def test_names_go_where_columns_go():
    mixture = three("full")
    for other in (mixture.shifted(1.0), mixture.permuted([2, 0, 1]), mixture.relocated(mixture.means.copy())):
        assert other.feature_names == tuple(NAMES)
    assert gs.Mixture.from_dict(mixture.to_dict()) == mixture
    assert "feature_names" not in mixture.with_names(None).to_dict()


def test_names_count_where_mixtures_are_compared():
    mixture = three("full")
    versions = [mixture, mixture.with_names(None), mixture.with_names(["a", "b", "c"])]
    for one, other in pairwise([*versions, versions[0]]):
        assert one != other
    assert mixture.with_names(None).with_names(NAMES) == mixture


@pytest.mark.parametrize("names", [["x"], ["x", "x"], "xy", ["x", 1]])
def test_names_are_as_many_as_columns_each_once(names: object):
    with pytest.raises(gs.InvalidParameterError, match="feature_names"):
        gs.Mixture(WEIGHTS, MEANS, COVARIANCES["full"], feature_names=names)  # type: ignore[arg-type]


def test_tables_of_components_have_the_names():
    assert "mean height" in str(three("diag"))
