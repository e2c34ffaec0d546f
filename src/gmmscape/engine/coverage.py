"""Which rows each component covers: the responsibilities that count, and nothing of size n x k."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine import reference
from gmmscape.engine.choice import _native, native_isa
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.passes import contiguous, log_constants_and_arrays, moved
from gmmscape.engine.threads import thread_count


class Coverage(NamedTuple):
    """Responsibilities of at least some threshold, component after component, each with its rows in order.

    Attributes
    ----------
    ends : ndarray of int, shape (k + 1,)
        Entries ``ends[i]`` to ``ends[i + 1]`` are those of component i.
    row : ndarray of int
        Which row.
    posterior : ndarray of float
        Its responsibility.
    rest : ndarray of float
        One minus it, without losing digits.
    """

    ends: IntArray
    row: IntArray
    posterior: FloatArray
    rest: FloatArray


def coverage(
    X: FloatArray, parameters: Parameters, threshold: float, *, origin: FloatArray | None = None
) -> Coverage:
    """Return the responsibilities that are at least `threshold`.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows.
    parameters : Parameters
        Mixture whose responsibilities are meant.
    threshold : float
        Positive; each row has 1 / threshold entries at most.
    origin : ndarray of shape (d,), optional
        What is subtracted from the rows first; parameters count from there.

    Returns
    -------
    Coverage
        The same bits for any number of threads. Cost of a pass; memory for the entries.
    """
    isa = native_isa()
    found = None
    if isa is not None:
        model = log_constants_and_arrays(parameters)
        found = _native.coverage(isa, *model, contiguous(X), origin, threshold, thread_count())
    component, row, posterior, rest = found or _by_reference(moved(X, origin), parameters, threshold)
    k = len(parameters.means)
    small = component.astype(np.uint16) if k <= 2**16 else component  # sorted by digits, not by comparing
    order = np.argsort(small, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(component, minlength=k))])
    return Coverage(ends, row[order], posterior[order], rest[order])


def _by_reference(
    X: FloatArray, parameters: Parameters, threshold: float
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    parts = []
    for block in reference.blocks(len(X)):
        posterior = reference.responsibilities(X[block], parameters)
        rest = 1.0 - posterior
        # Of the largest, the sum of the others says more than the difference from one.
        row, top = np.arange(len(posterior)), posterior.argmax(axis=1)
        others = posterior.copy()
        others[row, top] = 0.0
        rest[row, top] = others.sum(axis=1)
        at, component = np.nonzero(posterior >= threshold)
        parts.append((component, at + block.start, posterior[at, component], rest[at, component]))
    component, row, posterior, rest = (np.concatenate(part) for part in zip(*parts, strict=True))
    return component, row, posterior, rest
