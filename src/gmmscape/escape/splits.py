"""How a component would best be split: small mixtures of two, fitted to what it covers.

Each component's own rows, weighted by its responsibilities, are fitted by two components from several starts.
By Jensen's inequality the fall of that small problem's NLL, times the component's weight, is no more than
what the whole mixture gains, apart from rows of responsibility below `COVERED`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.escape.moves import Split
from gmmscape.escape.nesting import nested
from gmmscape.escape.pairs import Pairs, fit_pairs, nearest_pairs
from gmmscape.families import FreeCovariance, family_named
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective

#: Responsibility from which on a row belongs to a component's small problem.
COVERED = 0.01
#: Larger problems are thinned to this many rows: the proposal needs no more, and is judged on all rows.
MOST_ROWS = 10_000
RANDOM_STARTS, RESPLIT_STARTS = 3, 7


class Share(NamedTuple):
    """The rows that one component covers.

    Attributes
    ----------
    rows : ndarray of int
        Their numbers.
    weights : ndarray of float
        Row weight times responsibility.
    """

    rows: IntArray
    weights: FloatArray


def shares(objective: Objective, mixture: Mixture) -> list[Share]:
    """Return what each component covers; memory grows with the overlap, not with n x k."""
    rows, parameters = objective.rows, mixture.parameters
    found: list[tuple[IntArray, IntArray, FloatArray]] = []
    for start in range(0, len(rows.points), engine.BLOCK_ROWS):
        block = slice(start, start + engine.BLOCK_ROWS)
        posterior = engine.responsibilities(rows.points[block], parameters)
        at, component = np.nonzero(posterior >= COVERED)
        found.append((at + start, component, posterior[at, component] * rows.weights[at + start]))
    row, component, weight = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(component, kind="stable")
    ends = np.cumsum(np.bincount(component, minlength=mixture.n_components))[:-1]
    return [
        Share(r, w) for r, w in zip(np.split(row[order], ends), np.split(weight[order], ends), strict=True)
    ]


def propose_splits(
    objective: Objective, mixture: Mixture, component: int, share: Share, rng: np.random.Generator
) -> list[Split]:
    """Return ways to split one component, best first: at most one nested and one that is not."""
    family = objective.family
    assert isinstance(family, FreeCovariance)
    small = _small_problem(objective, mixture, share, rng)
    if small is None:
        return []
    found = [
        small.split(component, children, nll)
        for children, nll in _fitted(small.points, small.weights, small.single.covariances[0, 0], family, rng)
    ]
    found.sort(key=lambda split: -split.gain)
    best = [next((s for s in found if s.nested is kind), None) for kind in (False, True)]
    return [split for split in best if split is not None]


def propose_resplits(
    objective: Objective,
    mixture: Mixture,
    pair: tuple[int, int],
    covered: Sequence[Share],
    rng: np.random.Generator,
) -> list[Split]:
    """Return other ways for two neighbours to share what they cover; splits of the first after merging."""
    family = objective.family
    assert isinstance(family, FreeCovariance)
    union = Share(*(np.concatenate(parts) for parts in zip(*(covered[i] for i in pair), strict=True)))
    small = _small_problem(objective, mixture, union, rng)
    if small is None:
        return []
    points, weights = small.points, small.weights
    starts = nearest_pairs(points, weights, _starting_means(points, weights, rng, RESPLIT_STARTS))
    pairs, nll = fit_pairs(points, weights, starts, family)
    finite = np.flatnonzero(np.isfinite(nll))
    return [small.split(pair[0], pairs.mixture(int(i), family.name), nll[i]) for i in finite]


class _Small(NamedTuple):
    """Rows about their mean, their weights, and the single component that fits them."""

    points: FloatArray
    weights: FloatArray
    origin: FloatArray
    mass: float
    single: Pairs
    nll: float
    kind: str

    def split(self, component: int, children: Mixture, nll: float) -> Split:
        """Return the proposal of two children that fit with the given NLL."""
        shed = None
        if self.kind == "tied":
            shed = self.single.covariances[0, 0] - children.covariances
        gain = self.mass * (self.nll - float(nll))
        is_nested = bool(nested(children)[0, 1])
        return Split(component, children.shifted(self.origin), shed, gain, is_nested)


def _small_problem(
    objective: Objective, mixture: Mixture, share: Share, rng: np.random.Generator
) -> _Small | None:
    """The problem of the rows of a share; None where there are too few."""
    family = objective.family
    assert isinstance(family, FreeCovariance)
    mass = float(share.weights.sum())
    share = _thinned(share, rng)
    if len(share.rows) < 2 * (mixture.n_features + 1):
        return None
    weights = share.weights / share.weights.sum()
    rows = objective.rows.points[share.rows]
    origin = weights @ rows
    points = rows - origin
    middle = np.zeros((1, 2, len(origin)))
    start = Pairs(np.full((1, 2), 0.5), middle, _repeated(_scatter(points, weights), 1))
    single, nll = fit_pairs(points, weights, start, family)
    if not np.isfinite(nll[0]):
        return None
    return _Small(points, weights, origin, mass, single, float(nll[0]), family.name)


def _thinned(share: Share, rng: np.random.Generator) -> Share:
    if len(share.rows) <= MOST_ROWS:
        return share
    kept = np.sort(rng.choice(len(share.rows), MOST_ROWS, replace=False))
    return Share(share.rows[kept], share.weights[kept])


def _scatter(points: FloatArray, weights: FloatArray) -> FloatArray:
    return (points * weights[:, None]).T @ points


def _repeated(matrix: FloatArray, b: int) -> FloatArray:
    return np.broadcast_to(matrix, (b, 2, *matrix.shape))


def _fitted(
    points: FloatArray,
    weights: FloatArray,
    single: FloatArray,
    family: FreeCovariance,
    rng: np.random.Generator,
) -> Iterator[tuple[Mixture, float]]:
    """Pairs fitted to a small problem with mean zero, and their NLL there."""
    shared = family_named("tied", family.floor)
    means = _starting_means(points, weights, rng, RANDOM_STARTS)
    starts = nearest_pairs(points, weights, means)
    rough, nll = fit_pairs(points, weights, starts, shared)
    order = np.argsort(nll, kind="stable")
    if family.name == "tied":
        if np.isfinite(nll[order[0]]):
            yield rough.mixture(int(order[0]), "tied"), float(nll[order[0]])
        return
    # A shared covariance keeps cores and halos away; what it found is then set free, beside one of them.
    best = order[:2]
    core = np.array([0.4, 1.6])[:, None, None] * single
    free = Pairs(
        np.concatenate([rough.weights[best], [[0.5, 0.5]]]),
        np.concatenate([rough.means[best], np.zeros((1, 2, len(single)))]),
        np.concatenate([rough.covariances[best], core[None]]),
    )
    pairs, nll = fit_pairs(points, weights, free, family)
    for i in np.flatnonzero(np.isfinite(nll)):
        yield pairs.mixture(int(i), family.name), float(nll[i])


def _starting_means(
    points: FloatArray, weights: FloatArray, rng: np.random.Generator, n_random: int
) -> FloatArray:
    """Along the widest direction of the scaled columns, then random rows far apart; shape (b, 2, d)."""
    variance = weights @ points**2
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    values, vectors = np.linalg.eigh(_scatter(points / scale, weights))
    step = np.sqrt(max(values[-1], 0.0)) * vectors[:, -1] * scale
    starts = [np.stack([-step, step])]
    for _ in range(n_random):
        first = points[rng.choice(len(points), p=weights)]
        far = weights * (((points - first) / scale) ** 2).sum(axis=1)
        if far.sum() > 0:
            starts.append(np.stack([first, points[rng.choice(len(points), p=far / far.sum())]]))
    return np.stack(starts)
