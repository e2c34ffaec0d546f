"""What a verdict rests on, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Calibration:
    """Gains that the search finds where the fit is the truth, by the parametric bootstrap.

    Attributes
    ----------
    false_alarm : float
        Rate that was asked for: good fits called bad.
    gains : tuple of float
        Nats in total, on each sample drawn from the fit.
    threshold : float
        Gain that a fit has to be beaten by, nats in total: the largest of them.
    p_value : float
        Share of samples, this one counted in, on which the search gains at least as much.
    """

    false_alarm: float
    gains: tuple[float, ...]
    threshold: float
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold.

        Returns
        -------
        dict
            One entry for each attribute.
        """
        return {
            "false_alarm": self.false_alarm,
            "gains": list(self.gains),
            "threshold": self.threshold,
            "p_value": self.p_value,
        }


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on; None stands for what was not measured.

    Attributes
    ----------
    gain : float
        By moves, beyond polishing: nats in total, or inertia of the whole data.
    bic_gain : float or None
        Fall of the BIC; twice the gain, as both fits have as many parameters. None for centers.
    held_out_gain : float or None
        Fall of the NLL on rows that neither fit was refined on, times the number of all rows: nats in total.
    significance : float
        The gain in standard errors of its row-wise differences (Vuong's statistic).
    gradient_norm : float
        Length of the EM step from the fit as it came (docs/words.md#gradient-norm); infinite where a
        component has no rows.
    smallest_curvature : float or None
        Of the polished fit, relative to that of the complete data: one less the rate of EM. Near 0 a plateau
        or ridge, below 0 a saddle.
    overlap : float or None
        Bayes error of the best fit in hand: the share of rows whose most probable component is not theirs.
    calibration : Calibration or None
        Where a rate of false alarms was asked for.
    replicated : tuple of (int, int) or None
        How many random starts ended at the likelihood of the best fit in hand, within 0.02 nats in total, of
        how many; None where none were run.
    """

    gain: float
    bic_gain: float | None
    held_out_gain: float | None
    significance: float
    gradient_norm: float
    smallest_curvature: float | None
    overlap: float | None
    calibration: Calibration | None = None
    replicated: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold.

        Returns
        -------
        dict
            One entry for each attribute; what is not finite is None.
        """
        return {
            "gain": self.gain,
            "bic_gain": self.bic_gain,
            "held_out_gain": self.held_out_gain,
            "significance": self.significance if np.isfinite(self.significance) else None,
            "gradient_norm": self.gradient_norm if np.isfinite(self.gradient_norm) else None,
            "smallest_curvature": self.smallest_curvature,
            "overlap": self.overlap,
            "calibration": None if self.calibration is None else self.calibration.to_dict(),
            "replicated": None if self.replicated is None else list(self.replicated),
        }
