"""Which component is nearest to each row: against all joint densities, for every instruction set."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.engine.test_coverage import ENGINES
from tests.unit.engine.test_passes import FAMILIES, problem

from gmmscape import engine
from gmmscape.engine.reference import log_joint
from gmmscape.threads import limited


@pytest.mark.parametrize(("name", "isa"), ENGINES)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("n", "d", "k"), [(700, 2, 3), (3000, 3, 40), (65, 1, 1), (0, 2, 2), (9000, 12, 5)])
def test_it_has_the_largest_joint_density(
    name: str, isa: str | None, family: str, n: int, d: int, k: int, monkeypatch
):
    monkeypatch.setenv("GMMSCAPE_ENGINE", name)
    if isa:
        monkeypatch.setenv("GMMSCAPE_ISA", isa)
    X, _, mixture = problem(family, n, d, k, spread=1.0)
    found = engine.hold(X).nearest(mixture.parameters)
    assert found.shape == (n,)
    joint = log_joint(X, mixture.parameters)
    np.testing.assert_allclose(joint[np.arange(n), found], joint.max(axis=1), rtol=1e-12)


@pytest.mark.parametrize(("name", "isa"), ENGINES)
def test_of_equal_components_it_is_the_first(name: str, isa: str | None, monkeypatch):
    monkeypatch.setenv("GMMSCAPE_ENGINE", name)
    if isa:
        monkeypatch.setenv("GMMSCAPE_ISA", isa)
    means = np.array([[9.0, 9.0], [0.0, 0.0], [0.0, 0.0]])
    three = engine.Parameters("spherical", np.log(np.full(3, 1 / 3)), means, np.ones(3))
    assert engine.hold(np.zeros((5, 2))).nearest(three).tolist() == [1] * 5


def test_threads_and_origins_change_nothing():
    X, _, mixture = problem("full", 50_000, 2, 60, spread=1.0)
    with limited(1):
        one = engine.hold(X).nearest(mixture.parameters)
    np.testing.assert_array_equal(one, engine.hold(X).nearest(mixture.parameters))
    np.testing.assert_array_equal(
        one, engine.hold(X + 8.0, origin=np.full(2, 8.0)).nearest(mixture.parameters)
    )
