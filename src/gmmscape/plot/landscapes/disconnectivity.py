"""DisconnectivityDisplay: minima as branches that join at the lowest pass between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.landscapes.disconnectivity_tree import Join, compressed, joins, relabellings
from gmmscape.plot.style import (
    FAINT,
    INK,
    SMALL,
    Display,
    amount,
    axes_or_new,
    block_lines,
    number,
)
from gmmscape.structure.structure import Block
from gmmscape.validation import choice, finite_array, positive_integer

#: On a linear scale, gaps below this share of the axis cannot be read.
READABLE = 0.03
#: Characters of a text below a branch that the next branch leaves room for.
LONGEST = 17
SCALES = ("auto", "linear", "compressed")


class DisconnectivityDisplay(Display):
    """Disconnectivity graph of a landscape (Becker and Karplus, J. Chem. Phys. 106, 1997).

    Each branch ends at the value of a minimum; branches join at the lowest known pass between them. A
    diamond on a branch is the lowest pass to another labelling of the same minimum. Branches that no known
    pass joins end in a dashed line.

    Parameters
    ----------
    levels : array_like of shape (n,)
        KL or NLL of the minima, nats.
    passes : sequence of (float, int, int)
        Value at a saddle of index 1, and the places in `levels` of the two minima below it; the same place
        twice for a pass between two labellings of one minimum.
    blocks : sequence of (sequence of Block or None), optional
        Structure of each minimum, written below its branch.
    hits : sequence of int, optional
        Random starts that ended in each.
    quantity : str, default="KL"
        What the levels are.
    scale : {"auto", "linear", "compressed"}, default="auto"
        "compressed" gives each gap between neighbouring levels a length that grows with its logarithm, so
        that heights of different orders of magnitude are visible together; levels are then on the axis as
        numbers. "auto" compresses where the smallest gap would be less than 3 % of a linear axis.
    most : int, default=10
        Minima drawn, lowest first; the rest are counted.

    Attributes
    ----------
    branches_ : list of matplotlib Line2D
        One vertical line for each minimum drawn, from its level to where it joins.
    joins_ : list of Join
        What is joined where, lowest first; places refer to `levels`.
    labels_ : list of matplotlib Text
        All texts drawn.

    Raises
    ------
    InvalidParameterError
        If levels are empty or not finite, a pass names a minimum that is none or lies below it, or lengths
        differ.

    Examples
    --------
    >>> import gmmscape as gs
    >>> picture = gs.plot.DisconnectivityDisplay([0.0, 2.769], [(2.850, 0, 1), (2.7694, 1, 1)]).plot()
    >>> picture.joins_
    [Join(height=2.85, left=(0,), right=(1,))]
    """

    def __init__(
        self,
        levels: Any,
        passes: Sequence[tuple[float, int, int]],
        *,
        blocks: Sequence[Sequence[Block] | None] | None = None,
        hits: Sequence[int] | None = None,
        quantity: str = "KL",
        scale: str = "auto",
        most: int = 10,
    ) -> None:
        values = finite_array("levels", levels, ndim=(1,))
        n = len(values)
        if not n:
            raise InvalidParameterError(
                "levels is empty: a picture needs a minimum; explore with more starts"
            )
        for name, item in (("blocks", blocks), ("hits", hits)):
            if item is not None and len(item) != n:
                raise InvalidParameterError(f"{name} has length {len(item)} where there are {n} levels")
        for height, i, j in passes:
            if not (0 <= i < n and 0 <= j < n):
                raise InvalidParameterError(f"passes names minima {i} and {j} of {n}: count from 0")
            if not max(values[i], values[j]) - 1e-9 <= height < np.inf:
                raise InvalidParameterError(
                    f"passes has height {height!r} below one of its minima {i} and {j}: exchange the values"
                )
        # The places of the minima that are drawn; passes among the others are left out with them.
        self.places = np.sort(np.argsort(values, kind="stable")[: positive_integer("most", most)]).tolist()
        self.levels = values
        self.passes = [(float(h), int(i), int(j)) for h, i, j in passes]
        self.blocks = [None] * n if blocks is None else list(blocks)
        self.hits = [0] * n if hits is None else [int(hit) for hit in hits]
        self.quantity = quantity
        self.scale = choice("scale", scale, SCALES)

    @classmethod
    def from_atlas(cls, atlas: Any, *, scale: str = "auto", most: int = 10) -> DisconnectivityDisplay:
        """Make the graph of an atlas with saddles.

        Parameters
        ----------
        atlas : Atlas
            With `minima`, `saddles` and `joins`.
        scale : {"auto", "linear", "compressed"}, default="auto"
            See the class.
        most : int, default=10
            Minima drawn.

        Returns
        -------
        DisconnectivityDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If the atlas is empty.
        """
        minima = atlas.minima
        known = bool(minima) and all(point.kl is not None for point in minima)
        # NLL and KL differ by the entropy of the truth; the lowest minimum gives it for the passes too.
        offset = minima[0].nll - minima[0].kl if known else 0.0
        levels = [float(point.kl if known else point.nll) for point in minima]
        passes = list[tuple[float, int, int]]()
        for edge in atlas.joins:
            one, other = edge.minima
            # A flat minimum may be left over a pass of its own value.
            height = max(atlas.saddles[edge.saddle].nll - offset, levels[one], levels[other])
            passes.append((height, one, other))
        return cls(
            levels,
            passes,
            blocks=[None if point.decoding is None else point.decoding.blocks for point in minima],
            hits=[point.hits for point in minima],
            quantity="KL" if known else "NLL",
            scale=scale,
            most=most,
        )

    def plot(self, ax: Any = None) -> DisconnectivityDisplay:
        """Draw the graph.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        DisconnectivityDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ax = axes_or_new(ax, max(4.6, 1.2 + 1.25 * len(self.places)), 4.6)
        self._keep([ax])
        self.labels_: list[Any] = []
        self._noted: dict[tuple[float, float], float] = {}
        # Joins among all minima, then cut down to those drawn: a join through a hidden one stays true.
        shown = set(self.places)
        every = joins(self.levels.tolist(), self.passes)
        self.joins_ = [join for join in every if shown & set(join.left) and shown & set(join.right)]
        own = {i: h for i, h in relabellings(self.passes).items() if i in shown}
        top = self._set_scale(own)
        order = self._order()
        where = {i: float(x) for x, i in enumerate(order)}
        self.branches_ = self._draw_tree(where, top)
        self._draw_relabellings(own, where)
        for i in order:
            self._label(i, where[i])
        self._finish(order)
        return self

    def _set_scale(self, own: dict[int, float]) -> float:
        """Set scale, limits and ticks of the value axis; return where trunks end."""
        marks = [*self.levels[self.places], *(join.height for join in self.joins_), *own.values()]
        ordered, places = compressed(marks)
        span = float(np.ptp(ordered))
        squeeze = self.scale == "compressed" or (
            self.scale == "auto" and float(np.diff(ordered).min()) < READABLE * span
        )
        unit = places[-1] / 10.0
        if squeeze:
            # One more level at either end, so that the scale is defined where the axis has its margins.
            x = np.concatenate([[ordered[0] - 0.1 * span], ordered, [ordered[-1] + 0.1 * span]])
            y = np.concatenate([[-unit], places, [places[-1] + unit]])
            self.ax_.set_yscale(
                "function", functions=(lambda v: np.interp(v, x, y), lambda v: np.interp(v, y, x))
            )
            ticks = [ordered[-1]]
            for level, place in zip(ordered[::-1], places[::-1], strict=True):
                if np.interp(ticks[-1], x, y) - place > 0.05 * places[-1]:
                    ticks.append(level)
            self.ax_.set_yticks(ticks, [_level(tick, ordered) for tick in ticks])
            self.ax_.minorticks_off()
        else:
            self.ax_.ticklabel_format(axis="y", useOffset=False)
        self.ax_.set_ylim(ordered[0] - 0.06 * span, ordered[-1] + 0.1 * span)
        note = ", compressed scale" if squeeze else ""
        self.ax_.set_ylabel(f"{self.quantity}, nats{note}")
        return ordered[-1] + 0.08 * span

    def _order(self) -> list[int]:
        """Order of the branches from left to right: what joins early stands together, the lower first."""
        groups = {i: [i] for i in sorted(self.places, key=lambda i: self.levels[i])}
        for join in self.joins_:
            left = groups[next(i for i in join.left if i in groups)]
            right = groups[next(i for i in join.right if i in groups)]
            union = left + right
            groups.update(dict.fromkeys(union, union))
        seen: list[int] = []
        for group in groups.values():
            seen += [i for i in group if i not in seen]
        return seen

    def _draw_tree(self, where: dict[int, float], top: float) -> list[Any]:
        """Draw branches, joins and trunks; return the branches in the order of `places`."""
        ax = self.ax_
        # Of each set that has grown so far: abscissa and height of its trunk, and the minima in it.
        trunk = {i: (where[i], float(self.levels[i])) for i in self.places}
        member = {i: i for i in self.places}
        branches: dict[int, Any] = {}

        def rise(root: int, height: float, style: str) -> None:
            x, base = trunk[root]
            line = ax.plot([x, x], [base, height], style, color=INK, linewidth=1.4, zorder=2)[0]
            branches.setdefault(root, line)

        for join in self.joins_:
            roots = [member[next(i for i in side if i in member)] for side in (join.left, join.right)]
            for root in roots:
                rise(root, join.height, "-")
            ends = [trunk[root][0] for root in roots]
            ax.plot(ends, [join.height] * 2, "-", color=INK, linewidth=1.4, zorder=2)
            self._height(join, roots[1], trunk[roots[1]])
            trunk[roots[0]] = (float(np.mean(ends)), join.height)
            member.update({i: roots[0] for i, root in member.items() if root == roots[1]})
        for root in sorted(set(member.values())):
            rise(root, top, "-" if len(set(member.values())) == 1 else "--")
        return [branches[i] for i in self.places]

    def _height(self, join: Join, root: int, trunk: tuple[float, float]) -> None:
        """Write the height of a join above the higher of the two lowest minima, beside its branch."""
        base = float(self.levels[root])
        self._noted[trunk] = join.height
        self._note(f"barrier\n{amount(join.height - base)}", (trunk[0], join.height), (5, -5), INK, "top")

    def _draw_relabellings(self, own: dict[int, float], where: dict[int, float]) -> None:
        for i, height in own.items():
            # Above the first join the branch is no longer that of this minimum alone.
            if height <= self.branches_[self.places.index(i)].get_ydata()[1]:
                self.ax_.plot(
                    where[i], height, "D", color="white", markeredgecolor=INK, markersize=6, zorder=4
                )
                text = f"relabelling\n{amount(height - float(self.levels[i]))}"
                above = self._noted.get((where[i], float(self.levels[i])))
                # Below the height of the join, which takes two lines.
                down = 0.0 if above is None else min(0.0, self._points_between(height, above) - 43.0)
                self._note(text, (where[i], height), (8, down), INK, "center")

    def _points_between(self, low: float, high: float) -> float:
        """Length on the axis between two levels, in points."""
        one, other = self.ax_.transData.transform([(0.0, low), (0.0, high)])
        return float(other[1] - one[1]) * 72.0 / float(self.figure_.dpi)

    def _label(self, i: int, x: float) -> None:
        """Write value, share of the hits and structure below a branch."""
        self.ax_.plot(x, self.levels[i], "o", color=INK, markersize=4, zorder=4)
        lines = [(f"{self.quantity} {number(float(self.levels[i]))}", INK)]
        if sum(self.hits):
            lines.append((f"{100 * self.hits[i] / sum(self.hits):.0f} % of hits", INK))
        lines += block_lines(self.blocks[i])
        low = self.ax_.get_ylim()[0]
        for line, (text, hue) in enumerate(lines):
            text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
            self._note(text, (x, low), (0, -8 - 12.5 * line), hue, "top", "center")

    def _note(
        self,
        text: str,
        at: tuple[float, float],
        offset: tuple[float, float],
        hue: str,
        vertical: str,
        horizontal: str = "left",
    ) -> None:
        self.labels_.append(
            self.ax_.annotate(
                text, at, offset, textcoords="offset points", fontsize=SMALL, color=hue, va=vertical,
                ha=horizontal, zorder=5,
            )
        )  # fmt: skip

    def _finish(self, order: list[int]) -> None:
        ax = self.ax_
        ax.set_xlim(-0.6, len(order) - 0.2)
        ax.set_xticks([])
        ax.grid(axis="y", color=FAINT, alpha=0.3, linewidth=0.6)
        for side in ("right", "top", "bottom"):
            ax.spines[side].set_visible(False)
        notes = []
        if len(self.levels) > len(order):
            notes.append(f"the {len(order)} lowest of {len(self.levels)} minima")
        if len(self.joins_) < len(order) - 1:
            notes.append("dashed: no pass known")
        if notes:
            ax.set_title("; ".join(notes), fontsize=SMALL + 1, loc="left")


def _level(value: float, levels: Any) -> str:
    """Return a level in as many digits as tell it from its neighbours."""
    gaps = np.abs(levels - value)
    nearest = gaps[gaps > 0].min()
    digits = int(np.clip(1 - np.floor(np.log10(nearest)), 1, 10))
    text = f"{value:.{digits}f}"
    return "0" if float(text) == 0 else text
