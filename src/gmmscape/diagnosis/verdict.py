"""From what an examination found to a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.diagnosis.component_kinds import (
    read_components,
    unexamined_reports,
    with_rows,
)
from gmmscape.diagnosis.evidence import Calibration
from gmmscape.diagnosis.examine import Examination
from gmmscape.diagnosis.findings import findings, missing_values, set_aside
from gmmscape.diagnosis.measured_evidence import evidence_of
from gmmscape.diagnosis.result import ComponentReport, Diagnosis
from gmmscape.diagnosis.suggested_number import suggested_n_components
from gmmscape.mixture import Mixture
from gmmscape.moves.degeneracy import on_floor, scarce
from gmmscape.moves.nesting import background, distances
from gmmscape.moves.search import Escape, TriedMove
from gmmscape.objective import SampleObjective
from gmmscape.results.text import counted
from gmmscape.results.words import ENDINGS, INTO_COLLAPSE
from gmmscape.tolerances import TOLERANCES


def diagnosis_of(
    examination: Examination,
    total: float,
    calibration: Calibration | None = None,
    *,
    thorough: bool = False,
) -> Diagnosis:
    """Return the diagnosis of a mixture.

    Parameters
    ----------
    examination : Examination
        What was found.
    total : float
        Rows that count.
    calibration : Calibration, optional
        Of the gain; a verdict of "bad optimum" then rests on it too.
    thorough : bool, default=False
        Whether to measure what takes passes of its own: curvature, held-out gain, suggested number of
        components. Fits do without.

    Returns
    -------
    Diagnosis
        Verdict, components and moves.
    """
    objective, given = examination.objective, examination.given
    polished, final = examination.polished.local, examination.final.local
    broken = examination.broken(given)
    gain = counted_gain(examination)
    n = _effective_rows(objective)
    score = _score(objective, polished, final, n) if gain > 0 else 0.0
    rival = rival_of(examination)
    verdict, reasons = judged(
        gain * total, score, examination.escape, bool(broken.any()), "nats", rival * total
    )
    if calibration is not None:
        verdict, reasons = calibrated(verdict, reasons, calibration)
    if examination.begun_early:
        reasons += ("moves began before EM had converged: the gain counts from where it stood",)
    exact = examination.clusters.untouched & (gain <= 0) if examination.looked_at else np.zeros(0, dtype=bool)
    return Diagnosis(
        verdict=verdict,
        reasons=reasons,
        input_state=_input_state(examination, bool(broken.any())),
        objective="nll",
        value_before=examination.value_before,
        value_after=examination.final.value,
        polish_gain=examination.polish_gain,
        escape_gain=examination.escape_gain,
        total=total,
        significance=score,
        gradient_norm=examination.gradient_norm,
        components=never_all_right(
            _components(examination, given, exact), verdict, examination.escape.taken, _apart(given, final)
        ),
        moves=tuple(examination.escape.taken),
        alternatives=distinct(examination.escape.alternatives, TOLERANCES.moves.same / n),
        rounds=examination.escape.rounds,
        tried=examination.escape.tried,
        stop_reason=examination.stop_reason,
        findings=findings(objective, final, np.flatnonzero(background(final)))
        if examination.looked_at
        else (*set_aside(objective.measure), *missing_values(objective.measure)),
        warnings=_warnings(examination, given),
        evidence=evidence_of(examination, total, gain, score, calibration, thorough=thorough),
        suggested_n_components=suggested_n_components(objective, final, 0, examination.proposed)
        if thorough
        and objective.family.held is None
        and examination.looked_at
        and examination.affordable(100)
        else None,
        rival=examination.escape.rival.mixture if rival > 0.0 else None,
        passes=examination.passes,
        model=objective.measure.callers_mixture(given),
    )


def counted_gain(examination: Examination) -> float:
    """Return what moves, or leaving a saddle, brought beyond polishing, per unit mass."""
    return examination.escape_gain if examination.escape.taken or examination.saddle else 0.0


def rival_of(examination: Examination) -> float:
    """Return how much better another fit is on these rows that is not told from the best; 0 for none."""
    rival = examination.escape.rival
    if rival is None:
        return 0.0
    gain = examination.final.value - rival.value
    return gain if gain * _effective_rows(examination.objective) >= TOLERANCES.diagnosis.rival else 0.0


def calibrated(
    verdict: str, reasons: tuple[str, ...], calibration: Calibration
) -> tuple[str, tuple[str, ...]]:
    """Return a verdict with its reasons, held to the rate of false alarms that was asked for."""
    n, most = len(calibration.gains), calibration.threshold
    found = f"on {counted(n, 'sample')} drawn from the fit the search gains at most {most:.4g} nats"
    if verdict == "bad optimum" and calibration.p_value > calibration.false_alarm:
        return "cannot tell", (*reasons, f"{found}: such gains are found where the fit is the truth, too")
    return verdict, (*reasons, f"{found} (p = {calibration.p_value:.3g})")


def diagnosis_of_result(examination: Examination, before: Diagnosis, *, searched: bool) -> Diagnosis:
    """Return the diagnosis of the best fit in hand, with the gains and moves that led to it.

    Parameters
    ----------
    examination : Examination
        What was found.
    before : Diagnosis
        Of the fit that the examination began with.
    searched : bool
        Whether moves were tried at all.

    Returns
    -------
    Diagnosis
        Its `value_before` is that of the fit the examination began with.
    """
    final = examination.final
    local = final.local
    broken = examination.broken(local)
    verdict, reasons = "cannot tell", ("no moves were tried: escape is off",)
    if searched or examination.escape.cut_short:
        rival = rival_of(examination)
        verdict, reasons = judged(
            0.0, 0.0, examination.escape, bool(broken.any()), "nats", rival * before.total
        )
    return replace(
        before,
        verdict=verdict,
        reasons=reasons,
        input_state=_state(final.stop_reason, bool(broken.any())),
        gradient_norm=final.gradient_norm,
        significance=0.0,
        components=_components(
            examination,
            local,
            examination.clusters.untouched if examination.looked_at else np.zeros(0, dtype=bool),
        ),
        warnings=_warnings(examination, local),
        model=final.mixture,
    )


def _components(examination: Examination, fit: Mixture, exact: BoolArray) -> tuple[ComponentReport, ...]:
    objective = examination.objective
    if not examination.looked_at:
        weights = objective.rows.weights_of(fit)
        return unexamined_reports(weights, objective.measure.effective_rows)
    reports, _ = read_components(objective, fit, examination.clusters.mixture, exact)
    return with_rows(reports, objective.measure, fit)


def never_all_right(
    components: tuple[ComponentReport, ...], verdict: str, taken: Sequence[TriedMove], apart: FloatArray
) -> tuple[ComponentReport, ...]:
    """Return components of which one is not as in the better fit, if there is one.

    Parameters
    ----------
    components : tuple of ComponentReport
        Of the fit.
    verdict : str
        On it.
    taken : sequence of TriedMove
        Moves that lead to the better one.
    apart : ndarray of shape (k,)
        How far each component is from the one of the same number there.

    Returns
    -------
    tuple of ComponentReport
        The same where some is not exact; else those that moves changed are mixed, or, where EM led from a
        start to the better fit, those that it took farthest.
    """
    if verdict != "bad optimum" or any(component.kind != "exact" for component in components):
        return components
    changed = {i for move in taken for i in (*move.splits, *(j for pair in move.removals for j in pair))}
    changed = changed or set(np.flatnonzero(apart >= 0.5 * apart.max()).tolist())
    return tuple(
        replace(component, kind="mixed") if component.index in changed else component
        for component in components
    )


def _apart(fit: Mixture, better: Mixture) -> FloatArray:
    """How far the means of two fits are apart, in standard deviations of the first, with their weights."""
    gaps = fit.kind.lengths_each(better.means - fit.means, fit.parameters.factors)
    return gaps + np.abs(better.weights - fit.weights)


def _state(stop_reason: str, broken: bool) -> str:
    if broken or stop_reason == "degenerate":
        return "degenerate"
    return stop_reason if stop_reason in ("converged", "plateau") else "not converged"


def _effective_rows(objective: SampleObjective) -> float:
    return objective.measure.effective_rows


def _score(objective: SampleObjective, before: Mixture, after: Mixture, n: float) -> float:
    """Vuong's statistic of two mixtures in local coordinates, by blocks of rows."""
    parts = []
    for place, _, weights in objective.rows.blocks():
        difference = objective.rows.log_densities(after, place) - objective.rows.log_densities(before, place)
        mass = float(weights.sum())
        mean = float(weights @ difference) / mass
        parts.append((mass, mean, float(weights @ (difference - mean) ** 2)))
    mass, means, spreads = np.array(parts).T
    mean = float(mass @ means)
    return _in_standard_errors(mean, float(spreads.sum() + mass @ (means - mean) ** 2), n)


def significance(difference: FloatArray, weights: FloatArray, n: float) -> float:
    """Return Vuong's statistic (Econometrica 57(2), 1989): the mean difference in its standard errors."""
    mean = float(weights @ difference)
    return _in_standard_errors(mean, float(weights @ (difference - mean) ** 2), n)


def _in_standard_errors(mean: float, variance: float, n: float) -> float:
    spread = float(np.sqrt(variance))
    if mean <= 0:
        return 0.0
    if spread <= 1e-12 * mean:  # rounding
        return float("inf")
    return float(mean / spread * np.sqrt(n))


def judged(
    gain_total: float, score: float, escape: Escape, broken: bool, unit: str, rival: float = 0.0
) -> tuple[str, tuple[str, ...]]:
    """Return the verdict with its reasons."""
    count = sum(len(move.splits) for move in escape.taken)
    if gain_total > 0 and score >= TOLERANCES.diagnosis.significant_gain:
        way = "leaving a saddle"
        if escape.taken:
            way = f"{count} move{'s' * (count != 1)}" if count else "beginning anew close by or far off"
        return "bad optimum", (
            f"a fit better by {gain_total:.4g} {unit} is in hand, by {way} "
            f"({score:.3g} standard errors of its row-wise differences)",
        )
    if gain_total > 0:
        return "cannot tell", (
            f"a fit better by {gain_total:.4g} {unit} is in hand, but by no more than {score:.2g} "
            f"standard errors: "
            "with so much overlap, or so few rows, the data do not tell the two apart",
        )
    if escape.cut_short:
        return "cannot tell", (ENDINGS[escape.stop_reason],)
    if broken:
        return "cannot tell", (
            "some component has no covariance of its own (it is on a floor, or on too few different rows): "
            "likelihoods of such fits do not compare; use fewer components or a larger covariance_prior",
        )
    if rival > 0.0:
        return "cannot tell", (
            f"two fits that these data cannot tell apart: another one is better by {rival:.3g} {unit} on "
            "these rows, by so little that it may not be on new ones; both are in hand (`rival`)",
            *_left_alone(escape),
        )
    failed = escape.tried - len(escape.taken)
    more = " more" if escape.taken else ""
    reasons = [f"{failed}{more} moves and new starts were run through EM, none brought a gain that counts"]
    if failed == 1:
        reasons = [f"one{more} move or new start was run through EM, it brought no gain that counts"]
    if failed == 0:
        reasons = ["no other move promised a gain after EM on its neighbourhood"]
    if escape.stop_reason == "effort_limit":
        reasons.append(ENDINGS["effort_limit"])
    return "no better fit found", (*reasons, *_left_alone(escape))


def _left_alone(escape: Escape) -> tuple[str, ...]:
    """What to say of gains by nested or collapsed components, and of those that are not told from none."""
    if any(move.outcome != "not told apart" for move in escape.alternatives):
        return ("better densities by other means are listed as alternatives",)
    return ()


def distinct(moves: Sequence[TriedMove], same: float) -> tuple[TriedMove, ...]:
    """Return moves by falling realised gain, one for each value."""
    kept: list[TriedMove] = []
    for move in sorted(moves, key=lambda move: (-move.realised_gain, -move.predicted_gain)):
        if not kept or kept[-1].realised_gain - move.realised_gain > same:
            kept.append(move)
    return tuple(kept)


def _input_state(examination: Examination, broken: bool) -> str:
    if broken or examination.polished.stop_reason == "degenerate":
        return "degenerate"
    if examination.gradient_norm == float("inf"):
        return "plateau"
    brought = examination.polish_gain * _effective_rows(examination.objective)
    if brought > TOLERANCES.diagnosis.converged_within or examination.begun_early or examination.lost:
        return "not converged"
    return "saddle" if examination.saddle else "converged"


def _warnings(examination: Examination, fit: Mixture) -> tuple[str, ...]:
    objective, best, ended = examination.objective, examination.final, examination.stop_reason
    if examination.escape.cut_short and not examination.looked_at:
        return ()  # no time for passes
    found = []
    if examination.lost:
        found.append(
            f"{INTO_COLLAPSE}: component {', '.join(map(str, examination.lost))} "
            "would end on a few rows, where likelihoods have no bound; it was not polished "
            "(covariance_prior bounds them)"
        )
    together = TOLERANCES.diagnosis.together
    if fit.n_components > 1 and all(bool((gaps < together).all()) for gaps in distances(fit)):
        found.append(
            "all means nearly coincide: a fault of the start, as when one-hot responsibilities inflate a "
            "tied covariance until nothing tells the components apart"
        )
    held_up = on_floor(objective, fit)
    for which, where in (
        (held_up, "a floor"),
        (scarce(objective, fit) & ~held_up, "few rows for its columns"),
    ):
        places = np.flatnonzero(which).tolist()
        if places:
            found.append(
                f"component{'s' * (len(places) > 1)} {', '.join(map(str, places[:10]))}: on {where}; use "
                "fewer components, a simpler covariance_type or a larger covariance_prior"
            )
    if not best.converged and ended == "completed":
        found.append(f"the best fit in hand is not converged ({best.stop_reason})")
    return tuple(found)
