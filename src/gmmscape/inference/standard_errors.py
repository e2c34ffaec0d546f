"""standard_errors: how sure the parameters of a fit are."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from gmmscape.diagnosis.assess import POLISH, check_n_jobs, check_rows, family_of, total_mass
from gmmscape.diagnosis.findings import set_aside
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.families import Family
from gmmscape.given_rows import column_names, columns_in_order
from gmmscape.inference.bootstrap import BOOTSTRAPS, Plan
from gmmscape.inference.estimates import Problem, inferred
from gmmscape.inference.result import StandardErrors
from gmmscape.inference.rows import Worth
from gmmscape.measure import Sample
from gmmscape.models import FittedModel, last_step, read_model, rows_at_last_step
from gmmscape.objective import Objective
from gmmscape.progress import Budget, Callback
from gmmscape.solve import Solution, descend
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import choice, positive_integer, random_state_too, real_number
from gmmscape.work.journal import seed_for

METHODS = ("auto", "profile", "observed", "sandwich", *BOOTSTRAPS)


@random_state_too
def standard_errors(
    model: Any,
    X: Any,
    sample_weight: ArrayLike | None = None,
    *,
    method: str = "auto",
    level: float = TOLERANCES.inference.level,
    covariance_type: str | None = None,
    reg_covar: float | None = None,
    covariance_floor: float | None = None,
    covariance_prior: float | str | None = None,
    n_bootstrap: int = EFFORT.inference.refits,
    rng: Any = None,
    n_jobs: int | None = 1,
    max_seconds: float | None = None,
    verbose: int = 0,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
) -> StandardErrors:
    """Say how sure the parameters of a fitted mixture are: standard errors and intervals.

    The fit is polished by EM. Standard errors come from the exact second derivatives of the log-likelihood
    there, or from refits; intervals stay in the range of each parameter. They hold for this optimum: whether
    it is a bad one, `diagnose` says.

    Parameters
    ----------
    model : object
        A fitted mixture, as `diagnose` takes it.
    X : array_like of shape (n_samples, n_features)
        Data, as the model was fitted on. Columns of a table are matched by name where the model has names.
    sample_weight : array_like of shape (n_samples,), optional
        Non-negative weights of the rows; equal by default. Whole numbers, and whole multiples of one
        (docs/words.md#weights), are counts of rows; of others only ratios matter, and a row is one
        observation.
    method : {"auto", "profile", "observed", "sandwich", "bootstrap", "weighted bootstrap"}, default="auto"
        "profile": the observed information, and intervals by adjusted profile likelihood. "observed": the
        same, with intervals by normal theory on scales without ends (logit, log, Fisher's z). "sandwich":
        like it, but right where components are no Gaussians, or weights are no counts. "bootstrap": refits
        to rows drawn again, and their percentiles; "weighted bootstrap": refits under random weights.
        "auto" is "profile", or "observed" where that would take long, as for many patterns of missing
        values, or "bootstrap" where there are no second derivatives, or values are missing in very many
        rows.
    level : float, default=0.95
        Of the intervals.
    covariance_type : {"full", "tied", "diag", "spherical"}, optional
        Needed for a `Mixture` and for arrays: which covariances were free.
    reg_covar : float, optional
        Least variance, in squared units of the data; the model's own by default, else 0.
    covariance_floor : float, optional
        Least variance as a share of the data's; the model's own by default, else 1e-6.
    covariance_prior : "auto" or float, optional
        How many rows of the components' pooled covariance each covariance is given beside its own: the
        model's own by default, which is none for models fitted elsewhere. It counts as rows do.
    n_bootstrap : int, default=999
        Refits of a bootstrap.
    rng : None, int or numpy.random.Generator, default=None
        Source of randomness of a bootstrap (SPEC 7); refit i depends on it and i alone.
    n_jobs : int, optional
        Processes of a bootstrap; None or -1 for all cores. The result does not depend on it.
    max_seconds : float, optional
        Time budget.
    verbose : int, default=0
        1 prints every two seconds how far it has come.
    callback : callable, optional
        Called with an `Event` as the work goes on, of stage "polish", "profiles" or "refits"; returning True
        stops it.
    checkpoint : str or Path, optional
        JSON file that refits are kept in; if it exists, a bootstrap goes on from it, without `rng` with its
        seed.

    Returns
    -------
    StandardErrors
        Prints as a table; `estimates`, `verdict`, `to_frame`, `plot`.

    Raises
    ------
    DataError
        If the data cannot be used or have another number of columns than the model.
    InvalidParameterError
        If the model or an option cannot be used.
    NotAvailableError
        If the model has a background; if the family or the rows have no second derivatives, parameters are
        held, or the fit has too many for a matrix of them, and `method` needs it.
    NotFittedError
        If the model has no parameters yet.

    Notes
    -----
    Louis, J. R. Stat. Soc. B 44, 1982 (information); White, Econometrica 50, 1982 (sandwich); Venzon and
    Moolgavkar, Appl. Statist. 37, 1988 (profiles); Severini, Biometrika 86, 1999 (their adjustment);
    O'Hagan, Murphy, Scrucca and Gormley, Comput. Stat. 34, 2019 (bootstraps of mixtures). Ctrl-C, the
    callback and the end of the budget end profiles and refits with those that were done; intervals that are
    missing then are by normal theory. Cost: one pass with Hessian and O(m^3) for m parameters; about a
    dozen such for each profile; an EM run for each refit.

    Examples
    --------
    >>> import numpy as np, gmmscape as gs
    >>> X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 200)).reshape(-1, 1)
    >>> found = gs.standard_errors(gs.GaussianMixture(2, random_state=0).fit(X), X)
    >>> [round(one.standard_error, 3) for one in found.of("mean")]
    [0.072, 0.068]
    """
    choice("method", method, METHODS)
    level = checked_level(level)
    check_n_jobs(n_jobs)
    budget = Budget.of("standard_errors", max_seconds, callback, verbose)
    plan = Plan(
        method=method,
        number=positive_integer("n_bootstrap", n_bootstrap),
        seed=seed_for(checkpoint, rng),
        n_jobs=-1 if n_jobs is None else int(n_jobs),
        checkpoint=checkpoint,
    )
    X = rows_at_last_step(model, X)
    fitted = read_model(last_step(model), covariance_type)
    if fitted.mixture is None:
        raise InvalidParameterError.of("model", model, "pass a mixture: centers have no likelihood")
    if fitted.mixture.background is not None:
        raise NotAvailableError(
            "standard errors beside a background: neither derivatives nor refits know of it; those of the "
            "components on their own rows are of `mixture_.beside(None)` and `X[labels >= 0]`, and too small"
        )
    X = columns_in_order(X, fitted.feature_names)
    sample = Sample(X, sample_weight, copy=False, wild="aside")
    for finding in set_aside(sample):
        warnings.warn(str(finding), UserWarning, stacklevel=3)
    check_rows(sample, fitted)
    family = family_of(fitted, sample, reg_covar, covariance_floor, covariance_prior)
    found = of_sample(fitted, family, sample, sample_weight, level, plan, budget)
    return found.told(fitted.feature_names or column_names(X))


def of_sample(
    fitted: FittedModel,
    family: Family,
    sample: Sample,
    sample_weight: ArrayLike | None,
    level: float,
    plan: Plan,
    budget: Budget,
) -> StandardErrors:
    """Return what `standard_errors` does, of a model that was read and rows that were looked at.

    Parameters
    ----------
    fitted : FittedModel
        With a mixture.
    family : Family
        That it was fitted in, with prior and floor.
    sample : Sample
        The rows.
    sample_weight : array_like of shape (n_samples,) or None
        Their weights, as they came.
    level : float
        Of the intervals.
    plan : Plan
        The method, and what a bootstrap draws.
    budget : Budget
        Time and callback.

    Returns
    -------
    StandardErrors
        Columns by number.
    """
    assert fitted.mixture is not None
    given = sample.local_mixture(fitted.mixture)
    objective = Objective.near(sample, family, given)
    solution = _polished(objective, given, budget)
    worth, total = Worth.of(sample), total_mass(sample, sample_weight)
    return inferred(Problem(objective, given, solution, worth, level, total), plan, budget)


def checked_level(level: Any) -> float:
    """Return a level between 0 and 1, or raise InvalidParameterError."""
    found = real_number("level", level)
    if not found < 1.0:
        raise InvalidParameterError.of("level", level, "pass a share between 0 and 1, such as 0.95")
    return found


def _polished(objective: Any, given: Any, budget: Budget) -> Solution:
    def watch(ended: int, iterations: int, nll: float) -> bool:
        return not ended and budget.asks_to_stop("polish", 0, 1, nll, iteration=iterations)

    return descend(POLISH, objective, given, max_seconds=budget.left, watch=watch)
