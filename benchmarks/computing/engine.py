"""One EM iteration of ours beside other libraries', from the same parameters; and how near the machine it is.

The rows lie about k means that overlap, spread about one standard deviation in each coordinate; nothing is
skipped. All contestants of a case are timed in turn, round after round, and medians are compared, so that a
slow moment of the machine meets all of them. The time of scikit-learn is that of a fit of 1 + m iterations
less that of a fit of one, divided by m; that of oneDAL, which stops early, is that of a fit divided by the
iterations it reports.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as SklearnMixture

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape import engine, lab
from gmmscape.engine import _native
from gmmscape.families import Floor, Location, family_named
from gmmscape.objective import Objective
from gmmscape.solve import EM, start_around
from gmmscape.solve.batch import ends_of_all

Timed = Callable[[], float]

#: (family, n, d, k) with the ratio to scikit-learn that is asked for, if one is.
SHAPES: tuple[tuple[str, int, int, int, float | None], ...] = (
    ("full", 1_000_000, 2, 8, 100),
    ("full", 200_000, 8, 16, 40),
    ("full", 200_000, 16, 32, 40),
    ("full", 100_000, 32, 16, 15),
    ("full", 100_000, 64, 64, 11),
    ("spherical", 1_000_000, 2, 64, 100),
    ("spherical", 200_000, 16, 32, 40),
    ("spherical", 100_000, 64, 64, 25),
    ("diag", 1_000_000, 2, 64, 60),
    ("diag", 200_000, 8, 16, None),
    ("diag", 200_000, 16, 32, 22),
    ("tied", 200_000, 16, 32, 100),
    ("location", 1_000_000, 2, 64, None),
    ("location", 200_000, 16, 32, None),
)
SMALL_SHAPES = (("full", 3_000, 2, 3, None), ("location", 3_000, 2, 3, None))
PASSES = 3
BATCH = {"spherical": 50.0, "full": 100.0}


class Problem(NamedTuple):
    """Rows and the mixture that an iteration begins from."""

    X: np.ndarray
    mixture: gs.Mixture
    scatter: str


def cases(small: bool) -> Iterator[Case]:
    """Yield one case a shape, then the batched starts."""
    for family, n, d, k, asked in SHAPES if not small else SMALL_SHAPES:
        yield Case(
            f"{family} n={n} d={d} k={k}", partial(_iteration, family, n, d, k, asked, 3 if not small else 2)
        )
    for family in BATCH:
        yield Case(f"batched starts, {family}", partial(_batched, family, 256 if not small else 4))


def drawn(family: str, n: int, d: int, k: int) -> Problem:
    """Draw overlapping clusters, and a mixture near them."""
    rng = np.random.default_rng([n, d, k])
    means = rng.standard_normal((k, d))
    X = means[rng.integers(k, size=n)] + rng.standard_normal((n, d))
    turns = np.eye(d) + 0.3 / np.sqrt(d) * rng.standard_normal((k, d, d))
    full = turns @ np.swapaxes(turns, 1, 2)
    covariances = {
        "location": np.ones(k),
        "spherical": rng.uniform(0.7, 1.5, k),
        "diag": rng.uniform(0.7, 1.5, (k, d)),
        "tied": full[0],
        "full": full,
    }[family]
    kind = "spherical" if family == "location" else family
    weights = rng.dirichlet(np.full(k, 10.0))
    return Problem(X, gs.Mixture(weights, means, covariances, kind), "none" if family == "location" else kind)


def _iteration(family: str, n: int, d: int, k: int, asked: float | None, rounds: int) -> dict[str, Any]:
    problem = drawn(family, n, d, k)
    contestants: dict[str, Timed] = {"ours": partial(_ours, problem, problem.X)}
    contestants["ours, float32"] = partial(_ours, problem, problem.X.astype(np.float32))
    contestants["ours, avx2"] = partial(_with_isa, "avx2", contestants["ours"])
    if family != "location":
        contestants["scikit-learn"] = partial(_sklearn, problem, 1 if n * k * d * d > 2e8 else 3)
    if family in ("diag", "full") and _onedal() is not None:
        contestants["oneDAL"] = partial(_onedal_iteration, problem)
    if "avx2" not in engine.info().instruction_sets:
        del contestants["ours, avx2"]
    for timed in contestants.values():
        timed()
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, timed in contestants.items():
            times[name].append(timed())
    medians = {name: float(np.median(found)) for name, found in times.items()}
    ours = medians["ours"]
    found: dict[str, Any] = {
        "milliseconds": {name: 1e3 * value for name, value in medians.items()},
        "times_ours": {name: value / ours for name, value in medians.items() if name != "ours"},
        "share_of_bound": bound(family, n, d, k) / ours,
        "engine": engine.info()._asdict(),
    }
    if asked is not None:
        found["asked"] = asked
    return found


def _ours(problem: Problem, X: np.ndarray) -> float:
    weights = np.broadcast_to(1.0 / len(X), (len(X),))
    parameters = problem.mixture.parameters
    # The first pass meets cold caches and the threads of the contestant before, which spin on for a while; so
    # does the first iteration of the others, which does not count.
    engine.hold(X, weights).statistics(parameters, problem.scatter)
    began = time.perf_counter()
    for _ in range(PASSES):
        engine.hold(X, weights).statistics(parameters, problem.scatter)
    return (time.perf_counter() - began) / PASSES


def _with_isa(isa: str, timed: Timed) -> float:
    before = os.environ.get("GMMSCAPE_ISA")
    os.environ["GMMSCAPE_ISA"] = isa
    try:
        return timed()
    finally:
        if before is None:
            del os.environ["GMMSCAPE_ISA"]
        else:
            os.environ["GMMSCAPE_ISA"] = before


class _Stamped(SklearnMixture):
    """scikit-learn's mixture, which notes when each iteration begins."""

    def fit(self, X: Any, y: Any = None) -> Any:
        self.began_: list[float] = []
        return super().fit(X, y)

    def _e_step(self, *arguments: Any, **options: Any) -> Any:
        self.began_.append(time.perf_counter())
        return super()._e_step(*arguments, **options)


def _sklearn(problem: Problem, iterations: int) -> float:
    mixture = problem.mixture
    model = _Stamped(
        mixture.n_components,
        covariance_type=mixture.covariance_type,
        weights_init=mixture.weights,
        means_init=mixture.means,
        precisions_init=_precisions(mixture),
        init_params="random_from_data",
        random_state=0,
        tol=0.0,
        max_iter=1 + iterations,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(problem.X)
    # From the second iteration to that after the last; the first one makes the arrays.
    return float(np.median(np.diff(model.began_)[1 : 1 + iterations]))


def _precisions(mixture: gs.Mixture) -> np.ndarray:
    covariances = mixture.covariances
    return (
        1.0 / covariances if mixture.covariance_type in ("spherical", "diag") else np.linalg.inv(covariances)
    )


@cache
def _onedal() -> Any | None:
    """oneDAL's Python interface, where it is installed."""
    try:
        import daal4py
    except ImportError:
        return None
    return daal4py


def _onedal_iteration(problem: Problem) -> float:
    daal = _onedal()
    assert daal is not None
    mixture, k = problem.mixture, problem.mixture.n_components
    storage = {"full": "full", "diag": "diagonal"}[mixture.covariance_type]
    algorithm = daal.em_gmm(
        nComponents=k, maxIterations=5, accuracyThreshold=0.0, covarianceStorage=storage, fptype="double"
    )
    covariances = [np.atleast_2d(c) for c in mixture.covariances]
    began = time.perf_counter()
    result = algorithm.compute(problem.X, mixture.weights[None], mixture.means, covariances)
    seconds = time.perf_counter() - began
    return seconds / max(1, int(np.ravel(result.nIterations)[0]))


@cache
def limits() -> dict[str, float]:
    """Measure what all threads of this machine do at best, a second: multiply-adds, exponentials, bytes."""
    info = engine.info()
    if info.isa is None:
        return {}
    from concurrent.futures import ThreadPoolExecutor

    width = {"baseline": 2, "avx2": 4, "avx512": 8}[info.isa]
    chains = 16 if info.isa == "avx512" else 12
    X = np.ones((1 << 24,))
    work = {
        "multiply_adds": ("multiply_add", 30_000_000, 2.0 * chains * width * 30_000_000, None),
        "exponentials": ("exponentials", 300_000, 1024.0 * 300_000, None),
        "bytes_read": ("read", 4, 4.0 * X.nbytes, X),
    }
    found = {}
    with ThreadPoolExecutor(info.threads) as pool:
        for name, (what, repetitions, amount, array) in work.items():
            best = 0.0
            for _ in range(3):
                began = time.perf_counter()
                jobs = [
                    pool.submit(_native.machine_limit, info.isa, what, repetitions, array)
                    for _ in range(info.threads)
                ]
                for job in jobs:
                    job.result()
                best = max(best, amount * info.threads / (time.perf_counter() - began))
            found[name] = best
    return found


def bound(family: str, n: int, d: int, k: int) -> float:
    """Return the seconds that an iteration takes at least: 4 n k P operations, n k exponentials, one read."""
    features = {
        "location": d + 1,
        "tied": d + 1,
        "spherical": d + 2,
        "diag": 2 * d + 1,
        "full": (d + 1) * (d + 2) // 2,
    }[family]
    best = limits()
    if not best:
        return float("nan")
    return (
        4.0 * n * k * features / best["multiply_adds"]
        + n * k / best["exponentials"]
        + 8.0 * n * d / best["bytes_read"]
    )


def _batched(family: str, starts: int) -> dict[str, Any]:
    """EM iterations a second: all starts of ours together, against fits of scikit-learn one by one."""
    problem = drawn("spherical", 2000, 2, 15)
    sample = lab.Sample(problem.X)
    free = family_named(family, Floor.of(sample.variance))
    iterations = 50
    begun = [
        start_around(sample, free, 15, "random_from_data", np.random.default_rng(i)) for i in range(starts)
    ]
    rates: dict[str, list[float]] = {"ours": [], "ours, avx2": [], "ours, means only": [], "scikit-learn": []}
    solver = EM(tol=0.0, max_iter=iterations, accelerate=False)
    location = [gs.Mixture.location(start.means, 1.0) for start in begun]

    def ours(family: Any, begun: list[gs.Mixture]) -> float:
        objective = Objective.near(sample, family, begun[0])
        began = time.perf_counter()
        ends_of_all(solver, objective, begun)
        return starts * (iterations + 1) / (time.perf_counter() - began)

    first = Problem(problem.X, sample.callers_mixture(begun[0]), family)
    for _ in range(5):
        rates["ours"].append(ours(free, begun))
        if "avx2" in engine.info().instruction_sets:
            rates["ours, avx2"].append(_with_isa("avx2", partial(ours, free, begun)))
        rates["ours, means only"].append(ours(Location(1.0), location))
        rates["scikit-learn"].append(1.0 / _sklearn(first, iterations))
    medians = {name: float(np.median(found)) for name, found in rates.items() if found}
    return {
        "iterations_per_second": medians,
        "times_scikit_learn": {
            name: rate / medians["scikit-learn"] for name, rate in medians.items() if name != "scikit-learn"
        },
        "asked": BATCH[family],
        "engine": engine.info()._asdict(),
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the limits, the ratios beside what is asked for, and a table for the docs."""
    iterations = {name: case for name, case in done.items() if "share_of_bound" in case}
    onedal = [case["times_ours"]["oneDAL"] for case in iterations.values() if "oneDAL" in case["times_ours"]]
    return {
        "limits_per_second": limits(),
        "table": table(iterations),
        "onedal_geometric_mean": float(np.exp(np.mean(np.log(onedal)))) if onedal else None,
        "batched": {
            name: case["times_scikit_learn"] for name, case in done.items() if "times_scikit_learn" in case
        },
    }


def table(iterations: dict[str, dict[str, Any]]) -> list[str]:
    """Return a Markdown table of the iterations, a line an entry."""
    names = ("scikit-learn", "oneDAL", "ours, avx2", "ours, float32")
    lines = [
        "| problem | ours, ms | scikit-learn | oneDAL | ours with AVX2 | ours, float32 | share of bound |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, case in iterations.items():
        ratios = [case["times_ours"].get(other) for other in names]
        shown = ["-" if ratio is None else f"{ratio:.3g}x" for ratio in ratios]
        share = f"{100 * case['share_of_bound']:.0f} %"
        lines.append(f"| {name} | {case['milliseconds']['ours']:.3g} | {' | '.join(shown)} | {share} |")
    return lines


def shown(summary: dict[str, Any]) -> Shown:
    """Return the table with the extremes of its columns."""
    columns, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in summary["table"])
    ratios = {name: [row[at] for row in rows if row[at] != "-"] for at, name in enumerate(columns)}
    figures = {
        "least": min(ratios["scikit-learn"], key=_number),
        "most": max(ratios["scikit-learn"], key=_number),
        "onedal": min(ratios["oneDAL"], key=_number, default="a speed not measured here"),
        "bound": min(ratios["share of bound"], key=_number),
        **{
            kind: short(summary["batched"][f"batched starts, {kind}"]["ours"], 2)
            for kind in ("spherical", "full")
        },
    }
    return Shown(figures, columns, rows)


def _number(text: str) -> float:
    return float(text.rstrip("x %"))


PAGE = Page(
    question="""How long does one EM iteration take beside other libraries, and beside what the machine
    could do?""",
    setup="""float64, all cores, overlapping clusters about one standard deviation apart, nothing skipped;
    all contestants in turn within one run, medians. Columns after the second: how many times as long the
    others take. The bound is the time of `4 n k P` multiply-adds, `n k` exponentials and one read of the
    data at the speeds that microbenchmarks reach; P is `d + 1` for means only and tied, `d + 2` spherical,
    `2 d + 1` diag and `(d + 1)(d + 2)/2` full. Batched starts: n = 2000, d = 2, k = 15, 256 starts.""",
    sentence="""scikit-learn takes {least} to {most} as long; many starts on few rows run at {spherical}
    (spherical) and {full} (full) times the speed of scikit-learn's.""",
    claim="An EM iteration is a tenth of scikit-learn's or less",
    number="scikit-learn takes {least} to {most} as long",
    loses="""oneDAL comes nearest at {onedal}; the worst shape reaches {bound} of what the machine could
    do""",
    shown=shown,
)


BENCHMARK = Benchmark(
    "one EM iteration beside other libraries and the limits of the machine", cases, summary, PAGE
)
