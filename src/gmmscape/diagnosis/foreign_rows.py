"""Whether a model was plainly not fitted on the rows that it is judged on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.results.words import OF_OTHER_ROWS
from gmmscape.tolerances import TOLERANCES


def foreign_rows(
    objective: SampleObjective,
    given: Mixture,
    names: tuple[str, ...] | None = None,
    *,
    fitted: bool = False,
) -> str | None:
    """Return a sentence where a model is of other rows; None where it may be of these.

    Most rows are then far from every component. A fitted one has averages and variances of its own rows after
    each M-step: those of the columns must not be plainly others either.

    Parameters
    ----------
    objective : SampleObjective
        Of the rows.
    given : Mixture
        The model, in local coordinates.
    names : tuple of str, optional
        Of the columns.
    fitted : bool, default=False
        Whether the model says that it was fitted.

    Returns
    -------
    str or None
        How far off they are, and in which column most. Cost: that of a pass over
        `EFFORT.diagnosis.foreign_rows` rows.
    """
    rows = objective.rows
    # A length in a metric of its own takes as much as d of variances.
    lengths_each = given.n_components * max(1, given.kind.work(given.n_features) // given.n_features)
    most = max(EFFORT.diagnosis.least_foreign_rows, EFFORT.diagnosis.foreign_lengths // lengths_each)
    most = min(most, EFFORT.diagnosis.foreign_rows)
    at = np.arange(0, len(rows), -(-len(rows) // most))
    points = rows.completed(given, np.random.default_rng(EFFORT.diagnosis.own_seed), at)
    # What a background has taken tells nothing, as long as it has not taken most.
    weights = rows.weights[at] * rows.responsibilities(given, at).sum(axis=1)
    taken = 1.0 - float(weights.sum() / rows.weights[at].sum())
    d, factors = given.n_features, given.parameters.factors
    present = np.flatnonzero(given.weights > 0)
    lengths = [given.kind.lengths(points - given.means[j], factors, int(j)) for j in present]
    nearest = np.min(lengths, axis=0)
    limit = np.sqrt(d) + TOLERANCES.diagnosis.foreign_distance
    share = float(weights[nearest > limit].sum() / weights.sum())
    far = share > TOLERANCES.diagnosis.foreign_share or taken > 1.0 - TOLERANCES.diagnosis.foreign_share
    near = nearest <= limit if not far else np.ones(len(points), dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        found = _moments(objective, given, points[near], weights[near])
    if not (far or (fitted and _plainly_others(objective, found))):
        return None
    column = int(np.argmax(found.shift + np.abs(found.log_ratio)))
    called = f"column {column}" if names is None else repr(names[column])
    origin = objective.measure.origin[column]
    how = f"in {called}"
    if far:
        how = (
            f"{100 * share:.0f} % of them lie more than {limit:.0f} standard deviations from every "
            f"component; most of it in {called}"
        )
    rows_deviation, deviation = np.sqrt([found.rows_variance[column], found.variance[column]])
    return (
        f"{OF_OTHER_ROWS}: {how}, where rows are around {found.rows_mean[column] + origin:.4g} with a "
        f"standard deviation of {rows_deviation:.3g} and the model is around "
        f"{found.mean[column] + origin:.4g} with one of {deviation:.3g}: pass the rows, columns and units "
        "that it was fitted on"
    )


class _Moments(NamedTuple):
    """Averages and variances of a model and of the rows, by column, and how different they are."""

    mean: FloatArray
    variance: FloatArray
    rows_mean: FloatArray
    rows_variance: FloatArray
    rows_kurtosis: FloatArray

    @property
    def shift(self) -> FloatArray:
        """Distance of the averages in standard deviations, the larger ones."""
        with np.errstate(over="ignore"):  # more than float64 can hold is far
            return np.abs(self.mean - self.rows_mean) / np.sqrt(np.maximum(self.variance, self.rows_variance))

    @property
    def log_ratio(self) -> FloatArray:
        """Of the variances, whose quotient need not be one of float64."""
        return _log_quotient(self.variance, self.rows_variance)


def _moments(objective: SampleObjective, given: Mixture, points: FloatArray, weights: FloatArray) -> _Moments:
    """Those of the model, and of some rows."""
    mean = given.weights @ given.means
    spread = given.weights @ (given.column_variances() + (given.means - mean) ** 2)
    # An average of positive numbers is positive, but of the smallest ones there are no parts.
    spread = np.maximum(spread, given.column_variances()[given.weights > 0].min(axis=0))
    share = weights / weights.sum()
    rows_mean = share @ points
    gaps = points - rows_mean
    rows_variance = share @ gaps**2
    # Of one value there is no variance to compare with, and a model of such a column has any.
    varied = rows_variance > 0
    rows_variance = np.where(varied, rows_variance, spread)
    kurtosis = np.where(varied, share @ (gaps / np.sqrt(rows_variance)) ** 4, 3.0)
    return _Moments(mean, spread, rows_mean, rows_variance, kurtosis)


def _plainly_others(objective: SampleObjective, found: _Moments) -> bool:
    """Whether averages or variances of some column differ by more than new rows of one source would."""
    error = TOLERANCES.diagnosis.foreign_errors / np.sqrt(objective.measure.effective_rows)
    shifted = found.shift > max(TOLERANCES.diagnosis.foreign_shift, error)
    ratio, kurtosis = found.log_ratio, found.rows_kurtosis
    if objective.family.name != objective.family.kind.name:  # a family of its own may hold them otherwise
        return bool(shifted.any())
    if objective.family.kind.n_parameters(1, 2) == 1:  # of all columns together, where components have one
        ratio = np.atleast_1d(_log_quotient(found.variance.sum(), found.rows_variance.sum()))
        kurtosis = np.atleast_1d(kurtosis.max())
    few = error * np.sqrt(np.maximum(kurtosis - 1.0, 0.0))  # six standard errors of the log of a variance
    scaled = np.abs(ratio) > np.maximum(np.log(TOLERANCES.diagnosis.foreign_ratio), few)
    return bool(shifted.any() or scaled.any())


def _log_quotient(a: FloatArray, b: FloatArray) -> FloatArray:
    """Logarithm of a / b, of positive numbers; zero of the same ones, infinite or not."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, np.log(a) - np.log(b))
