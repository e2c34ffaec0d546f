"""Exploration: candidates and random starts descended, and gathered into a `FreeAtlas`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.freedom.atlas import FreeAtlas
from gmmscape.landscape.freedom.descent import FreeDescent
from gmmscape.landscape.freedom.newton import Ended
from gmmscape.landscape.freedom.point import FreePoint, same_fit, same_soft
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Stopped
from gmmscape.structure.candidates import candidates, count_candidates
from gmmscape.structure.structure import Structure


def explore(
    descent: FreeDescent, *, seed: int, n_starts: int, use_candidates: bool, budget: Budget
) -> FreeAtlas:
    """Descend from every candidate structure and from random starts.

    The two share the time: after each candidate as many random starts are descended as there are to a
    candidate. What is found depends on the seed alone.
    """
    survey = _Survey(descent)
    tried, done, stop_reason = 0, 0, "completed"
    structures = _candidates(descent) if use_candidates else []
    rng = np.random.default_rng([seed, 1])
    together = EFFORT.freedom.starts_together
    try:
        while tried < len(structures) or done < n_starts:
            if tried < len(structures):
                start = of_structure(descent, structures[tried], rng)
                survey.record(descent.coarse(start), hit=False)
                tried += 1
                budget.report("candidates", tried, len(structures), minima=len(survey.minima))
            behind = done * max(len(structures), 1) <= tried * n_starts or tried == len(structures)
            if done < n_starts and behind:
                numbers = range(done, min(done + together, n_starts))
                starts = [descent.random_start(np.random.default_rng([seed, 0, i])) for i in numbers]
                for end in descent.rough(starts):
                    survey.record(descent.coarse(end), hit=True)
                    done += 1
                    last = done == n_starts and tried == len(structures)
                    budget.report("starts", done, n_starts, last=last, minima=len(survey.minima))
    except Stopped as stop:
        stop_reason = str(stop)
    except KeyboardInterrupt:
        stop_reason = "interrupted"
    measure, freedom = descent.measure, descent.freedom
    return FreeAtlas(
        minima=tuple(sorted(survey.minima, key=lambda point: point.value)),
        family=freedom.name,
        weights=freedom.weights,
        widths=freedom.widths,
        n_components=freedom.n_components,
        truth=measure.truth,
        data=measure.digest if isinstance(measure, Sample) else None,
        seed=seed,
        starts=done,
        candidates=tried,
        ends=dict(survey.ends),
        stop_reason=stop_reason,
    )


class _Survey:
    """What was found so far."""

    def __init__(self, descent: FreeDescent) -> None:
        self.descent = descent
        self.minima: list[FreePoint] = []
        self.ends: Counter[str] = Counter()

    def record(self, end: Ended, *, hit: bool) -> None:
        """Take in where a coarse descent ended; a new minimum is polished."""
        reason = end.stop_reason
        place = None
        if reason == "converged":
            place = self._place(end.at.mixture)
            if place is None:
                point = self.descent.full(self._ordered(end.at.mixture))
                reason = point.stop_reason
                if point.is_minimum:
                    place = self._place(point.local, point)
                    if place is None:
                        self.minima.append(point)
                        place = len(self.minima) - 1
        if hit:
            self.ends["minimum" if place is not None else "saddle" if reason == "converged" else reason] += 1
        if hit and place is not None:
            known = self.minima[place]
            self.minima[place] = replace(known, hits=known.hits + 1)

    def _place(self, local: Mixture, point: FreePoint | None = None) -> int | None:
        for place, known in enumerate(self.minima):
            if same_fit(local, known.local):
                return place
            if point is not None and same_soft(point, known):
                return place
        return None

    def _ordered(self, local: Mixture) -> Mixture:
        """The fit with its components in lexicographic order of their means, where all are alike."""
        freedom = self.descent.freedom
        held = [values for values in (freedom.held_weights, freedom.held_sigmas) if values is not None]
        if any(np.ptp(values) > 0.0 for values in held):
            return local
        return local.permuted(np.lexsort(local.means.T[::-1]))


def _candidates(descent: FreeDescent) -> list[Structure]:
    truth, k = descent.reference, descent.freedom.n_components
    if truth is None or count_candidates(k, truth.n_components) > EFFORT.atlas.all_candidates:
        return []
    return candidates(k, truth.n_components)


def of_structure(descent: FreeDescent, structure: Structure, rng: np.random.Generator) -> Mixture:
    """Return the fit that a structure predicts, in local coordinates.

    One that covers several centers has their moments; several on one center share its weight and its
    covariance, and lie aside of it.
    """
    truth = descent.reference
    assert truth is not None
    k, d = descent.freedom.n_components, truth.n_features
    true_covariances = truth.full_covariances()
    mass, means, covariances = np.empty(k), np.empty((k, d)), np.empty((k, d, d))
    for block in structure.blocks:
        at = list(block.centers)
        share = truth.weights[at].sum()
        inner = truth.weights[at] / share
        middle = inner @ truth.means[at]
        away = truth.means[at] - middle
        covariance = np.einsum("s,sij->ij", inner, true_covariances[at]) + (inner[:, None] * away).T @ away
        for i in block.means:
            mass[i] = share / len(block.means)
            covariances[i] = covariance
            means[i] = middle
            if len(block.means) > 1:
                means[i] += EFFORT.freedom.aside * _drawn(covariance, rng)
    return descent.freedom.moment_matched(mass, means - descent.measure.origin, covariances)


def _drawn(covariance: FloatArray, rng: np.random.Generator) -> FloatArray:
    return np.linalg.cholesky(covariance) @ rng.standard_normal(len(covariance))
