"""Summaries of rows: one walk over a source that need not be in memory, and parts merged into the whole."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.measure import ArraySource, Block, RowSource, RowSummary, middle_of
from gmmscape.weights import Weights


class FilesOfRows:
    """A source that is not in memory: a file of rows for each part, and another of their weights."""

    incomplete = False

    def __init__(self, folder: Path, X: np.ndarray, weights: np.ndarray, cuts: list[int]) -> None:
        self.n_features, self.walks, self._n = X.shape[1], 0, len(X)
        self._paths: list[tuple[Path, Path]] = []
        for i, part in enumerate(np.split(np.arange(len(X)), cuts)):
            self._paths.append((folder / f"rows{i}.npy", folder / f"weights{i}.npy"))
            np.save(self._paths[-1][0], X[part])
            np.save(self._paths[-1][1], weights[part])

    def __len__(self) -> int:
        return self._n

    def blocks(self) -> Iterator[Block]:
        self.walks += 1
        for rows, weights in self._paths:
            yield Block(np.load(rows), Weights.of(np.load(weights)))

    def take(self, rows: Any) -> Block:
        parts = [(np.load(name, mmap_mode="r"), np.load(own)) for name, own in self._paths]
        X, weights = (np.concatenate(each)[rows] for each in zip(*parts, strict=True))
        return Block(X, Weights.of(weights))

    def in_memory(self) -> None:
        return None


class Counted(ArraySource):
    """Rows of an array that count how often they are walked."""

    walks = 0

    def blocks(self) -> Iterator[Block]:
        self.walks += 1
        return super().blocks()


def rows(rng: np.random.Generator, n: int = 9000) -> tuple[np.ndarray, np.ndarray]:
    """Rows of which many are equal, far from zero, and their weights."""
    return rng.integers(-30, 30, (n, 2)) / 8.0 + 1000.0, rng.uniform(0.5, 2.0, n)


def summary_of(X: np.ndarray, weights: Weights, origin: np.ndarray | None = None) -> RowSummary:
    return RowSummary.of(ArraySource(X, weights), origin)


def assert_alike(one: RowSummary, other: RowSummary) -> None:
    """Exact where nothing is summed; sums to rounding."""
    assert one.n == other.n
    for field in ("origin", "lowest", "highest", "extent"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    assert one.digest == other.digest
    assert one.mass == pytest.approx(other.mass, rel=1e-13)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-12)
    np.testing.assert_allclose(one.moments.mean, other.moments.mean, rtol=1e-10)
    assert one.heaviest_row == pytest.approx(other.heaviest_row, rel=1e-12)
    assert one.effective_rows == pytest.approx(other.effective_rows, rel=1e-12)


def test_a_summary_says_what_numpy_says(rng: np.random.Generator):
    X, weights = rows(rng)
    found = summary_of(X, Weights.of(weights))
    assert (found.n, found.mass) == (9000, pytest.approx(weights.sum()))
    np.testing.assert_array_equal(found.origin, np.sort(X, axis=0)[4499])
    np.testing.assert_array_equal(found.extent, np.ptp(X, axis=0))
    np.testing.assert_allclose(found.covariance, np.cov(X.T, aweights=weights, ddof=0), rtol=1e-11)
    np.testing.assert_allclose(found.moments.mean[0] + found.origin, weights @ X / weights.sum(), rtol=1e-12)
    _, group = np.unique(X, axis=0, return_inverse=True)
    together = np.bincount(group.ravel(), weights)
    assert found.heaviest_row == pytest.approx(together.max() / weights.sum(), rel=1e-12)
    assert found.effective_rows == pytest.approx(together.sum() ** 2 / (together**2).sum(), rel=1e-12)


@pytest.mark.parametrize("own", [True, False], ids=["weights", "equal"])
@pytest.mark.parametrize("cuts", [[1], [4096], [3000, 3001, 7777], [4096, 8192], list(range(500, 9000, 500))])
def test_merged_parts_are_the_summary_of_the_whole(rng: np.random.Generator, cuts: list[int], own: bool):
    X, each = rows(rng)
    weights = Weights.of(each) if own else Weights.equal(len(X))
    whole = summary_of(X, weights)
    parts = [
        summary_of(X[part], weights.taken(part), whole.origin) for part in np.split(np.arange(9000), cuts)
    ]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    assert_alike(merged, whole)
    last = parts[-1]
    for part in reversed(parts[:-1]):
        last = part.merge(last)
    assert_alike(last, whole)


def test_summaries_come_back_from_another_process_as_they_went(rng: np.random.Generator):
    X, each = rows(rng, 5000)
    whole = summary_of(X, Weights.of(each))
    parts = [
        pickle.loads(pickle.dumps(summary_of(X[half], Weights.of(each[half]), whole.origin)))
        for half in (slice(0, 2000), slice(2000, None))
    ]
    assert_alike(parts[0].merge(parts[1]), whole)


def test_rows_in_files_are_summed_up_in_one_walk(rng: np.random.Generator, tmp_path: Path):
    X, each = rows(rng)
    source: RowSource = FilesOfRows(tmp_path, X, each, [2500, 6000])
    found = RowSummary.of(source)
    assert_alike(found, summary_of(X, Weights.of(each)))
    found.covariance, found.duplicates, found.heaviest_row, found.effective_rows, found.digest  # noqa: B018
    assert source.walks == 1


def test_the_middle_is_read_from_few_rows_of_a_long_source(rng: np.random.Generator, tmp_path: Path):
    X = rng.normal(size=(200_000, 1))
    source = FilesOfRows(tmp_path, X, np.ones(len(X)), [70_000])
    np.testing.assert_array_equal(middle_of(source), np.sort(X[::4], axis=0)[24_999])
    assert source.walks == 0


def test_a_sample_walks_its_rows_once_and_again_to_tell_them_apart(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
):
    walked: list[Counted] = []

    def counted(*given: Any, **options: Any) -> Counted:
        walked.append(Counted.of(*given, **options))
        return walked[-1]

    monkeypatch.setattr("gmmscape.measure.sample.ArraySource", type("", (), {"of": staticmethod(counted)}))
    sample = lab.Sample(*rows(rng))
    sample.covariance, sample.variance, sample.origin, sample.rows(None).unit
    assert walked[0].walks == 1
    sample.duplicates, sample.effective_rows, sample.heaviest_row, sample.digest  # noqa: B018
    walks = walked[0].walks
    assert 1 < walks < 8
    sample.duplicates, sample.effective_rows, sample.heaviest_row, sample.digest  # noqa: B018
    assert walked[0].walks == walks


def test_the_digest_tells_rows_weights_and_order_apart(rng: np.random.Generator):
    X, each = rows(rng, 300)
    digest = summary_of(X, Weights.of(each)).digest
    moved, heavier = X.copy(), each.copy()
    moved[17, 1] = np.nextafter(moved[17, 1], np.inf)
    heavier[17] = np.nextafter(heavier[17], np.inf)
    others = [
        summary_of(moved, Weights.of(each)).digest,
        summary_of(X, Weights.of(heavier)).digest,
        summary_of(X[::-1], Weights.of(each)).digest,
        summary_of(X + 1.0, Weights.of(each)).digest,
        summary_of(X[1:], Weights.of(each[1:])).digest,
    ]
    assert len({digest, *others}) == 6
    assert summary_of(X.copy(), Weights.of(each.copy())).digest == digest
    equal = Weights.equal(len(X))
    assert summary_of(X, equal).digest == summary_of(X, Weights.of(equal.each)).digest


def test_summaries_of_different_origins_are_not_merged(rng: np.random.Generator):
    X, each = rows(rng, 100)
    one, other = summary_of(X[:50], Weights.of(each[:50])), summary_of(X[50:] + 1.0, Weights.of(each[50:]))
    with pytest.raises(gs.GmmscapeError, match="same origin"):
        one.merge(other)


def test_without_keys_what_needs_them_says_so(rng: np.random.Generator):
    X, each = rows(rng, 100)
    found = RowSummary.of(ArraySource(X, Weights.of(each)), keys=False)
    np.testing.assert_array_equal(found.covariance, summary_of(X, Weights.of(each)).covariance)
    with pytest.raises(gs.GmmscapeError, match="keys=True"):
        _ = found.duplicates
    assert found.merge(found).keys is None


def test_a_value_that_few_rows_have_is_found_beyond_those_looked_at(tmp_path: Path):
    X = np.full((140_000, 1), np.nan)
    X[[1, 2, 70_001], 0] = [3.0, 1.0, 2.0]  # every third row is looked at
    assert middle_of(FilesOfRows(tmp_path, X, np.ones(len(X)), [70_000])).tolist() == [2.0]
