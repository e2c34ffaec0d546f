"""What a verdict rests on, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gmmscape.results.records import Record
from gmmscape.results.text import counted


@dataclass(frozen=True)
class Calibration(Record):
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

    format: ClassVar[str] = "gmmscape-calibration"

    false_alarm: float
    gains: tuple[float, ...]
    threshold: float
    p_value: float

    def __str__(self) -> str:
        return (
            f"search gains {self.threshold:.4g} nats or less on {counted(len(self.gains), 'sample')} drawn "
            f"from the fit: p-value {self.p_value:.3g}"
        )


@dataclass(frozen=True)
class Evidence(Record):
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
        Of the polished fit, relative to that of the complete data: one less the rate of EM, by exact second
        derivatives (docs/mathematics.md#own-units). Near 0 a plateau or ridge, below 0 a saddle.
    overlap : float or None
        Bayes error of the best fit in hand: the share of rows whose most probable component is not theirs.
    falling_directions : int or None
        In which the likelihood rises from the polished fit: the index of a saddle, 0 at an optimum; with very
        many parameters at least so many.
    distance : float or None
        Nats in total by which the nearest optimum is higher than the polished fit, by its quadratic model.
        None where that has none, at a saddle or on a ridge.
    calibration : Calibration or None
        Where a rate of false alarms was asked for.
    replicated : tuple of (int, int) or None
        How many random starts ended at the likelihood of the best fit in hand, within 0.02 nats in total, of
        how many; None where none were run.
    """

    format: ClassVar[str] = "gmmscape-evidence"

    gain: float
    bic_gain: float | None
    held_out_gain: float | None
    significance: float
    gradient_norm: float
    smallest_curvature: float | None
    overlap: float | None
    falling_directions: int | None = None
    distance: float | None = None
    calibration: Calibration | None = None
    replicated: tuple[int, int] | None = None

    @property
    def of_a_saddle(self) -> str:
        """The index, where the polished fit is a saddle; else nothing."""
        n = self.falling_directions
        return f", a saddle: the likelihood rises in {counted(n, 'direction')}" if n else ""

    def __str__(self) -> str:
        parts = [f"gain {self.gain:.4g}", f"{self.significance:.3g} standard errors"]
        if self.held_out_gain is not None:
            parts.append(f"{self.held_out_gain:+.4g} on rows held out")
        if self.smallest_curvature is not None:
            parts.append(f"smallest curvature {self.smallest_curvature:.2g}{self.of_a_saddle}")
        if self.overlap is not None:
            parts.append(f"overlap {100.0 * self.overlap:.2g} %")
        if self.replicated is not None:
            hits, starts = self.replicated
            parts.append(f"replicated by {hits} of {starts} random starts")
        return "\n".join([", ".join(parts), *([] if self.calibration is None else [str(self.calibration)])])
