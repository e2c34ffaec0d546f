"""In which columns, or directions, rows and components are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture.background import BOX, Background
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import plain_text


class Components(NamedTuple):
    """Components as they are drawn: weights (k,), means (k, d), covariances (k, d, d) or None, kinds.

    With the background that they stand before, if any; weights sum to one without it.
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray | None
    kinds: list[str | None]
    background: Background | None = None

    def seen(self, view: View) -> Components:
        """Return what a view shows of them."""
        covariances = self.covariances
        if covariances is not None:
            covariances = np.einsum("ap,kab,bq->kpq", view.axes, covariances, view.axes)
        seen = None if self.background is None else _of_one_column(self.background, view)
        return self._replace(means=view.seen(self.means), covariances=covariances, background=seen)


class View(NamedTuple):
    """One or two directions, columns of `axes` (d, m), counted from `origin` (d,), and what they are called.

    `equal` says that both have the same unit; `note` says what they are, where the names do not.
    """

    origin: FloatArray
    axes: FloatArray
    names: list[str]
    equal: bool = False
    note: str = ""

    def seen(self, points: FloatArray) -> FloatArray:
        """Return points, (n, d), as they are seen, (n, m); NaN where a column that counts is missing."""
        missing = np.isnan(points)
        if not missing.any():
            return (points - self.origin) @ self.axes
        seen = np.where(missing, 0.0, points - self.origin) @ self.axes
        return np.where(missing.astype(np.float64) @ (self.axes != 0.0) > 0.0, np.nan, seen)


def _of_one_column(background: Background, view: View) -> Background | None:
    """What one column shows of a background over a box, which is uniform there; None of others."""
    column = np.flatnonzero(view.axes[:, 0])
    if background.region != BOX or view.axes.shape[1] > 1 or len(column) > 1:
        return None
    assert background.lower is not None
    assert background.upper is not None
    low, high = (view.seen(corner[None])[0] for corner in (background.lower, background.upper))
    return Background(BOX, float(high[0] - low[0]), background.weight, low, high)


def named_columns(names: Sequence[str] | None, d: int) -> list[str]:
    """Return what columns are called in a picture, safe to be drawn."""
    if names is None:
        return [f"column {j}" for j in range(d)]
    if len(names) != d:
        raise InvalidParameterError(f"names has {len(names)} entries: pass {d}, one for each column")
    return [plain_text(str(name)) for name in names]


def chosen_columns(columns: Any, names: Sequence[str] | None, d: int) -> list[int]:
    """Return the places of columns given by name or by number.

    Parameters
    ----------
    columns : str, int, or sequence of these
        As the user gave them.
    names : sequence of str or None
        Of all columns.
    d : int
        How many there are.

    Returns
    -------
    list of int
        At least one, each once.
    """
    known = list(names or ())
    asked = [columns] if isinstance(columns, (str, int, np.integer)) else list(columns)
    found = []
    for column in asked:
        if isinstance(column, str) and column in known:
            found.append(known.index(column))
        elif isinstance(column, (int, np.integer)) and not isinstance(column, bool) and 0 <= column < d:
            found.append(int(column))
        else:
            what = f"one of the names {', '.join(map(repr, known[:5]))}, " if known else ""
            raise InvalidParameterError.of(
                "columns",
                column,
                f"pass {what}a number from 0 to {d - 1}, or 'pairs' alone",
            )
    if not found or len(set(found)) < len(found):
        raise InvalidParameterError.of("columns", columns, "pass one column or more, each once")
    return found


def of_columns(columns: Sequence[int], labels: Sequence[str], d: int) -> View:
    """Return the view along one or two columns."""
    return View(np.zeros(d), np.eye(d)[:, list(columns)], [labels[j] for j in columns])


def separating(parts: Components, spread: FloatArray, labels: Sequence[str]) -> View:
    """Return the plane in which components lie farthest apart, measured by their widths (Fisher).

    Parameters
    ----------
    parts : Components
        Of d > 2 columns.
    spread : ndarray of shape (d, d)
        Average covariance within components.
    labels : sequence of str
        Of the columns.

    Returns
    -------
    View
        Columns enter in units of their standard deviation; the unit of the axes is one standard deviation
        within components, averaged. A single component is seen in its two widest directions.
    """
    weights = parts.weights / parts.weights.sum()
    origin = weights @ parts.means
    apart = parts.means - origin
    between = (apart * weights[:, None]).T @ apart
    scale = np.sqrt(np.diag(between + spread))
    scale[scale == 0] = 1.0
    within, total = spread / np.outer(scale, scale), (between + spread) / np.outer(scale, scale)
    within = within + 1e-9 * np.trace(total) / len(scale) * np.eye(len(scale))
    directions = _directions(between / np.outer(scale, scale), within, total)
    names = [_in_columns(one, labels) for one in directions.T]
    what = "of the widest directions" if len(weights) == 1 else "in which the components lie farthest apart"
    note = (
        f"Plane {what}: each axis is a sum of columns divided by their standard deviations; its unit is one "
        "standard deviation within components."
    )
    return View(origin, directions / scale[:, None], names, equal=True, note=note)


def _directions(between: FloatArray, within: FloatArray, total: FloatArray) -> FloatArray:
    """Two directions, (d, 2), with unit variance within components and uncorrelated there."""
    from scipy.linalg import eigh

    values, vectors = eigh(between, within)
    first, second = vectors[:, -1], vectors[:, -2]
    if values[-1] <= SIZES.apart:
        first = eigh(total)[1][:, -1]
        first = first / np.sqrt(first @ within @ first)
    if values[-2] <= SIZES.apart * max(values[-1], 1.0):
        # Means lie on a line: the other direction is the widest one beside it.
        beside = np.eye(len(first)) - np.outer(first, within @ first)
        second = beside @ eigh(beside.T @ total @ beside)[1][:, -1]
        second = second / np.sqrt(second @ within @ second)
    both = np.column_stack([first, second])
    return both * np.sign(both[np.abs(both).argmax(axis=0), [0, 1]])


def _in_columns(direction: FloatArray, labels: Sequence[str]) -> str:
    """Write a direction out: its largest terms, and how many smaller ones there are."""
    unit = direction / np.linalg.norm(direction)
    order = np.argsort(-np.abs(unit), kind="stable")[
        : SIZES.most_terms if len(unit) > SIZES.most_terms + 1 else len(unit)
    ]
    text = ""
    for j in order:
        sign = ("\N{MINUS SIGN} " if text else "\N{MINUS SIGN}") if unit[j] < 0 else ("+ " if text else "")
        text += f"{sign}{abs(unit[j]):.2f} {labels[j]} "
    rest = len(unit) - len(order)
    return text + (f"+ {rest} smaller" if rest else "")


def most_separating(parts: Components, spread: FloatArray, most: int = SIZES.most_panels) -> list[int]:
    """Return the columns in which means lie farthest apart, measured by their widths, in their order."""
    weights = parts.weights / parts.weights.sum()
    apart = parts.means - weights @ parts.means
    between, within = weights @ apart**2, np.diag(spread)
    ratio = np.divide(between, within, out=np.zeros_like(between), where=within > 0)
    return sorted(np.argsort(-ratio, kind="stable")[:most].tolist())
