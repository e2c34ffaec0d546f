"""Sums over the rows of a block: in chunks of a fixed length, as matrix products, added up in float64."""

from __future__ import annotations

from typing import NamedTuple

from gmmscape.engine.torch_device import Tensor, torch

#: Rows that one product adds up: few in float32, whose sums are float64 from there on.
CHUNK = {torch.float32: 512, torch.float64: 4096}


def summed_products(left: Tensor, right: Tensor) -> Tensor:
    """Return left times right' for (..., p, b) and (..., q, b), shape (..., p, q), float64.

    The chunks, and with them the order of all additions, depend on b alone.
    """
    length = CHUNK[left.dtype]
    whole = left.shape[-1] // length * length
    parts = []
    if whole:
        a, b = (part[..., :whole].unflatten(-1, (-1, length)).transpose(-3, -2) for part in (left, right))
        parts.append(torch.matmul(a, b.mT).double().sum(dim=-3))
    if whole < left.shape[-1] or not parts:
        parts.append(torch.matmul(left[..., whole:], right[..., whole:].mT).double())
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def summed(terms: Tensor) -> Tensor:
    """Return the sums of (..., b) over the last axis, float64."""
    rows = terms if terms.dim() > 1 else terms[None]
    total = summed_products(rows, torch.ones((1, rows.shape[-1]), dtype=rows.dtype, device=rows.device))
    return total[..., 0] if terms.dim() > 1 else total[0, 0]


class Moments(NamedTuple):
    """Sums of shares (k, b), of shares times y (k, d, b), and of their second moments.

    The second ones are (k,) of squared lengths, (k, d), (k, d, d), or (d, d) over all components.
    """

    mass: Tensor
    first: Tensor
    second: Tensor

    def plus(self, other: Moments) -> Moments:
        """Return the sums over the rows of both."""
        return Moments(self.mass + other.mass, self.first + other.first, self.second + other.second)


def moments_of(share: Tensor, y: Tensor, scatter: str) -> Moments:
    """Return the moments of y (k, d, b) under shares (k, b); `scatter` says which second ones."""
    first = summed_products(y, share[:, None])[..., 0]
    return Moments(summed(share), first, _second(share, y, scatter))


def _second(share: Tensor, y: Tensor, scatter: str) -> Tensor:
    if scatter == "none":
        return torch.zeros(0, dtype=y.dtype, device=y.device)
    if scatter in ("spherical", "diag"):
        each = summed_products(y.square(), share[:, None])[..., 0]
        return each.sum(dim=1) if scatter == "spherical" else each
    each = summed_products(y * share[:, None], y)
    return each.sum(dim=0) if scatter == "tied" else each
