"""Derivatives of any family by NumPy: every component touches every row, and nothing is left out."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import SCORES, CovarianceScores
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.reference import blocks, posterior_and_density, standardised
from gmmscape.statistics import Information, ScoreMoments


def information(
    X: FloatArray, weights: FloatArray, parameters: Parameters, scatter: str, *, missing: bool
) -> Information:
    """Return moments of scores and missing information of local rows, as `Held.information` states them."""
    k, d = parameters.means.shape
    scores = SCORES[scatter]
    total = _Sums(k, d, scores)
    size = _Scores.size(k, d, scores)
    lost = np.zeros((size, size)) if missing else None
    for block in blocks(len(X)):
        at = _Scores(X[block], parameters, scores)
        w = weights[block]
        total.add(w[:, None] * at.posterior, at.y)
        total.log_likelihood += float(w @ at.density)
        total.weight += float(w.sum())
        if lost is not None:
            lost += at.missing(w)
    return Information(total.moments(), lost if lost is None else 0.5 * (lost + lost.T))


def missing_product(
    X: FloatArray, weights: FloatArray, parameters: Parameters, scatter: str, direction: FloatArray
) -> ScoreMoments:
    """Return moments of y under what responsibilities change by, as `Held.missing_product` states them."""
    k, d = parameters.means.shape
    scores = SCORES[scatter]
    total = _Sums(k, d, scores)
    for block in blocks(len(X)):
        at = _Scores(X[block], parameters, scores)
        slopes = at.along(direction)
        mean = (at.posterior * slopes).sum(axis=1, keepdims=True)
        total.add(weights[block, None] * at.posterior * (slopes - mean), at.y)
    return total.moments()


class _Sums:
    """Moments of y that are being added up."""

    def __init__(self, k: int, d: int, scores: CovarianceScores) -> None:
        self.scores, self.log_likelihood, self.weight = scores, 0.0, 0.0
        self.mass, self.first = np.zeros(k), np.zeros((k, d))
        self.second: list[FloatArray] = [np.zeros(())] * k

    def add(self, share: FloatArray, y: FloatArray) -> None:
        """Add rows of these weights (n, k) and deviations (k, n, d)."""
        self.mass = self.mass + share.sum(axis=0)
        self.first = self.first + np.einsum("nk,knd->kd", share, y)
        for i, own in enumerate(y):
            self.second[i] = self.second[i] + self.scores.squares(share[:, i], own)

    def moments(self) -> ScoreMoments:
        second = np.stack(self.second) if self.second[0].size else np.empty(0)
        if self.scores.shared:
            second = second.sum(axis=0)
        return ScoreMoments(self.log_likelihood, self.weight, self.mass, self.first, second)


class _Scores:
    """Scores of a block of rows: posterior (n, k), density (n,), y (k, n, d)."""

    def __init__(self, X: FloatArray, parameters: Parameters, scores: CovarianceScores) -> None:
        self.scores = scores
        self.posterior, self.density = posterior_and_density(X, parameters)
        self.y = np.stack([standardised(X, parameters, i) for i in range(len(parameters.means))])

    @staticmethod
    def size(k: int, d: int, scores: CovarianceScores) -> int:
        q = scores.size(d)
        return k * (1 + d) + q if scores.shared else k * (1 + d + q)

    def _of(self, i: int) -> FloatArray:
        """All scores of component i, zero where they are those of others, shape (n, m)."""
        k, n, d = self.y.shape
        q = self.scores.size(d)
        own = 1 + d if self.scores.shared else 1 + d + q
        full = np.zeros((n, self.size(k, d, self.scores)))
        full[:, i * own] = 1.0
        full[:, i * own + 1 : i * own + 1 + d] = self.y[i]
        start = k * own if self.scores.shared else i * own + 1 + d
        full[:, start : start + q] = self.scores.at(self.y[i])
        return full

    def missing(self, weights: FloatArray) -> FloatArray:
        each = [self._of(i) for i in range(len(self.y))]
        mean = sum(self.posterior[:, [i]] * score for i, score in enumerate(each))
        lost = np.zeros((each[0].shape[1],) * 2)
        for i, score in enumerate(each):
            off = score - mean
            lost += (off * (weights * self.posterior[:, i])[:, None]).T @ off
        return lost

    def along(self, direction: FloatArray) -> FloatArray:
        return np.stack([self._of(i) @ direction for i in range(len(self.y))], axis=1)
