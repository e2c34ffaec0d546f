"""Whether a model was plainly not fitted on the rows that it is judged on."""

from __future__ import annotations

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.mixture import Mixture
from gmmscape.objective import SampleObjective
from gmmscape.tolerances import TOLERANCES


def foreign_rows(
    objective: SampleObjective, given: Mixture, names: tuple[str, ...] | None = None
) -> str | None:
    """Return a sentence where most rows are far from every component of a model; None where they are not.

    Parameters
    ----------
    objective : SampleObjective
        Of the rows.
    given : Mixture
        The model, in local coordinates.
    names : tuple of str, optional
        Of the columns.

    Returns
    -------
    str or None
        How far off they are, and in which column most. Cost: that of a pass over
        `EFFORT.diagnosis.foreign_rows` rows.
    """
    rows = objective.rows
    most = max(EFFORT.diagnosis.least_foreign_rows, EFFORT.diagnosis.foreign_lengths // given.n_components)
    most = min(most, EFFORT.diagnosis.foreign_rows)
    at = np.arange(0, len(rows), -(-len(rows) // most))
    points, weights = rows.local(at), rows.weights[at]
    d, factors = given.n_features, given.parameters.factors
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.stack(
            [
                np.linalg.norm(given.kind.scaled(points - given.means[j], factors, int(j)), axis=1)
                for j in np.flatnonzero(given.weights > 0)
            ]
        )
    nearest = np.nan_to_num(lengths, nan=np.inf).min(axis=0)
    limit = np.sqrt(d) + TOLERANCES.diagnosis.foreign_distance
    share = float(weights[nearest > limit].sum() / weights.sum())
    if share <= TOLERANCES.diagnosis.foreign_share:
        return None
    column = _column_most_off(objective, given)
    called = f"column {column}" if names is None else repr(names[column])
    own = objective.measure.callers_mixture(given)
    middle = float(own.weights @ own.means[:, column])
    rows_middle = float(objective.measure.origin[column] + weights @ points[:, column] / weights.sum())
    return (
        f"the model was not fitted on these rows: {100 * share:.0f} % of them lie more than {limit:.0f} "
        f"standard deviations from every component; most of it in {called}, where rows are around "
        f"{rows_middle:.4g} and the model is around {middle:.4g}: pass the rows, columns and units that it "
        "was fitted on"
    )


def _column_most_off(objective: SampleObjective, given: Mixture) -> int:
    """The column in which middles or widths of rows and model differ most, in standard deviations."""
    variance = np.where(objective.measure.variance > 0, objective.measure.variance, 1.0)
    mean = given.weights @ given.means
    spread = given.weights @ given.column_variances()
    spread = spread + given.weights @ (given.means - mean) ** 2
    rows_mean = objective.measure.weights @ objective.measure.points
    shift = np.abs(mean - rows_mean) / np.sqrt(np.minimum(variance, spread))
    return int(np.argmax(shift + np.abs(np.log(variance / spread))))
