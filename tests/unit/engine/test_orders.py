"""Passes in an order that is made once: sums of whole passes, the same bits from whoever has the order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.engine.test_coverage import ENGINES
from tests.unit.engine.test_truncated import ALWAYS, clusters

from gmmscape import engine
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.solve.batch import truncation
from gmmscape.threads import limited

pytestmark = pytest.mark.skipif(not available(), reason="the extension is not built")
NATIVE = [isa for name, isa in ENGINES if name == "native"]


def assert_close(one, other) -> None:
    """Check sums; scatters by the largest of their component."""
    np.testing.assert_allclose(one.mass, other.mass, rtol=1e-11)
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-10, atol=1e-10)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)
    if other.scatter is not None:
        np.testing.assert_allclose(one.scatter, other.scatter, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("isa", NATIVE)
@pytest.mark.parametrize("kind", ["spherical", "diag", "tied", "full"])
@pytest.mark.parametrize("weighted", [False, True])
def test_sums_are_those_of_whole_passes(isa: str, kind: str, weighted: bool, monkeypatch):
    """At the mixture that the rows were sorted by, and where its components have moved."""
    monkeypatch.setenv("GMMSCAPE_ENGINE", "native")
    monkeypatch.setenv("GMMSCAPE_ISA", isa)
    X, mixture = clusters(kind, n=4000, d=2, k=40, apart=9.0)
    w = np.random.default_rng(1).uniform(0.5, 2.0, len(X)) if weighted else None
    held = engine.hold(X + 5.0, w, origin=np.full(2, 5.0))
    order = held.order(mixture.parameters, kind, ALWAYS)
    assert order is not None
    moved = mixture.shifted(np.array([0.7, -0.4]))
    for at in (mixture, moved):
        for scatter in (kind, "none"):
            found = held.ordered_statistics(at.parameters, scatter, order)
            assert_close(found, held.statistics(at.parameters, scatter))


def test_bits_are_those_of_rows_mixtures_and_nothing_else():
    X, mixture = clusters("full", n=60_000, d=2, k=64, apart=9.0)
    moved = mixture.shifted(np.array([0.3, 0.1]))
    with limited(1):
        held = engine.hold(X)
        order = held.order(mixture.parameters, "full", truncation())
        one = held.ordered_statistics(moved.parameters, "full", order)
    again = engine.hold(X.copy())
    other = again.order(mixture.parameters, "full", truncation())
    again.ordered_statistics(mixture.parameters, "full", other)  # what came before does not matter
    two = again.ordered_statistics(moved.parameters, "full", other)
    for a, b in ((one.mass, two.mass), (one.mean, two.mean), (one.scatter, two.scatter)):
        np.testing.assert_array_equal(a, b)
    assert one.log_likelihood == two.log_likelihood
    # It is no whole pass: bits differ somewhere.
    assert (one.scatter != held.statistics(moved.parameters, "full").scatter).any()


def test_there_is_none_where_it_does_not_pay():
    X, mixture = clusters("full", n=20_000, d=2, k=64, apart=0.5)
    assert engine.hold(X).order(mixture.parameters, "full", truncation()) is None
    X, mixture = clusters("full", n=20_000, d=2, k=9, apart=9.0)
    assert engine.hold(X).order(mixture.parameters, "full", truncation()) is None
    X, mixture = clusters("full", n=20_000, d=2, k=64, apart=9.0)
    scarce = replace(truncation(), most_bytes=20_000)
    assert engine.hold(X).order(mixture.parameters, "full", scarce) is None
    assert engine.hold(X.astype(np.float32)).order(mixture.parameters, "full", truncation()) is None
    with engine.using("reference"):
        assert engine.hold(X).order(mixture.parameters, "full", truncation()) is None


def test_a_component_without_rows_is_left_out_nowhere():
    """One that has lost its rows since they were sorted has the sums that it would have."""
    X, mixture = clusters("spherical", n=8_000, d=2, k=40, apart=9.0)
    held = engine.hold(X)
    order = held.order(mixture.parameters, "spherical", ALWAYS)
    far = mixture.parameters._replace(means=mixture.parameters.means.copy())
    far.means[3] += 60.0
    found, whole = held.ordered_statistics(far, "spherical", order), held.statistics(far, "spherical")
    assert 0.0 < whole.mass[3] < 1e-4
    np.testing.assert_allclose(found.mass, whole.mass, rtol=1e-9)
    np.testing.assert_allclose(found.mean, whole.mean, rtol=1e-9, atol=1e-9)


def test_an_order_of_other_rows_is_refused():
    X, mixture = clusters("full", n=8_000, d=2, k=40, apart=9.0)
    order = engine.hold(X).order(mixture.parameters, "full", ALWAYS)
    with pytest.raises(ValueError, match="one of the rows that it was made of"):
        engine.hold(X[1:]).ordered_statistics(mixture.parameters, "full", order)
