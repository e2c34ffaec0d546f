"""Nonparametric: the best mixture of one sigma of all, over every number of components, to a proved gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.proof.balls import flint, rounded_up
from gmmscape.proof.bound.atoms import Atoms, Likelihood, merged
from gmmscape.proof.bound.cover import Cover, cover_of
from gmmscape.proof.bound.fit import fit_of
from gmmscape.proof.bound.global_bound import checked_tol, proved_bound, rows_and_weights
from gmmscape.proof.bound.problem import BoundProblem
from gmmscape.proof.bound.proved import Seconds
from gmmscape.proof.bound.result import GlobalBound
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.validation import standard_deviation


@dataclass(frozen=True, eq=False)
class NonparametricFit(Record):
    """The mixture with components N(theta, sigma^2 I) of the highest likelihood, to a proved gap.

    Attributes
    ----------
    mixture : Mixture
        Its means are the support of the mixing distribution.
    nll : float
        Its negative log-likelihood, nats per unit mass.
    bound : GlobalBound
        What is proved of it; its `certificate` can be checked.
    n_rounds : int
        How often components were added.
    stop_reason : str
        "completed" where the gap is at most the tolerance; else "time_limit", "interrupted" or "max_iter",
        and the gap is what is proved of the fit as it stands.
    """

    format: ClassVar[str] = "gmmscape-nonparametric-fit"

    mixture: Mixture
    nll: float
    bound: GlobalBound
    n_rounds: int
    stop_reason: str

    @property
    def support(self) -> FloatArray:
        """Means, shape (k, d), in order of the first coordinate."""
        return self.mixture.means

    @property
    def weights(self) -> FloatArray:
        """Their weights, shape (k,)."""
        return self.mixture.weights

    @property
    def n_components(self) -> int:
        """Number of support points."""
        return len(self.mixture.means)

    @property
    def gap(self) -> tuple[float, float]:
        """Ends (lo, hi) between which max D is: no mixture with this sigma is better by more than hi."""
        return self.bound.gap

    def behind(self, model: Any, weights: ArrayLike | None = None) -> tuple[float, float]:
        """Return how far another fit with this sigma is behind the best of all on these rows.

        Parameters
        ----------
        model : array_like of shape (k,) or (k, d), Mixture, estimator, tuple, CriticalPoint or FreePoint
            The fit, as in `global_bound`.
        weights : array_like of shape (k,), optional
            Of its components, where bare means are given; equal by default.

        Returns
        -------
        tuple of float
            Ends (lo, hi), nats per unit mass; the gap apart. Of likelihoods in float64,
            to its rounding. Mostly far below what `global_bound` proves of
            the fit by itself.

        Raises
        ------
        InvalidParameterError
            If the fit is not usable.
        """
        problem = self.bound.problem
        rows, sigma = np.array(problem["rows"]), problem["sigma"]
        means, shares = fit_of(model, weights, sigma, rows.shape[1])
        other = -_mean_log_density(Mixture.location(means, sigma, shares), rows, problem["row_weights"])
        return max(0.0, other - self.nll), max(0.0, other - self.nll) + self.gap[1]

    def __str__(self) -> str:
        low = f"nll {self.nll:.10g}"
        sigma, most = self.bound.problem["sigma"], rounded_up(self.gap[1], 3)
        head = (
            f"the best mixture with sigma {sigma:.17g} to {most} nats per unit mass, proved: "
            f"{counted(self.n_components, 'component')}, {low}"
        )
        said = (
            [head] if self.stop_reason == "completed" else [head, f"  {self.stop_reason}: the gap is wider"]
        )
        for place, weight in zip(self.support.tolist(), self.weights.tolist(), strict=True):
            said.append(f"  {weight:.6f} at ({', '.join(f'{x:.6g}' for x in place)})")
        return "\n".join(said)


def nonparametric(
    X: ArrayLike,
    sigma: float,
    *,
    sample_weight: ArrayLike | None = None,
    tol: float = EFFORT.proof.gap_tol,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> NonparametricFit:
    """Fit the best mixture with components N(theta, sigma^2 I) of all, over every number of components.

    The nonparametric maximum likelihood estimate of the mixing distribution (Lindsay, Ann. Statist. 11,
    1983): the limit against which fits of k components are judged. Components are added where D is positive,
    weights found as in Wang (J. R. Stat. Soc. B 69, 2007), and all polished together by Newton's method,
    until `global_bound` proves that nothing better is left.

    Parameters
    ----------
    X : array_like of shape (n, d)
        Rows; d up to 3.
    sigma : float
        Standard deviation of every component.
    sample_weight : array_like of shape (n,), optional
        Of the rows, up to a common factor; equal by default.
    tol : float, default=1e-6
        The proved gap is at most this, in nats per unit mass. At least 1e-11.
    max_seconds : float, optional
        Time; where it is used up, the gap is what is proved of the fit so far.
    callback : callable, optional
        Called with an `Event` after each round; returning True ends the search.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    NonparametricFit
        With `support`, `weights`, `nll` and `gap`. Cost: some rounds, each of n k^2 operations and a
        search for the largest D.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.
    DataError
        If the rows are not usable.
    NotAvailableError
        If python-flint is not installed, or there are more than three columns.

    Examples
    --------
    >>> from gmmscape import lab
    >>> fit = lab.nonparametric([[-2.0], [-2.0], [2.0]], 1.0)
    >>> fit.support.round(4).ravel().tolist(), fit.weights.round(4).tolist(), fit.gap[1] <= 1e-6
    ([-1.9987, 1.9987], [0.6668, 0.3332], True)
    """
    flint()
    scale = standard_deviation("sigma", sigma)
    rows, given = rows_and_weights(X, sample_weight)
    wanted = checked_tol(tol)
    budget = Budget.of("nonparametric", max_seconds, callback, verbose)
    return _Search(rows, given, scale, wanted, budget).result()


def _mean_log_density(mixture: Mixture, rows: FloatArray, masses: Any) -> float:
    """Return the log-likelihood per unit mass."""
    return float(np.average(mixture.log_density(rows), weights=masses))


class _Search:
    """Rounds of adding, weighing and polishing."""

    def __init__(
        self, rows: FloatArray, given: FloatArray | None, sigma: float, tol: float, budget: Budget
    ) -> None:
        place = rows.mean(axis=0)[None]
        self.problem = BoundProblem.of(rows, given, place, np.ones(1), sigma)
        self.tol, self.budget = tol, budget
        masses = self.problem.row_weights / self.problem.row_weights.sum()
        self.origin = masses @ self.problem.rows
        self.likelihood = Likelihood((self.problem.rows - self.origin) / sigma, masses)
        self.rounds, self.reach, self.highest = 0, EFFORT.proof.merging_reach, np.inf

    def result(self) -> NonparametricFit:
        """Return the fit, and what is proved of it."""
        atoms, cover, stop_reason = Atoms(np.zeros_like(self.origin)[None], np.zeros(1)), None, "completed"
        try:
            atoms = self._started()
            while True:
                cover = None
                cover, highest = self._peaks(atoms)
                self.budget.report("rounds", self.rounds, highest=highest, components=len(atoms.logs))
                if highest <= self.tol / 4:
                    atoms, cover = self._simpler(atoms, cover)
                    break
                if self.rounds == EFFORT.proof.rounds:
                    raise Stopped("max_iter")
                if self.budget.is_past(EFFORT.proof.time_of_rounds):
                    raise Stopped("time_limit")
                self.rounds += 1
                atoms = self._better(atoms, cover)
        except Stopped as stopped:
            stop_reason = str(stopped)
        except KeyboardInterrupt:
            stop_reason = "interrupted"
        problem = self._problem(atoms)
        if cover is None or stop_reason != "completed":
            tol = min(EFFORT.proof.coarse_tol, max(self.tol / 4, self.highest))
            cover = cover_of(problem, tol, self._left(), Seconds.of(problem))
        bound = proved_bound(problem, cover, self.tol / 4, self.budget)
        mixture = bound.fit
        log_density = _mean_log_density(mixture, problem.rows, problem.row_weights)
        return NonparametricFit(mixture, -log_density, bound, self.rounds, stop_reason)

    def _left(self) -> Budget:
        """Return what is left of the time, without whoever watches."""
        return Budget("nonparametric", self.budget.left)

    def _simpler(self, atoms: Atoms, cover: Cover) -> tuple[Atoms, Cover]:
        """Return atoms, one in place of several that are close where that is as good, and a cover."""
        fewer = self.likelihood.polished(merged(atoms, EFFORT.proof.simpler_reach), self.budget)
        if len(fewer.logs) == len(atoms.logs):
            return atoms, cover
        try:
            found, highest = self._peaks(fewer)
        except Stopped:
            return atoms, cover
        return (fewer, found) if highest <= self.tol / 4 else (atoms, cover)

    def _peaks(self, atoms: Atoms) -> tuple[Cover, float]:
        """Return a cover, and log S at the highest peak; a coarse one where that is too high already."""
        problem = self._problem(atoms)
        for tol in (max(EFFORT.proof.coarse_tol, self.tol / 4), self.tol / 4):
            cover = cover_of(problem, tol, Budget("nonparametric", self.budget.left))
            if cover.stop_reason != "completed":
                raise Stopped(cover.stop_reason)
            self.highest = max(peak.log_value for peak in cover.peaks)
            if self.highest > self.tol / 4:
                break
        return cover, self.highest

    def _started(self) -> Atoms:
        """Return atoms on rows of which none is near another."""
        rows = self.likelihood.rows
        left, places = np.ones(len(rows), dtype=bool), []
        while left.any():
            row = rows[int(np.argmax(left))]
            places.append(row)
            left &= ((rows - row) ** 2).sum(axis=1) > EFFORT.proof.first_spacing**2
        even = np.full(len(places), -np.log(len(places)))
        return self._settled(self.likelihood.weighted(Atoms(np.array(places), even), self.budget))

    def _better(self, atoms: Atoms, cover: Cover) -> Atoms:
        """Return atoms with a higher likelihood: those in hand and the peaks of D, weighed and polished."""
        sigma = self.problem.sigma
        new = [(peak.place - self.origin) / sigma for peak in cover.peaks if peak.log_value > self.tol / 8]
        light = np.full(len(new), atoms.logs.min())
        start = Atoms(np.vstack([atoms.places, *new]), np.append(atoms.logs, light))
        found = self.likelihood.weighted(start, self.budget)
        better = self._settled(found)
        value = self.likelihood.value(atoms)
        if not self.likelihood.value(better) < value:
            # What was merged belongs apart: from now on less is.
            self.reach /= 2
            return min(found, better, key=self.likelihood.value)
        return better

    def _settled(self, atoms: Atoms) -> Atoms:
        """Return atoms that are merged where they are close, and polished."""
        for reach in (self.reach, EFFORT.proof.same_atom):
            atoms = self.likelihood.polished(merged(atoms, reach), self.budget)
            kept = np.exp(atoms.logs) > self.likelihood.lightest
            atoms = Atoms(atoms.places[kept], atoms.logs[kept])
        return atoms

    def _problem(self, atoms: Atoms) -> BoundProblem:
        """Return the problem of the bound of atoms, in order."""
        means = self.origin + self.problem.sigma * atoms.places
        order = np.lexsort(means.T[::-1])
        weights = np.exp(atoms.logs[order])
        weights /= weights.sum()
        return BoundProblem(
            self.problem.rows, self.problem.row_weights, means[order], weights, self.problem.sigma
        )
