"""What fits promise on rows that they have not seen: folds held out in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gmmscape.arrays import IntArray
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture

#: Returns the fit of a part of the rows.
Fitted = Callable[[Sample], Mixture]


def held_out(sample: Sample, fitted: Fitted, n_folds: int, seed: int) -> float:
    """Return the log-likelihood of rows held out, nats per unit mass; larger is better.

    Parameters
    ----------
    sample : Sample
        The data.
    fitted : callable
        Fits a part of the rows; nothing of the others may enter. Returns the coordinates of the rows it is
        given, which are local ones.
    n_folds : int
        Parts of the rows; each is held out once.
    seed : int
        Of the division into folds, which is the same for all fits.

    Returns
    -------
    float
        The average over all rows, each judged by the fit to the folds that it is not in.
    """
    rows = sample.rows(Mixture(None, np.zeros((1, sample.n_features)), np.ones(1), "spherical"))
    total = 0.0
    for out, seen in _folds(len(sample), n_folds, seed):
        part = Sample(
            sample.local(seen), sample.weights[seen], copy=False, background=sample.local_background
        )
        total -= float(sample.weights[out].sum()) * rows.part(out).nll(fitted(part))
    return total


def _folds(n: int, n_folds: int, seed: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Rows held out and the others, at random and of equal size."""
    fold = np.random.default_rng([seed, 6]).permutation(n) % n_folds
    for number in range(n_folds):
        yield np.flatnonzero(fold == number), np.flatnonzero(fold != number)
