"""EM on parts of the rows: many small mixtures at once, as plain arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.covariances import CovarianceKind
from gmmscape.exceptions import GmmscapeError
from gmmscape.families import Family
from gmmscape.measure import WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.batch import em_task, second_order_of
from gmmscape.solve.em import EM
from gmmscape.solve.loop import run


class Small(NamedTuple):
    """Small mixtures of one shape, b of them, local coordinates.

    Attributes
    ----------
    weights : ndarray of shape (b, k)
        Each row sums to one.
    means : ndarray of shape (b, k, d)
        Means.
    covariances : ndarray
        As a mixture stores them, with b in front.
    kind : CovarianceKind
        How.
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    kind: CovarianceKind

    def chosen(self, which: IntArray) -> Small:
        """Return some of them."""
        return Small(self.weights[which], self.means[which], self.covariances[which], self.kind)

    def mixture(self, i: int) -> Mixture:
        """Return one of them, as a mixture."""
        return Mixture(self.weights[i], self.means[i], self.covariances[i], self.kind.name)


def ends_on_parts(
    solver: EM,
    objective: Objective,
    rows: WeightedRows,
    ranges: IntArray,
    shares: FloatArray,
    starts: Small,
) -> tuple[Small, FloatArray]:
    """Return where EM leads from each start on its own rows, and the value there.

    Parameters
    ----------
    solver : EM
        Algorithm; with ``max_iter=0`` the starts come back evaluated.
    objective : Objective
        Says floor and spread; its rows are not used. The starts are of its family set free: all covariances
        of their kind above the floor.
    rows : WeightedRows
        Their weights sum to one over each range.
    ranges : ndarray of int, shape (b, 2)
        First row of each start, and the one after its last.
    shares : ndarray of shape (b,)
        Part of the measure's mass that the rows of each start stand for.
    starts : Small
        The starts.

    Returns
    -------
    Small
        Ends, in the order of the starts.
    ndarray of shape (b,)
        Nats per unit mass; infinite for a start that ended degenerate. Starts share the threads out.
    """
    if len(ranges) == 0:
        return starts, np.empty(0)
    family = objective.family.relaxed(starts.kind)
    native = family.native(objective.measure.n_features)
    task = em_task(
        objective,
        family,
        (starts.weights, starts.means, starts.covariances),
        priors=None if native is None or native.prior is None else native.prior.mass / shares,
        resolution=0.0,
        ranges=np.ascontiguousarray(ranges, dtype=np.int64),
        tol=solver.tol,
        max_iter=solver.max_iter,
        accelerate=solver.accelerate,
        second_order=second_order_of(solver),
    )
    found = None if task is None else rows.em(task)
    if found is None:
        return _by_reference(solver, objective, family, rows, ranges, shares, starts)
    runs, interrupted = found
    if interrupted:
        raise KeyboardInterrupt
    ends = Small(
        np.stack([one.weights for one in runs]),
        np.stack([one.means for one in runs]),
        np.stack([one.covariances for one in runs]),
        starts.kind,
    )
    usable = [one.end not in ("degenerate", "out_of_reach", "not_begun", "time_limit") for one in runs]
    values = np.where(usable, [one.value + rows.log_unit for one in runs], np.inf)
    return ends, np.where(np.isfinite(values), values, np.inf)


def _by_reference(
    solver: EM,
    objective: Objective,
    family: Family,
    rows: WeightedRows,
    ranges: IntArray,
    shares: FloatArray,
    starts: Small,
) -> tuple[Small, FloatArray]:
    ends = Small(starts.weights.copy(), starts.means.copy(), starts.covariances.copy(), starts.kind)
    values = np.full(len(ranges), np.inf)
    before, own = (0, 0), rows
    for i, (first, last) in enumerate(ranges):
        if before != (first, last):
            before, own = (first, last), rows.taken(slice(first, last), rows.weights[first:last])
        try:
            part = Objective(objective.measure, family.on_part(float(shares[i])), own)
            solution = run(solver, part, starts.mixture(i))
        except GmmscapeError:
            continue
        if solution.stop_reason == "interrupted":
            raise KeyboardInterrupt
        if solution.stop_reason != "degenerate" and np.isfinite(solution.value):
            end = solution.local
            ends.weights[i], ends.means[i], ends.covariances[i] = end.weights, end.means, end.covariances
            values[i] = solution.value
    return ends, values
