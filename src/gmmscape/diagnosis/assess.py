"""The way that diagnose and repair share: model and data in, diagnosis and best fit out."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.centers import diagnose_centers
from gmmscape.diagnosis.evidence import Calibration
from gmmscape.diagnosis.examine import Examination, examine
from gmmscape.diagnosis.false_alarms import bootstrapped_gains
from gmmscape.diagnosis.foreign_rows import foreign_rows
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.diagnosis.verdict import counted_gain, diagnosis_of, diagnosis_of_result
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.families import CovariancePrior, Family, family_named, with_held
from gmmscape.given_rows import column_names, columns_in_order
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background
from gmmscape.models import FittedModel, last_step, read_model, rows_at_last_step
from gmmscape.moves.mixture_problem import PURSUE, MixtureProblem
from gmmscape.moves.restarts import StartPlan, restarted
from gmmscape.objective import Objective
from gmmscape.progress import Budget, Callback
from gmmscape.results.text import counted
from gmmscape.results.words import OF_OTHER_ROWS
from gmmscape.solve import EM, Regularity, Solution
from gmmscape.threads import limited
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import choice, generator, real_number, whole_number
from gmmscape.work.journal import Journal, kept_seed
from gmmscape.work.pieces import Pieces

NESTED = ("offer", "take")
#: Polishes fits that come from elsewhere.
POLISH = EM(tol=1e-6, max_iter=10_000)


@dataclass(frozen=True, eq=False)
class Judged:
    """A model with its diagnosis and the best fit in hand.

    Attributes
    ----------
    model : FittedModel
        What came in.
    diagnosis : Diagnosis
        The verdict on it.
    result_diagnosis : Diagnosis or None
        The verdict on the best fit in hand, of a mixture.
    final : Solution or None
        Best fit of a mixture; one as it came where nothing better was found.
    centers : ndarray or None
        Best centers, for models judged by inertia.
    n_iter : int
        Iterations that led to the best fit, at least 1.
    data : object
        X with its columns in the order of the model.
    prior : CovariancePrior or None
        Of the covariances.
    pipeline : object or None
        What the model is the last step of.
    n_samples : int or None
        Number of rows, where these are not in `data`.
    """

    model: FittedModel
    diagnosis: Diagnosis
    result_diagnosis: Diagnosis | None
    final: Solution | None
    centers: FloatArray | None
    n_iter: int
    data: Any
    prior: CovariancePrior | None = None
    pipeline: Any = None
    n_samples: int | None = None


def judge(
    model: Any,
    X: Any,
    sample_weight: ArrayLike | None,
    *,
    covariance_type: str | None,
    rng: Any,
    reg_covar: float | None,
    covariance_floor: float | None,
    covariance_prior: float | str | None,
    nested: str,
    pursue: str,
    background: str | float | Background | None,
    n_jobs: int | None,
    max_seconds: float | None,
    verbose: int,
    callback: Callback | None,
    false_alarm: float | None = None,
    n_starts: int = 0,
    checkpoint: str | Path | None = None,
) -> Judged:
    """Read the model, examine it on the data, and say what it is; see `diagnose` and `repair`."""
    choice("nested", nested, NESTED)
    choice("pursue", pursue, PURSUE)
    check_n_jobs(n_jobs)
    n_samples = 0 if false_alarm is None else _samples_for(false_alarm)
    whole_number("n_starts", n_starts)
    budget = Budget.of("diagnose", max_seconds, callback, verbose)
    seed = _seed(rng, checkpoint)
    whole, X = model, rows_at_last_step(model, X)
    model = last_step(whole)
    fitted = read_model(model, covariance_type)
    fitted.check_own_units()
    X = columns_in_order(X, fitted.feature_names)
    if background is None and fitted.mixture is not None:
        background = fitted.mixture.background
    if background is not None and fitted.mixture is None:
        raise InvalidParameterError.of("background", background, "leave out: bare centers have no density")
    sample = Sample(X, sample_weight, copy=False, wild="aside", background=background)
    check_rows(sample, fitted)
    pipeline = None if whole is model else whole
    if fitted.mixture is None:
        if checkpoint is not None:
            raise NotAvailableError("checkpoint: repairs of centers keep none; leave it out")
        total = total_mass(sample, sample_weight)  # inertia is a sum over rows as the user weighs them
        budget.value_is = "inertia"
        diagnosis, centers, n_iter = diagnose_centers(sample, fitted.means, total, seed, budget)
        return Judged(fitted, diagnosis, None, None, centers, n_iter, X, pipeline=pipeline)
    total = sample.counted_rows
    seconds = budget.max_seconds if checkpoint is None else None  # what is kept has one prior
    family = family_of(fitted, sample, reg_covar, covariance_floor, covariance_prior, seconds)
    given = sample.local_mixture(fitted.mixture)
    objective = Objective.near(sample, family, given)
    asked = {"nested": nested, "pursue": pursue, "rng": seed}
    limits = {"reg_covar": reg_covar, "covariance_floor": covariance_floor}
    pieces = _pieces(checkpoint, objective, fitted, given, asked, limits)
    problem = MixtureProblem(objective, take_nested=nested == "take", seed=seed, pursue=pursue, pieces=pieces)
    with limited(n_jobs), closing(pieces):
        examination = examine(objective, given, problem, POLISH, budget)
        calibration, rest = None, (n_starts, seed, budget)
        try:
            calibration, ended = _calibration(
                examination, total, false_alarm, n_samples, nested, seed, budget
            )
            examination = examination.ended(ended)
            diagnosis, after = _diagnoses(examination, fitted, total, calibration, *rest)
        except KeyboardInterrupt:  # while it was looked at: told is what is known at once
            examination = examination.ended("interrupted")
            diagnosis, after = _diagnoses(examination, fitted, total, calibration, *rest)
    names = fitted.feature_names or column_names(X)
    return Judged(
        fitted,
        diagnosis.told(names),
        after.told(names),
        _final(examination, fitted.mixture),
        None,
        max(1, sum(part.n_iter for part in examination.way)),
        X,
        family.prior,
        pipeline,
    )


def _final(examination: Examination, came: Mixture) -> Solution:
    """The best fit in hand, with what ended the examination if that was no end of the search."""
    final = examination.final
    if final.local == examination.given:  # an origin taken off and added may round
        final = replace(final, local=came, origin=np.zeros_like(final.origin))
    ended = examination.stop_reason
    return final if ended == "completed" else replace(final, stop_reason=ended)


def _seed(rng: Any, checkpoint: str | Path | None) -> int:
    """The seed that the user's leads to; without one that of the checkpoint, if there is one."""
    kept = kept_seed(checkpoint) if rng is None else None
    return int(generator(rng).integers(2**63)) if kept is None else kept


def _pieces(
    checkpoint: str | Path | None,
    objective: Objective[Any],
    fitted: FittedModel,
    given: Mixture,
    asked: dict[str, Any],
    limits: dict[str, float | None],
) -> Pieces:
    """What is kept of an examination; its facts are all that its descents depend on."""
    if checkpoint is None:
        return Pieces(None)
    sample, family = objective.measure, objective.family
    prior, held = family.prior, fitted.held
    facts = {
        **asked,
        **{name: getattr(fitted, name) if value is None else value for name, value in limits.items()},
        "held": None if held is None else held.content(),
        "data": sample.digest,
        "model": given.to_dict(),
        "covariance_type": family.name,
        "prior": None if prior is None else [prior.rows, prior.scale.tolist(), prior.n],
        "background": None if sample.background is None else sample.background.content(),
    }
    return Pieces(Journal(checkpoint, "repair", facts))


def check_rows(sample: Sample, fitted: FittedModel) -> None:
    """Raise DataError where the rows cannot be those that the model was fitted on."""
    k, d = fitted.means.shape
    if sample.n_features != d:
        raise DataError(
            f"X has {counted(sample.n_features, 'column')} where the model has {d}: pass the columns that it "
            "was fitted on"
        )
    if fitted.mixture is not None and len(sample) < k:
        raise DataError(
            f"X has {counted(len(sample), 'row')} (of positive weight) where the model has "
            f"{counted(k, 'component')}: pass the rows that it was fitted on"
        )
    spread = float(np.sqrt(sample.variance.mean())) or 1.0
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is out of reach too
        apart = np.abs(fitted.means / spread - sample.origin / spread).max()
    if not apart < TOLERANCES.diagnosis.out_of_reach:
        raise DataError(
            f"{OF_OTHER_ROWS}: its means are farther from them than numbers can tell; pass the rows that it "
            "was fitted on"
        )


def _diagnoses(
    examination: Examination,
    fitted: FittedModel,
    total: float,
    calibration: Calibration | None,
    n_starts: int,
    seed: int,
    budget: Budget,
) -> tuple[Diagnosis, Diagnosis]:
    """The diagnoses of the fit that came in and of the best one in hand."""
    diagnosis = diagnosis_of(examination, total, calibration, thorough=True)
    foreign = foreign_rows(
        examination.objective,
        examination.given,
        fitted.feature_names,
        fitted=fitted.was_fitted and fitted.held is None,
    )
    if foreign is not None:
        diagnosis = replace(
            diagnosis, verdict="cannot tell", reasons=(foreign, *diagnosis.reasons), warnings=()
        )
    if n_starts > 0 and examination.stop_reason == "completed":
        diagnosis = _with_restarts(examination, diagnosis, n_starts, seed, budget)
    return diagnosis, diagnosis_of_result(examination, diagnosis, searched=True)


def _samples_for(false_alarm: float) -> int:
    """The fewest samples that a gain can stand out of with that rate: one rank of them all."""
    rate = real_number("false_alarm", false_alarm)
    if not TOLERANCES.diagnosis.lowest_false_alarm_rate <= rate < 1.0:
        raise InvalidParameterError.of(
            "false_alarm",
            false_alarm,
            f"pass a rate from {TOLERANCES.diagnosis.lowest_false_alarm_rate} to below 1",
        )
    return int(np.ceil(1.0 / rate - 1e-9)) - 1


def _calibration(
    examination: Examination,
    total: float,
    false_alarm: float | None,
    n_samples: int,
    nested: str,
    seed: int,
    budget: Budget,
) -> tuple[Calibration | None, str]:
    """Gains on samples drawn from the polished fit, and what ended the work.

    None where there is no gain to be held against them.
    """
    gain = counted_gain(examination) * total
    if false_alarm is None or gain <= 0.0 or examination.stop_reason != "completed":
        return None, examination.stop_reason
    fit = examination.polished.local
    gains, ended = bootstrapped_gains(
        examination.objective, fit, n_samples, seed, take_nested=nested == "take", budget=budget
    )
    # Of fewer samples than asked for, none can show that rate: the verdict is then "cannot tell".
    p_value = (1 + np.count_nonzero(gains >= gain)) / (1 + len(gains))
    largest = float(gains.max(initial=0.0))
    return Calibration(false_alarm, tuple(gains.tolist()), largest, float(p_value)), ended


def _with_restarts(
    examination: Examination, diagnosis: Diagnosis, n_starts: int, seed: int, budget: Budget
) -> Diagnosis:
    """The diagnosis with what random starts make of the best fit in hand."""
    objective, final = examination.objective, examination.final
    same = TOLERANCES.moves.same / objective.measure.effective_rows
    plan = StartPlan(final.mixture.n_components, "k-means++", n_starts, seed)
    found = restarted(objective, plan, budget)
    if not found.ends:
        return diagnosis
    sound = [end.value for end, bad in zip(found.ends, found.degenerate, strict=True) if not bad]
    evidence = replace(
        diagnosis.evidence,
        replicated=(sum(abs(nll - final.value) <= same for nll in sound), len(found.ends)),
    )
    lower = [final.value - nll for nll in sound if nll < final.value - same]
    warnings = diagnosis.warnings
    if lower:
        warnings += (
            f"{len(lower)} of {len(found.ends)} random starts ended lower than the best fit in hand, by up "
            f"to {max(lower) * diagnosis.total:.4g} nats: by nested components, or in an optimum that no "
            "move led to; local_optima lists them",
        )
    return replace(diagnosis, evidence=evidence, warnings=warnings)


def total_mass(sample: Sample, sample_weight: ArrayLike | None) -> float:
    """Return the number of rows that are looked at, or the sum of their weights."""
    if sample_weight is None:
        return float(sample.n_samples - len(sample.set_aside))
    weights = np.asarray(sample_weight, dtype=np.float64)
    return float(np.sum(weights) - np.sum(weights[sample.set_aside]))


def family_of(
    model: FittedModel,
    sample: Sample,
    reg_covar: float | None,
    covariance_floor: float | None,
    covariance_prior: float | str | None,
    seconds: float | None = None,
) -> Family:
    """Return the family a model was fitted in, under the limits given, its own, or the defaults.

    `seconds` is what there is for the whole work, where it has an end.
    """
    assert model.family is not None
    prior = None if model.prior is None else model.prior.beside(sample.effective_rows)
    own = 0.0 if prior is None else prior.rows
    regularity = Regularity.of(
        own if covariance_prior is None else covariance_prior,
        model.reg_covar or 0.0 if reg_covar is None else reg_covar,
        model.covariance_floor if covariance_floor is None else covariance_floor,
    )
    family = (
        family_named(model.family, regularity.floor(sample), prior)
        if covariance_prior is None
        else regularity.family(sample, model.family, len(model.means), seconds)
    )
    return with_held(family, model.held, sample.origin)


def check_n_jobs(n_jobs: Any) -> None:
    """Raise if `n_jobs` is neither None nor a nonzero integer."""
    if n_jobs is None:
        return
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)) or n_jobs == 0:
        raise InvalidParameterError.of("n_jobs", n_jobs, "pass None, a positive integer, or -1 for all cores")
