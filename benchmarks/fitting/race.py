"""How soon is the best optimum found, by our fits and by those of others?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import column, suite
from benchmarks.draws import centers_apart, rows_around
from benchmarks.fitting.many import drawn
from benchmarks.fitting.race_page import PAGE
from benchmarks.harness import Benchmark, Case
from benchmarks.peers.environments import HERE, PINNED
from benchmarks.peers.judge import judged
from benchmarks.peers.methods import LONG, METHODS, Method, Place, place_of, run
from benchmarks.peers.targets import Reached, best_of, profile, reached

Array = NDArray[np.float64]
#: Nats per row below the best optimum of anybody that still count as found.
MARGIN = 1e-4
COMPOSED = (10, 100)
FACTORS = (1, 2, 5, 10, 100)


class Set(NamedTuple):
    """Rows with the number of their components, and the least variance of one, for everybody.

    Columns have variance 1. Where few or rounded rows let a component on a plane be the likeliest, the least
    variance is larger: spikes shall not win.
    """

    name: str
    k: int
    least: float = 1e-5

    @property
    def rows(self) -> Array:
        """Its rows, of which each column has mean 0 and variance 1."""
        return _rows(self.name, self.k)


SETS = (
    Set("iris", 3, 1e-3),
    Set("faithful", 3, 1e-3),
    Set("r15", 15),
    Set("unbalance", 8),
    Set("s1", 15),
    Set("a1", 20),
    Set("drawn: apart, 2 columns", 30),
    Set("drawn: overlapping, 3 columns", 8, 1e-3),
    Set("drawn: long, 4 columns", 20),
    Set("s2", 15),
    Set("a2", 35),
    Set("drawn: apart, 8 columns", 30),
)
SMALL = Set("drawn: apart, 2 columns", 4)


@cache
def _rows(name: str, k: int) -> Array:
    if name == "iris":
        parts = ("Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width")
        X = np.column_stack([column(name, title) for title in parts])
    elif name == "faithful":
        X = np.column_stack([column(name, title) for title in ("eruptions", "waiting")])
    elif name.startswith("drawn: apart"):
        X = drawn(k, int(name.split()[2]), 0)[0]
    elif name.startswith("drawn: "):
        X = _spread(name, k)
    else:
        X = suite(name)[0]
    return (X - X.mean(axis=0)) / X.std(axis=0)


def _spread(name: str, k: int) -> Array:
    """Full components, 150 rows each: long and narrow ones, or ones whose centers are near."""
    least, narrowest = (3.0, 0.1) if "long" in name else (1.5, 0.5)
    rng = np.random.default_rng([2026, k])
    centers = centers_apart(k, int(name.split()[2]), least, lambda: rng.uniform(least, 1.5 * least), rng)
    labels = rng.choice(k, 150 * k, p=rng.dirichlet(np.full(k, 10.0)))
    return rows_around(centers, labels, "full", narrowest, rng)


def cases(small: bool) -> Iterator[Case]:
    """Yield which peers are there, then each method on each set, and the long runs.

    The small version installs nothing: peers that the interpreter at hand does not have are not there.
    """
    groups = dict.fromkeys(method.group for method in METHODS)
    for group in groups:
        yield Case(f"there: {group}", partial(_there, group, small))
    for one in (SMALL,) if small else SETS:
        for method in (*METHODS, *LONG):
            seeds = method.seeds if not small else min(method.seeds, 3) if method in METHODS else 1
            yield Case(f"{one.name}: {method.name}", partial(_raced, one, method, seeds, small))


@cache
def _place(group: str, small: bool) -> Place:
    if small and group == "scikit-learn":
        return place_of(HERE)
    if small and group in PINNED:
        return Place((), {}, {}, "the small version installs nothing")
    return place_of(group)


def _there(group: str, small: bool) -> dict[str, Any]:
    place = _place(group, small)
    return {"there": place.why_not is None, "why_not": place.why_not, "versions": place.versions}


def _raced(one: Set, method: Method, seeds: int, small: bool) -> dict[str, Any]:
    """Values of the optima that ends lead to, None of degenerate ones, and processor seconds."""
    place = _place(method.group, small)
    if place.why_not is not None:
        return {"there": False}
    X = one.rows
    ends = run(method, place, X, one.k, one.least, list(range(seeds)))
    found = [judged(X, end, one.least) for end in ends]
    return {
        "there": True,
        "values": [round(it.value, 7) if it.value is not None and it.sound else None for it in found],
        "degenerate": [round(it.value, 7) for it in found if it.value is not None and not it.sound],
        "cpu_seconds": [round(end["seconds"], 6) for end in ends],
        "reached": [round(end.get("reached", end["seconds"]), 6) for end in ends],
        "errors": sorted({end["error"] for end in ends if "error" in end}),
    }


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return for each set what each method reaches after how long, and how methods compare over all sets."""
    raced: dict[str, dict[str, dict[str, Any]]] = {}
    peers = {}
    for case, found in done.items():
        name, _, method = case.rpartition(": ")
        if name == "there":
            peers[method] = found
        elif name == "there: R":
            peers[f"R: {method}"] = found
        else:
            raced.setdefault(name, {})[method] = found
    sets = {name: _set(name, methods) for name, methods in raced.items()}
    costs = {
        name: {method: one["expected"] for method, one in row["methods"].items()}
        for name, row in sets.items()
    }
    return {
        "peers": {
            name: {key: one[key] for key in ("there", "why_not", "versions")} for name, one in peers.items()
        },
        "sets": sets,
        "factors": list(FACTORS),
        "profile": profile(costs, FACTORS),
    }


def _set(name: str, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the methods reach on one set, and the best of the peers beside ours."""
    there = {method: one for method, one in found.items() if one["there"]}
    best = max(value for one in there.values() for value in one["values"] if value is not None)
    spikes = [value for one in there.values() for value in one["degenerate"] if value > best + MARGIN]
    methods: dict[str, dict[str, Any]] = {}
    for method in METHODS:
        if method.name in there:
            methods |= _method(method, there[method.name], best)
    ours = {method.name for method in METHODS if method.is_ours}
    costs = {
        name: one["expected"]
        for name, one in methods.items()
        if name not in ours and one["expected"] is not None
    }
    return {
        "k": next(one.k for one in (*SETS, SMALL) if one.name == name),
        "best": best,
        "degenerate_and_likelier": len(spikes),
        "best_peer": min(costs, key=lambda peer: costs[peer]) if costs else None,
        "methods": methods,
    }


def _method(method: Method, found: dict[str, Any], best: float) -> dict[str, dict[str, Any]]:
    """What a method reaches, and the best of several of its runs where the peer offers that."""
    hits = [value is not None and value >= best - MARGIN for value in found["values"]]
    pairs = zip(hits, found["reached"], found["cpu_seconds"], strict=True)
    seconds = [soon if hit else whole for hit, soon, whole in pairs]
    single = reached(hits, seconds, chance=method.seeds > 1)
    rest = {"degenerate": len(found["degenerate"]), "errors": found["errors"]}
    rows: dict[str, Reached] = {method.name: single}
    if method.name.startswith("scikit-learn"):
        rows |= {f"{method.name}, n_init={m}": best_of(single, m) for m in COMPOSED}
    return {name: {**row._asdict(), **rest} for name, row in rows.items()}


BENCHMARK = Benchmark("time to the best optimum, beside other programs", cases, summary, PAGE)
