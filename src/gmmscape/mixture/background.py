"""Background: a uniform density beside the components of a mixture, for rows that belong to no cluster.

As mclust's noise component (Banfield and Raftery, Biometrics 49, 1993; Fraley and Raftery, J. Amer. Stat.
Assoc. 97, 2002).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.exceptions import DataError, FormatError, InvalidParameterError, NotAvailableError
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import finite_array, real_number

#: Regions that are made from rows.
BOX, HULL, GIVEN = "box", "hull", "volume"
REGIONS = (BOX, HULL)


@dataclass(frozen=True, eq=False)
class Background:
    """A uniform density over a region, with its weight in a mixture.

    Attributes
    ----------
    region : str
        "box" and "hull" of the rows that it was fitted on; "volume" where only a volume was given, and the
        density is the same everywhere.
    volume : float
        Of the region, in the columns' units multiplied; the density is one over it.
    weight : float
        Share of the rows that it stands for, from 0 to 1.
    lower, upper : ndarray of shape (d,) or None
        Corners of the box, or of the box about the hull; both belong to it. None for a given volume.
    faces : ndarray of shape (m, d + 1) or None
        Of the hull: x is in it where ``faces[:, :d] @ (x - lower) + faces[:, d] <= 0`` for all, up to
        rounding, which so does not depend on where the data lie.
    """

    region: str
    volume: float
    weight: float = 0.0
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    faces: FloatArray | None = None

    @property
    def log_density(self) -> float:
        """Log of one over the volume, without the weight."""
        return -float(np.log(self.volume))

    def of_weight(self, weight: float) -> Background:
        """Return the same density with another weight."""
        return replace(self, weight=weight)

    def contains(self, X: FloatArray) -> BoolArray:
        """Say which rows are in the region, shape (n,); all of them where only a volume was given.

        Of a box what is observed of a row is asked; NotAvailableError where something is missing, of others.
        """
        if self.lower is None or self.upper is None:
            return np.ones(len(X), dtype=bool)
        inside = (((self.lower <= X) & (self.upper >= X)) | self._missing(X)).all(axis=1)
        if self.faces is not None:
            scale = TOLERANCES.measure.on_hull * math.hypot(*(self.upper - self.lower))
            beyond = (X - self.lower) @ self.faces[:, :-1].T + self.faces[:, -1]
            inside &= beyond.max(axis=1) <= scale
        return np.asarray(inside)

    def log_densities_inside(self, X: FloatArray) -> FloatArray:
        """Return the log density, without weight, of what is observed of rows inside, shape (n,)."""
        missing = self._missing(X)
        if self.lower is None or self.upper is None or not missing.any():
            return np.full(len(X), self.log_density)
        return np.where(missing, 0.0, -np.log(self.upper - self.lower)).sum(axis=1)

    def log_densities(self, X: FloatArray) -> FloatArray:
        """Return the log of the weighted density at each row, shape (n,): -inf outside the region.

        Of a row with missing values it is the density of what is observed, which is known of a box.
        """
        if self.weight == 0.0:
            return np.full(len(X), -np.inf)
        there = np.log(self.weight) + self.log_densities_inside(X)
        return np.where(self.contains(X), there, -np.inf)

    def _missing(self, X: FloatArray) -> BoolArray:
        """Which values are missing; raises NotAvailableError where the density is not known for that."""
        missing = np.isnan(X)
        if self.region != BOX and missing.any():
            raise NotAvailableError(
                f"rows with missing values before a background over a {self.region}: what some columns show "
                'of it is not known; fit with "box"'
            )
        return missing

    def moved(self, offset: FloatArray) -> Background:
        """Return the same with its region moved by an offset, shape (d,)."""
        if self.lower is None or self.upper is None:
            return self
        return replace(self, lower=self.lower + offset, upper=self.upper + offset)

    def filled(self, X: FloatArray, rng: np.random.Generator | None) -> FloatArray:
        """Return rows with what is missing drawn from the box, or its middle where `rng` is None; new."""
        missing = self._missing(X)
        if self.lower is None or self.upper is None or not missing.any():
            return X.copy()
        at = 0.5 if rng is None else rng.random(X.shape)
        return np.where(missing, self.lower + (self.upper - self.lower) * at, X)

    def in_columns(self, places: Sequence[int]) -> Background:
        """Return what some columns show of it: uniform again over a box, and of no other known."""
        if self.region != BOX or self.lower is None or self.upper is None:
            raise NotAvailableError(
                f"marginals of a background over a {self.region}: take the components alone, "
                "`mixture.beside(None)`"
            )
        lower, upper = self.lower[places], self.upper[places]
        return replace(self, volume=float(np.prod(upper - lower)), lower=lower, upper=upper)

    def sample(self, n: int, d: int, rng: np.random.Generator) -> FloatArray:
        """Return rows drawn from the region, shape (n, d).

        Of a hull by rejection from its box: the cost grows with the ratio of the two. Raises
        InvalidParameterError where only a volume is known.
        """
        if self.lower is None or self.upper is None:
            raise InvalidParameterError.of(
                "background",
                self.volume,
                'fit with "box" or "hull": a volume has no place to draw from',
            )
        found = np.empty((0, d))
        while len(found) < n:
            drawn = self.lower + (self.upper - self.lower) * rng.random((n, d))
            found = np.vstack([found, drawn[self.contains(drawn)]])
        return found[:n]

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings, as files hold them."""
        known = {"region": self.region, "volume": self.volume, "weight": self.weight}
        arrays = {"lower": self.lower, "upper": self.upper, "faces": self.faces}
        return known | {name: array.tolist() for name, array in arrays.items() if array is not None}

    @classmethod
    def from_content(cls, content: Any) -> Background | None:
        """Return what `content` described, None for None; raises FormatError if it is damaged."""
        if content is None:
            return None
        if not isinstance(content, Mapping) or {"region", "volume", "weight"} - set(content):
            raise FormatError("background must hold region, volume and weight")
        arrays = {
            name: None if content.get(name) is None else np.asarray(content[name], dtype=np.float64)
            for name in ("lower", "upper", "faces")
        }
        if content["region"] not in (*REGIONS, GIVEN):
            raise FormatError(f"background: region is one of {', '.join((*REGIONS, GIVEN))}")
        found = cls(
            content["region"],
            real_number("background.volume", content["volume"]),
            real_number("background.weight", content["weight"], strict=False),
            **arrays,
        )
        if found.weight > 1.0 or (found.region != GIVEN and (found.lower is None or found.upper is None)):
            raise FormatError("background: its weight is at most 1, and a box or hull has corners")
        if not all(array is None or np.isfinite(array).all() for array in arrays.values()):
            raise FormatError("background: its corners and faces are finite numbers")
        return found


def checked_background(value: Any) -> str | float | None:
    """Return what a user may ask for: None, "box", "hull" or a volume; raises InvalidParameterError."""
    if value is None or (isinstance(value, str) and value in REGIONS):
        return value
    try:
        return real_number("background", value)
    except InvalidParameterError as error:
        raise InvalidParameterError.of(
            "background", value, 'pass None, "box", "hull", or a volume in the units of the columns'
        ) from error


def background_of(value: str | float | None, X: FloatArray) -> Background | None:
    """Return the background over the box or hull of rows, or of a given volume, its weight still zero.

    Parameters
    ----------
    value : {"box", "hull"}, float or None
        As `checked_background` returns it.
    X : ndarray of shape (n, d)
        Rows.

    Returns
    -------
    Background or None
        None for None.

    Raises
    ------
    DataError
        If the region has no volume, or a hull has too many columns.
    """
    if value is None:
        return None
    if value != BOX and np.isnan(X).any():
        raise DataError(
            f"background={value!r}: X has missing values, and what some columns show of such a region is not "
            'known; pass "box", or impute them first (`impute`)'
        )
    if not isinstance(value, str):
        return Background(GIVEN, float(value))
    lower, upper = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
    flat = np.flatnonzero(~(upper > lower))
    if len(flat):
        raise DataError(
            f"background={value!r}: column {flat[0]} has one value only, so that the region has no volume; "
            "leave the column out, or pass a volume"
        )
    with np.errstate(over="ignore"):  # of what is infinite the volume is, which is refused below
        sides = upper - lower
    faces, volume = None, _volume(sides)
    if value == HULL and np.isfinite(sides).all():
        faces, volume = _hull(X, sides)
    if not 0.0 < volume < np.inf:
        raise DataError(
            f"background={value!r}: the volume of the region is not representable in float64: rescale the "
            "columns"
        )
    return Background(value, volume, 0.0, lower, upper, faces)


def _volume(sides: FloatArray) -> float:
    """Volume of a box, infinite where float64 cannot hold it."""
    with np.errstate(over="ignore"):
        return float(np.exp(np.log(sides).sum()))


def _hull(X: FloatArray, sides: FloatArray) -> tuple[FloatArray | None, float]:
    """Faces and volume of the convex hull of rows in a box with these sides."""
    from scipy.spatial import ConvexHull, QhullError

    n, d = X.shape
    if d == 1:
        return None, float(sides[0])
    if d > TOLERANCES.measure.hull_columns:
        raise DataError(
            f'background="hull": a convex hull in {d} columns has too many faces; pass "box", or a volume'
        )
    try:
        hull = ConvexHull((X - X.min(axis=0)) / sides)
    except QhullError as error:
        raise DataError(
            f'background="hull": the {n} rows span no volume (they lie in a plane, or are fewer than '
            f'{d + 1}); pass "box", or a volume'
        ) from error
    volume = float(hull.volume) * _volume(sides)
    with np.errstate(all="ignore"):
        faces = np.column_stack([hull.equations[:, :-1] / sides, hull.equations[:, -1]])
        # By a power of two, which changes no digit: squares of what is small or large are none of float64.
        faces /= np.exp2(np.frexp(np.abs(faces[:, :-1]).max(axis=1, keepdims=True))[1] - 1)
        faces /= np.linalg.norm(faces[:, :-1], axis=1, keepdims=True)
    if not np.isfinite(faces).all():
        return None, 0.0  # of no volume that is representable, which is said
    return faces, volume


def weighted(name: str, value: Any, n: int, background: Background) -> FloatArray:
    """Return weights of components that sum to one with that of their background; equal ones for None."""
    rest = 1.0 - background.weight
    if value is None:
        return np.full(n, rest / n)
    weights = finite_array(name, value, ndim=(1,))
    if weights.shape != (n,) or (weights < 0).any() or abs(weights.sum() - rest) > 1e-8:
        raise InvalidParameterError.of(
            name,
            weights.tolist(),
            f"pass {n} non-negative numbers whose sum is {rest:.10g}: with the background's they sum to one",
        )
    return weights


def same_background(one: Background | None, other: Background | None) -> bool:
    """Say whether two backgrounds are equal in all their numbers, or none are there."""
    if one is None or other is None:
        return one is other
    return one.content() == other.content()


def most_probable(posterior: FloatArray, k: int) -> IntArray:
    """Return the component of each row, -1 for the background, from posteriors (n, k) or (n, k + 1)."""
    labels = posterior.argmax(axis=1)
    return np.where(labels == k, -1, labels)


def share_of_background(own: FloatArray, background: FloatArray) -> FloatArray:
    """Return the posterior of a background from log densities of the components and of it, shape (n,).

    Zero where neither has a density.
    """
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        gap = np.where(np.isneginf(background), np.inf, own - background)
        return 1.0 / (1.0 + np.exp(gap))
