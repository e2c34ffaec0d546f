"""What an atlas with more freedom than means says of passes: barriers, alarms, weights of zero, files."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.atlas.alarms import pieces_of
from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.atlas.export import minimum_rows
from gmmscape.landscape.freedom.atlas import Unjoined
from gmmscape.landscape.freedom.passes import NO_LAW, handed_over
from gmmscape.results import read

LINE = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)


@cache
def atlas_of(weights: Any, sigma: Any, k: int = 2, **options: Any) -> lab.FreeAtlas:
    land = lab.FreeLandscape(lab.Population(LINE), k, family="spherical", weights=weights, sigma=sigma)
    return land.explore(0, n_starts=4, saddles=True, **options)


@cache
def three() -> lab.FreeAtlas:
    """Three means of free weights and one free width: two of them on 12 share a weight in any way."""
    return atlas_of("free", "common", 3)


@pytest.mark.slow
def test_barriers_are_heights_of_the_lowest_pass():
    atlas = atlas_of("equal", "free")
    by_hand = {}
    for edge in atlas.edges:
        height = atlas.saddles[edge.saddle].nll
        for one, other in (edge.minima, edge.minima[::-1]):
            if atlas.minima[other].nll < atlas.minima[one].nll:
                by_hand[one] = min(by_hand.get(one, np.inf), height - atlas.minima[one].nll)
    assert by_hand
    for place, height in by_hand.items():
        assert float(atlas.barrier(place)) <= height + 1e-12
        assert atlas.barrier(atlas.minima[place]) == atlas.barrier(place)
        assert 0.0 < atlas.barrier(place).error < 1e-9
    assert not np.isfinite(atlas.barrier(0))


@pytest.mark.slow
def test_minima_held_at_different_weights_make_a_tree_and_keep_their_weights():
    atlas = atlas_of((0.3, 0.7), "free")
    assert all(point.weights.tolist() == [0.3, 0.7] for point in (*atlas.minima, *atlas.saddles))
    assert all(point.orbit_size == 1 for point in (*atlas.minima, *atlas.saddles))
    assert len(atlas.minima) == len([s for s in atlas.saddles if s.index == 1]) + 1
    assert atlas.alarm == NO_LAW
    assert all(edge.relabelling == (0, 1) for edge in atlas.edges)


def test_nothing_counts_saddles_but_pieces_are_told():
    atlas = atlas_of("equal", "free")
    assert atlas.alarm == NO_LAW
    assert "pieces that no known edge joins" in (replace(atlas, edges=atlas.edges[:-2]).alarm or "")
    assert replace(atlas, rounds=0).alarm is None
    loop = atlas.edges[0]._replace(minima=(0, 0), relabelling=(0, 1))
    assert "in one labelled minimum" in (replace(atlas, edges=(*atlas.edges, loop)).alarm or "")


@pytest.mark.slow
def test_a_weight_of_zero_joins_what_no_saddle_does():
    """Along the way that a handover says the NLL stays what it is at the saddle."""
    atlas = three()
    assert [edge.minima for edge in atlas.handovers] == [(0, 1)]
    assert atlas.minima[1].flat
    assert abs(float(atlas.barrier(1))) < 1e-9
    assert "pieces" not in (atlas.alarm or "")
    saddle, minimum = atlas.saddles[atlas.handovers[0].saddle], atlas.minima[1]
    order = handed_over(saddle, minimum)
    assert order is not None
    moving = next(i for i in range(3) if abs(saddle.means[i, 0] - minimum.means[order[i], 0]) > 1.0)
    rest = next(
        i for i in range(3) if i != moving and abs(saddle.means[i, 0] - saddle.means[moving, 0]) < 1.0
    )
    land = lab.FreeLandscape(lab.Population(LINE), 3, family="spherical", weights="free", sigma="common")
    for share in (0.5, 0.1, 1e-3):
        weights = saddle.weights.copy()
        weights[rest] += (1.0 - share) * weights[moving]
        weights[moving] *= share
        fit = gs.Mixture(weights, saddle.means, saddle.mixture.covariances, "spherical")
        assert float(land.nll(fit)) == pytest.approx(saddle.nll, abs=1e-9)
    weights[moving] = 1e-9
    for place in (saddle.means[moving, 0], 5.0, minimum.means[order[moving], 0]):
        means = saddle.means.copy()
        means[moving] = place
        fit = gs.Mixture(weights / weights.sum(), means, saddle.mixture.covariances, "spherical")
        assert float(land.nll(fit)) == pytest.approx(saddle.nll, abs=1e-7)


@pytest.mark.slow
def test_a_flat_point_that_leads_down_is_no_minimum():
    """All means on the middle: a common width takes the splitting's curvature away, and its quartic falls."""
    atlas = atlas_of("equal", "common")
    assert [point.is_minimum for point in atlas.minima] == [True]
    flat = [point for point in atlas.saddles if point.flat]
    assert [(point.index, point.orbit_size) for point in flat] == [(0, 1)]
    np.testing.assert_allclose(flat[0].means, 4.0, atol=1e-9)
    assert atlas.edges[0].minima == (0, 0)
    assert atlas.edges[0].relabelling == (1, 0)


@pytest.mark.slow
def test_text_says_what_was_sought_and_what_may_be_missing():
    text = str(three())
    assert "saddle  index" in text
    assert "barrier to a lower one" in text
    assert "at the value of saddle 0 a weight of zero joins minima 0 and 1" in text
    assert f"warning: {NO_LAW}" in text
    assert "followings of saddles:" in text
    assert "plateau:" in text
    found = three().followings
    assert found["saddle"] > 0
    assert found["plateau"] > 0


@pytest.mark.slow
def test_files_tables_graphs_and_pictures(tmp_path):
    atlas = three()
    atlas.to_json(tmp_path / "a.json")
    again = read(tmp_path / "a.json")
    assert again == atlas
    assert again.barrier(1) == atlas.barrier(1)
    pd, nx = pytest.importorskip("pandas"), pytest.importorskip("networkx")
    frame = atlas.to_frame("saddles")
    assert isinstance(frame, pd.DataFrame)
    assert {"widths", "covariances", "index", "first", "second", "height_first"} <= set(frame.columns)
    assert len(atlas.to_networkx().edges) == len(atlas.edges)
    assert isinstance(atlas.to_networkx(), nx.MultiGraph)
    atlas.to_graphml(tmp_path / "a.graphml")
    assert ElementTree.parse(tmp_path / "a.graphml").getroot() is not None
    picture = atlas.plot()
    assert picture.graph is not None
    assert len(picture.minima.titles_) == len(atlas.minima)


def test_a_damaged_file_is_refused(tmp_path):
    content = three().to_dict()
    content["edges"][0]["minima"] = [0, 9]
    (tmp_path / "bad.json").write_text(__import__("json").dumps(content))
    with pytest.raises(gs.exceptions.FormatError):
        read(tmp_path / "bad.json")


@pytest.mark.slow
def test_time_and_callbacks_end_the_search_and_keep_what_was_found():
    land = lab.FreeLandscape(lab.Population(LINE), 2, family="spherical", weights="equal", sigma="free")
    stages: list[str] = []

    def stop(event: Any) -> bool:
        stages.append(event.stage)
        return stages.count("saddles") == 40

    atlas = land.explore(0, n_starts=2, saddles=True, callback=stop)
    assert atlas.stop_reason == "interrupted"
    assert atlas.minima
    assert atlas.saddles
    assert stages[0] == "candidates"
    short = land.explore(0, n_starts=10_000, saddles=True, max_seconds=2.0)
    assert short.stop_reason == "time_limit"
    assert short.saddles
    assert short.edges
    with pytest.raises(InvalidParameterError, match="saddles="):
        land.explore(0, saddles="all")  # type: ignore[arg-type]


def test_nothing_is_sought_unless_asked_for():
    land = lab.FreeLandscape(lab.Population(LINE), 2, family="spherical", weights="equal", sigma="free")
    atlas = land.explore(0, n_starts=2)
    assert (atlas.saddles, atlas.edges, atlas.rounds, atlas.alarm) == ((), (), 0, None)
    assert "saddle" not in str(atlas)


def test_a_prior_is_no_part_of_a_fit_that_is_asked_about():
    X = LINE.sample(60, rng=0)[0]
    land = lab.FreeLandscape(lab.Sample(X), 3, family="full")
    fit = gs.Mixture(LINE.weights, LINE.means, LINE.full_covariances())
    assert float(land.nll(fit)) == pytest.approx(-fit.log_density(X).mean(), abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("centers", "weights"), [([0.0, 5.0], "free"), ([0.0], [0.2, 0.2, 0.6])], ids=["two", "one"]
)
def test_more_components_than_centers_without_known_edges(centers, weights):
    truth = gs.Mixture.location(centers, 1.0)
    land = lab.Landscape(lab.Population(truth), 3, family="spherical", weights=weights, sigma=1.0)
    atlas = land.explore(0, n_starts=4, saddles=True)
    assert atlas.minima[0].kl == pytest.approx(0.0, abs=1e-9)
    assert atlas.alarm is not None
    assert "minim" in str(atlas)


def test_one_pair_of_three_exchanges_itself_alone():
    # Six relabellings, of which the pair's exchange joins two: three pieces.
    assert pieces_of([[[1, 2]]], [], 3, 6) == 3


@pytest.fixture(scope="module")
def made_up() -> lab.FreeAtlas:
    """A minimum with a pass half a nat up to its other labelling, and with what a search can lose."""
    two = gs.Mixture.location([-2.0, 2.0], 1.0)
    land = lab.FreeLandscape(lab.Population(two), 2, family="spherical", weights="free")
    atlas = land.explore(0, n_starts=0)
    (minimum,) = atlas.minima
    assert minimum.kl is not None
    saddle = replace(minimum, nll=minimum.nll + 0.5, kl=minimum.kl + 0.5)
    return replace(
        atlas,
        saddles=(saddle,),
        edges=(Edge(0, (0, 0), (1, 0)),),
        handovers=(Edge(0, (0, 0)),),
        unjoined=(Unjoined(0, "plateau"),),
        rounds=1,
        followings={"saddle": 2, "degenerate": 1},
    )


def test_passes_of_an_atlas_that_is_known_to_the_last_place(made_up: lab.FreeAtlas):
    minimum = made_up.minima[0]
    assert float(made_up.relabelling_barrier(minimum)) == pytest.approx(0.5)
    assert float(made_up.barrier(minimum)) == np.inf
    far = replace(minimum, local=minimum.local.shifted(1.0))
    with pytest.raises(InvalidParameterError, match="none of this atlas"):
        made_up.barrier(far)
    (row,) = minimum_rows(made_up)
    assert row["widths"] == minimum.widths.tolist()
    assert row["covariances"] == minimum.mixture.full_covariances().tolist()


def test_text_of_what_was_followed_and_what_was_lost(made_up: lab.FreeAtlas):
    lines = str(made_up).splitlines()
    assert lines[1] == "next: more starts"
    assert "at the value of saddle 0 a weight of zero joins minima 0 and 0" in lines
    assert "saddle 0 joins no two minima: a descent from it ended as plateau" in lines
    assert "3 followings of saddles: 1 degenerate, 2 on a saddle" in lines
    told = [line.split(":")[0] for line in lines if line.startswith("  ")]
    assert told[-2:] == ["  degenerate", "  plateau"]
    assert "max_seconds" in str(replace(made_up, stop_reason="time_limit")).splitlines()[1]
    none = replace(made_up, minima=(), saddles=(), edges=(), handovers=(), unjoined=(), rounds=0)
    assert str(none).splitlines()[1] == "next: explore with more starts"


def test_what_coincides_nowhere_hands_nothing_over(made_up: lab.FreeAtlas):
    flat = replace(made_up.minima[0], eigenvalues=np.zeros(5))
    assert handed_over(flat, flat) is None
    near = replace(flat, local=gs.Mixture.location([-2.0, -2.0], 1.0))
    assert handed_over(near, replace(near, local=gs.Mixture.location([-2.0, -2.0], 1.0, [0.3, 0.7])))
