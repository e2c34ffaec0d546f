"""Passes in which rows meet only the components that matter to them, against those where all meet all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gmmscape import lab
from gmmscape.engine import EmRun, EmTask, Truncation
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.families import Floor, Location, family_named
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.batch import em_task, truncation

pytestmark = pytest.mark.skipif(not available(), reason="the extension is not built")
KINDS = ("location", "spherical", "diag", "tied", "full")

#: Always, however little it pays, in blocks as small as a test's rows are few.
ALWAYS = replace(truncation(), least_components=1, block_rows=16, pays=np.inf)


def clusters(kind: str, *, n: int, d: int, k: int, apart: float, seed: int = 0) -> tuple[np.ndarray, Mixture]:
    """Rows of clusters on a jittered grid, and a mixture near them: means and widths are all different."""
    rng = np.random.default_rng([seed, n, d, k])
    side = int(np.ceil(k ** (1 / d)))
    grid = np.stack(np.unravel_index(rng.permutation(side**d)[:k], (side,) * d), axis=1)
    means = apart * (grid + rng.uniform(-0.1, 0.1, (k, d)))
    roots = np.eye(d) + 0.3 / np.sqrt(d) * rng.standard_normal((k, d, d))
    if kind == "tied":
        roots[:] = roots[0]
    elif kind != "full":
        roots = roots * np.eye(d)
    labels = np.arange(n) % k
    X = means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((n, d)))
    full = roots @ np.swapaxes(roots, 1, 2)
    covariances = {
        "location": np.ones(k),
        "spherical": np.trace(full, axis1=1, axis2=2) / d,
        "diag": np.diagonal(full, axis1=1, axis2=2),
        "tied": full[0],
        "full": full,
    }[kind]
    weights = rng.dirichlet(np.full(k, 20.0))
    begun = means + 0.2 * rng.standard_normal((k, d))
    return X, Mixture(weights, begun, 1.1 * covariances, "spherical" if kind == "location" else kind)


def problem(
    kind: str, X: np.ndarray, start: Mixture, weights: np.ndarray | None = None, floor: float = 1e-6
) -> tuple[Objective, EmTask]:
    """The rows and a task of plain EM, two passes, without any truncation."""
    sample = lab.Sample(X) if weights is None else lab.Sample(X, weights)
    if kind == "location":
        family, start = Location(1.0), Mixture.location(start.means, 1.0)
    else:
        family = family_named(kind, Floor.of(sample.variance, covariance_floor=floor))
    local = sample.local_mixture(start)
    objective = Objective.near(sample, family, local)
    stacked = (local.weights[None], local.means[None], local.covariances[None])
    task = em_task(objective, family, stacked, tol=0.0, max_iter=1, accelerate=False)
    assert task is not None
    return objective, replace(task, truncation=None)


def both(objective: Objective, task: EmTask, plan: Truncation = ALWAYS, **changes) -> tuple[EmRun, EmRun]:
    """Where EM leads with a truncation, and without."""
    task = replace(task, **changes)
    found, whole = (objective.rows.em(replace(task, truncation=one)) for one in (plan, None))
    assert found is not None
    assert whole is not None
    assert whole.runs[0].work.densities == whole.runs[0].work.passes
    return found.runs[0], whole.runs[0]


def assert_equal(found: EmRun, whole: EmRun, rtol: float = 1e-10) -> None:
    """Check values and parameters; small ones by the largest of their kind of the same component."""
    assert found.end == whole.end
    np.testing.assert_allclose(found.history, whole.history, rtol=rtol)
    np.testing.assert_allclose(found.weights, whole.weights, rtol=rtol)
    scale = np.abs(whole.means).max()
    np.testing.assert_allclose(found.means, whole.means, rtol=rtol, atol=rtol * scale)
    own = whole.covariances.reshape(len(whole.covariances), -1)
    scale = np.abs(own).max(axis=1, keepdims=True)
    np.testing.assert_allclose(
        found.covariances.reshape(own.shape) / scale, own / scale, rtol=rtol, atol=rtol
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_sums_are_those_of_whole_passes(kind: str, d: int, weighted: bool):
    X, start = clusters(kind, n=1500, d=d, k=40, apart=12.0)
    weights = np.random.default_rng(1).uniform(0.0, 3.0, len(X)) if weighted else None
    found, whole = both(*problem(kind, X + 1e3, _moved(start, 1e3), weights))
    assert_equal(found, whole)
    assert found.work.densities < 0.5 * found.work.passes


@pytest.mark.parametrize("isa", available())
@pytest.mark.parametrize("kind", KINDS)
def test_each_instruction_set_does_it(kind: str, isa: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMMSCAPE_ISA", isa)
    X, start = clusters(kind, n=900, d=3, k=33, apart=14.0)
    found, whole = both(*problem(kind, X, start))
    assert_equal(found, whole)
    assert found.work.densities < 0.5 * found.work.passes


def _moved(mixture: Mixture, shift: float) -> Mixture:
    return Mixture(mixture.weights, mixture.means + shift, mixture.covariances, mixture.covariance_type)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("apart", [0.5, 3.0])
def test_overlapping_components_are_all_there(kind: str, apart: float):
    X, start = clusters(kind, n=800, d=2, k=20, apart=apart)
    found, whole = both(*problem(kind, X, start))
    assert_equal(found, whole)


@pytest.mark.parametrize("k", [1, 2, 3, 33, 2000])
def test_any_number_of_components(k: int):
    X, start = clusters("diag", n=max(400, 2 * k), d=2, k=k, apart=15.0)
    found, whole = both(*problem("diag", X, start))
    assert_equal(found, whole)
    assert found.work.densities < found.work.passes * (1.01 if k == 1 else 0.9)


def test_coinciding_rows_and_rows_between_means():
    """Every row lies on a mean, or as far from one mean as from the next."""
    means = np.array([(x, y) for x in range(0, 90, 10) for y in range(0, 90, 10)], dtype=float)
    X = np.vstack([np.repeat(means, 20, axis=0), np.repeat(means + np.array([5.0, 0.0]), 20, axis=0)])
    start = Mixture(np.full(81, 1 / 81), means, np.ones(81), "spherical")
    found, whole = both(*problem("spherical", X, start))
    assert_equal(found, whole)
    assert found.work.densities < 0.2 * found.work.passes


def test_a_component_far_from_all_rows_is_drawn_to_them_as_it_would_be():
    """Its responsibilities are far below what is left out of a row, and all that it has."""
    X, start = clusters("full", n=1500, d=2, k=36, apart=12.0)
    means = start.means.copy()
    means[3] = (100.0, 33.0)  # rows end at about 70
    start = Mixture(start.weights, means, start.covariances, "full")
    found, whole = both(*problem("full", X, start, floor=0.0))
    assert 0.0 < whole.weights[3] < 1e-25
    assert_equal(found, whole, 1e-9)
    # The same, where nobody looks after light components: the test sees it.
    blind = replace(ALWAYS, light=-1.0)
    lost, _ = both(*problem("full", X, start, floor=0.0), plan=blind)
    assert lost.weights[3] == 0.0


def test_components_without_weight_stay_so():
    X, start = clusters("spherical", n=1000, d=2, k=30, apart=10.0)
    weights = start.weights.copy()
    weights[[4, 7]] = 0.0
    start = Mixture(weights / weights.sum(), start.means, start.covariances, "spherical")
    found, whole = both(*problem("spherical", X, start))
    assert (found.weights[[4, 7]] == 0.0).all()
    assert_equal(found, whole)


@pytest.mark.parametrize("far", [1e3, 1e7])
@pytest.mark.parametrize("kind", KINDS)
def test_one_row_far_from_the_others(kind: str, far: float):
    """What is left out of it counts by the square of its distance."""
    X, start = clusters(kind, n=1200, d=2, k=36, apart=9.0)
    X = np.vstack([X, [(far, 0.3 * far)]])
    objective, task = problem(kind, X, start)
    found, whole = both(objective, task)
    assert_equal(found, whole)


@pytest.mark.parametrize("scale", [1e-120, 1e-8, 1e8, 1e120])
def test_units_do_not_matter(scale: float):
    X, start = clusters("full", n=900, d=2, k=36, apart=9.0)
    stretched = np.array([scale, 1.0])
    start = Mixture(
        start.weights, start.means * stretched, start.covariances * np.outer(stretched, stretched), "full"
    )
    found, whole = both(*problem("full", X * stretched, start, floor=0.0))
    assert_equal(found, whole)
    assert found.work.densities < 0.6 * found.work.passes


def test_lost_digits_are_taken_again():
    """Rows of one component nearly coincide: squares of the way to their block's center are all there is."""
    X, start = clusters("diag", n=1200, d=2, k=36, apart=20.0)
    rng = np.random.default_rng(0)
    X[::36] = X[0] + 1e-6 * rng.standard_normal(X[::36].shape)
    found, whole = both(*problem("diag", X, start, floor=0.0))
    assert whole.covariances.min() < 1e-10
    assert_equal(found, whole, 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_number_of_threads_changes_no_bit(kind: str, monkeypatch: pytest.MonkeyPatch):
    X, start = clusters(kind, n=30_000, d=2, k=64, apart=9.0)
    objective, task = problem(kind, X, start)
    runs = []
    for threads in (1, 2, 3):
        monkeypatch.setattr("gmmscape.engine.native.thread_count", lambda threads=threads: threads)
        found = objective.rows.em(replace(task, max_iter=2, truncation=replace(ALWAYS, block_rows=64)))
        assert found is not None
        runs.append(found.runs[0])
    assert 0.0 < runs[0].work.densities < 0.5 * runs[0].work.passes
    for other in runs[1:]:
        assert (other.value, other.work) == (runs[0].value, runs[0].work)
        assert all(
            np.array_equal(getattr(other, name), getattr(runs[0], name))
            for name in ("weights", "means", "covariances", "history")
        )


@pytest.mark.parametrize("sorting", [0.0, 2000.0])
@pytest.mark.parametrize("kind", KINDS)
def test_iterations_go_the_same_way(kind: str, sorting: float):
    """Components move, and the order of the rows with them or not."""
    X, start = clusters(kind, n=1500, d=2, k=36, apart=8.0)
    means = start.means + np.random.default_rng(5).standard_normal(start.means.shape)
    start = Mixture(start.weights, means, 2.0 * start.covariances, start.covariance_type)
    objective, task = problem(kind, X, start)
    _, longer = both(objective, task, max_iter=15)
    # What comes after is decided by rounding, and so by the instructions that a machine has.
    clear = int(np.flatnonzero(np.diff(longer.history) < -1e-10)[-1]) + 1
    found, whole = both(objective, task, replace(ALWAYS, sorting=sorting), max_iter=clear)
    assert clear >= 3
    assert_equal(found, whole, 1e-8)


def test_where_components_overlap_nothing_is_truncated():
    X, start = clusters("spherical", n=4000, d=2, k=64, apart=0.5)
    found, whole = both(*problem("spherical", X, start), plan=truncation(), max_iter=8)
    assert found.work.densities == found.work.passes
    assert np.array_equal(found.means, whole.means)


def test_it_is_the_default_where_components_are_many_and_apart():
    X, start = clusters("spherical", n=6400, d=2, k=64, apart=10.0)
    objective, task = problem("spherical", X, start)
    found, whole = both(objective, task, plan=truncation())
    assert found.work.densities < 0.2 * found.work.passes
    assert_equal(found, whole)


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_are_copied_and_sorted_where_memory_is_enough(weighted: bool):
    """Fetched from where they lie they give the same bits, and beyond that nothing is truncated."""
    X, start = clusters("diag", n=1500, d=3, k=36, apart=14.0)
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(X)) if weighted else None
    objective, task = problem("diag", X, start, weights)
    copied, whole = both(objective, task)
    fetched, _ = both(objective, task, plan=replace(ALWAYS, most_bytes=32 * len(X)))
    neither, _ = both(objective, task, plan=replace(ALWAYS, most_bytes=4 * len(X)))
    assert fetched.work.densities == copied.work.densities < 0.5 * copied.work.passes
    assert np.array_equal(fetched.covariances, copied.covariances)
    assert np.array_equal(neither.covariances, whole.covariances)
    assert neither.work.densities == neither.work.passes


def test_short_runs_are_one_long_run():
    X, start = clusters("diag", n=3000, d=2, k=36, apart=9.0)
    objective, task = problem("diag", X, start)
    task = replace(task, truncation=replace(ALWAYS, sorting=50.0), accelerate=True)
    long = objective.rows.em(replace(task, max_iter=12))
    assert long is not None
    history, memory = [long.runs[0].history[0]], None
    while len(history) < len(long.runs[0].history):
        one = objective.rows.em(replace(task, max_iter=3, keep=True, resume=memory))
        assert one is not None
        history += one.runs[0].history[1:].tolist()
        memory = one.runs[0].memory
    assert history == long.runs[0].history.tolist()


def test_a_memory_of_other_rows_is_refused():
    """It has the order of rows that are not there."""
    X, start = clusters("diag", n=3000, d=2, k=36, apart=9.0)
    objective, task = problem("diag", X, start)
    found = objective.rows.em(replace(task, truncation=ALWAYS, keep=True))
    assert found is not None
    fewer, task = problem("diag", X[:1000], start)
    with pytest.raises(ValueError, match="resume is for the rows that it has seen"):
        fewer.rows.em(replace(task, truncation=ALWAYS, resume=found.runs[0].memory))
