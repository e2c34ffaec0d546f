"""What a model says of rows: the component of each, how sure that is, and how likely the rows are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import family_named
from gmmscape.mixture import Mixture
from gmmscape.models import FittedModel, read_model
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import data_matrix, sample_weights


@dataclass(frozen=True, eq=False)
class Predictions(Record):
    """The component of each row, and how sure that is.

    Attributes
    ----------
    labels : ndarray of int, shape (n,)
        The most probable component of each row, from 0.
    probability : ndarray of shape (n,)
        Its posterior probability.
    uncertainty : ndarray of shape (n,)
        That of all others together, to full precision where it is tiny.
    log_density : ndarray of shape (n,)
        Of the mixture at each row, in nats.
    n_components : int
        Of the model.
    lines : ndarray of int, shape (n,), or None
        Lines of a file in which the rows begin.
    """

    format: ClassVar[str] = "gmmscape-predictions"

    labels: IntArray
    probability: FloatArray
    uncertainty: FloatArray
    log_density: FloatArray
    n_components: int
    lines: IntArray | None = None

    @property
    def unclear(self) -> int:
        """Number of rows whose component is no more probable than `TOLERANCES.diagnosis.clear_label`."""
        return int(np.count_nonzero(self.probability < TOLERANCES.diagnosis.clear_label))

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the predictions; a density that no number holds is zero, not infinite."""
        found = cls(**cls._fields_in(content))
        return cls(**{**found.__dict__, "log_density": _finite_or_none(found.log_density)})

    def __str__(self) -> str:
        return "\n".join(self._told())

    def _told(self) -> Iterator[str]:
        n, unclear = len(self.labels), self.unclear
        level = TOLERANCES.diagnosis.clear_label
        yield f"{counted(n, 'row')} labelled by {counted(self.n_components, 'component')}"
        if unclear:
            rows = counted(unclear, "row")
            yield f"next: look at the {rows} whose component has a probability below {level:g}"
        else:
            yield f"next: use the labels; each has a probability of {level:g} or more"
        yield ""
        shares = np.bincount(self.labels, minlength=self.n_components)
        rows = [(str(i), str(number), f"{number / n:.4f}") for i, number in enumerate(shares.tolist())]
        yield from aligned([("#", "rows", "share"), *rows])


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
        return cls(**{**fields, "log_density": _finite_or_none(fields["log_density"])})

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


def predictions(model: Any, X: Any, *, lines: Sequence[int] | None = None) -> Predictions:
    """Return what a model says of each row.

    Parameters
    ----------
    model : object
        A mixture, as `read_model` takes it, such as the path of a file.
    X : array_like of shape (n, d)
        Rows, in the columns of the model.
    lines : sequence of int, optional
        Where the rows stand in a file.

    Returns
    -------
    Predictions
        One entry a row. Cost O(n k d), or O(n k d^2) for full and tied covariances.

    Raises
    ------
    DataError
        If X is no finite (n, d) matrix of the model's dimension.
    FormatError
        If a file holds no model.
    InvalidParameterError
        If the model is one of centers, which have no density.
    """
    mixture = _mixture_of(model)[0]
    rows = data_matrix(X, n_features=mixture.n_features)
    posterior = mixture.responsibilities(rows)
    labels = posterior.argmax(axis=1)
    probability = posterior[np.arange(len(rows)), labels]
    posterior[np.arange(len(rows)), labels] = 0.0
    return Predictions(
        labels,
        probability,
        posterior.sum(axis=1),
        mixture.log_density(rows),
        mixture.n_components,
        _places(lines),
    )


def score(model: Any, X: Any, sample_weight: Any = None, *, lines: Sequence[int] | None = None) -> Score:
    """Return how likely rows are under a model.

    Parameters
    ----------
    model : object
        A mixture, as `read_model` takes it, such as the path of a file.
    X : array_like of shape (n, d)
        Rows, in the columns of the model.
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
        If X is no finite (n, d) matrix of the model's dimension, or weights do not fit.
    FormatError
        If a file holds no model.
    InvalidParameterError
        If the model is one of centers, which have no density.
    """
    mixture, family = _mixture_of(model)
    rows = data_matrix(X, n_features=mixture.n_features)
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
    parameters = family_named(family).n_parameters(*mixture.means.shape)
    return Score(
        value,
        mean,
        float(error),
        float(-2.0 * value + parameters * np.log(total)),
        -2.0 * value + 2.0 * parameters,
        parameters,
        total,
        density,
        _places(lines),
    )


def _mixture_of(model: Any) -> tuple[Mixture, str]:
    if isinstance(model, Mixture):
        return model, model.covariance_type
    read = model if isinstance(model, FittedModel) else read_model(model)
    if read.mixture is None or read.family is None:
        raise InvalidParameterError.of("model", read.source, "pass a mixture: centers alone have no density")
    return read.mixture, read.family


def _places(lines: Sequence[int] | None) -> IntArray | None:
    return None if lines is None else np.asarray(lines, dtype=np.intp)


def _finite_or_none(density: FloatArray) -> FloatArray:
    return np.where(np.isposinf(density), -np.inf, density)
