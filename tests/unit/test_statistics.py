"""Merging sufficient statistics against NumPy's averages and covariances of all rows at once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmscape.statistics import MergeInOrder, SufficientStatistics, merge_in_order

Array = NDArray[np.float64]

KINDS = ("spherical", "diag", "tied", "full")
FIELDS = ("mass", "mean", "scatter")


def summarised(X: Array, shares: Array, kind: str) -> SufficientStatistics:
    """Return the statistics of rows with given shares (n, k), by their definition."""
    k, d = shares.shape[1], X.shape[1]
    mass = shares.sum(axis=0)
    mean = np.zeros((k, d))
    full = np.zeros((k, d, d))
    for i in np.flatnonzero(mass > 0):
        mean[i] = np.average(X, axis=0, weights=shares[:, i])
        full[i] = (shares[:, i, None] * (X - mean[i])).T @ (X - mean[i])
    scatter = {
        "none": None,
        "spherical": np.trace(full, axis1=1, axis2=2),
        "diag": np.diagonal(full, axis1=1, axis2=2),
        "tied": full.sum(axis=0),
        "full": full,
    }[kind]
    return SufficientStatistics(mass, mean, scatter, kind, -float(np.sum(X[:, 0] ** 2)), float(shares.sum()))


def pieces(X: Array, shares: Array, kind: str, cuts: list[int]) -> list[SufficientStatistics]:
    """Return the statistics of consecutive blocks of rows, cut before the given rows."""
    edges = [0, *cuts, len(X)]
    return [summarised(X[a:b], shares[a:b], kind) for a, b in itertools.pairwise(edges)]


def weighted_shares(rng: np.random.Generator, n: int, k: int) -> Array:
    """Return random responsibilities times random row weights, shape (n, k)."""
    return rng.dirichlet(np.ones(k), size=n) * rng.uniform(0.1, 3.0, size=(n, 1))


@pytest.mark.parametrize("cuts", [[50], [1], [119], [40, 80], [1, 2, 3, 60, 61, 100]], ids=str)
@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_merged_blocks_equal_all_rows_at_once(rng: np.random.Generator, kind: str, d: int, cuts: list[int]):
    X = rng.normal(size=(120, d)) * [1.0, 5.0, 0.2][:d] + 3.0 * rng.integers(-1, 2, size=(120, 1))
    shares = weighted_shares(rng, 120, 4)
    merged = merge_in_order(pieces(X, shares, kind, cuts))
    whole = summarised(X, shares, kind)
    for field in FIELDS:
        np.testing.assert_allclose(getattr(merged, field), getattr(whole, field), rtol=1e-12, atol=1e-12)
    assert (
        merged.scatter.shape == {"spherical": (4,), "diag": (4, d), "tied": (d, d), "full": (4, d, d)}[kind]
    )
    assert merged.kind == kind
    assert merged.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
    assert merged.weight == pytest.approx(whole.weight, rel=1e-12)


def test_without_scatter_mass_and_mean_are_merged(rng: np.random.Generator):
    X = rng.normal(size=(60, 2))
    shares = weighted_shares(rng, 60, 3)
    merged = merge_in_order(pieces(X, shares, "none", [7, 30]))
    assert merged.scatter is None
    np.testing.assert_allclose(merged.mass, shares.sum(axis=0), rtol=1e-13)
    expected = [np.average(X, axis=0, weights=share) for share in shares.T]
    np.testing.assert_allclose(merged.mean, expected, rtol=1e-12, atol=1e-13)


def grid_rows(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Return rows that stay exact when 1e8 is added: multiples of 1/32 that differ between the blocks."""
    near = rng.integers(-3000, 3000, size=(n, 2)) / 32.0 + 64.0 * (np.arange(n)[:, None] >= n // 2)
    far = near + 1e8
    np.testing.assert_array_equal(far - 1e8, near)
    return near, far


@pytest.mark.parametrize("kind", KINDS)
def test_rows_far_from_the_origin_keep_their_scatter(rng: np.random.Generator, kind: str):
    near, far = grid_rows(rng, 400)
    shares = weighted_shares(rng, 400, 2)
    merged = merge_in_order(pieces(far, shares, kind, [50, 100, 200, 300]))
    expected = summarised(near, shares, kind).scatter
    largest = np.abs(expected).max()
    np.testing.assert_allclose(merged.scatter, expected, rtol=1e-9, atol=1e-9 * largest)


def test_raw_second_moments_would_lose_the_scatter_far_from_the_origin(rng: np.random.Generator):
    """The control of the test above: at this distance the textbook formula is useless."""
    near, far = grid_rows(rng, 400)
    weights = weighted_shares(rng, 400, 1)
    mean = np.average(far, axis=0, weights=weights[:, 0])
    raw = weights[:, 0] @ far**2 - weights.sum() * mean**2
    expected = summarised(near, weights, "diag").scatter[0]
    assert np.all(np.abs(raw - expected) > 1e-6 * expected)


@pytest.mark.parametrize("kind", KINDS)
def test_sum_of_scatters_without_the_term_between_means_is_wrong(rng: np.random.Generator, kind: str):
    """Negative control: two blocks whose means differ, so that a forgotten term cannot pass."""
    X = np.concatenate([rng.normal(-4.0, 1.0, (50, 2)), rng.normal(4.0, 1.0, (50, 2))])
    shares = weighted_shares(rng, 100, 2)
    parts = pieces(X, shares, kind, [50])
    summed = parts[0].scatter + parts[1].scatter
    merged = parts[0].merge(parts[1]).scatter
    trace = {
        "spherical": lambda s: s.sum(),
        "diag": lambda s: s.sum(),
        "tied": np.trace,
        "full": lambda s: np.trace(s, axis1=1, axis2=2).sum(),
    }[kind]
    assert trace(merged) > 5 * trace(summed)


def test_means_of_two_single_rows():
    """Rows 0 and 3 with weights 1 and 2: mean 2, scatter 1 * 4 + 2 * 1 = 6."""
    one = SufficientStatistics(np.array([1.0]), np.array([[0.0]]), np.array([0.0]), "spherical", -1.0, 1.0)
    two = SufficientStatistics(np.array([2.0]), np.array([[3.0]]), np.array([0.0]), "spherical", -4.0, 2.0)
    merged = one.merge(two)
    assert (merged.mass[0], merged.mean[0, 0], merged.scatter[0]) == (3.0, 2.0, 6.0)
    assert (merged.log_likelihood, merged.weight) == (-5.0, 3.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("empty", [(0,), (1,), (0, 1)], ids=["first", "second", "both"])
def test_components_without_mass_stay_finite(rng: np.random.Generator, kind: str, empty: tuple[int, ...]):
    """Component 1 has no mass in the `empty` blocks; there its mean is a number without meaning."""
    X = rng.normal(size=(40, 2))
    shares = weighted_shares(rng, 40, 2)
    for block in empty:
        shares[20 * block : 20 * block + 20, 1] = 0.0
    parts = pieces(X, shares, kind, [20])
    for block in empty:
        parts[block].mean[1] = [7.0, -5.0]
    merged = parts[0].merge(parts[1])
    for field in FIELDS:
        assert np.isfinite(getattr(merged, field)).all()
    whole = summarised(X, shares, kind)
    np.testing.assert_allclose(merged.mass, whole.mass, rtol=1e-13)
    np.testing.assert_allclose(merged.scatter, whole.scatter, rtol=1e-12, atol=1e-12)
    alive = whole.mass > 0
    np.testing.assert_allclose(merged.mean[alive], whole.mean[alive], rtol=1e-12, atol=1e-12)
    if len(empty) == 2:
        assert merged.mass[1] == 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_merging_commutes_and_is_associative_up_to_rounding(rng: np.random.Generator, kind: str):
    X = rng.normal(size=(30, 2)) + np.repeat([[0.0], [3.0], [-8.0]], 10, axis=0)
    a, b, c = pieces(X, weighted_shares(rng, 30, 2), kind, [10, 20])
    for field in FIELDS:
        left = getattr(a.merge(b).merge(c), field)
        np.testing.assert_allclose(getattr(a.merge(b.merge(c)), field), left, rtol=1e-12, atol=1e-11)
        np.testing.assert_allclose(getattr(c.merge(b).merge(a), field), left, rtol=1e-12, atol=1e-11)


def test_merging_leaves_the_parts_alone(rng: np.random.Generator):
    parts = pieces(rng.normal(size=(40, 2)), weighted_shares(rng, 40, 3), "full", [10, 20])
    before = [[getattr(part, field).copy() for field in FIELDS] for part in parts]
    merge_in_order(parts)
    assert len(parts) == 3
    for part, old in zip(parts, before, strict=True):
        for field, array in zip(FIELDS, old, strict=True):
            np.testing.assert_array_equal(getattr(part, field), array)


class Term:
    """A stand-in for statistics that writes down how it was merged."""

    def __init__(self, text: str) -> None:
        self.text = text

    def merge(self, other: Term) -> Term:
        return Term(f"({self.text}{other.text})")


@pytest.mark.parametrize(
    ("n", "tree"),
    [
        (1, "a"),
        (2, "(ab)"),
        (3, "((ab)c)"),
        (4, "((ab)(cd))"),
        (5, "(((ab)(cd))e)"),
        (6, "(((ab)(cd))(ef))"),
        (7, "(((ab)(cd))((ef)g))"),
    ],
)
def test_the_tree_depends_on_the_number_of_parts_only(n: int, tree: str):
    assert merge_in_order([Term(letter) for letter in "abcdefg"[:n]]).text == tree


def test_few_of_many_parts_are_kept_at_a_time():
    merged, kept = MergeInOrder(), []
    for number in range(1000):
        merged.add(Term(str(number)))
        kept.append(len(merged._trees))
    assert max(kept) == 9
    assert len(merged.total().text) == len(merge_in_order([Term(str(n)) for n in range(1000)]).text)


def test_equal_parts_give_equal_bits_whoever_made_them_first(rng: np.random.Generator):
    X, shares = rng.normal(size=(110, 3)), weighted_shares(rng, 110, 3)
    cuts = [10 * i for i in range(1, 11)]
    forward = pieces(X, shares, "full", cuts)
    slots: list[SufficientStatistics | None] = [None] * 11
    for i in rng.permutation(11):
        slots[i] = summarised(X[10 * i : 10 * i + 10], shares[10 * i : 10 * i + 10], "full")
    first, second = merge_in_order(forward), merge_in_order(slots)
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(first, field), getattr(second, field))
    assert first.log_likelihood == second.log_likelihood


@pytest.mark.parametrize("kind", ["none", "spherical", "diag", "tied", "full"])
def test_a_part_without_mass_changes_nothing(kind: str):
    """Not even by rounding, and whichever part comes first."""
    shape = {"spherical": (1,), "diag": (1, 2), "tied": (2, 2), "full": (1, 2, 2)}.get(kind)
    zero = np.zeros(1)
    empty = SufficientStatistics(
        zero, np.full((1, 2), 1e10), None if shape is None else np.zeros(shape), kind, 0.0, 0.0
    )
    scatter = None if shape is None else np.full(shape, 0.3)
    full = SufficientStatistics(np.ones(1), np.array([[0.1, 0.7]]), scatter, kind, -2.0, 1.0)
    for merged in (empty.merge(full), full.merge(empty)):
        np.testing.assert_array_equal(merged.mean, full.mean)
        np.testing.assert_array_equal(merged.mass, full.mass)
        if scatter is not None:
            np.testing.assert_array_equal(merged.scatter, scatter)


def test_merged_scatter_is_exactly_symmetric():
    rng = np.random.default_rng(4)
    parts = []
    for _ in range(2):
        root = rng.normal(size=(2, 4, 4))
        scatter = root @ np.swapaxes(root, 1, 2)
        scatter = 0.5 * (scatter + np.swapaxes(scatter, 1, 2))
        parts.append(
            SufficientStatistics(rng.uniform(1, 2, 2), rng.normal(size=(2, 4)), scatter, "full", 0, 1)
        )
    merged = parts[0].merge(parts[1]).scatter
    np.testing.assert_array_equal(merged, np.swapaxes(merged, 1, 2))
