"""Exploration: reproducible, resumable, stoppable, and the same for any number of processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.data import column

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.atlas.moves import moved_places
from gmmscape.solve.location import evaluate


@pytest.fixture(scope="module")
def land():
    return lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)


def test_same_seed_same_atlas(land):
    assert land.explore(3, n_starts=6).to_dict() == land.explore(3, n_starts=6).to_dict()
    assert land.explore(3, n_starts=6).ends == {"minimum": 6}


@pytest.mark.slow
def test_other_seeds_draw_other_starts(land):
    hits = {tuple(m.hits for m in land.explore(seed, n_starts=12).minima) for seed in range(6)}
    assert len(hits) > 1


def test_without_a_seed_the_one_drawn_is_kept(land):
    atlas = land.explore(None, n_starts=5, candidates=False)
    again = land.explore(atlas.seed, n_starts=5, candidates=False)
    assert again.to_dict() == atlas.to_dict()
    generator = np.random.default_rng(1)
    assert land.explore(generator, n_starts=1).seed != land.explore(generator, n_starts=1).seed


def test_processes_do_not_change_the_atlas(land):
    assert land.explore(3, n_starts=6, n_jobs=2).to_dict() == land.explore(3, n_starts=6).to_dict()


def test_stop_and_go_on(land, tmp_path):
    """Stopped by a callback, written, read and gone on with: the same as in one go."""
    whole = land.explore(3, n_starts=10)
    part = land.explore(3, n_starts=10, callback=lambda event: event.done == 7)
    assert part.stop_reason == "interrupted"
    assert part.starts == 3
    part.to_json(tmp_path / "part.json")
    seen = []
    rest = land.explore(n_starts=10, resume=lab.Atlas.from_json(tmp_path / "part.json"), callback=seen.append)
    assert rest.to_dict() == whole.to_dict()
    assert seen[-1].total == 7  # only what was left: 14 tasks less the 7 done


def test_stopped_within_the_candidates(land):
    part = land.explore(3, n_starts=4, callback=lambda event: event.done == 2)
    assert len(part.candidates) == 2
    assert part.starts == 0
    assert land.explore(n_starts=4, resume=part).to_dict() == land.explore(3, n_starts=4).to_dict()


def test_interrupt_returns_what_was_found(land):
    def interrupt(event):
        if event.done == 6:
            raise KeyboardInterrupt

    atlas = land.explore(3, n_starts=10, callback=interrupt)
    assert atlas.stop_reason == "interrupted"
    assert len(atlas.minima) == 2
    assert "stopped early: interrupted" in str(atlas)


def test_time_budget(land):
    atlas = land.explore(3, n_starts=500, max_seconds=0.0)
    assert atlas.stop_reason == "time_limit"
    assert len(atlas.candidates) == 1
    assert atlas.starts == 0


def test_a_budget_that_suffices_changes_nothing():
    land = lab.Landscape(lab.Sample(np.array([[-4.0], [-3.0], [3.0], [4.0], [9.0]])), 2, sigma=1.0)
    whole, timed = (land.explore(0, n_starts=3, max_seconds=seconds) for seconds in (None, 1e6))
    assert timed.stop_reason == "completed"
    assert timed.moves
    assert timed.to_dict() == whole.to_dict()


def test_callback_sees_each_new_minimum_once(land):
    events = []
    land.explore(3, n_starts=6, callback=events.append)
    assert [event.done for event in events] == list(range(1, 11))
    assert {event.total for event in events} == {10}
    found = [event.detail["found"] for event in events if event.detail["found"] is not None]
    assert sorted(round(point.kl, 6) for point in found) == [0.0, 2.769105]
    assert events[-1].detail["minima"] == 2


def test_random_starts_alone_find_the_minima_too(land):
    atlas = land.explore(0, n_starts=30, candidates=False)
    assert not atlas.candidates
    assert [round(minimum.kl, 6) for minimum in atlas.minima] == [0.0, 2.769105]


def test_resume_belongs_to_one_landscape(land):
    atlas = land.explore(0, n_starts=1)
    for other in (
        lab.Landscape(land.measure, 2),
        lab.Landscape(land.measure, 3, sigma=1.5),
        lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 13.0], 1.0)), 3),
    ):
        with pytest.raises(gs.InvalidParameterError, match="landscape"):
            other.explore(resume=atlas)
    with pytest.raises(gs.InvalidParameterError, match="resume"):
        land.explore(resume="atlas.json")


def test_resume_belongs_to_one_set_of_data(rng):
    X = rng.normal(size=(30, 1))
    atlas = lab.Landscape(lab.Sample(X), 2, sigma=1.0).explore(0, n_starts=2)
    again = lab.Landscape(lab.Sample(X.copy()), 2, sigma=1.0).explore(n_starts=4, resume=atlas)
    assert again.starts == 4
    for other in (lab.Sample(X + 1), lab.Sample(X, np.arange(1.0, 31.0))):
        with pytest.raises(gs.InvalidParameterError, match="data"):
            lab.Landscape(other, 2, sigma=1.0).explore(resume=atlas)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_starts", -1),
        ("n_starts", 1.5),
        ("n_jobs", 0),
        ("n_jobs", "all"),
        ("max_seconds", -1),
        ("rng", -3),
        ("saddles", 1),
    ],
)
def test_bad_options_are_named(land, name, value):
    with pytest.raises(gs.InvalidParameterError, match=name):
        land.explore(**{name: value})


def test_many_candidates_are_not_all_tried():
    """On a line only blocks of neighbours can be realised; the rest is counted."""
    land = lab.Landscape(lab.Population(gs.Mixture.location(np.arange(6) * 12.0, 1.0)), 6)
    atlas = land.explore(0, n_starts=0, callback=lambda event: event.done == 3)
    assert atlas.untried == len(lab.candidates(6, 6)) - 3
    assert "were not tried" in str(atlas)
    assert {candidate.outcome for candidate in atlas.candidates} == {"dissolved"}
    assert "3 candidate structures, 3 dissolved (their descents end in other structures)" in str(atlas)


def test_sample_minima_are_critical_and_distinct(rng):
    X = np.concatenate([rng.normal(size=(40, 2)) + c for c in ([0, 0], [6, 0], [0, 30])])
    land = lab.Landscape(lab.Sample(X), 3, sigma=1.0)
    atlas = land.explore(1, n_starts=20)
    assert len(atlas.minima) >= 2
    for minimum in atlas.minima:
        assert np.abs(land.gradient(minimum.means)).max() < 1e-12
        assert np.linalg.eigvalsh(land.hessian(minimum.means))[0] > 0
    assert sum(minimum.hits for minimum in atlas.minima) == atlas.ends["minimum"]


def test_what_was_not_tried_is_counted_however_the_search_ended(land):
    part = land.explore(0, n_starts=2, max_seconds=0.0)
    assert len(part.candidates) + part.untried == 4
    assert part.untried == 3
    assert land.explore(n_starts=2, resume=part, candidates=False).untried == 3
    assert land.explore(n_starts=2, resume=part).untried == 0


@pytest.mark.parametrize(("name", "value"), [("candidates", "no"), ("callback", 3)])
def test_options_of_the_wrong_type_are_named(land, name, value):
    with pytest.raises(gs.InvalidParameterError, match=name):
        land.explore(**{name: value})


def test_stopping_parallel_workers_warns_of_nothing(land):
    atlas = land.explore(0, n_starts=400, n_jobs=2, callback=lambda event: event.done == 9)
    assert atlas.stop_reason == "interrupted"
    assert atlas.starts == 5


@pytest.mark.parametrize(
    ("centers", "k", "n"), [([0.0, 0.2], 4, 1), ([0.0, 0.5], 4, 1), ([0.0, 10.0], 4, 3), ([0.0, 10.0], 6, 5)]
)
def test_slow_convergence_makes_no_duplicates(centers, k, n):
    """Several means on close or exactly fitted centers: minima of high order, where Newton creeps."""
    atlas = lab.Landscape(lab.Population(gs.Mixture.location(centers, 1.0)), k).explore(0, n_starts=24)
    assert len(atlas.minima) == n


def test_centers_thousands_of_sigma_apart():
    atlas = lab.Landscape(lab.Population(gs.Mixture.location([0.0, 1e4, 2e4], 1.0)), 2).explore(0, n_starts=8)
    assert atlas.ends == {"minimum": 8}
    assert [round(minimum.decoding.defect, 6) for minimum in atlas.minima] == [0.0, 0.0]


def test_a_component_of_weight_zero():
    truth = gs.Mixture.location([1.0, 9.0], 1.0, [1.0, 0.0])
    (minimum,) = lab.Landscape(lab.Population(truth), 1).explore(0, n_starts=2).minima
    assert minimum.means[0, 0] == pytest.approx(1.0)
    assert np.isfinite(lab.decode([0.0, 10.0], truth).errors).all()


@pytest.mark.parametrize("calls", [4, 60])
def test_interrupt_inside_a_descent_ends_the_search(land, monkeypatch, calls):
    """The solver's loop keeps its last point on Ctrl-C; the search must not go on with the next start."""
    seen = []

    def evaluate_then_interrupt(*arguments, **options):
        seen.append(None)
        if len(seen) == calls:
            raise KeyboardInterrupt
        return evaluate(*arguments, **options)

    monkeypatch.setattr("gmmscape.solve.newton.evaluate", evaluate_then_interrupt)
    atlas = land.explore(3, n_starts=30)
    assert atlas.stop_reason == "interrupted"
    assert len(seen) == calls


@pytest.mark.slow
def test_minima_with_coincident_means_are_found_to_rounding():
    (minimum,) = lab.Landscape(lab.Population(gs.Mixture.location([0.0, 0.2], 1.0)), 4).explore(0).minima
    assert np.abs(minimum.means[:, 0] - [0.0, 0.0, 0.2, 0.2]).max() < 1e-9
    assert minimum.hits == 64


@pytest.mark.slow
def test_slow_convergence_from_many_starts():
    atlas = lab.Landscape(lab.Population(gs.Mixture.location([0.0, 10.0], 1.0)), 6).explore(0)
    assert len(atlas.minima) == 5


@pytest.fixture(name="galaxies", scope="module")
def velocities_of_galaxies(data_dir: Path) -> lab.Landscape:  # skips without the data
    x = column("galaxies_mass", "dat") / 1000.0
    return lab.Landscape(lab.Sample(x[:, None]), 6, sigma=1.0)


def test_moves_find_what_thousands_of_starts_do_not(galaxies):
    plain, atlas = galaxies.explore(0, candidates=False), galaxies.explore(0)
    assert plain.moves == ()
    assert len(plain.minima) <= 4 < len(atlas.minima)
    # All ways of sharing six means between the two ends and the middle that stand still.
    ends = {tuple(np.sum(np.abs(m.means - x) < 1.0) for x in (9.71, 33.04)) for m in atlas.minima}
    assert ends >= {(1, 1), (2, 1), (1, 2), (3, 1), (2, 2), (1, 3), (4, 0)}
    x = column("galaxies_mass", "dat")[:, None] / 1000.0
    for point in atlas.minima:
        odds = np.exp(-0.5 * (x - point.means[:, 0]) ** 2)
        psi = odds / odds.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(psi.T @ x / psi.sum(axis=0)[:, None], point.means, atol=1e-7)
    assert {item.minimum for item in atlas.moves} == set(range(len(atlas.minima)))


def test_moves_are_resumed_and_do_not_depend_on_processes(galaxies, tmp_path):
    whole = galaxies.explore(1, n_starts=8)
    assert galaxies.explore(1, n_starts=8, n_jobs=2).to_dict() == whole.to_dict()
    path = tmp_path / "search.json"
    part = galaxies.explore(1, n_starts=8, checkpoint=path, callback=lambda e: e.stage == "moves")
    assert part.stop_reason == "interrupted"
    assert galaxies.explore(1, n_starts=8, checkpoint=path).to_dict() == whole.to_dict()
    whole.to_json(tmp_path / "atlas.json")
    again = lab.Atlas.from_json(tmp_path / "atlas.json")
    assert again.moves == whole.moves != ()
    assert galaxies.explore(n_starts=8, resume=again).moves == whole.moves


def test_moves_keep_their_places(galaxies):
    one, other = galaxies.explore(0, n_starts=4), galaxies.explore(1, n_starts=30)
    both = one.union(other)
    assert {item.minimum for item in both.moves} <= set(range(len(both.minima)))
    names = [tuple(np.round(point.means[:, 0], 3)) for point in both.minima]
    for part in (one, other):
        own = [tuple(np.round(point.means[:, 0], 3)) for point in part.minima]
        for item in part.moves:
            there = next(one for one in both.moves if names[one.minimum] == own[item.minimum])
            assert {own[i] for i in item.leads_to} <= {names[i] for i in there.leads_to}


def test_truths_with_candidates_need_no_moves(land):
    assert land.explore(0, n_starts=2).moves == ()


def test_a_move_halves_the_weight_of_the_mean_that_it_splits():
    truth = gs.Mixture.location([-6.0, 0.0, 9.0], 1.0, [0.5, 0.2, 0.3])
    land = lab.Landscape(lab.Population(truth), 3, weights="free")
    (point,) = [one for one in land.explore(0, n_starts=2).minima if one.kl < 1e-9]
    for places in moved_places(land._descent, point):
        weights = np.exp(places[:, 1])
        pairs = [
            (i, j)
            for i in range(3)
            for j in range(i)
            if places[i, 0] - places[j, 0] == pytest.approx(np.sign(places[i, 0] - places[j, 0]))
        ]
        assert len(pairs) == 1
        i, j = pairs[0]
        home = np.argmin(np.abs(point.means[:, 0] - places[[i, j], 0].mean()))
        assert weights[i] == weights[j] == pytest.approx(np.exp(point.places[home, 1]) / 2)
