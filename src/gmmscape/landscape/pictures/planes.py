"""Minima of a problem in two or more dimensions: one panel each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.pictures.style import FAINT, INK, SMALL, kind_legend, new_figure
from gmmscape.landscape.pictures.subject import Drawn, Subject, draw_subject
from gmmscape.mixture import Mixture

#: Rows of data drawn, of more.
MOST_ROWS = 3_000


class Plane(NamedTuple):
    """Where d dimensions are looked at: an origin, two directions (d, 2), and the names of the axes."""

    origin: FloatArray
    directions: FloatArray
    names: tuple[str, str]

    def project(self, points: FloatArray) -> FloatArray:
        """Return the coordinates (n, 2) of points in the plane."""
        return (points - self.origin) @ self.directions


def choose_plane(means: list[FloatArray], truth: Mixture | None, data: FloatArray | None) -> Plane:
    """Return the plane of two dimensions itself, else of the first two principal directions of the centers.

    Without a truth they are those of the data, without data those of all means.
    """
    d = means[0].shape[1]
    if d == 2:
        return Plane(np.zeros(2), np.eye(2), ("coordinate 0", "coordinate 1"))
    whose, cloud = "means", np.concatenate(means)
    if truth is not None:
        whose, cloud = "centers", truth.means
    elif data is not None:
        whose, cloud = "data", data
    origin = cloud.mean(axis=0)
    values, vectors = np.linalg.eigh((cloud - origin).T @ (cloud - origin))
    total = values.sum()
    shares = [f", {100 * values[-j] / total:.0f} % of variance" if total > 0 else "" for j in (1, 2)]
    names = tuple(
        f"{word} principal direction of the {whose}{share}"
        for word, share in zip(("first", "second"), shares, strict=True)
    )
    return Plane(origin, vectors[:, :-3:-1], (names[0], names[1]))


def draw_planes(
    subjects: list[Subject],
    truth: Mixture | None,
    data: FloatArray | None,
    sigma: float,
    rest: str,
    ax: Any,
) -> Drawn:
    """Draw each minimum in a panel: truth or data faintly, means joined to their centers."""
    plane = choose_plane([subject.means for subject in subjects], truth, data)
    axes = _panels(len(subjects), ax)
    drawn = Drawn(axes, [], [], [])
    centers = None if truth is None else plane.project(truth.means)
    for axis, subject in zip(axes, subjects, strict=True):
        if data is not None:
            rows = plane.project(data[:: -(-len(data) // MOST_ROWS)])
            axis.scatter(*rows.T, s=3, c="#c4c9cf", linewidths=0, zorder=0, rasterized=True)
        if truth is not None and centers is not None:
            _truth(axis, truth, centers, plane)
        places = plane.project(subject.means)
        points, links = draw_subject(axis, subject, places, centers)
        _count_coincident(axis, places, _extent(axis))
        drawn.means.append(points)
        drawn.links.append(links)
        drawn.titles.append(axis.set_title(_two_lines(subject), fontsize=SMALL, loc="left"))
        axis.set_aspect("equal")
        axis.tick_params(labelsize=SMALL)
    figure = axes[0].figure
    if ax is None:
        figure.supxlabel(f"{plane.names[0]} (one sigma = {sigma:g})", fontsize=SMALL + 1)
        figure.supylabel(plane.names[1], fontsize=SMALL + 1)
    else:
        axes[0].set_xlabel(f"{plane.names[0]} (one sigma = {sigma:g})", fontsize=SMALL)
        axes[0].set_ylabel(plane.names[1], fontsize=SMALL)
    if rest:
        axes[-1].annotate(
            rest, (0, 0), (0, -28), "axes fraction", "offset points", fontsize=SMALL, style="italic", va="top"
        )
    kind_legend(axes[0], (kind for subject in subjects for kind in subject.kinds), ax is None)
    return drawn


def _panels(n: int, ax: Any) -> list[Any]:
    """Return n axes: of a new figure, the axes passed, or a grid inside them."""
    columns = min(n, 2 if n <= 4 else 3)
    rows = -(-n // columns)
    if ax is None:
        figure = new_figure(3.4 * columns + 0.6, 3.1 * rows + 0.7)
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel().tolist()
        for spare in axes[n:]:
            spare.remove()
        return axes[:n]
    if n == 1:
        return [ax]
    ax.set_axis_off()
    width, height = 1 / columns, 1 / rows
    return [
        ax.inset_axes(
            (i % columns * width, 1 - (i // columns + 1) * height, 0.82 * width, 0.72 * height)
        )
        for i in range(n)
    ]


def _truth(ax: Any, truth: Mixture, centers: FloatArray, plane: Plane) -> None:
    """Draw each component at one and two standard deviations, with the number of its center."""
    from matplotlib.patches import Ellipse

    for s, (place, covariance) in enumerate(zip(centers, truth.full_covariances(), strict=True)):
        values, vectors = np.linalg.eigh(plane.directions.T @ covariance @ plane.directions)
        lengths = 2 * np.sqrt(np.maximum(values, 0.0))
        angle = float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))
        for reach in (1, 2):
            shape = Ellipse(
                (float(place[0]), float(place[1])),
                reach * lengths[1],
                reach * lengths[0],
                angle=angle,
                facecolor="#d8dde3",
                edgecolor=FAINT,
                linewidth=0.6,
                alpha=0.55,
                zorder=1,
            )
            ax.add_patch(shape)
        ax.plot(*place, "+", color=INK, markersize=6, zorder=2)
        edge = (place[0], place[1] + 2 * np.sqrt(values.max()))
        ax.annotate(str(s), edge, (0, 2), textcoords="offset points", fontsize=SMALL - 1, ha="center", color=INK)
    ax.autoscale_view()


def _extent(ax: Any) -> float:
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    return max(right - left, high - low)


def _count_coincident(ax: Any, places: FloatArray, extent: float) -> None:
    """Write how many means a marker stands for, where they cannot be told apart."""
    left = list(range(len(places)))
    while left:
        near = [i for i in left if np.linalg.norm(places[i] - places[left[0]]) < 0.012 * extent]
        if len(near) > 1:
            ax.annotate(
                f"{len(near)} means",
                places[near[0]],
                (6, -10),
                textcoords="offset points",
                fontsize=SMALL - 1,
                color=INK,
                zorder=5,
            )
        left = [i for i in left if i not in near]


def _two_lines(subject: Subject) -> str:
    structure = subject.title[len(subject.caption) :].strip()
    return f"{subject.caption}\n{structure}" if structure else subject.caption
