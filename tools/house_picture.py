"""Boxes in layers and the arrows between them, as SVG: rooms of the house and what they import.

Each room stands one layer above the highest room that it imports. An arrow that follows from others (a
imports b, b imports c, hence a rests on c) is left out. Arrows that pass a layer go between its boxes. Where
imports run in a circle, the arrow of fewest imports is drawn in red and counts for nothing. Single files that
rest on nothing but others of their kind have one box together, to which no arrows are drawn.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from html import escape
from itertools import pairwise
from textwrap import wrap

#: What the rooms belong to, by colour; the rest is the core.
WINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "practitioner's wing": (
        "#fde8d0",
        ("moves", "diagnosis", "optima", "inference", "estimator", "selection", "tables", "models"),
    ),
    "researcher's wing": ("#d9e8f6", ("landscape", "lab")),
    "shared by both": ("#e3f0dc", ("structure", "plot", "results", "work", "progress", "solve")),
    "doors": ("#f3dcec", ("cli",)),
}
CORE = "#eeeeee"
LETTER, HEIGHT, GAP, RISE, MARGIN = 7.6, 34, 40, 74, 24

Graph = dict[str, set[str]]


def drawn(rooms: dict[str, int], imports: dict[str, dict[str, int]]) -> str:
    """Return the picture: rooms with their numbers of files, and how often each imports which others."""
    graph, against = without_circles(imports)
    ground = grounds(graph, rooms)
    graph = {room: others - ground for room, others in graph.items() if room not in ground}
    level = levels(graph)
    arrows = [(a, b) for a, others in sorted(reduced(graph).items()) for b in sorted(others)]
    chains, layers = laid_out(arrows, level)
    place, width = placed(layers, rooms)
    foot = MARGIN + RISE * (max(level.values()) + 1)
    lines = bar(sorted(ground), foot, width)
    height = foot + 22 * len(lines) + 84
    body = [curve(chain, place) for chain in chains]
    body += [curve([a, b], place, "against") for a, b in against]
    body += [box(room, rooms[room], place[room]) for room in sorted(graph)]
    body += [*lines, *legend(height - 46, width)]
    return "\n".join([head(width, height), *body, "</svg>"]) + "\n"


def without_circles(imports: dict[str, dict[str, int]]) -> tuple[Graph, list[tuple[str, str]]]:
    """Return the graph without the arrows of fewest imports in circles, and these."""
    graph: Graph = {room: set(others) for room, others in imports.items()}
    against = []
    while True:
        try:
            list(TopologicalSorter({room: sorted(graph[room]) for room in sorted(graph)}).static_order())
        except CycleError as error:
            circle = [(b, a) for a, b in pairwise(error.args[1])]
            a, b = min(circle, key=lambda arrow: (imports[arrow[0]][arrow[1]], arrow))
            graph[a].discard(b)
            against.append((a, b))
        else:
            return graph, against


def grounds(graph: Graph, rooms: dict[str, int]) -> set[str]:
    """Return the single files that import nothing but other such files."""
    ground = {room for room in graph if rooms[room] == 1}
    while outside := {room for room in ground if graph[room] - ground}:
        ground -= outside
    return ground


def levels(graph: Graph) -> dict[str, int]:
    """Return for each room how many rooms the longest way down passes."""
    found: dict[str, int] = {}

    def level(room: str) -> int:
        if room not in found:
            found[room] = 1 + max((level(other) for other in graph[room]), default=-1)
        return found[room]

    for room in graph:
        level(room)
    return found


def reduced(graph: Graph) -> Graph:
    """Return the graph without arrows that follow from others."""
    below: Graph = {}

    def under(room: str) -> set[str]:
        if room not in below:
            below[room] = graph[room].union(*(under(other) for other in graph[room]))
        return below[room]

    return {
        room: {other for other in others if not any(other in under(third) for third in others - {other})}
        for room, others in graph.items()
    }


def laid_out(
    arrows: list[tuple[str, str]], level: dict[str, int]
) -> tuple[list[list[str]], dict[int, list[str]]]:
    """Return arrows as chains with a place in each layer passed, and layers in order against crossings."""
    layers: dict[int, list[str]] = {}
    for room in sorted(level, key=lambda room: (side(room), room)):
        layers.setdefault(level[room], []).append(room)
    chains = []
    for a, b in arrows:
        passed = [f"{a}>{b}@{at}" for at in range(level[a] - 1, level[b], -1)]
        for at, name in zip(range(level[a] - 1, level[b], -1), passed, strict=True):
            layers[at].append(name)
        chains.append([a, *passed, b])
    neighbours: dict[str, list[str]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain):
            neighbours.setdefault(upper, []).append(lower)
            neighbours.setdefault(lower, []).append(upper)
    order = sorted(layers)
    for sweep in range(24):
        where = {name: i / max(1, len(row) - 1) for row in layers.values() for i, name in enumerate(row)}
        for at in order if sweep % 2 else order[::-1]:
            middle = {name: mean([where[x] for x in neighbours.get(name, [name])]) for name in layers[at]}
            layers[at].sort(key=lambda name: (middle[name], name))
            where |= {name: i / max(1, len(layers[at]) - 1) for i, name in enumerate(layers[at])}
    return chains, layers


def side(room: str) -> int:
    """Return where a room begins from left to right, before crossings are looked at."""
    return 0 if room in WINGS["practitioner's wing"][1] else 2 if room in WINGS["researcher's wing"][1] else 1


def mean(values: list[float]) -> float:
    """Return the average."""
    return sum(values) / len(values)


def placed(
    layers: dict[int, list[str]], rooms: dict[str, int]
) -> tuple[dict[str, tuple[float, float, float]], float]:
    """Return the left edge, the top and the width of each box and passage, and the width of all."""
    widths = {
        name: LETTER * len(label(name, rooms[name])) + 22 if name in rooms else 6.0
        for row in layers.values()
        for name in row
    }
    totals = {at: sum(widths[name] + GAP for name in row) - GAP for at, row in layers.items()}
    across = max(totals.values())
    top, place = max(layers), {}
    for at, row in layers.items():
        space = (across - totals[at]) / (len(row) + 1)
        left = MARGIN + space
        for name in row:
            place[name] = (left, MARGIN + RISE * (top - at), widths[name])
            left += widths[name] + GAP + space
    return place, across + 2 * MARGIN


def label(room: str, n: int) -> str:
    """Return the text of a box."""
    return room if n == 1 else f"{room} ({n})"


def curve(chain: list[str], place: dict[str, tuple[float, float, float]], kind: str = "") -> str:
    """Return an arrow from the foot of one box through its passages to the head of another."""
    points = []
    for name in chain:
        left, top, width = place[name]
        middle = left + width / 2
        if name is not chain[0]:
            points.append((middle, top - (5 if name is chain[-1] else 0)))
        if name is not chain[-1]:
            points.append((middle, top + HEIGHT))
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x, y), (u, v) in pairwise(points):
        path += f" C{x:.1f},{(y + v) / 2:.1f} {u:.1f},{(y + v) / 2:.1f} {u:.1f},{v:.1f}"
    classed = f' class="{kind}"' if kind else ""
    return f'<path d="{path}"{classed}/>'


def box(room: str, n: int, where: tuple[float, float, float]) -> str:
    """Return a box with its name."""
    left, top, width = where
    colour = next((colour for colour, names in WINGS.values() if room in names), CORE)
    return (
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" rx="5" fill="{colour}"/>'
        f'<text x="{left + width / 2:.1f}" y="{top + 22}">{escape(label(room, n))}</text>'
    )


def bar(names: list[str], top: float, width: float) -> list[str]:
    """Return the box of what everything rests on: the frame, then lines of names."""
    texts = wrap("below all: " + ", ".join(names), int((width - 2 * MARGIN - 20) / LETTER))
    size = f'width="{width - 2 * MARGIN:.0f}" height="{22 * len(texts) + 12}"'
    frame = f'<rect x="{MARGIN}" y="{top}" {size} rx="5"'
    lines = [
        f'<text x="{width / 2:.0f}" y="{top + 22 + 22 * i}">{text}</text>' for i, text in enumerate(texts)
    ]
    return [f'{frame} fill="{CORE}"/>', *lines]


def legend(y: float, width: float) -> list[str]:
    """Return what the colours mean, in as many lines as that takes."""
    parts, x = [], float(MARGIN)
    for name, colour in [*((name, colour) for name, (colour, _) in WINGS.items()), ("core", CORE)]:
        wide = 22 + LETTER * len(name) + 24
        if x + wide > width:
            x, y = float(MARGIN), y + 24
        parts.append(f'<rect x="{x:.0f}" y="{y - 12:.0f}" width="16" height="14" fill="{colour}"/>')
        parts.append(f'<text x="{x + 22:.0f}" y="{y:.0f}" style="text-anchor:start">{escape(name)}</text>')
        x += wide
    return parts


def head(width: float, height: float) -> str:
    """Return the opening tag with the styles."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">\n'
        "<style>rect{stroke:#555;stroke-width:1}text{font:13px sans-serif;text-anchor:middle;fill:#111}"
        "path{fill:none;stroke:#777;stroke-width:1;marker-end:url(#a)}path.against{stroke:#c00}</style>\n"
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" style="fill:#777;stroke:none;marker-end:none"/></marker></defs>\n'
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff" style="stroke:none"/>'
    )
