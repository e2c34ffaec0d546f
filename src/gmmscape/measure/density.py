"""Any density on a line or in a plane as a measure: nodes of Gauss and Legendre, its values as weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.measure.sample import Sample
from gmmscape.validation import finite_array, positive_integer


class Density(Sample):
    """Nodes and weights of a density, which remember the density itself, for what sums cannot say.

    `density_nodes` makes one.

    Parameters
    ----------
    points : array_like of shape (n, d)
        Nodes.
    weights : array_like of shape (n,)
        Their weights.
    ends : sequence of array_like
        Ends of the panels of each axis, ascending.
    values : ndarray of shape (p, m) or (p, q, m, m)
        The density, of mass one, at the m nodes of each panel and axis.
    """

    def __init__(self, points: Any, weights: Any, ends: Sequence[FloatArray], values: FloatArray) -> None:
        super().__init__(points, weights)
        self.ends = tuple(ends)
        self.values = values


def density_nodes(
    density: Callable[[FloatArray], Any],
    breaks: Sequence[float] | Sequence[Sequence[float]],
    *,
    n_panels: int = 100,
    order: int = 10,
) -> Density:
    """Return a density as weighted nodes, which stand for a population in every landscape.

    Parameters
    ----------
    density : callable
        Takes points, (n,) on a line and (n, 2) in a plane, and returns non-negative values (n,); they need
        not be normalised.
    breaks : sequence of float, or two of them
        Where to integrate: ascending ends of intervals on which the density is smooth, such as its corners,
        on a line; one sequence for each axis of a plane.
    n_panels : int, default=100
        Panels of each axis, shared out among the intervals by their lengths, at least one each.
    order : int, default=10
        Nodes of a panel and axis: Gauss and Legendre's rule, exact for polynomials of degree 2 order - 1.

    Returns
    -------
    Density
        A `Sample`: nodes of positive weight, the weights summing to one. Cost of a pass: that of so many
        rows.

    Raises
    ------
    InvalidParameterError
        If breaks do not ascend, or the density is negative, not finite, or zero everywhere.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmscape import lab
    >>> uniform = lab.density_nodes(lambda x: np.ones_like(x), [0.0, 1.0], n_panels=4)
    >>> round(float(uniform.variance[0]), 6)  # 1/12
    0.083333
    """
    nested = np.ndim(breaks[0]) > 0
    axes = [finite_array("breaks", axis, ndim=(1,)) for axis in (breaks if nested else [breaks])]
    if len(axes) > 2 or any(len(axis) < 2 or not (np.diff(axis) > 0).all() for axis in axes):
        raise InvalidParameterError.of("breaks", breaks, "pass ascending numbers, of one axis or of two")
    panels, nodes = positive_integer("n_panels", n_panels), positive_integer("order", order)
    ends = [_ends(axis, panels) for axis in axes]
    lines = [_line(one, nodes) for one in ends]
    points = np.stack(np.meshgrid(*(x for x, _ in lines), indexing="ij"), axis=-1).reshape(-1, len(lines))
    lengths = np.stack(np.meshgrid(*(w for _, w in lines), indexing="ij"), axis=-1)
    weights = lengths.reshape(-1, len(lines)).prod(axis=1)
    values = np.asarray(density(points[:, 0] if len(lines) == 1 else points), dtype=np.float64)
    if values.shape != weights.shape or not np.isfinite(values).all() or (values < 0).any():
        raise InvalidParameterError.of("density", density, "return one finite value from 0 on for each point")
    weights = weights * values
    if not weights.any():
        raise InvalidParameterError.of("density", density, "its values are all zero: move the breaks to it")
    kept, mass = weights > 0.0, float(weights.sum())
    # (panel, node) of each axis in turn, then all panels before all nodes.
    at_nodes = values.reshape([n for one in ends for n in (len(one) - 1, nodes)]) / mass
    if len(lines) > 1:
        at_nodes = at_nodes.transpose(0, 2, 1, 3)
    return Density(points[kept], weights[kept] / mass, ends, at_nodes)


def _ends(breaks: FloatArray, n_panels: int) -> FloatArray:
    """Ends of the panels of one axis."""
    share = n_panels / (breaks[-1] - breaks[0])
    parts = [
        np.linspace(low, high, max(1, round(share * (high - low))) + 1)[:-1] for low, high in pairwise(breaks)
    ]
    return np.append(np.concatenate(parts), breaks[-1])


def _line(ends: FloatArray, order: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of one axis."""
    x, w = np.polynomial.legendre.leggauss(order)
    half = 0.5 * np.diff(ends)
    middle = 0.5 * (ends[:-1] + ends[1:])
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()
