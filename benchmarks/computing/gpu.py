"""One EM pass on a card, beside what the card could do, our engine on the CPU, and scikit-learn on the card.

The engine is that of ``GMMSCAPE_ENGINE=torch``, on the device that GMMSCAPE_DEVICE names, the first card by
default. Rows are sent once and computed with many times; the time of sending stands beside that of a pass.
The limits of the card are measured in the same run: products of large matrices in the precision of the rows,
TF32 off, and a copy in its memory. Each case also says whether two passes have the same bits, and how far the
first rows' statistics are from those of the reference engine in NumPy.

On a machine lent for a few minutes, in a checkout, nothing has to be fetched where PyTorch, NumPy, SciPy and
scikit-learn are. With CMake and nanobind the first lines build the extension, without which there are no
figures of the CPU; scikit-learn computes with arrays of PyTorch, from its version 1.8 on, if SCIPY_ARRAY_API
is set::

    cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DPython_EXECUTABLE=$(which python3) \\
        -Dnanobind_DIR=$(python3 -m nanobind --cmake_dir) && cmake --build build -j &&
        cp build/_native*.so src/gmmscape/engine/
    SCIPY_ARRAY_API=1 PYTHONPATH=src python3 -m benchmarks gpu --out gpu.json

It is planned to end within six minutes on a card; it has not been timed on one yet.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as SklearnMixture

import gmmscape as gs
from benchmarks.computing.engine import Problem
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, percent, short
from gmmscape import engine
from gmmscape.engine.extension import instruction_sets

#: Covariances and precision of the rows.
WORK = (
    ("full", "float32"),
    ("full", "float64"),
    ("diag", "float32"),
    ("tied", "float32"),
    ("spherical", "float32"),
)
SHAPE, SMALL_SHAPE = (10_000_000, 16, 64), (20_000, 4, 3)
#: Rows of which the Hessian is formed, and those that are compared with the reference engine.
HESSIAN_ROWS, COMPARED_ROWS = 200_000, 20_000
PASSES = 5


def cases(small: bool) -> Iterator[Case]:
    """Yield the limits of the card, a case for each kind of work, and derivatives."""
    n, d, k = SHAPE if not small else SMALL_SHAPE
    yield Case("limits", partial(limits, 8192 if not small else 256))
    for kind, dtype in WORK if not small else WORK[:2]:
        yield Case(f"{kind} {dtype} n={n} d={d} k={k}", partial(_pass, kind, dtype, n, d, k, small))
    yield Case("derivatives", partial(_derivatives, min(n, HESSIAN_ROWS), 8 if not small else 2, k // 4 + 2))


def drawn(kind: str, dtype: str, n: int, d: int, k: int) -> Problem:
    """Draw overlapping clusters as the engine's benchmark has them, in blocks, and a mixture near them."""
    rng = np.random.default_rng([n, d, k])
    means = rng.standard_normal((k, d))
    X = np.empty((n, d), dtype=dtype)
    for start in range(0, n, 1_000_000):
        rows = X[start : start + 1_000_000]
        rows[:] = rng.standard_normal(rows.shape, dtype=np.float32)
        rows += means[rng.integers(k, size=len(rows))].astype(dtype)
    turns = np.eye(d) + 0.3 / np.sqrt(d) * rng.standard_normal((k, d, d))
    full = turns @ np.swapaxes(turns, 1, 2)
    covariances = {
        "spherical": rng.uniform(0.7, 1.5, k),
        "diag": rng.uniform(0.7, 1.5, (k, d)),
        "tied": full[0],
        "full": full,
    }[kind]
    return Problem(X, gs.Mixture(rng.dirichlet(np.full(k, 10.0)), means, covariances, kind), kind)


@cache
def limits(size: int) -> dict[str, Any]:
    """Measure the products and the copy that the card does at best, a second, and say what card it is."""
    import torch

    device = _device()
    found: dict[str, Any] = {"device": str(device), "torch": torch.__version__, "card": None}
    if device.type == "cuda":
        facts = torch.cuda.get_device_properties(device)
        found["card"] = {
            "name": facts.name,
            "GiB": round(facts.total_memory / (1 << 30), 1),
            "multiprocessors": facts.multi_processor_count,
            "cuda": torch.version.cuda,
        }
    torch.set_float32_matmul_precision("highest")
    for dtype in ("float32", "float64"):
        a = torch.randn((size, size), dtype=getattr(torch, dtype), device=device)
        out = torch.empty_like(a)
        found[f"{dtype} operations"] = 2.0 * size**3 / _best(partial(torch.matmul, a, a, out=out))
    a = torch.empty(4 * size * size, dtype=torch.float32, device=device)
    out = torch.empty_like(a)
    found["bytes"] = 2.0 * a.nbytes / _best(lambda: out.copy_(a))
    return found


def _device() -> Any:
    import torch

    with engine.using("torch"):
        return torch.device(engine.info().device)


def _best(work: Callable[[], Any], rounds: int = 5) -> float:
    """Seconds of the fastest of some rounds; what is under way on the card ends within each."""
    import torch

    def done() -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    work()
    done()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        done()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _median(work: Callable[[], Any], rounds: int = PASSES) -> float:
    """Milliseconds of a call that returns what the host can read, after one that is not counted."""
    work()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return 1e3 * float(np.median(seconds))


def bound(kind: str, dtype: str, n: int, d: int, k: int, size: int) -> float:
    """Return the milliseconds that a pass takes at least: 4 n k P operations, and one read of the rows."""
    features = {
        "tied": d + 1,
        "spherical": d + 2,
        "diag": 2 * d + 1,
        "full": (d + 1) * (d + 2) // 2,
    }[kind]
    best = limits(size)
    seconds = 4.0 * n * k * features / best[f"{dtype} operations"]
    return 1e3 * (seconds + float(np.dtype(dtype).itemsize) * n * d / best["bytes"])


def _pass(kind: str, dtype: str, n: int, d: int, k: int, small: bool) -> dict[str, Any]:
    problem = drawn(kind, dtype, n, d, k)
    found = _on_device(problem)
    milliseconds = {"torch": found.pop("milliseconds")}
    least = bound(kind, dtype, n, d, k, 8192 if not small else 256)
    if instruction_sets():
        with engine.using("native"):
            held = engine.hold(problem.X)
            milliseconds["native"] = _median(lambda: held.statistics(problem.mixture.parameters, kind), 1)
    theirs = _sklearn(problem, _device()) if kind in ("full", "diag") else "not timed"
    if isinstance(theirs, float):
        milliseconds["scikit-learn"] = theirs
    else:
        found["scikit-learn"] = theirs
    share = least / milliseconds["torch"]
    return {"milliseconds": milliseconds, "bound_ms": least, "share_of_bound": share, **found}


def _on_device(problem: Problem) -> dict[str, Any]:
    """Milliseconds of a pass and of what goes before it, and whether it can be relied on."""
    parameters, scatter = problem.mixture.parameters, problem.scatter
    with engine.using("torch"):
        held = engine.hold(problem.X)
        began = time.perf_counter()
        first = held.statistics(parameters, scatter)
        sent = time.perf_counter() - began
        milliseconds = _median(lambda: held.statistics(parameters, scatter))
        again = held.statistics(parameters, scatter)
        density = _median(lambda: held.log_density(parameters), 1)
        info = engine.info()._asdict()
    pairs = zip(vars(first).values(), vars(again).values(), strict=True)
    return {
        "milliseconds": milliseconds,
        "sent_and_first_pass_ms": 1e3 * sent,
        "log_density_ms": density,
        "same_bits_again": all(np.array_equal(a, b) for a, b in pairs),
        "engine": info,
        **_differences(problem),
    }


def _differences(problem: Problem) -> dict[str, float]:
    """How far the statistics of the first rows are from the reference engine's on their float64 cast."""
    X, parameters = problem.X[:COMPARED_ROWS], problem.mixture.parameters
    with engine.using("torch"):
        ours = engine.hold(X).statistics(parameters, problem.scatter)
    with engine.using("reference"):
        theirs = engine.hold(X.astype(np.float64)).statistics(parameters, problem.scatter)
    assert ours.scatter is not None
    assert theirs.scatter is not None
    scatter = np.abs(ours.scatter - theirs.scatter).max() / np.abs(theirs.scatter).max()
    return {
        "log_likelihood_difference": abs(ours.log_likelihood - theirs.log_likelihood),
        "mean_difference": float(np.abs(ours.mean - theirs.mean).max()),
        "relative_scatter_difference": float(scatter),
    }


def _sklearn(problem: Problem, device: Any, iterations: int = 2) -> float | str:
    """Milliseconds of an iteration of scikit-learn on tensors, or why there are none."""
    import torch

    if os.environ.get("SCIPY_ARRAY_API") != "1":
        return "SCIPY_ARRAY_API is not set to 1"
    mixture = problem.mixture
    deviations = np.sqrt(mixture.covariances) if mixture.covariance_type == "diag" else None
    precisions = np.linalg.inv(mixture.covariances) if deviations is None else deviations**-2.0
    try:
        rows = torch.from_numpy(problem.X).to(device)
        given = [
            torch.tensor(part.tolist(), dtype=rows.dtype, device=device)
            for part in (mixture.weights, mixture.means, precisions)
        ]

        def fitted(max_iter: int) -> None:
            model = SklearnMixture(
                mixture.n_components,
                covariance_type=mixture.covariance_type,
                weights_init=given[0],
                means_init=given[1],
                precisions_init=given[2],
                init_params="random_from_data",
                random_state=0,
                tol=0.0,
                max_iter=max_iter,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(rows)

        with sklearn.config_context(array_api_dispatch=True):
            short_fit, long_fit = (_best(partial(fitted, 1 + more), 2) for more in (0, iterations))
    except Exception as error:  # whatever its version and this card cannot do is the finding
        return f"{type(error).__name__}: {error}"[:300]
    return 1e3 * (long_fit - short_fit) / iterations


def _derivatives(n: int, d: int, k: int) -> dict[str, Any]:
    """Milliseconds of the Hessian's information and of a product with it, full covariances in float64."""
    problem = drawn("full", "float64", n, d, k)
    parameters = problem.mixture.parameters
    direction = np.random.default_rng(0).standard_normal(k * (1 + d + d * (d + 1) // 2))
    found: dict[str, Any] = {"n": n, "d": d, "k": k, "milliseconds": {}}
    for name in ("torch", *(("native",) if instruction_sets() else ())):
        with engine.using(name):
            held = engine.hold(problem.X)
            found["milliseconds"][name] = {
                "information": _median(lambda h=held: h.information(parameters, "full", missing=True), 1),
                "product": _median(lambda h=held: h.missing_product(parameters, "full", direction), 1),
            }
    return found


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the limits, and for each kind of work times and their ratios."""
    passes = {name: case for name, case in done.items() if "share_of_bound" in case}
    return {
        "limits": {key: value for key, value in done.get("limits", {}).items() if key != "seconds"},
        "passes": {
            name: {
                "milliseconds": case["milliseconds"],
                "share_of_bound": case["share_of_bound"],
                "times_ours": {
                    other: value / case["milliseconds"]["torch"]
                    for other, value in case["milliseconds"].items()
                    if other != "torch"
                },
                "same_bits_again": case["same_bits_again"],
            }
            for name, case in passes.items()
        },
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return a row for each kind of work."""
    rows = []
    for name, one in summary["passes"].items():
        ratios = [one["times_ours"].get(other) for other in ("native", "scikit-learn")]
        rows.append(
            (
                name,
                short(one["milliseconds"]["torch"]),
                percent(one["share_of_bound"]),
                *("-" if ratio is None else f"{short(ratio)}x" for ratio in ratios),
            )
        )
    shares = [one["share_of_bound"] for one in summary["passes"].values()]
    ratios = [one["times_ours"].get("native") for one in summary["passes"].values()]
    known = [ratio for ratio in ratios if ratio is not None]
    card = summary["limits"].get("card")
    figures = {
        "card": card["name"] if card else "the CPU, no card",
        "least": percent(min(shares)),
        "most": percent(max(shares)),
        "cpu": f"{short(min(known))} to {short(max(known))} times" if known else "an unmeasured multiple of",
    }
    return Shown(figures, ("work", "ms a pass", "share of bound", "native, CPU", "scikit-learn, card"), rows)


PAGE = Page(
    question="How long does one EM pass take on a card?",
    setup="""1e7 x 16 rows, 64 components, one pass of statistics over rows that the card holds; the bound is
    the time of `4 n k P` operations and one read of the rows at speeds measured on the same card, TF32 off.
    Columns on the right: how many times as long the others take.""",
    sentence="""On {card} a pass reaches {least} to {most} of the bound; the native engine on that machine's
    CPU takes {cpu} as long.""",
    claim="Passes over many rows run on a card",
    number="{least} to {most} of the bound on {card}",
    loses="most of the rest is the traffic between kernels; small problems are faster on the CPU",
    shown=shown,
)


BENCHMARK = Benchmark(
    "one EM pass on a card beside its limits, the CPU and scikit-learn", cases, summary, PAGE
)
