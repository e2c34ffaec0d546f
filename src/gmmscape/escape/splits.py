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
from gmmscape.escape.pairs import Fitted, fit_one, fit_pairs, pairs_around
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import FreeCovariance, family_named
from gmmscape.measure import Sample
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
        Row weight times responsibility; more where the rows are a part that stands for all.
    """

    rows: IntArray
    weights: FloatArray


class _Gathered:
    """What one component covers, seen block by block: some `MOST_ROWS` rows at most, drawn evenly."""

    def __init__(self) -> None:
        self.parts: list[tuple[IntArray, FloatArray, FloatArray]] = []
        self.mass = 0.0
        self.size = 0

    def add(self, rows: IntArray, weights: FloatArray, lots: FloatArray) -> None:
        """Take rows in with a random lot each; where they are too many, the smallest lots stay."""
        self.parts.append((rows, weights, lots))
        self.mass += float(weights.sum())
        self.size += len(rows)
        if self.size > 2 * MOST_ROWS:
            rows, weights, lots = (np.concatenate(part) for part in zip(*self.parts, strict=True))
            kept = np.sort(np.argpartition(lots, MOST_ROWS)[:MOST_ROWS])
            self.parts = [(rows[kept], weights[kept], lots[kept])]
            self.size = MOST_ROWS

    def share(self) -> Share:
        """Return the rows that stayed, their weights raised to the mass of all."""
        rows, weights, _ = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        kept = float(weights.sum())
        return Share(rows, weights if kept in (0.0, self.mass) else weights * (self.mass / kept))


def shares(objective: Objective, mixture: Mixture) -> list[Share]:
    """Return what each component covers; of very many rows a random part stands for all."""
    k = mixture.n_components
    gathered = [_Gathered() for _ in range(k)]
    lots = np.random.default_rng(0)
    for block, points, weights in objective.rows.blocks():
        posterior = engine.responsibilities(points, mixture.parameters)
        component, at = np.nonzero(posterior.T >= COVERED)
        weight = posterior[at, component] * weights[at]
        ends = np.cumsum(np.bincount(component, minlength=k))[:-1]
        parts = (np.split(array, ends) for array in (at + block.start, weight, lots.random(len(at))))
        for own, rows, row_weights, row_lots in zip(gathered, *parts, strict=True):
            own.add(rows, row_weights, row_lots)
    return [own.share() for own in gathered]


def propose_splits(
    objective: Objective, mixture: Mixture, component: int, share: Share, rng: np.random.Generator
) -> list[Split]:
    """Return ways to split one component, best first: at most one nested and one that is not."""
    family = objective.family
    assert isinstance(family, FreeCovariance)
    small = _small_problem(objective, mixture, share, rng)
    if small is None:
        return []
    found = [small.split(component, *fitted) for fitted in _fitted(small, family, rng)]
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
    starts = pairs_around(small.sample, family, _starting_means(small.sample, rng, RESPLIT_STARTS))
    return [small.split(pair[0], *fitted) for fitted in fit_pairs(small.sample, family, starts)]


class _Small(NamedTuple):
    """Rows that are to be split, in local coordinates, and the single component that fits them."""

    sample: Sample
    mass: float
    single: Mixture
    nll: float

    def split(self, component: int, children: Mixture, nll: float) -> Split:
        """Return the proposal of two children that fit with the given NLL."""
        # Mirror-image starts end alike: the order of the children must not be left to rounding.
        children = children.permuted(np.lexsort(children.means.T[::-1]))
        shed = None
        if children.covariance_type == "tied":
            shed = self.single.covariances - children.covariances
        gain = self.mass * (self.nll - nll)
        return Split(component, children, shed, gain, bool(nested(children)[0, 1]))


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
    sample = Sample(objective.rows.local(share.rows), share.weights, copy=False)
    single = fit_one(sample, family)
    return None if single is None else _Small(sample, mass, *single)


def _thinned(share: Share, rng: np.random.Generator) -> Share:
    if len(share.rows) <= MOST_ROWS:
        return share
    kept = np.sort(rng.choice(len(share.rows), MOST_ROWS, replace=False))
    return Share(share.rows[kept], share.weights[kept])


def _fitted(small: _Small, family: FreeCovariance, rng: np.random.Generator) -> Iterator[Fitted]:
    """Pairs fitted to a small problem, and their NLL there."""
    sample = small.sample
    shared = family_named("tied", family.floor)
    starts = pairs_around(sample, shared, _starting_means(sample, rng, RANDOM_STARTS))
    rough = sorted(fit_pairs(sample, shared, starts), key=lambda fitted: fitted[1])
    if family.name == "tied":
        yield from rough[:1]
        return
    # A shared covariance keeps cores and halos away; what it found is then set free, beside one of them.
    core = _set_free(
        np.array([0.5, 0.5]),
        np.repeat(small.single.means, 2, axis=0),
        np.array([0.4, 1.6])[:, None, None] * small.single.full_covariances(),
        family,
    )
    free = [_set_free(m.weights, m.means, m.full_covariances(), family) for m, _ in rough[:2]]
    yield from fit_pairs(sample, family, [start for start in (*free, core) if start is not None])


def _set_free(
    weights: FloatArray, means: FloatArray, matrices: FloatArray, family: FreeCovariance
) -> Mixture | None:
    """The mixture of a family whose covariances are nearest to these, on or above the floor."""
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    stored = {"spherical": diagonal.mean(axis=1), "diag": diagonal, "full": matrices}[family.name]
    try:
        return Mixture(weights, means, family.floor.clip(stored, family.name)[0], family.name)
    except InvalidParameterError:
        return None


def _starting_means(sample: Sample, rng: np.random.Generator, n_random: int) -> FloatArray:
    """Along the widest direction of the scaled columns, then random rows far apart; shape (b, 2, d)."""
    points, weights = sample.points, sample.weights
    mean = weights @ points
    variance = sample.variance
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    values, vectors = np.linalg.eigh(sample.covariance / scale / scale[:, None])
    step = np.sqrt(max(values[-1], 0.0)) * vectors[:, -1] * scale
    starts = [np.stack([mean - step, mean + step])]
    for _ in range(n_random):
        first = points[rng.choice(len(points), p=weights)]
        far = weights * (((points - first) / scale) ** 2).sum(axis=1)
        if far.sum() > 0:
            starts.append(np.stack([first, points[rng.choice(len(points), p=far / far.sum())]]))
    return np.stack(starts) + sample.origin
