"""What is drawn of one minimum, and what was drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.plot.style import INK, SMALL, block_lines, colour, kinds_of, marker
from gmmscape.structure.structure import Block

#: Area of a marker in square points; smallest and largest one, in units of that of an equal weight.
MARKER_AREA = 42.0
AREAS = (0.5, 3.0)


class Subject(NamedTuple):
    """One minimum: means of shape (k, d), its blocks where it has a structure, its figures in words.

    `weights` of shape (k,) are drawn where they are free, and None otherwise.
    """

    means: FloatArray
    blocks: tuple[Block, ...] | None
    caption: str
    weights: FloatArray | None = None

    @property
    def areas(self) -> FloatArray:
        """Area of each marker, shape (k,): proportional to free weights, but never too small to see."""
        k = len(self.means)
        if self.weights is None:
            return np.full(k, MARKER_AREA)
        return MARKER_AREA * np.clip(k * self.weights, *AREAS)

    @property
    def kinds(self) -> list[str | None]:
        """The kind of the block of each mean."""
        return kinds_of(self.blocks, len(self.means))

    @property
    def title(self) -> str:
        """Figures and structure; the structure in short where it is long."""
        structure = "  ".join(text for text, _ in block_lines(self.blocks, 5))
        return f"{self.caption}   {structure}".rstrip()

    def links(self) -> Iterator[tuple[int, int, str]]:
        """Yield mean, center and kind of all pairs within blocks."""
        for block in self.blocks or ():
            for i in block.means:
                for s in block.centers:
                    yield i, s, block.kind


class Drawn(NamedTuple):
    """Axes and artists; the artists of each subject in a list of their own."""

    axes: list[Any]
    means: list[list[Any]]
    links: list[list[Any]]
    titles: list[Any]


def draw_subject(ax: Any, subject: Subject, means: FloatArray, centers: FloatArray | None) -> Any:
    """Draw means at (k, 2) places and their links to the places (k*, 2) of centers; return both lists."""
    links = []
    for i, s, kind in subject.links() if centers is not None else ():
        assert centers is not None
        ends = [means[i, 0], centers[s, 0]], [means[i, 1], centers[s, 1]]
        links += ax.plot(*ends, color=colour(kind), linewidth=1.2, alpha=0.8, zorder=3)
    points = [
        ax.scatter(
            *place, s=area, c=colour(kind), marker=marker(kind), edgecolors="white", linewidths=0.7, zorder=4
        )
        for place, kind, area in zip(means.tolist(), subject.kinds, subject.areas, strict=True)
    ]
    for place, weight in zip(
        means.tolist(), () if subject.weights is None else subject.weights, strict=False
    ):
        ax.annotate(
            f"{weight:.2g}",
            place,
            (7, 0),
            textcoords="offset points",
            fontsize=SMALL - 1.5,
            color=INK,
            va="center",
            zorder=4,
        )
    return points, links
