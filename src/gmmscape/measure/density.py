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


def density_nodes(
    density: Callable[[FloatArray], Any],
    breaks: Sequence[float] | Sequence[Sequence[float]],
    *,
    n_panels: int = 100,
    order: int = 10,
) -> Sample:
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
    Sample
        Nodes of positive weight, the weights summing to one. Cost of a pass: that of so many rows.

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
    lines = [_line(axis, panels, nodes) for axis in axes]
    points = np.stack(np.meshgrid(*(x for x, _ in lines), indexing="ij"), axis=-1).reshape(-1, len(lines))
    lengths = np.stack(np.meshgrid(*(w for _, w in lines), indexing="ij"), axis=-1)
    weights = lengths.reshape(-1, len(lines)).prod(axis=1)
    values = np.asarray(density(points[:, 0] if len(lines) == 1 else points), dtype=np.float64)
    if values.shape != weights.shape or not np.isfinite(values).all() or (values < 0).any():
        raise InvalidParameterError.of("density", density, "return one finite value from 0 on for each point")
    weights = weights * values
    if not weights.any():
        raise InvalidParameterError.of("density", density, "its values are all zero: move the breaks to it")
    kept = weights > 0.0
    return Sample(points[kept], weights[kept] / weights[kept].sum())


def _line(breaks: FloatArray, n_panels: int, order: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of one axis."""
    x, w = np.polynomial.legendre.leggauss(order)
    share = n_panels / (breaks[-1] - breaks[0])
    ends = [
        end
        for low, high in pairwise(breaks)
        for end in pairwise(np.linspace(low, high, max(1, round(share * (high - low))) + 1))
    ]
    nodes = [0.5 * (high + low) + 0.5 * (high - low) * x for low, high in ends]
    return np.concatenate(nodes), np.concatenate([0.5 * (high - low) * w for low, high in ends])
