"""The native engine's passes against the reference engine, for every instruction set this machine has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmmscape as gs
from gmmscape import engine
from gmmscape.engine import reference
from gmmscape.engine.extension import instruction_sets as available
from gmmscape.statistics import SufficientStatistics
from gmmscape.threads import limited

FAMILIES = ("location", "spherical", "diag", "tied", "full")
ISAS = available()
pytestmark = pytest.mark.skipif(not ISAS, reason="the extension is not built")


@contextmanager
def using(isa: str) -> Iterator[None]:
    """Compute with one instruction set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GMMSCAPE_ENGINE", "native")
        patch.setenv("GMMSCAPE_ISA", isa)
        yield


def problem(
    family: str, n: int, d: int, k: int, *, spread: float = 2.0, condition: float = 4.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, gs.Mixture]:
    """Rows about k means `spread` standard deviations apart, weights, and a mixture near them.

    Smallest eigenvalues are about one; the largest are `condition` for diag, full and tied covariances. The
    rows are scattered as the mixture says: where they are not, log densities of a million nats are rounded by
    1e-10 in either engine, and responsibilities with them.
    """
    rng = np.random.default_rng(seed)
    means = spread * rng.standard_normal((k, d))
    scales = np.ones(d) if family in ("location", "spherical") else np.geomspace(1.0, np.sqrt(condition), d)
    turns = np.linalg.qr(rng.standard_normal((k, d, d)))[0]
    if family == "diag":
        turns[:] = np.eye(d)
    elif family == "tied":
        turns[:] = turns[0]
    label = rng.integers(k, size=n)
    noise = np.einsum("nij,nj->ni", turns[label], scales * rng.standard_normal((n, d)))
    X = means[label] + noise
    full = turns @ (scales[:, None] ** 2 * np.swapaxes(turns, 1, 2))
    covariances = {
        "location": np.full(k, 1.3),
        "spherical": rng.uniform(0.7, 2.0, k),
        "diag": rng.uniform(0.7, 2.0, (k, d)) * scales**2,
        "tied": full[0],
        "full": full,
    }[family]
    kind = "spherical" if family == "location" else family
    if kind in ("tied", "full"):
        covariances = 0.5 * (covariances + np.swapaxes(covariances, -1, -2))
    mixture = gs.Mixture(rng.dirichlet(np.full(k, 5.0)), means + 0.1, covariances, kind)
    return X, rng.uniform(0.5, 1.5, n), mixture


def assert_same_statistics(
    ours: SufficientStatistics,
    theirs: SufficientStatistics,
    mixture: gs.Mixture,
    *,
    tolerance: float,
    length: float,
) -> None:
    """Compare value and covariances relatively, means in standard deviations."""
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=tolerance)
    assert ours.weight == pytest.approx(theirs.weight, rel=1e-13)
    np.testing.assert_allclose(ours.mass, theirs.mass, rtol=tolerance, atol=tolerance * theirs.weight)
    seen = theirs.mass > 1e-9 * theirs.weight
    variance = np.diagonal(mixture.full_covariances(), axis1=1, axis2=2)[seen]
    # A component with little mass owes its mean to rows whose responsibilities are rounded.
    doubt = tolerance / np.sqrt(theirs.mass[seen] / theirs.weight)
    allowed = doubt[:, None] * np.sqrt(variance) + 2 * np.spacing(np.abs(theirs.mean[seen]))
    assert np.all(np.abs(ours.mean - theirs.mean)[seen] <= allowed)
    if theirs.scatter is None:
        assert ours.scatter is None
        return
    a, b = ours.scatter, theirs.scatter
    if theirs.kind != "tied":
        a, b = a[seen], b[seen]
    if theirs.kind in ("spherical", "diag"):
        scale = np.abs(b)
    else:
        root = np.sqrt(np.diagonal(b, axis1=-2, axis2=-1))
        scale = root[..., :, None] * root[..., None, :]
        np.testing.assert_array_equal(a, np.swapaxes(a, -1, -2))
    # Rows that all lie at the mean leave squares of rounding errors.
    nothing = theirs.weight * (4e-16 * length) ** 2
    assert np.all(np.abs(a - b) <= tolerance * scale + nothing)


def farthest(X: np.ndarray, mixture: gs.Mixture) -> float:
    """The largest coordinate of rows and means."""
    return float(max(np.abs(X).max(), np.abs(mixture.means).max()))


def compared(family: str, X: np.ndarray, weights: np.ndarray, mixture: gs.Mixture, tolerance: float) -> None:
    scatter = "none" if family == "location" else family
    ours = engine.hold(X, weights).statistics(mixture.parameters, scatter)
    theirs = reference.statistics(X.astype(np.float64), weights, mixture.parameters, scatter)
    assert_same_statistics(ours, theirs, mixture, tolerance=tolerance, length=farthest(X, mixture))


SHAPES = [
    (1, 1, 1),
    (7, 1, 2),
    (900, 2, 3),
    (1500, 3, 5),
    (1200, 5, 17),
    (2500, 8, 6),
    (800, 19, 4),
    (700, 25, 3),
]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("n", "d", "k"), SHAPES)
def test_statistics_agree_with_the_reference(isa: str, family: str, n: int, d: int, k: int):
    X, weights, mixture = problem(family, n, d, k)
    with using(isa):
        compared(family, X, weights, mixture, 1e-12)
        compared(family, X, np.broadcast_to(1.0 / n, (n,)), mixture, 1e-12)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("spread", "condition", "offset"),
    [(1e2, 4.0, 0.0), (1e4, 4.0, 0.0), (2.0, 1e8, 0.0), (1e4, 1e8, 0.0), (2.0, 4.0, 1e8), (1e2, 1e4, 1e6)],
)
def test_digits_survive_hard_conditioning(
    isa: str, family: str, spread: float, condition: float, offset: float
):
    for n, d, k in ((1500, 2, 4), (1200, 6, 5), (600, 22, 3)):
        X, weights, mixture = problem(family, n, d, k, spread=spread, condition=condition)
        with using(isa):
            compared(family, X + offset, weights, mixture.shifted(offset), 1e-9)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("spread", [1.0, 10.0, 1e2])
def test_single_precision_agrees_with_its_cast(isa: str, family: str, spread: float):
    for n, d, k in ((1500, 2, 4), (1500, 8, 6), (600, 22, 3)):
        X, weights, mixture = problem(family, n, d, k, spread=spread)
        single = X.astype(np.float32)
        scatter = "none" if family == "location" else family
        with using(isa):
            ours = engine.hold(single, weights).statistics(mixture.parameters, scatter)
        theirs = reference.statistics(single.astype(np.float64), weights, mixture.parameters, scatter)
        assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-6)
        deviation = np.sqrt(np.diagonal(mixture.full_covariances(), axis1=1, axis2=2))
        seen = theirs.mass > 1e-3 * theirs.weight
        assert (np.abs(ours.mean - theirs.mean) / deviation)[seen].max() <= 1e-5
        assert ours.mean.dtype == ours.mass.dtype == np.float64


@pytest.mark.parametrize("isa", ISAS)
def test_covariances_about_far_new_means_keep_their_digits(isa: str):
    """Means move by 1e5 standard deviations of what they will cover: sums about the old ones would cancel."""
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.normal(0.0, 1e5, (50, 2)), rng.normal(3e5, 1.0, (500, 2))])
    for kind, covariances in (
        ("full", np.tile(1e10 * np.eye(2), (2, 1, 1))),
        ("diag", np.full((2, 2), 1e10)),
    ):
        mixture = gs.Mixture([0.5, 0.5], [[-1e5, -1e5], [2.2e5, 2.2e5]], covariances, kind)
        with using(isa):
            compared(kind, X[50:], np.ones(500), mixture, 1e-9)


@pytest.mark.parametrize("isa", ISAS)
def test_shares_of_components_at_any_distance(isa: str):
    """Of two components at 0 and 1, the other's share at x is exp(x - 1/2) of the nearer one's.

    From some thousands on, the exponent is more than the bits of a number can hold; they wrap.
    """
    x = -np.concatenate([np.linspace(0.0, 5e3, 4001), np.geomspace(5e3, 1e9, 500)])
    mixture = gs.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0], "spherical")
    with using(isa):
        shares = engine.hold(x[:, None]).responsibilities(mixture.parameters)
        single = engine.hold(x[:, None].astype(np.float32)).responsibilities(mixture.parameters)
    exact = 1.0 / (1.0 + np.exp(np.minimum(0.5 - x, 700.0)))
    held = x > -554.0
    # Squared distances are rounded by eps times themselves, and the exponent with them.
    assert np.all(np.abs(shares[held, 1] / exact[held] - 1.0) <= 1e-15 * (2.0 + x[held] ** 2))
    assert np.all(shares[x < -556.0, 1] == 0.0)
    # Further away both distances are the same in single precision.
    assert np.all(single[(x > -4e3) & (x < -60.0), 1] == 0.0)
    for found in (shares, single):
        np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-6)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("family", FAMILIES[1:])
def test_densities_and_responsibilities_agree(isa: str, family: str):
    for n, d, k in ((1, 1, 1), (700, 2, 3), (1100, 9, 5)):
        X, _, mixture = problem(family, n, d, k, spread=20.0)
        with using(isa):
            density = engine.hold(X).log_density(mixture.parameters)
            shares = engine.hold(X).responsibilities(mixture.parameters)
        np.testing.assert_allclose(
            density, reference.log_density(X, mixture.parameters), rtol=1e-13, atol=1e-13
        )
        np.testing.assert_allclose(shares, reference.responsibilities(X, mixture.parameters), atol=1e-13)
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-15)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("family", FAMILIES)
def test_bits_do_not_depend_on_threads_or_runs(isa: str, family: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gmmscape.threads.machine_threads", lambda: 8)
    X, weights, mixture = problem(family, 60_000, 3, 9)
    scatter = "none" if family == "location" else family
    with using(isa):
        found = []
        for threads in (1, 2, 3, 8, 3):
            with limited(threads):
                found.append(engine.hold(X, weights).statistics(mixture.parameters, scatter))
    for other in found[1:]:
        assert other.log_likelihood == found[0].log_likelihood
        np.testing.assert_array_equal(other.mass, found[0].mass)
        np.testing.assert_array_equal(other.mean, found[0].mean)
        if found[0].scatter is not None:
            np.testing.assert_array_equal(other.scatter, found[0].scatter)


@pytest.mark.parametrize("isa", ISAS)
def test_rows_count_from_the_origin(isa: str):
    X, weights, mixture = problem("full", 400, 3, 4)
    origin = np.array([1e8, -3.0, 0.5])
    with using(isa):
        there = engine.hold(X + origin, weights, origin).statistics(mixture.parameters, "full")
        here = engine.hold((X + origin) - origin, weights).statistics(mixture.parameters, "full")
    np.testing.assert_array_equal(there.mean, here.mean)
    assert there.log_likelihood == here.log_likelihood


@pytest.mark.parametrize("isa", ISAS)
def test_rows_out_of_every_reach_are_left_to_the_reference(isa: str):
    X = np.array([[0.0], [1e200], [-1e200]])
    mixture = gs.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0], "spherical")
    with using(isa):
        ours = engine.hold(X, np.ones(3)).statistics(mixture.parameters, "none")
        shares = engine.hold(X).responsibilities(mixture.parameters)
        density = engine.hold(X).log_density(mixture.parameters)
    theirs = reference.statistics(X, np.ones(3), mixture.parameters, "none")
    np.testing.assert_array_equal(ours.mass, theirs.mass)
    np.testing.assert_array_equal(shares, reference.responsibilities(X, mixture.parameters))
    assert np.isneginf(density[1:]).all()


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("family", FAMILIES)
def test_components_without_weight_take_nothing(isa: str, family: str):
    X, weights, mixture = problem(family, 300, 2, 3)
    empty = gs.Mixture([0.4, 0.0, 0.6], mixture.means, mixture.covariances, mixture.covariance_type)
    with using(isa):
        found = engine.hold(X, weights).statistics(
            empty.parameters, "none" if family == "location" else family
        )
    assert found.mass[1] == 0.0
    assert np.isfinite(found.mean).all()
    compared(family, X, weights, empty, 1e-12)


@pytest.mark.parametrize("isa", ISAS)
def test_scatter_of_another_kind_than_the_covariances(isa: str):
    X, weights, _ = problem("full", 500, 3, 3)
    for kind in FAMILIES[1:]:
        mixture = problem(kind, 500, 3, 3)[2]
        for scatter in ("none", *FAMILIES[1:]):
            with using(isa):
                ours = engine.hold(X, weights).statistics(mixture.parameters, scatter)
            theirs = reference.statistics(X, weights, mixture.parameters, scatter)
            assert_same_statistics(ours, theirs, mixture, tolerance=1e-12, length=farthest(X, mixture))


@settings(max_examples=60)
@given(data=st.data())
def test_no_problem_is_found_that_the_engines_see_differently(data: st.DataObject):
    isa = data.draw(st.sampled_from(ISAS))
    family = data.draw(st.sampled_from(FAMILIES))
    n, d, k = (data.draw(st.integers(low, high)) for low, high in ((1, 700), (1, 23), (1, 19)))
    X, weights, mixture = problem(
        family,
        n,
        d,
        k,
        spread=10.0 ** data.draw(st.integers(-1, 4)),
        condition=10.0 ** data.draw(st.integers(0, 8)),
        seed=data.draw(st.integers(0, 2**20)),
    )
    power = 2.0 ** data.draw(st.integers(-30, 30))
    offset = data.draw(st.sampled_from([0.0, 1.0, 1e4, 1e8]))
    scaled = gs.Mixture(
        mixture.weights,
        mixture.means * power,
        mixture.covariances * power**2,
        mixture.covariance_type,
    )
    with using(isa):
        compared(family, (X + offset) * power, weights, scaled.shifted(offset * power), 1e-9)
