"""Which rows components cover: against all responsibilities, for every instruction set and the reference."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.engine.test_passes import FAMILIES, problem

from gmmscape import engine
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.threads import limited

ENGINES = [("reference", None), *(("native", isa) for isa in available())]


@pytest.mark.parametrize(("name", "isa"), ENGINES)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("n", "d", "k", "threshold"), [(700, 2, 3, 0.01), (3000, 3, 40, 1e-6), (65, 1, 1, 0.5)]
)
def test_entries_are_the_responsibilities_from_the_threshold_on(
    name: str, isa: str | None, family: str, n: int, d: int, k: int, threshold: float, monkeypatch
):
    monkeypatch.setenv("GMMSCAPE_ENGINE", name)
    if isa:
        monkeypatch.setenv("GMMSCAPE_ISA", isa)
    X, _, mixture = problem(family, n, d, k, spread=1.0)
    found = engine.hold(X).coverage(mixture.parameters, threshold)
    full = engine.hold(X).responsibilities(mixture.parameters)
    component, row = np.nonzero(threshold <= full.T)
    np.testing.assert_array_equal(np.repeat(np.arange(k), np.diff(found.ends)), component)
    np.testing.assert_array_equal(found.row, row)
    np.testing.assert_allclose(found.posterior, full[row, component], rtol=1e-13)
    np.testing.assert_allclose(found.rest, 1.0 - full[row, component], atol=1e-14)


@pytest.mark.parametrize(("name", "isa"), ENGINES)
def test_what_is_left_beside_a_component_keeps_its_digits(name: str, isa: str | None, monkeypatch):
    monkeypatch.setenv("GMMSCAPE_ENGINE", name)
    if isa:
        monkeypatch.setenv("GMMSCAPE_ISA", isa)
    _, _, mixture = problem("spherical", 10, 1, 2, spread=0.0)
    far = engine.Parameters(*mixture.parameters)._replace(means=np.array([[0.0], [14.0]]))
    found = engine.hold(np.zeros((1, 1))).coverage(far, 0.01)
    assert found.posterior.tolist() == [1.0]
    other = engine.hold(np.zeros((1, 1))).responsibilities(far)[0, 1]
    assert 0 < other < 1e-18
    assert found.rest[0] == pytest.approx(other, rel=1e-12)


def test_threads_and_origins_change_nothing():
    X, _, mixture = problem("full", 5000, 2, 6, spread=1.0)
    with limited(1):
        one = engine.hold(X).coverage(mixture.parameters, 0.01)
    two = engine.hold(X + 8.0, origin=np.full(2, 8.0)).coverage(mixture.parameters, 0.01)
    for a, b in zip(one, engine.hold(X).coverage(mixture.parameters, 0.01), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.row, two.row)
    np.testing.assert_allclose(one.posterior, two.posterior, rtol=1e-9)
