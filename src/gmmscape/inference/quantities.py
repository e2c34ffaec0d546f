"""What is told of a fit: weights, means, standard deviations, correlations, and their natural scales."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.mixture import Mixture
from gmmscape.solve import OwnUnits

Map = Callable[[Any], Any]


class Scale(NamedTuple):
    """A scale on which an estimate is closer to normal, and its range the whole line.

    Attributes
    ----------
    name : str
        "identity", "log", "logit" or "Fisher z".
    there, back : callable
        To it and from it.
    slope : callable
        Derivative of `there`.
    """

    name: str
    there: Map
    back: Map
    slope: Map


def _logistic(x: FloatArray) -> FloatArray:
    from scipy.special import expit

    return expit(x)


#: By kind of quantity; a covariance that is no variance has the scale of a mean.
SCALES = {
    "weight": Scale("logit", lambda q: np.log(q) - np.log1p(-q), _logistic, lambda q: 1.0 / (q * (1.0 - q))),
    "mean": Scale("identity", lambda q: q, lambda q: q, np.ones_like),
    "sd": Scale("log", np.log, np.exp, lambda q: 1.0 / q),
    "correlation": Scale("Fisher z", np.arctanh, np.tanh, lambda q: 1.0 / (1.0 - q * q)),
    "variance": Scale("log", np.log, np.exp, lambda q: 1.0 / q),
    "covariance": Scale("identity", lambda q: q, lambda q: q, np.ones_like),
}


class Quantity(NamedTuple):
    """One number of a fit.

    Attributes
    ----------
    kind : str
        A key of `SCALES`.
    component : int or None
        Which component's, from 0; None for what all share.
    columns : tuple of int
        Which columns it is of: one, or two of a correlation or covariance; none of a weight, and of a
        standard deviation that all columns share.
    """

    kind: str
    component: int | None
    columns: tuple[int, ...]


def quantities(mixture: Mixture) -> tuple[Quantity, ...]:
    """Return what is told of a mixture: component after component, what all share at the end."""
    k, d = mixture.means.shape
    found = [Quantity("weight", i, ()) for i in range(k)]
    found += [Quantity("mean", i, (j,)) for i in range(k) for j in range(d)]
    owners: list[int | None] = [None] if mixture.kind.shared else list(range(k))
    for kind in ("sd", "correlation", "variance", "covariance"):
        found += [Quantity(kind, i, columns) for i in owners for columns in _columns(mixture, kind)]
    return tuple(found)


def _columns(mixture: Mixture, kind: str) -> list[tuple[int, ...]]:
    """Which columns a kind is told of."""
    k, d = mixture.means.shape
    axes = len(mixture.kind.shape(k, d)) - (0 if mixture.kind.shared else 1)
    if kind in ("sd", "variance"):
        return [(j,) for j in range(d)] if axes else [()]
    return [(j, i) for i in range(d) for j in range(i)] if axes == 2 else []


def values(mixture: Mixture) -> FloatArray:
    """Return the quantities' values, in the order of `quantities`."""
    matrices, pairs, single = _told(mixture)
    variances = np.diagonal(matrices, axis1=1, axis2=2)
    sds = np.sqrt(variances)
    beside = matrices[:, pairs[:, 0], pairs[:, 1]]
    correlations = beside / (sds[:, pairs[:, 0]] * sds[:, pairs[:, 1]])
    some = slice(1 if single else None)
    parts = (mixture.weights, mixture.means, sds[:, some], correlations, variances[:, some], beside)
    return np.concatenate([part.ravel() for part in parts])


def sizes(mixture: Mixture) -> FloatArray:
    """Return the units in which derivatives of the quantities are taken, shape (p,).

    Own standard deviations of what has the units of a column, products of them for variances and covariances,
    one for weights and correlations: numbers stay representable whatever the scale of the columns.
    """
    matrices, pairs, single = _told(mixture)
    sds = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2))
    some, pure = slice(1 if single else None), np.ones(len(matrices) * len(pairs))
    means = np.broadcast_to(sds, mixture.means.shape)
    products = sds[:, pairs[:, 0]] * sds[:, pairs[:, 1]]
    parts = (np.ones_like(mixture.weights), means, sds[:, some], pure, np.square(sds[:, some]), products)
    return np.concatenate([part.ravel() for part in parts])


def slopes(units: OwnUnits) -> FloatArray:
    """Return the derivatives of the quantities, over their `sizes`, in own units at their origin, (p, m)."""
    mixture, k, d, own = units.mixture, units.k, units.d, units.own
    matrices, pairs, single = _told(mixture)
    first, second = pairs.T
    turned = units.scores.slopes(mixture.kind.roots(mixture.covariances), k, d)
    n, q = len(matrices), turned.shape[1]
    sds = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2))
    turned = turned / sds[:, None, :, None] / sds[:, None, None, :]
    by_variance = np.diagonal(turned, axis1=2, axis2=3)  # (n, q, d)
    beside = turned[:, :, first, second]
    ratio = (matrices[:, first, second] / sds[:, first] / sds[:, second])[:, None]
    by_correlation = beside - 0.5 * ratio * (by_variance[..., first] + by_variance[..., second])
    some = slice(1 if single else None)
    blocks = (0.5 * by_variance[..., some], by_correlation, by_variance[..., some], beside)
    p = k + k * d + n * sum(block.shape[2] for block in blocks)
    found = np.zeros((p, units.size))
    starts = np.arange(k) * own
    pi = mixture.weights
    found[np.arange(k)[:, None], starts] = np.diag(pi) - np.outer(pi, pi)
    for i in range(k):
        found[k + i * d : k + (i + 1) * d, starts[i] + 1 : starts[i] + 1 + d] = _root(units, i)
    row = k + k * d
    for block in blocks:
        for i in range(n):
            place = k * own if units.scores.shared else starts[i] + 1 + d
            found[row : row + block.shape[2], place : place + q] = block[i].T
            row += block.shape[2]
    return np.where(units.free, found / units.scale, 0.0)


def _told(mixture: Mixture) -> tuple[FloatArray, IntArray, bool]:
    """Matrices that there are, pairs of columns that have a covariance, and whether all share a variance."""
    matrices = mixture.full_covariances()
    pairs = np.array(_columns(mixture, "correlation"), dtype=np.intp).reshape(-1, 2)
    return matrices[:1] if mixture.kind.shared else matrices, pairs, _columns(mixture, "sd") == [()]


class Bent(NamedTuple):
    """Derivatives of one quantity, over its size, in own units: first (m,) and second ones (m, m)."""

    slope: FloatArray
    bend: FloatArray


def bent(units: OwnUnits, quantity: Quantity) -> Bent:
    """Return the first and second derivatives of one quantity in own units at their origin."""
    m, k, d, i = units.size, units.k, units.d, quantity.component or 0
    slope, bend = np.zeros(m), np.zeros((m, m))
    if quantity.kind == "weight":
        place, pi = np.arange(k) * units.own, units.mixture.weights
        off = (np.arange(k) == i) - pi
        slope[place] = pi[i] * off
        bend[place[:, None], place] = pi[i] * (np.outer(off, off) - np.diag(pi) + np.outer(pi, pi))
    elif quantity.kind == "mean":  # linear in its coordinates
        slope[i * units.own + 1 + np.arange(d)] = _root(units, i)[quantity.columns[0]]
    else:
        first, second = _bent_covariance(units, quantity)
        begin = k * units.own if units.scores.shared else i * units.own + 1 + d
        place = np.arange(begin, begin + len(first))
        slope[place], bend[place[:, None], place] = first, second
    scale = np.where(units.free, units.scale, np.inf)
    return Bent(slope / scale, bend / scale[:, None] / scale)


def _root(units: OwnUnits, i: int) -> FloatArray:
    """A root of a correlation matrix, (d, d): its columns are own standard deviations, over the columns'."""
    kind = units.mixture.kind
    root = kind.coloured(np.eye(units.d), kind.roots(units.mixture.covariances), i).T
    return root / np.linalg.norm(root, axis=1, keepdims=True)


def _bent_covariance(units: OwnUnits, quantity: Quantity) -> Bent:
    """Derivatives of a quantity of one covariance in its coordinates, (q,) and (q, q)."""
    root = _root(units, quantity.component or 0)
    a, b = (quantity.columns * 2)[:2] if quantity.columns else (0, 0)
    slope, bend = units.scores.bends(root[a], root[b])
    if quantity.kind in ("variance", "covariance"):
        return Bent(slope, bend)
    if quantity.kind == "sd":
        return Bent(0.5 * slope, 0.5 * bend - 0.25 * np.outer(slope, slope))
    # r (v w)^-1/2 where both variances v and w are one, by the product rule.
    r = float(root[a] @ root[b])
    (up, bend_up), (down, bend_down) = (units.scores.bends(root[j], root[j]) for j in (a, b))
    shrink = -0.5 * (up + down)
    cross = np.outer(slope, shrink)
    inner = np.outer(shrink, shrink) + 0.5 * (np.outer(up, up) + np.outer(down, down) - bend_up - bend_down)
    return Bent(slope + r * shrink, bend + cross + cross.T + r * inner)
