"""How likely rows are under a model: in all, on average and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.prediction.labels import mixture_of, places, zero_where_no_number
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.validation import data_matrix, sample_weights


@dataclass(frozen=True, eq=False)
class Score(Record):
    """How likely rows are under a model.

    Attributes
    ----------
    log_likelihood : float
        Of all rows, in nats, each counted by its weight.
    per_row : float
        The same per row (per unit of weight).
    standard_error : float
        Of `per_row`, as the mean of independent rows; infinite for one row.
    bic, aic : float
        Criteria, smaller is better, where these are the rows that the model was fitted on.
    n_parameters : int
        Free numbers of the model.
    total : float
        Number of rows, or sum of their weights.
    log_density : ndarray of shape (n,)
        Of each row, in nats.
    lines : ndarray of int, shape (n,), or None
        Lines of a file in which the rows begin.
    """

    format: ClassVar[str] = "gmmscape-score"

    log_likelihood: float
    per_row: float
    standard_error: float
    bic: float
    aic: float
    n_parameters: int
    total: float
    log_density: FloatArray
    lines: IntArray | None = field(default=None)

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the score; a density that no number holds is zero, not infinite."""
        fields = cls._fields_in(content)
        if content["log_likelihood"] is None:
            fields |= {"log_likelihood": -np.inf, "per_row": -np.inf}
        return cls(**{**fields, "log_density": zero_where_no_number(fields["log_density"])})

    def __str__(self) -> str:
        return "\n".join(self._told())

    def _told(self) -> Iterator[str]:
        n = len(self.log_density)
        error = f", standard error {self.standard_error:.3g}" if np.isfinite(self.standard_error) else ""
        yield (
            f"log-likelihood {self.log_likelihood:.8g} of {counted(n, 'row')} ({self.per_row:.6g} per row"
            f"{error})"
        )
        yield "next: compare the number per row with that of another model on the same rows"
        parameters = counted(self.n_parameters, "parameter")
        yield f"bic {self.bic:.8g}, aic {self.aic:.8g} with {parameters}, if it was fitted on these rows"
        lowest = np.argsort(self.log_density, kind="stable")[: EFFORT.report.least_likely_rows]
        where = [f"row {i}" if self.lines is None else f"line {self.lines[i]}" for i in lowest]
        told = (f"{place} ({self.log_density[i]:.4g})" for place, i in zip(where, lowest, strict=True))
        yield f"least likely: {', '.join(told)}"


def score_of(model: Any, X: Any, sample_weight: Any = None, *, lines: Sequence[int] | None = None) -> Score:
    """Return how likely rows are under a model.

    Parameters
    ----------
    model : object
        A mixture, as `read_model` takes it, such as the path of a file.
    X : array_like of shape (n, d)
        Rows, in the columns of the model; NaN where a value is missing, and a row counts by what is observed.
    sample_weight : array_like of shape (n,), optional
        Equal by default.
    lines : sequence of int, optional
        Where the rows stand in a file.

    Returns
    -------
    Score
        Of all rows and of each. Cost O(n k d), or O(n k d^2) for full and tied covariances.

    Raises
    ------
    DataError
        If X is no (n, d) matrix of the model's dimension, of finite numbers and NaN, or weights do not fit.
    FormatError
        If a file holds no model.
    InvalidParameterError
        If the model is one of centers, which have no density.
    """
    mixture, parameters = mixture_of(model)
    rows = data_matrix(X, n_features=mixture.n_features, missing=True)
    weights = np.ones(len(rows)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    sample_weights(sample_weight, len(rows))
    density = mixture.log_density(rows)
    total = float(weights.sum())
    counts = weights > 0
    value = float(weights[counts] @ density[counts])
    mean = value / total
    # Rows of weight w are taken for w rows that happen to be equal, as everywhere.
    spread = float(weights[counts] @ (density[counts] - mean) ** 2) if np.isfinite(mean) else np.inf
    error = np.sqrt(spread / (total - 1.0) / total) if total > 1.0 else np.inf
    return Score(
        value,
        mean,
        float(error),
        float(-2.0 * value + parameters * np.log(total)),
        -2.0 * value + 2.0 * parameters,
        parameters,
        total,
        density,
        places(lines),
    )
