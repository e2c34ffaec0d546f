"""Minima of a problem in two or more dimensions: one panel each."""

from __future__ import annotations

from textwrap import fill
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.plot.landscapes.subject import Drawn, Subject, draw_subject
from gmmscape.plot.style import FAINT, INK, SMALL, checked_axes, kind_legend, new_figure

#: Rows of data drawn, of more.
MOST_ROWS = 3_000
#: Characters in a line of a panel's title.
TITLE = 44


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
    shares = [f",\n{100 * values[-j] / total:.0f} % of their variance" if total > 0 else "" for j in (1, 2)]
    names = tuple(
        f"principal direction {j} of the {whose}{share}" for j, share in zip((1, 2), shares, strict=True)
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
    low, high = _range(subjects, truth, data, plane, sigma)
    axes, columns = _panels(len(subjects), ax, float((high - low)[1] / (high - low)[0]))
    drawn = Drawn(axes, [], [], [])
    centers = None if truth is None else plane.project(truth.means)
    for n, (axis, subject) in enumerate(zip(axes, subjects, strict=True)):
        if data is not None:
            rows = plane.project(data[:: -(-len(data) // MOST_ROWS)])
            axis.scatter(*rows.T, s=4, c="#b4bac2", linewidths=0, zorder=0, rasterized=True)
        if truth is not None and centers is not None:
            draw_truth(axis, truth, centers, plane)
        places = plane.project(subject.means)
        points, links = draw_subject(axis, subject, places, centers)
        _count_coincident(axis, places, (low, high))
        drawn.means.append(points)
        drawn.links.append(links)
        drawn.titles.append(axis.set_title(_two_lines(subject), fontsize=SMALL, loc="left"))
        axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        axis.tick_params(labelsize=SMALL)
        if n + columns >= len(subjects):
            axis.set_xlabel(f"{plane.names[0]} (one sigma = {sigma:g})", fontsize=SMALL)
            axis.tick_params(labelbottom=True)
        if n % columns == 0:
            axis.set_ylabel(plane.names[1], fontsize=SMALL)
    if rest:
        # Below the last panel's own label, in the layout like it.
        axes[-1].set_xlabel(f"{axes[-1].get_xlabel()}\n\n{rest}", fontsize=SMALL)
    kind_legend(
        axes[0] if ax is None else ax, (kind for subject in subjects for kind in subject.kinds), ax is None
    )
    return drawn


def _range(
    subjects: list[Subject], truth: Mixture | None, data: FloatArray | None, plane: Plane, sigma: float
) -> tuple[FloatArray, FloatArray]:
    """Corners of what every panel shows: means, and centers with their circles, or rows."""
    means = plane.project(np.concatenate([subject.means for subject in subjects]))
    low, high = means.min(axis=0) - sigma, means.max(axis=0) + sigma
    if truth is not None:
        reach = 2.2 * float(np.sqrt(np.linalg.eigvalsh(truth.full_covariances()).max()))
        centers = plane.project(truth.means)
        low, high = (
            np.minimum(low, centers.min(axis=0) - reach),
            np.maximum(high, centers.max(axis=0) + reach),
        )
    elif data is not None:
        rows = plane.project(data)
        low, high = np.minimum(low, rows.min(axis=0)), np.maximum(high, rows.max(axis=0))
    # Room for the numbers above circles; a panel is never thinner than a third of its length.
    margin = 0.05 * (high - low).max()
    extra = np.maximum(0.0, (high - low).max() / 3 - (high - low)) / 2
    return low - margin - extra, high + margin + extra


def _panels(n: int, ax: Any, shape: float) -> tuple[list[Any], int]:
    """Return n axes of a height to width, and their columns: a new figure's, the axes passed, or in it."""
    columns = min(n, 2 if n <= 4 else 3)
    rows = -(-n // columns)
    if ax is None:
        figure = new_figure(3.3 * columns + 0.7, (2.9 * shape + 0.55) * rows + 0.9, "compressed")
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel().tolist()
        for spare in axes[n:]:
            spare.remove()
        return axes[:n], columns
    if n == 1:
        return [checked_axes(ax)], 1
    checked_axes(ax).set_axis_off()
    width, height = 1 / columns, 1 / rows
    corners = [(i % columns * width, 1 - (i // columns + 1) * height) for i in range(n)]
    return [ax.inset_axes((x, y, 0.82 * width, 0.72 * height)) for x, y in corners], columns


def draw_truth(ax: Any, truth: Mixture, centers: FloatArray, plane: Plane) -> None:
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
        ax.annotate(
            str(s), edge, (0, 2), textcoords="offset points", fontsize=SMALL - 1, ha="center", color=INK
        )


def _count_coincident(ax: Any, places: FloatArray, corners: tuple[FloatArray, FloatArray]) -> None:
    """Write how many means a marker stands for, where they cannot be told apart."""
    low, high = corners
    left = list(range(len(places)))
    while left:
        here = places[left[0]]
        near = [i for i in left if np.linalg.norm(places[i] - here) < 0.012 * (high - low).max()]
        if len(near) > 1:
            side = 1 if here[0] < (low[0] + high[0]) / 2 else -1
            ax.annotate(
                f"{len(near)} means",
                here,
                (8 * side, -3),
                textcoords="offset points",
                fontsize=SMALL - 1,
                ha="left" if side > 0 else "right",
                color=INK,
                zorder=5,
                bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
            )
        left = [i for i in left if i not in near]


def _two_lines(subject: Subject) -> str:
    structure = subject.title[len(subject.caption) :].strip()
    return f"{subject.caption}\n{fill(structure, TITLE)}" if structure else subject.caption
