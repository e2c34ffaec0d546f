"""How many components a fit should have, by walking from it to more and to fewer as BIC says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.moves.component_rows import Covered, covered_by
from gmmscape.moves.degeneracy import scarce
from gmmscape.moves.resizing import with_one_fewer, with_one_more
from gmmscape.moves.splits import SplitProposals, least_gain
from gmmscape.objective import SampleObjective
from gmmscape.solve import EM, Solution, descend_all
from gmmscape.tolerances import TOLERANCES

#: Starts run for each step, and EM on them.
BRIEF = EM(tol=1e-3, max_iter=60)


def suggested_n_components(
    objective: SampleObjective, fit: Mixture, seed: int, proposed: SplitProposals | None = None
) -> int:
    """Return the number of components at which BIC neither wants one fewer nor one more.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample and a family with free covariances.
    fit : Mixture
        Where to begin, in local coordinates.
    seed : int
        Of the splits' starts.
    proposed : SplitProposals, optional
        Splits of the fit, where these are known.

    Returns
    -------
    int
        At least 1. Redundant components are merged and overloaded ones split, one at a time, with EM on each
        result. Overloaded are those that split into clusters of their own, by 0.1 nats or more for each of
        their rows, so that clusters that are not quite Gaussian are not cut up, and by what BIC asks for.
        Components that would rest on a floor or on few rows are not split off. Cost: a few
        brief EM runs a step; none where nothing promises anything.
    """
    objective = _lightened(objective)
    alive = fit.weights > 0
    here = fit if alive.all() else _of_these(fit, alive)
    value = _nll(objective, here)
    price = 0.5 * least_gain(objective)
    grown = False
    for number in range(EFFORT.diagnosis.suggestion_steps):
        covered = covered_by(objective, here)
        if not grown and (fewer := _one_fewer(objective, here, covered)) is not None:
            here, value = fewer
            continue
        rng = np.random.default_rng([seed, 8, number])
        known = proposed if here is fit else None
        starts = with_one_more(
            objective, here, covered, rng, EFFORT.diagnosis.splits_tried, separate=True, proposed=known
        )
        end = _best(objective, starts, sound=True)
        if end is None or value - (nll := _nll(objective, end.local)) <= price:
            break
        here, value, grown = end.local, nll, True
    return here.n_components


def one_fewer_will_do(objective: SampleObjective, fit: Mixture) -> bool:
    """Say whether BIC prefers a fit with one component fewer; as `suggested_n_components` looks for it.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample and a family with free covariances.
    fit : Mixture
        All of whose components have weight, in local coordinates.

    Returns
    -------
    bool
        Cost: a few brief EM runs, of pairs whose merging promises to be cheap.
    """
    objective = _lightened(objective)
    return _one_fewer(objective, fit, covered_by(objective, fit)) is not None


def _one_fewer(objective: SampleObjective, fit: Mixture, covered: Covered) -> tuple[Mixture, float] | None:
    """A fit with one component fewer that BIC prefers, and its NLL; None where there is none."""
    if fit.n_components == 1:
        return None
    price = 0.5 * least_gain(objective)
    dearest = TOLERANCES.diagnosis.dearest_removal * price
    starts = with_one_fewer(objective, fit, covered, EFFORT.diagnosis.splits_tried, dearest)
    end = _best(objective, starts)
    if end is None or (nll := _nll(objective, end.local)) - _nll(objective, fit) >= price:
        return None
    return end.local, nll


def _lightened(objective: SampleObjective) -> SampleObjective:
    """The same on so many rows that brief runs of EM take no time; BIC counts all."""
    rows = objective.rows
    step = -(-len(rows) // EFFORT.diagnosis.suggestion_rows)
    return objective if step == 1 else replace(objective, rows=rows.part(np.arange(0, len(rows), step)))


def _nll(objective: SampleObjective, fit: Mixture) -> float:
    """What BIC counts: without the prior."""
    return objective.value(fit) - objective.family.penalty(fit)


def _best(objective: SampleObjective, starts: list[Mixture], *, sound: bool = False) -> Solution | None:
    if not starts:
        return None
    ends = descend_all(BRIEF, objective, starts)
    if sound:
        ends = [end for end in ends if not scarce(objective, end.local).any()]
    return min(ends, key=lambda end: end.value, default=None)


def _of_these(fit: Mixture, kept: np.ndarray) -> Mixture:
    covariances = fit.kind.chosen(fit.covariances, kept)
    weights = fit.weights[kept]
    return Mixture(weights / weights.sum(), fit.means[kept], covariances, fit.covariance_type)
