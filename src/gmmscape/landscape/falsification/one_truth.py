"""One truth searched for minima, each read by association and by position, suspects refined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.falsification.confirm import confirmed
from gmmscape.landscape.falsification.cuts import cut_centers
from gmmscape.landscape.falsification.position import nearest_structure
from gmmscape.landscape.falsification.starts import Starts, starts_for
from gmmscape.landscape.falsification.suspect import Suspect
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.same_point import Accuracy, same_point
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.results.fields import plain, restored
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.solve import Solution
from gmmscape.structure.association import association
from gmmscape.structure.partition import best_stars
from gmmscape.tolerances import TOLERANCES


class Plan(NamedTuple):
    """How each truth is searched; see `falsify`."""

    n_starts: int
    rtol: float
    tau: float | None
    confirm: bool

    def threshold(self, k: int) -> float:
        """Return tau for k means."""
        return 0.5 / k if self.tau is None else self.tau


class Reading(NamedTuple):
    """A minimum as it is read.

    Attributes
    ----------
    defect : float
        By association.
    position_error : float
        By position, sigma; infinite where there are too many structures to list.
    hits : int
        Starts that ended there.
    """

    defect: float
    position_error: float
    hits: int

    @property
    def is_by_position(self) -> bool:
        """Whether the distance from the nearest structure is known."""
        return bool(np.isfinite(self.position_error))


@dataclass(frozen=True, eq=False)
class Searched(Record):
    """What was found for one truth.

    Attributes
    ----------
    number : int
        Which of the truths.
    n_components : int
        Number of fitted means.
    k_star : int
        Number of centers.
    d : int
        Dimension.
    separation : float
        Smallest distance of two centers, sigma.
    tau : float
        Largest defect of a structured fit.
    minima : tuple of Reading
        Each minimum once, refuted suspects left out.
    suspects : tuple of Suspect
        Minima with a defect above tau when they were found.
    lost : dict of str to int
        Starts that ended in no minimum, by reason.
    farthest : ndarray of shape (k, d)
        Means of the minimum of largest position error.
    """

    format: ClassVar[str] = "gmmscape-searched-truth"
    names_in_files: ClassVar[Mapping[str, str]] = {"n_components": "k"}
    left_out_of_files: ClassVar[tuple[str, ...]] = ("minima",)

    number: int
    n_components: int
    k_star: int
    d: int
    separation: float
    tau: float
    minima: tuple[Reading, ...]
    suspects: tuple[Suspect, ...]
    lost: dict[str, int]
    farthest: FloatArray

    @property
    def unstructured(self) -> int:
        """Number of minima with a defect above tau."""
        return sum(reading.defect > self.tau for reading in self.minima)

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings; a minimum is [defect, position error, hits]."""
        return {**super().content(), "minima": [plain(list(reading)) for reading in self.minima]}

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return what `content` described."""
        minima = restored(tuple[tuple[float, float, int], ...], content["minima"])
        found = cls._fields_in(content)
        found["farthest"] = found["farthest"].reshape(-1, found["d"])  # also where there is no mean
        return cls(minima=tuple(Reading(*one) for one in minima), **found)

    def __str__(self) -> str:
        lines = [
            f"truth {self.number}: k={self.n_components}, k*={self.k_star}, d={self.d}, "
            f"separation {self.separation:.4g}: {counted(len(self.minima), 'minimum', 'minima')}, "
            f"{self.unstructured} with a defect above {self.tau:.3g}"
        ]
        return "\n".join([*lines, *map(str, self.suspects)])


@dataclass
class _Seen:
    """A minimum as exploration knows it."""

    end: Solution
    table: FloatArray
    defect: float
    curvature: float
    hits: int


def searched(truth: Mixture, k: int, number: int, rng: np.random.Generator, plan: Plan) -> Searched:
    """Search one truth.

    Parameters
    ----------
    truth : Mixture
        Components of one spherical covariance, whose standard deviation the fit has too.
    n_components : int
        Number of fitted means.
    number : int
        Number of the truth.
    rng : numpy.random.Generator
        Of the starts.
    plan : Plan
        How.

    Returns
    -------
    Searched
        Minima, suspects and what was lost.
    """
    sigma = truth.sigma
    assert sigma is not None
    descent, tau = Descent(Population(truth), k, sigma), plan.threshold(k)
    seen, lost = _explored(descent, starts_for(truth, k, plan.n_starts, rng), truth, plan.rtol, tau)
    readings, suspects = [], []
    farthest: tuple[float, FloatArray] = (-1.0, np.zeros((0, truth.n_features)))
    for item, suspect in _judged(seen, truth, number, tau, plan.confirm):
        means, defect = item.end.means, item.defect
        if suspect is not None:
            suspects.append(suspect)
            if suspect.outcome == "refuted" and suspect.defect > tau:
                lost["no minimum"] += suspect.hits
                continue
            means, defect = suspect.means, suspect.defect
        error = nearest_structure(means, truth, sigma).error
        hits = item.hits if suspect is None else suspect.hits
        readings.append(Reading(float(defect), float(error), hits))
        farthest = max(farthest, (error, means), key=lambda pair: pair[0])
    return Searched(
        number=number,
        n_components=k,
        k_star=truth.n_components,
        d=truth.n_features,
        separation=float(truth.separation),
        tau=tau,
        minima=tuple(readings),
        suspects=tuple(suspects),
        lost=dict(lost),
        farthest=farthest[1],
    )


def _explored(
    descent: Descent, starts: Starts, truth: Mixture, rtol: float, tau: float
) -> tuple[list[_Seen], Counter[str]]:
    """The minima that starts lead to, and why others do not."""
    seen: list[_Seen] = []
    lost: Counter[str] = Counter()
    begun = [*starts.expected, *descent.rough(starts.random)]
    for places, hits in _merged(begun, descent.sigma):
        end = descent.coarse(places, rtol)
        if not end.converged:
            lost[end.stop_reason] += hits
            continue
        known = next((item for item in seen if _same(end, item, truth, descent.sigma, tau)), None)
        if known is not None:
            known.hits += hits
            continue
        curvature = _curvature(descent, end, rtol)
        if curvature < TOLERANCES.falsification.negative:
            lost["no minimum"] += hits
            continue
        table = association(end.mixture, truth)
        seen.append(_Seen(end, table, best_stars(table)[1], curvature, hits))
    return seen, lost


def _merged(ends: list[FloatArray], sigma: float) -> list[tuple[FloatArray, int]]:
    found: list[tuple[FloatArray, int]] = []
    for places in ends:
        for i, (known, hits) in enumerate(found):
            if same_point(places, known, sigma, Accuracy(TOLERANCES.falsification.merged)):
                found[i] = (known, hits + 1)
                break
        else:
            found.append((places, 1))
    return found


def _same(end: Solution, known: _Seen, truth: Mixture, sigma: float, tau: float) -> bool:
    rules = TOLERANCES.falsification

    def alike() -> bool:
        # A valley may lead from a structured minimum to none of that kind.
        return (best_stars(association(end.mixture, truth))[1] > tau) == (known.defect > tau)

    return same_point(
        end.means,
        known.end.means,
        sigma,
        Accuracy(rules.same, rules.same_soft, rules.valley_nll),
        soft=known.curvature < rules.soft,
        gap=abs(end.nll - known.end.nll),
        also=alike,
    )


def _curvature(descent: Descent, end: Solution, rtol: float) -> float:
    """Smallest eigenvalue of the Hessian, 1/sigma^2, by a rule made for the place."""
    local = end.local
    hessian = descent.objective(local, rtol).derivatives(local, hessian=True).hessian
    assert hessian is not None
    return float(np.linalg.eigvalsh(hessian)[0]) * descent.sigma**2


def _judged(
    seen: list[_Seen], truth: Mixture, number: int, tau: float, confirm: bool
) -> list[tuple[_Seen, Suspect | None]]:
    """The minima, each with the suspect it is or None; those that refining joins once, with all hits."""
    sigma = truth.sigma
    assert sigma is not None
    found: list[tuple[_Seen, Suspect | None]] = []
    for item in seen:
        suspect = None if item.defect <= tau else _suspect(item, truth, number, tau, confirm)
        for i, (first, other) in enumerate(found):
            if suspect is None or other is None:
                continue
            if same_point(suspect.means, other.means, sigma, Accuracy(TOLERANCES.falsification.same)):
                found[i] = (first, replace(other, hits=other.hits + suspect.hits))
                break
        else:
            found.append((item, suspect))
    return found


def _suspect(item: _Seen, truth: Mixture, number: int, tau: float, confirm: bool) -> Suspect:
    outcome, reason = "unchecked", "exploration only"
    means, table, value, error = item.end.means, item.table, item.curvature, float("inf")
    if confirm:
        verdict = confirmed(truth, item.end, tau)
        decoded = verdict.point.decoding
        assert decoded is not None
        means, table = verdict.point.means, decoded.association
        outcome, reason, value, error = verdict[1:]
    sigma = truth.sigma
    assert sigma is not None
    return Suspect(
        number=number,
        truth=truth,
        means=means,
        defect=float(best_stars(table)[1]),
        tau=tau,
        position_error=float(nearest_structure(means, truth, sigma).error),
        eigenvalue=value,
        eigenvalue_error=error,
        outcome=outcome,
        reason=reason,
        hits=item.hits,
        cuts=cut_centers(means, table, truth, sigma, tau),
    )
