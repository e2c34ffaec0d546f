"""Sums over blocks are those over the rows."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.families import family_named
from gmmscape.measure import Sample
from gmmscape.measure.blocked import ArrayBlocks, BlockedSample, LocalBlocks, RowBlock, facts_of
from gmmscape.objective import Objective
from gmmscape.solve import EM
from gmmscape.solve.loop import run

KINDS = ("spherical", "diag", "tied", "full")


def rows_of(n: int = 3_000, d: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(rng.integers(0, 3, (n, 1)) * np.arange(4.0, 4.0 + d), 1.0) + 1000.0


def cut(X: np.ndarray, *ends: int) -> list[np.ndarray]:
    return np.split(X, ends)


def mixture_of(kind: str, d: int = 3) -> gs.Mixture:
    covariances = {
        "spherical": np.array([2.0, 1.0, 3.0]),
        "diag": np.full((3, d), 2.0),
        "tied": np.eye(d) + 0.3,
        "full": np.stack([np.eye(d) * s + 0.2 for s in (1.0, 2.0, 3.0)]),
    }[kind]
    return gs.Mixture(
        [0.5, 0.2, 0.3], 1000.0 + 4.0 * np.arange(3.0)[:, None] + np.zeros(d), covariances, kind
    )


def both(X: np.ndarray, blocks: list[np.ndarray], w: np.ndarray | None = None):
    ends = np.cumsum([len(block) for block in blocks])[:-1]
    own = None if w is None else np.split(w, ends)
    rows = LocalBlocks(ArrayBlocks(blocks, own))
    return Sample(X, w), BlockedSample(rows, facts_of(rows))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_sums_are_those_of_the_rows(kind: str, weighted: bool) -> None:
    X = rows_of()
    w = np.random.default_rng(1).integers(0, 4, len(X)).astype(float) if weighted else None
    whole, blocked = both(X, cut(X, 7, 7, 8, 1_500), w)
    assert blocked.n_samples == (len(X) if w is None else int((w > 0).sum()))
    assert blocked.counted_rows == whole.counted_rows
    np.testing.assert_allclose(blocked.covariance, whole.covariance, rtol=1e-12)
    mixture = mixture_of(kind)
    a, b = (s.rows(mixture) for s in (whole, blocked))
    here, there = whole.local_mixture(mixture), blocked.local_mixture(mixture)
    assert a.nll(here) == pytest.approx(b.nll(there), rel=1e-13)
    one, two = a.statistics(here, kind), b.statistics(there, kind)
    np.testing.assert_allclose(one.mass, two.mass, rtol=1e-12)
    np.testing.assert_allclose(one.mean + whole.origin, two.mean + blocked.origin, rtol=1e-13)
    np.testing.assert_allclose(one.scatter, two.scatter, rtol=1e-9, atol=1e-12)
    assert (one.weight, one.kind) == (pytest.approx(two.weight, rel=1e-13), two.kind)


@pytest.mark.parametrize("kind", KINDS)
def test_second_order_is_that_of_the_rows(kind: str) -> None:
    X = rows_of(800)
    whole, blocked = both(X, cut(X, 0, 300, 301))
    mixture = mixture_of(kind)
    here, there = whole.local_mixture(mixture), blocked.local_mixture(mixture)
    a, b = (s.rows(mixture) for s in (whole, blocked))
    one, two = a.information(here, kind, missing=True), b.information(there, kind, missing=True)
    assert one.missing is not None
    assert two.missing is not None
    np.testing.assert_allclose(one.missing, two.missing, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(one.moments.second, two.moments.second, rtol=1e-10, atol=1e-12)
    direction = np.random.default_rng(0).normal(size=len(one.missing))
    first, second = a.missing_product(here, kind, direction), b.missing_product(there, kind, direction)
    np.testing.assert_allclose(first.first, second.first, rtol=1e-8, atol=1e-10)


def test_derivatives_are_those_of_the_rows() -> None:
    X = rows_of(500)
    whole, blocked = both(X, cut(X, 100, 100))
    assert repr(blocked) == "BlockedSample(n_samples=500, n_features=3)"
    mixture = gs.Mixture.location(1000.0 + 4.0 * np.arange(3.0)[:, None] + np.zeros(3), sigma=1.5)
    for joint in (False, True):
        one = whole.rows(mixture).derivatives(whole.local_mixture(mixture), hessian=True, joint=joint)
        two = blocked.rows(mixture).derivatives(blocked.local_mixture(mixture), hessian=True, joint=joint)
        np.testing.assert_allclose(one.gradient, two.gradient, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(one.hessian, two.hessian, rtol=1e-9, atol=1e-12)
        alone = blocked.rows(mixture).derivatives(blocked.local_mixture(mixture), hessian=False, joint=joint)
        np.testing.assert_allclose(alone.gradient, two.gradient, rtol=1e-9, atol=1e-12)
        assert alone.hessian is None
    assert blocked.rows(mixture).errors(blocked.local_mixture(mixture)).nll < 1e-10


@pytest.mark.parametrize("kind", KINDS)
def test_em_goes_the_same_way(kind: str) -> None:
    X = rows_of()
    whole, blocked = both(X, cut(X, 10, 10, 2_000))
    start, family = mixture_of(kind), family_named(kind)
    ends = [
        run(EM(tol=1e-9), Objective.near(one, family, one.local_mixture(start)), one.local_mixture(start))
        for one in (whole, blocked)
    ]
    assert ends[0].stop_reason == ends[1].stop_reason == "converged"
    # When steps are as small as rounding, it decides how many there are.
    clear = int(np.flatnonzero(np.diff(ends[0].history) < -1e-12)[-1]) + 1
    assert clear >= 3
    np.testing.assert_allclose(ends[0].history[: clear + 1], ends[1].history[: clear + 1], rtol=1e-13)
    np.testing.assert_allclose(ends[0].mixture.means, ends[1].mixture.means, rtol=1e-12)
    assert ends[0].nll == pytest.approx(ends[1].nll, rel=1e-13)


def test_the_same_blocks_give_the_same_bits_however_fast_they_come() -> None:
    X = rows_of()
    blocks = cut(X, 5, 5, 1_000, 2_500)

    class Slow(ArrayBlocks):
        def blocks(self):
            import time

            for block in super().blocks():
                time.sleep(0.01)
                yield block

    mixture, sums = mixture_of("full"), []
    for source in (ArrayBlocks(blocks), Slow(blocks)):
        rows = LocalBlocks(source)
        sample = BlockedSample(rows, facts_of(rows))
        sums.append(sample.rows(mixture).statistics(sample.local_mixture(mixture), "full"))
    assert np.array_equal(sums[0].scatter, sums[1].scatter)
    assert np.array_equal(sums[0].mean, sums[1].mean)


def test_a_watch_sees_the_rows_go_by_and_may_end_the_pass() -> None:
    X = rows_of(100)
    _, blocked = both(X, cut(X, 10, 60))
    rows, seen = blocked.rows(mixture_of("full")), []
    rows.watch = seen.append
    rows.nll(blocked.local_mixture(mixture_of("full")))
    assert seen == [10, 60, 100]

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    rows.watch = stop
    with pytest.raises(KeyboardInterrupt):
        rows.nll(blocked.local_mixture(mixture_of("full")))


def test_rows_that_vanish_are_an_error() -> None:
    class Vanishing(ArrayBlocks):
        gone = False

        def blocks(self):
            if not self.gone:
                yield from super().blocks()

    source = Vanishing([rows_of(50)])
    rows = LocalBlocks(source)
    sample = BlockedSample(rows, facts_of(rows))
    source.gone = True
    with pytest.raises(gs.NoResultError, match="changed while they were in use"):
        sample.rows(mixture_of("full")).nll(sample.local_mixture(mixture_of("full")))


@pytest.mark.parametrize("change", ["a block less", "a row more", "a block twice", "another weight"])
def test_rows_of_another_weight_are_an_error(change: str) -> None:
    """What is added up in a pass is checked each time: a block that counts twice would not go unseen."""
    w = np.ones(50)

    class Changing(ArrayBlocks):
        changed = False

        def blocks(self):
            found = list(super().blocks())
            if self.changed:
                first = found[0]
                more = RowBlock(np.concatenate([first.points, first.points[:1]]), np.ones(51))
                other = RowBlock(first.points, np.where(np.arange(50) == 3, 1.001, 1.0))
                found = {
                    "a block less": found[1:],
                    "a row more": [more, *found[1:]],
                    "a block twice": [*found, found[1]],
                    "another weight": [other, *found[1:]],
                }[change]
            yield from found

    source = Changing(cut(rows_of(150), 50, 100), [w, w, w])
    rows = LocalBlocks(source)
    sample = BlockedSample(rows, facts_of(rows))
    local = sample.local_mixture(mixture_of("full"))
    sample.rows(local).statistics(local, "full")
    source.changed = True
    with pytest.raises(gs.DataError, match="changed while they were in use"):
        sample.rows(local).statistics(local, "full")


def test_an_error_of_the_source_comes_through_while_it_reads_ahead() -> None:
    class Broken(ArrayBlocks):
        def blocks(self):
            yield RowBlock(rows_of(10))
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        facts_of(LocalBlocks(Broken([rows_of(10)])))


def test_array_blocks_have_to_fit_together() -> None:
    with pytest.raises(gs.DataError, match=r"blocks have \[1, 2\] columns"):
        ArrayBlocks([np.ones((2, 1)), np.ones((2, 2))])
    with pytest.raises(gs.DataError, match="as many for each block"):
        ArrayBlocks([np.ones((2, 1))], [np.ones(3)])
    with pytest.raises(gs.DataError, match="matrix at least"):
        ArrayBlocks([])


@pytest.mark.parametrize("size", [1, 7, 100, 300, 301])
def test_a_fit_is_the_same_in_blocks_of_any_size(size: int) -> None:
    X = rows_of(300)
    whole, blocked = both(X, [X[:0], *(X[i : i + size] for i in range(0, len(X), size)), X[:0]])
    start, family = mixture_of("full"), family_named("full")
    one, other = (
        run(
            EM(tol=0.0, max_iter=8), Objective.near(s, family, s.local_mixture(start)), s.local_mixture(start)
        )
        for s in (whole, blocked)
    )
    assert other.nll == pytest.approx(one.nll, rel=1e-9)
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(other.mixture, name), getattr(one.mixture, name), rtol=1e-9)


def test_rows_count_once_in_each_pass() -> None:
    X = rows_of(1_000)
    whole, blocked = both(X, cut(X, 7, 7, 400))
    for kind in KINDS:
        mixture = mixture_of(kind)
        found = blocked.rows(mixture).statistics(blocked.local_mixture(mixture), kind)
        assert found.mass.sum() == pytest.approx(found.weight, rel=1e-12)
        assert found.weight == pytest.approx(
            whole.rows(mixture).statistics(whole.local_mixture(mixture), kind).weight, rel=1e-12
        )
