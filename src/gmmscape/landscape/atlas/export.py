"""An atlas as a table or as a graph, for other tools: pandas, networkx, and GraphML files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.atlas.passes import P, WithPasses
from gmmscape.structure.intervals import share_interval
from gmmscape.validation import choice
from gmmscape.wholefile import unfinished

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
#: What GraphML calls the types of attributes.
TYPES = {bool: "boolean", int: "long", float: "double", str: "string"}
Row = dict[str, Any]


class Exported(WithPasses[P]):
    """What an atlas is for other tools; atlases derive from it."""

    starts: int

    def to_frame(self, points: str = "minima") -> pd.DataFrame:
        """Return the minima, or the saddles, as a table of pandas.

        Parameters
        ----------
        points : {"minima", "saddles"}, default="minima"
            Which points are the rows.

        Returns
        -------
        pandas.DataFrame
            A row a point, its place in the atlas as index. Columns: nll, kl, error, index, curvature (the
            smallest), flat, orbit_size, structure, structured, defect, largest_error, means and weights
            (lists); of the location family continuum, of others widths and covariances. Minima have hits,
            share, share_low and share_high (95 %), barrier and relabelling_barrier; saddles first and second
            (the minima they join), and the heights above them.
            What is not known is missing.

        Raises
        ------
        InvalidParameterError
            If points is neither.
        NotAvailableError
            If pandas is not installed.
        """
        choice("points", points, ("minima", "saddles"))
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise NotAvailableError("to_frame needs pandas: install gmmscape[frame]") from error
        rows = minimum_rows(self) if points == "minima" else saddle_rows(self)
        names = list(dict.fromkeys(name for row in rows for name in row))
        return pd.DataFrame(
            {name: [row.get(name) for row in rows] for name in names},
            index=pd.RangeIndex(len(rows), name=points[:-1] if points == "saddles" else "minimum"),
        )

    def _own_columns(self, point: P) -> Row:
        """What only points of this kind have."""
        raise NotImplementedError

    def to_networkx(self) -> nx.MultiGraph:
        """Return the graph of minima and the saddles of index 1 that join them, for networkx.

        Returns
        -------
        networkx.MultiGraph
            Nodes are places in `minima` with the columns of `to_frame` that are known; an edge has the place
            of its saddle as key, and `nll`, `kl`, `error`, `height_first` and `height_second` (nats above the
            end of smaller place and above the other), `first`, `second` and `relabelling` (a list, if known).
            An edge from a minimum to itself joins two labellings.

        Raises
        ------
        NotAvailableError
            If networkx is not installed.
        """
        try:
            import networkx as nx
        except ModuleNotFoundError as error:
            raise NotAvailableError("to_networkx needs networkx: install gmmscape[graph]") from error
        graph = nx.MultiGraph()
        graph.add_nodes_from(enumerate(minimum_rows(self)))
        for edge, row in edge_rows(self):
            graph.add_edge(*edge.minima, key=edge.saddle, **row)
        return graph

    def to_graphml(self, path: str | os.PathLike[str]) -> None:
        """Write the graph of minima and saddles as GraphML, which programs that draw graphs read.

        Parameters
        ----------
        path : str or Path
            Name of the file; written whole or not at all.

        Raises
        ------
        InvalidParameterError
            If no such file can be written, or there is no minimum.
        """
        if not self.minima:
            raise InvalidParameterError("the atlas holds no minimum: explore with more starts")
        text = ElementTree.tostring(_graphml(self), encoding="unicode", xml_declaration=True)
        with unfinished(path) as file:
            file.write_text(text + "\n", encoding="utf-8")


def minimum_rows(atlas: Exported[Any]) -> list[Row]:
    """Return what there is to say of each minimum, by name; what is not known is left out."""
    rows = []
    for place, point in enumerate(atlas.minima):
        low, high = share_interval(point.hits, atlas.starts) if atlas.starts else (0.0, 1.0)
        share = point.hits / atlas.starts if atlas.starts else None
        barriers = {
            "barrier": float(atlas.barrier(place)),
            "relabelling_barrier": float(atlas.relabelling_barrier(place)),
        }
        seen = {"hits": point.hits, "share": share, "share_low": low, "share_high": high, **barriers}
        rows.append(_known({**_point(atlas, point), **seen}))
    return rows


def saddle_rows(atlas: Exported[Any]) -> list[Row]:
    """Return what there is to say of each saddle, by name; those of index 1 with their edges."""
    edges = {edge.saddle: row for edge, row in edge_rows(atlas)}
    return [
        _known({**_point(atlas, point), **edges.get(place, {})}) for place, point in enumerate(atlas.saddles)
    ]


def edge_rows(atlas: Exported[Any]) -> list[tuple[Edge, Row]]:
    """Return each edge with what there is to say of it, by name."""
    rows = []
    for edge in atlas.edges:
        saddle = atlas.saddles[edge.saddle]
        first, second = (_value(saddle) - _value(atlas.minima[end]) for end in edge.minima)
        row = {
            "saddle": edge.saddle,
            "nll": float(saddle.nll),
            "kl": saddle.kl,
            "error": float(saddle.error),
            "first": edge.minima[0],
            "second": edge.minima[1],
            "height_first": first,
            "height_second": second,
            "relabelling": None if edge.relabelling is None else list(edge.relabelling),
        }
        rows.append((edge, _known(row)))
    return rows


def _value(point: Any) -> float:
    """The divergence where it is known, which small heights survive."""
    return float(point.nll if point.kl is None else point.kl)


def _point(atlas: Exported[Any], point: Any) -> Row:
    decoding = point.decoding
    row: Row = {
        "nll": float(point.nll),
        "kl": point.kl,
        "error": float(point.error),
        "index": point.index,
        "curvature": float(point.eigenvalues[0]),
        "flat": point.flat,
        **atlas._own_columns(point),
        "orbit_size": point.orbit_size,
    }
    if decoding is not None:
        row |= {
            "structure": str(decoding.structure),
            "structured": bool(decoding.is_structured),
            "defect": float(decoding.defect),
            "largest_error": float(decoding.errors.max()),
        }
    return row | {"means": point.means.tolist(), "weights": point.weights.tolist()}


def _known(row: Row) -> Row:
    """A row without what is not known: None, and barriers that no known pass makes finite."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and not (isinstance(value, float) and not np.isfinite(value))
    }


def _graphml(atlas: Exported[Any]) -> ElementTree.Element:
    nodes = [_plain(row) for row in minimum_rows(atlas)]
    edges = [(edge, _plain(row)) for edge, row in edge_rows(atlas)]
    root = ElementTree.Element("graphml", {"xmlns": NAMESPACE})
    keys = {
        "node": _declared(root, "node", nodes),
        "edge": _declared(root, "edge", [row for _, row in edges]),
    }
    graph = ElementTree.SubElement(root, "graph", {"id": "atlas", "edgedefault": "undirected"})
    for place, row in enumerate(nodes):
        node = ElementTree.SubElement(graph, "node", {"id": f"minimum {place}"})
        _filled(node, keys["node"], row)
    for edge, row in edges:
        one, other = (f"minimum {end}" for end in edge.minima)
        line = {"id": f"saddle {edge.saddle}", "source": one, "target": other}
        _filled(ElementTree.SubElement(graph, "edge", line), keys["edge"], row)
    ElementTree.indent(root)
    return root


def _plain(row: Row) -> Row:
    """A row of what GraphML has types for: lists as JSON."""
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}


def _declared(root: ElementTree.Element, domain: str, rows: Sequence[Row]) -> dict[str, str]:
    """Declare the attributes that occur; return the name of the key of each."""
    found: dict[str, type] = {}
    for row in rows:
        found |= {name: type(value) for name, value in row.items()}
    for name, kind in found.items():
        attributes = {"id": f"{domain} {name}", "for": domain, "attr.name": name, "attr.type": TYPES[kind]}
        ElementTree.SubElement(root, "key", attributes)
    return {name: f"{domain} {name}" for name in found}


def _filled(element: ElementTree.Element, keys: Mapping[str, str], row: Row) -> None:
    for name, value in row.items():
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        data = ElementTree.SubElement(element, "data", {"key": keys[name]})
        data.text = value if isinstance(value, str) else text
