"""GaussianMixture: scikit-learn's names, and a fit that does not stay in a bad optimum."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.escape.fit import Fit, FitPlan, fit_mixture
from gmmscape.escape.judge import COVARIANCE_FLOOR, NESTED, check_n_jobs, total_mass
from gmmscape.escape.search import Budget, Event
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.families import Floor, FreeCovariance, family_named
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.models import NotFittedError, inverse_covariances
from gmmscape.solve import EM, INIT_PARAMS, STOP_REASONS, mixture_around, start_around
from gmmscape.validation import (
    choice,
    finite_array,
    mean_matrix,
    positive_integer,
    probability_weights,
    real_number,
    whole_number,
)


class GaussianMixture(DensityMixin, BaseEstimator):
    """Gaussian mixture with scikit-learn's interface that leaves bad optima.

    After EM, overloaded components are split into slots that merging or deleting redundant ones frees, as
    long as the likelihood rises; see `repair`. Parameters and attributes are those of
    ``sklearn.mixture.GaussianMixture`` with a few added; where they differ in meaning, this text says so.

    Parameters
    ----------
    n_components : int, default=1
        Number of components.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        Which covariances are free.
    tol : float, default=1e-6
        EM is converged when the length of its step falls below: the largest move of a mean in standard
        deviations, or relative change of a weight or covariance. (scikit-learn: rise of the likelihood.)
    reg_covar : float, default=0.0
        Least variance, in squared units of the data. A floor; never added. (scikit-learn adds it.)
    covariance_floor : float, default=1e-6
        Least variance as a share of the data's in each column; the larger floor counts.
    max_iter : int, default=1000
        Iterations of each run of EM.
    n_init : int, default=1
        Number of starts; the best one is escaped from. More starts leave the first ones as they are.
    init_params : {"k-means++", "kmeans", "random", "random_from_data"}, default="k-means++"
        Where starting means come from. Starting covariances are the scatter of the data about them.
    weights_init : array_like of shape (n_components,), optional
        Starting weights, summing to one.
    means_init : array_like of shape (n_components, n_features), optional
        Starting means.
    precisions_init : array_like, optional
        Inverses of the starting covariances, in the shape of `covariance_type`.
    random_state : int, RandomState, Generator or None, default=None
        Source of randomness of starts and of the search.
    warm_start : bool, default=False
        Whether a second call of `fit` begins where the first ended.
    verbose : int, default=0
        1 prints where the fit stands; 2 also each `verbose_interval` iterations.
    verbose_interval : int, default=10
        Iterations between lines.
    escape : bool, default=True
        Whether bad optima are left. False gives plain EM.
    nested : {"offer", "take"}, default="offer"
        Whether a gain by components nested in one cluster, such as a core in a halo, is only listed in
        `diagnosis_` or taken. "take" maximises the likelihood.
    n_jobs : int, optional
        Threads at most; None or -1 for all cores, or as many as OMP_NUM_THREADS says. The fit does not depend
        on it.

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_ : ndarray
        As in scikit-learn.
    converged_ : bool
        Whether the fit is converged; `stop_reason_` says more.
    n_iter_ : int
        Iterations of all EM runs on the way to the fit.
    lower_bound_ : float
        Log-likelihood per row (per unit of weight).
    lower_bounds_ : list of float
        The same along the way.
    n_features_in_, feature_names_in_
        Number of columns and, for tables, their names.
    stop_reason_ : str
        "converged", "max_iter", "plateau", "degenerate" or "interrupted".
    floor_active_ : bool
        Whether a floor holds up some covariance.
    diagnosis_ : Diagnosis
        Verdict on this fit; its moves and gains are those that led here from what EM alone found.
    em_diagnosis_ : Diagnosis or None
        Verdict on what EM alone found; None with ``escape=False``.
    history_ : list of float
        NLL per row along the way, falling: each iteration of EM, and each move.

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
        covariance_floor: float = COVARIANCE_FLOOR,
        max_iter: int = 1000,
        n_init: int = 1,
        init_params: str = "k-means++",
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        escape: bool = True,
        nested: str = "offer",
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.covariance_floor = covariance_floor
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.escape = escape
        self.nested = nested
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> GaussianMixture:
        """Fit the mixture.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.
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
            If a parameter cannot be used.

        Warns
        -----
        ConvergenceWarning
            If the fit did not converge; the message says why.

        Notes
        -----
        Cost O(n k d) an iteration, O(n k d^2) for full and tied covariances. Ctrl-C ends the work with the
        best fit found, ``stop_reason_="interrupted"``.
        """
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

    def predict(self, X: Any) -> IntArray:
        """Return the most probable component of each row; the lowest index wins ties.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Component of each row, from 0.
        """
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the posterior probability of each component at each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Rows sum to one.
        """
        with engine.limited(self.n_jobs):
            return self._mixture().responsibilities(self._checked(X))

    def score_samples(self, X: Any) -> FloatArray:
        """Return the log density at each row.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            In nats.
        """
        with engine.limited(self.n_jobs):
            return self._mixture().log_density(self._checked(X))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the average log density.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.
        y : object, optional
            Not used.

        Returns
        -------
        float
            In nats per row.
        """
        return float(self.score_samples(X).mean())

    def bic(self, X: Any) -> float:
        """Return the Bayesian information criterion; smaller is better, as in scikit-learn.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        float
            -2 log-likelihood + (number of parameters) log n.
        """
        density = self.score_samples(X)
        return float(-2.0 * density.sum() + n_parameters(self._mixture()) * np.log(len(density)))

    def aic(self, X: Any) -> float:
        """Return Akaike's information criterion; smaller is better, as in scikit-learn.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        float
            -2 log-likelihood + 2 (number of parameters).
        """
        return float(-2.0 * self.score_samples(X).sum() + 2.0 * n_parameters(self._mixture()))

    def sample(self, n_samples: int = 1) -> tuple[FloatArray, IntArray]:
        """Draw rows from the fitted mixture.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Rows, grouped by component as in scikit-learn.
        y : ndarray of shape (n_samples,)
            Component each row was drawn from.
        """
        n_samples = positive_integer("n_samples", n_samples)
        X, labels = self._mixture().sample(n_samples, _seed(self.random_state))
        order = np.argsort(labels, kind="stable")
        return X[order], labels[order]

    def _mixture(self) -> Mixture:
        if not hasattr(self, "means_"):
            raise NotFittedError(f"this {type(self).__name__} is not fitted: call its fit method first")
        return Mixture(self.weights_, self.means_, self.covariances_, self.covariance_type)

    def _checked(self, X: Any) -> FloatArray:
        self._mixture()
        return checked_data(self, X, reset=False)


def n_parameters(mixture: Mixture) -> int:
    """Return the number of free parameters of a mixture with free weights, means and covariances."""
    k, d = mixture.means.shape
    of_covariances = {
        "full": k * d * (d + 1) // 2,
        "tied": d * (d + 1) // 2,
        "diag": k * d,
        "spherical": k,
    }[mixture.covariance_type]
    return k * d + of_covariances + k - 1


def checked_data(model: GaussianMixture, X: Any, *, reset: bool) -> FloatArray:
    """Return data as scikit-learn checks them, names of columns included; its ValueErrors become "
    "DataErrors."""
    if issparse(X):
        raise DataError("X is sparse: pass a dense array, for example X.toarray()")
    try:
        return validate_data(model, X, reset=reset, dtype=np.float64, accept_sparse=False)
    except ValueError as error:
        raise DataError(str(error)) from error


def fit_estimator(
    model: GaussianMixture,
    X: Any,
    sample_weight: ArrayLike | None = None,
    callback: Callable[[Event], Any] | None = None,
) -> Fit:
    """Fit an estimator in place, and return the fit with all that is known of it.

    Parameters
    ----------
    model : GaussianMixture
        With parameters as the user set them; they are checked here.
    X : array_like of shape (n_samples, n_features)
        Rows.
    sample_weight : array_like of shape (n_samples,), optional
        Equal by default.
    callback : callable, optional
        Called with an `Event`; returning True stops. By default `verbose` decides what is printed.

    Returns
    -------
    Fit
        Solution and diagnoses.
    """
    solver = _checked_parameters(model)
    X = checked_data(model, X, reset=True)
    sample = Sample(X, sample_weight, copy=False)
    if len(sample) == 1:
        raise DataError(
            "X has n_samples=1 row (of positive weight): no variance can be estimated from one row"
        )
    if model.n_components > len(sample):
        raise DataError(
            f"n_components={model.n_components} but X has only n_samples={len(sample)} rows (of "
            f"positive "
            "weight): use fewer components"
        )
    floor = Floor.of(sample.variance, reg_covar=model.reg_covar, covariance_floor=model.covariance_floor)
    family = family_named(model.covariance_type, floor)
    seed = _seed(model.random_state)
    plan = FitPlan(
        n_components=model.n_components,
        solver=solver,
        init_params=model.init_params,
        n_init=model.n_init,
        seed=seed,
        escape=bool(model.escape),
        take_nested=model.nested == "take",
        n_jobs=model.n_jobs,
        start=_start(model, sample, family, seed),
    )
    budget = Budget(None, callback or _printer(model), each_iteration=model.verbose >= 2)
    fit = fit_mixture(sample, family, plan, total_mass(sample, sample_weight), budget)
    set_fit(model, fit)
    if fit.solution.stop_reason not in ("converged", "interrupted"):
        reason = fit.solution.stop_reason
        warnings.warn(f"{reason}: {STOP_REASONS[reason]}", ConvergenceWarning, stacklevel=3)
    return fit


def _checked_parameters(model: GaussianMixture) -> EM:
    positive_integer("n_components", model.n_components)
    choice("covariance_type", model.covariance_type, COVARIANCE_TYPES)
    choice("init_params", model.init_params, INIT_PARAMS)
    choice("nested", model.nested, NESTED)
    real_number("reg_covar", model.reg_covar, strict=False)
    real_number("covariance_floor", model.covariance_floor, strict=False)
    positive_integer("n_init", model.n_init)
    positive_integer("verbose_interval", model.verbose_interval)
    check_n_jobs(model.n_jobs)
    for name in ("escape", "warm_start"):
        if not isinstance(getattr(model, name), (bool, np.bool_)):
            raise InvalidParameterError.of(name, getattr(model, name), "pass True or False")
    whole_number("verbose", int(model.verbose) if isinstance(model.verbose, bool) else model.verbose)
    return EM(
        tol=real_number("tol", model.tol, strict=False), max_iter=positive_integer("max_iter", model.max_iter)
    )


def _seed(random_state: Any) -> int:
    """A seed that a given random state always leads to."""
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError as error:
        raise InvalidParameterError.of(
            "random_state", random_state, "pass None, an integer, a RandomState or a Generator"
        ) from error


def _start(model: GaussianMixture, sample: Sample, family: FreeCovariance, seed: int) -> Mixture | None:
    """Where to begin if the user says so, wholly or in part."""
    if model.warm_start and hasattr(model, "means_"):
        wanted = (model.n_components, sample.n_features)
        try:
            start = Mixture(model.weights_, model.means_, model.covariances_, model.covariance_type)
        except InvalidParameterError as error:
            raise InvalidParameterError.of(
                "warm_start", True, f"the last fit was another ({error})"
            ) from error
        if start.means.shape != wanted:
            raise InvalidParameterError.of(
                "warm_start", True, f"the last fit has means of shape {start.means.shape}, not {wanted}"
            )
        return start
    given = (model.weights_init, model.means_init, model.precisions_init)
    if all(value is None for value in given):
        return None
    k, d = model.n_components, sample.n_features
    weights = probability_weights("weights_init", model.weights_init, k)
    if model.means_init is None:
        start = start_around(sample, family, k, model.init_params, np.random.default_rng([seed, 0]))
    else:
        means = mean_matrix("means_init", model.means_init, n_features=d)
        if len(means) != k:
            raise InvalidParameterError(f"means_init has {len(means)} rows: pass n_components={k} of them")
        start = mixture_around(sample, family, means)
    covariances = start.covariances
    if model.precisions_init is not None:
        covariances = _inverted(model.precisions_init, start)
    return Mixture(weights, start.means, covariances, model.covariance_type)


def _inverted(value: ArrayLike, start: Mixture) -> FloatArray:
    precisions = finite_array("precisions_init", value, ndim=(1, 2, 3))
    if precisions.shape != start.covariances.shape:
        raise InvalidParameterError(
            f"precisions_init has shape {precisions.shape}: covariance_type={start.covariance_type!r} needs "
            f"{start.covariances.shape}"
        )
    try:
        # Precisions are positive definite where they can be the covariances of some mixture.
        as_mixture = Mixture(None, start.means, precisions, start.covariance_type)
    except InvalidParameterError as error:
        raise InvalidParameterError(f"precisions_init: {error}") from error
    return inverse_covariances(as_mixture)


def _printer(model: GaussianMixture) -> Callable[[Event], None] | None:
    if not model.verbose:
        return None

    def show(event: Event) -> None:
        iteration = event.stage in ("em", "polish")
        if not iteration or (model.verbose > 1 and event.tried % model.verbose_interval == 0):
            what = f"start {event.round}, iteration {event.tried}"
            if not iteration:
                what = f"{event.stage}: round {event.round}, {event.tried} moves tried"
            print(f"{what}, nll {event.value:.8g}, {event.seconds:.1f} s")

    return show


def set_fit(model: GaussianMixture, fit: Fit) -> None:
    """Give an estimator the attributes of a fit."""
    solution = fit.solution
    mixture = solution.mixture
    model.weights_ = mixture.weights.copy()
    model.means_ = mixture.means.copy()
    model.covariances_ = mixture.covariances.copy()
    model.precisions_cholesky_ = mixture.parameters.factors.copy()
    model.precisions_ = inverse_covariances(mixture)
    model.converged_ = solution.converged
    model.n_iter_ = solution.n_iter
    model.lower_bound_ = -solution.nll
    model.lower_bounds_ = [-value for value in solution.history]
    model.stop_reason_ = solution.stop_reason
    model.floor_active_ = solution.floor_active
    model.diagnosis_ = fit.diagnosis
    model.em_diagnosis_ = fit.em_diagnosis
    model.history_ = list(solution.history)
