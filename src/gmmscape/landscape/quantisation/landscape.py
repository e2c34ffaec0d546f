"""KMeansLandscape: the public face of the distortion of k means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.landscape.freedom.landscape import check_reference
from gmmscape.landscape.quantisation.atlas import KMeansAtlas
from gmmscape.landscape.quantisation.cells import Cells
from gmmscape.landscape.quantisation.descent import KMeansDescent
from gmmscape.landscape.quantisation.explore import explore
from gmmscape.landscape.quantisation.gaussian_cells import MOST_DIMENSIONS
from gmmscape.landscape.quantisation.point import KMeansPoint
from gmmscape.measure import Estimate, Population, Sample, check_complete
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback
from gmmscape.validation import choice, mean_matrix, positive_integer, random_state_too, real_number, seed_of


class KMeansLandscape:
    """The distortion ``E min_j |x - m_j|^2`` of k means: k-means as an objective of its own.

    It is the limit of the location family where sigma goes to zero: 2 sigma^2 NLL less ``2 sigma^2 log k + d
    sigma^2 log(2 pi sigma^2)`` rises to it, and is at most ``2 sigma^2 log k`` below. `Landscape(measure, k,
    sigma=0)` makes one, too. Derivatives are in squared units of length; curvatures of points in own units,
    in which one minus the smallest is the rate of Lloyd's method. Saddles are not searched for.

    Parameters
    ----------
    measure : Population, Sample or Density
        What squares are averaged over. Of a mixture they are integrated without quadrature, where the means
        span at most two dimensions: on a line, in a plane, and for up to three means. Nodes that
        `density_nodes` makes stand for their density, with walls of cells that may lie anywhere. All else
        are rows, whose distortion is piecewise quadratic.
    n_components : int
        Number of means k.
    reference : Mixture, optional
        What means of a sample or of a density are decoded against; those of a population are against its
        truth.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable.
    NotAvailableError
        If the measure is a mixture whose cells are not integrated over.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> land = lab.KMeansLandscape(lab.Population(truth), 3)
    >>> bad = land.descend([0.0, 11.0, 13.0])
    >>> bad.means.ravel().round(4).tolist(), round(bad.distortion, 6)
    ([-0.0166, 11.0819, 12.743], 6.7758)
    >>> [str(block) for block in bad.decoding.blocks]
    ['0>0,1', '1,2>2']
    """

    def __init__(
        self, measure: Population | Sample, n_components: int, reference: Mixture | None = None
    ) -> None:
        if not isinstance(measure, (Population, Sample)):
            raise InvalidParameterError.of(
                "measure", measure, "pass gmmscape.lab.Population(mixture) or gmmscape.lab.Sample(X)"
            )
        check_complete(measure, "landscapes cannot have")
        self.measure = measure
        self.n_components = positive_integer("n_components", n_components)
        d = measure.n_features
        if isinstance(measure, Population) and min(d, self.n_components - 1) > MOST_DIMENSIONS:
            raise NotAvailableError(
                f"{self.n_components} means in {d} dimensions span more than {MOST_DIMENSIONS}, and cells of "
                f"a mixture are integrated over in at most {MOST_DIMENSIONS}: take n_components up to "
                f"{MOST_DIMENSIONS + 1}, or rows drawn from it, lab.Sample(truth.sample(n)[0])"
            )
        check_reference(reference, measure)
        self._descent = KMeansDescent(measure, self.n_components, reference)

    def distortion(self, means: ArrayLike) -> Estimate:
        """Return the distortion ``E min_j |x - m_j|^2``.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            The means.

        Returns
        -------
        Estimate
            In squared units of length, per unit mass, with its estimated error. For n rows it is
            scikit-learn's inertia over n.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        cells = self._at(means)
        return Estimate(cells.distortion, cells.error)

    def masses(self, means: ArrayLike) -> FloatArray:
        """Return the share of the measure that is nearest to each mean.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            The means; of those in one place the first has the cell.

        Returns
        -------
        ndarray of shape (k,)
            They sum to one.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        return self._at(means).mass

    def gradient(self, means: ArrayLike) -> FloatArray:
        """Return the derivative of the distortion in the means.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            The means.

        Returns
        -------
        ndarray of shape (k, d)
            Twice mass times what a mean is off the centroid of its cell. Where a row lies half way between
            two means, or two means in one place, there is no derivative: it is that of the nearest, or
            first, mean's side.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        return self._at(means).gradient

    def hessian(self, means: ArrayLike) -> FloatArray:
        """Return the second derivative of the distortion (Du, Faber and Gunzburger, SIAM Review 41, 1999).

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            The means.

        Returns
        -------
        ndarray of shape (k*d, k*d)
            Twice the masses, less integrals over the walls of cells, which rows do not have.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        return self._at(means).hessian

    def lloyd(self, means: ArrayLike) -> FloatArray:
        """Return where one step of Lloyd's method takes the means.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            The means.

        Returns
        -------
        ndarray of shape (k, d)
            Centroids of the cells; a mean of an empty cell stays.

        Raises
        ------
        InvalidParameterError
            If the shape does not fit or an entry is not finite.
        """
        return self._at(means).centroids + self.measure.origin

    def descend(
        self,
        means: ArrayLike,
        method: str = "newton",
        *,
        tol: float | None = None,
        max_iter: int | None = None,
        max_seconds: float | None = None,
        callback: Callback | None = None,
    ) -> KMeansPoint:
        """Descend from some means, and say where and why the descent ended.

        Parameters
        ----------
        means : array_like of shape (k,) or (k, d)
            Where to begin.
        method : {"newton", "lloyd"}, default="newton"
            Newton's method in a trust region, or Lloyd's, which rows always have: it ends exactly there.
        tol : float, optional
            Converged when no Lloyd step of a mean is longer, in units of the root of the distortion by
            coordinate; 1e-10 by default.
        max_iter : int, optional
            Steps; 500 for "newton", 10,000 for "lloyd".
        max_seconds : float, optional
            Time budget.
        callback : callable, optional
            Called with an `Event` after each step, whose value is the distortion; returning True stops.

        Returns
        -------
        KMeansPoint
            With the labels of the start.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable.
        """
        budget = Budget.of("descend", max_seconds, callback)
        budget.value_is = "distortion"
        most = None if max_iter is None else positive_integer("max_iter", max_iter)

        def go_on(n: int, at: Cells) -> bool:
            return budget.left != 0.0 and not budget.asks_to_stop("iterations", n, most, at.distortion)

        point = self._descent.full(
            self._local(means),
            method=choice("method", method, ("newton", "lloyd")),
            tol=None if tol is None else real_number("tol", tol),
            max_iter=most,
            go_on=go_on,
        )
        timed_out = point.stop_reason == "interrupted" and budget.left == 0.0
        return replace(point, stop_reason="time_limit") if timed_out else point

    @random_state_too
    def explore(
        self,
        rng: Any = None,
        *,
        n_starts: int = 64,
        candidates: bool = True,
        max_seconds: float | None = None,
        callback: Callback | None = None,
        verbose: int = 0,
        resume: KMeansAtlas | None = None,
    ) -> KMeansAtlas:
        """Find local minima, from every candidate structure and from random starts.

        Parameters
        ----------
        rng : None, int or numpy.random.Generator, default=None
            Seed of the random starts.
        n_starts : int, default=64
            Random starts: k draws from the truth, or k different rows; Lloyd's method, then Newton's.
        candidates : bool, default=True
            Whether to descend from every candidate structure as well: of a population's truth or of the
            reference, where there are up to 100.
        max_seconds : float, optional
            Time budget, checked after each descent.
        callback : callable, optional
            Called with an `Event` after each descent, of stages "candidates" and "starts"; returning True
            stops.
        verbose : int, default=0
            1 prints every two seconds how far it has come.
        resume : KMeansAtlas, optional
            An atlas of this landscape to go on from; its seed is used, and `n_starts` counts the starts it
            has done.

        Returns
        -------
        KMeansAtlas
            Each orbit of minima once. Ctrl-C ends the search and returns what was found.

        Raises
        ------
        InvalidParameterError
            If a parameter is not usable, or `resume` is an atlas of another landscape.
        """
        if not isinstance(candidates, bool):
            raise InvalidParameterError.of("candidates", candidates, "pass True or False")
        if resume is not None:
            self._check_resumed(resume)
        return explore(
            self._descent,
            seed=seed_of(rng) if resume is None else resume.seed,
            n_starts=positive_integer("n_starts", n_starts, minimum=0),
            use_candidates=candidates,
            resume=resume,
            budget=Budget.of("explore", max_seconds, callback, verbose),
        )

    def _check_resumed(self, atlas: Any) -> None:
        if not isinstance(atlas, KMeansAtlas):
            raise InvalidParameterError.of(
                "resume", atlas, "pass a KMeansAtlas, for example KMeansAtlas.from_json(path)"
            )
        measure = self.measure
        data = measure.digest if isinstance(measure, Sample) else None
        if (atlas.n_components, atlas.truth, atlas.data) != (self.n_components, measure.truth, data):
            raise InvalidParameterError(
                "resume is an atlas of another landscape: pass one of the same k and truth or data"
            )
        decoded = [point.decoding is not None for point in atlas.minima]
        if any(known != (self._descent.reference is not None) for known in decoded):
            raise InvalidParameterError(
                "resume is an atlas whose minima were decoded against another reference, or none: pass the "
                "same reference to the landscape"
            )

    def _local(self, means: ArrayLike) -> FloatArray:
        points = mean_matrix("means", means, n_features=self.measure.n_features)
        if len(points) != self.n_components:
            raise InvalidParameterError(
                f"means has {len(points)} rows where the landscape has n_components={self.n_components}"
            )
        local = points - self.measure.origin
        if (far := np.abs(local).max()) > np.finfo(np.float64).max ** 0.25:
            raise InvalidParameterError(
                f"means has an entry {far:.3g} away from the data: pass means so near that products of "
                "squared distances are no overflow"
            )
        return local

    def _at(self, means: ArrayLike) -> Cells:
        return self._descent.cells(self._local(means))

    def __repr__(self) -> str:
        return f"KMeansLandscape({self.measure!r}, n_components={self.n_components})"


def limit(
    measure: Population | Sample, n_components: int, family: str, weights: str, reference: Mixture | None
) -> KMeansLandscape:
    """Return the limit of a landscape where sigma goes to zero.

    Raises
    ------
    InvalidParameterError
        If it has none: weights lose their meaning there, and widths that are free are not zero.
    """
    if family != "location" or weights != "equal":
        raise InvalidParameterError(
            f"sigma=0, family={family!r}, weights={weights!r}: the limit of a vanishing sigma, k-means, has "
            "means alone; leave family and weights out"
        )
    return KMeansLandscape(measure, n_components, reference)
