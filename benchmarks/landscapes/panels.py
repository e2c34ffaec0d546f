"""An independent landscape: Gauss-Legendre panels, and steepest descent by an implicit solver.

It shares no code with the package but the name of a type. A fit of k means sees the truth through the span
of the differences of its means; nodes are in that span, around each center, in panels so narrow that
posteriors are resolved.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import linear_sum_assignment

from gmmscape.arrays import FloatArray as Array

#: Nodes of a panel; its half-width in distances of the poles of the posteriors; reach in deviations.
NODES, HALF_WIDTH, REACH = {1: 14, 2: 12, 3: 7}, {1: 0.7, 2: 2.0, 3: 1.6}, {1: 9.5, 2: 7.5, 3: 6.5}
#: How near to a minimum a descent has arrived, in sigma and as a share of the way; error as a
#: share of that; time it may take.
ARRIVED, NEARER, ACCURACY, LONGEST = 1e-2, 0.25, 1e-3, 1e12
#: Gradients that a descent may ask for.
MOST = 5000
#: First distance from the saddle, in sigma, or farther where slopes are less than this; farthest, nearest.
ASIDE, SLOPE, FARTHEST, TINY = 1e-2, 1e-9, 0.5, 1e-6


class TooLongError(Exception):
    """A descent asked for more gradients than it may."""


class Panels:
    """The NLL of k equal means of deviation sigma under a mixture of spherical components of deviation 1.

    Parameters
    ----------
    centers : ndarray of shape (n, d)
        Of the truth.
    weights : ndarray of shape (n,)
        Of the truth.
    sigma : float
        Of the fit.
    """

    def __init__(self, centers: Array, weights: Array, sigma: float) -> None:
        self.centers, self.weights, self.sigma = centers, weights, sigma
        self.n_features = centers.shape[1]

    def _nodes(self, means: Array) -> tuple[Array, Array, Array, Array]:
        """Coordinates of nodes in the span (n, r), their weights, centers beside the span (n, d), basis."""
        differences = means - means.mean(axis=0)
        _, sizes, basis = np.linalg.svd(differences, full_matrices=False)
        r = int(np.count_nonzero(sizes > 1e-9))
        basis = basis[: max(r, 1)]
        r = len(basis)
        gap = float(np.linalg.norm(means[:, None] - means, axis=2).max())
        half = min(0.6, HALF_WIDTH[r] * np.pi * self.sigma**2 / max(gap, 1e-9))
        x, w = np.polynomial.legendre.leggauss(NODES[r])
        n = int(np.ceil(REACH[r] / half))
        edges = np.linspace(-REACH[r], REACH[r], n + 1)
        middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[1] - edges[0])
        z = (middle[:, None] + half * x).ravel()
        mass = np.tile(half * w, n) * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        grid = np.stack(np.meshgrid(*[z] * r, indexing="ij"), axis=-1).reshape(-1, r)
        shares = mass
        for _ in range(r - 1):
            shares = np.outer(shares, mass).ravel()
        inside = (grid**2).sum(axis=1) <= REACH[r] ** 2
        grid, shares = grid[inside], shares[inside]
        beside = self.centers - (self.centers @ basis.T) @ basis
        points = np.concatenate([grid + center for center in self.centers @ basis.T])
        return points, np.outer(self.weights, shares).ravel(), np.repeat(beside, len(shares), axis=0), basis

    def at(self, means: Array, hessian: bool = False) -> tuple[float, Array, Array | None]:
        """Return value, gradient, and (where nodes fill the space) the Hessian if asked for."""
        k, d = means.shape
        points, mass, beside, basis = self._nodes(means)
        places, across = means @ basis.T, means - (means @ basis.T) @ basis
        s2 = self.sigma**2
        logs = -0.5 * ((points[:, None] - places) ** 2).sum(axis=2) / s2
        top = logs.max(axis=1)
        odds = np.exp(logs - top[:, None])
        total = odds.sum(axis=1)
        psi = odds / total[:, None]
        # Beside the span all means lie alike, and components have their own spread.
        r = len(basis)
        off = ((beside[:: len(beside) // len(self.centers)] - across[0]) ** 2).sum(axis=1) + (d - r)
        value = -float(mass @ (top + np.log(total / k))) + float(self.weights @ off) / (2 * s2)
        value += 0.5 * d * np.log(2 * np.pi * s2)
        x = points @ basis + beside
        each = (mass[:, None] * psi).T
        # From each mean on: sums of places far from zero would cancel.
        gradient = -np.stack([share @ (x - mean) for share, mean in zip(each, means, strict=True)]) / s2
        if not hessian or r < d:
            return value, gradient, None
        bend = np.zeros((k, d, k, d))
        for i in range(k):
            for j in range(k):
                share = mass * psi[:, i] * ((i == j) - psi[:, j])
                bend[i, :, j, :] = -((x - means[i]) * share[:, None]).T @ (x - means[j]) / s2**2
            bend[i, :, i, :] += each[i].sum() / s2 * np.eye(d)
        return value, gradient, bend.reshape(k * d, k * d)

    def descended(self, start: Array, minima: Sequence[Array]) -> tuple[int, tuple[int, ...]] | None:
        """Return the place of the minimum that the gradient flow arrives at, and whither each label went.

        None where it arrives at none of them.
        """
        shape = start.shape

        # The solver sees what has been gone, because its tolerance is a share of what it sees.
        def there(gone: Array) -> Array:
            return start + gone.reshape(shape)

        asked = itertools.count()

        def slope(_: float, gone: Array) -> Array:
            if next(asked) > MOST:
                raise TooLongError
            return -self.at(there(gone))[1].ravel()

        def bend(_: float, gone: Array) -> Array:
            found = self.at(there(gone), hessian=True)[2]
            return -(self.difference(there(gone)) if found is None else found)

        def nearest(means: Array) -> float:
            return min(matched(means, minimum)[1] for minimum in minima)

        # Of minima that have only just split off the saddle is near, too.
        close = min(ARRIVED * self.sigma, NEARER * nearest(start))

        def arrival(_: float, gone: Array) -> float:
            return nearest(there(gone)) - close

        setattr(arrival, "terminal", True)  # noqa: B010  (how solve_ivp is told to stop there)

        def flowed(solver: str) -> Any:
            span, accuracy = (0.0, LONGEST), ACCURACY * close
            start = np.zeros(shape).ravel()
            return solve_ivp(slope, span, start, solver, jac=bend, events=arrival, rtol=1e-4, atol=accuracy)

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of LSODA, that it gives up
                flow = flowed("LSODA")
            if not flow.success:  # as on some plateaus
                flow = flowed("BDF")
        except TooLongError:
            return None
        end = there(flow.y[:, -1])
        found = [matched(end, minimum) for minimum in minima]
        place = min(range(len(minima)), key=lambda i: found[i][1])
        order, distance = found[place]
        return (place, order) if distance <= 2 * close else None

    def difference(self, means: Array) -> Array:
        """The Hessian by central differences of the gradient."""
        step = 1e-4 * self.sigma
        columns = []
        for i in range(means.size):
            change = np.zeros(means.size)
            change[i] = step
            change = change.reshape(means.shape)
            columns.append((self.at(means + change)[1] - self.at(means - change)[1]).ravel() / (2 * step))
        return 0.5 * (np.array(columns) + np.array(columns).T)

    def _straight(self, saddle: Array, off: Array, curvature: float) -> bool:
        """Whether the slope on both sides of a saddle is downhill, as its curvature says."""
        expected = 0.5 * curvature * float(np.sum(off**2))
        return all(
            side * float(np.sum(self.at(saddle + side * off)[1] * off)) < expected for side in (-1.0, 1.0)
        )

    def both_ways(self, saddle: Array, minima: Sequence[Array]) -> list[tuple[int, tuple[int, ...]] | None]:
        """Return where both descents from a saddle arrive."""
        bend = self.at(saddle, hessian=True)[2]
        values, vectors = np.linalg.eigh(self.difference(saddle) if bend is None else bend)
        direction = vectors[:, 0].reshape(saddle.shape)
        aside = min(FARTHEST, max(ASIDE, SLOPE / abs(values[0]))) * self.sigma
        # What has only just split off lies as near as where the slope no longer is what the curvature says.
        while aside > TINY * self.sigma and not self._straight(saddle, aside * direction, values[0]):
            aside *= 0.5
        off = aside * direction
        return [self.descended(saddle + side * off, minima) for side in (-1.0, 1.0)]


def matched(means: Array, reference: Array) -> tuple[tuple[int, ...], float]:
    """Return for each mean the one of the reference it is matched with, and the largest distance left."""
    gaps = ((means[:, None] - reference) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(gaps)
    return tuple(int(j) for j in columns), float(np.sqrt(gaps[rows, columns].max()))
