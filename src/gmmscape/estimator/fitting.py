"""From the parameters of an estimator to its fit."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from gmmscape.arrays import FloatArray
from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.diagnosis.assess import NESTED, check_n_jobs
from gmmscape.diagnosis.findings import set_aside
from gmmscape.diagnosis.fit import Fit, FitPlan, fit_mixture
from gmmscape.effort import EFFORT
from gmmscape.estimator.inputs import checked_data
from gmmscape.estimator.kept_rows import KeptRows
from gmmscape.estimator.sklearn_callbacks import Told
from gmmscape.estimator.starting import GIVEN, Paused, begun, check_init_params, problem_of
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.families import (
    CovariancePrior,
    HeldParts,
    check_room,
    family_named,
    known_family,
    saying_where_room_ends,
    with_held,
)
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import checked_background
from gmmscape.models import inverse_covariances
from gmmscape.moves.mixture_problem import PURSUE
from gmmscape.progress import Budget, Callback, Printer, checked_verbose
from gmmscape.solve import EM, STOP_REASONS, Regularity
from gmmscape.validation import choice, optional_seconds, positive_integer, real_number, whole_number

if TYPE_CHECKING:
    from gmmscape.estimator.gaussian_mixture import GaussianMixture


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
    solver = checked_parameters(model)
    max_seconds = optional_seconds("max_seconds", model.max_seconds)
    regularity = Regularity.of(model.covariance_prior, model.reg_covar, model.covariance_floor)
    told = Told(model, X, sample_weight)
    seen = told.seen_by(callback or printer_of(model))
    budget = Budget("fit", max_seconds, seen, each_iteration=model.verbose >= 2 or told.listens)
    X = checked_data(model, X, reset=True)
    size = model.covariance_type, model.n_components, X.shape[1]
    check_room(*size, search=bool(model.escape), n=len(X))
    with saying_where_room_ends(*size, search=bool(model.escape)):
        fit = _fit_of_rows(model, X, sample_weight, solver, regularity, budget, defer=defer)
    told.ended(**{name: value for name, value in vars(model).items() if name.endswith("_")})
    if model.max_iter > 0 and fit.solution.stop_reason not in ("converged", "interrupted"):
        warnings.warn(not_converged(fit.solution.stop_reason), ConvergenceWarning, stacklevel=4)
    return fit


def _fit_of_rows(
    model: GaussianMixture,
    X: FloatArray,
    sample_weight: ArrayLike | None,
    solver: EM,
    regularity: Regularity,
    budget: Budget,
    *,
    defer: bool,
) -> Fit:
    """Fit an estimator, whose parameters and rows were looked at, in place."""
    # Rows that a diagnosis is computed from later must not change; and it is part of what a limit holds for.
    defer = defer and budget.left is None and X.size <= EFFORT.diagnosis.kept_values
    names = getattr(model, "feature_names_in_", None)
    sample = Sample(X, sample_weight, copy=defer, wild="aside", names=names, background=model.background)
    if len(sample) == 1:
        raise DataError(
            "X has n_samples=1 row (of positive weight): no variance can be estimated from one row"
        )
    if model.n_components > len(sample):
        raise DataError(
            f"Expected n_samples >= n_components but got n_components = {model.n_components}, n_samples = "
            f"{len(sample)} (of positive weight): use fewer components"
        )
    for finding in set_aside(sample):
        warnings.warn(str(finding), UserWarning, stacklevel=5)
    family = regularity.family(sample, model.covariance_type, model.n_components, budget.left)
    family = with_held(family, held_of(model, X.shape[1]), sample.origin)
    seed = seed_of_model(model)
    problem = problem_of(model, X, sample_weight) if model.warm_start else None
    start, resume = begun(model, sample, family, seed, problem, X)
    plan = FitPlan(
        n_components=model.n_components,
        solver=solver,
        init_params=model.init_params if isinstance(model.init_params, str) else GIVEN,
        n_init=model.n_init,
        seed=seed,
        escape=bool(model.escape),
        take_nested=model.nested == "take",
        pursue=model.pursue,
        n_jobs=model.n_jobs,
        start=start,
        defer=defer,
        keep=bool(model.warm_start),
        resume=resume,
    )
    fit = fit_mixture(sample, family, plan, sample.counted_rows, budget)
    before = fit.em_diagnosis
    fit = replace(
        fit,
        diagnosis=fit.diagnosis.told(names),
        em_diagnosis=None if before is None else before.told(names),
    )
    memory = fit.solution.memory
    if fit.em_diagnosis is not None or problem is None or memory is None:
        model.__dict__.pop("_paused", None)
    else:
        model._paused = Paused(problem, memory)
    set_fit(model, fit, len(X), family.prior, X.dtype)
    model._kept_rows = KeptRows(sample, family, sample_weight) if defer else KeptRows()
    return fit


def held_of(model: GaussianMixture, d: int) -> HeldParts | None:
    """What the user wants to be held, checked."""
    family = family_named(model.covariance_type)
    given = model.weights_fixed, model.means_fixed, model.covariances_fixed
    if model.weights_fixed is not None and model.background is not None:
        raise InvalidParameterError.of(
            "weights_fixed", model.weights_fixed, "leave out beside a background, whose weight is free"
        )
    if model.covariances_fixed is not None and family.name not in COVARIANCE_TYPES:
        raise InvalidParameterError.of(
            "covariances_fixed",
            model.covariances_fixed,
            f"leave out with covariance_type={family.name!r}, whose components share some of theirs; pass "
            f"one of {', '.join(COVARIANCE_TYPES)}",
        )
    return HeldParts.of(family.kind, model.n_components, d, *given)


def not_converged(reason: str) -> str:
    """scikit-learn's sentence, which is filtered by, and what happened here."""
    return (
        "Best performing initialization did not converge. Try different init parameters, or increase "
        f"max_iter, tol, or check for degenerate data. Here: {reason}: {STOP_REASONS[reason]}"
    )


def checked_parameters(model: GaussianMixture) -> EM:
    """Return the solver that the parameters of an estimator ask for, all of them checked."""
    positive_integer("n_components", model.n_components)
    known_family("covariance_type", model.covariance_type)
    check_init_params(model.init_params)
    choice("nested", model.nested, NESTED)
    choice("pursue", model.pursue, PURSUE)
    checked_background(model.background)
    positive_integer("n_init", model.n_init)
    positive_integer("verbose_interval", model.verbose_interval)
    check_n_jobs(model.n_jobs)
    for name in ("escape", "warm_start", "accelerate"):
        if not isinstance(getattr(model, name), (bool, np.bool_)):
            raise InvalidParameterError.of(name, getattr(model, name), "pass True or False")
    checked_verbose(model.verbose)
    return EM(
        tol=real_number("tol", model.tol, strict=False),
        max_iter=whole_number("max_iter", model.max_iter),
        accelerate=bool(model.accelerate),
    )


def seed_of_model(model: Any) -> int:
    """A seed that the random state of an estimator, by either name, always leads to."""
    random_state = model.random_state
    if model.rng is not None:
        if random_state is not None:
            raise InvalidParameterError.of("rng", model.rng, "pass either rng or random_state, not both")
        random_state = model.rng
    if isinstance(random_state, Integral) and int(random_state) >= 2**32:  # more than a RandomState takes
        random_state = np.random.default_rng(int(random_state))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError as error:
        raise InvalidParameterError.of(
            "random_state" if model.rng is None else "rng",
            random_state,
            "pass None, an integer, a RandomState or a Generator",
        ) from error


def printer_of(model: GaussianMixture) -> Printer | None:
    """Lines of stages and rounds; of every `verbose_interval`-th iteration where `verbose` is 2 or more."""
    if not model.verbose:
        return None
    return Printer(every=model.verbose_interval if model.verbose > 1 else None)


def set_parameters(model: Any, mixture: Mixture, dtype: Any = np.float64) -> None:
    """Give an estimator the attributes of a mixture, in this precision."""
    found = {  # all of it before any: what is singular in float64 leaves the model as it was
        "weights_": mixture.weights,
        "means_": mixture.means,
        "covariances_": mixture.covariances,
        "precisions_cholesky_": mixture.parameters.factors,
        "precisions_": inverse_covariances(mixture),
    }
    for name, value in found.items():
        setattr(model, name, value.astype(dtype))


def set_fit(
    model: GaussianMixture,
    fit: Fit,
    n_samples: int,
    prior: CovariancePrior | None,
    dtype: Any = np.float64,
) -> None:
    """Give an estimator the attributes of a fit to so many rows, in the precision of these."""
    solution = fit.solution
    set_parameters(model, solution.mixture, dtype)
    model.held_ = solution.held
    model.background_ = solution.mixture.background
    model.background_weight_ = solution.mixture.background_weight
    model.converged_ = solution.converged
    model.n_iter_ = max(solution.n_iter, int(solution.converged))  # a step says that a start is converged
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
    model.__dict__.pop("_online", None)
