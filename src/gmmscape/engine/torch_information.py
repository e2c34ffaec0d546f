"""Derivatives of any family on a device: moments of y, the missing information, and products with it.

What `reference_information` states, in float64 whatever the rows are, from deviations of each component's own
mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.covariances import SCORES
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.torch_data import DeviceData
from gmmscape.engine.torch_densities import DeviceMixture, posterior, remainders
from gmmscape.engine.torch_device import Tensor, on_device, on_host, torch
from gmmscape.engine.torch_sums import Moments, moments_of, summed, summed_products
from gmmscape.statistics import Information, ScoreMoments


class _Block(NamedTuple):
    """A block of rows: y (k, d, b), responsibilities (k, b), log densities and weights (b,)."""

    y: Tensor
    psi: Tensor
    density: Tensor
    weights: Tensor


def information(
    data: DeviceData, parameters: Parameters, scatter: str, *, missing: bool
) -> Information | None:
    """Return moments of scores and missing information; None where some row has no density."""
    mixture = DeviceMixture(parameters, data.device)
    layout = _Layout(mixture.k, mixture.d, scatter)
    lost = None
    if missing:
        lost = torch.zeros((layout.size, layout.size), dtype=torch.float64, device=data.device)
    total: Moments | None = None
    value = torch.zeros((), dtype=torch.float64, device=data.device)
    missed = torch.zeros((), dtype=torch.float64, device=data.device)
    for block in _blocks(data, mixture, mixture.width + (2 * layout.size if missing else 0)):
        moments = moments_of(block.psi * block.weights, block.y, scatter)
        total = moments if total is None else total.plus(moments)
        value = value + summed(block.density * block.weights)
        missed = missed + torch.isinf(block.density).sum()
        if lost is not None:
            layout.add_missing(lost, block)
    if float(missed) or total is None:
        return None
    found = _score_moments(data, total, float(value))
    if lost is None:
        return Information(found, None)
    whole = data.weight_unit * on_host(lost)
    return Information(found, 0.5 * (whole + whole.T))


def missing_product(
    data: DeviceData, parameters: Parameters, scatter: str, direction: FloatArray
) -> ScoreMoments | None:
    """Return moments of y under what responsibilities change by; None where some row has no density."""
    mixture = DeviceMixture(parameters, data.device)
    along = _Direction(direction, mixture.k, mixture.d, scatter, data.device)
    total: Moments | None = None
    missed = torch.zeros((), dtype=torch.float64, device=data.device)
    for block in _blocks(data, mixture, 2 * mixture.width):
        slopes = along.slopes(block.y)
        change = block.psi * (slopes - (block.psi * slopes).sum(dim=0))
        moments = moments_of(change * block.weights, block.y, scatter)
        total = moments if total is None else total.plus(moments)
        missed = missed + torch.isinf(block.density).sum()
    return None if float(missed) or total is None else _score_moments(data, total, 0.0)._replace(weight=0.0)


def _blocks(data: DeviceData, mixture: DeviceMixture, width: int) -> Iterator[_Block]:
    for rows in data.small_blocks(3 * width, slice(0, data.n)):
        y = mixture.deviations(data.local(rows))
        psi, density = posterior(mixture.joint(y))
        weights = data.weights(rows)
        yield _Block(y, psi, density, torch.ones_like(density) if weights is None else weights)


def _score_moments(data: DeviceData, total: Moments, value: float) -> ScoreMoments:
    mass, first, second = (data.weight_unit * on_host(part) for part in total)
    return ScoreMoments(data.weight_unit * value, data.total_weight, mass, first, second)


class _Layout:
    """Where the scores of the components stand, and the missing information that a block adds."""

    def __init__(self, k: int, d: int, scatter: str) -> None:
        self.scatter, self.k, self.d = scatter, k, d
        self.shared = SCORES[scatter].shared
        self.q = SCORES[scatter].size(d)
        self.own = 1 + d + (0 if self.shared else self.q)
        self.size = k * self.own + (self.q if self.shared else 0)

    def add_missing(self, lost: Tensor, block: _Block) -> None:
        """Add sums of psi_i (1 - psi_i) s_i s_i', and of -psi_i psi_j s_i s_j' off the diagonal.

        In this form nothing cancels where one component has a row almost for itself.
        """
        inner = _inner_scores(block.y, self.scatter)
        parts = [torch.ones_like(block.y[:, :1]), block.y, *([] if self.shared else [inner])]
        scores = torch.cat(parts, dim=1)
        share = block.psi * block.weights
        n = self.k * self.own
        taken = (scores * block.psi[:, None]).reshape(n, -1)
        pairs = -summed_products(taken * block.weights, taken)
        each = summed_products(scores * (share * remainders(block.psi))[:, None], scores)
        number = torch.arange(self.k, device=pairs.device)
        blocks = pairs.view(self.k, self.own, self.k, self.own)
        blocks[number, :, number] = each
        lost[:n, :n] += pairs
        if self.shared:
            # Of the scores that all have in common, what is off their mean at the row.
            off = inner - (inner * block.psi[:, None]).sum(dim=0)
            weighted = off * share[:, None]
            cross = summed_products(scores, weighted).reshape(n, self.q)
            lost[:n, n:] += cross
            lost[n:, :n] += cross.T
            lost[n:, n:] += summed_products(weighted, off).sum(dim=0)


def _inner_scores(y: Tensor, scatter: str) -> Tensor:
    """Scores of the covariances (k, q, b)."""
    d = y.shape[1]
    if scatter == "none":
        return y[:, :0]
    if scatter == "spherical":
        return d - y.square().sum(dim=1, keepdim=True)
    if scatter == "diag":
        return 1.0 - y.square()
    row, column = torch.tril_indices(d, d, device=y.device)
    return (row == column)[:, None].double() - y[:, row] * y[:, column]


class _Direction:
    """A direction in the coordinates of the scores, and the slopes of log densities along it."""

    def __init__(self, direction: FloatArray, k: int, d: int, scatter: str, device: Tensor) -> None:
        layout = _Layout(k, d, scatter)
        own = direction[: k * layout.own].reshape(k, layout.own)
        inner = direction[k * layout.own :][None] if layout.shared else own[:, 1 + d :]
        self.scatter = scatter
        self._weights = on_device(own[:, :1], device)
        self._means = on_device(own[:, None, 1 : 1 + d], device)
        self._inner = on_device(_matrices(inner, d) if scatter in ("tied", "full") else inner, device)

    def slopes(self, y: Tensor) -> Tensor:
        """Return the slopes (k, b) at deviations y."""
        slopes = self._weights + torch.matmul(self._means, y)[:, 0]
        if self.scatter in ("spherical", "diag"):
            slopes = slopes + (_inner_scores(y, self.scatter) * self._inner[:, :, None]).sum(dim=1)
        elif self.scatter in ("tied", "full"):
            trace = torch.diagonal(self._inner, dim1=1, dim2=2).sum(dim=1, keepdim=True)
            slopes = slopes + (trace - (torch.matmul(self._inner, y) * y).sum(dim=1))
        return slopes


def _matrices(triangles: FloatArray, d: int) -> FloatArray:
    """Lower triangular matrices from rows of their entries."""
    matrices = np.zeros((len(triangles), d, d))
    row, column = np.tril_indices(d)
    matrices[:, row, column] = triangles
    return matrices
