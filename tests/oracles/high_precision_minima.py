"""The minima of some landscapes in 30 digits, kept in the JSON file beside this one.

`python -m oracles.high_precision_minima` in the folder `tests` writes the file anew. The search for minima
is the library's; where exactly they lie, and their numbers there, are the oracle's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mpmath as mp

import gmmscape as gs
from gmmscape import lab
from oracles.high_precision import HighPrecisionLandscape

FILE = Path(__file__).with_suffix(".json")
DIGITS = 30
#: Centers, weights of the truth (None: equal), sigma of truth and fit, number of means.
CASES = {
    "first spurious minimum": ([-1.5, 1.5, 6.0], None, 0.5, 3),
    "equal spacing": ([-12.0, 0.0, 12.0], None, 1.0, 3),
    "census": ([-3.0, 3.0, 12.0], None, 1.0, 3),
    "below the birth threshold": ([-4.25, 0.0, 4.25], None, 0.5, 3),
    "unequal weights": ([-4.0, 2.0, 11.0], [0.5, 0.2, 0.3], 0.8, 3),
    "under-specified": ([-7.0, 0.0, 8.0], None, 1.0, 2),
    "far from the origin": ([1000.0, 1003.0, 1012.0], None, 1.0, 3),
}


def searched(name: str) -> Sequence[lab.CriticalPoint]:
    """Return the library's minima of a case."""
    centers, weights, sigma, k = CASES[name]
    return lab.Landscape(lab.Population(gs.Mixture.location(centers, sigma, weights)), k).explore(0).minima


def computed(name: str, minima: Sequence[lab.CriticalPoint]) -> list[dict[str, Any]]:
    """Return the minima to which the oracle comes from those of the library; numbers are texts."""
    centers, weights, sigma, _ = CASES[name]
    n = len(centers)
    with mp.workdps(DIGITS):
        exact_weights = [mp.mpf(1) / n] * n if weights is None else weights
        oracle = HighPrecisionLandscape(centers, [sigma] * n, exact_weights, sigma)
        found = []
        for minimum in minima:
            means, eigenvalues = oracle.critical_point(minimum.means[:, 0])
            numbers = {"means": means, "eigenvalues": eigenvalues}
            values = {"nll": oracle.nll(means), "kl": oracle.kl(means)}
            found.append(
                {key: [mp.nstr(x, DIGITS) for x in column] for key, column in numbers.items()}
                | {key: mp.nstr(x, DIGITS) for key, x in values.items()}
            )
        return found


if __name__ == "__main__":
    content = {name: computed(name, searched(name)) for name in CASES}
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
