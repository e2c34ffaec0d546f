"""Exploration: candidates and random starts descended, and gathered into a `KMeansAtlas`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.quantisation.atlas import KMeansAtlas
from gmmscape.landscape.quantisation.descent import KMeansDescent
from gmmscape.landscape.quantisation.point import KMeansPoint, same_point
from gmmscape.measure import Sample
from gmmscape.progress import Budget, Stopped
from gmmscape.structure.candidates import CandidateOutcome, candidates, count_candidates
from gmmscape.structure.structure import Structure, block_average
from gmmscape.tolerances import TOLERANCES


def explore(
    descent: KMeansDescent,
    *,
    seed: int,
    n_starts: int,
    use_candidates: bool,
    resume: KMeansAtlas | None,
    budget: Budget,
) -> KMeansAtlas:
    """Descend from every candidate structure and from random starts.

    Start i depends on the seed and i alone, so that an atlas can be resumed.
    """
    survey = _Survey(descent, resume)
    structures = _candidates(descent) if use_candidates else []
    done, stop_reason = 0 if resume is None else resume.starts, "completed"
    try:
        for n, structure in enumerate(structures[len(survey.outcomes) :], len(survey.outcomes)):
            start = of_structure(descent, structure, np.random.default_rng([seed, 1, n]))
            survey.candidate(structure, start)
            budget.report("candidates", n + 1, len(structures), minima=len(survey.minima))
        while done < n_starts:
            survey.random(descent.random_start(np.random.default_rng([seed, 0, done])))
            done += 1
            budget.report("starts", done, n_starts, last=done == n_starts, minima=len(survey.minima))
    except Stopped as stop:
        stop_reason = str(stop)
    except KeyboardInterrupt:
        stop_reason = "interrupted"
    return survey.atlas(seed, done, max(0, len(structures) - len(survey.outcomes)), stop_reason)


class _Survey:
    """What was found so far."""

    def __init__(self, descent: KMeansDescent, resume: KMeansAtlas | None) -> None:
        self.descent = descent
        self.minima: list[KMeansPoint] = [] if resume is None else list(resume.minima)
        self.outcomes: list[CandidateOutcome] = [] if resume is None else list(resume.candidates)
        self.ends: Counter[str] = Counter({} if resume is None else resume.ends)
        rows = descent.of_rows
        self.within = TOLERANCES.quantisation.same_rows if rows else TOLERANCES.quantisation.same

    def candidate(self, structure: Structure, start: FloatArray) -> None:
        """Descend from where a structure predicts the means, and say what becomes of it."""
        point = self.descent.full(_ordered(self.descent.rough(start)))
        outcome, place = "unresolved", None
        if point.is_minimum:
            place = self._placed(point)
            decoding = self.minima[place].decoding
            held = decoding is not None and decoding.is_structured
            held = held and decoding is not None and decoding.structure.orbit == structure.orbit
            outcome = "dissolved" if not held else "flat" if point.flat else "realised"
        self.outcomes.append(CandidateOutcome(structure, outcome, place))

    def random(self, start: FloatArray) -> None:
        """Descend from a random start by Lloyd's method, whose basins users meet, then by Newton's."""
        point = self.descent.full(_ordered(self.descent.rough(start)))
        reason = point.stop_reason
        if point.is_minimum:
            place = self._placed(point)
            self.minima[place] = replace(self.minima[place], hits=self.minima[place].hits + 1)
            reason = "minimum"
        self.ends["saddle" if reason == "converged" else reason] += 1

    def _placed(self, point: KMeansPoint) -> int:
        for place, known in enumerate(self.minima):
            if same_point(point, known, self.within):
                return place
        self.minima.append(point)
        return len(self.minima) - 1

    def atlas(self, seed: int, starts: int, untried: int, stop_reason: str) -> KMeansAtlas:
        """Return what was found, minima sorted by distortion."""
        measure = self.descent.measure
        order = sorted(range(len(self.minima)), key=lambda i: self.minima[i].distortion)
        places = {old: new for new, old in enumerate(order)}
        outcomes = (
            item._replace(minimum=None if item.minimum is None else places[item.minimum])
            for item in self.outcomes
        )
        return KMeansAtlas(
            minima=tuple(self.minima[i] for i in order),
            candidates=tuple(outcomes),
            untried=untried,
            n_components=self.descent.k,
            truth=measure.truth,
            data=measure.digest if isinstance(measure, Sample) else None,
            seed=seed,
            starts=starts,
            ends=dict(self.ends),
            stop_reason=stop_reason,
        )


def _ordered(means: FloatArray) -> FloatArray:
    """Means in lexicographic order, so that an entry does not depend on which start found it."""
    return means[np.lexsort(means.T[::-1])]


def _candidates(descent: KMeansDescent) -> list[Structure]:
    reference = descent.reference
    if reference is None or count_candidates(descent.k, reference.n_components) > EFFORT.atlas.all_candidates:
        return []
    return candidates(descent.k, reference.n_components)


def of_structure(descent: KMeansDescent, structure: Structure, rng: np.random.Generator) -> FloatArray:
    """Return the means that a structure predicts; several on one center lie aside of it, shape (k, d)."""
    reference = descent.reference
    assert reference is not None
    local = descent.measure.local_mixture(reference)
    means = np.empty((descent.k, local.n_features))
    for block in structure.blocks:
        for i in block.means:
            means[i] = block_average(block.centers, local)
            if len(block.means) > 1:
                root = np.linalg.cholesky(local.full_covariances()[block.centers[0]])
                means[i] += EFFORT.quantisation.aside * root @ rng.standard_normal(local.n_features)
    return means
