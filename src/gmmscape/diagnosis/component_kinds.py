"""What each component of a fit is, read against the clusters of the best fit in hand as if these were true.

By association (docs/mathematics.md#readings): A_is is the average responsibility that component i of the fit
takes of what belongs to cluster s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.diagnosis.result import ComponentReport
from gmmscape.measure import Sample, WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.moves.degeneracy import collapsed, effective_rows
from gmmscape.moves.nesting import background, nested
from gmmscape.objective import SampleObjective
from gmmscape.structure.partition import Star, components
from gmmscape.tolerances import TOLERANCES


def association_on_sample(objective: SampleObjective, fit: Mixture, better: Mixture) -> FloatArray:
    """Return A, shape (k, k_better), columns summing to one; mixtures in local coordinates."""
    total = np.zeros((fit.n_components, better.n_components))
    rows = objective.rows
    for place in rows.stretches():
        ours, theirs = (_sparse(rows, mixture, place) for mixture in (fit, better))
        total += (ours.T @ (theirs * rows.weights[place, None])).toarray()
    return normalised(total)


def _sparse(rows: WeightedRows, mixture: Mixture, place: slice) -> Any:
    """Responsibilities that count, as a sparse matrix (rows, components)."""
    from scipy.sparse import csc_array

    found, n = rows.coverage(mixture, TOLERANCES.diagnosis.least_share, place), len(rows.weights[place])
    return csc_array((found.posterior, found.row, found.ends), shape=(n, mixture.n_components))


def normalised(shares: FloatArray) -> FloatArray:
    """Return columns divided by their sums; empty columns stay zero."""
    mass = shares.sum(axis=0)
    return np.divide(shares, mass, out=np.zeros_like(shares), where=mass > 0)


def read_components(
    objective: SampleObjective,
    fit: Mixture,
    found: Mixture,
    exact: BoolArray,
    itself: FloatArray | None = None,
) -> tuple[tuple[ComponentReport, ...], FloatArray]:
    """Return what each component of a fit is, and the association that says so.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample.
    fit, found : Mixture
        What is read, and the clusters that count as true; in local coordinates.
    exact : ndarray of bool, shape (k,)
        Components known to stand for the cluster of the same number.
    itself : ndarray of shape (m, m), optional
        A of the clusters against themselves, where it is known.

    Returns
    -------
    tuple of ComponentReport
        In the order of the fit.
    ndarray of shape (k, m)
        A of the fit against the clusters. Cost: a few passes.
    """
    if itself is None and not exact.all():
        itself = association_on_sample(objective, found, found)
    association = association_on_sample(objective, fit, found)
    reports = component_reports(
        association,
        objective.rows.weights_of(fit),
        found.weights,
        n_rows=effective_rows(objective, fit),
        nested=nested(fit),
        collapsed=collapsed(objective, fit),
        background=background(fit),
        exact=exact,
        itself=itself,
    )
    return reports, association


def groups_in(reports: tuple[ComponentReport, ...]) -> list[Star]:
    """Return components with the clusters that they are on, those together that share one."""
    edges = np.zeros(
        (len(reports), 1 + max((s for one in reports for s in one.covers), default=0)), dtype=bool
    )
    for one in reports:
        edges[one.index, list(one.covers)] = True
    return [(means, clusters) for means, clusters in components(edges) if means]


def component_reports(
    association: FloatArray,
    weights: FloatArray,
    cluster_weights: FloatArray,
    *,
    n_rows: FloatArray,
    nested: BoolArray,
    collapsed: BoolArray,
    background: BoolArray,
    exact: BoolArray,
    itself: FloatArray | None = None,
) -> tuple[ComponentReport, ...]:
    """Return what each component is.

    Parameters
    ----------
    association : ndarray of shape (k, m)
        A of the fit against the clusters.
    weights, cluster_weights : ndarray
        Weights of both.
    n_rows : ndarray of shape (k,)
        Effective rows of each component.
    nested : ndarray of bool, shape (k, k)
        Nested pairs of the fit.
    collapsed : ndarray of bool, shape (k,)
        Components to which the rows give no covariance.
    background : ndarray of bool, shape (k,)
        Components behind several others.
    exact : ndarray of bool, shape (k,)
        Components known to stand for the cluster of the same number; overlap alone accuses none of them.
    itself : ndarray of shape (m, m), optional
        A of the clusters against themselves: what a component is held against that covers one.

    Returns
    -------
    tuple of ComponentReport
        In the order of the fit. The cover of a cluster is the component with the largest share of it. A cover
        of several clusters is one-fits-many; a component that covers none, or one of which it has no more
        than half, is many-fit-one together with that cluster's cover. Mixed is one that covers a cluster, but
        has less than nine tenths of what the cluster has of itself.
    """
    k = len(weights)
    cover = association.argmax(axis=0)
    known = np.flatnonzero(exact)
    cover[known] = known
    cover[cluster_weights == 0] = -1
    covers = [tuple(int(s) for s in np.flatnonzero(cover == i)) for i in range(k)]
    # A component that covers nothing, or that has no more than half of all it covers, shares a cluster.
    sharers: dict[int, set[int]] = {}
    for i in np.flatnonzero(~exact).tolist():
        if not covers[i]:
            shared = int((association[i] * cluster_weights).argmax())
            if cover[shared] >= 0:
                sharers.setdefault(shared, set()).add(i)
        elif len(covers[i]) == 1 and association[i, covers[i][0]] <= TOLERANCES.diagnosis.main_share:
            sharers.setdefault(covers[i][0], set()).add(i)
    for s in sharers:
        sharers[s].add(int(cover[s]))
    beside = nested & ~background  # what lies before a background is not nested in it
    reports = []
    for i in range(k):
        places, partners = covers[i], set[int]()
        for s, group in sharers.items():
            if i in group:
                partners |= group - {i}
                places = places or (s,)
        kind = "exact"
        if len(places) > 1:
            kind = "one-fits-many"
        elif partners:
            kind = "many-fit-one"
        elif collapsed[i]:
            kind = "collapsed"
        elif background[i]:
            kind = "background"
        elif itself is not None and not exact[i] and _strange(association, itself, i, places):
            kind = "mixed"
        elif beside[i].any():
            kind, partners = "nested", {int(j) for j in np.flatnonzero(beside[i])}
        reports.append(
            ComponentReport(i, kind, float(weights[i]), float(n_rows[i]), places, tuple(sorted(partners)))
        )
    return tuple(reports)


def _strange(association: FloatArray, itself: FloatArray, i: int, places: tuple[int, ...]) -> bool:
    """Whether a component has much less of the cluster that it covers than the cluster has of itself."""
    own = TOLERANCES.diagnosis.as_in_better
    return len(places) == 1 and association[i, places[0]] < own * itself[places[0], places[0]]


def unexamined_reports(weights: FloatArray, n: float) -> tuple[ComponentReport, ...]:
    """Return reports of components that nothing was tried on, of data worth n rows."""
    return tuple(ComponentReport(i, "not examined", w, n * w, (), ()) for i, w in enumerate(weights.tolist()))


def _labels(posterior: FloatArray) -> IntArray:
    """The component of each row, -1 where what is left, a background's, is more."""
    return np.where(1.0 - posterior.sum(axis=1) > posterior.max(axis=1), -1, posterior.argmax(axis=1))


def with_rows(
    reports: tuple[ComponentReport, ...], sample: Sample, fit: Mixture
) -> tuple[ComponentReport, ...]:
    """Return the reports with the rows of each component that is not exact; `fit` in local coordinates."""
    odd = [report.index for report in reports if report.kind not in ("exact", "not examined")]
    if not odd:
        return reports
    held = sample.rows(fit)
    posteriors = (held.responsibilities(fit, place) for place, _, _ in held.blocks())
    labels = np.concatenate([_labels(posterior) for posterior in posteriors])
    rows = {i: sample.places(np.flatnonzero(labels == i)) for i in odd}
    return tuple(replace(one, rows=rows.get(one.index)) for one in reports)
