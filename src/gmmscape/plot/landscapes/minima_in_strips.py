"""Minima of a one-dimensional problem: strips one below the other, in one axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.plot.landscapes.subject import Drawn, Subject, draw_subject
from gmmscape.plot.style import FAINT, INK, SMALL, axes_or_new, kind_legend, stacked

#: In units of a strip: height of the density, depth of the first row of means, and of each further row.
DENSITY, FIRST, FURTHER = 0.36, 0.22, 0.09
#: Rows of data that are drawn as ticks besides their histogram, at most.
MOST_TICKS = 500
#: Width of a marker as a share of the axis: closer means go to further rows.
MARKER = 0.016


def draw_strips(
    subjects: list[Subject],
    truth: Mixture | None,
    data: FloatArray | None,
    sigma: float,
    rest: str,
    ax: Any,
) -> Drawn:
    """Draw each minimum as a strip: density above a line, means below it, joined to their centers."""
    n, own = len(subjects), ax is None
    ax = axes_or_new(ax, 7.5, 1.0 + 1.25 * n + (0.25 if rest else 0.0))
    low, high = _range([subject.means for subject in subjects], truth, data, sigma)
    levels = [stacked(subject.means[:, 0].tolist(), MARKER * (high - low)) for subject in subjects]
    # A strip is as deep as its rows of means need.
    depths = [1.0 + FURTHER * max(0, max(level) - 2) for level in levels]
    bases = [DENSITY + 0.02 + depth - 1.0 - sum(depths[: i + 1]) for i, depth in enumerate(depths)]
    drawn = Drawn([ax], [], [], [])
    for subject, level, base in zip(subjects, levels, bases, strict=True):
        ax.plot([low, high], [base, base], color=FAINT, linewidth=0.8, zorder=1)
        _measure(ax, truth, data, (low, high), base)
        rows = base - FIRST - FURTHER * np.array(level)
        centers = None
        if truth is not None:
            centers = np.column_stack([truth.means[:, 0], np.full(truth.n_components, base)])
        points, links = draw_subject(ax, subject, np.column_stack([subject.means[:, 0], rows]), centers)
        drawn.means.append(points)
        drawn.links.append(links)
        title = ax.text(low, base + DENSITY + 0.05, subject.title, fontsize=SMALL, color=INK, va="bottom")
        drawn.titles.append(title)
    bottom = bases[-1] - FIRST - FURTHER * max(max(levels[-1]), 1) - 0.1
    if rest:
        ax.text(low, bottom - 0.05, rest, fontsize=SMALL, color=INK, va="top", style="italic")
        bottom -= 0.3
    ax.set_xlim(low, high)
    ax.set_ylim(bottom, bases[0] + DENSITY + 0.3)
    ax.set_yticks([])
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.set_xlabel(f"position (one sigma = {sigma:g})")
    kind_legend(ax, (kind for subject in subjects for kind in subject.kinds), own)
    return drawn


def _range(
    means: list[FloatArray], truth: Mixture | None, data: FloatArray | None, sigma: float
) -> tuple[float, float]:
    ends = [points[:, 0] for points in means]
    margin = 3.0 * sigma
    if truth is not None:
        ends.append(truth.means[:, 0])
        margin = 3.5 * max(sigma, float(np.sqrt(truth.full_covariances().max())))
    elif data is not None:
        ends.append(data[:, 0])
        margin = sigma
    places = np.concatenate(ends)
    return float(places.min()) - margin, float(places.max()) + margin


def _measure(
    ax: Any, truth: Mixture | None, data: FloatArray | None, span: tuple[float, float], base: float
) -> None:
    """Draw what the NLL is averaged over, `DENSITY` high: the density with components, or a histogram."""
    if truth is not None:
        scales = np.sqrt(truth.full_covariances()[:, 0, 0])
        steps = np.linspace(-5.0, 5.0, 101)
        x = np.unique(
            np.concatenate([center + scales[s] * steps for s, center in enumerate(truth.means[:, 0])])
        )
        x = x[(x >= span[0]) & (x <= span[1])]
        y = np.exp(truth.log_density(x[:, None]))
        unit = DENSITY / y.max()
        ax.fill_between(x, base, base + unit * y, color="#d8dde3", linewidth=0, zorder=0)
        for weight, center, scale in zip(truth.weights, truth.means[:, 0], scales, strict=True):
            part = weight * np.exp(-0.5 * ((x - center) / scale) ** 2) / (scale * np.sqrt(2 * np.pi))
            ax.plot(x, base + unit * part, color=FAINT, linewidth=0.6, zorder=1)
        ax.plot(truth.means[:, 0], np.full(truth.n_components, base), "|", color=INK, markersize=7, zorder=2)
        for s, center in enumerate(truth.means[:, 0]):
            ax.annotate(
                str(s), (center, base), (3, 2), textcoords="offset points", fontsize=SMALL - 1.5, color=INK
            )
    elif data is not None:
        counts, edges = np.histogram(data[:, 0], bins="fd" if len(data) < 100_000 else 200)
        counts, edges = (counts, edges) if len(counts) <= 200 else np.histogram(data[:, 0], bins=200)
        ax.stairs(
            base + counts * (DENSITY / counts.max()),
            edges,
            baseline=base,
            fill=True,
            color="#d8dde3",
            zorder=0,
        )
        if len(data) <= MOST_TICKS:
            ax.vlines(data[:, 0], base - 0.05, base, color=FAINT, linewidth=0.5, zorder=1)
