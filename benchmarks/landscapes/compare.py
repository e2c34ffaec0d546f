"""Compare: from how many rows on samples have the landscape of their population, and the law of distances."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, percent, short
from gmmscape import lab
from gmmscape.structure.intervals import share_interval

CENTERS, DRAWS = (-3.0, 3.0, 12.0), 200
#: Four sizes a decade; those below 100, where landscapes differ, are not part of the law.
SIZES = tuple(round(10 ** (0.25 * power)) for power in range(4, 21))
#: Sizes from which on the law is fitted: nearly all, and those at which the spurious minimum is expected to
#: move by less than the gap of the two means that it has on one center.
FROM = (100, 1000)


def cases(small: bool) -> Iterator[Case]:
    """Yield each size."""
    for size in (10, 100, 1000) if small else SIZES:
        yield Case(f"n={size}", partial(_compared, size, 10 if small else DRAWS))


def _compared(size: int, draws: int) -> dict[str, Any]:
    land = lab.Landscape(lab.Population(gs.Mixture.location(CENTERS, sigma=1.0)), 3)
    curve = lab.agreement_against_size(land, [size], n_draws=draws, rng=0)
    share = curve.shares[0]
    squares = [each[np.isfinite(each)] ** 2 for each in curve.distances[0].T]
    return {
        "n": size,
        "draws": draws,
        "minima": [str(point.decoding.structure) for point in curve.minima if point.decoding is not None],
        "agree": share.n,
        "lost": curve.lost[0].tolist(),
        "with_new": int(curve.with_new[0]),
        "expected": list(curve.expected),
        "mean_square": [float(each.mean()) for each in squares],
        "its_variance": [float(each.var(ddof=1) / len(each)) for each in squares],
    }


def _slope(rows: list[dict[str, Any]], place: int) -> dict[str, float] | None:
    """Slope of the logarithm of the root mean square distance over that of n, with its standard error."""
    if len(rows) < 2:
        return None
    squares = np.array([row["mean_square"][place] for row in rows])
    variances = np.array([row["its_variance"][place] for row in rows])
    x = np.log([row["n"] for row in rows])
    away = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    # The logarithm of a mean varies like the mean over its value.
    error = float(np.sqrt(away**2 @ (variances / (2.0 * squares) ** 2)))
    return {"value": float(away @ (0.5 * np.log(squares))), "error": error}


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return shares by size, the smallest size for some shares, and the slopes of distances."""
    rows = sorted(done.values(), key=lambda row: row["n"])
    enough = {}
    for wanted in (0.9, 0.95, 0.99):
        good = [row["agree"] / row["draws"] >= wanted for row in rows]
        places = [i for i in range(len(good)) if all(good[i:])]
        enough[f"{wanted:g}"] = rows[places[0]]["n"] if places else None
    law = {}
    for place, name in enumerate(rows[0]["minima"]):
        law[name] = {
            "expected": rows[0]["expected"][place],
            "slopes": {str(n): _slope([row for row in rows if row["n"] >= n], place) for n in FROM},
        }
    return {
        "draws": rows[0]["draws"],
        "sizes": {
            str(row["n"]): {
                "share": row["agree"] / row["draws"],
                "interval": list(share_interval(row["agree"], row["draws"])),
                "lost": row["lost"],
                "with_new": row["with_new"],
                "scaled": [float(np.sqrt(row["n"] * one)) for one in row["mean_square"]],
            }
            for row in rows
        },
        "smallest": enough,
        "law": law,
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a size."""
    rows = [
        (
            n,
            percent(row["share"], 3),
            " and ".join(map(str, row["lost"])),
            row["with_new"],
            *(short(one) for one in row["scaled"]),
        )
        for n, row in summary["sizes"].items()
    ]
    names = list(summary["law"])
    slopes = [list(summary["law"][name]["slopes"].values()) for name in names]
    figures = {
        "draws": summary["draws"],
        "smallest": summary["smallest"]["0.95"],
        "surely": summary["smallest"]["0.99"],
        "expected": " and ".join(short(summary["law"][name]["expected"]) for name in names),
    }
    for place, kind in enumerate(("truth", "spurious")):
        for at, where in enumerate(("all", "large")):
            slope = slopes[place][at] if place < len(slopes) else None
            text = "-" if slope is None else f"{slope['value']:.4f} +- {slope['error']:.4f}"
            figures[f"{kind}_{where}"] = text
    columns = (
        "n",
        "have the landscape",
        "lost",
        "with new",
        *(f"{name}: root n times distance" for name in names),
    )
    return Shown(figures, columns, rows)


PAGE = Page(
    question="""From how many rows on does a sample have the landscape of its population, and how far are its
    minima from the population's?""",
    setup="""Centers -3, 3, 12, three means; 200 samples of each size; a minimum is kept where each of the
    pair leads to the other.""",
    sentence="""From {smallest} rows on at least 95 % of the samples have both minima and no other, from
    {surely} on 99 %. The slope of the distance against n is {truth_all} for the truth and {spurious_all} for
    the spurious minimum from 100 rows on, {truth_large} and {spurious_large} from 1,000 on; times the root
    of n the distances tend to {expected}.""",
    claim="Samples have the landscape of their population, at distances that fall like the root of n",
    number="from {smallest} rows on; slopes {truth_large} and {spurious_large} from 1,000 rows on",
    loses="""the spurious minimum is soft: at 100 rows it is nearer than the law of large samples says, and
    slopes from there are {spurious_all}""",
    shown=shown,
)


BENCHMARK = Benchmark("landscapes of samples against that of their population", cases, summary, PAGE)
