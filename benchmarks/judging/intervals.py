"""How often intervals of 95 % hold what is true, for each kind of parameter, by each method."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, percent
from gmmscape.inference import StandardErrors

Array = NDArray[np.floating[Any]]
DRAWS, TOGETHER, SMALL_DRAWS = 1000, 100, 6
KINDS = ("weight", "mean", "sd", "correlation")
METHODS = ("profile", "observed", "sandwich")
#: Refits of a bootstrap.
REFITS = 199
#: How the names of cells begin that the verdict was not set on.
OTHER = "other: "
#: The coverage that is asked for.
LEAST, MOST = 0.93, 0.97


class Cell(NamedTuple):
    """A truth, rows drawn from it, and the methods that are tried on them."""

    name: str
    truth: gs.Mixture
    n: int
    methods: tuple[str, ...] = METHODS
    thinned: bool = False


def _truths(separation: float) -> dict[str, gs.Mixture]:
    """Mixtures whose neighbouring centers are so many standard deviations apart."""
    corner = [[0.0, 0.0], [separation, 0.0], [0.0, separation]]
    turned = [[[1.0, 0.5], [0.5, 1.0]], [[1.0, -0.3], [-0.3, 1.0]]]
    return {
        "line": gs.Mixture([0.6, 0.4], [[0.0], [separation]], [1.0, 1.0], "spherical"),
        "spherical": gs.Mixture([0.3, 0.3, 0.4], corner, [1.0, 0.7, 1.0], "spherical"),
        "diag": gs.Mixture([0.5, 0.5], corner[:2], [[1.0, 1.0], [1.0, 0.5]], "diag"),
        "tied": gs.Mixture([0.3, 0.3, 0.4], corner, [[1.0, 0.3], [0.3, 1.0]], "tied"),
        "full": gs.Mixture([0.5, 0.5], corner[:2], turned, "full"),
    }


def _others() -> dict[str, tuple[gs.Mixture, int]]:
    """Designs of other kinds, on which no limit of the verdict was set, and their numbers of rows."""
    widths = [np.diag([1.0, 0.5, 2.0]), [[1.0, 0.6, 0.0], [0.6, 1.0, 0.3], [0.0, 0.3, 1.0]]]
    square = [[0.0, 0.0], [3.5, 0.0], [0.0, 3.5], [3.5, 3.5]]
    wide = [[0.0] * 4, [3.0, 0.0, 3.0, 0.0], [0.0, 3.0, 0.0, 3.0]]
    return {
        "three of unlike widths": (
            gs.Mixture([0.5, 0.3, 0.2], [[0.0], [3.5], [8.0]], [1.0, 0.5, 2.0], "spherical"), 600
        ),
        "narrow beside wide": (gs.Mixture([0.5, 0.5], [[0.0], [2.0]], [1.0, 0.2], "spherical"), 400),
        "core in halo": (gs.Mixture([0.6, 0.4], [[0.0, 0.0]] * 2, [1.0, 9.0], "spherical"), 500),
        "one in seven, 3 columns": (
            gs.Mixture([0.85, 0.15], [[0.0] * 3, [2.0, 2.0, 2.0]], widths, "full"), 800
        ),
        "four of one covariance": (
            gs.Mixture([0.4, 0.3, 0.2, 0.1], square, [[1.0, 0.5], [0.5, 1.0]], "tied"), 400
        ),
        "50 rows each, 4 columns": (
            gs.Mixture([0.4, 0.3, 0.3], wide, [[1.0] * 4, [0.5] * 4, [1.0, 2.0, 1.0, 0.5]], "diag"), 150
        ),
    }  # fmt: skip


def cells() -> list[Cell]:
    """Return the cells in the order of the table."""
    apart, overlapping = _truths(5.0), _truths(2.5)
    found = [Cell(f"{name}, 5 sigma, n = 500", truth, 500) for name, truth in apart.items()]
    found += [
        Cell(f"{name}, 2.5 sigma, n = {n}", overlapping[name], n)
        for n, names in (
            (500, ("line", "full")),
            (1000, ("spherical", "diag", "tied", "full")),
            (2000, ("full",)),
        )
        for name in names
    ]
    found.append(Cell("full, 5 sigma, n = 500, weighted rows", apart["full"], 500, thinned=True))
    close = gs.Mixture([0.6, 0.4], [[0.0], [1.5]], [1.0, 1.0], "spherical")
    found.append(Cell("line, 1.5 sigma, n = 200", close, 200))
    found += [Cell(f"{OTHER}{name}, n = {n}", truth, n) for name, (truth, n) in _others().items()]
    boot = ("bootstrap", "weighted bootstrap")
    found += [
        Cell(f"{name}, {separation} sigma, n = 500, refits", truths[name], 500, boot)
        for separation, truths in ((5, apart), (2.5, overlapping))
        for name in ("line", "full")
    ]
    return found


def cases(small: bool) -> Iterator[Case]:
    """Yield the draws of each cell, some at a time; each depends on its number alone."""
    for cell in cells():
        draws = SMALL_DRAWS if small else DRAWS
        for first in range(0, draws, TOGETHER):
            last = min(first + TOGETHER, draws)
            yield Case(f"{cell.name}: draws {first} to {last - 1}", partial(_some, cell, first, last))
        if small:
            return


def _some(cell: Cell, first: int, last: int) -> dict[str, Any]:
    """Counts of intervals that hold what is true, by method, kind and parameter."""
    found: dict[str, Any] = {"cell": cell.name, "draws": last - first}
    for method in cell.methods:
        counts: dict[str, list[list[int]]] = {}
        trusted: dict[str, list[int]] = {}
        verdicts: dict[str, int] = {}
        for number in range(first, last):
            X, weights = _drawn(cell, number)
            result = gs.standard_errors(
                cell.truth, X, weights, method=method, covariance_type=cell.truth.covariance_type,
                covariance_prior="auto", rng=number, n_bootstrap=REFITS,
            )  # fmt: skip
            verdicts[result.verdict] = verdicts.get(result.verdict, 0) + 1
            for kind in KINDS:
                held = _held(cell.truth, result, kind)
                own = counts.setdefault(kind, [[0, 0] for _ in held])
                sure = trusted.setdefault(kind, [0, 0])
                for place, one in enumerate(held):
                    if one is not None:
                        own[place][0] += one
                        own[place][1] += 1
                        if result.verdict == "trustworthy":
                            sure[0] += one
                            sure[1] += 1
        found[method] = {"counts": counts, "trusted": trusted, "verdicts": verdicts}
    return found


def _drawn(cell: Cell, number: int) -> tuple[Array, Array | None]:
    """Rows, and weights where one component's rows were drawn half as often as they should be."""
    rng = np.random.default_rng([number, 57])
    if not cell.thinned:
        return cell.truth.sample(cell.n, rng)[0], None
    X, labels = cell.truth.sample(2 * cell.n, rng)
    kept = np.flatnonzero((labels == 0) | (rng.random(len(labels)) < 0.4))[: cell.n]
    # The weights are those of how the rows were drawn, and no multiples of each other.
    return X[kept], np.where(labels[kept] == 0, 1.0, 2.5)


def _held(truth: gs.Mixture, result: StandardErrors, kind: str) -> list[int | None]:
    """Whether each interval holds what is true; None where there is none."""
    matrices = truth.full_covariances()
    deviations = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2))
    held: list[int | None] = []
    for one in result.of(kind):
        i, columns = one.component or 0, one.columns or (0,)
        if kind == "weight":
            true = truth.weights[i]
        elif kind == "mean":
            true = truth.means[i, columns[0]]
        elif kind == "sd":
            true = deviations[i, columns[0]]
        else:
            a, b = columns[0], columns[-1]
            true = matrices[i, a, b] / (deviations[i, a] * deviations[i, b])
        ends = one.low is not None and one.high is not None
        held.append(int(one.low <= true <= one.high) if ends else None)
    return held


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the coverage of each cell by method and kind: of all, of single ones, of the sure."""
    found: dict[str, Any] = {}
    for row in done.values():
        cell = found.setdefault(row["cell"], {"draws": 0, "methods": {}})
        cell["draws"] += row["draws"]
        for method, figures in row.items():
            if method in (*METHODS, "bootstrap", "weighted bootstrap"):
                _added(cell["methods"].setdefault(method, {}), figures)
    for cell in found.values():
        for method, counts in cell["methods"].items():
            cell["methods"][method] = _coverage(counts)
    return {"cells": found}


def _added(total: dict[str, Any], figures: dict[str, Any]) -> None:
    for name in ("counts", "trusted"):
        for kind, own in figures[name].items():
            before = total.setdefault(name, {}).get(kind)
            total[name][kind] = np.array(own) if before is None else before + np.array(own)
    for verdict, n in figures["verdicts"].items():
        verdicts = total.setdefault("verdicts", {})
        verdicts[verdict] = verdicts.get(verdict, 0) + n


def _coverage(counts: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"verdicts": counts["verdicts"]}
    for kind, own in counts["counts"].items():
        if not len(own):
            continue
        shares, sure = own[:, 0] / np.maximum(own[:, 1], 1), counts["trusted"][kind]
        found[kind] = {
            "coverage": float(own[:, 0].sum() / max(1, own[:, 1].sum())),
            "lowest": float(shares.min()),
            "highest": float(shares.max()),
            "where trustworthy": float(sure[0] / sure[1]) if sure[1] else None,
            "misled": float((sure[1] - sure[0]) / max(1, own[:, 1].sum())),
        }
    return found


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a cell and method."""
    rows = []
    asked: dict[str, list[float]] = {}
    misled: dict[str, list[float]] = {}
    for name, cell in summary["cells"].items():
        for method, found in cell["methods"].items():
            kinds = [kind for kind in KINDS if kind in found]
            shares = {kind: found[kind]["coverage"] for kind in kinds}
            wrong = max(found[kind]["misled"] for kind in kinds)
            rows.append(
                (name, method, *(percent(shares[kind], 3) if kind in shares else "" for kind in KINDS),
                 percent(_trusted(cell, method)), percent(wrong))
            )  # fmt: skip
            misled.setdefault(method, []).append(wrong)
            if "1.5 sigma" not in name and "weighted" not in name and not name.startswith(OTHER):
                asked.setdefault(method, []).extend(shares.values())
    cells = summary["cells"]
    rare = [found for name, found in cells.items() if "weighted rows" in name]
    close = [found for name, found in cells.items() if "1.5 sigma" in name]
    figures = {
        **{f"{method}_{word}": pick(_of_single(rare, method))
           for method in ("observed", "sandwich") for word, pick in (("low", min), ("high", max))},
        **{f"worst_{method}": min(asked.get(method, [0.0])) for method in METHODS},
        **{f"misled_{method}": max(misled.get(method, [0.0])) for method in METHODS},
        "unsure": 1.0 - _trusted(close[0], "profile") if close else 0.0,
        "inside": sum(LEAST <= share <= MOST for share in asked.get("profile", [])),
        "asked": len(asked.get("profile", [])),
    }  # fmt: skip
    columns = ("truth", "method", *KINDS, "called trustworthy", "so called, and wrong")
    return Shown(figures, columns, rows)


def _trusted(cell: dict[str, Any], method: str) -> float:
    """The share of samples whose intervals are called trustworthy."""
    return cell["methods"][method]["verdicts"].get("trustworthy", 0) / cell["draws"]


def _of_single(cells: list[dict[str, Any]], method: str) -> list[float]:
    """The lowest and highest coverages of single parameters."""
    found = [cell["methods"][method] for cell in cells]
    return [
        one[kind][end] for one in found for kind in KINDS if kind in one for end in ("lowest", "highest")
    ] or [0.0]


PAGE = Page(
    question="Do intervals of 95 % hold what is true in 95 of 100 samples?",
    setup="""1,000 samples each from two components on a line, and from two or three in the plane of each
    family, neighbours 5 or 2.5 sigma apart; fits by EM from the truth under the default prior. Shares of
    intervals that hold the true value, over the parameters of each kind. "So called, and wrong" is the
    share of all intervals that miss while the verdict is "trustworthy", of the worst kind of parameter:
    5 % where all is as it should be. In "weighted rows" one component's rows are rarer than they should
    be, and weighted; "1.5 sigma" is what 200 rows cannot tell; the verdict's limits were set on none of
    the "other" designs; the bootstraps ("refits") have 199 refits.""",
    sentence="""By profile likelihood, the default, {inside} of {asked} shares are within 93 to 97 %, the
    lowest {worst_profile:.1%}. Intervals by normal theory go down to {worst_observed:.1%},
    those of the sandwich to {worst_sandwich:.1%}. Wrong though called trustworthy are up to
    {misled_profile:.1%} by profiles, {misled_observed:.1%} by normal theory,
    {misled_sandwich:.1%} by the sandwich. With weighted rows single parameters have
    {sandwich_low:.1%} to {sandwich_high:.1%} by the sandwich, {observed_low:.1%} to
    {observed_high:.1%} by the observed information. At 1.5 sigma and 200 rows {unsure:.0%} of
    the samples are answered by "cannot tell".""",
    claim="Intervals hold what they say, also where components overlap",
    number="{inside} of {asked} coverages by profile likelihood within 93 to 97 %",
    loses="normal theory: {worst_observed:.1%} at worst, under overlap",
    shown=shown,
)


BENCHMARK = Benchmark(
    "coverage of intervals for weights, means, deviations, correlations", cases, summary, PAGE
)
