"""select: how many components, and of which family, with no number of components left in a bad optimum."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.diagnosis.assess import NESTED, check_n_jobs
from gmmscape.diagnosis.findings import set_aside
from gmmscape.diagnosis.fit import FitPlan
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.families import (
    check_room,
    contained_in,
    different_families,
    family_named,
    family_names,
    known_family,
    narrow_to_wide,
    shape_in,
)
from gmmscape.given_rows import column_names
from gmmscape.measure import Sample
from gmmscape.measure.blocked import RowBlocks
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.selection.admission import Admission, default_least_rows
from gmmscape.selection.compare import chosen_from, table_of
from gmmscape.selection.criteria import CRITERIA
from gmmscape.selection.kept_fits import KeptFits
from gmmscape.selection.ladder import Ladder
from gmmscape.selection.of_blocks import select_blocks
from gmmscape.selection.result import Selection
from gmmscape.solve import AUTO, EM, Regularity
from gmmscape.threads import limited
from gmmscape.validation import choice, generator, positive_integer, random_state_too, real_number
from gmmscape.work.journal import Journal, kept_seed

#: Numbers of components by default, as far as there are rows.
USUAL = range(1, 21)
#: All families that differ in so many columns.
ALL = "all"


@random_state_too
def select(
    X: Any,
    n_components: int | Iterable[int] = USUAL,
    covariance_types: str | Iterable[str] = ("full",),
    criterion: str = "bic",
    *,
    sample_weight: ArrayLike | None = None,
    rng: Any = None,
    nested: str = "take",
    n_init: int = 1,
    reg_covar: float = 0.0,
    covariance_floor: float | None = None,
    covariance_prior: float | str = AUTO,
    least_rows: float | None = None,
    background: str | float | None = None,
    n_folds: int = 5,
    tol: float = 1e-6,
    max_iter: int = 1000,
    n_jobs: int | None = None,
    max_seconds: float | None = None,
    verbose: int = 0,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
) -> Selection:
    """Choose the number of components and the family of a Gaussian mixture, not misled by bad optima.

    Each number of components is fitted and escapes from bad optima. Then larger numbers start from the
    smaller ones' splits, and smaller ones from the larger ones' merges and deletions, until nothing improves;
    families start from those they contain. What is minimised does not rise with the number of components: a
    fit with k+1 that is worse than one with k and a copy proves a bad optimum and is replaced.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_features) or RowBlocks
        Data. Of rows in blocks fits are sought and compared on a coreset, as of so many rows; EM then takes
        the chosen one to all.
    n_components : int or iterable of int, default=range(1, 21)
        Numbers of components.
    covariance_types : str or iterable of str, default=("full",)
        Families: "full", "tied", "diag", "spherical", or one of mclust's names
        (docs/methods/fits/families.md); or "all".
    criterion : {"bic", "icl", "heldout"}, default="bic"
        BIC is -2 log-likelihood + p log n with p free parameters; ICL adds twice the entropy of the
        responsibilities, and so prefers components that do not overlap. "heldout" is the log-likelihood of
        rows held out, by `n_folds` folds; each is judged by a fit to the others with starts of its own.
    sample_weight : array_like of shape (n_samples,), optional
        Non-negative weights of the rows; equal by default. BIC and ICL then count Kish's effective number of
        rows, (sum w)^2 / sum w^2, and do not depend on the unit of the weights; whole weights are counts.
        Rows that are all repeated count once.
    rng : None, int or numpy.random.Generator, default=None
        Source of randomness (SPEC 7).
    nested : {"take", "offer"}, default="take"
        Whether components nested in one cluster, such as a core in a halo, are taken: likelihoods of
        different numbers of components compare only where each is the largest, so that they are by default.
        With "offer", components are only added as clusters of their own.
    n_init : int, default=1
        Starts of each number of components, beside those from its neighbours.
    reg_covar : float, default=0.0
        Least variance, in squared units of the data. If it is above 0, covariances on the floor are part of
        the model and may win.
    covariance_floor : float, optional
        Least variance as a share of the data's; the larger floor counts. None beside a prior, else 1e-6.
    covariance_prior : "auto" or float, default="auto"
        How many rows of the components' pooled covariance each covariance is given beside its own, as in
        `GaussianMixture`. Criteria take the likelihood without it (Fraley and Raftery 2007).
    least_rows : float, optional
        Fewest rows (Kish's effective number) that each component of the chosen fit may rest on. Beside a
        prior by default d+2 for full covariances, at most 10, 3 for diag and spherical and 2 for shared ones;
        else 5(d+1), 10 and 5.
    background : {"box", "hull"} or float, optional
        A uniform density of free weight beside the components of every fit, as in `GaussianMixture`.
    n_folds : int, default=5
        Folds of criterion "heldout".
    tol : float, default=1e-6
        Length of the EM step at which a fit is converged.
    max_iter : int, default=1000
        Iterations of each run of EM.
    n_jobs : int, optional
        Threads at most; None or -1 for all cores. The result does not depend on it.
    max_seconds : float, optional
        Time budget; what was fitted by then is compared.
    verbose : int, default=0
        Whether to print where the selection stands.
    callback : callable, optional
        Called with an `Event` of stage "up", "down" or "heldout", its detail being round, covariance_type and
        n_components of the fit in work; returning True stops.
    checkpoint : str or Path, optional
        JSON file that fits are kept in; if it exists, the selection goes on from it, without `rng`
        with its seed.

    Returns
    -------
    Selection
        The chosen fit, and a table of all.

    Raises
    ------
    DataError
        If the data cannot be used, or have fewer rows than the largest number of components.
    InvalidParameterError
        If a parameter cannot be used.
    NoResultError
        If time ran out, or the callback stopped, before there was a fit.

    Notes
    -----
    Without a prior, fits with a component on the default floor, or on fewer than `least_rows` rows, may not
    win: their likelihoods mean nothing. They are replaced by the best fit without such components where one
    is found, and flagged "refused" otherwise; one component is never refused, nor is the floor a reason where
    one component lies on it (collinear columns). Where nothing better than fewer components is found, the fit
    is that of fewer with one component in two equal copies, and flagged "nothing gained". Ctrl-C ends the
    selection with what was found. Cost: for each number of components that of several fits of
    `GaussianMixture`.

    Examples
    --------
    >>> import numpy as np, gmmscape as gs
    >>> X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).reshape(-1, 1)
    >>> found = gs.select(X, range(1, 6), ("full", "tied"), rng=0)
    >>> found.best_n_components, found.best_covariance_type
    (3, 'tied')
    >>> found.best.to_estimator().predict([[1.0], [29.0]]).shape
    (2,)
    """
    if isinstance(X, RowBlocks):
        return select_blocks(select, **locals())
    numbers_wanted, kinds = _numbers(n_components), _families(covariance_types)
    choice("criterion", criterion, CRITERIA)
    choice("nested", nested, NESTED)
    check_n_jobs(n_jobs)
    budget = Budget.of("select", max_seconds, callback, verbose)
    # Most fits on the way are never asked for their diagnosis; rows it is computed from must not change.
    defer = np.size(X) <= EFFORT.diagnosis.kept_values
    kept = kept_seed(checkpoint) if rng is None else None
    plan = FitPlan(
        n_components=1,
        solver=EM(tol=real_number("tol", tol, strict=False), max_iter=positive_integer("max_iter", max_iter)),
        init_params="k-means++",
        n_init=positive_integer("n_init", n_init),
        seed=int(generator(rng).integers(2**63)) if kept is None else kept,
        escape=True,
        take_nested=nested == "take",
        pursue="likelihood",  # numbers of components compare only at their largest likelihoods
        n_jobs=n_jobs,
        start=None,
        defer=defer,
    )
    rule = _Rule(
        Regularity.of(covariance_prior, reg_covar, covariance_floor),
        None if least_rows is None else real_number("least_rows", least_rows, strict=False),
        positive_integer("n_folds", n_folds, minimum=2),
    )
    n, d = shape_in(X)
    for kind in kinds:
        check_room(kind, numbers_wanted[0], d, search=True, n=n)
    sample = Sample(X, sample_weight, copy=defer, wild="aside", background=background)
    for finding in set_aside(sample):
        warnings.warn(str(finding), UserWarning, stacklevel=3)
    if isinstance(covariance_types, str) and covariance_types == ALL:
        kinds = different_families(kinds, sample.n_features)
    if numbers_wanted == [*USUAL]:
        numbers_wanted = numbers_wanted[: len(sample)]
    _check_rows(sample, numbers_wanted, rule.n_folds if criterion == "heldout" else 2)
    for kind in kinds:
        check_room(kind, numbers_wanted[-1], sample.n_features, search=True, n=len(sample))
    facts = {} if checkpoint is None else _facts(sample, numbers_wanted, kinds, plan, rule)
    fits = KeptFits(None if checkpoint is None else Journal(checkpoint, "select", facts))
    ladders = _ladders(sample, kinds, numbers_wanted[-1], plan, rule, sample.counted_rows, budget, fits)
    try:
        with limited(n_jobs):
            ended = _climbed(ladders, numbers_wanted)
            table, ended = table_of(ladders, kinds, sample.effective_rows, criterion, rule.n_folds, ended)
    finally:
        fits.close()
    settings = {
        "n_samples": sample.n_samples,
        "reg_covar": rule.regularity.reg_covar,
        "covariance_floor": rule.regularity.covariance_floor,
        "feature_names": column_names(X),
    }
    return chosen_from(table, ladders, criterion, ended, plan.seed, settings)


@dataclass(frozen=True)
class _Rule:
    """Floors, what is refused, and folds."""

    regularity: Regularity
    least_rows: float | None
    n_folds: int


def _numbers(value: Any) -> list[int]:
    """Numbers of components, ascending and each once."""
    given = [value] if isinstance(value, numbers.Integral) else value
    try:
        found = sorted({positive_integer("n_components", one) for one in given})
    except TypeError as error:
        raise InvalidParameterError.of(
            "n_components", value, "pass integers, for example range(1, 21)"
        ) from error
    if not found:
        raise InvalidParameterError.of("n_components", value, "pass one number at least")
    return found


def _families(value: Any) -> list[str]:
    given = [value] if isinstance(value, str) else value
    if isinstance(value, str) and value == ALL:
        return list(family_names())
    try:
        found = list(dict.fromkeys(known_family("covariance_types", one) for one in given))
    except TypeError as error:
        raise InvalidParameterError.of(
            "covariance_types", value, "pass names, for example ('full', 'tied')"
        ) from error
    if not found:
        raise InvalidParameterError.of("covariance_types", value, "pass one name at least")
    return found


def _check_rows(sample: Sample, numbers_wanted: list[int], least: int) -> None:
    if len(sample) < least:
        raise DataError(f"X has {len(sample)} rows (of positive weight): {least} at least are needed")
    if numbers_wanted[-1] > len(sample):
        raise DataError(
            f"n_components goes up to {numbers_wanted[-1]} but X has only {len(sample)} rows (of positive "
            "weight): use fewer components"
        )


def _ladders(
    sample: Sample,
    kinds: list[str],
    most: int,
    plan: FitPlan,
    rule: _Rule,
    total: float,
    budget: Budget,
    fits: KeptFits,
) -> dict[str, Ladder]:
    """One for each family, those first that others contain."""
    regularity, ladders = rule.regularity, {}
    bounded = regularity.prior_rows != 0.0
    for kind in sorted(kinds, key=narrow_to_wide().index):
        family, least = family_named(kind), rule.least_rows
        if least is None:
            least = default_least_rows(family, sample.n_varying, bounded=bounded and family.penalised)
        floor_counts = regularity.reg_covar > 0 or (bounded and family.penalised)
        ladders[kind] = Ladder(
            sample, kind, regularity, plan, most, Admission(least, floor_counts), total, budget, fits
        )
    return ladders


def _facts(
    sample: Sample, numbers_wanted: list[int], kinds: list[str], plan: FitPlan, rule: _Rule
) -> dict[str, Any]:
    """What must be the same for kept fits to be of use: all that they depend on."""
    return {
        "data": sample.digest,
        "n_components": numbers_wanted,
        "covariance_types": sorted(kinds),
        "nested": "take" if plan.take_nested else "offer",
        "n_init": plan.n_init,
        "tol": plan.solver.tol,
        "max_iter": plan.solver.max_iter,
        "covariance_prior": AUTO if rule.regularity.prior_rows is None else rule.regularity.prior_rows,
        "reg_covar": rule.regularity.reg_covar,
        "covariance_floor": rule.regularity.covariance_floor,
        "least_rows": rule.least_rows,
        "n_folds": rule.n_folds,
        "rng": plan.seed,
        **({} if sample.background is None else {"background": sample.background.content()}),
    }


def _next_narrower(kind: str, among: Container[str]) -> list[str]:
    """The families that one contains, but for those that another of them contains: its fits are no worse."""
    inner = [one for one in contained_in(kind) if one in among]
    covered = {narrower for one in inner for narrower in contained_in(one)}
    return [one for one in inner if one not in covered]


def _climbed(ladders: dict[str, Ladder], numbers_wanted: list[int]) -> str:
    """Fit everything; return what ended it."""
    try:
        for kind, ladder in ladders.items():
            ladder.climb(numbers_wanted, [ladders[one] for one in _next_narrower(kind, ladders)])
    except Stopped as stop:
        return str(stop)
    except KeyboardInterrupt:
        return "interrupted"
    return "completed"
