"""The second-order phase: what it saves, by Hessians and by products, in both loops."""

from __future__ import annotations

import numpy as np
import pytest
from tests.efforts import with_effort

import gmmscape as gs
from gmmscape import engine, lab
from gmmscape.effort import EFFORT
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.families import CovariancePrior, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, batch, descend, run, start_around
from gmmscape.solve.batch import em_task, second_order_of
from gmmscape.solve.second_order import quadratic_model

KINDS = ("spherical", "diag", "tied", "full")
SOLVER = EM(tol=1e-8, max_iter=20_000)
PLAIN = EM(tol=1e-8, max_iter=20_000, second_order=False)


def overlapping(kind: str, n: int = 2500, k: int = 5) -> tuple[Objective, gs.Mixture]:
    """Clusters so close that EM creeps, under a prior; and where k-means begins, local."""
    rng = np.random.default_rng(12)
    centers = 1.6 * rng.standard_normal((k, 2))
    sample = lab.Sample(centers[rng.integers(k, size=n)] + rng.standard_normal((n, 2)))
    family = family_named(kind, prior=CovariancePrior(1.0, sample.covariance, float(n)))
    start = start_around(sample, family, k, "kmeans", rng)
    return Objective.near(sample, family, start), start


def by_products(patch: pytest.MonkeyPatch) -> None:
    """Let no Hessian be formed, and products begin early."""
    for module in (batch, quadratic_model):
        with_effort(patch, module, "solve", largest_hessian=0, products_price=20.0)


def work_of(objective: Objective, start: gs.Mixture, solver: EM) -> engine.Work:
    arrays = (start.weights[None], start.means[None], start.covariances[None])
    task = em_task(
        objective,
        objective.family,
        arrays,
        tol=solver.tol,
        max_iter=solver.max_iter,
        accelerate=solver.accelerate,
        second_order=second_order_of(solver),
    )
    assert task is not None
    found = objective.rows.em(task)
    assert found is not None
    return found.runs[0].work


@pytest.mark.skipif(not available(), reason="the extension is not built")
@pytest.mark.parametrize("formed", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_where_em_would_and_long_before(kind: str, formed: bool, monkeypatch: pytest.MonkeyPatch):
    objective, start = overlapping(kind)
    if not formed:
        by_products(monkeypatch)
    ours, plain = descend(SOLVER, objective, start), descend(PLAIN, objective, start)
    assert ours.converged
    assert plain.converged
    assert plain.n_iter > 150
    # Full covariances without a Hessian: a half on some processors, since rounding decides on the way there.
    assert ours.n_iter < (0.75 if kind == "full" and not formed else 0.5) * plain.n_iter
    assert ours.value <= plain.value + 1e-9
    assert np.diff(ours.history).max() <= 1e-12
    work = work_of(objective, start, SOLVER)
    assert (work.hessians > 0) == formed
    assert (work.products > 0) != formed
    assert work_of(objective, start, PLAIN)[1:3] == (0, 0)


@pytest.mark.skipif(not available(), reason="the extension is not built")
@pytest.mark.parametrize("formed", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_both_loops_come_to_the_same_end(kind: str, formed: bool, monkeypatch: pytest.MonkeyPatch):
    objective, start = overlapping(kind)
    if not formed:
        by_products(monkeypatch)
    natively, by_python = descend(SOLVER, objective, start), run(SOLVER, objective, start)
    assert by_python.converged
    assert by_python.value == pytest.approx(natively.value, abs=1e-9)
    assert by_python.n_iter < 2 * natively.n_iter


@pytest.mark.skipif(not available(), reason="the extension is not built")
@pytest.mark.parametrize("seed", range(4))
def test_products_cost_little_where_em_is_as_fast(seed: int, monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((16, 8))
    sample = lab.Sample(centers[rng.integers(16, size=2000)] + rng.standard_normal((2000, 8)))
    family = family_named("full")
    start = start_around(sample, family, 16, "kmeans", rng)
    objective = Objective.near(sample, family, start)
    for module in (batch, quadratic_model):
        with_effort(monkeypatch, module, "solve", largest_hessian=0)
    ours, plain = work_of(objective, start, SOLVER), work_of(objective, start, PLAIN)
    assert ours.products > 0
    assert ours.passes + EFFORT.solve.product_cost * ours.products < 1.5 * plain.passes


def test_what_a_hessian_costs_is_counted():
    objective, start = overlapping("full")
    tally = objective.rows.tally
    costs = []
    for work in (
        lambda: objective.statistics(start),
        lambda: objective.information(start, missing=False),
        lambda: objective.information(start, missing=True),
    ):
        before = tally.done
        work()
        costs.append(tally.done - before)
    assert costs[0] < costs[1] < costs[2]


@pytest.mark.parametrize("native", [True, False])
def test_a_weight_that_goes_to_zero_ends_a_fit(native: bool):
    """Two rows beside the others are not enough for a component of their own, under such a prior."""
    rng = np.random.default_rng(0)
    sample = lab.Sample(rng.standard_normal((60, 1)))
    family = family_named("spherical", prior=CovariancePrior(30.0, np.array([[1.0]]), 60.0))
    start = gs.Mixture([0.999, 0.001], [[0.0], [30.0]], [1.0, 1.0], "spherical").shifted(-sample.origin)
    objective = Objective.near(sample, family, start)
    end = descend(EM(), objective, start) if native else run(EM(), objective, start)
    assert end.stop_reason == "plateau"
    assert end.local.weights.min() < 1e-9
    assert end.n_iter < 1000
