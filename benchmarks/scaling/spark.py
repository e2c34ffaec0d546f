"""Mixtures of rows that Spark has: agreement with one process, and Spark ML's own mixture beside ours."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

import gmmscape as gs
from benchmarks.data import suite
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape.families import family_named
from gmmscape.measure.blocked import ArrayBlocks, BlockedSample, LocalBlocks, facts_of
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.spark import GaussianMixture, SparkBlocks

PARTITIONS = 2
#: Iterations whose difference is timed: what comes before the first is not in it.
FEW, MORE = 2, 7
SMALL_FEW, SMALL_MORE = 1, 3


class Set(NamedTuple):
    """Rows and a number of components."""

    name: str
    X: np.ndarray
    k: int


def cases(small: bool) -> Iterator[Case]:
    """Yield the agreement with one process, and three sets."""
    yield Case("agreement with one process", partial(agreement, 900 if small else 80_000))
    names = ("k = 30",) if small else ("a2", "k = 30", "d = 64")
    for name in names:
        yield Case(f"beside Spark ML: {name}", partial(beside, name, small))


def rows_of(name: str, small: bool) -> Set:
    """Return a set: a2, 30 clusters in the plane, or 8 in 64 columns."""
    if name == "a2":
        X, centers = suite("a2")
        return Set(name, X, len(centers))
    n, d, k, apart = (600, 2, 30, 30.0) if small else (100_000, 2, 30, 30.0)
    if name == "d = 64":
        n, d, k, apart = 20_000, 64, 8, 2.0
    rng = np.random.default_rng(2)
    centers = apart * rng.standard_normal((k, d))
    return Set(name, centers[rng.integers(k, size=n)] + rng.standard_normal((n, d)), k)


@cache
def session() -> Any:
    """Return a session of two cores of this machine."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    warnings.simplefilter("ignore", FutureWarning)  # of PySpark about pandas
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.driver.memory": "2g"}
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    found = builder.getOrCreate()
    found.sparkContext.setLogLevel("ERROR")
    return found


def frame_of(X: np.ndarray) -> Any:
    """Return rows as a DataFrame in partitions of equal sizes, in their order."""
    spark, d = session(), X.shape[1]
    names = [f"x{i}" for i in range(d)]
    parts = spark.sparkContext.parallelize(np.array_split(X, PARTITIONS), PARTITIONS)
    frame = spark.createDataFrame(parts.flatMap(lambda part: part.tolist()), schema=[*names]).persist()
    assert frame.count() == len(X)
    return frame


def agreement(n: int) -> dict[str, Any]:
    """Compare a default fit by Spark with one in this process."""
    rng = np.random.default_rng(3)
    X = 4.0 * rng.standard_normal((5, 3))[rng.integers(5, size=n)] + rng.standard_normal((n, 3))
    frame = frame_of(X)
    local = gs.GaussianMixture(5, random_state=0).fit(LocalBlocks(ArrayBlocks(np.array_split(X, PARTITIONS))))
    model = GaussianMixture(5, random_state=0).fit(frame)
    frame.unpersist()
    names = ("weights_", "means_", "covariances_")
    apart = [np.abs(getattr(model, name) - getattr(local, name)).max() for name in names]
    return {"difference": float(max(apart)), "n_iter": model.n_iter_}


def beside(name: str, small: bool) -> dict[str, Any]:
    """Time an iteration of ours and of Spark ML's, and compare the likelihoods that they reach."""
    found = rows_of(name, small)
    frame = frame_of(found.X)
    few, more = (SMALL_FEW, SMALL_MORE) if small else (FEW, MORE)
    vectors = as_vectors(frame)
    seconds: dict[str, list[float | None]] = {"ours": [], "ml": []}
    rows = SparkBlocks(frame)
    step = stepper(rows, found)
    for _ in range(1 if small else 3):
        seconds["ours"].append(difference(step, few, more))
        seconds["ml"].append(difference(lambda n: spark_ml(vectors, found, n).summary.numIter, few, more))
    rows.unpersist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, ours_seconds = timed(lambda: GaussianMixture(found.k, random_state=0).fit(frame))
    ml, ml_seconds = timed(lambda: spark_ml(vectors, found, 5 if small else 100))
    frame.unpersist()
    vectors.unpersist()
    return {
        "n": len(found.X),
        "d": found.X.shape[1],
        "k": found.k,
        "ours_iteration": median(seconds["ours"]),
        "ml_iteration": median(seconds["ml"]),
        "ours_per_row": float(ours.score(found.X)),
        "ml_per_row": likelihood_of(ml, found.X),
        "ours_fit": ours_seconds,
        "ml_fit": ml_seconds,
        "ml_iterations": ml.summary.numIter,
        "load": round(os.getloadavg()[0], 1),
    }


def timed(work: Any) -> tuple[Any, float]:
    """Return what some work returns, and its seconds."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def difference(fit: Any, few: int, more: int) -> float | None:
    """Return the seconds of an iteration, those of more less those of few; None where more were not made."""
    made, seconds = zip(timed(lambda: fit(few)), timed(lambda: fit(more)), strict=True)
    return (seconds[1] - seconds[0]) / (made[1] - made[0]) if made == (few, more) else None


def median(seconds: list[float | None]) -> float | None:
    """Return the median of times; None where one is none."""
    return None if None in seconds else float(np.median(np.array(seconds, dtype=np.float64)))


def stepper(rows: SparkBlocks, found: Set) -> Any:
    """Return what makes so many steps of EM over the blocks, from random rows."""
    sample = BlockedSample(rows, facts_of(rows))
    family = family_named("full")
    means = found.X[np.random.default_rng(0).choice(len(found.X), found.k, replace=False)]
    wide = np.tile(np.cov(found.X.T), (found.k, 1, 1))
    start = sample.local_mixture(Mixture(np.full(found.k, 1.0 / found.k), means, wide, "full"))
    objective: Any = Objective(sample, family, sample.rows(start))

    def step(iterations: int) -> int:
        mixture = start
        for _ in range(iterations):
            mixture = objective.update(objective.statistics(mixture), mixture)
        return iterations

    return step


def as_vectors(frame: Any) -> Any:
    """Return rows as Spark ML takes them."""
    from pyspark.ml.feature import VectorAssembler

    vectors = (
        VectorAssembler(inputCols=frame.columns, outputCol="features").transform(frame).select("features")
    )
    vectors.persist().count()
    return vectors


def spark_ml(vectors: Any, found: Set, iterations: int) -> Any:
    """Return the fit of Spark ML, which starts at random rows; its tolerance ends none of the timed ones."""
    from pyspark.ml.clustering import GaussianMixture as SparkML

    tol = 0.01 if iterations >= 100 else 0.0
    return SparkML(k=found.k, seed=0, maxIter=iterations, tol=tol).fit(vectors)


def likelihood_of(model: Any, X: np.ndarray) -> float | None:
    """Return the log-likelihood per row of a fit of Spark ML, by our densities; None if it is no mixture."""
    weights = np.array(model.weights)
    means = np.array([one.mean.toArray() for one in model.gaussians])
    covariances = np.array([one.cov.toArray() for one in model.gaussians])
    try:
        return float(Mixture(weights / weights.sum(), means, covariances, "full").log_density(X).mean())
    except gs.InvalidParameterError:
        return None


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the agreement, and the figures of each set."""
    sets = {name.partition(": ")[2]: case for name, case in done.items() if name.startswith("beside")}
    agreed = done.get("agreement with one process", {})
    kept = (
        "n",
        "d",
        "k",
        "ours_iteration",
        "ml_iteration",
        "ours_per_row",
        "ml_per_row",
        "ours_fit",
        "ml_fit",
        "load",
    )
    return {
        "difference": agreed.get("difference"),
        "sets": {name: {key: case[key] for key in kept} for name, case in sets.items()},
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a set."""
    rows, ratios = [], []
    for name, one in summary["sets"].items():
        if one["ml_iteration"] is not None:
            ratios.append(one["ml_iteration"] / one["ours_iteration"])
        gap = None if one["ml_per_row"] is None else one["ours_per_row"] - one["ml_per_row"]
        times = [short(one[key]) for key in ("ours_iteration", "ml_iteration", "ours_fit", "ml_fit")]
        size = f"{one['n']} x {one['d']}, k = {one['k']}"
        above = "-" if gap is None else f"{gap:+.3g}"
        rows.append((name, size, *times, f"{one['ours_per_row']:.4f}", above, one["load"]))
    figures = {
        "difference": short(summary["difference"]),
        "least": short(min(ratios)),
        "most": short(max(ratios)),
    }
    columns = (
        "set",
        "rows",
        "s/iteration",
        "Spark ML's",
        "s/fit",
        "Spark ML's",
        "log-likelihood",
        "above ML's",
        "load",
    )
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Does a fit by Spark agree with one in a process, and how does Spark ML's own mixture compare?",
    setup="""Spark of the package index with two cores of one machine (local[2]), two partitions.
    Agreement: a default fit of 80,000 x 3 rows. An iteration: seven EM steps from random rows less
    two, over five, medians of three, beside Spark ML's `GaussianMixture` of as many iterations. A
    fit: ours with all defaults, Spark ML's with its own (100 iterations, tolerance 0.01).
    Likelihoods are per row, both by our densities; a dash where Spark ML makes fewer iterations
    than asked for. The machine did much other work beside, of lower priority.""",
    sentence="""A fit by Spark differs by {difference} from one in a process; an iteration of Spark ML takes
    {least} to {most} times as long as ours.""",
    claim="a fit by Spark is that of one process, and leaves the bad optima that Spark ML ends in",
    number="a difference of {difference}; Spark ML's iteration takes {least} to {most} times as long",
    loses="each pass is a job of Spark, a tenth of a second and more: small data are faster in a process",
    shown=shown,
)


BENCHMARK = Benchmark("fits by Spark: agreement, and Spark ML's mixture beside ours", cases, summary, PAGE)
