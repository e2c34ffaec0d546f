"""Do the rows lie as a density says? A test by the distances of nearest neighbours.

Among n rows of density q, the nearest neighbour of a row at x lies within a distance r with probability about
1 - exp(-n q(x) V r^d), V the volume of the unit ball. Rows on curves, on a grid, or spread more evenly than
chance show at once, whatever the number of components; broad tails of a cluster hardly do. Draws from the fit
say what the formula makes of the true density, whose change within r it leaves out.
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
        Different ones; of more than `EFFORT.diagnosis.spacing_rows` (of many columns, fewer), so many are
        drawn by their weights.
    fit : Mixture
        The density, local coordinates.

    Returns
    -------
    str or None
        For the user.
    """
    rng = np.random.default_rng(0)
    wide = fit.n_features > EFFORT.diagnosis.tree_columns
    most = EFFORT.diagnosis.wide_spacing_rows if wide else EFFORT.diagnosis.spacing_rows
    if len(rows) > most:
        share = rows.weights / rows.weights.sum()
        drawn = rng.choice(len(rows), most, replace=False, p=share)
        rows = rows.taken(drawn, rows.weights[drawn])
    n = len(rows)
    if n < EFFORT.diagnosis.least_spacing_rows:
        return None
    ours = _log_counts(rows, fit)
    draws = (
        WeightedRows(fit.sample(n, rng)[0], rows.weights, rows.unit)
        for _ in range(EFFORT.diagnosis.spacing_draws)
    )
    theirs = np.concatenate([_log_counts(one, fit) for one in draws])
    grid = np.sort(np.concatenate([ours, theirs]))
    below = [np.searchsorted(np.sort(one), grid, side="right") / len(one) for one in (ours, theirs)]
    gap = below[0] - below[1]
    largest = float(np.abs(gap).max())
    if (
        largest < TOLERANCES.diagnosis.poor_fit
        or largest * np.sqrt(n * EFFORT.diagnosis.spacing_draws / (EFFORT.diagnosis.spacing_draws + 1))
        < TOLERANCES.diagnosis.significant_misfit
    ):
        return None
    closer = gap[np.abs(gap).argmax()] > 0
    how = "closer together" if closer else "more evenly spread"
    return (
        f"rows lie {how} than the fitted density lets expect (distances of nearest neighbours, "
        f"Kolmogorov-Smirnov distance {largest:.2f}): clusters are not Gaussian, or components are missing; "
        "read components as pieces of a density, not as clusters"
    )


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
