"""What is wrong beside the optimum is named, and nothing else is."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.diagnosis.goodness_of_fit import _nearest
from marks import rest_slow

CENTERS = np.array([[0.0, 0.0], [12.0, 0.0], [30.0, 8.0]])


def clusters(rng: np.random.Generator, n: int = 200) -> np.ndarray:
    return np.repeat(CENTERS, n, axis=0) + rng.standard_normal((3 * n, 2))


def found(X: np.ndarray, k: int = 3, **options: object) -> dict[str, gs.Finding]:
    model = gs.GaussianMixture(k, random_state=0, **options).fit(X)
    findings = gs.diagnose(model, X, rng=0).findings
    assert len({finding.name for finding in findings}) == len(findings)
    json.dumps([finding.to_dict() for finding in findings])
    return {finding.name: finding for finding in findings}


@pytest.mark.parametrize("seed", rest_slow(range(10), 3))
@pytest.mark.parametrize("d", [1, 2, 5])
def test_gaussian_clusters_have_nothing_wrong(seed: int, d: int):
    rng = np.random.default_rng([seed, d])
    X = np.repeat(rng.normal(0, 10, (3, d)), 150, axis=0) + rng.standard_normal((450, d))
    assert found(X) == {}


@pytest.mark.parametrize("seed", rest_slow(range(5), 2))
@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_curves_are_not_gaussian(seed: int, kind: str):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, 400)
    ring = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.3 * rng.standard_normal((400, 2))
    names = found(ring, 2, covariance_type=kind)
    assert set(names) == {"not Gaussian"}
    assert "closer together" in names["not Gaussian"].message


def test_a_jittered_lattice_is_too_even(rng: np.random.Generator):
    lattice = np.stack(np.meshgrid(np.arange(20), np.arange(20)), axis=-1).reshape(-1, 2)
    names = found(lattice + rng.uniform(-0.1, 0.1, (400, 2)), 2)
    assert "more evenly spread" in names["not Gaussian"].message


def test_rounding_names_its_columns(rng: np.random.Generator):
    X = clusters(rng)
    X[:, 1] = np.round(X[:, 1])
    names = found(X)
    assert set(names) == {"rounding"}
    assert names["rounding"].columns == (1,)
    assert "column 1" in names["rounding"].message


def test_fine_rounding_is_none(rng: np.random.Generator):
    assert found(np.round(clusters(rng, 2000), 2)) == {}


@pytest.mark.parametrize("n", [300, 3000])
@pytest.mark.parametrize("step", [0.01, 0.02, 0.1])
@pytest.mark.parametrize("seed", [0, 1])
def test_rounded_rows_are_no_duplicates(n: int, step: float, seed: int):
    """Equal ones are to be expected, as often as those next to them; seed 0 is everybody's."""
    rng = np.random.default_rng(seed)
    X = np.where(rng.random(n) < 0.5, rng.normal(0.0, 1.0, n), rng.normal(8.0, 1.0, n))[:, None]
    X = np.round(X / step) * step
    model = gs.GaussianMixture(2, random_state=0).fit(X)
    assert {finding.name for finding in model.diagnosis_.findings} <= {"rounding"}


def test_a_value_that_far_too_many_rows_have_is_named(rng: np.random.Generator):
    X = np.round(clusters(rng), 2)
    assert "equal values" not in found(X)
    X[rng.random(len(X)) < 0.05, 1] = 20.0
    named = found(X, 4)["equal values"]
    assert named.columns == (1,)
    assert "of the rows have one and the same value" in named.message


def ratings(rng: np.random.Generator, n: int = 380) -> np.ndarray:
    """Answers from 1 to 5 of two groups to three questions, with a score."""
    group = np.repeat([0, 1], n // 2)
    usual = ((1.0, 4.0), (5.0, 2.0), (2.0, 4.0))
    answers = [np.clip(np.round(rng.normal(np.array(pair)[group], 0.8)), 1, 5) for pair in usual]
    return np.column_stack([*answers, rng.normal(np.array([20.0, 70.0])[group], 8.0)])


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("k", [1, 2])
def test_groups_of_ratings_are_no_collapse(rng: np.random.Generator, k: int, kind: str):
    """A component may be as narrow as the steps of its columns: most of a group gives the lowest mark."""
    X = ratings(rng)
    model = gs.GaussianMixture(k, covariance_type=kind, random_state=0).fit(X)
    diagnosis = gs.diagnose(model, X, rng=0)
    assert model.converged_
    assert diagnosis.input_state == "converged"
    assert "collapsed" not in {component.kind for component in diagnosis.components}
    assert "rounding" in {finding.name for finding in diagnosis.findings}


def test_a_component_on_one_value_of_many_is_a_collapse(rng: np.random.Generator):
    """The negative control: where values are fine, a component as narrow as their steps sits on a pile."""
    X = np.round(clusters(rng), 2)
    X[:60] = CENTERS[0]
    spike = gs.Mixture(
        [0.1, 0.3, 0.3, 0.3], [CENTERS[0], *CENTERS], [1e-9, 1.0, 1.0, 1.0], covariance_type="spherical"
    )
    assert gs.diagnose(spike, X, rng=0, covariance_type="spherical").components[0].kind == "collapsed"


def test_duplicates_are_named(rng: np.random.Generator):
    X = clusters(rng)
    names = found(np.concatenate([X, X[:150]]))
    assert set(names) == {"duplicates"}
    assert "20%" in names["duplicates"].message


def test_constant_and_collinear_columns_are_named(rng: np.random.Generator):
    X = clusters(rng)
    names = found(np.column_stack([X, np.full(len(X), 7.0)]))
    assert names["constant column"].columns == (2,)
    assert "rank deficiency" not in names
    names = found(np.column_stack([X, X[:, 0] + X[:, 1]]))
    assert names["rank deficiency"].columns == (0, 1, 2)


def test_too_few_rows_are_no_relation_between_columns(rng: np.random.Generator):
    X = rng.normal(size=(5, 8))
    few = {one.name: one for one in gs.GaussianMixture(1, random_state=0).fit(X).diagnosis_.findings}
    assert few["rank deficiency"].columns == tuple(range(8))
    assert "5 rows are too few for covariances of columns 0, 1, 2" in few["rank deficiency"].message
    assert "exactly" not in few["rank deficiency"].message


def test_a_constant_column_does_not_make_a_fit_degenerate(rng: np.random.Generator):
    X = clusters(rng)
    wide = np.column_stack([X, np.full(len(X), 7.0)])
    for kind in ("full", "diag", "tied"):
        model = gs.GaussianMixture(3, covariance_type=kind, random_state=0).fit(wide)
        assert model.diagnosis_.verdict == "no better fit found"
        assert {component.kind for component in model.diagnosis_.components} == {"exact"}


def test_outliers_are_named_by_their_rows(rng: np.random.Generator):
    X = np.concatenate([clusters(rng), [[15.0, -10.0], [15.0, 20.0]]])
    weights = np.ones(len(X))
    weights[0] = 0.0  # rows are numbered as they came
    model = gs.GaussianMixture(3, covariance_type="tied", random_state=0).fit(X, sample_weight=weights)
    (finding,) = gs.diagnose(model, X, weights, rng=0).findings
    assert finding.name == "outliers"
    assert finding.rows == (600, 601)


def histogram(density, d: int, cells: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Cells of a grid and the mass that a density has in each."""
    axes = [np.linspace(-8.0, 14.0, cells)] * d
    X = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, d)
    mass = density(X)
    return X, 1000.0 * mass / mass.sum()


@pytest.mark.parametrize("d", [1, 2])
def test_a_histogram_that_follows_the_mixture_is_all_right(d: int):
    """Cells far out lie on a grid as all do, and have no mass to speak of."""
    truth = gs.Mixture(None, [[0.0] * d, [7.0] * d], [1.0, 2.0], "spherical")
    X, weights = histogram(lambda X: np.exp(truth.log_density(X)), d)
    model = gs.GaussianMixture(2, random_state=0).fit(X, sample_weight=weights)
    names = {finding.name for finding in gs.diagnose(model, X, weights, rng=0).findings}
    assert names == ({"rounding"} if d == 2 else set())  # cells are 0.28 standard deviations wide


def test_a_histogram_of_something_else_is_not_gaussian():
    """Negative control: two groups under one component, and a cell of much mass far off."""
    truth = gs.Mixture(None, [[0.0, 0.0], [7.0, 7.0]], [1.0, 2.0], "spherical")
    X, weights = histogram(lambda X: np.exp(truth.log_density(X)), 2)
    model = gs.GaussianMixture(1, random_state=0).fit(X, sample_weight=weights)
    found = {finding.name: finding for finding in gs.diagnose(model, X, weights, rng=0).findings}
    assert "not Gaussian" in found
    assert "densities at the rows" in found["not Gaussian"].message
    X, weights = np.concatenate([X, [[-20.0, 30.0]]]), np.append(weights, 0.5)
    model = gs.GaussianMixture(2, random_state=0).fit(X, sample_weight=weights)
    found = {finding.name: finding for finding in gs.diagnose(model, X, weights, rng=0).findings}
    assert set(found) == {"rounding", "outliers"}
    assert found["outliers"].rows == (len(X) - 1,)


def test_a_background_is_noise_and_its_rows_are_given(rng: np.random.Generator):
    X = np.concatenate([clusters(rng), rng.uniform(-60, 90, (150, 2))])
    model = gs.GaussianMixture(4, random_state=0, nested="take").fit(X)
    diagnosis = model.diagnosis_
    assert "noise" in {finding.name for finding in diagnosis.findings}
    (behind,) = [component for component in diagnosis.components if component.kind == "background"]
    assert behind.rows is not None
    assert np.mean(behind.rows >= 600) > 0.9
    assert {c.kind for c in diagnosis.components if c is not behind} == {"exact"}
    assert all(c.rows is None for c in diagnosis.components if c.kind == "exact")


@pytest.mark.parametrize(
    ("name", "k", "wrong"),
    [
        ("aggregation", 7, "not Gaussian"),
        ("spiral", 3, "not Gaussian"),
        ("ring", 2, "not Gaussian"),
        ("ring_outliers", 5, "not Gaussian"),
        ("zigzag_noisy", 3, "not Gaussian"),
        ("g2mg_1_10", 2, "rounding"),
        ("ionosphere", 2, "constant column"),
        ("s1", 15, None),
        ("hepta", 7, None),
        ("tetra", 4, None),
        ("x1", 3, None),
    ],
)
def test_sets_of_the_suite(name: str, k: int, wrong: str | None, data_dir):
    names = found(np.loadtxt(data_dir / "suite" / f"{name}.data.gz", ndmin=2), k)
    if wrong is None:
        assert names == {}
    else:
        assert wrong in names


def test_nearest_neighbours_are_the_same_however_they_are_looked_for(rng: np.random.Generator):
    X = rng.standard_normal((200, 20))
    gaps = np.linalg.norm(X[:, None] - X, axis=2)
    np.fill_diagonal(gaps, np.inf)
    np.testing.assert_allclose(_nearest(X), gaps.min(axis=1), rtol=1e-9)
    few = X[:, :3]
    gaps = np.linalg.norm(few[:, None] - few, axis=2)
    np.fill_diagonal(gaps, np.inf)
    np.testing.assert_allclose(_nearest(few), gaps.min(axis=1), rtol=1e-12)


@pytest.mark.parametrize(("n", "k"), [(6, 1), (30, 4)])
@pytest.mark.parametrize("covariance_prior", [0.0, "auto"])
def test_too_few_rows_for_matrices_are_told(n: int, k: int, covariance_prior: float | str):
    """Fewer than columns, and fewer than components times one more than columns."""
    X = np.random.default_rng(1).normal(size=(n, 10))
    model = gs.GaussianMixture(k, covariance_prior=covariance_prior, random_state=0).fit(X)
    said = " ".join(model.diagnosis_.warnings)
    assert "on few rows for its columns" in said or "on a floor" in said
    assert "a simpler covariance_type" in said
    assert np.linalg.eigvalsh(model.covariances_).min() > 0
    assert model.floor_active_ is (covariance_prior == 0.0)


@pytest.mark.parametrize("k", [3, 4])
def test_as_many_components_as_different_rows_are_told(k: int):
    X = np.repeat([[0.0, 0.0], [1.0, 1.0], [5.0, 2.0]], 20, axis=0)
    free = gs.GaussianMixture(k, covariance_prior=0.0, random_state=0).fit(X)
    assert (free.diagnosis_.verdict, free.floor_active_) == ("cannot tell", True)
    assert "collapsed" in {component.kind for component in free.diagnosis_.components}
    assert "bic is not told" in str(free.document())
    held = gs.GaussianMixture(k, random_state=0).fit(X)
    assert "next: compare with fewer components" in str(held.document())
    assert {"rounding", "duplicates"} <= {finding.name for finding in held.diagnosis_.findings}


@pytest.mark.parametrize("copies", [10_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_very_many_copies_of_a_row_are_held_up_by_the_floor(rng: np.random.Generator, copies: int):
    X = np.concatenate([np.ones((copies, 2)), rng.normal(5.0, 1.0, (100, 2))])
    model = gs.GaussianMixture(2, covariance_prior=0.0, random_state=0).fit(X)
    assert model.converged_
    assert model.floor_active_
    assert "on a floor" in " ".join(model.diagnosis_.warnings)
    assert model.diagnosis_.verdict == "cannot tell"
