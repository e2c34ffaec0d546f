"""The evidence about a fit, computed from what its examination found."""

from __future__ import annotations

import numpy as np

from gmmscape.diagnosis.evidence import Calibration, Evidence
from gmmscape.diagnosis.examine import Examination
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.moves.left_out_gain import LeftOutGain
from gmmscape.objective import SampleObjective
from gmmscape.solve import curvature, pass_size, price


def evidence_of(
    examination: Examination,
    total: float,
    gain: float,
    score: float,
    calibration: Calibration | None,
    *,
    thorough: bool,
) -> Evidence:
    """Return the evidence about the fit of a mixture that was examined.

    Parameters
    ----------
    examination : Examination
        What was found.
    total : float
        Rows that count.
    gain : float
        Of moves, per unit mass.
    score : float
        Its significance.
    calibration : Calibration or None
        Of the gain.
    thorough : bool
        Whether curvature and held-out gain are measured.

    Returns
    -------
    Evidence
        Cost: that of `solve.curvature`, and two passes for the held-out gain.
    """
    objective = examination.objective
    polished, final = examination.polished.local, examination.final.local
    thorough = thorough and not examination.escape.cut_short
    held_out = LeftOutGain(objective).gain(polished, final).mean * total if gain > 0 and thorough else None
    settled = (
        examination.polished.converged
        and pass_size(objective, polished) <= EFFORT.diagnosis.curvature_pass
        and examination.affordable(int(price(objective, polished)))
    )
    bend = curvature(objective, polished) if settled and thorough else None
    return Evidence(
        gain=gain * total,
        bic_gain=2.0 * gain * total,
        held_out_gain=held_out,
        significance=score,
        gradient_norm=examination.gradient_norm,
        smallest_curvature=None if bend is None else bend.smallest,
        falling_directions=None if bend is None else bend.falling,
        distance=None if bend is None or not np.isfinite(bend.distance) else bend.distance * total,
        overlap=bayes_error(objective, final) if examination.looked_at else None,
        calibration=calibration,
    )


def bayes_error(objective: SampleObjective, fit: Mixture) -> float:
    """Return the share of rows that the most probable component of a fit (local coordinates) is wrong for.

    By the fit's own posteriors, averaged over the rows, 50,000 of them at most.
    """
    rows = objective.rows
    chosen = np.arange(0, len(rows), -(-len(rows) // EFFORT.diagnosis.overlap_rows))
    weights = rows.weights[chosen]
    posterior = rows.responsibilities(fit, chosen)
    best = np.maximum(posterior.max(axis=1), 1.0 - posterior.sum(axis=1))  # what is left is the background's
    return float(max(0.0, 1.0 - weights @ best / weights.sum()))
