"""Log densities and responsibilities of a block of rows, from deviations in own standard deviations."""

from __future__ import annotations

from typing import NamedTuple

from gmmscape.engine.parameters import Parameters
from gmmscape.engine.reference import SMALLEST
from gmmscape.engine.torch_device import Tensor, on_device, torch

#: Exponentials below this are zero: as in the reference engine, and where float32 still has its digits.
LEAST = {torch.float32: 2.0**-80, torch.float64: SMALLEST}


class Posterior(NamedTuple):
    """Responsibilities (k, b) and log densities (b,) of a block; lost rows have no density and no shares."""

    psi: Tensor
    density: Tensor


class DeviceMixture:
    """A mixture on a device, and deviations of rows from its means.

    Parameters
    ----------
    parameters : Parameters
        As the engine is given it.
    device : Tensor
        Where to compute.
    """

    def __init__(self, parameters: Parameters, device: Tensor) -> None:
        self.kind, (self.k, self.d) = parameters.kind, parameters.means.shape
        self.constants = on_device(parameters.log_constants[:, None], device)
        self.means = on_device(parameters.means[:, :, None], device)
        factors = on_device(parameters.factors, device)
        self._factors = {
            "spherical": lambda: factors[:, None, None],
            "diag": lambda: factors[:, :, None],
        }.get(self.kind, lambda: factors.mT)()

    @property
    def width(self) -> int:
        """Numbers a row that are worked on at a time."""
        return self.k * (self.d + 2)

    def scaled(self, gaps: Tensor) -> Tensor:
        """Return gaps (k, d, b) in standard deviations of their components."""
        if self.kind in ("spherical", "diag"):
            return gaps * self._factors
        return torch.matmul(self._factors, gaps)

    def deviations(self, x: Tensor) -> Tensor:
        """Return y (k, d, b) of local rows (d, b)."""
        return self.scaled(x - self.means)

    def joint(self, y: Tensor) -> Tensor:
        """Return log joint densities (k, b) at deviations y."""
        squares = torch.linalg.vector_norm(y, dim=1).square()  # in one sweep over y
        # Overflow: rows farther than 1e154 deviations have density zero.
        return self.constants - 0.5 * torch.nan_to_num(squares, nan=torch.inf, posinf=torch.inf)


def posterior(joint: Tensor) -> Posterior:
    """Return responsibilities and log densities from log joint densities (k, b), by log-sum-exp."""
    top = joint.amax(dim=0)
    shift = torch.where(torch.isfinite(top), top, 0.0)
    parts = (joint - shift).exp_()
    torch.threshold_(parts, LEAST[joint.dtype], 0.0)
    total = parts.sum(dim=0)
    found = total > 0
    psi = parts / torch.where(found, total, 1.0)
    return Posterior(psi, torch.where(found, shift + torch.log(total), -torch.inf))


def remainders(psi: Tensor) -> Tensor:
    """Return one less the responsibilities (k, b): where they are largest, the sum of the others."""
    number = torch.arange(len(psi), device=psi.device)[:, None]
    largest = number == psi.argmax(dim=0)
    others = torch.where(largest, 0.0, psi).sum(dim=0)
    return torch.where(largest, others, 1.0 - psi)
