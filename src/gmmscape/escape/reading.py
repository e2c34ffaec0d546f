"""What each component of a fit is, read against the best fit in hand as if that were the truth.

By association (DESIGN 2.2): A_is is the average responsibility that component i of the fit takes of what
belongs to component s of the better one.
"""

from __future__ import annotations

import numpy as np

from gmmscape import engine
from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.escape.diagnosis import ComponentReport
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective

#: Share of a cluster above which a component has it for itself.
MAIN = 0.5


def association_on_sample(objective: Objective, fit: Mixture, better: Mixture) -> FloatArray:
    """Return A, shape (k, k_better), columns summing to one; mixtures in local coordinates."""
    rows = objective.rows
    total = np.zeros((fit.n_components, better.n_components))
    for _, points, weights in rows.blocks():
        total += engine.responsibilities(points, fit.parameters).T @ (
            weights[:, None] * engine.responsibilities(points, better.parameters)
        )
    return normalised(total)


def normalised(shares: FloatArray) -> FloatArray:
    """Return columns divided by their sums; empty columns stay zero."""
    mass = shares.sum(axis=0)
    return np.divide(shares, mass, out=np.zeros_like(shares), where=mass > 0)


def component_reports(
    association: FloatArray,
    weights: FloatArray,
    better_weights: FloatArray,
    *,
    n_rows: FloatArray,
    nested: BoolArray,
    collapsed: BoolArray,
    changed: bool,
) -> tuple[ComponentReport, ...]:
    """Return what each component is.

    Parameters
    ----------
    association : ndarray of shape (k, k_better)
        A of the fit against the best one in hand.
    weights, better_weights : ndarray
        Weights of both.
    n_rows : ndarray of shape (k,)
        Effective rows of each component.
    nested : ndarray of bool, shape (k, k)
        Nested pairs of the fit.
    collapsed : ndarray of bool, shape (k,)
        Components to which the rows give no covariance.
    changed : bool
        Whether moves led from one to the other; if not, no component is called overloaded or redundant.

    Returns
    -------
    tuple of ComponentReport
        In the order of the fit. The cover of a cluster is the component with the largest share of it. A cover
        of several clusters is one-fits-many; a component that covers none, or one of which it has no more
        than half, is many-fit-one together with that cluster's cover.
    """
    k = len(weights)
    cover = association.argmax(axis=0)
    covers = [tuple(int(s) for s in np.flatnonzero(cover == i)) for i in range(k)]
    # A component that covers nothing, or that has no more than half of all it covers, shares a cluster.
    sharers: dict[int, set[int]] = {}
    for i in range(k):
        if not covers[i]:
            sharers.setdefault(int((association[i] * better_weights).argmax()), set()).add(i)
        elif len(covers[i]) == 1 and association[i, covers[i][0]] <= MAIN:
            sharers.setdefault(covers[i][0], set()).add(i)
    for s in sharers:
        sharers[s].add(int(cover[s]))
    reports = []
    for i in range(k):
        places, partners = covers[i], set[int]()
        for s, group in sharers.items() if changed else ():
            if i in group:
                partners |= group - {i}
                places = places or (s,)
        kind = "exact"
        if changed and len(places) > 1:
            kind = "one-fits-many"
        elif partners:
            kind = "many-fit-one"
        elif collapsed[i]:
            kind = "collapsed"
        elif nested[i].any():
            kind, partners = "nested", {int(j) for j in np.flatnonzero(nested[i])}
        reports.append(
            ComponentReport(i, kind, float(weights[i]), float(n_rows[i]), places, tuple(sorted(partners)))
        )
    return tuple(reports)
