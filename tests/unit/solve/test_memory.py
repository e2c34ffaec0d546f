"""Short runs, one after the other, are one long run: to the last bit."""

from __future__ import annotations

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest

from gmmscape.effort import EFFORT
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.solve import EM, Memory, Solution, descend_all, run
from unit.solve.test_batch import KINDS, problem

needs_native = pytest.mark.skipif(not available(), reason="the extension is not built")
#: Into the second-order phase, and out of it again.
LONG = 45


def _long(solver, objective, start, native: bool) -> Solution:
    return descend_all(solver, objective, [start])[0] if native else run(solver, objective, start)


def _short(solver, objective, start, native: bool, resume: Memory | None) -> Solution:
    if native:
        return descend_all(solver, objective, [start], keep=True, resume=resume)[0]
    return run(solver, objective, start, keep=True, resume=resume)


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_native), False])
@pytest.mark.parametrize("accelerate", [True, False])
@pytest.mark.parametrize("kind", ["location", *KINDS])
def test_short_runs_are_one_long_run(kind: str, accelerate: bool, native: bool):
    objective, (start,) = problem(kind, d=2, n=200, k=4, starts=1)
    long = _long(EM(1e-13, LONG, accelerate), objective, start, native)
    assert long.n_iter > EFFORT.solve.second_order_after + 5
    for length in (1, 4):
        history, solution, memory = [long.history[0]], long, None
        while len(history) - 1 < long.n_iter:
            left = LONG - len(history) + 1
            solution = _short(EM(1e-13, min(length, left), accelerate), objective, start, native, memory)
            assert solution.history[0] == history[-1]
            history += solution.history[1:]
            memory = solution.memory
            assert memory is not None
            assert memory.n_iter == len(history) - 1
        assert tuple(history) == long.history
        assert solution.local == long.local
        assert solution.gradient_norm == long.gradient_norm


@needs_native
def test_a_copy_by_pickle_forgets_and_a_deep_copy_does_not():
    objective, (start,) = problem("full", n=100, starts=1)
    memory = descend_all(EM(1e-9, 3), objective, [start], keep=True)[0].memory
    assert memory is not None
    assert copy.deepcopy(memory) is memory
    forgetful = pickle.loads(pickle.dumps(memory))
    assert (forgetful.state, forgetful.native, forgetful.n_iter) == (None, True, 3)
    # Nothing is known then: it begins at the start it is given.
    again = descend_all(EM(1e-9, 3), objective, [start], keep=True, resume=forgetful)[0]
    assert again.history == descend_all(EM(1e-9, 3), objective, [start])[0].history


def test_nothing_is_kept_unless_it_is_asked_for():
    objective, (start,) = problem("full", n=100, starts=1)
    assert descend_all(EM(1e-9, 3), objective, [start])[0].memory is None
    assert run(EM(1e-9, 3), objective, start).memory is None


def test_a_smaller_tolerance_goes_on_after_convergence():
    objective, (start,) = problem("diag", n=200, starts=1)
    rough = descend_all(EM(1e-2), objective, [start], keep=True)[0]
    fine = descend_all(EM(1e-9), objective, [start], keep=True, resume=rough.memory)[0]
    assert rough.converged
    assert fine.converged
    assert fine.gradient_norm <= 1e-9 < rough.gradient_norm
    assert all(b <= a + 1e-12 for a, b in pairwise((*rough.history, *fine.history)))
    np.testing.assert_array_equal(fine.history[0], rough.history[-1])
