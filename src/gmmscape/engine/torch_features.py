"""The feature form: log densities of a block as one matrix product, where that keeps enough digits.

As in the native engine (docs/numerics.md#native-forms): features of a row are its coordinates about the
average of the means, and their squares or products. What is lost is eps |x - center|^2 / variance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.torch_data import DeviceData
from gmmscape.engine.torch_densities import Posterior, posterior
from gmmscape.engine.torch_device import Tensor, on_device, torch
from gmmscape.engine.torch_sums import CHUNK, summed_products

#: Largest |x - center|^2 / variance: log densities err by 1e-12, and by 3e-5 in float32.
FEATURE_LIMIT = {torch.float64: 1e4, torch.float32: 512.0}
#: Log density, relative to the largest, of components without weight: finite, so that no product is NaN.
NEVER = -1e30


class FeatureSums(NamedTuple):
    """Sums of responsibilities times features, (k, 1 + d + q), and for "tied" of v v' (d, d); float64."""

    by_component: Tensor
    pooled: Tensor


class FeaturePlan:
    """Linear forms of features whose values are log joint densities.

    Parameters
    ----------
    parameters : Parameters
        A mixture.
    scatter : str
        What second moments are needed.
    data : DeviceData
        Rows; their spread decides where the form is exact enough.

    Attributes
    ----------
    center : ndarray of shape (d,)
        From where features count.
    unit : float
        Their unit of length: a power of two, so that float32 holds squares and nothing is rounded.
    """

    def __init__(self, parameters: Parameters, scatter: str, data: DeviceData) -> None:
        self.kind, self.scatter, self.data = parameters.kind, scatter, data
        self.k, self.d = parameters.means.shape
        alive = parameters.log_weights > -np.inf
        self.center = parameters.means[alive].mean(axis=0)
        middle, scale = data.spread
        self.unit = float(np.exp2(np.round(np.log2(scale).mean())))
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            gaps = np.where(alive[:, None], parameters.means - self.center, 0.0)
            self._steepest = _steepest(parameters, alive, scale)
            self._offset = float(np.linalg.norm((self.center - middle) / scale))
            means_out = float(np.linalg.norm(gaps / scale, axis=1).max())
            self._possible = self._steepest * means_out**2
            theta = _linear_forms(parameters, gaps / self.unit, self.unit)
        constants = parameters.log_constants
        self.base = float(constants[alive].max())
        theta[:, 0] += np.where(alive, constants - self.base, 0.0)
        theta[~alive] = 0.0
        theta[~alive, 0] = NEVER
        self._theta = on_device(np.nan_to_num(theta), data.device)
        self._center = on_device(self.center[:, None], data.device)
        self._root = on_device(parameters.factors * self.unit, data.device) if self.kind == "tied" else None

    @property
    def width(self) -> int:
        """Numbers a row that are worked on at a time."""
        features = 1 + self.d * (self.d + 3) // 2
        return features + 3 * self.k + features * self.k // CHUNK[torch.float32]

    def precision(self, rows: slice) -> Tensor:
        """Return the type in which a block of whole tiles can be computed in this form, or None."""
        reach = self._steepest * (self.data.farthest(rows) + self._offset) ** 2
        reach = max(reach, self._possible)
        for dtype in ([torch.float32] if self.data.single else []) + [torch.float64]:
            if reach <= FEATURE_LIMIT[dtype]:
                return dtype
        return None

    def sums(self, rows: slice, dtype: Tensor) -> tuple[FeatureSums, Tensor]:
        """Return the sums of a block, and its log densities (b,) in float64."""
        v = ((self.data.local(rows) - self._center) / self.unit).to(dtype)
        features, at = self._posterior(v)
        weights = self.data.weights(rows)
        weights = None if weights is None else weights.to(dtype)
        share = at.psi if weights is None else at.psi * weights
        inner = "none" if self.scatter == "tied" else self.scatter
        if inner != self.kind:
            features = features_of(v, inner)
        pooled = torch.zeros(0, dtype=torch.float64, device=v.device)
        if self.scatter == "tied":
            pooled = summed_products(v if weights is None else v * weights, v)
        return FeatureSums(summed_products(share, features), pooled), at.density

    def _posterior(self, v: Tensor) -> tuple[Tensor, Posterior]:
        """Features of rows v (d, b) for densities, and what they make."""
        theta = self._theta.to(v.dtype)
        if self._root is None:
            features = features_of(v, self.kind)
            at = posterior(theta @ features)
            return features, at._replace(density=at.density.double() + self.base)
        w = self._root.mT.to(v.dtype) @ v
        features = features_of(w, "none")
        at = posterior(theta @ features)
        # All components have this square in common.
        common = -0.5 * w.double().square().sum(dim=0)
        return features, at._replace(density=at.density.double() + (common + self.base))


def features_of(v: Tensor, squares: str) -> Tensor:
    """Return the features of rows v (d, b): one, coordinates, and what `squares` names, (1 + d + q, b)."""
    d = len(v)
    q = {"none": 0, "spherical": 1, "diag": d, "full": d * (d + 1) // 2}[squares]
    features = torch.empty((1 + d + q, v.shape[1]), dtype=v.dtype, device=v.device)
    features[0] = 1.0
    features[1 : 1 + d] = v
    inner = features[1 + d :]
    if squares == "spherical":
        inner[0] = v.square().sum(dim=0)
    elif squares == "diag":
        torch.square(v, out=inner)
    elif squares == "full":
        # Row after row of the lower triangle, written in place: copies would cost as much as the products.
        for a in range(d):
            torch.mul(v[: a + 1], v[a], out=inner[a * (a + 1) // 2 :][: a + 1])
    return features


def _linear_forms(parameters: Parameters, gaps: FloatArray, unit: float) -> FloatArray:
    """Coefficients of the features, without log constants, for means `gaps` from the center, in `unit`."""
    k, d = gaps.shape
    u = parameters.factors * unit
    if parameters.kind == "tied":
        root = gaps @ u
        return np.hstack([-0.5 * np.square(root).sum(axis=1, keepdims=True), root])
    if parameters.kind == "full":
        root = np.einsum("kd,kde->ke", gaps, u)
        precision = u @ np.swapaxes(u, 1, 2)
        row, column = np.tril_indices(d)
        inner = np.where(row == column, -0.5, -1.0) * precision[:, row, column]
        linear = np.einsum("kde,ke->kd", u, root)
        return np.hstack([-0.5 * np.square(root).sum(axis=1, keepdims=True), linear, inner])
    squares = np.square(u).reshape(k, -1)
    constant = -0.5 * (squares * np.square(gaps)).sum(axis=1, keepdims=True)
    return np.hstack([constant, squares * gaps, -0.5 * squares])


def _steepest(parameters: Parameters, alive: BoolArray, scale: FloatArray) -> float:
    """A bound of the largest eigenvalue of an inverse covariance in units of the columns' spread."""
    u = parameters.factors if parameters.kind == "tied" else parameters.factors[alive]
    if parameters.kind in ("spherical", "diag"):
        return float(np.square(u.reshape(len(u), -1) * scale).max())
    rooted = scale[:, None] * u
    matrices = rooted @ np.swapaxes(rooted, -1, -2)
    trace = np.trace(matrices, axis1=-2, axis2=-1)[..., None, None]
    power = matrices / trace
    for _ in range(3):
        power = power @ power
    # The Frobenius norm of the eighth power is at most d^(1/2) times that of the largest eigenvalue.
    norms = np.linalg.norm(power, axis=(-2, -1)) ** 0.125
    return float((norms * trace[..., 0, 0]).max())
