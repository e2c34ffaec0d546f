"""The picture of fits that can be explored: its numbers for the script, and the picture without."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.report.embedded import json_element
from gmmscape.report.html import Html, element, joined, shortened
from gmmscape.report.kinds import ROUND, SHAPES, badge, slug
from gmmscape.report.pictures.drawn_fit import DrawnFit, Units, thinned
from gmmscape.report.pictures.fit_static import fit_svg
from gmmscape.report.pictures.planes import best_directions
from gmmscape.results.ellipses import LEVEL, radius
from gmmscape.results.text import counted

#: Stands in place of a component's number for rows of the background, here and in the script.
NO_COMPONENT = int(np.iinfo("<u2").max)


@dataclass(frozen=True)
class FitPicture:
    """Fits of the same columns, with rows where they are at hand.

    Attributes
    ----------
    fits : sequence of DrawnFit
        The one to begin with first.
    columns : sequence of str
        Names of the columns.
    rows : ndarray of shape (n, d) or None
        Rows of the data.
    of_data : bool
        Whether there are rows at all.
    left_out : int
        Rows that are not among them, as values are missing.
    """

    fits: Sequence[DrawnFit]
    columns: Sequence[str]
    rows: FloatArray | None = None
    of_data: bool = True
    left_out: int = 0

    def html(self, identity: str = "fit") -> Html:
        """Return the figure that the script takes over, with its numbers.

        Parameters
        ----------
        identity : str, default="fit"
            Tells the pictures of one page apart.

        Returns
        -------
        Html
            A figure; without script it stays as `brief` returns it.
        """
        fits = self._affordable()
        shown = self._drawn_rows()
        content = {
            "columns": [shortened(name) for name in self.columns],
            "equal": all(fit.equal_units for fit in fits),
            "shapes": {**SHAPES, "round": ROUND},
            **_numbers(fits, shown, self.columns),
        }
        stage = element("div", self._svg(), class_="stage")
        return joined(
            [
                element(
                    "figure",
                    element("div", class_="controls", role="group", aria_label="What the picture shows"),
                    stage,
                    element("p", class_="status", role="status", aria_live="polite"),
                    element("figcaption", *self._caption(shown, len(fits))),
                    class_="fit-picture",
                    data_numbers=identity,
                ),
                json_element(content, identity),
            ]
        )

    def brief(self) -> Html:
        """Return the picture without script."""
        rows = None if self.rows is None else thinned(self.rows, EFFORT.report.brief_rows)
        return element("figure", self._svg(), element("figcaption", *self._caption(rows, 1)))

    def _svg(self) -> Html:
        return fit_svg(self.fits[0], self.rows, [shortened(name) for name in self.columns], self._name())

    def _name(self) -> str:
        k, d = self.fits[0].means.shape
        what = "the rows with" if self.rows is not None else ""
        return f"Picture of {what} {k} components in {d} columns: {self.fits[0].label}"

    def _affordable(self) -> list[DrawnFit]:
        """As many of the fits as one file should hold."""
        kept, numbers = [], 0
        for fit in self.fits[: EFFORT.report.fits]:
            k, d = fit.means.shape
            numbers += k * d * (d + 1) // 2
            if kept and numbers > EFFORT.report.covariances:
                break
            kept.append(fit)
        return kept

    def _drawn_rows(self) -> FloatArray | None:
        if self.rows is None:
            return None
        return thinned(self.rows, min(EFFORT.report.rows, EFFORT.report.values // self.rows.shape[1] + 1))

    def _caption(self, shown: FloatArray | None, offered: int) -> list[Any]:
        first = self.fits[0]
        parts: list[Any] = []
        kinds = dict.fromkeys(kind for fit in self.fits[:offered] for kind in fit.kinds or ())
        if kinds:
            parts += [element("span", *(badge(kind) for kind in kinds), class_="legend"), " "]
        d = first.means.shape[1]
        if d > 1 and first.mixture is not None:
            parts.append(f"Ellipses hold {100 * LEVEL:g} % of a component's mass in the plane. ")
        if first.mixture is not None and d == 1:
            parts.append("Lines: each component's part of the density, and their sum. ")
        if d > 2:
            parts.append(
                "Directions 1 and 2 separate the components best: sums of all columns, scaled; the two that "
                "weigh most are named. "
            )
        parts.append("Numbers: places of the components. ")
        if shown is not None and getattr(first.mixture, "background", None) is not None:
            parts.append("Grey rows are the background's. ")
        if self.left_out:
            left = counted(self.left_out, "row with missing values is", "rows with missing values are")
            parts.append(f"{left} not drawn. ")
        elif shown is None and self.of_data:
            parts.append("The rows are not at hand: pass them as data to see them too. ")
        if shown is not None and self.rows is not None and len(shown) < len(self.rows):
            parts.append(
                f"{len(shown):,} of {len(self.rows):,} rows are drawn, evenly spaced in their order. "
            )
        left = len(self.fits) - offered
        if offered > 1 and left:
            parts.append(f"{left} more fits are in the JSON only. ")
        return parts


def _numbers(fits: Sequence[DrawnFit], rows: FloatArray | None, columns: Sequence[str]) -> dict[str, Any]:
    """What the script computes with: numbers in the units of the picture."""
    units = Units.of(fits, rows)
    return {
        "center": units.center.tolist(),
        "scale": units.scale.tolist(),
        "radius": radius(),
        "fits": [_fit(fit, units, rows, columns) for fit in fits],
        "n": 0 if rows is None else len(rows),
        "rows": None if rows is None else [_packed(column, "<f4") for column in units.points(rows).T],
    }


def _fit(fit: DrawnFit, units: Units, rows: FloatArray | None, columns: Sequence[str]) -> dict[str, Any]:
    covariances, points = fit.covariances(), units.points(fit.means)
    d = points.shape[1]
    scaled = None if covariances is None else units.covariances(covariances)
    planes = best_directions(fit.weights, points, scaled, columns) if d > 2 else []
    return {
        "label": shortened(fit.label),
        "weights": [float(f"{weight:.6g}") for weight in fit.weights],
        "kinds": None if fit.kinds is None else list(fit.kinds),
        "slugs": None if fit.kinds is None else [slug(kind) for kind in fit.kinds],
        "means": _packed(points, "<f8"),
        "covariances": None if scaled is None else _packed(scaled[:, *np.tril_indices(d)], "<f4"),
        "directions": [{"name": shortened(one.name), "vector": one.vector.tolist()} for one in planes],
        "labels": None if rows is None else _packed(_labels(fit, rows), "<u2"),
    }


def _labels(fit: DrawnFit, rows: FloatArray) -> IntArray:
    labels = fit.labels(rows)
    return np.where(labels < 0, NO_COMPONENT, labels)


def _packed(array: Any, kind: str) -> str:
    """Numbers as base64 of their bytes."""
    return b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode("ascii")
