"""Fits as pictures draw them: means, covariances in common units, and what kind each component is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.mixture.background import most_probable

#: Farther than this from the rest, in units of a picture, a row is not drawn at its own place.
WILD = float(np.finfo(np.float32).max) / 1e8


@dataclass(frozen=True)
class DrawnFit:
    """A fit that a picture shows.

    Attributes
    ----------
    label : str
        What it is, where a picture offers several.
    mixture : Mixture or None
        The fit; None for bare centers.
    centers : ndarray of shape (k, d) or None
        Centers without covariances.
    kinds : sequence of str or None
        Kind of each component, where it is known.
    """

    label: str
    mixture: Any = None
    centers: Any = None
    kinds: Sequence[str] | None = None

    @property
    def means(self) -> FloatArray:
        """Means or centers, shape (k, d)."""
        return self.mixture.means if self.mixture is not None else np.asarray(self.centers, dtype=np.float64)

    @property
    def weights(self) -> FloatArray:
        """Weights, equal ones of centers, shape (k,)."""
        k = len(self.means)
        return self.mixture.weights if self.mixture is not None else np.full(k, 1.0 / k)

    @property
    def equal_units(self) -> bool:
        """Whether the fit takes all columns as of one unit: round components, and distances to centers."""
        return self.mixture is None or self.mixture.covariance_type == "spherical"

    def covariances(self) -> FloatArray | None:
        """Return covariances of shape (k, d, d), or None of centers."""
        return None if self.mixture is None else self.mixture.full_covariances()

    def labels(self, rows: FloatArray) -> IntArray:
        """Return the most probable component, -1 for the background, or the nearest center, of each row."""
        if self.mixture is not None:
            return most_probable(self.mixture.responsibilities(rows), len(self.means))
        distances = ((rows[:, None, :] - self.means[None]) ** 2).sum(axis=2)
        return distances.argmin(axis=1)


@dataclass(frozen=True)
class Units:
    """Centre and scale of each column, in which pictures compute: numbers far from zero keep their digits.

    Attributes
    ----------
    center, scale : ndarray of shape (d,)
        A number x of column j is drawn as (x - center[j]) / scale[j].
    """

    center: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, fits: Sequence[DrawnFit], rows: FloatArray | None) -> Units:
        """Return units in which everything drawn is of order one."""
        means = np.concatenate([fit.means for fit in fits])
        center = np.median(means if rows is None else rows, axis=0)
        lengths = [np.abs(means - center).max(axis=0)]
        lengths += [
            np.sqrt(fit.mixture.column_variances()).max(axis=0) for fit in fits if fit.mixture is not None
        ]
        if rows is not None:  # the bulk of them: a single wild one is no unit
            lengths.append(np.subtract(*np.quantile(rows, [0.98, 0.02], axis=0)))
        scale = np.max(lengths, axis=0)
        return cls(center, np.where((scale > 0) & np.isfinite(scale), scale, 1.0))

    def points(self, array: FloatArray) -> FloatArray:
        """Return points in these units; those that are wildly far are as far as float32 goes."""
        return np.clip((array - self.center) / self.scale, -WILD, WILD)

    def covariances(self, array: FloatArray) -> FloatArray:
        """Return covariances in these units."""
        return array / self.scale[:, None] / self.scale[None, :]


def thinned(rows: FloatArray, most: int) -> FloatArray:
    """Return at most so many rows, evenly spaced in their order: the same ones every time."""
    n = len(rows)
    return rows if n <= most else rows[np.arange(most) * n // most]
