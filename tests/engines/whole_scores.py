"""What the third engine makes derivatives of: all scores of all components at all rows, as one array."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.engine import Parameters
from gmmscape.statistics import Information, ScoreMoments


class WholeScores:
    """Scores (n, k, m), from deviations and responsibilities that the class derived from this one knows."""

    weights: Any
    _posterior: Any
    _deviations: Any

    def _scores(self, parameters: Parameters, scatter: str) -> FloatArray:
        y = self._deviations(parameters)
        n, k, d = y.shape
        square = np.einsum("nka,nkb->nkab", y, y)
        row, column = np.tril_indices(d)
        parts = {
            "none": np.empty((n, k, 0)),
            "spherical": d - (y**2).sum(axis=2, keepdims=True),
            "diag": 1.0 - y**2,
        }
        inner = parts.get(scatter, (np.eye(d) - square)[:, :, row, column])
        own = np.concatenate([np.ones((n, k, 1)), y, *([] if scatter == "tied" else [inner])], axis=2)
        each = np.einsum("nkf,kl->nklf", own, np.eye(k)).reshape(n, k, -1)
        return np.concatenate([each, inner], axis=2) if scatter == "tied" else each

    def _moments(self, parameters: Parameters, scatter: str, share: FloatArray) -> ScoreMoments:
        y = self._deviations(parameters)
        rules = {"none": "nk->n", "spherical": "nk,nkd,nkd->k", "diag": "nk,nkd,nkd->kd"}
        rules |= {"tied": "nk,nkd,nke->de", "full": "nk,nkd,nke->kde"}
        second = np.empty(0) if scatter == "none" else np.einsum(rules[scatter], share, y, y, optimize=True)
        _, density = self._posterior(parameters)
        w = self.weights.each
        mass, first = share.sum(axis=0), np.einsum("nk,nkd->kd", share, y)
        return ScoreMoments(float(w @ density), float(w.sum()), mass, first, second)

    def information(self, parameters: Parameters, scatter: str, *, missing: bool) -> Information:
        """Return moments of the scores, and the covariance of the scores under the responsibilities."""
        psi, _ = self._posterior(parameters)
        share = psi * self.weights.each[:, None]
        moments = self._moments(parameters, scatter, share)
        if not missing:
            return Information(moments, None)
        scores = self._scores(parameters, scatter)
        off = scores - np.einsum("nk,nkm->nm", psi, scores)[:, None]
        return Information(moments, np.einsum("nk,nkp,nkq->pq", share, off, off, optimize=True))

    def missing_product(self, parameters: Parameters, scatter: str, direction: FloatArray) -> ScoreMoments:
        """Return moments under what the responsibilities change by."""
        psi, _ = self._posterior(parameters)
        slope = self._scores(parameters, scatter) @ direction
        change = psi * (slope - (psi * slope).sum(axis=1, keepdims=True))
        return self._moments(parameters, scatter, change * self.weights.each[:, None])
