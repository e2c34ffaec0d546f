"""Law 1 with a relative accuracy: does a block of coincident means split, however small the curvature.

V, the second moment about the place of the means of a block, differs from sigma^2 by what leaks across its
borders. Computed as a difference of two moments, that excess is lost in rounding below 1e-16. Here the
integrals that cancel are cancelled by hand, and what is left is a sum of small terms, each of them accurate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.logsumexp import logsumexp_rows as logsumexp
from gmmscape.measure.span import joint_basis
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Block
from gmmscape.tolerances import TOLERANCES


class Splitting(NamedTuple):
    """Whether several means in one place split.

    Attributes
    ----------
    block : Block
        The means and their center.
    excess : tuple of float
        Eigenvalues of V/sigma^2 - 1, ascending. Where the largest is positive, the coincident means are a
        saddle and split; where all are negative, they are a minimum. Zero: equal to within `error`.
    error : float
        Estimated absolute error of these.
    decided_by : str
        "float64", "law 1" (the relatively accurate sum), or "mpmath".
    digits : int
        Decimal digits of the arithmetic.
    """

    block: Block
    excess: tuple[float, ...]
    error: float
    decided_by: str
    digits: int = 16

    @property
    def splits(self) -> bool | None:
        """Whether the coincident means split; None where the largest excess has no sign."""
        return None if abs(self.excess[-1]) <= self.error else self.excess[-1] > 0.0

    @property
    def spread(self) -> float:
        """Root mean square distance of the means from their common place after the split, in sigma.

        To leading order: sqrt(V/sigma^2 - 1), from the quartic term. Zero where they do not split.
        """
        return float(np.sqrt(self.excess[-1])) if self.splits else 0.0


def leaking_excess(merged: Mixture, blocks: Sequence[Block | None], truth: Mixture) -> list[Splitting] | None:
    """Return law 1 for each block of several means, by sums of small terms.

    With delta = c_s - m and y = x - m, m being the place of the means and s their center,
    ``E[psi y y'] - E[psi] sigma^2`` is ``w_s (delta delta' + tau_s^2 - sigma^2)
    - w_s E_s[(1 - psi)(y y' - sigma^2)] + sum_t w_t E_t[psi (y y' - sigma^2)]`` over the other centers t,
    and delta is a sum of the same kind, because the gradient vanishes. 1 - psi is the sum of the other
    posteriors.

    Parameters
    ----------
    merged : Mixture
        At a critical point, with one component for each block looked at; its covariance is sigma^2 I.
    blocks : sequence of Block or None
        For each component the block of several means that it stands for, or None.
    truth : Mixture
        With spherical covariances.

    Returns
    -------
    list of Splitting or None
        None where the means and centers span so many dimensions that the nodes would be too many. Cost: one
        pass over (extent^2/sigma^2)^r nodes, twice, r being these dimensions.
    """
    nodes = _Nodes.around(merged, truth)
    if nodes is None:
        return None
    found = []
    for place, block in enumerate(blocks):
        if block is not None:
            first, scale = nodes.excess(place, block.centers[0], 0.0)
            second, _ = nodes.excess(place, block.centers[0], 0.5)
            # The sums differ by the rule's error; rounding comes from exponents of some hundreds.
            error = float(np.abs(first - second).max()) + 1e-12 * scale
            values = np.linalg.eigvalsh(0.5 * (first + second))
            beyond = [float(nodes.variances[block.centers[0]]) / nodes.sigma**2 - 1.0] * nodes.dropped
            excess = tuple(sorted([*values.tolist(), *beyond]))
            found.append(Splitting(block, excess, float(TOLERANCES.realisation.clear_sign * error), "law 1"))
    return found


class _Nodes(NamedTuple):
    """Equally spaced nodes in the span of means and centers."""

    means: FloatArray
    weights: FloatArray
    sigma: float
    centers: FloatArray
    shares: FloatArray
    variances: FloatArray
    axes: list[FloatArray]
    step: float
    dropped: int

    @classmethod
    def around(cls, merged: Mixture, truth: Mixture) -> _Nodes | None:
        sigma = merged.sigma
        assert sigma is not None
        basis = joint_basis(truth, merged)
        if basis.shape[1] == 0:
            basis = np.eye(truth.n_features)[:, :1]
        centers, means = (truth.means - truth.means[0]) @ basis, (merged.means - truth.means[0]) @ basis
        extent = float(np.ptp(means, axis=0).max())
        step = min(
            TOLERANCES.realisation.splitting_step * sigma**2 / max(extent, sigma),
            TOLERANCES.realisation.coarsest_step * sigma,
        )
        variances = np.broadcast_to(truth.covariances, truth.n_components)
        reach = TOLERANCES.realisation.splitting_reach * max(sigma, float(np.sqrt(variances.max())))
        low, high = centers.min(axis=0) - reach, centers.max(axis=0) + reach
        counts = np.ceil((high - low) / step).astype(int)
        if float(np.prod(counts.astype(float))) > EFFORT.realisation.splitting_nodes:
            return None
        axes = [a + step * np.arange(n) for a, n in zip(low, counts, strict=True)]
        dropped = truth.n_features - basis.shape[1]
        return cls(means, merged.weights, sigma, centers, truth.weights, variances, axes, step, dropped)

    def excess(self, b: int, s: int, shift: float) -> tuple[FloatArray, float]:
        """Return V/sigma^2 - 1 of component b about center s, and the size of the terms in it."""
        r = len(self.axes)
        total, size = np.zeros((r, r)), 0.0
        offset, mass = np.zeros(r), 0.0
        slabs = max(1, int(np.prod([len(axis) for axis in self.axes])) // 500_000)
        for first in np.array_split(self.axes[0], slabs):
            grid = np.meshgrid(first, *self.axes[1:], indexing="ij")
            x = np.stack([axis.ravel() for axis in grid], axis=1) + shift * self.step
            won, lost = self._leaks(x, b, s)
            terms = won - lost
            y = x - self.means[b]
            moments = np.einsum("n,ni,nj->ij", terms, y, y) - self.sigma**2 * terms.sum() * np.eye(r)
            total += moments
            size += float((won + lost) @ np.abs(np.sum(y**2, axis=1) - self.sigma**2))
            offset += terms @ y
            mass += float(terms.sum())
        # The gradient is zero: w_s delta + the leaks of y = 0.
        delta = -offset / self.shares[s]
        total += self.shares[s] * (np.outer(delta, delta) + (self.variances[s] - self.sigma**2) * np.eye(r))
        size += self.shares[s] * (float(delta @ delta) + abs(self.variances[s] - self.sigma**2))
        unit = (self.shares[s] + mass) * self.sigma**2
        return total / unit, size / unit

    def _leaks(self, x: FloatArray, b: int, s: int) -> tuple[FloatArray, FloatArray]:
        """Return for each node what rows of other centers give to b, and what those of s give to others."""
        joint = np.log(self.weights) - 0.5 * _squares(x, self.means) / self.sigma**2
        everything = logsumexp(joint)
        psi = np.exp(joint[:, b] - everything)
        others = np.delete(joint, b, axis=1)
        rest = np.exp(logsumexp(others) - everything)
        r = x.shape[1]
        volume = self.step**r / (2.0 * np.pi * self.variances) ** (0.5 * r)
        density = np.exp(-0.5 * _squares(x, self.centers) / self.variances) * volume * self.shares
        lost = density[:, s] * rest
        return np.delete(density, s, axis=1).sum(axis=1) * psi, lost


def _squares(x: FloatArray, places: FloatArray) -> FloatArray:
    return np.stack([np.sum((x - place) ** 2, axis=1) for place in places], axis=1)
