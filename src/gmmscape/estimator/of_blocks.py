"""A fit to rows in blocks: the search on a coreset, EM and the likelihood on all of them."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from gmmscape.diagnosis.blocked import family_on_all, searched_on
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
    set_parameters,
)
from gmmscape.estimator.inputs import checked_data
from gmmscape.estimator.kept.facts import facts_of_fit
from gmmscape.estimator.kept.fit import KeptFit, cut_short
from gmmscape.estimator.kept.rows import blocks_of_rows
from gmmscape.estimator.kept.watched_em import WatchedEM
from gmmscape.estimator.kept_rows import KeptRows
from gmmscape.estimator.starting import begun
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.families import Family, check_room
from gmmscape.measure import Sample
from gmmscape.measure.blocked import BlockedSample, Coreset, RowBlocks, coreset_of, coreset_size, facts_of
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.progress import PRINTED_EVERY, Budget, Callback, Event, asks_to_stop
from gmmscape.solve import EM, Memory, Regularity, Solution, state_of
from gmmscape.solve.batch import truncation
from gmmscape.solve.loop import run
from gmmscape.threads import limited
from gmmscape.validation import optional_seconds
from gmmscape.work.journal import Journal, kept_seed
from gmmscape.work.kept_file import as_kept

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
    InvalidParameterError
        If the checkpoint is one of another fit, or another process is at work with it.
    FormatError
        If it is none, or damaged, as is the one before it.
    NotAvailableError
        If the parameters ask for what is not there for rows in blocks.
    """
    solver = checked_parameters(model)
    _check_available(model)
    seed, max_seconds = _seed(model), optional_seconds("max_seconds", model.max_seconds)
    seen = callback or printer_of(model)
    budget = Budget("fit", max_seconds, seen)
    budget.asks_to_stop("summary", 0)
    check_room(model.covariance_type, model.n_components, rows.n_features, search=bool(model.escape))
    with limited(model.n_jobs):
        sample = BlockedSample(rows, facts_of(rows, seed, digest=model.checkpoint is not None))
        if model.n_components > sample.n_samples:
            raise DataError(
                f"Expected n_samples >= n_components but got n_components = {model.n_components}, n_samples "
                f"= {sample.n_samples} (of positive weight): use fewer components"
            )
    journal, kept = None, None
    if model.checkpoint is not None:
        journal = Journal(model.checkpoint, "fit", facts_of_fit(model, seed, sample.facts.digest))
        kept = KeptFit(journal)
    try:
        fit, family, coreset = _fitted(model, rows, sample, solver, seed, budget, seen, kept)
    finally:
        if journal is not None:
            journal.close()
    solution = fit.solution
    model.searched_on_ = on = searched_on(coreset, sample.n_samples, solution.mixture, solution.nll)
    told = (*fit.diagnosis.warnings, *on.told)
    fit = replace(fit, diagnosis=replace(fit.diagnosis, warnings=told, total=sample.counted_rows))
    _set(model, fit, sample, family, rows.names)
    if model.max_iter > 0 and solution.stop_reason not in ("converged", "interrupted"):
        warnings.warn(not_converged(solution.stop_reason), ConvergenceWarning, stacklevel=3)
    return fit


def _fitted(
    model: GaussianMixture,
    rows: RowBlocks,
    sample: BlockedSample,
    solver: EM,
    seed: int,
    budget: Budget,
    seen: Callback | None,
    kept: KeptFit | None,
) -> tuple[Fit, Family, Coreset]:
    """The fit, its family and the coreset that was searched on."""
    with limited(model.n_jobs):
        budget.asks_to_stop("coreset", 0)
        coreset = coreset_of(rows, sample.facts, coreset_size(model.n_components), seed)
    if kept is None:
        searched = _searched(model, coreset, seed, budget.left, seen)
    else:
        watch = _timed(budget, seen)
        searched = kept.searched(type(model), lambda: _searched(model, coreset, seed, None, watch))
    family = _family(model, sample, searched)
    start = _start(model, sample, coreset, family, seed, searched)
    stop = cut_short(searched) and budget.left != 0.0
    with limited(model.n_jobs):
        solution = _polished(
            solver, _objective(sample, coreset, family, start), start, budget, kept, stop=stop
        )
    return Fit(solution, searched.diagnosis_, searched.em_diagnosis_), family, coreset


def _seed(model: GaussianMixture) -> int:
    """The seed that the user's leads to; without one that of the checkpoint, if there is one."""
    given = model.random_state is not None or model.rng is not None
    kept = None if given or model.checkpoint is None else kept_seed(model.checkpoint)
    return seed_of_model(model) if kept is None else kept


def _timed(budget: Budget, seen: Callback | None) -> Callback:
    """A callback that ends a search when its time is up: the time does not decide on what is tried."""
    return lambda event: budget.left == 0.0 or (seen is not None and asks_to_stop(seen(event)))


def fit_kept(
    model: GaussianMixture, X: Any, sample_weight: Any = None, callback: Callback | None = None
) -> Fit:
    """Fit an estimator with a checkpoint to rows in memory, as to rows in blocks; see `fit_blocks`."""
    X = checked_data(model, X, reset=True)
    names = getattr(model, "feature_names_in_", None)
    rows = blocks_of_rows(X, sample_weight, None if names is None else tuple(names))
    fit = fit_blocks(model, rows, callback)
    set_parameters(model, fit.solution.mixture, X.dtype)
    return fit


def _check_available(model: GaussianMixture) -> None:
    """Raise where parameters ask for what sums over blocks do not give."""
    if model.background is not None:
        raise NotAvailableError(
            "background: rows in blocks, and fits with a checkpoint, have none yet; leave it out"
        )
    if model.warm_start:
        raise NotAvailableError(
            "warm_start: fits of rows in blocks, and those with a checkpoint, begin anew; pass means_init"
        )
    if not isinstance(model.init_params, str):
        raise NotAvailableError(
            "init_params: of rows in blocks, and with a checkpoint, pass a name, not responsibilities"
        )


def _searched(
    model: GaussianMixture, coreset: Coreset, seed: int, max_seconds: float | None, seen: Callback | None
) -> GaussianMixture:
    """The estimator fitted to the coreset."""
    inner = clone(model).set_params(random_state=seed, rng=None, max_seconds=max_seconds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is the fit to all rows that has to converge
        fit_estimator(inner, coreset.points, coreset.own_weights, seen, defer=False)
    return inner


def _family(model: GaussianMixture, sample: BlockedSample, searched: GaussianMixture) -> Family:
    """The family on all rows, under the prior that the coreset suggests."""
    regularity = Regularity.of(model.covariance_prior, model.reg_covar, model.covariance_floor)
    held = held_of(model, sample.n_features)
    return family_on_all(model.covariance_type, sample, regularity, searched.covariance_prior_, held)


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


def _objective(sample: BlockedSample, coreset: Coreset, family: Family, start: Mixture) -> Objective[Any]:
    """The objective on all rows, which have all that solvers ask for.

    Of very many rows the coreset tells second derivatives: to a few percent, as steps need them.
    """
    rows = cast("Any", sample.rows(start))
    rows.sort_by(start, family.scatter, replace(truncation(), pays=EFFORT.blocked.sorting_pays))
    stand_in = None
    if EFFORT.blocked.stand_in_rows * len(coreset.points) <= len(rows):
        few = Sample(coreset.points, coreset.own_weights, copy=False)
        stand_in = Objective.near(few, family, few.local_mixture(sample.callers_mixture(start)))
    return Objective(cast("Any", sample), family, rows, stand_in)


def _polished(
    em: EM, objective: Objective[Any], start: Mixture, budget: Budget, kept: KeptFit | None, *, stop: bool
) -> Solution:
    """Where EM on all rows leads; with `stop` only what the start is worth on them.

    The callback sees each iteration, and the rows of a pass as it goes on.
    """
    rows: Any = objective.rows

    def carry_out(solver: WatchedEM, begun: dict[str, Any] | None, before: int) -> Solution:
        n, at, began = len(rows), [before], [time.monotonic()]
        solver.asked = stop

        def passing(done: int) -> None:
            passed = time.monotonic() - began[0]
            if done >= n:
                began[0] = time.monotonic()
            elif passed > PRINTED_EVERY and not solver.asked:
                rate = float(f"{done / passed:.3g}")
                if budget.asks_to_stop("pass", done, n, iteration=at[0], rows_per_second=rate):
                    solver.asked = True
                    if solver.started:
                        raise KeyboardInterrupt

        def iterated(event: Event) -> bool:
            at[0] = before + event.done
            detail = {"iteration": at[0], "gradient_norm": event.detail["gradient_norm"]}
            return budget.asks_to_stop("em", at[0], em.max_iter, event.value, **detail)

        rows.watch = passing
        try:
            with as_kept():
                resume = None if begun is None else Memory(state_of(begun, objective), False, 0)
            return run(solver, objective, start, max_seconds=budget.left, callback=iterated, resume=resume)
        finally:
            rows.watch = None

    return carry_out(WatchedEM(em), None, 0) if kept is None else kept.polished(em, objective, carry_out)


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
