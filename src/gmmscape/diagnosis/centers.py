"""The diagnosis of bare centers, by inertia."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.diagnosis.component_kinds import component_reports, normalised
from gmmscape.diagnosis.evidence import Evidence
from gmmscape.diagnosis.result import ComponentReport, Diagnosis
from gmmscape.diagnosis.verdict import judged, never_all_right, significance
from gmmscape.exceptions import DataError
from gmmscape.measure import Sample
from gmmscape.moves.centers_problem import Centers, InertiaProblem
from gmmscape.moves.search import search
from gmmscape.progress import Budget
from gmmscape.tolerances import TOLERANCES


def diagnose_centers(
    sample: Sample, means: FloatArray, total: float, seed: int, budget: Budget
) -> tuple[Diagnosis, FloatArray, int]:
    """Return the diagnosis of centers, the best ones in hand, and Lloyd's iterations to them.

    Parameters
    ----------
    sample : Sample
        The data.
    means : ndarray of shape (k, d)
        Centers in the caller's coordinates, like those returned.
    total : float
        Mass of the data as the user counts it.
    seed : int
        Of what is random in the proposals.
    budget : Budget
        Time and callback.

    Returns
    -------
    tuple
        Diagnosis, centers of shape (k, d), number of iterations.
    """
    if len(means) > len(sample):
        raise DataError(f"the model has {len(means)} centers and X only {len(sample)} rows")
    problem = InertiaProblem(sample, seed=seed)
    given = Centers(means - sample.origin, problem.value(means - sample.origin))
    polished = problem.lloyd(given.means)
    if polished.value > given.value:
        polished = given
    escape = search(problem, polished, budget)
    final = escape.fit
    old, new = problem.labels(given.means), problem.labels(final.means)
    weights = sample.weights
    mass, better = (_masses(label, weights, len(means)) for label in (old, new))
    shares = np.zeros((len(means), len(means)))
    np.add.at(shares, (old, new), weights)
    score = _score(problem, polished, final)
    gain = polished.value - final.value
    verdict, reasons = judged(gain * total, score, escape, False, "of inertia")
    none = np.zeros(len(means), dtype=bool)
    reports = component_reports(
        normalised(shares),
        mass,
        better,
        n_rows=_effective_rows(old, weights, len(means)),
        nested=np.zeros((len(means), len(means)), dtype=bool),
        collapsed=none,
        background=none,
        exact=none if escape.taken else ~none,
    )
    step = _step(problem, given)
    diagnosis = Diagnosis(
        verdict=verdict,
        reasons=reasons,
        input_state=_state(given, polished, mass),
        objective="inertia",
        value_before=given.value,
        value_after=final.value,
        polish_gain=given.value - polished.value,
        escape_gain=gain,
        total=total,
        significance=score,
        gradient_norm=step,
        components=never_all_right(
            _sharing(reports, problem, polished, problem.labels(polished.means)),
            verdict,
            escape.taken,
            np.linalg.norm(final.means - given.means, axis=1),
        ),
        moves=tuple(escape.taken),
        alternatives=(),
        rounds=escape.rounds,
        tried=escape.tried,
        stop_reason=escape.stop_reason,
        findings=(),
        warnings=(),
        evidence=Evidence(gain * total, None, None, score, step, None, None),
        suggested_n_components=None,
        model=means,
    )
    return diagnosis, final.means + sample.origin, final.n_iter


def _sharing(
    reports: tuple[ComponentReport, ...], problem: InertiaProblem, centers: Centers, label: IntArray
) -> tuple[ComponentReport, ...]:
    """The reports, where two centers that share one blob are many-fit-one: no gap lies between them."""
    weights, partners = problem.sample.weights, dict[int, set[int]]()
    for i, j in _neighbours(centers.means):
        rows = np.flatnonzero((label == i) | (label == j))
        axis = centers.means[j] - centers.means[i]
        along = (problem.points[rows] - centers.means[i]) @ axis / float(axis @ axis)
        share = weights[rows] / weights[rows].sum()
        within = float(share @ (along - (label[rows] == j)) ** 2)
        first = float(share @ (label[rows] == i))
        between = first * (1.0 - first)
        if between < TOLERANCES.diagnosis.one_blob * (between + within):
            partners.setdefault(i, set()).add(j)
            partners.setdefault(j, set()).add(i)
    return tuple(
        replace(one, kind="many-fit-one", partners=tuple(sorted(partners[one.index])))
        if one.index in partners and one.kind == "exact"
        else one
        for one in reports
    )


def _neighbours(means: FloatArray) -> list[tuple[int, int]]:
    """Pairs of centers of which one is the other's nearest."""
    if len(means) < 2:
        return []
    from scipy.spatial import cKDTree

    nearest = cKDTree(means).query(means, 2)[1][:, 1]
    return sorted({(min(i, int(j)), max(i, int(j))) for i, j in enumerate(nearest)})


def _score(problem: InertiaProblem, before: Centers, after: Centers) -> float:
    if after is before:
        return 0.0
    difference = problem.distances(before.means) - problem.distances(after.means)
    return significance(difference, problem.sample.weights, problem.sample.effective_rows)


def _state(given: Centers, polished: Centers, mass: FloatArray) -> str:
    if np.any(mass == 0):
        return "plateau"
    converged = given.value - polished.value <= TOLERANCES.diagnosis.centers_converged * given.value
    return "converged" if converged else "not converged"


def _step(problem: InertiaProblem, given: Centers) -> float:
    """Longest step of Lloyd's algorithm, in root mean squared distances; infinite for an empty cluster."""
    points, weights = problem.points, problem.sample.weights
    label = problem.labels(given.means)
    k, d = given.means.shape
    mass = _masses(label, weights, k)
    if np.any(mass == 0):
        return float("inf")
    sums = np.stack(
        [np.bincount(label, weights=weights * points[:, j], minlength=k) for j in range(d)], axis=1
    )
    step = np.linalg.norm(sums / mass[:, None] - given.means, axis=1).max()
    return float(step / np.sqrt(given.value)) if given.value > 0 else float(step > 0)


def _masses(label: IntArray, weights: FloatArray, k: int) -> FloatArray:
    return np.bincount(label, weights=weights, minlength=k).astype(np.float64)


def _effective_rows(label: IntArray, weights: FloatArray, k: int) -> FloatArray:
    first, second = _masses(label, weights, k), _masses(label, weights**2, k)
    return np.divide(first**2, second, out=np.zeros(k), where=second > 0)
