"""The minima of one cell of a phase diagram: from candidates, from given means, from random starts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.atlas.explore import listed_candidates
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.orbits import mirror_of, reflected
from gmmscape.landscape.points.same_point import Accuracy, same_point
from gmmscape.landscape.realisation.realise import candidate_places
from gmmscape.matching import match_means
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.results.fields import restored
from gmmscape.solve import Newton, Solution, run
from gmmscape.structure.association import association
from gmmscape.structure.partition import best_stars
from gmmscape.structure.structure import Structure
from gmmscape.threads import limited
from gmmscape.tolerances import TOLERANCES

UNSTRUCTURED = "unstructured"


class PhaseMinimum(NamedTuple):
    """A minimum of one cell.

    Attributes
    ----------
    means : tuple of tuple of float
        Shape (k, d).
    nll : float
        Nats per unit mass, by a rule of relative accuracy 1e-6.
    curvature : float
        Smallest eigenvalue of the Hessian in the means, nats per squared unit of length.
    defect : float
        See `decode`.
    kind : str
        The structure of smallest defect, or "unstructured" where the defect exceeds 0.5/k.
    """

    means: tuple[tuple[float, ...], ...]
    nll: float
    curvature: float
    defect: float
    kind: str

    @property
    def array(self) -> FloatArray:
        """The means as an array."""
        return np.array(self.means)

    @classmethod
    def of(cls, content: Any) -> PhaseMinimum:
        """Return the minimum that a list, as JSON keeps it, describes."""
        means, nll, curvature, defect, kind = content
        nll, curvature, defect = (restored(float, value) for value in (nll, curvature, defect))
        return cls(tuple(tuple(map(float, mean)) for mean in means), nll, curvature, defect, str(kind))


def kind_of(means: FloatArray, truth: Mixture, sigma: float) -> tuple[float, str]:
    """Return the defect of a fit of equal weights, and the name of its structure.

    Parameters
    ----------
    means : ndarray of shape (k, d)
        Of the fit.
    truth : Mixture
        What it is read against.
    sigma : float
        Standard deviation of the fit.

    Returns
    -------
    defect : float
        See `decode`.
    kind : str
        The structure with means numbered along its blocks, as `candidates` gives it, or "unstructured".
    """
    stars, defect = best_stars(association(Mixture.location(means, sigma), truth))
    if defect > 0.5 / len(means):
        return float(defect), UNSTRUCTURED
    pairs, first = [], 0
    for block in Structure.of(stars).blocks:
        pairs.append((range(first, first + len(block.means)), block.centers))
        first += len(block.means)
    return float(defect), str(Structure.of(pairs))


class Cell:
    """The minima of k means against one truth, gathered start by start.

    Parameters
    ----------
    truth : Mixture
        Of the cell.
    k : int
        Fitted means.
    sigma : float
        Standard deviation of the fit.
    known : list of PhaseMinimum, optional
        Minima that are known.
    """

    def __init__(self, truth: Mixture, k: int, sigma: float, known: list[PhaseMinimum] | None = None) -> None:
        self.truth = truth
        self.descent = Descent(Population(truth), k, sigma)
        self.minima = list(known or [])
        self._mirror = mirror_of(truth)

    def from_candidates(self) -> None:
        """Descend from every candidate structure."""
        for structure in listed_candidates(self.descent.k, self.truth):
            self.descend(candidate_places(self.descent, structure, self.truth))

    def from_random(self, seed: list[int], n: int) -> None:
        """Descend from n times k draws of the truth, by EM and then Newton, as `Landscape.explore` does."""
        rng = np.random.default_rng(seed)
        starts = [self.truth.sample(self.descent.k, rng)[0] for _ in range(n)]
        for means in self.descent.rough(starts):
            self.descend(means)

    def descend(self, means: FloatArray) -> None:
        """Take in the minimum that a descent from some means ends in, and its mirror image, if any."""
        end = self._coarse(means)
        if not end.converged or self._known(end.means, end.nll):
            return
        curvature = self._curvature(end.means)
        if curvature * self.descent.sigma**2 < TOLERANCES.phases.soft:
            point = self.descent.polish(end)
            if not point.is_minimum:
                return
            self._take(point.means, point.nll, float(point.eigenvalues[0]))
        else:
            self._take(end.means, end.nll, curvature)

    def settle(self, means: FloatArray) -> None:
        """Take in the minimum that some means are at, by the fine rule from the first step on.

        Next to a fold the minimum's basin is so small that a descent by a coarse rule leaves it.
        """
        point = self.descent.full(Newton(), means, None, None)
        if point.is_minimum and not self._known(point.means, point.nll, float(point.eigenvalues[0])):
            self._take(point.means, point.nll, float(point.eigenvalues[0]))

    def _take(self, means: FloatArray, nll: float, curvature: float) -> None:
        images = [means] if self._mirror is None else [means, reflected(means, self._mirror)]
        for places in images:
            ordered = places[np.lexsort(places.T[::-1])]
            if not self._known(ordered, nll, curvature):
                defect, kind = kind_of(ordered, self.truth, self.descent.sigma)
                listed = tuple(map(tuple, ordered.tolist()))
                self.minima.append(PhaseMinimum(listed, float(nll), curvature, defect, kind))

    def _known(self, means: FloatArray, nll: float, curvature: float = np.inf) -> bool:
        sigma, rules = self.descent.sigma, TOLERANCES.phases
        accuracy = Accuracy(rules.same, rules.same_soft, rules.same_nll)
        for other in self.minima:
            soft = min(curvature, other.curvature) * sigma**2 < rules.soft
            gap = abs(nll - other.nll)
            if same_point(means, other.array, sigma, accuracy, soft=soft, gap=gap):
                return True
        return False

    def _coarse(self, means: FloatArray) -> Solution:
        """Descend by Newton, on the rule that serves all starts of the cell where it is accurate enough."""
        if self.truth.n_features == 1:
            end = run(
                Newton(tol=TOLERANCES.points.coarse_tol), self.descent.anywhere, self.descent.local(means)
            )
            if end.stop_reason == "interrupted":
                raise KeyboardInterrupt
            if end.error <= 10 * TOLERANCES.points.coarse_rtol:
                return end
        return self.descent.coarse(means)

    def _curvature(self, means: FloatArray) -> float:
        local = self.descent.local(means)
        found = self.descent.common(local).derivatives(local, hessian=True).hessian
        assert found is not None
        return float(np.linalg.eigvalsh(found)[0])


def minima_of(truth: Mixture, k: int, sigma: float) -> list[PhaseMinimum]:
    """Return the minima that the candidates of a cell lead to."""
    cell = Cell(truth, k, sigma)
    cell.from_candidates()
    return cell.minima


def tried(
    truth: Mixture, k: int, sigma: float, known: list[PhaseMinimum], starts: list[FloatArray]
) -> list[PhaseMinimum]:
    """Return the minima that descents from some means add to the known ones."""
    cell = Cell(truth, k, sigma, known)
    for means in starts:
        cell.descend(means)
    return cell.minima[len(known) :]


def settled(
    truth: Mixture, k: int, sigma: float, known: list[PhaseMinimum], means: FloatArray
) -> list[PhaseMinimum]:
    """Return the minima that means next to one add to the known ones."""
    cell = Cell(truth, k, sigma, known)
    cell.settle(means)
    return cell.minima[len(known) :]


def checked(
    truth: Mixture, k: int, sigma: float, known: list[PhaseMinimum], seed: list[int], n: int
) -> list[PhaseMinimum]:
    """Return the minima that random starts add to the known ones."""
    cell = Cell(truth, k, sigma, known)
    with limited(1):
        cell.from_random(seed, n)
    return cell.minima[len(known) :]


def partners(
    mine: list[PhaseMinimum], others: list[PhaseMinimum], reach: float
) -> tuple[list[int | None], FloatArray]:
    """Return for each of some minima the place of its partner in a neighbouring cell, one to one, or None.

    Parameters
    ----------
    mine, others : list of PhaseMinimum
        Minima of two cells.
    reach : float
        Largest distance of the means of partners.

    Returns
    -------
    partners : list of int or None
        As long as `mine`, those of smallest total distance.
    distances : ndarray of shape (n_mine, n_others)
        Largest distance of matched means, for each pair.
    """
    from scipy.optimize import linear_sum_assignment

    distances = np.array([[match_means(a.array, b.array)[1] for b in others] for a in mine])
    distances = distances.reshape(len(mine), len(others))
    found: list[int | None] = [None] * len(mine)
    # What is out of reach costs more than any pairs within it.
    cost = np.where(distances <= reach, distances, 1e3 * reach)
    for i, j in zip(*linear_sum_assignment(cost), strict=True):
        if distances[i, j] <= reach:
            found[i] = int(j)
    return found, distances
