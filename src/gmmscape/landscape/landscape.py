"""Landscape: the public face of the location family's objective."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.atlas import explore as exploration
from gmmscape.landscape.atlas.atlas import WEIGHTS, Atlas
from gmmscape.landscape.atlas.profile import PathProfile, descent_profile, straight_profile
from gmmscape.landscape.continua import with_continua
from gmmscape.landscape.freedom.landscape import FreeLandscape, check_reference
from gmmscape.landscape.points.continuum import dimension_of
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.landscape.points.given_places import given_places
from gmmscape.landscape.quantisation.landscape import limit
from gmmscape.landscape.realisation.realise import realise
from gmmscape.landscape.realisation.result import Realisation
from gmmscape.measure import Errors, Estimate, Population, Sample, check_complete
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.progress import Budget, Callback, checked_callback
from gmmscape.solve import EM, GradientDescent, Newton
from gmmscape.structure.structure import structure_of
from gmmscape.validation import (
    choice,
    optional_seconds,
    positive_integer,
    random_state_too,
    real_number,
    standard_deviation,
)
from gmmscape.work.journal import seed_for


class Landscape:
    """The negative log-likelihood of k means with covariances sigma^2 I, and weights 1/k or free ones.

    Parameters
    ----------
    measure : Population or Sample
        What the NLL is averaged over.
    n_components : int
        Number of fitted means k.
    sigma : float, optional
        Standard deviation of the fit. Defaults to that of a population's truth; required for a sample.
    weights : {"equal", "free"}, default="equal"
        Fitted weights: 1/k each, or free, so that the landscape is one of means and weights. Derivatives and
        curvatures are then in the means and in k - 1 orthonormal contrasts (Helmert's) of sigma times the log
        weights, which share the means' unit of length. Candidates' predictions, laws and births are about
        equal weights.
    reference : Mixture, optional
        What fits to a sample are decoded against; those to a population are against its truth.
    family : {"location", "spherical", "diag", "tied", "full"}, default="location"
        What covariances are like. Another one than "location", `weights` as numbers, or `sigma` as "free",
        "common" or a number each make a `FreeLandscape`; `sigma=0` a `KMeansLandscape`, the limit.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> land = lab.Landscape(lab.Population(truth), n_components=3)
    >>> spurious = land.descend([0.0, 11.0, 13.0])
    >>> spurious.means.ravel().round(6).tolist()
    [-0.006991, 11.753777, 12.218717]
    >>> [str(block) for block in spurious.decoding.blocks]
    ['0>0,1', '1,2>2']
    """

    def __new__(
        cls,
        measure: Population | Sample,
        n_components: int,
        sigma: Any = None,
        weights: Any = "equal",
        reference: Mixture | None = None,
        *,
        family: str = "location",
    ) -> Any:
        """Make a landscape of means alone, one of more freedom, or that of k-means."""
        plain = np.ndim(sigma) == 0 and not isinstance(sigma, str) and isinstance(weights, str)
        if plain and sigma == 0 and sigma is not False:
            return limit(measure, n_components, family, weights, reference)
        if family == "location" and plain:
            return super().__new__(cls)
        free = {"family": family, "weights": weights, "sigma": sigma, "reference": reference}
        return FreeLandscape(measure, n_components, **free)

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Return what `__new__` needs where a copy is made in another process."""
        return self.measure, self.n_components, self.sigma, self.weights

    def __init__(
        self,
        measure: Population | Sample,
        n_components: int,
        sigma: float | None = None,
        weights: str = "equal",
        reference: Mixture | None = None,
        *,
        family: str = "location",
    ) -> None:
        if not isinstance(measure, (Population, Sample)):
            raise InvalidParameterError.of(
                "measure", measure, "pass gmmscape.lab.Population(mixture) or gmmscape.lab.Sample(X)"
            )
        check_complete(measure, "landscapes cannot have")
        self.measure = measure
        self.n_components = positive_integer("n_components", n_components)
        if sigma is None:
            sigma = measure.truth.sigma if measure.truth is not None else None
            if sigma is None:
                raise InvalidParameterError.of(
                    "sigma", None, "pass the standard deviation of the fit; only a population whose "
                    "components share one has a default"
                )  # fmt: skip
        self.sigma = standard_deviation("sigma", sigma)
        self.weights = choice("weights", weights, WEIGHTS)
        check_reference(reference, measure)
        free = self.weights == "free"
        self._descent = Descent(measure, self.n_components, self.sigma, reference, free)

    def nll(self, means: ArrayLike, *, weights: ArrayLike | None = None) -> Estimate:
        """Return the negative log-likelihood.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.
        weights : array_like of shape (k,), optional
            Fitted weights, where they are free; equal by default.

        Returns
        -------
        Estimate
            A float, in nats per unit mass, whose attribute ``error`` is its estimated absolute error.

        Raises
        ------
        InvalidParameterError
            If a shape does not fit, an entry is not finite, or weights are given where they are not free.
        """
        mixture, objective = self._at(means, weights)
        value = objective.rows.log_unit - objective.statistics(mixture).log_likelihood
        return Estimate(value, objective.errors(mixture).nll)

    def kl(self, means: ArrayLike, *, weights: ArrayLike | None = None) -> Estimate | None:
        """Return the divergence of the fit from the truth.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.
        weights : array_like of shape (k,), optional
            Fitted weights, where they are free; equal by default.

        Returns
        -------
        Estimate or None
            In nats, with its estimated error; None for a sample.

        Raises
        ------
        InvalidParameterError
            If a shape does not fit, an entry is not finite, or weights are given where they are not free.
        """
        local = self._descent.local(self._places(means, weights))
        return self.measure.kl(local) if isinstance(self.measure, Population) else None

    def gradient(self, means: ArrayLike, *, weights: ArrayLike | None = None) -> FloatArray:
        """Return the derivative of the NLL in the means, and in free weights.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.
        weights : array_like of shape (k,), optional
            Fitted weights, where they are free; equal by default.

        Returns
        -------
        ndarray of shape (k, d), or (k*d + k - 1,) with free weights
            In nats per unit of length; `errors` states its error. With free weights: the means one after the
            other, then for j = 1..k-1 the contrast ``sigma * (log(w_1) + ... + log(w_j) - j log(w_(j+1))) /
            sqrt(j (j + 1))``.

        Raises
        ------
        InvalidParameterError
            If a shape does not fit, an entry is not finite, or weights are given where they are not free.
        """
        mixture, objective = self._at(means, weights)
        return objective.derivatives(mixture).gradient

    def hessian(self, means: ArrayLike, *, weights: ArrayLike | None = None) -> FloatArray:
        """Return the second derivative of the NLL in the means, and in free weights.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.
        weights : array_like of shape (k,), optional
            Fitted weights, where they are free; equal by default.

        Returns
        -------
        ndarray of shape (k*d, k*d), or (k*d + k - 1, k*d + k - 1) with free weights
            Rows and columns run over the means and their coordinates, then over the contrasts of the weights
            that `gradient` names; nats per squared unit of length.

        Raises
        ------
        InvalidParameterError
            If a shape does not fit, an entry is not finite, or weights are given where they are not free.
        """
        mixture, objective = self._at(means, weights)
        hessian = objective.derivatives(mixture, hessian=True).hessian
        assert hessian is not None
        return hessian

    def errors(self, means: ArrayLike, *, weights: ArrayLike | None = None) -> Errors:
        """Return the estimated errors of `nll`, `gradient` and `hessian` at a fit.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Fitted means.
        weights : array_like of shape (k,), optional
            Fitted weights, where they are free; equal by default.

        Returns
        -------
        Errors
            Absolute errors ``nll``, ``gradient`` and ``hessian`` (of the largest entry): quadrature and
            rounding. Estimates, not bounds.

        Raises
        ------
        InvalidParameterError
            If a shape does not fit, an entry is not finite, or weights are given where they are not free.
        """
        mixture, objective = self._at(means, weights)
        return objective.errors(mixture)

    def descend(
        self,
        means: ArrayLike,
        method: str = "newton",
        *,
        weights: ArrayLike | None = None,
        tol: float | None = None,
        max_iter: int | None = None,
        max_seconds: float | None = None,
        callback: Callback | None = None,
    ) -> CriticalPoint:
        """Descend from some means (and weights, where free), and say where and why the descent ended.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Where to begin.
        method : {"newton", "em", "gradient"}, default="newton"
            Trust-region Newton, then polished with a finer rule; plain EM; gradient descent with step
            sigma^2. EM and gradient descent may need very many steps near a flat minimum.
        weights : array_like of shape (k,), optional
            Weights to begin with, where they are free; equal by default.
        tol : float, optional
            Converged when the EM step is no longer than this, in sigma; 1e-9 for "newton", else 1e-8.
        max_iter : int, optional
            Iterations; 500 for "newton", 10,000 for "em", 100,000 for "gradient".
        max_seconds : float, optional
            Time budget.
        callback : callable, optional
            Called with an `Event` after each iteration; returning True stops.

        Returns
        -------
        CriticalPoint
            With the labels of the start: mean i is where start i went. A free weight that goes to zero ends
            the descent with ``stop_reason="plateau"``: its mean means nothing then.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable.
        """
        places = self._places(means, weights)
        choice("method", method, ("newton", "em", "gradient"))
        solver: Any = {"newton": Newton(), "em": EM(accelerate=False), "gradient": GradientDescent()}[method]
        if tol is not None:
            solver = replace(solver, tol=real_number("tol", tol))
        if max_iter is not None:
            solver = replace(solver, max_iter=positive_integer("max_iter", max_iter))
        checked_callback(callback)
        budget = optional_seconds("max_seconds", max_seconds)
        found = self._descent.full(solver, places, budget, callback)
        return replace(found, continuum=dimension_of(self._descent, found))

    @random_state_too
    def explore(
        self,
        rng: Any = None,
        *,
        n_starts: int = 64,
        candidates: bool = True,
        saddles: bool = False,
        n_jobs: int = 1,
        max_seconds: float | None = None,
        callback: Callback | None = None,
        verbose: int = 0,
        resume: Atlas | None = None,
        checkpoint: str | Path | None = None,
    ) -> Atlas:
        """Find local minima, from every candidate structure and from random starts; saddles if asked for.

        Parameters
        ----------
        rng : None, int or numpy.random.Generator, default=None
            Seed of the random starts.
        n_starts : int, default=64
            Random starts: k draws from the truth, or k rows of the sample, with equal weights.
        candidates : bool, default=True
            Whether to descend from every candidate structure as well; where none is listed, as of a sample,
            from moves in the lowest minima: one mean taken to another, about four moves a random start.
        saddles : bool, default=False
            Whether to look for critical points of every index too, by eigenvector following, with the means
            in every number of groups, until the count law is silent; and for the minima that each saddle of
            index 1 joins. With free weights all means begin apart, there is no count law, and the search
            ends with a round that finds nothing (or the eighth).
        n_jobs : int, default=1
            Processes, and threads in each; -1 for all cores. The atlas does not depend on it.
        max_seconds : float, optional
            Time budget, shared between candidates, random starts, moves and saddles; checked after each.
        callback : callable, optional
            Called with an `Event` after each descent (stages "descents" and "moves"), following ("saddles")
            and flat point along which a continuum was looked for ("continua"); the detail of all but the last
            is the numbers of minima and saddles and what was found for the first time; returning True stops.
        verbose : int, default=0
            1 prints every two seconds how far it has come.
        resume : Atlas, optional
            An atlas of this landscape to go on from; its seed is used, and `n_starts` counts the starts
            it has done.
        checkpoint : str or Path, optional
            JSON file that descents are kept in; if it exists, the search goes on from it, without `rng` with
            its seed.

        Returns
        -------
        Atlas
            Each orbit, and each continuum, of critical points once, polished to rounding. Ctrl-C ends the
            search and returns what was found, with ``stop_reason="interrupted"``.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable, or `resume` is an atlas of another landscape.
        """
        n_starts = positive_integer("n_starts", n_starts, minimum=0)
        for name, value in (("candidates", candidates), ("saddles", saddles)):
            if not isinstance(value, bool):
                raise InvalidParameterError.of(name, value, "pass True or False")
        if n_jobs != -1:
            n_jobs = positive_integer("n_jobs", n_jobs)
        if resume is not None and not isinstance(resume, Atlas):
            raise InvalidParameterError.of(
                "resume", resume, "pass an Atlas, for example Atlas.from_json(path)"
            )
        plan = exploration.Plan(n_starts, candidates, saddles, n_jobs)
        budget = Budget.of("explore", max_seconds, callback, verbose)
        found = exploration.explore(
            self._descent,
            seed=seed_for(checkpoint, rng),
            plan=plan,
            resume=resume,
            checkpoint=checkpoint,
            budget=budget,
        )
        return with_continua(self._descent, found, budget)

    def realise(self, structure: Any, precision: str = "float64") -> Realisation:
        """Say whether there is a minimum of a candidate structure.

        Descends from it with the means of its blocks apart, and looks at the critical point with them
        together.

        Parameters
        ----------
        structure : Structure or list of (means, centers)
            A candidate, or pairs of index tuples, one for each block.
        precision : {"float64", "mp"}, default="float64"
            What to do where a curvature has no sign in float64: report "flat", or decide. The sign of the
            excess of law 1 is then computed with a relative accuracy, by sums of small terms or, where these
            cancel too, by mpmath; and that there is a minimum is measured by the rise of the NLL around.

        Returns
        -------
        Realisation
            With `outcome`, `point`, `decided_by`, what laws 2 and 3 predict, and `to_json`. Cost: a few
            descents; with "mp" some 100 gradients, and up to a minute where mpmath is used, which is on a
            line and for distances of up to some 35 sigma.

        Raises
        ------
        InvalidParameterError
            If the structure does not fit k and the truth, or the landscape is that of a sample.
        NotAvailableError
            If precision is "mp" and something is to decide for a truth with covariances that are not
            spherical or for free weights, or mpmath is needed and not installed.

        Examples
        --------
        >>> import gmmscape as gs
        >>> from gmmscape import lab
        >>> land = lab.Landscape(lab.Population(gs.Mixture.location([0, 24], sigma=1.0)), n_components=3)
        >>> pair = lab.candidates(3, 2)[1]
        >>> land.realise(pair).outcome
        'flat'
        >>> decided = land.realise(pair, precision="mp")
        >>> decided.outcome, decided.decided_by, f"{decided.splittings[0].excess[0]:.3g}"
        ('realised', 'law 1', '2.83e-31')
        """
        truth = self.measure.truth
        if truth is None:
            raise InvalidParameterError.of(
                "measure", self.measure, "candidates are structures against a truth: pass a Population"
            )
        choice("precision", precision, ("float64", "mp"))
        return realise(
            self._descent, structure_of(structure, truth.n_components, self.n_components), precision
        )

    def profile(
        self,
        a: CriticalPoint | ArrayLike,
        b: CriticalPoint | ArrayLike,
        saddle: CriticalPoint | None = None,
        *,
        n: int = 101,
    ) -> PathProfile:
        """Return the NLL along a path between two minima.

        Parameters
        ----------
        a, b : CriticalPoint or array_like of shape (k,) or (k, d)
            The ends; they may be one minimum, for a pass between two of its labellings. Bare means have
            equal weights.
        saddle : CriticalPoint, optional
            Of index 1: the path descends from it by steepest descent on both sides. Without it the path is
            the straight line between matched means, which no barrier exceeds.
        n : int, default=101
            Points of the path.

        Returns
        -------
        PathProfile
            With `length`, `nll`, `heights`, `to_json` and `plot`. Cost: n values; with a saddle, some hundred
            gradients and Hessians as well.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable, or the saddle leads down to other minima.
        """
        first, last = (self._end(point) for point in (a, b))
        n = positive_integer("n", n, minimum=3)
        if saddle is None:
            return straight_profile(self._descent, first, last, n)
        if not isinstance(saddle, CriticalPoint) or saddle.places.shape != first.shape:
            raise InvalidParameterError.of("saddle", saddle, "pass a CriticalPoint of this landscape")
        return descent_profile(self._descent, first, last, saddle, n)

    def _end(self, point: CriticalPoint | ArrayLike) -> FloatArray:
        if not isinstance(point, CriticalPoint):
            return self._places(point, None)
        return self._places(point.means, point.weights if self.weights == "free" else None)

    def _places(self, means: ArrayLike, weights: ArrayLike | None) -> FloatArray:
        return given_places(self._descent, means, weights)

    def _at(self, means: ArrayLike, weights: ArrayLike | None = None) -> tuple[Mixture, Objective]:
        local = self._descent.local(self._places(means, weights))
        return local, self._descent.objective(local)

    def __repr__(self) -> str:
        free = ", weights='free'" if self.weights == "free" else ""
        return f"Landscape({self.measure!r}, n_components={self.n_components}, sigma={self.sigma:g}{free})"
