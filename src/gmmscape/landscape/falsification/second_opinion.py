"""A second opinion on a fit: gradient, Hessian and association, not by the engine and its rules.

Posteriors depend on the span of the differences of the means alone, in which the integrals are: products of
Gauss-Legendre panels, or on a line sums in extended precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


class Opinion(NamedTuple):
    """What an independent rule says of a fit.

    Attributes
    ----------
    gradient : ndarray of shape (k*d,)
        With sigma as unit of length.
    hessian : ndarray of shape (k*d, k*d)
        Likewise.
    association : ndarray of shape (k, k_star)
        Responsibilities over the centers.
    error : float
        Estimated error of the largest entry of gradient and Hessian.
    """

    gradient: Any
    hessian: Any
    association: Any
    error: float


class Reduced(NamedTuple):
    """A fit and a truth in coordinates along the span of the means' differences, and across; sigma is one.

    Attributes
    ----------
    along : ndarray of shape (k, r)
        Means in the span.
    centers : ndarray of shape (k_star, r)
        Centers in the span.
    across : ndarray of shape (k_star, d - r)
        Centers across it, relative to where the means are.
    axes : ndarray of shape (d, d)
        Orthonormal; the first r columns are the span's.
    weights : ndarray of shape (k_star,)
        True weights.
    tau : float
        Standard deviation of the centers.
    """

    along: FloatArray
    centers: FloatArray
    across: FloatArray
    axes: FloatArray
    weights: FloatArray
    tau: float

    @classmethod
    def of(cls, means: FloatArray, truth: Mixture, sigma: float) -> Reduced:
        """Return means and truth in the span of the means' differences."""
        origin = means.mean(axis=0)
        differences = (means - origin) / sigma
        _, values, rows = np.linalg.svd(differences, full_matrices=True)
        tiny = 1e-13 * max(1.0, float(np.abs(truth.means - origin).max()) / sigma)
        r = int(np.count_nonzero(values > tiny))
        axes = rows.T
        centers = (truth.means - origin) / sigma @ axes
        assert truth.sigma is not None
        tau = truth.sigma / sigma
        along = differences @ axes[:, :r]
        return cls(along, centers[:, :r], centers[:, r:], axes, truth.weights, tau)

    @property
    def dimension(self) -> int:
        """Dimensions r of the span."""
        return self.along.shape[1]

    @property
    def strip(self) -> float:
        """Half the width of the strip about the real axes in which posteriors are analytic, in tau."""
        extent = float(np.linalg.norm(self.along[:, None] - self.along, axis=2).max())
        return np.inf if extent == 0.0 else np.pi / extent / self.tau


def gauss_legendre(means: FloatArray, truth: Mixture, sigma: float) -> Opinion:
    """Return the opinion of Gauss-Legendre panels in float64.

    Parameters
    ----------
    means : ndarray of shape (k, d)
        Fitted means of equal weight.
    truth : Mixture
        Components of one spherical covariance.
    sigma : float
        Standard deviation of the fit.

    Returns
    -------
    Opinion
        Its error is the difference from a rule of lower order, and rounding.

    Raises
    ------
    NotAvailableError
        If the means span more than three dimensions.
    """
    fit = Reduced.of(means, truth, sigma)
    if fit.dimension >= len(EFFORT.falsification.panel_nodes):
        raise NotAvailableError(
            f"means that span {fit.dimension} dimensions have no second quadrature: it has at most 3"
        )
    # Means in one place span nothing, and have a single node: one panel, which is not looked at.
    most = max(
        1,
        int(
            EFFORT.falsification.panel_nodes[fit.dimension] ** (1.0 / max(fit.dimension, 1))
            / EFFORT.falsification.panel_order
        ),
    )
    panels = min(
        most,
        int(
            np.ceil(
                2
                * TOLERANCES.falsification.panel_reach
                / min(
                    TOLERANCES.falsification.widest_panel, TOLERANCES.falsification.of_the_strip * fit.strip
                )
            )
        ),
    )
    found = [
        _by_panels(fit, panels, order)
        for order in (EFFORT.falsification.panel_order, EFFORT.falsification.lower_panel_order)
    ]
    rounding = 1e-14 * max(1.0, float(np.abs(fit.along).max(initial=0.0))) ** 2
    gaps = [np.abs(a - b).max() for a, b in zip(*found, strict=True)]
    gradient, hessian, association = found[0]
    return Opinion(gradient, hessian, association, float(max(*gaps, rounding)))


def _by_panels(fit: Reduced, panels: int, order: int) -> tuple[Any, Any, Any]:
    edges = np.linspace(
        -TOLERANCES.falsification.panel_reach, TOLERANCES.falsification.panel_reach, panels + 1
    )
    z, w = np.polynomial.legendre.leggauss(order)
    half = 0.5 * (edges[1] - edges[0])
    line = (edges[:-1, None] + half * (z + 1.0)).ravel()
    weights = np.tile(half * w, panels) * np.exp(-0.5 * line**2) / np.sqrt(2.0 * np.pi)
    nodes: Any = np.zeros((1, 0))
    mass: Any = np.ones(1)
    for _ in range(fit.dimension):
        nodes = np.column_stack([np.repeat(nodes, len(line), axis=0), np.tile(line, len(nodes))])
        mass = np.outer(mass, weights).ravel()
        inside = (nodes**2).sum(axis=1) <= TOLERANCES.falsification.panel_reach**2
        nodes, mass = nodes[inside], mass[inside]

    def moments(s: int) -> tuple[FloatArray, FloatArray]:
        return _moments(fit, fit.centers[s] + fit.tau * nodes, mass)

    return assembled(fit, moments)


def _moments(fit: Reduced, nodes: FloatArray, mass: FloatArray) -> tuple[FloatArray, FloatArray]:
    """E[psi_i psi_j z z'] and E[psi_i z z'], z = (1, x): shapes (k, k, 1+r, 1+r) and (k, 1+r, 1+r)."""
    k, r = fit.along.shape
    pairs, single = np.zeros((k * (1 + r), k * (1 + r))), np.zeros((k, 1 + r, 1 + r))
    for first in range(0, len(nodes), EFFORT.falsification.panel_rows):
        x, w = (
            nodes[first : first + EFFORT.falsification.panel_rows],
            mass[first : first + EFFORT.falsification.panel_rows],
        )
        logits = x @ fit.along.T - 0.5 * (fit.along**2).sum(axis=1)
        psi = np.exp(logits - logits.max(axis=1, keepdims=True))
        psi /= psi.sum(axis=1, keepdims=True)
        z = np.column_stack([np.ones(len(x)), x])
        features = (psi[:, :, None] * z[:, None]).reshape(len(x), -1)
        pairs += features.T @ (w[:, None] * features)
        single += (features.T @ (w[:, None] * z)).reshape(k, 1 + r, 1 + r)
    return pairs.reshape(k, 1 + r, k, 1 + r).transpose(0, 2, 1, 3), single


def assembled(fit: Reduced, moments: Callable[[int], tuple[Any, Any]]) -> tuple[Any, Any, Any]:
    """Return gradient, Hessian and association from the moments under each center, in any arithmetic.

    ``y_i = x - mu_i`` is ``L_i z`` in the span and independent noise of variance tau^2 across it:

        grad_i  = -E[psi_i y_i],
        Hess_ij =  E[psi_i psi_j y_i y_j'] - [i=j] E[psi_i (y_i y_i' - I)].

    Parameters
    ----------
    fit : Reduced
        Numbers of that arithmetic.
    moments : callable
        From the number of a center to its ``E[psi_i psi_j z z']`` and ``E[psi_i z z']``, with z = (1, x).

    Returns
    -------
    tuple
        Arrays of shape (k d,), (k d, k d) and (k, k_star).
    """
    k, r = fit.along.shape
    d = fit.axes.shape[0]
    exact = fit.along.dtype == object
    gradient = np.zeros((k, d), dtype=object if exact else np.float64)
    hessian = np.zeros((k, k, d, d), dtype=gradient.dtype)
    association = np.zeros((k, len(fit.weights)), dtype=gradient.dtype)
    span, rest = fit.axes[:, :r], fit.axes[:, r:]
    identity, beyond = np.eye(d, dtype=int), rest @ rest.T if d > r else 0
    for s, weight in enumerate(fit.weights):
        pairs, single = moments(s)
        association[:, s] = single[:, 0, 0]
        maps = []
        for i in range(k):
            constant = -(span @ fit.along[i]) if r else np.zeros(d, dtype=int)
            if d > r:
                constant = constant + rest @ fit.across[s]
            maps.append(np.column_stack([constant, span]))
        for i in range(k):
            gradient[i] -= weight * (maps[i] @ single[i][:, 0])
            noise = fit.tau**2 * beyond
            own = maps[i] @ single[i] @ maps[i].T + single[i][0, 0] * (noise - identity)
            hessian[i, i] -= weight * own
            for j in range(k):
                block = maps[i] @ pairs[i, j] @ maps[j].T + pairs[i, j][0, 0] * noise
                hessian[i, j] += weight * block
    return gradient.ravel(), hessian.transpose(0, 2, 1, 3).reshape(k * d, k * d), association
