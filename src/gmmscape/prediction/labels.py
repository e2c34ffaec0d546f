"""What a model says of each row: its component, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import free_parameters
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import most_probable
from gmmscape.mixture.mixture import MOST_COMPONENTS
from gmmscape.models import FittedModel, read_model
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted, left_out, printing
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import data_matrix


@dataclass(frozen=True, eq=False)
class RowLabels(Record):
    """The component of each row, and how sure that is.

    Attributes
    ----------
    labels : ndarray of int, shape (n,)
        The most probable component of each row, from 0; -1 for the background of a mixture that has one.
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

    format: ClassVar[str] = "gmmscape-labels"

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
        """Return the labels; a density that no number holds is zero, not infinite."""
        found = cls(**cls._fields_in(content))
        return cls(**{**found.__dict__, "log_density": zero_where_no_number(found.log_density)})

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
        there, rows = np.unique(self.labels, return_counts=True)
        numbers = dict(zip(there.tolist(), rows.tolist(), strict=True))
        k = self.n_components
        most = k if "components" in printing().show else min(k, MOST_COMPONENTS)
        called = [(str(i), numbers.get(i, 0)) for i in range(most)]
        if -1 in numbers:
            called.append(("background", numbers[-1]))
        yield from aligned(
            [("#", "rows", "share"), *((name, str(many), f"{many / n:.4f}") for name, many in called)]
        )
        yield from left_out(k, most)


def row_labels(model: Any, X: Any, *, lines: Sequence[int] | None = None) -> RowLabels:
    """Return what a model says of each row.

    Parameters
    ----------
    model : object
        A mixture, as `read_model` takes it, such as the path of a file.
    X : array_like of shape (n, d)
        Rows, in the columns of the model; NaN where a value is missing, and a row counts by what is observed.
    lines : sequence of int, optional
        Where the rows stand in a file.

    Returns
    -------
    RowLabels
        One entry a row. Cost O(n k d), or O(n k d^2) for full and tied covariances.

    Raises
    ------
    DataError
        If X is no (n, d) matrix of the model's dimension, of finite numbers and NaN.
    FormatError
        If a file holds no model.
    InvalidParameterError
        If the model is one of centers, which have no density.
    """
    mixture = mixture_of(model)[0]
    rows = data_matrix(X, n_features=mixture.n_features, missing=True)
    posterior = mixture.responsibilities(rows)
    labels = most_probable(posterior, mixture.n_components)
    probability = posterior[np.arange(len(rows)), labels]  # -1 is the last column, the background's
    posterior[np.arange(len(rows)), labels] = 0.0
    return RowLabels(
        labels,
        probability,
        posterior.sum(axis=1),
        mixture.log_density(rows),
        mixture.n_components,
        places(lines),
    )


def mixture_of(model: Any) -> tuple[Mixture, int]:
    """Return the mixture in a model and how many numbers were free; raises InvalidParameterError without."""
    if isinstance(model, Mixture):
        return model, free_parameters(model.covariance_type, model)
    read = model if isinstance(model, FittedModel) else read_model(model)
    if read.mixture is None or read.family is None:
        raise InvalidParameterError.of("model", read.source, "pass a mixture: centers alone have no density")
    return read.mixture, free_parameters(read.family, read.mixture, read.held)


def places(lines: Sequence[int] | None) -> IntArray | None:
    """Return the lines of rows as results hold them."""
    return None if lines is None else np.asarray(lines, dtype=np.intp)


def zero_where_no_number(density: FloatArray) -> FloatArray:
    """Return log densities as they were: files hold no infinite ones, and those are of a density of zero."""
    return np.where(np.isposinf(density), -np.inf, density)
