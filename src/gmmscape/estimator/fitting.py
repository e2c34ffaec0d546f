"""From the parameters of an estimator to its fit."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from gmmscape.arrays import FloatArray
from gmmscape.background import checked_background
from gmmscape.diagnosis.assess import NESTED, check_n_jobs, total_mass
from gmmscape.diagnosis.findings import set_aside
from gmmscape.diagnosis.fit import Fit, FitPlan, fit_mixture
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.families import CovariancePrior, Family, HeldParts, family_named, family_names, with_held
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.models import inverse_covariances
from gmmscape.moves.mixture_problem import PURSUE
from gmmscape.progress import Budget, Callback, Printer, checked_verbose
from gmmscape.solve import EM, INIT_PARAMS, STOP_REASONS, Regularity, mixture_around, start_around
from gmmscape.validation import (
    choice,
    finite_array,
    mean_matrix,
    optional_seconds,
    positive_integer,
    probability_weights,
    real_number,
)

if TYPE_CHECKING:
    from gmmscape.estimator.gaussian_mixture import GaussianMixture


def checked_data(model: Any, X: Any, *, reset: bool) -> FloatArray:
    """Return data as scikit-learn checks them, with names of columns; its ValueErrors become DataErrors."""
    if issparse(X):
        raise DataError("X is sparse: pass a dense array, for example X.toarray()")
    try:
        return validate_data(
            model, X, reset=reset, dtype=np.float64, accept_sparse=False, ensure_all_finite="allow-nan"
        )
    except ValueError as error:
        raise DataError(str(error)) from error


def fit_estimator(
    model: GaussianMixture,
    X: Any,
    sample_weight: ArrayLike | None = None,
    callback: Callback | None = None,
    *,
    defer: bool = True,
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
    defer : bool, default=True
        Whether diagnoses may be left until they are asked for.

    Returns
    -------
    Fit
        Solution and diagnoses.
    """
    solver = _checked_parameters(model)
    max_seconds = optional_seconds("max_seconds", model.max_seconds)
    regularity = Regularity.of(model.covariance_prior, model.reg_covar, model.covariance_floor)
    X = checked_data(model, X, reset=True)
    # Rows that a diagnosis is computed from later must not change; and it is part of what a limit holds for.
    defer = defer and max_seconds is None and X.size <= EFFORT.diagnosis.kept_values
    sample = Sample(X, sample_weight, copy=defer, wild="aside", background=model.background)
    if len(sample) == 1:
        raise DataError(
            "X has n_samples=1 row (of positive weight): no variance can be estimated from one row"
        )
    if model.n_components > len(sample):
        raise DataError(
            f"n_components={model.n_components} but X has only n_samples={len(sample)} rows (of positive "
            "weight): use fewer components"
        )
    names = getattr(model, "feature_names_in_", None)
    for finding in set_aside(sample):
        warnings.warn(str(finding), UserWarning, stacklevel=3)
    family = regularity.family(sample, model.covariance_type, model.n_components, max_seconds)
    family = with_held(family, held_of(model, X.shape[1]), sample.origin)
    seed = seed_from(model.random_state)
    plan = FitPlan(
        n_components=model.n_components,
        solver=solver,
        init_params=model.init_params,
        n_init=model.n_init,
        seed=seed,
        escape=bool(model.escape),
        take_nested=model.nested == "take",
        pursue=model.pursue,
        n_jobs=model.n_jobs,
        start=_start(model, sample, family, seed),
        defer=defer,
    )
    budget = Budget("fit", max_seconds, callback or _printer(model), each_iteration=model.verbose >= 2)
    fit = fit_mixture(sample, family, plan, total_mass(sample, sample_weight), budget)
    before = fit.em_diagnosis
    fit = replace(
        fit,
        diagnosis=fit.diagnosis.told(names),
        em_diagnosis=None if before is None else before.told(names),
    )
    set_fit(model, fit, len(X), family.prior)
    if fit.solution.stop_reason not in ("converged", "interrupted"):
        reason = fit.solution.stop_reason
        warnings.warn(f"{reason}: {STOP_REASONS[reason]}", ConvergenceWarning, stacklevel=3)
    return fit


def held_of(model: GaussianMixture, d: int) -> HeldParts | None:
    """What the user wants to be held, checked."""
    kind = family_named(model.covariance_type).kind
    given = model.weights_fixed, model.means_fixed, model.covariances_fixed
    if model.weights_fixed is not None and model.background is not None:
        raise InvalidParameterError.of(
            "weights_fixed", model.weights_fixed, "leave out beside a background, whose weight is free"
        )
    return HeldParts.of(kind, model.n_components, d, *given)


def _checked_parameters(model: GaussianMixture) -> EM:
    positive_integer("n_components", model.n_components)
    choice("covariance_type", model.covariance_type, family_names())
    choice("init_params", model.init_params, INIT_PARAMS)
    choice("nested", model.nested, NESTED)
    choice("pursue", model.pursue, PURSUE)
    checked_background(model.background)
    positive_integer("n_init", model.n_init)
    positive_integer("verbose_interval", model.verbose_interval)
    check_n_jobs(model.n_jobs)
    for name in ("escape", "warm_start"):
        if not isinstance(getattr(model, name), (bool, np.bool_)):
            raise InvalidParameterError.of(name, getattr(model, name), "pass True or False")
    checked_verbose(model.verbose)
    return EM(
        tol=real_number("tol", model.tol, strict=False), max_iter=positive_integer("max_iter", model.max_iter)
    )


def seed_from(random_state: Any) -> int:
    """A seed that a given random state always leads to."""
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError as error:
        raise InvalidParameterError.of(
            "random_state", random_state, "pass None, an integer, a RandomState or a Generator"
        ) from error


def _start(model: GaussianMixture, sample: Sample, family: Family, seed: int) -> Mixture | None:
    """Where to begin if the user says so, wholly or in part; in local coordinates."""
    if model.warm_start and hasattr(model, "means_"):
        wanted = (model.n_components, sample.n_features)
        try:
            parts = model.weights_, model.means_, model.covariances_
            start = Mixture(*parts, family.kind.name, background=model.background_)
        except InvalidParameterError as error:
            raise InvalidParameterError.of(
                "warm_start", True, f"the last fit was another ({error})"
            ) from error
        if start.means.shape != wanted:
            raise InvalidParameterError.of(
                "warm_start", True, f"the last fit has means of shape {start.means.shape}, not {wanted}"
            )
        return sample.local_mixture(start)
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
        start = mixture_around(sample, family, means - sample.origin)
    covariances = start.covariances
    if model.precisions_init is not None:
        covariances = _inverted(model.precisions_init, start)
    return Mixture(weights, start.means, covariances, start.covariance_type)


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


def _printer(model: GaussianMixture) -> Printer | None:
    """Lines of stages and rounds; of every `verbose_interval`-th iteration where `verbose` is 2 or more."""
    if not model.verbose:
        return None
    return Printer(every=model.verbose_interval if model.verbose > 1 else None)


def set_fit(model: GaussianMixture, fit: Fit, n_samples: int, prior: CovariancePrior | None) -> None:
    """Give an estimator the attributes of a fit to so many rows."""
    solution = fit.solution
    mixture = solution.mixture
    model.weights_ = mixture.weights.copy()
    model.held_ = solution.held
    model.background_ = mixture.background
    model.background_weight_ = mixture.background_weight
    model.means_ = mixture.means.copy()
    model.covariances_ = mixture.covariances.copy()
    model.precisions_cholesky_ = mixture.parameters.factors.copy()
    model.precisions_ = inverse_covariances(mixture)
    model.converged_ = solution.converged
    model.n_iter_ = solution.n_iter
    model.lower_bound_ = -solution.value
    model.lower_bounds_ = [-value for value in solution.history]
    model.stop_reason_ = solution.stop_reason
    model.floor_active_ = solution.floor_active
    model.diagnosis_ = fit.diagnosis
    model.em_diagnosis_ = fit.em_diagnosis
    model.history_ = list(solution.history)
    model.solution_ = solution
    model.n_samples_ = n_samples
    model.covariance_prior_ = prior
