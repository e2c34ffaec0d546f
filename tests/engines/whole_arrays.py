"""A third engine in plain NumPy: everything at once, with matrices of precisions instead of factors.

It shares no arithmetic with the other two: log densities come from `scipy.special.logsumexp`, distances from
expanded quadratic forms about the rows' mean, sums from einsum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp
from tests.engines.whole_scores import WholeScores

from gmmscape.arrays import FloatArray
from gmmscape.engine import Coverage, EmRuns, EmTask, Parameters, Rounding, Rows, Weights
from gmmscape.statistics import LocationDerivatives, SufficientStatistics

EPS = float(np.finfo(np.float64).eps)


class WholeArrays(WholeScores):
    """Rows kept as one local float64 array."""

    def __init__(self, X: Rows, weights: Weights, origin: FloatArray | None) -> None:
        self.x = np.asarray(X, dtype=np.float64) - (0.0 if origin is None else origin)
        self.weights = weights

    def _deviations(self, parameters: Parameters) -> FloatArray:
        """Rows less each mean, in that component's standard deviations, shape (n, k, d)."""
        y, u = self.x[:, None, :] - parameters.means, parameters.factors
        if parameters.kind == "full":
            return np.einsum("nkd,kde->nke", y, u)
        return y @ u if parameters.kind == "tied" else y * (u[:, None] if u.ndim == 1 else u)

    def _joint(self, parameters: Parameters) -> FloatArray:
        d = parameters.means.shape[1]
        constants = parameters.log_weights + parameters.log_determinants - 0.5 * d * np.log(2 * np.pi)
        with np.errstate(over="ignore"):
            return constants - 0.5 * (self._deviations(parameters) ** 2).sum(axis=2)

    def _posterior(self, parameters: Parameters) -> tuple[FloatArray, FloatArray]:
        joint = self._joint(parameters)
        density = np.asarray(logsumexp(joint, axis=1))
        far = np.isneginf(density)
        with np.errstate(invalid="ignore"):
            psi = np.exp(joint - density[:, None])
        if far.any():  # every squared distance overflows: the nearest component takes the row
            scale = max(float(np.abs(self.x).max()), float(np.abs(parameters.means).max()))
            shrunk = parameters._replace(means=parameters.means / scale)
            rows = WholeArrays(self.x[far] / scale, Weights.equal(int(far.sum())), None)
            away = (rows._deviations(shrunk) ** 2).sum(axis=2)
            away[:, np.isneginf(parameters.log_weights)] = np.inf
            nearest = away == away.min(axis=1, keepdims=True)
            psi[far] = nearest / nearest.sum(axis=1, keepdims=True)
        return psi / psi.sum(axis=1, keepdims=True), density

    def statistics(self, parameters: Parameters, scatter: str) -> SufficientStatistics:
        psi, density = self._posterior(parameters)
        w, r = self.weights.each, psi * self.weights.each[:, None]
        mass = r.sum(axis=0)
        safe = np.where(mass > 0, mass, 1.0)
        shift = np.einsum("nk,nkd->kd", r, self.x[:, None, :] - parameters.means) / safe[:, None]
        mean = parameters.means + np.where(mass[:, None] > 0, shift, 0.0)
        y = self.x[:, None, :] - mean
        subscripts = {"spherical": "nk,nkd,nkd->k", "diag": "nk,nkd,nkd->kd"}
        subscripts |= {"tied": "nk,nkd,nke->de", "full": "nk,nkd,nke->kde"}
        second = None if scatter == "none" else np.einsum(subscripts[scatter], r, y, y, optimize=True)
        if scatter in ("tied", "full") and second is not None:
            second = 0.5 * (second + np.swapaxes(second, -1, -2))
        return SufficientStatistics(mass, mean, second, scatter, float(w @ density), float(w.sum()))

    def log_density(self, parameters: Parameters) -> FloatArray:
        return np.asarray(logsumexp(self._joint(parameters), axis=1))

    def responsibilities(self, parameters: Parameters) -> FloatArray:
        return self._posterior(parameters)[0]

    def coverage(self, parameters: Parameters, threshold: float) -> Coverage:
        psi, _ = self._posterior(parameters)
        component, row = np.nonzero(threshold <= psi.T)
        others = np.array([np.delete(psi[n], i).sum() for i, n in zip(component, row, strict=True)])
        ends = np.searchsorted(component, np.arange(psi.shape[1] + 1))
        return Coverage(ends, row, psi[row, component], others)

    def derivatives(self, parameters: Parameters, *, hessian: bool) -> LocationDerivatives:
        psi, density = self._posterior(parameters)
        w, u = self.weights.each, float(parameters.factors[0])
        k, d = parameters.means.shape
        y = self._deviations(parameters)
        r = psi * w[:, None]
        gradient = -u * np.einsum("nk,nkd->kd", r, y)
        second = None
        if hessian:
            score = (psi[:, :, None] * y).reshape(len(y), k * d)
            second = (score * w[:, None]).T @ score
            for i in range(k):
                part = slice(i * d, (i + 1) * d)
                second[part, part] += r[:, i].sum() * np.eye(d) - (y[:, i] * r[:, i, None]).T @ y[:, i]
            second = u * (u * 0.5 * (second + second.T))
        return LocationDerivatives(-float(w @ density), gradient, second, r.sum(axis=0))

    def joint_derivatives(self, parameters: Parameters, *, hessian: bool) -> LocationDerivatives:
        rows, extended = self._with_constant(parameters)
        at = rows.derivatives(extended, hessian=hessian)
        k, d = parameters.means.shape
        u, total = float(parameters.factors[0]), float(self.weights.each.sum())
        pi = np.exp(parameters.log_weights)
        gradient, second = at.gradient.copy(), None
        gradient[:, d] += u * total * pi
        if at.hessian is not None:
            blocks = at.hessian.reshape(k, d + 1, k, d + 1).copy()
            blocks[:, d, :, d] += u * (u * (np.diag(total * pi - at.mass) - total * np.outer(pi, pi)))
            second = blocks.reshape(at.hessian.shape)
        nll = at.nll - total * (0.5 * np.log(2 * np.pi) + 0.5 - np.log(u * parameters.unit))
        return LocationDerivatives(float(nll), gradient, second, at.mass)

    def _with_constant(self, parameters: Parameters) -> tuple[WholeArrays, Parameters]:
        column = np.full((len(self.x), 1), 1.0 / float(parameters.factors[0]))
        means = np.pad(parameters.means, ((0, 0), (0, 1)))
        return WholeArrays(np.hstack([self.x, column]), self.weights, None), parameters._replace(means=means)

    def rounding(self, parameters: Parameters, *, joint: bool = False) -> Rounding:
        rows, p = self._with_constant(parameters) if joint else (self, parameters)
        psi, density = rows._posterior(p)
        w, precision = self.weights.each, float(np.abs(p.factors).max())
        m = np.minimum(np.sqrt((rows._deviations(p) ** 2).sum(axis=2)), 1e150)
        shift = EPS * max(float(np.abs(rows.x).max()), float(np.abs(p.means).max())) * precision
        error = EPS * (10.0 + m * m) + shift * m
        doubt = psi * (1 - psi) * error
        value = 4 * float(w @ ((psi * error).sum(axis=1) + EPS * np.abs(np.nan_to_num(density))))
        slope = 4 * precision * float((w @ (doubt * m + psi * (EPS * m + shift))).max())
        bend = 4 * precision**2 * float((w @ (doubt * m * m + psi * (EPS * (1 + m * m) + shift * m))).max())
        return Rounding(value, slope, bend)

    def em(self, task: EmTask) -> EmRuns | None:
        return None

    def taken(self, rows: Any, weights: FloatArray | None = None) -> WholeArrays:
        own = self.weights.taken(rows) if weights is None else Weights.of(weights)
        return WholeArrays(self.x[rows], own, None)


class WholeArraysEngine:
    """The engine that holds rows in that way."""

    name, isa = "whole-arrays", None

    def hold(self, X: Rows, weights: Weights, origin: FloatArray | None = None) -> WholeArrays:
        return WholeArrays(X, weights, origin)
