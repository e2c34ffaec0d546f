"""What a fit says of each row of a partition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import most_probable


class Answer(NamedTuple):
    """A method of a fit that says something of each row.

    Attributes
    ----------
    column : str
        What it is called where it becomes a column of a table.
    say : callable
        Of a mixture and an array of rows, which may be empty.
    dtype : type
        Of what it says.
    of_each_component : bool
        Whether it says a number for each component.
    """

    column: str
    say: Callable[[Mixture, FloatArray], Any]
    dtype: type
    of_each_component: bool = False


def width(mixture: Mixture) -> int:
    """Return how many probabilities a row has: one for each component, and for a background."""
    return mixture.n_components + (mixture.background is not None)


def probabilities(mixture: Mixture, points: FloatArray) -> FloatArray:
    """Return the posterior of each component at each row."""
    return mixture.responsibilities(points) if len(points) else np.empty((0, width(mixture)))


def labels(mixture: Mixture, points: FloatArray) -> IntArray:
    """Return the most probable component of each row."""
    return most_probable(probabilities(mixture, points), mixture.n_components)


def log_density(mixture: Mixture, points: FloatArray) -> FloatArray:
    """Return the log density at each row."""
    return mixture.log_density(points) if len(points) else np.empty(0)


ANSWERS = {
    "predict": Answer("component", labels, np.int64),
    "predict_proba": Answer("probability", probabilities, np.float64, of_each_component=True),
    "score_samples": Answer("log_density", log_density, np.float64),
}
