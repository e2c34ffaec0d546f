"""GaussianMixture: scikit-learn's names, and a fit that does not stay in a bad optimum."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, DensityMixin

from gmmscape.arrays import IntArray
from gmmscape.diagnosis.fit import Fit
from gmmscape.estimator.document import FitDocument
from gmmscape.estimator.fitting import fit_estimator, set_fit
from gmmscape.estimator.imputing import Imputing
from gmmscape.estimator.inputs import as_it_was_if_refused
from gmmscape.estimator.of_blocks import fit_blocks, fit_kept
from gmmscape.estimator.online import partial_fit_estimator
from gmmscape.estimator.predictions import Predictions
from gmmscape.estimator.saved import Saved
from gmmscape.estimator.shown import Shown
from gmmscape.estimator.sklearn_callbacks import CallbackSupportMixin, with_callbacks
from gmmscape.estimator.summarised import Summarised
from gmmscape.estimator.transforming import Transforming
from gmmscape.exceptions import InvalidParameterError
from gmmscape.measure.blocked import RowBlocks
from gmmscape.solve import INIT_PARAMS


class GaussianMixture(
    Predictions,
    Imputing,
    Shown,
    Summarised,
    Saved,
    CallbackSupportMixin,
    Transforming,
    DensityMixin,
    BaseEstimator,
):
    """Gaussian mixture with scikit-learn's interface that leaves bad optima.

    After EM, overloaded components are split into slots that merging or deleting redundant ones frees, as
    long as the likelihood rises; see `repair`. Parameters and attributes are those of
    ``sklearn.mixture.GaussianMixture`` with a few added; where they differ in meaning, this text says so.

    Parameters
    ----------
    n_components : int, default=1
        Number of components.
    covariance_type : str, default="full"
        Which covariances are free: "full", "tied", "diag", "spherical", or another of mclust's families, such
        as "VEV" (docs/methods/fits/families.md).
    tol : float, default=1e-6
        EM is converged when the length of its step falls below: the largest move of a mean in standard
        deviations, or relative change of a weight or covariance. (scikit-learn: rise of the likelihood.)
    reg_covar : float, default=0.0
        Least variance, in squared units of the data. A floor; never added. (scikit-learn adds it.)
    covariance_floor : float, optional
        Least variance as a share of the data's in each column; the larger floor counts. None beside a prior,
        else 1e-6.
    covariance_prior : "auto" or float, default="auto"
        How many rows of the components' pooled covariance each covariance is given beside its own
        (docs/mathematics.md#prior). "auto" asks the data; 0 is maximum likelihood, whose components on few
        rows have no bound.
    max_iter : int, default=1000
        Iterations of each run: points that are tried, by EM or, where that would creep, by steps of a
        quadratic model. A Hessian, one for several of these, takes a few more passes. 0 gives the start.
    n_init : int, default=1
        Number of starts; the best one is escaped from. More starts leave the first ones as they are.
    init_params : str, array_like or callable, default="kmeans"
        "kmeans", "k-means++", "random" or "random_from_data": where starting means come from. Starting
        covariances are the scatter of the data about them. An array of shape (n_samples, n_components) has
        the responsibility of each component for each row, and the start is the M-step of these; a function of
        X, n_components and a RandomState returns such an array.
    weights_init : array_like of shape (n_components,), optional
        Starting weights, summing to one.
    means_init : array_like of shape (n_components, n_features), optional
        Starting means.
    precisions_init : array_like, optional
        Inverses of the starting covariances, in the shape of `covariance_type`.
    weights_fixed, means_fixed, covariances_fixed : array_like, optional
        What is held, in the shapes of `weights_`, `means_` and `covariances_`, with NaN where it is free:
        weights, entries of means, whole matrices or entries of variances. The fit has the very numbers that
        are given; components keep their places.
    random_state : int, RandomState, Generator or None, default=None
        Source of randomness of starts and of the search.
    rng : int, RandomState, Generator or None, default=None
        The same by the name that the functions of this package have for it. Not both.
    warm_start : bool, default=False
        Whether a second call of `fit` begins where the first ended. On the same rows it goes on as if it had
        not stopped: short fits are, to the last bit, the long one. Bad optima are left once EM has converged.
    verbose : int, default=0
        1 prints where the fit stands; 2 also each `verbose_interval` iterations.
    verbose_interval : int, default=10
        Iterations between lines.
    escape : bool, default=True
        Whether bad optima are left. False gives EM alone. Where `max_iter` ends EM before it has begun (20
        iterations, or a step of 0.01) nothing is tried.
    accelerate : bool, default=True
        Whether steps of EM are extrapolated and, where it would creep, give way to those of a quadratic
        model. False gives plain EM, iteration by iteration as in scikit-learn.
    nested : {"offer", "take"}, default="offer"
        Whether a gain by components nested in one cluster, such as a core in a halo, is only listed in
        `diagnosis_` or taken. "take" maximises the objective.
    pursue : {"evidence", "likelihood"}, default="evidence"
        What moves are made for. "evidence" makes those whose gain new rows would see too: it stands out among
        the row-wise differences, and is there on rows left out. "likelihood" maximises the objective on these
        rows.
    background : {"box", "hull"} or float, optional
        A uniform density of free weight beside the components, for rows that belong to no cluster: over the
        box or the convex hull of the rows, or of the volume given, in the units of the columns.
    n_jobs : int, optional
        Threads at most; None or -1 for all cores, or as many as OMP_NUM_THREADS says. The fit does not depend
        on it.
    max_seconds : float, optional
        Time budget of a fit, which then ends with the best that is in hand ("time_limit"). Where k-means of
        so many components would take longer than that, starts are random rows.
    checkpoint : str or Path, optional
        File that keeps what is done: the same fit of the same rows goes on from it, to the same bits, however
        it was stopped or killed (docs/methods/fits/blocks.md).

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_ : ndarray
        As in scikit-learn. Covariances of mclust's other families are stored as "tied" (EII, EEI), "diag"
        (VEI, EVI) or "full" (VEE, EVE, VVE, EEV, VEV, EVV).
    held_ : HeldParts or None
        What was held; `diagnose` and `repair` hold it too.
    background_ : Background or None
        The uniform density, with its region and `weight`; with `weights_` that sums to one.
    background_weight_ : float
        Its weight: 0 without one.
    converged_ : bool
        Whether the fit is converged; `stop_reason_` says more.
    n_iter_ : int
        Iterations of all EM runs on the way to the fit, from the start over each move: with `escape` more
        than `max_iter`, which is that of one run, may come together. 1 at least where it is converged.
    lower_bound_ : float
        Log-likelihood per row (per unit of weight), less the penalty of the prior.
    lower_bounds_ : list of float
        The same along the way.
    n_features_in_, feature_names_in_
        Number of columns and, for tables, their names.
    stop_reason_ : str
        "converged", "max_iter", "plateau", "degenerate", "time_limit" or "interrupted".
    floor_active_ : bool
        Whether a floor holds up some covariance.
    diagnosis_ : Diagnosis
        Verdict on this fit; its moves and gains are those that led here from what EM alone found. Computed
        when first asked for, if time has no limit and rows are not many (docs/methods/fits/diagnosis.md).
    em_diagnosis_ : Diagnosis or None
        Verdict on what EM alone found; None with ``escape=False``.
    history_ : list of float
        NLL and penalty per row along the way, falling: each iteration of EM, and each move.
    solution_ : Solution
        The fit as the solver left it.
    covariance_prior_ : CovariancePrior or None
        What each covariance was given: `rows`, and their covariance `scale`, shape (d, d).
    n_samples_ : int
        Number of rows that it was fitted on.

    Examples
    --------
    >>> import numpy as np, gmmscape as gs
    >>> X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).reshape(-1, 1)
    >>> model = gs.GaussianMixture(3, means_init=[[4.5], [29.0], [31.0]], random_state=0).fit(X)
    >>> model.em_diagnosis_.verdict, model.diagnosis_.verdict
    ('bad optimum', 'no better fit found')
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-6,
        reg_covar: float = 0.0,
        covariance_floor: float | None = None,
        covariance_prior: str | float = "auto",
        max_iter: int = 1000,
        n_init: int = 1,
        init_params: Any = "kmeans",
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        weights_fixed: ArrayLike | None = None,
        means_fixed: ArrayLike | None = None,
        covariances_fixed: ArrayLike | None = None,
        random_state: Any = None,
        rng: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        escape: bool = True,
        accelerate: bool = True,
        nested: str = "offer",
        pursue: str = "evidence",
        background: str | float | None = None,
        n_jobs: int | None = None,
        max_seconds: float | None = None,
        checkpoint: str | Path | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.covariance_floor = covariance_floor
        self.covariance_prior = covariance_prior
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.weights_fixed = weights_fixed
        self.means_fixed = means_fixed
        self.covariances_fixed = covariances_fixed
        self.random_state = random_state
        self.rng = rng
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.escape = escape
        self.accelerate = accelerate
        self.nested = nested
        self.pursue = pursue
        self.background = background
        self.n_jobs = n_jobs
        self.max_seconds = max_seconds
        self.checkpoint = checkpoint

    @with_callbacks
    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> GaussianMixture:
        """Fit the mixture.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features) or RowBlocks
            Rows, or rows in blocks that need not fit into memory, as `open_rows` returns them.
        y : object, optional
            Not used; present as in scikit-learn.
        sample_weight : array_like of shape (n_samples,), optional
            Non-negative; only ratios matter for the fit. Equal by default.

        Returns
        -------
        GaussianMixture
            The estimator itself.

        Raises
        ------
        DataError
            If the data cannot be used, or have fewer rows than components.
        InvalidParameterError
            If a parameter cannot be used, or `checkpoint` is one of another fit.
        FormatError
            If `checkpoint` is no checkpoint, or damaged, as is the one before it.
        NotAvailableError
            If `checkpoint` is beside what rows in blocks do not have.

        Warns
        -----
        ConvergenceWarning
            If the fit did not converge; the message says why.

        Notes
        -----
        Cost O(n k d) an iteration, O(n k d^2) for full and tied covariances. Ctrl-C ends the work with the
        best fit found, ``stop_reason_="interrupted"``.
        """
        if isinstance(X, RowBlocks):
            if sample_weight is not None:
                raise InvalidParameterError.of(
                    "sample_weight", "an array", "rows in blocks bring their weights: open them with weights="
                )
            fit_blocks(self, X)
            return self
        with as_it_was_if_refused(self):
            if self.checkpoint is not None:
                fit_kept(self, X, sample_weight)
            else:
                fit_estimator(self, X, sample_weight)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> IntArray:
        """Fit the mixture and return the most probable component of each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.
        y : object, optional
            Not used.
        sample_weight : array_like of shape (n_samples,), optional
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            Component of each row, from 0.
        """
        return self.fit(X, y, sample_weight).predict(X)

    def partial_fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> GaussianMixture:
        """Take a batch of rows, which are not kept: one step of stepwise EM.

        The first batch gives the step that EM makes from the start. Of a later one, with the share s of all
        rows so far, the statistics count s^0.6, and those before it the rest. A fit that is there already
        counts as the rows that it was fitted on, each of weight one.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            The batch. The first has a row for each component at least; floors and prior are what it asks for.
        y : object, optional
            Not used.
        sample_weight : array_like of shape (n_samples,), optional
            Non-negative, in one unit for all batches.

        Returns
        -------
        GaussianMixture
            The estimator itself. `n_iter_` counts batches, `lower_bound_` is that of the last batch before
            its step, `n_samples_` the rows so far; there is no verdict: `diagnose` gives one on rows that are
            kept.

        Raises
        ------
        DataError
            If the rows cannot be used, or the first batch has too few.
        InvalidParameterError
            If a parameter cannot be used, or `n_components` or `covariance_type` changed between batches.
        NotAvailableError
            With a background or fixed parameters.

        Notes
        -----
        For independent rows of one distribution the parameters tend to a stationary point of the expected log
        likelihood, if they stay bounded (Cappe and Moulines, J. R. Stat. Soc. B 71, 2009). It may be a bad
        optimum: none is left. Nothing is promised of a single step, which may lower the likelihood, nor of
        few batches, nor of batches that differ by more than chance, such as sorted rows. Equal batches in
        equal order give equal bits. Cost of one pass over the batch.
        """
        with as_it_was_if_refused(self):
            partial_fit_estimator(self, X, sample_weight)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    @property
    def _repr_html_(self) -> Any:
        """What notebooks show: scikit-learn's picture and, of a fit, the short form of its report."""
        parameters = super()._repr_html_  # no attribute where scikit-learn is told to show text
        if not hasattr(self, "solution_") or self._mixture() != self.solution_.mixture:
            return parameters
        return lambda: f"{parameters()}{self.document()._repr_html_()}"

    @classmethod
    def from_json(cls, path: str | Path) -> Self:
        """Return the fitted estimator that a file holds.

        Parameters
        ----------
        path : str or Path
            As written by `to_json`, ``gmmscape fit --json`` or ``gmmscape repair --model``.

        Returns
        -------
        GaussianMixture
            With the fit, its floors, seed and `init_params`; the other parameters are defaults.

        Raises
        ------
        FormatError
            If the file is no JSON or holds something else.
        OSError
            If it cannot be read.
        """
        return cls.of_document(FitDocument.from_json(path))

    @classmethod
    def of_document(cls, document: FitDocument) -> Self:
        """Return the fitted estimator that a document describes.

        Parameters
        ----------
        document : FitDocument
            As `document` returns it.

        Returns
        -------
        GaussianMixture
            See `from_json`.
        """
        solution = document.solution
        document.check_own_units()
        model = cls(
            solution.mixture.n_components,
            covariance_type=solution.family,
            reg_covar=document.reg_covar,
            covariance_floor=document.covariance_floor,
            covariance_prior=0.0 if document.covariance_prior is None else document.covariance_prior.rows,
            random_state=document.seed,
        )
        if document.init_params in INIT_PARAMS:
            model.init_params = document.init_params
        fit = Fit(solution, document.diagnosis, document.before)
        set_fit(model, fit, document.n_samples, document.covariance_prior)
        model.n_features_in_ = solution.mixture.n_features
        if document.feature_names is not None:
            model.feature_names_in_ = np.array(document.feature_names, dtype=object)
        return model
