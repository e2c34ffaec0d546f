"""diagnose and repair of rows in blocks: on a coreset, and then EM on all rows."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from gmmscape.diagnosis.assess import POLISH, Judged, check_n_jobs, judge
from gmmscape.diagnosis.blocked.coresets import StandIn
from gmmscape.diagnosis.blocked.on_all_rows import family_on_all, polished_on_all
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.families import Family
from gmmscape.measure.blocked import RowBlocks
from gmmscape.models import last_step, read_model
from gmmscape.progress import Budget
from gmmscape.results.text import counted
from gmmscape.solve import Regularity
from gmmscape.threads import limited
from gmmscape.validation import generator, optional_seconds


def judge_blocks(
    model: Any, rows: RowBlocks, sample_weight: ArrayLike | None, options: dict[str, Any]
) -> tuple[Judged, StandIn, Budget]:
    """Judge a model on a coreset of rows in blocks.

    Parameters
    ----------
    model : object
        As `diagnose` takes it, no pipeline.
    rows : RowBlocks
        The rows.
    sample_weight : object
        To be None: rows in blocks bring their weights.
    options : dict
        Of `judge`, by name.

    Returns
    -------
    judged : Judged
        Without the rows.
    stand_in : StandIn
        What it was judged on.
    budget : Budget
        Of what comes after.
    """
    began = time.monotonic()
    limit = optional_seconds("max_seconds", options["max_seconds"])
    check_n_jobs(options["n_jobs"])
    if sample_weight is not None:
        raise InvalidParameterError.of(
            "sample_weight", "an array", "rows in blocks bring their weights: open them with weights"
        )
    if last_step(model) is not model:
        raise NotAvailableError(
            "a pipeline is not judged on rows in blocks: pass its last step, and its rows"
        )
    if options.get("checkpoint") is not None:
        raise NotAvailableError("checkpoint: repairs of rows in blocks keep none yet; leave it out")
    if options["background"] is not None:
        raise NotAvailableError("background: rows in blocks have none yet; leave it out")
    fitted = read_model(model, options["covariance_type"])
    _check_columns(rows, fitted.means.shape[1], fitted.feature_names)
    rng = generator(options["rng"])
    with limited(options["n_jobs"]):
        stand_in = StandIn.of(rows, len(fitted.means), int(rng.integers(2**63)))

    def left() -> float | None:
        return None if limit is None else max(0.0, limit - (time.monotonic() - began))

    rest = {**options, "rng": rng, "max_seconds": left()}
    judged = judge(model, stand_in.coreset.points, stand_in.coreset.own_weights, **rest)
    if judged.model.mixture is not None:
        with limited(options["n_jobs"]):
            told = stand_in.compared(judged.model.mixture).told
        judged = replace(judged, diagnosis=_with(judged.diagnosis, told, rows.names))
        if judged.result_diagnosis is not None:
            after = _with(judged.result_diagnosis, told, rows.names)
            judged = replace(judged, result_diagnosis=after)
    budget = Budget.of("diagnose", left(), options["callback"], options["verbose"])
    return replace(judged, data=None, n_samples=stand_in.sample.n_samples), stand_in, budget


def diagnose_blocks(
    model: Any, rows: RowBlocks, sample_weight: ArrayLike | None, options: dict[str, Any]
) -> Diagnosis:
    """Return the verdict on a model by a coreset of rows in blocks; see `judge_blocks`."""
    return judge_blocks(model, rows, sample_weight, options)[0].diagnosis


def repaired_blocks(
    model: Any, rows: RowBlocks, sample_weight: ArrayLike | None, options: dict[str, Any]
) -> Judged:
    """Return a model as judged on a coreset, its best fit after EM on all rows; see `judge_blocks`.

    Where that ends above the likelihood that the model had, EM begins anew at the model.
    """
    if read_model(model, options["covariance_type"]).mixture is None:
        raise NotAvailableError(
            "centers are repaired on rows in memory: repair them on some of the rows; diagnose takes all"
        )
    judged, stand_in, budget = judge_blocks(model, rows, sample_weight, options)
    assert judged.final is not None
    assert judged.model.mixture is not None
    given = judged.model.mixture
    sample = stand_in.sample
    family = _family(judged, stand_in, options)
    with limited(options["n_jobs"]):
        local = sample.local_mixture(given)
        before = sample.rows(local).nll(local) + family.penalty(local)
        final = polished_on_all(POLISH, sample, family, judged.final.mixture, budget)
        if final.value > before:
            final = polished_on_all(POLISH, sample, family, given, budget)
    return replace(judged, final=final, prior=family.prior, n_iter=judged.n_iter + final.n_iter)


def _family(judged: Judged, stand_in: StandIn, options: dict[str, Any]) -> Family:
    """The family of the model under the floor of all rows, and under the prior that the coreset has."""
    model = judged.model
    assert model.family is not None
    reg_covar, floor = options["reg_covar"], options["covariance_floor"]
    regularity = Regularity.of(
        0.0,
        model.reg_covar or 0.0 if reg_covar is None else reg_covar,
        model.covariance_floor if floor is None else floor,
    )
    return family_on_all(model.family, stand_in.sample, regularity, judged.prior, model.held)


def _check_columns(rows: RowBlocks, d: int, names: tuple[str, ...] | None) -> None:
    if rows.n_features != d:
        raise DataError(
            f"X has {counted(rows.n_features, 'column')} where the model has {d}: pass the columns that it "
            "was fitted on"
        )
    if names is not None and rows.names is not None and tuple(names) != tuple(rows.names):
        raise InvalidParameterError.of("X", rows.names, f"choose the columns {list(names)!r}, in this order")


def _with(diagnosis: Diagnosis, told: tuple[str, ...], names: tuple[str, ...] | None) -> Diagnosis:
    return replace(diagnosis.told(names), warnings=(*diagnosis.warnings, *told))
