"""Spark itself, with two cores of this machine: the bits of one process, answers as columns, typed errors."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.unit.engine.test_truncated import clusters

import gmmscape as gs
from gmmscape.measure.blocked import ArrayBlocks, BlockedSample, LocalBlocks, RowBlock, facts_of
from gmmscape.solve.batch import truncation
from gmmscape.spark import GaussianMixture, SparkBlocks

pyspark = pytest.importorskip("pyspark", reason="PySpark is not installed")
if shutil.which("java") is None:
    pytest.skip("no Java runtime", allow_module_level=True)
functions = pytest.importorskip("pyspark.sql.functions")

#: PySpark warns of pandas 3, and leaves its sockets to the collector of garbage.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SIZES = (120, 0, 1, 179)
RNG = np.random.default_rng(9)
X = RNG.normal([[0.0, 0.0], [8.0, 1.0]], 1.0, (150, 2, 2)).reshape(-1, 2)
WEIGHTS = RNG.integers(1, 4, len(X)).astype(float)
PARTS = np.split(np.column_stack([X, WEIGHTS]), np.cumsum(SIZES)[:-1])


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Return a session."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    found = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    found.sparkContext.setLogLevel("ERROR")
    yield found
    found.stop()


@pytest.fixture(scope="module")
def frame(session: Any) -> Any:
    """Return rows and weights in partitions of those sizes; a name has a dot."""
    parts = session.sparkContext.parallelize([part.tolist() for part in PARTS], len(PARTS))
    return session.createDataFrame(parts.flatMap(list), schema=["a.length", "width", "count"]).persist()


def test_a_fit_has_the_bits_of_one_here(frame: Any):
    parts = LocalBlocks(ArrayBlocks([part[:, :2] for part in PARTS], [part[:, 2] for part in PARTS]))
    local = gs.GaussianMixture(2, random_state=0).fit(parts)
    model = GaussianMixture(2, random_state=0).fit(frame, sample_weight="count")
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        np.testing.assert_array_equal(getattr(model, name), getattr(local, name))
    assert list(model.feature_names_in_) == ["a.length", "width"]
    assert model.score(frame, sample_weight="count") == local.score(parts)
    assert model.bic(frame, sample_weight="count") == local.bic(parts)


def test_sorted_partitions_have_the_bits_of_those_here(session: Any):
    """Passes that are truncated by orders which each process of Spark makes for itself."""
    many, mixture = clusters("full", n=12_000, d=2, k=40, apart=9.0)
    parts = np.split(many, [4_000, 9_000])
    rows = session.sparkContext.parallelize([part.tolist() for part in parts], len(parts))
    frame = session.createDataFrame(rows.flatMap(lambda part: part), ["a", "b"])
    found = []
    for blocks in (SparkBlocks(frame), LocalBlocks(ArrayBlocks(parts))):
        sample = BlockedSample(blocks, facts_of(blocks))
        start = sample.local_mixture(mixture)
        moved = sample.local_mixture(mixture.shifted(np.array([0.4, 0.2])))
        own = sample.rows(start)
        own.sort_by(start, "full", truncation())
        found.append([own.statistics(at, "full") for at in (start, moved)])
    for there, here in zip(*found, strict=True):
        for part in ("mass", "mean", "scatter", "log_likelihood"):
            np.testing.assert_array_equal(getattr(there, part), getattr(here, part))


def test_answers_are_columns_more(frame: Any):
    model = GaussianMixture(2, random_state=0).fit(frame.drop("count"))
    for method, column in (
        ("predict", "component"),
        ("predict_proba", "probability"),
        ("score_samples", "log_density"),
    ):
        answer = getattr(model, method)(frame)
        assert answer.columns == ["a.length", "width", "count", column]
        found = np.array([row[3] for row in answer.collect()])
        np.testing.assert_allclose(found, getattr(model, method)(X), rtol=1e-12)
    with pytest.raises(gs.DataError, match=r"X has the columns width, count, and 2 were fitted: a\.length"):
        model.predict(frame.drop("a.length"))
    with pytest.raises(gs.InvalidParameterError, match="rename the column 'component'"):
        model.predict(frame.withColumn("component", functions.lit(1)))


def test_what_cannot_be_used_is_told_with_its_column(frame: Any):
    text = frame.withColumn("kind", functions.lit("a"))
    holed = frame.withColumn("width", functions.when(functions.col("width") > 0.0, functions.col("width")))
    for bad, message in (
        (text, "column 'kind' holds no numbers but string: leave it out"),
        (holed, r"column 'width' has .* missing .* in partition 0, of 120 rows"),
    ):
        with pytest.raises(gs.DataError, match=message):
            GaussianMixture(2).fit(bad)
    with pytest.raises(gs.InvalidParameterError, match="weights='mass': pass the name of a column"):
        SparkBlocks(frame, "mass")


class Count:
    """Returns the number of rows."""

    def __call__(self, block: RowBlock, place: int) -> int:
        return len(block.points)


def test_rows_that_change_between_passes_are_an_error(frame: Any):
    blocks = SparkBlocks(frame.filter(functions.rand(0) < 2.0))
    expected = [(size, size) for size in SIZES if size]
    assert list(blocks.results(Count())) == expected
    blocks.unpersist()
    blocks._X = frame.limit(100)
    with pytest.raises(gs.DataError, match="partition 0 had 120 rows, and has 100 now"):
        list(blocks.results(Count()))


def test_nobody_at_work_is_an_error_in_bounded_time(frame: Any, monkeypatch: pytest.MonkeyPatch):
    blocks = SparkBlocks(frame)
    list(blocks.results(Count()))
    blocks._timeout = 0.5
    monkeypatch.setattr("gmmscape.spark.blocks._Job._waits", lambda job: True)
    with pytest.raises(gs.NoResultError, match=r"no task of Spark has been at work for 0\.5 seconds"):
        list(blocks.results(Slow()))


class Slow:
    """Takes its time."""

    def __call__(self, block: RowBlock, place: int) -> None:
        __import__("time").sleep(20.0)


def test_a_stopped_session_is_an_error(session: Any, frame: Any):
    blocks = SparkBlocks(frame)
    session.stop()
    with pytest.raises(gs.NoResultError, match="the Spark session was stopped: start a session"):
        list(blocks.results(Count()))
