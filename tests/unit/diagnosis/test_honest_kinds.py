"""What a diagnosis may say of components, and what it may not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans

import gmmscape as gs
from gmmscape.diagnosis.component_kinds import component_reports
from gmmscape.diagnosis.verdict import judged
from gmmscape.moves.nesting import background
from gmmscape.moves.search import Escape, TriedMove

CENTERS = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])


def clusters(seed: int = 0, n: int = 80) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(CENTERS, n, axis=0) + rng.standard_normal((3 * n, 2))


def kinds(diagnosis: gs.Diagnosis) -> list[str]:
    return [component.kind for component in diagnosis.components]


def test_where_nothing_was_tried_nothing_is_known():
    model = gs.GaussianMixture(3, escape=False, random_state=0).fit(clusters())
    assert kinds(model.diagnosis_) == ["not examined"] * 3
    assert "3 not examined" in str(model.diagnosis_)
    assert kinds(gs.diagnose(model, clusters(), rng=0)) == ["exact"] * 3
    assert kinds(gs.diagnose(model, clusters(), rng=0, max_seconds=0)) == ["not examined"] * 3


@pytest.mark.parametrize("seed", range(6))
def test_a_bad_optimum_has_a_component_that_is_not_right(seed: int):
    X = clusters(seed)
    first = X[:80].mean(axis=0) + np.array([[-0.4, 0.0], [0.4, 0.0]])
    stuck = gs.GaussianMixture(3, means_init=[*first, [4.5, 4.5]], escape=False, tol=1e-2).fit(X)
    diagnosis = gs.diagnose(stuck, X, rng=0)
    assert diagnosis.verdict == "bad optimum"
    assert set(kinds(diagnosis)) != {"exact"}


def test_a_component_without_much_of_its_cluster_is_mixed():
    """The second has 0.7 of its cluster, where the better fit has 0.95 of it: less than nine tenths."""
    association = np.array([[0.95, 0.3], [0.05, 0.7]])
    none = np.zeros(2, dtype=bool)
    options = {
        "n_rows": np.full(2, 50.0),
        "nested": np.zeros((2, 2), dtype=bool),
        "collapsed": none,
        "background": none,
        "exact": none,
    }
    half = np.full(2, 0.5)
    itself = np.array([[0.95, 0.05], [0.05, 0.95]])
    reports = component_reports(association, half, half, itself=itself, **options)
    assert [one.kind for one in reports] == ["exact", "mixed"]
    as_good = component_reports(association, half, half, itself=association, **options)
    assert [one.kind for one in as_good] == ["exact", "exact"]


def test_two_centers_on_one_blob_are_not_exact():
    blob = np.random.default_rng(0).standard_normal((500, 2))
    model = KMeans(2, n_init=1, random_state=0).fit(blob)
    assert kinds(gs.diagnose(model, blob, rng=0)) == ["many-fit-one"] * 2
    apart = KMeans(3, n_init=1, random_state=0).fit(clusters())
    assert kinds(gs.diagnose(apart, clusters(), rng=0)) == ["exact"] * 3


def test_a_fit_is_not_polished_into_a_collapse():
    """EM by maximum likelihood leads from here onto two rows that lie close together."""
    rng = np.random.default_rng(1)
    X = np.concatenate([rng.normal(0.0, 1.0, 80), [4.0, 4.001], rng.normal(9.0, 1.0, 80)])[:, None]
    given = gs.Mixture([0.45, 0.1, 0.45], [[0.0], [4.0], [9.0]], [[[1.0]], [[0.5]], [[1.0]]])
    result = gs.repair(given, X, covariance_type="full", rng=0)
    assert any(
        "leads from this fit into a collapse: component 1" in text for text in result.diagnosis.warnings
    )
    assert np.sqrt(result.model.covariances.min()) > 0.05
    # Negative control: under a prior the component is bounded and EM may go on.
    bounded = gs.repair(given, X, covariance_type="full", rng=0, covariance_prior="auto")
    assert not any("collapse" in text for text in bounded.diagnosis.warnings)


def test_a_cluster_with_slivers_upon_it_is_no_noise():
    slivers = gs.Mixture(
        [0.8, 0.1, 0.1],
        [[0.0, 0.0], [1.5, 0.0], [-1.5, 0.5]],
        [np.eye(2), 0.01 * np.eye(2), 0.01 * np.eye(2)],
    )
    assert not background(slivers).any()
    noise = gs.Mixture([0.2, 0.4, 0.4], slivers.means, slivers.covariances)
    np.testing.assert_array_equal(background(noise), [True, False, False])


def test_a_model_that_its_tolerance_stopped_is_said_to_be():
    from sklearn.mixture import GaussianMixture

    X = clusters() + np.random.default_rng(1).normal(0.0, 2.0, (240, 2))
    model = GaussianMixture(3, tol=9.0, init_params="random_from_data", random_state=0).fit(X)
    diagnosis = gs.diagnose(model, X, rng=0)
    assert diagnosis.input_state == "not converged"
    assert f"stopped early (worth {diagnosis.polish_gain * len(X):.2g} nats)" in str(diagnosis)
    near = clusters() - 0.6 * np.repeat(CENTERS, 80, axis=0)
    early = GaussianMixture(3, tol=9.0, means_init=0.4 * CENTERS, random_state=0).fit(near)
    assert "next: let EM converge" in str(gs.diagnose(early, near, rng=0))
    assert "next: use this fit" in str(gs.diagnose(gs.repair(early, near, rng=0).model, near, rng=0))


@pytest.mark.slow
def test_a_fit_with_too_many_components_is_to_be_compared_with_fewer():
    from sklearn.mixture import GaussianMixture

    X = np.random.default_rng(0).normal(size=(300, 2))
    model = GaussianMixture(3, random_state=0, tol=1e-9, max_iter=10_000).fit(X)
    diagnosis = gs.diagnose(model, X, rng=0)
    assert diagnosis.verdict == "no better fit found"
    assert diagnosis.suggested_n_components == 1
    assert "next: compare with 1 component: `select` does" in str(diagnosis)


@pytest.mark.parametrize("seed", range(4))
def test_centers_on_one_blob_are_not_all_exact(seed: int):
    rng = np.random.default_rng(seed)
    blob, two = (
        rng.normal(size=(300, 2)),
        np.concatenate([rng.normal((x, 0.0), 1.0, (400, 2)) for x in (0, 30)]),
    )
    for k, X in ((2, blob), (3, blob), (3, two)):
        found = kinds(gs.diagnose(KMeans(k, n_init=1, random_state=seed).fit(X), X, rng=0))
        assert "many-fit-one" in found or "one-fits-many" in found
    apart = clusters(seed)
    assert kinds(gs.diagnose(KMeans(3, n_init=5, random_state=0).fit(apart), apart, rng=0)) == ["exact"] * 3


def test_the_search_says_what_it_cost():
    X = clusters()
    plain = gs.GaussianMixture(3, escape=False, random_state=0).fit(X)
    searched = gs.GaussianMixture(3, random_state=0).fit(X)
    assert searched.diagnosis_.passes > 10.0 > plain.diagnosis_.passes


def test_a_start_that_leads_elsewhere_is_no_saddle():
    escape = Escape(None, taken=[TriedMove((), (), 0.0, 1.0, "taken")])
    assert "by beginning anew" in judged(9.0, 5.0, escape, False, "nats")[1][0]
    assert "by leaving a saddle" in judged(9.0, 5.0, Escape(None), False, "nats")[1][0]


def test_the_verdict_comes_first_and_then_what_to_do():
    lines = str(gs.GaussianMixture(3, random_state=0).fit(clusters()).diagnosis_).splitlines()
    assert lines[0].startswith("verdict: ")
    assert any(line.startswith("next: ") for line in lines[1:5])


def test_columns_have_names_and_rows_lines():
    X = np.column_stack([clusters(), np.full(240, 7.0)])
    X[17] = [4.5, 16.0, 7.0]
    diagnosis = (
        gs.GaussianMixture(3, random_state=0).fit(X).diagnosis_.told(("a", "b", "same"), range(2, 242))
    )
    said = {finding.name: finding.message for finding in diagnosis.findings}
    assert said["constant column"].startswith("column 'same': ")
    assert "line 19" in said["outliers"]
