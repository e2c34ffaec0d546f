"""Confirming a suspect: refined, and checked by a rule of integration of another kind."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.falsification.second_opinion import Opinion, gauss_legendre
from gmmscape.landscape.falsification.second_opinion_mpmath import Exact, multiprecision
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.solve import Solution
from gmmscape.tolerances import TOLERANCES


class Verdict(NamedTuple):
    """What scrutiny of a suspect said; see `Suspect`.

    Attributes
    ----------
    point : CriticalPoint
        The refined point.
    outcome : str
        Confirmed, undecided or refuted.
    reason : str
        Why.
    eigenvalue : float
        Smallest curvature, 1/sigma^2.
    error : float
        Its estimated error.
    """

    point: CriticalPoint
    outcome: str
    reason: str
    eigenvalue: float
    error: float


def confirmed(truth: Mixture, found: Solution, tau: float) -> Verdict:
    """Refine a suspect with the fine rule, and check it with Gauss-Legendre panels or in extended precision.

    Parameters
    ----------
    truth : Mixture
        What is true.
    found : Solution
        Where exploration ended.
    tau : float
        Largest defect of a structured fit.

    Returns
    -------
    Verdict
        With the refined point.
    """
    sigma = float(np.sqrt(found.mixture.covariances[0]))
    point = Descent(Population(truth), found.mixture.n_components, sigma).polish(found)
    decoded = point.decoding
    assert decoded is not None
    value = float(point.eigenvalues[0]) * sigma**2
    if not point.converged:
        return Verdict(point, "undecided", f"refining ended with {point.stop_reason}", value, float("inf"))
    if decoded.defect <= tau:
        return Verdict(point, "refuted", "structured once refined", value, float("inf"))
    try:
        opinion = gauss_legendre(point.means, truth, sigma)
    except NotAvailableError as error:
        return Verdict(point, "undecided", str(error), value, float("inf"))
    found_by = _by_float64(point, opinion, tau, sigma)
    if found_by.outcome == "undecided" and _sharper(found_by):
        return _by_extended(found_by, truth, tau, sigma)
    return found_by


def _by_float64(point: CriticalPoint, opinion: Opinion, tau: float, sigma: float) -> Verdict:
    """Judge by the refined point and the second rule together."""
    k, d = point.means.shape
    eigenvalues = np.linalg.eigvalsh(opinion.hessian)
    value = min(float(eigenvalues[0]), float(point.eigenvalues[0]) * sigma**2)
    # Each entry errs by what the rule says; a matrix of that many rows moves eigenvalues by so much.
    difference = np.abs(eigenvalues - point.eigenvalues * sigma**2).max()
    error = float(max(difference, k * d * opinion.error))
    if value < -TOLERANCES.falsification.clear_curvature * error:
        return Verdict(point, "refuted", "no minimum: a curvature is negative", value, error)
    if value <= TOLERANCES.falsification.clear_curvature * error:
        return Verdict(point, "undecided", "the smallest curvature has no sign in float64", value, error)
    step = float(np.abs(np.linalg.solve(opinion.hessian, opinion.gradient)).max())
    if step > TOLERANCES.falsification.agreed:
        reason = f"the critical points of two rules are {step:.2g} sigma apart"
        return Verdict(point, "undecided", reason, value, error)
    decoded = point.decoding
    assert decoded is not None
    apart = float(np.abs(opinion.association - decoded.association).max())
    if decoded.defect <= tau + TOLERANCES.falsification.clear_curvature * apart:
        return Verdict(point, "undecided", "the defect is tau within its error", value, error)
    return Verdict(point, "confirmed", "Gauss-Legendre panels agree", value, error)


def _sharper(verdict: Verdict) -> bool:
    """Whether extended precision may decide what float64 did not."""
    return "no sign" in verdict.reason


def _by_extended(verdict: Verdict, truth: Mixture, tau: float, sigma: float) -> Verdict:
    point = verdict.point
    try:
        exact = multiprecision(point.means, truth, sigma)
    except NotAvailableError as error:
        return verdict._replace(reason=f"{verdict.reason}; {error}")
    if exact is None:
        return verdict
    return _judged(verdict, exact, tau)


def _judged(verdict: Verdict, exact: Exact, tau: float) -> Verdict:
    from gmmscape.structure.partition import best_stars

    value, defect = float(exact.eigenvalues[0]), best_stars(exact.association)[1]
    changed = verdict._replace(eigenvalue=value, error=exact.error)
    if value < -TOLERANCES.falsification.clear_curvature * exact.error:
        # Means that coincide at a saddle this shallow have a minimum next to them, a hair apart.
        reason = f"a saddle by a curvature of {value:.1g} (mpmath); the minimum beside it was not looked for"
        return changed._replace(reason=reason)
    if value <= TOLERANCES.falsification.clear_curvature * exact.error:
        return changed._replace(reason="the smallest curvature has no sign in extended precision")
    if exact.moved > TOLERANCES.falsification.agreed:
        reason = f"the critical point in extended precision is {exact.moved:.2g} sigma away"
        return changed._replace(reason=reason)
    if defect <= tau:
        return changed._replace(outcome="refuted", reason="structured in extended precision")
    return changed._replace(outcome="confirmed", reason="extended precision (mpmath) agrees")
