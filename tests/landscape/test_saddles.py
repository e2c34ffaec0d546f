"""Critical points of every index: the census of the reference, other landscapes, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.atlas.edges import Edge, escape_height, relabelling_height
from marks import tuples_rest_slow


def explored(centers, k: int, sigma: float = 1.0, weights=None, **options) -> lab.Atlas:
    truth = gs.Mixture.location(centers, sigma, weights)
    return lab.Landscape(lab.Population(truth), k).explore(0, n_starts=16, saddles=True, **options)


@pytest.fixture(name="census", scope="module")
def census_of_the_reference() -> lab.Atlas:
    return explored([-3.0, 3.0, 12.0], 3)


def test_the_census_is_complete(census: lab.Atlas, reference_dir: Path):
    (known,) = json.loads((reference_dir / "landscapes.json").read_text(encoding="utf-8"))["census"]
    found = sorted((*census.minima, *census.saddles), key=lambda point: (point.index, point.kl))
    expected = sorted(known["points"], key=lambda point: (point["index"], point["kl"]))
    assert [point.index for point in found] == [point["index"] for point in expected]
    assert [point.orbit_size for point in found] == [point["orbit"] for point in expected]
    for point, reference in zip(found, expected, strict=True):
        assert point.kl == pytest.approx(reference["kl"], abs=1e-8)
        np.testing.assert_allclose(np.sort(point.means[:, 0]), reference["means"], atol=1e-6)
    assert census.count_law == 1
    assert census.alarm is None
    spurious = census.minima[1]
    assert census.barrier(1) == pytest.approx(known["escape_barrier_of_the_spurious_minimum"], abs=1e-8)
    assert census.relabelling_barrier(spurious) == pytest.approx(known["relabelling_barrier"], abs=1e-8)
    assert census.barrier(0) == float("inf")
    assert {edge.minima for edge in census.edges} == {(0, 0), (1, 1), (0, 1)}


@pytest.mark.parametrize(
    ("centers", "k", "sigma", "weights"),
    tuples_rest_slow(
        [
            ([-4.0, 4.0], 2, 1.0, None),
            ([-2.0, 0.0, 2.5], 2, 0.5, None),
            ([0.0, 7.0, 15.0], 2, 1.0, [0.5, 0.2, 0.3]),
            ([0.0, 6.0, 11.0, 20.0], 3, 1.0, None),
            ([-8.0, 0.0, 8.0], 3, 1.0, None),
        ],
        3,
    ),
)
def test_labelled_points_add_up_to_one(centers, k, sigma, weights):
    atlas = explored(centers, k, sigma, weights)
    assert atlas.count_law == 1
    land = lab.Landscape(lab.Population(gs.Mixture.location(centers, sigma, weights)), k)
    for point in atlas.saddles:
        assert np.abs(land.gradient(point.means)).max() < 1e-10
        negative = np.count_nonzero(np.linalg.eigvalsh(land.hessian(point.means)) < -1e-10 / sigma**2)
        assert negative == point.index > 0
        labelled = {tuple(order) for order in map(tuple, permutations(point.means[:, 0].round(6)))}
        assert len(labelled) == point.orbit_size


def test_a_missing_saddle_rings_the_alarm(census: lab.Atlas):
    content = census.to_dict()
    lost = [point for point in content["saddles"] if point["orbit_size"] != 6]
    content |= {"saddles": lost, "edges": []}
    incomplete = lab.Atlas.from_dict(content)
    assert incomplete.count_law == 7
    assert "odd index" in incomplete.alarm
    assert "6 labelled points" in incomplete.alarm


@pytest.mark.slow
def test_mirror_images_are_marked():
    atlas = explored([-12.0, 0.0, 12.0], 2)
    pairs = atlas.mirror_images["minima"]
    assert pairs[0] == 1
    assert pairs[1] == 0
    assert atlas.minima[0].kl == pytest.approx(atlas.minima[1].kl, abs=1e-12)
    lopsided = explored([-12.0, 0.0, 14.0], 2)
    assert set(lopsided.mirror_images["minima"]) == {None}


def test_a_file_gives_it_back(census: lab.Atlas, tmp_path: Path):
    census.to_json(tmp_path / "atlas.json")
    back = lab.Atlas.from_json(tmp_path / "atlas.json")
    assert back.to_dict() == census.to_dict()
    assert back.union(census).edges == census.edges
    assert len(back.union(census).saddles) == len(census.saddles)
    content = json.loads((tmp_path / "atlas.json").read_text(encoding="utf-8"))
    for key in ("saddles", "edges", "rounds", "count_law", "alarm", "mirror_images", "sha256"):
        del content[key]  # as versions before saddles wrote them
    content["format_version"] = 1
    (tmp_path / "old.json").write_text(json.dumps(content), encoding="utf-8")
    old = lab.Atlas.from_json(tmp_path / "old.json")
    assert old.saddles == ()
    assert old.alarm is None
    assert len(old.minima) == 2


@pytest.mark.slow
def test_processes_do_not_change_it(census: lab.Atlas):
    assert explored([-3.0, 3.0, 12.0], 3, n_jobs=2).to_dict() == census.to_dict()


@pytest.mark.slow
def test_every_point_is_seen_and_none_is_lost(census: lab.Atlas):
    seen: list[lab.CriticalPoint] = []

    def stop_after_four(event) -> bool:
        seen.extend([event.detail["found"]] if event.detail["found"] is not None else [])
        return len(seen) == 4

    part = explored([-3.0, 3.0, 12.0], 3, callback=stop_after_four)
    assert part.stop_reason == "interrupted"
    assert len(part.minima) + len(part.saddles) == 4
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
    whole = land.explore(n_starts=16, saddles=True, resume=part)
    assert len(whole.saddles) == len(census.saddles)
    assert whole.count_law == 1


SCRIPT = """
import sys, time
import gmmscape as gs
from gmmscape import lab
land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
land.explore(0, n_starts=16, saddles=True, checkpoint=sys.argv[1], callback=lambda event: time.sleep(0.05))
"""


@pytest.mark.slow
def test_a_kill_loses_nothing_that_was_written(census: lab.Atlas, tmp_path: Path):
    file = tmp_path / "checkpoint.json"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(file)])
    try:
        for _ in range(600):
            time.sleep(0.05)
            if (
                file.exists()
                and sum(name.startswith("round") for name in json.loads(file.read_text())["done"]) >= 4
            ):
                break
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.wait()
    known = set(json.loads(file.read_text())["done"])
    assert known
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
    whole = land.explore(n_starts=16, saddles=True, checkpoint=file)
    assert whole.to_dict() == census.to_dict()
    assert set(json.loads(file.read_text())["done"]) > known


@pytest.mark.slow
def test_samples_have_saddles_too(rng: np.random.Generator):
    X = np.concatenate([rng.normal(c, 1.0, 60) for c in (0.0, 6.0, 13.0)])
    reference = gs.Mixture.location([0.0, 6.0, 13.0], 1.0)
    land = lab.Landscape(lab.Sample(X[:, None]), 3, sigma=1.0, reference=reference)
    atlas = land.explore(0, n_starts=16, saddles=True)
    assert atlas.count_law == 1
    assert atlas.minima[0].decoding is not None
    assert len(atlas.saddles) >= 2
    with pytest.raises(gs.InvalidParameterError, match="reference"):
        lab.Landscape(lab.Population(reference), 2, reference=reference)


def test_heights_of_passes():
    minima, saddles = [0.0, 1.0, 2.0], [5.0, 3.0, 2.5]
    edges = [Edge(0, (0, 1)), Edge(1, (1, 2)), Edge(2, (2, 2))]
    assert escape_height(2, minima, saddles, edges) == 1.0
    assert escape_height(1, minima, saddles, edges) == 4.0
    assert escape_height(0, minima, saddles, edges) == float("inf")
    assert relabelling_height(2, minima, saddles, edges) == 0.5
    assert relabelling_height(0, minima, saddles, edges) == float("inf")


def test_two_labellings_may_be_joined_by_way_of_another_minimum():
    minima, saddles = [0.0, 1.0], [2.0, 3.0, 4.0]
    there, turned, swapped = (0, 1, 2), (1, 2, 0), (0, 2, 1)
    assert relabelling_height(0, minima, saddles, [Edge(0, (0, 1), there), Edge(1, (0, 1), there)]) == np.inf
    assert relabelling_height(0, minima, saddles, [Edge(0, (0, 1), there), Edge(1, (0, 1), turned)]) == 3.0
    # Where two means of the other minimum coincide, going there and back is enough.
    way = [Edge(2, (0, 1), turned)]
    assert relabelling_height(0, minima, saddles, way) == np.inf
    assert relabelling_height(0, minima, saddles, way, [[], [[0, 2]]]) == 4.0
    # Exchanging means that coincide is no other labelling.
    loops = [Edge(0, (0, 0), swapped), Edge(1, (0, 1), there), Edge(2, (0, 1), turned)]
    assert relabelling_height(0, minima, saddles, loops, [[[1, 2]], []]) == 4.0


def test_labelled_minima_are_joined_as_far_as_all_saddles_tell(census: lab.Atlas):
    """The pass between labellings, against a search among all labelled minima one by one."""
    states = [(place, order) for place in range(2) for order in permutations(range(3))]
    joined = []
    for edge in census.edges:
        assert edge.relabelling is not None
        for order in permutations(range(3)):
            # The labels of both ends: mean j of one becomes mean relabelling[j] of the other.
            there = [0, 0, 0]
            for j, label in enumerate(order):
                there[edge.relabelling[j]] = label
            ends = (edge.minima[0], order), (edge.minima[1], tuple(there))
            joined.append((census.saddles[edge.saddle].kl, *ends))
    for place in range(2):
        home = (place, (0, 1, 2))
        reached = {home}
        for height, *_ in sorted(joined):
            low = [(a, b) for level, a, b in joined if level <= height]
            for _ in states:
                reached |= {b for a, b in low if a in reached} | {a for a, b in low if b in reached}
            if any(state[0] == place and state != home for state in reached):
                break
        assert census.relabelling_barrier(place) == height - census.minima[place].kl


def test_joined_atlases_keep_their_relabellings(census: lab.Atlas):
    content = census.to_dict()
    for point in content["minima"]:
        point["means"] = point["means"][::-1]
    turned = [i["relabelling"] for i in content["edges"]]
    for edge, order in zip(content["edges"], turned, strict=True):
        edge["relabelling"] = [2 - order[2 - j] for j in range(3)]
    reversed_atlas = lab.Atlas.from_dict(content)
    assert reversed_atlas.union(census).edges != census.edges
    assert census.union(reversed_atlas).edges == census.edges
    only_edges = lab.Atlas.from_dict(census.to_dict() | {"edges": []})
    assert only_edges.union(reversed_atlas).edges == census.edges
