"""Landscape: the public face of the location family's objective."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.families import Location
from gmmscape.landscape import explore as exploration
from gmmscape.landscape.atlas import Atlas
from gmmscape.landscape.critical_point import CriticalPoint
from gmmscape.landscape.structure import decode
from gmmscape.measure import Errors, Estimate, Population, Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, GradientDescent, Newton, Progress, Solution, run
from gmmscape.solve.newton import FLAT
from gmmscape.validation import (
    choice,
    generator,
    mean_matrix,
    optional_seconds,
    positive_integer,
    real_number,
)

FloatArray = NDArray[np.float64]

#: Accuracy of the rule while exploring; what is found is polished with the fine one.
COARSE_RTOL = 1e-6
COARSE_TOL = 1e-7
#: A polished point uses a rule finer than the population's rtol by this factor.
FINER = 1e-5
#: Means of a flat point closer than this, in sigma, are tried as coincident.
TOUCHING = 0.05


class Landscape:
    """The negative log-likelihood of k means, with weights 1/k and covariances sigma^2 I.

    Parameters
    ----------
    measure : Population or Sample
        What the NLL is averaged over.
    n_components : int
        Number of fitted means k.
    sigma : float, optional
        Standard deviation of the fit. Defaults to that of a population's truth; required for a sample.
    weights : {"equal"}, default="equal"
        Fitted weights.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.

    Examples
    --------
    >>> import gmmscape as gs
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> land = gs.Landscape(gs.Population(truth), n_components=3)
    >>> spurious = land.descend([0.0, 11.0, 13.0])
    >>> spurious.means.ravel().round(6).tolist()
    [-0.006991, 11.753777, 12.218717]
    >>> [str(block) for block in spurious.structure.blocks]
    ['0>0,1', '1,2>2']
    """

    def __init__(
        self,
        measure: Population | Sample,
        n_components: int,
        sigma: float | None = None,
        weights: str = "equal",
    ) -> None:
        if not isinstance(measure, (Population, Sample)):
            raise InvalidParameterError.of(
                "measure", measure, "pass gmmscape.Population(mixture) or gmmscape.Sample(X)"
            )
        self.measure = measure
        self.n_components = positive_integer("n_components", n_components)
        if sigma is None:
            sigma = measure.truth.sigma if measure.truth is not None else None
            if sigma is None:
                raise InvalidParameterError.of(
                    "sigma", None, "pass the standard deviation of the fit; only a population whose "
                    "components share one has a default"
                )  # fmt: skip
        self.sigma = real_number("sigma", sigma)
        self.weights = choice("weights", weights, ("equal",))
        self._family = Location(self.sigma)

    def nll(self, means: ArrayLike) -> Estimate:
        """Return the negative log-likelihood.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.

        Returns
        -------
        Estimate
            A float, in nats per unit mass, whose attribute ``error`` is its estimated absolute error.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        mixture = self._local(means)
        objective = self._objective(mixture)
        value = -objective.statistics(mixture).log_likelihood
        return Estimate(value, objective.errors(mixture).nll)

    def kl(self, means: ArrayLike) -> Estimate | None:
        """Return the divergence of the fit from the truth.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.

        Returns
        -------
        Estimate or None
            In nats, with its estimated error; None for a sample.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        mixture = self._local(means)
        return self.measure.kl(mixture) if isinstance(self.measure, Population) else None

    def gradient(self, means: ArrayLike) -> FloatArray:
        """Return the derivative of the NLL in the means.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.

        Returns
        -------
        ndarray of shape (k, d)
            In nats per unit of length; `errors` states its error.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        mixture = self._local(means)
        return self._objective(mixture).derivatives(mixture).gradient

    def hessian(self, means: ArrayLike) -> FloatArray:
        """Return the second derivative of the NLL in the means.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.

        Returns
        -------
        ndarray of shape (k*d, k*d)
            Rows and columns run over the means, then the coordinates; nats per squared unit of length.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        mixture = self._local(means)
        hessian = self._objective(mixture).derivatives(mixture, hessian=True).hessian
        assert hessian is not None
        return hessian

    def errors(self, means: ArrayLike) -> Errors:
        """Return the estimated errors of `nll`, `gradient` and `hessian` at some means.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.

        Returns
        -------
        Errors
            Absolute errors ``nll``, ``gradient`` and ``hessian`` (of the largest entry): quadrature and
            rounding. Estimates, not bounds.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        mixture = self._local(means)
        return self._objective(mixture).errors(mixture)

    def descend(
        self,
        means: ArrayLike,
        method: str = "newton",
        *,
        tol: float | None = None,
        max_iter: int | None = None,
        max_seconds: float | None = None,
        callback: Callable[[Progress], Any] | None = None,
    ) -> CriticalPoint:
        """Descend from some means, and say where and why the descent ended.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Where to begin.
        method : {"newton", "em", "gradient"}, default="newton"
            Trust-region Newton, then polished with a finer rule; plain EM; gradient descent with step
            sigma^2. EM and gradient descent may need very many steps near a flat minimum.
        tol : float, optional
            Converged when the EM step is no longer than this, in sigma; 1e-9 for "newton", else 1e-8.
        max_iter : int, optional
            Iterations; 500 for "newton", 10,000 for "em", 100,000 for "gradient".
        max_seconds : float, optional
            Time budget.
        callback : callable, optional
            Called with a `Progress` after each iteration; returning True stops.

        Returns
        -------
        CriticalPoint
            With the labels of the start: mean i is where start i went.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable.
        """
        start = self._local(means)
        choice("method", method, ("newton", "em", "gradient"))
        solver: Any = {"newton": Newton(), "em": EM(accelerate=False), "gradient": GradientDescent()}[method]
        if tol is not None:
            solver = replace(solver, tol=real_number("tol", tol))
        if max_iter is not None:
            solver = replace(solver, max_iter=positive_integer("max_iter", max_iter))
        budget = optional_seconds("max_seconds", max_seconds)
        found = run(solver, self._objective(start), start, max_seconds=budget, callback=callback)
        if method == "newton" and found.converged:
            return self.polish(found, solver)
        return self._described(found, self._fine(self._to_local(found.mixture)))

    def explore(
        self,
        rng: Any = None,
        *,
        n_starts: int = 64,
        candidates: bool = True,
        saddles: bool = False,
        n_jobs: int = 1,
        max_seconds: float | None = None,
        callback: Callable[[exploration.Event], Any] | None = None,
        resume: Atlas | None = None,
    ) -> Atlas:
        """Find the local minima: from every candidate structure and from random starts.

        Parameters
        ----------
        rng : None, int or numpy.random.Generator, default=None
            Seed of the random starts.
        n_starts : int, default=64
            Random starts: k draws from the truth, or k rows of the sample.
        candidates : bool, default=True
            Whether to descend from every candidate structure as well (populations only).
        saddles : bool, default=False
            Not available in this version.
        n_jobs : int, default=1
            Processes; -1 for all cores. The atlas does not depend on it.
        max_seconds : float, optional
            Time budget, checked after each start.
        callback : callable, optional
            Called with an `Event` after each start; returning True stops.
        resume : Atlas, optional
            An atlas of this landscape to go on from; its seed is used, and `n_starts` counts the starts
            it has done.

        Returns
        -------
        Atlas
            Each orbit of minima once, polished to rounding. Ctrl-C ends the search and returns what was
            found, with ``stop_reason="interrupted"``.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable, or `resume` is an atlas of another landscape.
        NotAvailableError
            If saddles are asked for.
        """
        if saddles:
            raise NotAvailableError("saddles=True: this version maps minima only; use saddles=False")
        n_starts = positive_integer("n_starts", n_starts, minimum=0)
        if n_jobs != -1:
            n_jobs = positive_integer("n_jobs", n_jobs)
        if resume is not None and not isinstance(resume, Atlas):
            raise InvalidParameterError.of("resume", resume, "pass an Atlas, for example Atlas.from_json(path)")
        return exploration.explore(
            self,
            seed=_seed(rng),
            n_starts=n_starts,
            use_candidates=bool(candidates),
            n_jobs=n_jobs,
            max_seconds=optional_seconds("max_seconds", max_seconds),
            callback=callback,
            resume=resume,
        )

    def coarse_descent(self, means: FloatArray) -> Solution:
        """Descend by Newton with the exploration's cheap rule and tolerance."""
        start = self._local(means)
        return run(Newton(tol=COARSE_TOL), self._objective(start, COARSE_RTOL), start)

    def polish(self, found: Solution, solver: Newton | None = None) -> CriticalPoint:
        """Return a point that Newton has reached, polished with a fine rule; flat ones are tidied up.

        The means of a flat point that nearly coincide are put together where that configuration is
        critical and no curvature there is clearly negative: Newton only creeps towards such a point.
        """
        start = self._to_local(found.mixture)
        objective = self._fine(start)
        polished = run(solver or Newton(), objective, start)
        history = (*found.history, *polished.history[1:])
        polished = replace(polished, n_iter=found.n_iter + polished.n_iter, history=history)
        point = self._described(polished, objective)
        groups = _touching(point.means, TOUCHING * self.sigma)
        if not point.flat or len(groups) == len(point.means):
            return point
        together = self.coincident_point(point.means, groups)
        better = together.is_minimum and together.nll <= point.nll + 4 * (point.error + together.error)
        return replace(together, n_iter=point.n_iter, history=point.history) if better else point

    def coincident_point(self, means: FloatArray, groups: list[list[int]]) -> CriticalPoint:
        """Return the critical point in which the means of each group coincide, by Newton from some means.

        Coincidence is preserved by the gradient: a group moves as one mean of its added weight.
        """
        k = self.n_components
        local = mean_matrix("means", means) - self.measure.origin
        centres = np.stack([local[group].mean(axis=0) for group in groups])
        shares = np.array([len(group) / k for group in groups])
        merged = Mixture.location(centres, self.sigma, shares)
        objective = self._fine(merged)
        found = run(Newton(), objective, merged)
        spread = np.empty_like(local)
        for group, place in zip(groups, found.means, strict=True):
            spread[group] = place
        return self._described(replace(found, mixture=Mixture.location(spread, self.sigma)), objective)

    def _described(self, found: Solution, objective: Objective) -> CriticalPoint:
        local = self._to_local(found.mixture)
        at = objective.derivatives(local, hessian=True)
        assert at.hessian is not None
        errors = objective.errors(local)
        kl = self.measure.kl(local) if isinstance(self.measure, Population) else None
        eigenvalues = np.linalg.eigvalsh(at.hessian)
        smallest = float(np.abs(eigenvalues).min())
        resolved = smallest * self.sigma**2 > FLAT
        truth = self.measure.truth
        return CriticalPoint(
            mixture=found.mixture,
            nll=at.nll,
            error=max(errors.nll, kl.error if kl is not None else 0.0),
            gradient_norm=found.gradient_norm,
            stop_reason=found.stop_reason,
            n_iter=found.n_iter,
            history=found.history,
            kl=None if kl is None else float(kl),
            eigenvalues=eigenvalues,
            means_error=errors.gradient / smallest if resolved else float("inf"),
            structure=None if truth is None else decode(found.mixture, truth, sigma=self.sigma),
        )

    def _objective(self, mixture: Mixture, rtol: float | None = None) -> Objective:
        return Objective.near(self.measure, self._family, mixture, rtol)

    def _fine(self, mixture: Mixture) -> Objective:
        rtol = FINER * self.measure.rtol if isinstance(self.measure, Population) else None
        return self._objective(mixture, rtol)

    def _to_local(self, mixture: Mixture) -> Mixture:
        return mixture.shifted(-self.measure.origin)

    def _local(self, means: ArrayLike) -> Mixture:
        points = mean_matrix("means", means, n_features=self.measure.n_features)
        if len(points) != self.n_components:
            raise InvalidParameterError(
                f"means has {len(points)} rows where the landscape has n_components={self.n_components}"
            )
        return Mixture.location(points - self.measure.origin, self.sigma)

    def __repr__(self) -> str:
        return f"Landscape({self.measure!r}, n_components={self.n_components}, sigma={self.sigma:g})"


def _touching(means: FloatArray, distance: float) -> list[list[int]]:
    """Group means that are linked by gaps of at most `distance`."""
    groups: list[list[int]] = []
    for i, mean in enumerate(means):
        near = [g for g in groups if np.linalg.norm(means[g] - mean, axis=1).min() <= distance]
        groups = [g for g in groups if g not in near] + [sorted([i, *(j for g in near for j in g)])]
    return sorted(groups)


def _seed(rng: Any) -> int:
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return int(rng)
    # Below 2^53, so that every reader of the JSON gets the same number.
    return int(generator(rng).integers(2**53))
