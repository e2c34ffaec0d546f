"""Where labels stand: beside their marks, over no mark and no other label, with a line from far off.

Only geometry, in pixels. It is done here and not by a library, because those move labels until they are
mostly apart; here no label is drawn where it does not fit.
"""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.plot.sizes import SIZES

#: Directions that are tried, the usual place (above, to the right) first, and distances, in 1/72 inch.
ANGLES = np.pi / 4 + 2 * np.pi * np.arange(24) / 24
DISTANCES = np.array([1.5, 4, 7, 11, 16, 22, 30, 40, 52, 68, 88, 115, 150, 200, 270, 360, 480])


class Obstacles:
    """What stands in the axes already, and what has been placed.

    Parameters
    ----------
    frame : ndarray of shape (4,)
        Left, bottom, right and top of the axes.
    marks : ndarray of shape (m, 4)
        Boxes that labels keep off.
    rows : ndarray of shape (n, 2)
        Points that labels rather stand beside.
    """

    def __init__(self, frame: FloatArray, marks: FloatArray, rows: FloatArray) -> None:
        self.frame, self.marks = frame, marks
        self.labels = np.zeros((0, 4))
        self.line_points = np.zeros((0, 2))
        size = np.maximum(1, np.ceil((frame[2:] - frame[:2]) / SIZES.cell)).astype(int)
        cells = ((rows - frame[:2]) / SIZES.cell).astype(int)
        inside = (rows >= frame[:2]).all(axis=1) & (cells < size).all(axis=1)
        counts = np.zeros(size)
        np.add.at(counts, tuple(cells[inside].T), 1.0)
        self._sums = np.pad(counts.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))

    def rows_under(self, boxes: FloatArray) -> FloatArray:
        """Return how many rows each box covers, shape (c,)."""
        top = np.array(self._sums.shape) - 1
        low = np.clip(np.floor((boxes[:, :2] - self.frame[:2]) / SIZES.cell).astype(int), 0, top)
        high = np.clip(np.ceil((boxes[:, 2:] - self.frame[:2]) / SIZES.cell).astype(int), 0, top)
        (x0, y0), (x1, y1) = low.T, high.T
        return self._sums[x1, y1] - self._sums[x0, y1] - self._sums[x1, y0] + self._sums[x0, y0]

    def free(self, boxes: FloatArray) -> BoolArray:
        """Say which boxes lie in the axes and touch no mark, label or line."""
        low, high = boxes[:, :2] >= self.frame[:2], boxes[:, 2:] <= self.frame[2:]
        inside = np.all(low & high, axis=1)
        taken = overlaps(boxes, np.vstack([self.marks, self.labels])).any(axis=1)
        return inside & ~taken & ~holds(boxes, self.line_points).any(axis=1)

    def add(self, box: FloatArray, line: FloatArray) -> None:
        """Keep what comes later off a label, and off the points of its line."""
        self.labels = np.vstack([self.labels, box])
        self.line_points = np.vstack([self.line_points, line])


def overlaps(boxes: FloatArray, others: FloatArray) -> BoolArray:
    """Say which boxes, (c, 4), meet which others, (m, 4): an array of shape (c, m)."""
    a, b = boxes[:, None, :], others[None, :, :]
    return np.all((a[..., :2] < b[..., 2:]) & (b[..., :2] < a[..., 2:]), axis=2)


def holds(boxes: FloatArray, points: FloatArray) -> BoolArray:
    """Say which boxes, (c, 4), hold which points, (p, 2): an array of shape (c, p)."""
    a, b = boxes[:, None, :], points[None, :, :]
    return np.all((a[..., :2] <= b) & (b <= a[..., 2:]), axis=2)


def places(
    anchors: FloatArray, sizes: FloatArray, radius: FloatArray, obstacles: Obstacles, unit: float = 1.0
) -> FloatArray:
    """Return a box for each label.

    Parameters
    ----------
    anchors : ndarray of shape (n, 2)
        Centers of the marks that are labelled, in pixels.
    sizes : ndarray of shape (n, 2)
        Widths and heights of the labels.
    radius : ndarray of shape (n,)
        Of the marks.
    obstacles : Obstacles
        Labels and lines are added to it.
    unit : float, default=1.0
        Pixels in 1/72 inch.

    Returns
    -------
    ndarray of shape (n, 4)
        Left, bottom, right and top of each label; NaN where there is no room for one.
    """
    found = np.full((len(anchors), 4), np.nan)
    for i in _most_crowded_first(anchors, 40.0 * unit):
        size = float(radius[i])
        boxes, costs = _candidates(anchors[i], sizes[i], size, unit)
        free = obstacles.free(boxes + SIZES.room * unit * np.array([-1, -1, 1, 1]))
        boxes, costs = boxes[free], costs[free] + SIZES.row * unit * obstacles.rows_under(boxes[free])
        j = _best(boxes, costs, anchors[i], size, obstacles, SIZES.crossed * unit)
        if j is not None:
            found[i] = boxes[j]
            obstacles.add(boxes[j], line_to(boxes[j], anchors[i], size))
    return found


def _best(
    boxes: FloatArray, costs: FloatArray, anchor: FloatArray, radius: float, obstacles: Obstacles, each: float
) -> int | None:
    """The cheapest box whose line meets no label; lines over marks cost as much as `each` for a mark."""
    best, least = None, np.inf
    for j in np.argsort(costs, kind="stable"):
        if costs[j] >= least:
            break
        line = line_to(boxes[j], anchor, radius)
        if holds(obstacles.labels, line).any():
            continue
        cost = costs[j] + each * holds(obstacles.marks, line).any(axis=1).sum()
        if cost < least:
            best, least = int(j), float(cost)
    return best


def _most_crowded_first(anchors: FloatArray, reach: float) -> IntArray:
    apart = np.linalg.norm(anchors[:, None] - anchors[None], axis=2)
    return np.argsort(-(apart < reach).sum(axis=1), kind="stable")


def _candidates(
    anchor: FloatArray, size: FloatArray, radius: float, unit: float
) -> tuple[FloatArray, FloatArray]:
    """Boxes around a mark, (c, 4), and what the way there costs."""
    turn = SIZES.turned * np.minimum(np.arange(len(ANGLES)), len(ANGLES) - np.arange(len(ANGLES)))
    ways = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
    apart = radius + unit * DISTANCES
    centers = anchor + (apart[:, None, None] * ways + 0.5 * size * ways).reshape(-1, 2)
    costs = (unit * (DISTANCES[:, None] + turn)).ravel()
    return np.hstack([centers - 0.5 * size, centers + 0.5 * size]), costs


def line_to(box: FloatArray, anchor: FloatArray, radius: float) -> FloatArray:
    """Return points on the line from the rim of a mark to its label, (p, 2); none where they are close."""
    near = np.clip(anchor, box[:2], box[2:])
    away = near - anchor
    length = float(np.hypot(*away))
    if length <= radius + 2.5 * SIZES.step:
        return np.zeros((0, 2))
    steps = np.linspace(radius / length, 1.0, max(2, int((length - radius) / SIZES.step)))
    return (anchor + steps[:, None] * away)[:-1]
