"""MinimaDisplay: each minimum as its means under the truth, joined to the centers of their blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.plot.landscapes.minima_in_planes import draw_planes
from gmmscape.plot.landscapes.minima_in_strips import draw_strips
from gmmscape.plot.landscapes.subject import Subject
from gmmscape.plot.style import Display, number
from gmmscape.structure.structure import Block
from gmmscape.validation import (
    data_matrix,
    mean_matrix,
    positive_integer,
    probability_weights,
    standard_deviation,
)


class MinimaDisplay(Display):
    """Minima of one landscape: strips in one dimension, panels in more.

    Markers are the fitted means, coloured and shaped by the kind of their block; lines join each mean to the
    centers of its block. In more than two dimensions the plane is that of the first two principal
    directions of the centers (of the data, or of the means, where there is no truth).

    Parameters
    ----------
    means : sequence of array_like of shape (k,) or (k, d)
        One set of means for each minimum, best first.
    sigma : float
        Standard deviation of the fit.
    values : sequence of float
        KL or NLL of each, in nats.
    blocks : sequence of (sequence of Block or None), optional
        Structure of each; None where nothing is known.
    hits : sequence of int, optional
        Random starts that ended in each.
    weights : sequence of (array_like of shape (k,) or None), optional
        Weights of each where they are free: markers have their area, and numbers beside them.
    flat : sequence of bool, optional
        Which are flat; captions say so.
    proved : sequence of bool, optional
        Of which there is a certificate; captions say so.
    truth : Mixture, optional
        The truth of a population.
    data : array_like of shape (n, d), optional
        The rows of a sample, drawn faintly; at most 3,000 of them in a plane.
    quantity : str, default="KL"
        What the values are.
    unit : str, default="nats"
        Theirs.
    most : int, default=8
        Minima drawn; the rest are summed up in one line.

    Attributes
    ----------
    means_ : list of matplotlib artists
        The markers of each minimum drawn: a list of `PathCollection`, one for each mean.
    links_ : list of matplotlib artists
        The lines of each minimum drawn, from a mean to a center.
    titles_ : list of matplotlib Text
        The title of each minimum drawn.

    Raises
    ------
    InvalidParameterError
        If there is no minimum, lengths differ, or dimensions do not fit.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> truth = gs.Mixture.location([-3, 3, 12], sigma=1.0)
    >>> point = lab.Landscape(lab.Population(truth), n_components=3).descend([0.0, 11.0, 13.0])
    >>> gs.plot.MinimaDisplay.from_points([point], truth).plot().titles_[0].get_text()
    'KL 2.769 nats   0>0,1  1,2>2'
    """

    def __init__(
        self,
        means: Sequence[ArrayLike],
        sigma: float,
        values: Sequence[float],
        *,
        blocks: Sequence[Sequence[Block] | None] | None = None,
        hits: Sequence[int] | None = None,
        weights: Sequence[ArrayLike | None] | None = None,
        flat: Sequence[bool] | None = None,
        proved: Sequence[bool] | None = None,
        truth: Mixture | None = None,
        data: Any = None,
        quantity: str = "KL",
        unit: str = "nats",
        most: int = 8,
    ) -> None:
        if not len(means):
            raise InvalidParameterError("means is empty: a picture needs a minimum; explore with more starts")
        points = [mean_matrix("means", item) for item in means]
        d = points[0].shape[1]
        given = (
            [float(value) for value in values],
            [None] * len(points) if blocks is None else list(blocks),
            [0] * len(points) if hits is None else [int(hit) for hit in hits],
            [None] * len(points) if weights is None else list(weights),
            [False] * len(points) if flat is None else [bool(item) for item in flat],
            [False] * len(points) if proved is None else [bool(item) for item in proved],
        )
        names = ("values", "blocks", "hits", "weights", "flat", "proved")
        for name, item in zip(names, given, strict=True):
            if len(item) != len(points):
                raise InvalidParameterError(
                    f"{name} has length {len(item)} where there are {len(points)} minima"
                )
        if any(item.shape[1] != d for item in points) or (truth is not None and truth.n_features != d):
            raise InvalidParameterError(f"truth and all means need the dimension of the first minimum, {d}")
        rows = None if data is None else data_matrix(data, name="data", n_features=d)
        self.sigma = standard_deviation("sigma", sigma)
        most = positive_integer("most", most)
        self.subjects = _subjects(points, *given, (quantity, unit), most)
        self.rest = _rest(given[0][most:], given[2][most:], sum(given[2]), (quantity, unit))
        self.truth = truth
        self.data = rows

    @classmethod
    def from_atlas(cls, atlas: Any, *, data: Any = None, most: int = 8) -> MinimaDisplay:
        """Make the display of the minima of an atlas.

        Parameters
        ----------
        atlas : Atlas
            What was found.
        data : array_like of shape (n, d), optional
            The rows of a sample.
        most : int, default=8
            Minima drawn.

        Returns
        -------
        MinimaDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If the atlas is empty or dimensions do not fit.
        """
        return cls.from_points(atlas.minima, atlas.truth, data=data, most=most)

    @classmethod
    def from_points(
        cls, points: Sequence[Any], truth: Mixture | None = None, *, data: Any = None, most: int = 8
    ) -> MinimaDisplay:
        """Make the display of some critical points, one or many.

        Parameters
        ----------
        points : sequence of CriticalPoint
            Of one landscape.
        truth : Mixture, optional
            The truth of a population.
        data : array_like of shape (n, d), optional
            The rows of a sample.
        most : int, default=8
            Points drawn.

        Returns
        -------
        MinimaDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If there is no point or dimensions do not fit.
        """
        known = all(point.kl is not None for point in points)
        return cls(
            [point.means for point in points],
            points[0].sigma if points else 1.0,
            [point.kl if known else point.nll for point in points],
            blocks=[None if point.decoding is None else point.decoding.blocks for point in points],
            hits=[point.hits for point in points],
            weights=[point.weights if point.free_weights else None for point in points],
            flat=[point.flat for point in points],
            proved=[point.proved for point in points],
            truth=truth,
            data=data,
            quantity="KL" if known else "NLL",
            most=most,
        )

    def plot(self, ax: Any = None) -> MinimaDisplay:
        """Draw the minima.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        MinimaDisplay
            This display, with `figure_`, `ax_`, `axes_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        draw = draw_strips if self.subjects[0].means.shape[1] == 1 else draw_planes
        drawn = draw(self.subjects, self.truth, self.data, self.sigma, self.rest, ax)
        self._keep(drawn.axes)
        self.means_, self.links_, self.titles_ = drawn.means, drawn.links, drawn.titles
        return self


def _subjects(
    points: list[FloatArray],
    values: Sequence[float],
    blocks: Sequence[Any],
    hits: Sequence[int],
    weights: Sequence[ArrayLike | None],
    flat: Sequence[bool],
    proved: Sequence[bool],
    told: tuple[str, str],
    most: int,
) -> list[Subject]:
    total = sum(hits)
    found = []
    each = zip(points, values, blocks, hits, weights, flat, proved, strict=True)
    for means, value, structure, hit, share, soft, sure in list(each)[:most]:
        parts = [f"{_told(number(value), told)}{', proved' if sure else ', flat' if soft else ''}"]
        if total:
            parts.append(f"hits {hit} of {total}")
        shares = None if share is None else probability_weights("weights", share, len(means))
        kinds = None if structure is None else tuple(structure)
        found.append(Subject(means, kinds, "   ".join(parts), shares))
    return found


def _rest(values: Sequence[float], hits: Sequence[int], total: int, told: tuple[str, str]) -> str:
    if not len(values):
        return ""
    low, high = number(float(np.min(values))), number(float(np.max(values)))
    span = low if low == high else f"{low} to {high}"
    share = f", hits {sum(hits)} of {total}" if total else ""
    return f"and {len(values)} more: {_told(span, told)}{share}"


def _told(text: str, told: tuple[str, str]) -> str:
    """A value with what it is and its unit."""
    return f"{told[0]} {text} {told[1]}".rstrip()
