"""Divergences: against integration, in closed form, between their bounds, and honest about their error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import gmmscape as gs
from unit.mixture.cases import COVARIANCES, example
from unit.mixture.test_columns import three

P = gs.Mixture([0.7, 0.3], [0.0, 5.0], [1.0, 0.25], "spherical")
Q = gs.Mixture([0.2, 0.5, 0.3], [-1.0, 1.0, 6.0], [2.0, 0.5, 4.0], "spherical")
DRAWN = ["kl", "js", "hellinger", "tv"]


def integrated(kind: str, p: gs.Mixture, q: gs.Mixture) -> float:
    """By adaptive quadrature of what the definition says."""

    def at(x: float) -> float:
        a, b = (float(m.log_density([[x]])[0]) for m in (p, q))
        u, v = np.exp(a), np.exp(b)
        m = np.logaddexp(a, b) - np.log(2.0)
        return {
            "kl": u * (a - b),
            "js": 0.5 * (u * (a - m) + v * (b - m)),
            "hellinger": np.sqrt(u * v),
            "tv": 0.5 * abs(u - v),
            "l2": (u - v) ** 2,
            "pq": u * v,
        }[kind]

    points = sorted([*p.means.ravel(), *q.means.ravel()])
    total = quad(at, -25, 30, points=points, limit=500, epsabs=1e-13)[0]
    return float(np.sqrt(1 - total)) if kind == "hellinger" else total


@pytest.mark.parametrize("kind", DRAWN)
def test_draws_agree_with_integration_within_their_error(kind: str):
    exact = integrated(kind, P, Q)
    off = []
    for seed in range(20):
        found = gs.divergence(P, Q, kind, error=2e-3, rng=seed)
        assert found.stop_reason == "converged"
        assert 0 < found.standard_error <= 2e-3
        assert found.lower <= exact <= found.upper
        off.append((found.value - exact) / found.standard_error)
    assert max(map(abs, off)) < 4.5
    assert 0.6 < np.std(off) < 1.5  # the errors are as large as they say
    assert abs(np.mean(off)) < 4 / np.sqrt(len(off))


def test_closed_forms_agree_with_integration():
    pq, pp, qq = (integrated("pq", a, b) for a, b in ((P, Q), (P, P), (Q, Q)))
    found = gs.divergence(P, Q, "cauchy-schwarz")
    assert found.value == pytest.approx(-np.log(pq / np.sqrt(pp * qq)), rel=1e-10)
    squared = gs.divergence(P, Q, "l2")
    assert squared.value == pytest.approx(integrated("l2", P, Q), rel=1e-9)
    assert squared.lower == squared.value == squared.upper
    assert squared.n_draws == 0
    assert abs(squared.value - integrated("l2", P, Q)) < squared.standard_error + 1e-12


def test_one_gaussian_has_a_known_divergence_and_an_exact_bound():
    one = gs.Mixture([1.0], [[0.0, 0.0]], [[[2.0, 0.3], [0.3, 1.0]]])
    other = gs.Mixture([1.0], [[1.0, -1.0]], [[[1.0, 0.0], [0.0, 3.0]]])
    gap, inverse = other.means[0], np.linalg.inv(other.covariances[0])
    exact = 0.5 * (
        np.trace(inverse @ one.covariances[0])
        + gap @ inverse @ gap
        - 2
        - np.log(np.linalg.det(one.covariances[0] @ inverse))
    )
    found = gs.divergence(one, other, rng=1)
    assert found.upper == pytest.approx(exact, rel=1e-12)
    assert abs(found.value - exact) < 5 * found.standard_error


@pytest.mark.parametrize("kind", [*DRAWN, "cauchy-schwarz", "l2"])
def test_a_mixture_is_no_way_from_itself_in_any_order(kind: str):
    mixture = three("full")
    for other in (mixture, mixture.permuted([2, 0, 1])):
        found = gs.divergence(mixture, other, kind, rng=0)
        assert 0 <= found.value < 1e-7
        assert found.lower < 1e-7


@pytest.mark.parametrize("kind", ["js", "hellinger", "tv", "cauchy-schwarz", "l2"])
def test_symmetric_ones_are_symmetric(kind: str):
    there, back = (gs.divergence(*pair, kind, rng=0, error=1e-3) for pair in ((P, Q), (Q, P)))
    assert abs(there.value - back.value) < 6 * (there.standard_error + back.standard_error) + 1e-12
    assert there.upper == pytest.approx(back.upper, rel=1e-9)


@pytest.mark.parametrize("kind", list(COVARIANCES))
def test_bounds_hold_for_every_kind_of_covariances(kind: str):
    p, q = example(kind), three(kind).marginal([0, 1]).with_names(None)
    for a, b in ((p, q), (q, p)):
        for measure in DRAWN:
            found = gs.divergence(a, b, measure, rng=0, error=5e-3)
            slack = 5 * found.standard_error
            assert found.lower - slack <= found.value <= found.upper + slack
            assert found.lower <= found.upper


def test_bounds_close_in_where_components_are_apart():
    p = gs.Mixture.location([0.0, 100.0], 1.0)
    q = gs.Mixture([0.3, 0.7], [0.5, 101.0], [1.0, 1.0], "spherical")
    found = gs.divergence(p, q, rng=0)
    exact = 0.5 * (0.125 + np.log(0.5 / 0.3)) + 0.5 * (0.5 + np.log(0.5 / 0.7))
    assert found.upper == pytest.approx(exact, rel=1e-9)
    assert 0 < found.lower < exact


def test_what_is_bounded_stays_in_its_bounds_however_far():
    p, q = gs.Mixture.location([0.0], 1.0), gs.Mixture.location([1e8], 1.0)
    assert gs.divergence(p, q, "js", rng=0).value == pytest.approx(np.log(2.0), abs=1e-12)
    assert gs.divergence(p, q, "tv", rng=0).value == 1.0
    assert gs.divergence(p, q, "hellinger", rng=0).value == 1.0
    assert gs.divergence(p, q, "cauchy-schwarz").value == pytest.approx(1e16 / 4, rel=1e-9)
    assert gs.divergence(p, q, "kl", rng=0).value == pytest.approx(0.5e16, rel=1e-3)
    out = gs.Mixture.location([1e160], 1.0)
    with pytest.raises(gs.InvalidParameterError, match="js"):
        gs.divergence(p, out, "kl", rng=0)


def test_heavy_tails_have_a_finite_error():
    """q much wider than p: plain importance sampling of p / q would have no variance to speak of."""
    narrow, wide = gs.Mixture.location([0.0], 0.01), gs.Mixture.location([0.0], 10.0)
    for a, b in ((narrow, wide), (wide, narrow)):
        ratio = np.square(a.sigma / b.sigma)  # type: ignore[operator]
        exact = 0.5 * (ratio - 1 - np.log(ratio))
        found = gs.divergence(a, b, rng=3)
        assert abs(found.value - exact) < 5 * found.standard_error
        assert found.standard_error <= 1e-3 * max(1.0, exact)


def test_rare_components_are_seen():
    """A component of weight 1e-7 that makes the whole difference, which plain draws would miss."""
    p = gs.Mixture([1 - 1e-7, 1e-7], [0.0, 1e5], [1.0, 1.0], "spherical")
    q = gs.Mixture.location([0.0], 1.0)
    found = gs.divergence(p, q, rng=0, error=1e-5)
    exact = 1e-7 * (np.log(1e-7) + 0.5e10)
    assert found.value == pytest.approx(exact, rel=1e-2)


def test_columns_are_matched_by_name():
    mixture = three("full")
    turned = mixture.marginal(["age", "height", "weight"])
    assert gs.divergence(mixture, turned, rng=0).value < 1e-12
    assert gs.divergence(mixture, turned.with_names(None), rng=0).value > 0.1
    with pytest.raises(gs.InvalidParameterError, match="same columns"):
        gs.divergence(mixture, mixture.with_names(["a", "b", "c"]))


def test_the_seed_is_told_and_repeats():
    one, other = gs.divergence(P, Q, rng=5), gs.divergence(P, Q, rng=5)
    assert one == other
    assert one.seed == 5
    unseeded = gs.divergence(P, Q)
    assert gs.divergence(P, Q, rng=unseeded.seed).value == unseeded.value


def press_ctrl_c(event: Any) -> None:
    raise KeyboardInterrupt


def test_work_can_be_watched_and_ended():
    seen: list[Any] = []

    def stop(event: Any) -> bool:
        seen.append(event)
        return len(seen) == 2

    found = gs.divergence(P, Q, error=1e-9, rng=0, callback=stop)
    assert found.stop_reason == "interrupted"
    assert [event.task for event in seen] == ["divergence"] * 2
    assert 0 < seen[0].done < seen[1].done <= found.n_draws
    assert gs.divergence(P, Q, error=1e-9, rng=0, callback=press_ctrl_c).stop_reason == "interrupted"
    assert gs.divergence(P, Q, error=1e-9, rng=0, max_draws=30_000).stop_reason == "max_draws"
    assert gs.divergence(P, Q, error=1e-9, rng=0, max_seconds=0.0).stop_reason == "time_limit"


def test_it_says_what_it_is():
    found = gs.divergence(P, Q, rng=0)
    text = str(found).splitlines()
    assert text[0].startswith("Kullback-Leibler divergence")
    assert "+-" in text[0]
    assert "between" in text[1]
    assert float(found) == found.value
    assert "+-" not in str(gs.divergence(P, Q, "l2"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"q": gs.Mixture.location([[0.0, 0.0]], 1.0)}, "same columns"),
        ({"q": [1.0]}, "mixture_"),
        ({"kind": "chi2"}, "'kl'"),
        ({"error": 0.0}, "error"),
        ({"max_draws": 0}, "max_draws"),
        ({"rng": "x"}, "rng"),
        ({"callback": 3}, "callback"),
    ],
)
def test_wrong_values(given: dict[str, Any], message: str):
    with pytest.raises(gs.InvalidParameterError, match=message):
        gs.divergence(**{"p": P, "q": Q, **given})


def test_squares_that_leave_float64_are_refused():
    tiny = gs.Mixture.location(np.zeros((1, 40)), 1e-9)
    with pytest.raises(gs.InvalidParameterError, match="rescale"):
        gs.divergence(tiny, tiny.shifted(1e-9), "l2")
    assert np.isfinite(gs.divergence(tiny, tiny.shifted(1e-9), "cauchy-schwarz").value)
