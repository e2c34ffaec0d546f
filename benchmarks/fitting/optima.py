"""local_optima beside one scikit-learn fit in time, and beside 20,000 plain restarts in what it finds."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture as SklearnMixture
from threadpoolctl import threadpool_limits

import gmmscape as gs
from benchmarks.data import folder, suite
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape import lab
from gmmscape.families import Family, Floor, family_named
from gmmscape.objective import Objective
from gmmscape.optima.result import blocks_text
from gmmscape.solve import EM, Solution, descend_all, start_around
from gmmscape.structure.intervals import share_interval
from gmmscape.tables.read import read_table

Array = NDArray[np.float64]


class Setting(NamedTuple):
    """A small set with several optima: file, columns, number of components, covariances."""

    name: str
    drop: list[str] | None
    k: int
    kind: str

    def rows(self) -> Array:
        """Return the data."""
        return read_table(folder("GMMSCAPE_DATA") / "real" / f"{self.name}.csv", drop=self.drop).values

    def __str__(self) -> str:
        return f"{self.name} {self.kind} {self.k}"


SETTINGS = (
    Setting("acidity", None, 4, "spherical"),
    Setting("ruspini", None, 5, "spherical"),
    Setting("iris", ["Species"], 3, "full"),
    Setting("faithful", None, 4, "full"),
)
ROUNDS, STARTS, N_INIT = 7, 200, 10
#: Plain restarts, in parts; starts of `local_optima` beside them.
RESTARTS, PART, COMPARED = 20_000, 2_500, 1_000
#: Standard deviations by which means are moved to see whether plain EM comes back.
BESIDE = 0.01
PLAIN = EM(tol=1e-8, max_iter=200_000, accelerate=False)
#: Restarts are one optimum within so many nats in total, and so far apart in sorted weights and means.
NATS, APART = 0.02, 0.05
#: Optima that are to be found have at least this share; shares are compared within intervals of this level.
LEAST, LEVEL = 0.01, 0.99


def cases(small: bool) -> Iterator[Case]:
    """Yield rounds of time, then for each set parts of the restarts and what `local_optima` finds."""
    for seed in range(1 if small else ROUNDS):
        yield Case(f"time, round {seed}", partial(_timed, seed, *((40, 2) if small else (STARTS, N_INIT))))
    for setting in SETTINGS[:1] if small else SETTINGS:
        part = 500 if small else PART
        for first in range(0, 2 * part if small else RESTARTS, part):
            yield Case(f"{setting}: restarts from {first}", partial(_restarts, setting, first, part))
        yield Case(f"{setting}: local_optima", partial(_found, setting, 500 if small else COMPARED))


def _timed(seed: int, n_starts: int, n_init: int) -> dict[str, Any]:
    """One round of both on s1, in turns which comes first.

    In processor time, BLAS with one thread: with two, scikit-learn's fits of so few rows mostly wait.
    """
    X, centers = suite("s1")
    k, seconds, found = len(centers), {}, None
    for who in ("gmmscape", "scikit-learn")[:: 1 if seed % 2 == 0 else -1]:
        began = time.process_time()
        if who == "gmmscape":
            found = gs.local_optima(X, k, n_starts=n_starts, rng=seed, covariance_prior=0.0)
        else:
            with warnings.catch_warnings(), threadpool_limits(1):
                warnings.simplefilter("ignore")
                SklearnMixture(k, n_init=n_init, random_state=seed).fit(X)
        seconds[who] = time.process_time() - began
    assert found is not None
    return {
        "of_seconds": seconds,
        "optima": len(found.optima),
        "replicated": list(found.replicated),
        "unseen": found.unseen,
        "structured": sum(one.decoding.is_structured for one in found.optima),
        "listed": [
            {"gap": round(one.gap, 3), "hits": one.hits, "blocks": blocks_text(one)} for one in found.optima
        ],
    }


def _restarts(setting: Setting, first: int, count: int) -> dict[str, Any]:
    """Plain EM from some starts, far converged; ends counted by value and parameters."""
    X = setting.rows()
    sample = lab.Sample(X)
    family = _family(setting, sample)
    starts = [
        start_around(sample, family, setting.k, "k-means++", np.random.default_rng([77, i]))
        for i in range(first, first + count)
    ]
    ends = descend_all(PLAIN, Objective.near(sample, family, starts[0]), starts)
    seen = [
        {
            "nll": end.nll * len(X),
            "sorted": _sorted(end.mixture, X),
            "hits": 1,
            "sound": _sound(end, X),
            "converged": end.converged,
        }
        for end in ends
    ]
    return {"groups": _merged([one for one in seen if one["sound"] and one["converged"]]),
            "degenerate": sum(not one["sound"] for one in seen),
            "not_converged": sum(one["sound"] and not one["converged"] for one in seen)}  # fmt: skip


def _family(setting: Setting, sample: lab.Sample) -> Family:
    return family_named(setting.kind, Floor.of(sample.variance, reg_covar=0.0, covariance_floor=1e-6))


def _sound(end: Solution, X: Array) -> bool:
    """Whether no component has collapsed: on the floor, or on at most d+1 different rows."""
    if end.stop_reason == "degenerate" or end.floor_active:
        return False
    return _rows_of_each(end.mixture, X) > X.shape[1] + 1


def _sorted(mixture: gs.Mixture, X: Array) -> list[float]:
    """What does not depend on the order of the components: weights, and each coordinate of the means."""
    means = np.sort(mixture.means / X.std(axis=0), axis=0)
    return [*np.sort(mixture.weights).tolist(), *means.ravel().tolist()]


def _rows_of_each(mixture: gs.Mixture, X: Array) -> float:
    """The least number of different rows that a component rests on, by Kish's formula."""
    different, which = np.unique(X, axis=0, return_inverse=True)
    responsibilities = mixture.responsibilities(X)
    mass = np.zeros((len(different), mixture.n_components))
    np.add.at(mass, which.ravel(), responsibilities)
    return float((mass.sum(axis=0) ** 2 / (mass**2).sum(axis=0)).min())


def _merged(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups of one optimum as one, best first."""
    merged: list[dict[str, Any]] = []
    for one in sorted(groups, key=lambda group: group["nll"]):
        known = next((old for old in merged if _alike(old, one)), None)
        if known is None:
            merged.append(dict(one))
        else:
            known["hits"] += one["hits"]
    return merged


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    apart = np.abs(np.subtract(one["sorted"], other["sorted"])).max()
    return bool(abs(one["nll"] - other["nll"]) <= NATS and apart <= APART)


def _found(setting: Setting, n_starts: int) -> dict[str, Any]:
    X = setting.rows()
    found = gs.local_optima(X, setting.k, setting.kind, n_starts=n_starts, rng=1, covariance_prior=0.0)
    return {
        "groups": [
            {
                "nll": one.nll * len(X),
                "sorted": _sorted(one.mixture, X),
                "hits": one.hits,
                "comes_back": _comes_back(one, setting),
            }
            for one in found.optima
            if one.hits > 0
        ],
        "by_moves": [
            round((one.nll - found.optima[1].nll) * len(X), 3) for one in found.optima[:1] if one.hits == 0
        ],
        "starts": found.n_starts,
        "degenerate": found.degenerate,
        "unsettled": found.unsettled,
        "unseen": found.unseen,
    }


def _comes_back(one: gs.LocalOptimum, setting: Setting) -> bool:
    """Whether plain EM from beside an optimum, its means moved by a hundredth, ends there again."""
    X, mixture = setting.rows(), one.mixture
    sample = lab.Sample(X)
    means = mixture.jittered(BESIDE, np.random.default_rng(7))
    start = sample.local_mixture(gs.Mixture(mixture.weights, means, mixture.covariances, setting.kind))
    (end,) = descend_all(PLAIN, Objective.near(sample, _family(setting, sample), start), [start])
    return abs(end.nll - one.nll) * len(X) <= NATS


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return times with their ratio, the optima of the first round, and the comparison with restarts."""
    rounds = [row for name, row in done.items() if name.startswith("time")]
    ratios = [row["of_seconds"]["gmmscape"] / row["of_seconds"]["scikit-learn"] for row in rounds]
    return {
        "median_seconds": {
            who: float(np.median([row["of_seconds"][who] for row in rounds]))
            for who in ("gmmscape", "scikit-learn")
        },
        "median_ratio": float(np.median(ratios)),
        "largest_ratio": max(ratios),
        "s1": {key: rounds[0][key] for key in ("optima", "structured", "replicated", "unseen", "listed")},
        "sets": {
            str(setting): _compared(
                [row for name, row in done.items() if name.startswith(f"{setting}: restarts")],
                done[f"{setting}: local_optima"],
            )
            for setting in SETTINGS
            if f"{setting}: local_optima" in done
        },
    }


def _compared(parts: list[dict[str, Any]], ours: dict[str, Any]) -> dict[str, Any]:
    """What restarts and `local_optima` found, side by side."""
    known = _merged([group for part in parts for group in part["groups"]])
    degenerate = sum(part["degenerate"] for part in parts)
    lost = sum(part["not_converged"] for part in parts)
    n = sum(group["hits"] for group in known) + degenerate + lost
    shares = np.array([group["hits"] / n for group in known])
    large, rows = shares >= LEAST, []
    for group, share in zip(known, shares, strict=True):
        hits = sum(one["hits"] for one in ours["groups"] if _alike(group, one))
        low, high = share_interval(hits, ours["starts"], LEVEL)
        rows.append({"behind": round(group["nll"] - known[0]["nll"], 3), "share": round(float(share), 5),
                     "our_hits": hits, "inside": bool(low <= share <= high)})  # fmt: skip
    low, high = share_interval(ours["degenerate"], ours["starts"], LEVEL)
    unknown = [one for one in ours["groups"] if not any(_alike(group, one) for group in known)]
    # Of n draws with these shares, so many kinds are expected to occur (independent up to O(1/n)).
    occurs = 1.0 - (1.0 - shares) ** ours["starts"]
    return {
        "restarts": n,
        "optima_of_restarts": len(known),
        "not_converged": lost,
        "optima": len(ours["groups"]),
        "found_by_moves_only": ours["by_moves"],
        "optima_expected": [
            round(float(occurs.sum()), 2),
            round(float((occurs * (1 - occurs)).sum() ** 0.5), 2),
        ],
        "unknown_to_restarts": len(unknown),
        "unknown_that_are_none": sum(not one["comes_back"] for one in unknown),
        "above_1_percent": int(large.sum()),
        "of_these_found": sum(
            row["our_hits"] > 0 for row, is_large in zip(rows, large, strict=True) if is_large
        ),
        "shares_compared": int(large.sum()),
        "shares_inside": sum(row["inside"] for row, is_large in zip(rows, large, strict=True) if is_large),
        "degenerate_share": degenerate / n,
        "degenerate_inside": bool(low <= degenerate / n <= high),
        "unseen": {
            "estimated": ours["unseen"],
            "by_restarts": float(
                sum(share for share, row in zip(shares, rows, strict=True) if row["our_hits"] == 0)
            ),
        },
        "optima_side_by_side": rows[:40],
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a set."""
    rows = [
        (
            name,
            row["above_1_percent"],
            row["of_these_found"],
            row["shares_inside"],
            row["optima"],
            "{} +- {}".format(*row["optima_expected"]),
        )
        for name, row in summary["sets"].items()
    ]
    figures = {
        "ratio": short(summary["median_ratio"], 2),
        "largest": short(summary["largest_ratio"], 2),
        "found": sum(row["of_these_found"] for row in summary["sets"].values()),
        "of": sum(row["above_1_percent"] for row in summary["sets"].values()),
        "unknown": sum(row["unknown_to_restarts"] for row in summary["sets"].values()),
        "none": sum(row["unknown_that_are_none"] for row in summary["sets"].values()),
    }
    columns = (
        "set, covariance, k",
        "optima of at least 1 %",
        "found",
        "shares within 99 % intervals",
        "all optima",
        "expected of as many restarts",
    )
    return Shown(figures, columns, rows)


PAGE = Page(
    question="Does `local_optima` list what very many restarts find, and how long does it take?",
    setup="""1,000 starts beside 20,000 plain restarts (EM without acceleration to a step of 1e-8, ends told
    apart by value, sorted weights and sorted means). Time: processor time of 200 starts on s1, k = 15, full
    covariances, search included, beside one scikit-learn fit with `n_init=10` on one thread, in turns,
    seven rounds.""",
    sentence="""{found} of {of} optima with a share of 1 % or more are found, {unknown} that the restarts
    lack are listed, and plain EM from beside them comes back to all but {none}; 200 starts take {ratio} times
    as long as scikit-learn's ten in the median, {largest} at most.""",
    claim="All optima with a share of 1 % are found",
    number="{found} of {of}; 200 starts take {ratio} times as long as one fit with `n_init=10`",
    loses="""{unknown} listed that 20,000 restarts do not know, {none} of them no optima; the slowest round
    takes {largest} times scikit-learn's time""",
    shown=shown,
)


BENCHMARK = Benchmark(
    "local optima: time beside scikit-learn, shares beside 20,000 restarts", cases, summary, PAGE
)
