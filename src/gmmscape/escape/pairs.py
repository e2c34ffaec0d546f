"""Two components fitted to the rows of one, from several starts at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import GmmscapeError
from gmmscape.families import FreeCovariance
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, descend_all, mixture_around

#: A proposal has to be near its optimum only: it is judged on all rows, after EM on everything.
ROUGH = EM(tol=1e-2, max_iter=40)

#: A mixture in the coordinates of its sample, and its NLL there.
Fitted = tuple[Mixture, float]


def fit_one(sample: Sample, family: FreeCovariance) -> Fitted | None:
    """Return the one component that fits best, or None where its covariance is singular."""
    mean = sample.weights @ sample.points + sample.origin
    try:
        start = mixture_around(sample, family, mean[None])
        objective = Objective.near(sample, family, start)
        local = start.shifted(-sample.origin)
        best = objective.update(objective.statistics(local), local)
    except GmmscapeError:
        return None
    nll = objective.rows.log_unit - objective.statistics(best).log_likelihood
    return best.shifted(sample.origin), nll


def pairs_around(sample: Sample, family: FreeCovariance, means: FloatArray) -> list[Mixture]:
    """Return starts around pairs of means, (b, 2, d); those that make no mixture are left out."""
    starts = []
    for pair in means:
        try:
            starts.append(mixture_around(sample, family, pair))
        except GmmscapeError:
            continue
    return starts


def fit_pairs(sample: Sample, family: FreeCovariance, starts: Sequence[Mixture]) -> list[Fitted]:
    """Return where EM leads from each start, in their order; without those that end degenerate.

    At most 40 iterations of cost O(n d^2) each. Mixtures in the coordinates of the sample.
    """
    if not starts:
        return []
    objective = Objective.near(sample, family, starts[0])
    ends = descend_all(ROUGH, objective, [start.shifted(-sample.origin) for start in starts])
    return [
        (end.mixture, end.nll) for end in ends if end.stop_reason != "degenerate" and np.isfinite(end.nll)
    ]
