"""Very many starts: the compiled loops of EM, gradient descent and gradient flow are those of Python."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import engine, lab
from gmmscape.families import Location
from gmmscape.objective import Objective
from gmmscape.solve import EM, GradientDescent, GradientFlow, Newton, crowd_ends, descend_all

SOLVERS = {
    "em": EM(tol=1e-12, max_iter=30, accelerate=False),
    "gradient descent": GradientDescent(tol=1e-12, max_iter=60),
    "gradient flow": GradientFlow(tol=1e-12, max_iter=15, step_length=0.8),
}


def objective(free: bool) -> Objective:
    sample = lab.Sample(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0).sample(200, rng=0)[0])
    family = Location(1.3, free_weights=free)
    return Objective(sample, family, sample.rows(gs.Mixture.location([0.0, 1.0, 2.0], 1.3)))


def begun() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.uniform(-5.0, 9.0, (12, 3, 1)), rng.dirichlet([2.0] * 3, 12)


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("name", SOLVERS)
def test_compiled_loops_do_what_python_does(name, free):
    starts, weights = begun()
    given = weights if free else None
    native = crowd_ends(objective(free), starts, SOLVERS[name], given)
    with engine.using("reference"):
        plain = crowd_ends(objective(free), starts, SOLVERS[name], given)
    assert native.reasons == plain.reasons
    assert native.means == pytest.approx(plain.means, abs=1e-9)
    assert native.weights == pytest.approx(plain.weights, abs=1e-10)
    assert native.nll == pytest.approx(plain.nll, abs=1e-10)
    moved = np.abs(native.weights - (weights if free else 1 / 3)).max()
    assert (moved > 0.05) == free


def test_steps_of_the_flow_are_of_order_four():
    starts, weights = begun()

    def at(h: float) -> np.ndarray:
        solver = GradientFlow(tol=0.0, max_iter=round(2.0 / h), step_length=h)
        found = crowd_ends(objective(True), starts, solver, weights)
        return np.concatenate([found.means[:, :, 0], np.log(found.weights)], axis=1)

    coarse, middle, fine = at(0.25), at(0.125), at(0.0625)
    ratio = np.linalg.norm(coarse - middle) / np.linalg.norm(middle - fine)
    assert 12.0 < ratio < 20.0


def test_newton_runs_from_each_start():
    starts, _ = begun()
    found = crowd_ends(objective(False), starts[:3], Newton(tol=1e-9))
    assert set(found.reasons) == {"converged"}
    again = crowd_ends(objective(False), found.means, SOLVERS["em"])
    assert again.means == pytest.approx(found.means, abs=1e-7)


def test_accelerated_em_of_free_weights_ends_where_that_of_python_does():
    sample = lab.Sample(gs.Mixture.location([-1.0, 1.0, 4.0], 1.0).sample(400, rng=0)[0])
    family = Location(1.0, free_weights=True)
    means = np.random.default_rng(0).uniform(-2.0, 5.0, (8, 3, 1)) - sample.origin
    starts = [gs.Mixture.location(one, 1.0) for one in means]
    ends = []
    for name in ("native", "reference"):
        with engine.using(name):
            rows = lab.Sample(sample.points + sample.origin)
            ends.append(descend_all(EM(tol=1e-10), Objective(rows, family, rows.rows(starts[0])), starts))
    for native, plain in zip(*ends, strict=True):
        assert (native.stop_reason, plain.stop_reason) == ("converged", "converged")
        assert native.nll == pytest.approx(plain.nll, abs=1e-13)
        assert native.local.means == pytest.approx(plain.local.means, abs=1e-7)
        assert native.local.weights == pytest.approx(plain.local.weights, abs=1e-7)
        # Extrapolations amplify rounding, which differs between instruction sets: one start has a like pace.
        assert max(native.n_iter, plain.n_iter) < 2 * min(native.n_iter, plain.n_iter)
    of_all = [sum(end.n_iter for end in ends_of) for ends_of in ends]
    assert of_all[0] == pytest.approx(of_all[1], rel=0.1)
