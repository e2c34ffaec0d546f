"""FreeLandscape: the public face of landscapes of fits with free weights, widths or covariances."""

from __future__ import annotations

from typing import Any, NoReturn

from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.families import check_room
from gmmscape.landscape.freedom.atlas import FreeAtlas
from gmmscape.landscape.freedom.descent import FreeDescent
from gmmscape.landscape.freedom.explore import Plan, explore
from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.landscape.freedom.local import Local
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.measure import Estimate, Population, Sample, check_complete
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback
from gmmscape.solve import Regularity
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import mean_matrix, positive_integer, random_state_too, real_number, seed_of


class FreeLandscape:
    """The negative log-likelihood of k components with more freedom than their means.

    `Landscape` makes one where weights are given, or widths or covariances are free. Everything is a function
    of a whole fit, a `Mixture`, and derivatives are along what is free, in the components' own units
    (docs/mathematics.md#own-units): pure numbers, in which the EM step is minus the gradient and EM's rate at
    a minimum one minus the smallest curvature.

    Parameters
    ----------
    measure : Population or Sample
        What the NLL is averaged over.
    n_components : int
        Number of fitted components k.
    family : {"location", "spherical", "diag", "tied", "full"}, default="full"
        What covariances are like; those of "location" are held.
    weights : {"equal", "free"} or array_like of shape (k,), default="free"
        Held equal, free, or held at these.
    sigma : {"free", "common"}, float or array_like of shape (k,), optional
        Of spherical covariances: widths that are free, one for all, or held at these.
    reference : Mixture, optional
        What fits to a sample are decoded against; those to a population are against its truth.
    covariance_prior : "auto" or float, default="auto"
        Of a sample, whose likelihood has no bound where covariances are free: how many rows of a prior each
        covariance is given, as in `GaussianMixture`; 0 for none. A population needs none.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> truth = lab.Population(gs.Mixture.location([-3, 3, 12], sigma=1.0))
    >>> atlas = lab.Landscape(truth, 3, family="spherical", weights="equal", sigma="common").explore(0)
    >>> [str(point.decoding.structure) for point in atlas.minima]
    ['0>0  1>1  2>2']
    """

    def __init__(
        self,
        measure: Population | Sample,
        n_components: int,
        *,
        family: str = "full",
        weights: Any = "free",
        sigma: Any = None,
        reference: Mixture | None = None,
        covariance_prior: float | str = "auto",
    ) -> None:
        if not isinstance(measure, (Population, Sample)):
            raise InvalidParameterError.of(
                "measure", measure, "pass gmmscape.lab.Population(mixture) or gmmscape.lab.Sample(X)"
            )
        check_complete(measure, "landscapes cannot have")
        self.measure = measure
        self.n_components = positive_integer("n_components", n_components)
        freedom = Freedom.of(family, weights, sigma, self.n_components)
        if isinstance(measure, Sample) and freedom.held_sigmas is None and not freedom.common:
            check_room(freedom.covariance_type, self.n_components, measure.n_features, search=False)
            limits = Regularity.of(covariance_prior, 0.0, None)
            family_under = limits.family(measure, freedom.covariance_type, self.n_components)
            freedom = freedom.under(family_under.prior, limits.floor(measure))
        check_reference(reference, measure)
        self.freedom = freedom
        self._descent = FreeDescent(measure, freedom, reference)

    def nll(self, fit: Mixture) -> Estimate:
        """Return the negative log-likelihood of a fit.

        Parameters
        ----------
        fit : Mixture
            Of k components; what is held is taken from the landscape.

        Returns
        -------
        Estimate
            In nats per unit mass, with its estimated error; without a prior's penalty.
        """
        local = self._local(fit)
        rows = self._descent.objective(local, TOLERANCES.freedom.fine_rtol).rows
        value = rows.nll(local)
        if isinstance(self.measure, Sample):
            return Estimate(value, rows.errors(local).nll)
        finer = self._descent.objective(local, TOLERANCES.freedom.finer_rtol).rows
        return Estimate(value, abs(finer.nll(local) - value) + TOLERANCES.freedom.rounding)

    def kl(self, fit: Mixture) -> Estimate | None:
        """Return the divergence of a fit from the truth, in nats; None for a sample.

        Parameters
        ----------
        fit : Mixture
            Of k components.

        Returns
        -------
        Estimate or None
            With its estimated error.
        """
        local = self._local(fit)
        return self.measure.kl(local) if isinstance(self.measure, Population) else None

    def gradient(self, fit: Mixture) -> FloatArray:
        """Return the derivative of NLL and penalty along what is free, shape (q,), in own units.

        Parameters
        ----------
        fit : Mixture
            Of k components.

        Returns
        -------
        ndarray of shape (q,)
            The means of the components one after the other, the weights but one, and the covariances.
        """
        return self._at(fit).slope

    def hessian(self, fit: Mixture) -> FloatArray:
        """Return the second derivative along what is free, shape (q, q), in own units.

        Parameters
        ----------
        fit : Mixture
            Of k components.

        Returns
        -------
        ndarray of shape (q, q)
            In the order of `gradient`; at most the identity where the gradient is zero.
        """
        return self._at(fit).bend

    def descend(
        self,
        start: Mixture | ArrayLike,
        *,
        tol: float | None = None,
        max_iter: int = EFFORT.freedom.newton_steps,
        max_seconds: float | None = None,
        callback: Callback | None = None,
    ) -> FreePoint:
        """Descend from a fit by Newton's method in a trust region, and polish.

        Parameters
        ----------
        start : Mixture or array_like of shape (k,) or (k, d)
            Where to begin; bare means have equal weights and the widths of k clusters that fill the data.
        tol : float, optional
            Converged when the gradient in own units is no longer than this; 1e-9 by default.
        max_iter : int, default=500
            Trial steps.
        max_seconds : float, optional
            Time budget.
        callback : callable, optional
            Called with an `Event` after each step; returning True stops.

        Returns
        -------
        FreePoint
            With the labels of the start.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable.
        """
        budget = Budget.of("descend", max_seconds, callback)
        wanted = None if tol is None else real_number("tol", tol)

        def go_on(n: int, at: Local) -> bool:
            return budget.left != 0.0 and not budget.asks_to_stop("iterations", n, max_iter, at.value)

        return self._descent.full(
            self._start(start), tol=wanted, max_iter=positive_integer("max_iter", max_iter), go_on=go_on
        )

    @random_state_too
    def explore(
        self,
        rng: Any = None,
        *,
        n_starts: int = 64,
        candidates: bool = True,
        saddles: bool = False,
        max_seconds: float | None = None,
        callback: Callback | None = None,
        verbose: int = 0,
    ) -> FreeAtlas:
        """Find local minima, from every candidate structure and from random starts; saddles if asked for.

        Parameters
        ----------
        rng : None, int or numpy.random.Generator, default=None
            Seed of the random starts.
        n_starts : int, default=64
            Random starts: k draws from the truth, or k rows of the sample, with equal weights and widths
            between those of clusters and of all; plain EM, then Newton.
        candidates : bool, default=True
            Whether to descend from every candidate structure as well: of a population's truth or of the
            reference of a sample, where there are up to 100.
        saddles : bool, default=False
            Whether to search for saddles as well, of every index, and for the minima that those of index 1
            join. In rounds, until one finds nothing new: from the highest places between minima, off known
            points, and at random, with components apart and with some kept equal. Cost: some hundred
            followings a round, of some tens of passes with Hessian each.
        max_seconds : float, optional
            Time budget, shared: candidates and starts have half of it where saddles are sought too.
        callback : callable, optional
            Called with an `Event` after each descent or following, of stages "candidates", "starts" and
            "saddles"; returning True stops.
        verbose : int, default=0
            1 prints every two seconds how far it has come.

        Returns
        -------
        FreeAtlas
            Each orbit of minima once, polished, with how starts ended and what is still unseen; with
            saddles, edges and barriers where they were sought. Ctrl-C ends the search and returns what was
            found.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable.
        """
        for name, value in (("candidates", candidates), ("saddles", saddles)):
            if not isinstance(value, bool):
                raise InvalidParameterError.of(name, value, "pass True or False")
        return explore(
            self._descent,
            seed=seed_of(rng),
            plan=Plan(positive_integer("n_starts", n_starts, minimum=0), candidates, saddles),
            budget=Budget.of("explore", max_seconds, callback, verbose),
        )

    def realise(self, structure: Any, precision: str = "float64") -> NoReturn:
        """Refuse: where no curvature has a sign, no law decides with this freedom.

        `Landscape.realise` decides flat points by the curvature along which coincident means of a known width
        split. A width that is free takes it away (on a line altogether), and free weights make continua.

        Parameters
        ----------
        structure : Structure or list of (means, centers)
            See `Landscape.realise`.
        precision : {"float64", "mp"}, default="float64"
            See `Landscape.realise`.

        Raises
        ------
        NotAvailableError
            Always.
        """
        raise NotAvailableError(
            "realise decides by the splitting of coincident means of one known width and equal weights; free "
            "widths and weights take its curvature away: take explore(), which descends from every "
            "structure, or a Landscape with family='location'"
        )

    def _start(self, start: Mixture | ArrayLike) -> Mixture:
        if isinstance(start, Mixture):
            return self._local(start)
        means = mean_matrix("start", start, n_features=self.measure.n_features)
        self._check_number(len(means))
        return self._descent.start(means - self.measure.origin, float(self.n_components) ** -2.0)

    def _local(self, fit: Mixture) -> Mixture:
        if not isinstance(fit, Mixture) or fit.n_features != self.measure.n_features:
            raise InvalidParameterError.of(
                "fit", fit, f"pass a gmmscape.Mixture with n_features={self.measure.n_features}"
            )
        self._check_number(fit.n_components)
        local = self.measure.local_mixture(fit)
        return self.freedom.moment_matched(local.weights, local.means, local.full_covariances())

    def _check_number(self, k: int) -> None:
        if k != self.n_components:
            raise InvalidParameterError(
                f"the fit has {k} components where the landscape has n_components={self.n_components}"
            )

    def _at(self, fit: Mixture) -> Local:
        local = self._local(fit)
        objective = self._descent.objective(local, TOLERANCES.freedom.fine_rtol)
        return Local.at(objective, self.freedom, local)

    def __repr__(self) -> str:
        free = self.freedom
        return (
            f"FreeLandscape({self.measure!r}, n_components={self.n_components}, family={free.name!r}, "
            f"weights={free.weights!r}, widths={free.widths!r})"
        )


def check_reference(reference: Mixture | None, measure: Population | Sample) -> None:
    """Raise InvalidParameterError where fits cannot be decoded against a mixture, or need not be."""
    if reference is None:
        return
    if not isinstance(reference, Mixture) or reference.n_features != measure.n_features:
        raise InvalidParameterError.of(
            "reference", reference, f"pass a gmmscape.Mixture with n_features={measure.n_features}"
        )
    if measure.truth is not None:
        raise InvalidParameterError("reference is for samples: a population has its truth; leave it out")
