"""Published: phenomena of papers on the landscape of mixtures, measured again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import gmmscape as gs
from benchmarks.harness import Benchmark, Case
from benchmarks.page import Page, Shown, short
from gmmscape import lab
from gmmscape.structure.intervals import share_interval

#: Three centers of which starts see two as one, and how far apart copies of them are.
TRIPLE, APART = np.array([-3.0, 3.0, 12.0]), 60.0
#: Halves of the distance of two centers whose weights are 0.7 and 0.3.
HALVES = (0.5, 1.0, 1.5, 2.0, 3.0)
#: Iterations of EM on one center, between which its speed is measured.
FIRST, LAST = 1000, 100_000


def cases(small: bool) -> Iterator[Case]:
    """Yield each phenomenon by its setting."""
    for groups in (1, 2) if small else (1, 2, 3, 4, 5, 6):
        yield Case(f"groups {groups}", partial(_groups, groups, 200 if small else 2000))
    for half in HALVES[:2] if small else HALVES:
        yield Case(f"weights {half:g}", partial(_weights, half, 32 if small else 256))
    yield Case("one center", partial(_one_center, LAST // 10 if small else LAST))
    for k in (4, 6) if small else (4, 5, 6, 8, 10, 12):
        yield Case(f"fitted {k}", partial(_overfitted, k, 100 if small else 1000))


def _groups(number: int, n: int) -> dict[str, Any]:
    """Random starts, one draw of the truth a mean, that miss the global minimum on copies of the triple."""
    truth = gs.Mixture.location((TRIPLE + APART * np.arange(number)[:, None]).ravel(), sigma=1.0)
    found = lab.basins(lab.Landscape(lab.Population(truth), 3 * number), start="truth", n_starts=n, rng=0)
    best = found.minima[0]
    won = int(best.hits) if best.kl is not None and abs(best.kl) < 1e-8 else 0
    return {"n": n, "failed": n - won, "interval": list(share_interval(n - won, n))}


def _weights(half: float, n: int) -> dict[str, Any]:
    """Starts in the global minimum with the true weights held, and with free ones."""
    truth = gs.Mixture([0.7, 0.3], [[-half], [half]], [1.0, 1.0], "spherical")
    population, figures = lab.Population(truth), dict[str, Any]()
    for name, weights in (("held", [0.7, 0.3]), ("free", "free")):
        atlas = lab.Landscape(population, 2, [1.0, 1.0], weights).explore(0, n_starts=n)
        best = atlas.minima[0]
        assert best.kl is not None
        figures[name] = {
            "minima": len(atlas.minima),
            "won": best.hits if abs(best.kl) < 1e-8 else 0,
            "worst": max(point.kl or 0.0 for point in atlas.minima),
        }
    return {"n": n, **figures}


def _one_center(most: int) -> dict[str, Any]:
    """EM of two means of equal weights on one center, by its own steps: 2 t a_t^2, the slope of log a_t."""
    x, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()
    a, seen = 0.5, dict[int, float]()
    marks = {int(t) for t in np.geomspace(min(FIRST, most // 10), most, 9)}
    for t in range(1, most + 1):
        a = float(w @ (x * np.tanh(a * x)))
        if t in marks:
            seen[t] = a
    times, values = np.array(list(seen)), np.array(list(seen.values()))
    slope = float(np.polyfit(np.log(times), np.log(values), 1)[0])
    return {"slope": slope, "limit": float(2.0 * times[-1] * values[-1] ** 2)}


def _overfitted(k: int, n: int) -> dict[str, Any]:
    """Starts after which every center has a mean of its own, with k means for four centers."""
    truth = gs.Mixture.location([-3.0, 3.0, 12.0, 24.0], sigma=1.0)
    found = lab.basins(lab.Landscape(lab.Population(truth), k), start="truth", n_starts=n, rng=0)
    won = sum(point.hits for point in found.minima if _all_found(point))
    unresolved = sum(found.unresolved.values())
    return {"n": n, "won": won, "unresolved": unresolved, "interval": list(share_interval(won, n))}


def _all_found(point: lab.CriticalPoint) -> bool:
    """Whether each center has a mean within a standard deviation that sits on no other."""
    gaps = np.abs(point.means - np.array([-3.0, 3.0, 12.0, 24.0]))
    return bool((gaps.min(axis=0) < 1.0).all())


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return each phenomenon by its setting."""

    def of(kind: str) -> dict[str, dict[str, Any]]:
        return {name.split()[1]: row for name, row in done.items() if name.split()[0] == kind}

    return {
        "failure": {name: row["failed"] / row["n"] for name, row in of("groups").items()},
        "held": {name: row["held"]["won"] / row["n"] for name, row in of("weights").items()},
        "free": {name: row["free"]["won"] / row["n"] for name, row in of("weights").items()},
        "slope": done["one center"]["slope"],
        "limit": done["one center"]["limit"],
        "found": {name: row["won"] / row["n"] for name, row in of("fitted").items()},
    }


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a phenomenon and setting."""
    rows = [
        (f"groups of three centers: {name}", short(share, 4), "starts that fail")
        for name, share in summary["failure"].items()
    ]
    rows += [
        (
            f"centers +-{name}, weights 0.7 and 0.3",
            f"{short(summary['held'][name], 3)} held, {short(summary['free'][name], 3)} free",
            "starts that find the truth",
        )
        for name in summary["held"]
    ]
    rows += [
        (f"{name} means for 4 centers", short(share, 3), "starts that find all centers")
        for name, share in summary["found"].items()
    ]
    last = list(summary["failure"])[-1]
    figures = {
        "groups": last,
        "failure": short(summary["failure"][last], 4),
        "held": short(max(summary["held"].values()), 3),
        "free": short(min(summary["free"].values()), 3),
        "slope": f"{summary['slope']:.3f}",
        "limit": f"{summary['limit']:.3f}",
        "exact": short(summary["found"]["4"], 3),
        "most": short(list(summary["found"].values())[-1], 3),
        "k": list(summary["found"])[-1],
    }
    return Shown(figures, ("setting", "measured", "what"), rows)


PAGE = Page(
    question="Do landscapes and EM of ours show what papers proved or reported?",
    setup="""Failures of random starts by the number of groups (Jin et al., NeurIPS 2016); two centers of
    unequal weights, the weights held or free (Xu, Hsu and Maleki, NeurIPS 2018); EM of two means on one
    center (Xu, Fazel and Du, 2024, and law 8); more means than centers.""",
    sentence="""Of {groups} groups the share {failure} of the starts fails. With the true weights held at most
    {held} of the starts find the truth; with free weights at least {free}. On one center log a_t falls with
    slope {slope}, and 2 t a_t^2 is {limit}. Of 4 centers 4 means find all in {exact} of the starts, {k} in
    {most}.""",
    claim="Published phenomena come out",
    number="held weights {held}, free {free}; slope {slope} for -1/2",
    loses="settings are small ones, in one dimension",
    shown=shown,
)


BENCHMARK = Benchmark("phenomena of papers, measured again", cases, summary, PAGE)
