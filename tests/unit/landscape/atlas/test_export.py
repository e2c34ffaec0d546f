"""Atlases for other tools: tables of pandas, graphs of networkx, GraphML files."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab


@pytest.fixture(scope="module")
def atlas():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], sigma=1.0)), 3)
    return land.explore(0, n_starts=16, saddles=True)


@pytest.mark.slow
def test_the_table_of_minima(atlas):
    frame = atlas.to_frame()
    assert len(frame) == len(atlas.minima) >= 2
    assert frame.index.name == "minimum"
    assert frame["nll"].tolist() == [point.nll for point in atlas.minima]
    assert frame["structure"].tolist()[:2] == ["0>0  1>1  2>2", "0>0,1  1,2>2"]
    assert frame["share"].sum() == pytest.approx(atlas.ends["minimum"] / atlas.starts)
    assert (frame["share_low"] <= frame["share"]).all()
    assert np.isnan(frame["barrier"][0])  # there is no lower minimum
    assert frame["barrier"][1] == atlas.barrier(1) < np.inf
    assert np.array(frame["means"][1]) == pytest.approx(atlas.minima[1].means)


def test_the_table_of_saddles(atlas):
    frame = atlas.to_frame("saddles")
    assert frame["index"].tolist() == [point.index for point in atlas.saddles]
    for edge in atlas.edges:
        row = frame.loc[edge.saddle]
        assert (row["first"], row["second"]) == edge.minima
        above = atlas.saddles[edge.saddle].kl - atlas.minima[edge.minima[0]].kl
        assert row["height_first"] == pytest.approx(above, abs=1e-12)
    with pytest.raises(gs.InvalidParameterError, match="points"):
        atlas.to_frame("orbits")


def test_the_graph(atlas):
    graph = atlas.to_networkx()
    assert sorted(graph) == list(range(len(atlas.minima)))
    assert sorted(key for _, _, key in graph.edges(keys=True)) == sorted(edge.saddle for edge in atlas.edges)
    assert graph.nodes[1]["structure"] == "0>0,1  1,2>2"
    assert "barrier" not in graph.nodes[0]
    # The barrier of a minimum is the lowest way out of it that ends lower.
    import networkx as nx

    levels = nx.get_node_attributes(graph, "kl")
    tops = nx.minimum_spanning_tree(graph, weight="kl")
    way = nx.shortest_path(tops, 1, 0)
    top = max(min(e["kl"] for e in tops[a][b].values()) for a, b in pairwise(way))
    assert atlas.barrier(1) == pytest.approx(top - levels[1], abs=1e-12)


def test_graphml_is_the_graph(atlas, tmp_path):
    import networkx as nx

    file = tmp_path / "atlas.graphml"
    atlas.to_graphml(file)
    read, graph = nx.read_graphml(file, force_multigraph=True), atlas.to_networkx()
    assert len(read) == len(graph)
    assert read.number_of_edges() == graph.number_of_edges() >= 1
    for place, row in graph.nodes(data=True):
        other = read.nodes[f"minimum {place}"]
        assert json.loads(other.pop("means")) == row["means"]
        assert json.loads(other.pop("weights")) == row["weights"]
        assert other == {name: value for name, value in row.items() if name not in ("means", "weights")}
    for one, two, key, row in graph.edges(keys=True, data=True):
        other = read.edges[f"minimum {one}", f"minimum {two}", f"saddle {key}"]
        assert other["height_first"] == row["height_first"]


@pytest.mark.parametrize(
    ("library", "method", "extra"),
    [("pandas", "to_frame", r"gmmscape\[frame\]"), ("networkx", "to_networkx", r"gmmscape\[graph\]")],
)
def test_without_the_library_the_error_says_what_to_install(atlas, library, method, extra, monkeypatch):
    found = builtins.__import__

    def missing(name, *arguments, **keywords):
        if name == library:
            raise ModuleNotFoundError(name)
        return found(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(gs.NotAvailableError, match=extra):
        getattr(atlas, method)()


def test_files_are_refused_where_none_can_be_written(atlas, tmp_path):
    with pytest.raises(gs.InvalidParameterError, match="path"):
        atlas.to_graphml(tmp_path / "no" / "atlas.graphml")


def test_an_atlas_without_minima_is_no_graph(atlas, tmp_path):
    with pytest.raises(gs.InvalidParameterError, match="no minimum"):
        replace(atlas, minima=(), saddles=(), edges=()).to_graphml(tmp_path / "a.graphml")
    assert not [*tmp_path.iterdir()]


def test_an_atlas_of_a_sample_without_saddles(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1)) + rng.choice([-3.0, 3.0], (200, 1))
    atlas = lab.Landscape(lab.Sample(X), 2, sigma=1.0).explore(0, n_starts=4)
    frame = atlas.to_frame()
    assert "kl" not in frame
    assert "structure" not in frame
    assert atlas.to_networkx().number_of_edges() == 0
    atlas.to_graphml(tmp_path / "a.graphml")
    assert len(atlas.to_frame("saddles")) == 0
