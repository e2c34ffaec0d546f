"""From one random start to the best optimum on the benchmark suite, beside scikit-learn."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from functools import partial
from math import ceil, log
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as SklearnMixture

import gmmscape as gs
from benchmarks.data import best_known, centroid_index, suite
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, part_of, short

#: Nats below the best known log-likelihood that still count.
MARGIN = 0.05
COMPONENTS = {"s1": 15, "s2": 15, "a1": 20, "a2": 35, "r15": 15, "unbalance": 8, "birch1": 100}
#: Seeds of each set, by covariance; those of "spread" have no best that is known, and are only reported.
TIED = {"s1": 100, "s2": 100, "a1": 100, "a2": 100, "r15": 100, "birch1": 20}
FULL = {"s1": 100, "a1": 100, "unbalance": 100}
SPREAD = {"s2": 100, "birch1": 5}
#: scikit-learn's single starts, from which its rate is taken; of birch1 one fit takes minutes.
THEIR_STARTS = 200
#: Rate at which scikit-learn's starts are to have found the best.
WANTED = 0.99
SECONDS = "fit_seconds"


def cases(small: bool) -> Iterator[Case]:
    """Yield ours on each set, family and seed, and scikit-learn's single starts."""
    tables = [("tied", TIED), ("full", FULL), ("spread", SPREAD)]
    if small:
        tables = [("tied", {"r15": 3}), ("full", {"s1": 1}), ("spread", {})]
    for table, sets in tables:
        kind = "tied" if table == "tied" else "full"
        for name, seeds in sets.items():
            for seed in range(seeds):
                yield Case(f"ours {table} {name} seed {seed}", partial(_ours, name, kind, seed))
            starts = 1 if name == "birch1" else THEIR_STARTS if not small else 3
            yield Case(f"theirs {table} {name}", partial(_theirs, name, kind, starts))


def _ours(name: str, kind: str, seed: int) -> dict[str, Any]:
    X, _ = suite(name)
    model = gs.GaussianMixture(
        COMPONENTS[name],
        covariance_type=kind,
        init_params="random_from_data",
        random_state=seed,
        nested="take" if kind == "full" else "offer",
        covariance_prior=0.0,
        pursue="likelihood",
    )
    began = time.perf_counter()
    model.fit(X)
    seconds = time.perf_counter() - began
    assert model.em_diagnosis_ is not None
    return {
        **_figures(model, name),
        SECONDS: seconds,
        "em_verdict": model.em_diagnosis_.verdict,
        "verdict": model.diagnosis_.verdict,
        "tried": model.diagnosis_.tried,
    }


def _theirs(name: str, kind: str, starts: int) -> dict[str, Any]:
    X, _ = suite(name)
    found = []
    for seed in range(starts):
        model = SklearnMixture(COMPONENTS[name], covariance_type=kind, random_state=seed)
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X)
        found.append({**_figures(model, name), SECONDS: time.perf_counter() - began})
    return {"starts": found}


def _figures(model: Any, name: str) -> dict[str, Any]:
    X, centers = suite(name)
    return {
        "centroid_index": centroid_index(model.means_, centers),
        "log_likelihood": float(model.score(X)) * len(X),
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return for each set how many runs found the best, and how long ours and scikit-learn take to it."""
    result: dict[str, Any] = {}
    for case, theirs in done.items():
        if not case.startswith("theirs "):
            continue
        _, table, name = case.split()
        ours = [figures for other, figures in done.items() if other.startswith(f"ours {table} {name} seed ")]
        values = [one["log_likelihood"] for one in ours]
        seconds = float(np.median([one[SECONDS] for one in ours]))
        their_seconds = float(np.median([one[SECONDS] for one in theirs["starts"]]))
        row: dict[str, Any] = {"of": len(ours), "seconds": seconds, "sklearn_seconds": their_seconds}
        if table == "spread":
            row |= {"best": max(values), "worst": min(values), "standard_deviation": float(np.std(values))}
            row["within_0.5_of_best"] = sum(value > max(values) - 0.5 for value in values)
        else:
            row["good"] = sum(_good(one, table, name) for one in ours)
            rate = float(np.mean([_good(one, table, name) for one in theirs["starts"]]))
            row |= {"sklearn_rate": rate, "sklearn_n_init": _starts_needed(rate)}
            if 0 < rate < 1:
                row["sklearn_seconds_with_n_init"] = their_seconds * row["sklearn_n_init"]
        result[f"{table} {name}"] = row
    return result


def _good(figures: dict[str, Any], table: str, name: str) -> bool:
    if table == "tied":
        return figures["centroid_index"] == 0
    return figures["log_likelihood"] >= best_known(name, COMPONENTS[name], "full") - MARGIN


def _starts_needed(rate: float) -> int | str:
    """Starts of which the best is good in `WANTED` of all cases."""
    if rate == 0.0:
        return ">= 1000"
    return 1 if rate == 1.0 else ceil(log(1 - WANTED) / log(1 - rate))


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a set; those without a best that is known are in the figures only."""
    known = {name: row for name, row in summary.items() if "good" in row}
    rows = []
    for name, row in known.items():
        kind, which = name.split()
        needed, rate = row["sklearn_n_init"], short(row["sklearn_rate"])
        rows.append(
            (
                f"{which}, {kind}",
                part_of(row["good"], row["of"]),
                short(row["seconds"], 2),
                short(row["sklearn_seconds"], 2),
                rate,
                "-" if which == "birch1" else needed,
            )
        )
    ratios = [row["seconds"] / row["sklearn_seconds"] for row in known.values()]
    spread = [
        f"{name.split()[1]} {short(row['best'] - row['worst'], 2)} nats over {row['of']} seeds"
        for name, row in summary.items()
        if "best" in row
    ]
    figures = {
        "good": sum(row["good"] for row in known.values()),
        "of": sum(row["of"] for row in known.values()),
        "fastest": short(min(ratios), 2),
        "slowest": short(max(ratios), 2),
        "rates": f"{short(min(row['sklearn_rate'] for row in known.values()))} to "
        f"{short(max(row['sklearn_rate'] for row in known.values()))}",
        "spread": ", ".join(spread) or "not measured",
    }
    columns = ("set, covariance", "found", "ours, s", "scikit-learn, s", "its rate", "n_init")
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Does one random start find the best optimum of the benchmark sets?",
    setup="""One random start, two threads; scikit-learn's default start beside it in the same run. Seconds
    are medians a fit; the rate is that of its single starts, and n_init what it takes to reach 99 % by that
    rate. Found means centroid index 0 (tied), or within 0.05 nats of the best known log-likelihood (full,
    `nested="take"`), which scikit-learn's default tolerance alone can miss.""",
    sentence="""Ours found the best in {good} of {of} fits; single starts of scikit-learn do at rates of
    {rates}. Where no best is known (full covariances), ends are apart by: {spread}.""",
    claim="One random start finds the best known optimum",
    number="{good} of {of} fits",
    loses="""a fit takes {fastest} to {slowest} times as long as one start of scikit-learn; spread of ends
    where no best is known: {spread}""",
    shown=shown,
)


BENCHMARK = Benchmark("one random start on the suite, beside scikit-learn", cases, summary, PAGE)
