"""Do the rows lie as a density says? A test by the distances of nearest neighbours, or by densities.

Among n rows of density q, the nearest neighbour of a row at x lies within a distance r with probability about
1 - exp(-n q(x) V r^d), V the volume of the unit ball. Rows on curves, on a grid, or spread more evenly than
chance show at once, whatever the number of components; broad tails of a cluster hardly do. Draws from the fit
say what the formula makes of the true density, whose change within r it leaves out.

Where rows have weights, their places say little: cells of a histogram lie on a grid. Then the densities at
the rows, by weight, are compared with those at draws.
"""

from __future__ import annotations

from math import lgamma, pi

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.measure import EVERY, WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


def misfit(rows: WeightedRows, fit: Mixture) -> str | None:
    """Return what is wrong with a density, or None where rows lie as it says.

    Parameters
    ----------
    rows : WeightedRows
        Different ones; of more than `EFFORT.diagnosis.spacing_rows` (of many columns, fewer) of equal weight
        so many are drawn.
    fit : Mixture
        The density, local coordinates.

    Returns
    -------
    str or None
        For the user.
    """
    rng = np.random.default_rng(EFFORT.diagnosis.own_seed)
    weighted = rows.weights.min() < rows.weights.max()
    if not weighted:
        rows = _some(rows, fit, rng)
    n = _worth(rows.weights)
    if n < EFFORT.diagnosis.least_spacing_rows:
        return None
    measured = _log_densities if weighted else _log_counts
    ours = measured(rows, fit)
    many = min(len(rows), EFFORT.diagnosis.spacing_rows) if weighted else len(rows)
    draws = (
        rows.alike(fit.sample(many, rng)[0], np.full(many, 1.0 / many))
        for _ in range(EFFORT.diagnosis.spacing_draws)
    )
    theirs = np.concatenate([measured(one, fit) for one in draws])
    gap, closer = _gap(ours, rows.weights, theirs)
    drawn = len(theirs)
    if (
        gap < TOLERANCES.diagnosis.poor_fit
        or gap * np.sqrt(n * drawn / (n + drawn)) < TOLERANCES.diagnosis.significant_misfit
    ):
        return None
    how, by = ("closer together", "more evenly spread"), "distances of nearest neighbours"
    if weighted:
        how, by = ("farther out", "closer in"), "densities at the rows"
    return (
        f"rows lie {how[0] if closer else how[1]} than the fitted density lets expect ({by}, "
        f"Kolmogorov-Smirnov distance {gap:.2f}): clusters are not Gaussian, or components are missing; "
        "read components as pieces of a density, not as clusters"
    )


def _some(rows: WeightedRows, fit: Mixture, rng: np.random.Generator) -> WeightedRows:
    """So many rows of equal weight as neighbours are looked for among."""
    wide = fit.n_features > EFFORT.diagnosis.tree_columns
    most = EFFORT.diagnosis.wide_spacing_rows if wide else EFFORT.diagnosis.spacing_rows
    if len(rows) <= most:
        return rows
    drawn = rng.choice(len(rows), most, replace=False)
    return rows.alike(rows.local(drawn), rows.weights[drawn])


def _worth(weights: FloatArray) -> float:
    """How many rows of equal weight these are worth (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _gap(ours: FloatArray, weights: FloatArray, theirs: FloatArray) -> tuple[float, bool]:
    """Largest difference of the distributions, and whether ours has more of small numbers there."""
    order = np.argsort(ours)
    upto = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    grid = np.sort(np.concatenate([ours, theirs]))
    own = upto[np.searchsorted(ours[order], grid, side="right")]
    gap = own - np.searchsorted(np.sort(theirs), grid, side="right") / len(theirs)
    at = int(np.abs(gap).argmax())
    return float(abs(gap[at])), bool(gap[at] > 0)


def _log_densities(rows: WeightedRows, fit: Mixture) -> FloatArray:
    return rows.log_densities(fit)


def _log_counts(rows: WeightedRows, fit: Mixture) -> FloatArray:
    """Log of the number of rows to expect within the distance of the nearest neighbour, shape (n,)."""
    n, d = len(rows), fit.n_features
    density = rows.log_densities(fit)
    scaled = rows.local(EVERY) / rows.unit
    distance = _nearest(scaled)
    ball = 0.5 * d * np.log(pi) - lgamma(0.5 * d + 1.0)
    with np.errstate(divide="ignore"):
        return np.log(n - 1.0) + density + ball + d * np.log(distance)


def _nearest(rows: FloatArray) -> FloatArray:
    """Distance of each row from the nearest other one, shape (n,)."""
    if rows.shape[1] <= EFFORT.diagnosis.tree_columns:
        from scipy.spatial import cKDTree

        return cKDTree(rows).query(rows, 2)[0][:, 1]
    # In many columns trees prune nothing, and products of matrices are the quickest way to all distances.
    rows = rows - rows.mean(axis=0)
    lengths = np.square(rows).sum(axis=1)
    squared = lengths[:, None] + lengths - 2.0 * (rows @ rows.T)
    np.fill_diagonal(squared, np.inf)
    return np.linalg.norm(rows - rows[squared.argmin(axis=1)], axis=1)
