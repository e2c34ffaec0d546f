"""A fit to rows in blocks: the search on a coreset, EM and the likelihood on all of them."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from gmmscape.diagnosis.blocked import searched_on
from gmmscape.diagnosis.fit import Fit
from gmmscape.effort import EFFORT
from gmmscape.estimator.fitting import (
    checked_parameters,
    fit_estimator,
    held_of,
    not_converged,
    printer_of,
    seed_of_model,
    set_fit,
)
from gmmscape.estimator.kept_rows import KeptRows
from gmmscape.estimator.starting import begun
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.families import Family, family_named, with_held
from gmmscape.measure import Sample
from gmmscape.measure.blocked import BlockedSample, Coreset, RowBlocks, coreset_of, facts_of
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.progress import PRINTED_EVERY, Budget, Callback, Event, asks_to_stop
from gmmscape.solve import EM, Regularity, Solution
from gmmscape.solve.loop import run
from gmmscape.threads import limited
from gmmscape.validation import optional_seconds

if TYPE_CHECKING:
    from gmmscape.estimator.gaussian_mixture import GaussianMixture


def fit_blocks(model: GaussianMixture, rows: RowBlocks, callback: Callback | None = None) -> Fit:
    """Fit an estimator to rows in blocks, in place.

    Parameters
    ----------
    model : GaussianMixture
        With parameters as the user set them; they are checked here.
    rows : RowBlocks
        The rows, with their weights if they have some.
    callback : callable, optional
        Called with an `Event`; returning True stops.

    Returns
    -------
    Fit
        Its solution is of all rows; its diagnosis is that of the search, which worked on a coreset.

    Raises
    ------
    DataError
        If there are fewer rows than components, or values that cannot be used.
    NotAvailableError
        If the parameters ask for what is not there for rows in blocks.
    """
    solver = checked_parameters(model)
    _check_available(model)
    seed, max_seconds = seed_of_model(model), optional_seconds("max_seconds", model.max_seconds)
    seen = callback or printer_of(model)
    budget = Budget("fit", max_seconds, seen)
    budget.asks_to_stop("summary", 0)
    with limited(model.n_jobs):
        sample = BlockedSample(rows, facts_of(rows, seed))
        if model.n_components > sample.n_samples:
            raise DataError(
                f"Expected n_samples >= n_components but got n_components = {model.n_components}, n_samples "
                f"= {sample.n_samples} (of positive weight): use fewer components"
            )
        m = max(EFFORT.blocked.coreset_rows, EFFORT.blocked.coreset_rows_each * model.n_components)
        budget.asks_to_stop("coreset", 0)
        coreset = coreset_of(rows, sample.facts, m, seed)
    searched = _searched(model, coreset, seed, budget, seen)
    family = _family(model, sample, searched)
    start = _start(model, sample, coreset, family, seed, searched)
    with limited(model.n_jobs):
        solution = _polished(solver, Objective(sample, family, sample.rows(start)), start, budget)
    fit = Fit(solution, searched.diagnosis_, searched.em_diagnosis_)
    model.searched_on_ = on = searched_on(coreset, sample.n_samples, solution.mixture, solution.nll)
    fit = replace(fit, diagnosis=replace(fit.diagnosis, warnings=(*fit.diagnosis.warnings, *on.told)))
    _set(model, fit, sample, family, rows.names)
    if model.max_iter > 0 and solution.stop_reason not in ("converged", "interrupted"):
        warnings.warn(not_converged(solution.stop_reason), ConvergenceWarning, stacklevel=3)
    return fit


def _check_available(model: GaussianMixture) -> None:
    """Raise where parameters ask for what sums over blocks do not give."""
    if model.background is not None:
        raise NotAvailableError(
            "background: rows in blocks have none yet; fit rows in memory, or leave it out"
        )
    if model.warm_start:
        raise NotAvailableError("warm_start: fits of rows in blocks begin anew; pass means_init instead")
    if not isinstance(model.init_params, str):
        raise NotAvailableError("init_params: of rows in blocks pass a name, not responsibilities")


def _searched(
    model: GaussianMixture, coreset: Coreset, seed: int, budget: Budget, seen: Callback | None
) -> GaussianMixture:
    """The estimator fitted to the coreset."""
    inner = clone(model).set_params(random_state=seed, rng=None, max_seconds=budget.left)
    weights = None if (coreset.weights == coreset.weights[0]).all() else coreset.weights
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is the fit to all rows that has to converge
        fit_estimator(inner, coreset.points, weights, seen, defer=False)
    return inner


def _family(model: GaussianMixture, sample: BlockedSample, searched: GaussianMixture) -> Family:
    """The family under the floor of all rows, and under the prior that the coreset suggests beside them."""
    regularity = Regularity.of(model.covariance_prior, model.reg_covar, model.covariance_floor)
    name, prior = model.covariance_type, searched.covariance_prior_
    if prior is None:
        regularity = replace(regularity, prior_rows=0.0)
        family = family_named(name, regularity.floor(sample))
    else:
        family = family_named(name, regularity.floor(sample), prior.beside(sample.counted_rows))
    return with_held(family, held_of(model, sample.n_features), sample.origin)


def _start(
    model: GaussianMixture,
    sample: BlockedSample,
    coreset: Coreset,
    family: Family,
    seed: int,
    searched: GaussianMixture,
) -> Mixture:
    """Where EM on all rows begins: where the search has ended, or at the user's parameters."""
    if not model.escape:
        there = Sample(coreset.points, coreset.weights, copy=False)
        given = begun(model, there, family, seed, None, coreset.points).start
        if given is not None:
            return sample.local_mixture(there.callers_mixture(given))
    return sample.local_mixture(searched.solution_.mixture)


def _polished(solver: EM, objective: Objective[Any], start: Mixture, budget: Budget) -> Solution:
    """Where EM on all rows leads; the callback sees each iteration, and the rows of a pass as it goes on."""
    n, at, began = len(objective.rows), [0], [time.monotonic()]

    def passing(done: int) -> None:
        passed = time.monotonic() - began[0]
        if done >= n:
            began[0] = time.monotonic()
        elif passed > PRINTED_EVERY:
            rate = float(f"{done / passed:.3g}")
            if budget.asks_to_stop("pass", done, n, iteration=at[0], rows_per_second=rate):
                raise KeyboardInterrupt

    def iterated(event: Event) -> bool:
        at[0] = event.done
        detail = {"gradient_norm": event.detail["gradient_norm"]}
        return asks_to_stop(
            budget.asks_to_stop(
                "em", event.done, solver.max_iter, event.value, iteration=event.done, **detail
            )
        )

    objective.rows.watch = passing
    try:
        return run(solver, objective, start, max_seconds=budget.left, callback=iterated)
    finally:
        objective.rows.watch = None


def _set(
    model: GaussianMixture, fit: Fit, sample: BlockedSample, family: Family, names: tuple[str, ...] | None
) -> None:
    model.n_features_in_ = sample.n_features
    model.__dict__.pop("feature_names_in_", None)
    if names is not None:
        model.feature_names_in_ = np.array(names, dtype=object)
    model.__dict__.pop("_paused", None)
    model._kept_rows = KeptRows()
    set_fit(model, fit, sample.n_samples, family.prior)


def check_columns(model: Any, rows: RowBlocks) -> None:
    """Raise unless rows have the columns of a fit, by number and, where both have them, by name."""
    if rows.n_features != model.n_features_in_:
        raise DataError(
            f"X has {rows.n_features} features, but {type(model).__name__} is expecting "
            f"{model.n_features_in_} features as input: pass the columns that were fitted"
        )
    names = getattr(model, "feature_names_in_", None)
    if names is not None and rows.names is not None and tuple(names) != tuple(rows.names):
        raise InvalidParameterError.of(
            "X", rows.names, f"open the rows with columns={list(map(str, names))!r}, which were fitted"
        )
