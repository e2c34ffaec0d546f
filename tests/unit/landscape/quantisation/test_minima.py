"""Minima of k-means: descents, atlases against thousands of starts of Lloyd's method, the limit, rows."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError
from gmmscape.matching import match_means
from gmmscape.results import read

THREE = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
POPULATION = lab.Population(THREE)


@pytest.fixture(scope="module")
def atlas() -> lab.KMeansAtlas:
    return lab.KMeansLandscape(POPULATION, 3).explore(0)


def lloyd_ends(starts: np.ndarray, moments: Any, steps: int) -> np.ndarray:
    """Where Lloyd's method leads from many starts on a line at once, (n, k), sorted.

    `moments` gives the mass and the first moment of the measure up to some places.
    """
    means = np.sort(starts, axis=1)
    for _ in range(steps):
        walls = 0.5 * (means[:, 1:] + means[:, :-1])
        inner = np.stack(moments(walls), axis=-1)
        n = len(means)
        whole = np.stack(moments(np.array([-1e3, 1e3])), axis=-1)
        low, high = np.tile(whole[:1], (n, 1, 1)), np.tile(whole[1:], (n, 1, 1))
        sums = np.diff(np.concatenate([low, inner, high], axis=1), axis=1)
        moved = sums[..., 1] / sums[..., 0]
        if np.abs(moved - means).max() < 1e-12:
            break
        means = moved
    return means


def of_three(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mass and first moment of three unit Gaussians up to x, from the error function."""
    from scipy.special import erf

    centers = THREE.means[:, 0]
    z = np.asarray(x)[..., None] - centers
    mass = 0.5 * (1.0 + erf(z / np.sqrt(2.0)))
    first = centers * mass - np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    return mass.mean(axis=-1), first.mean(axis=-1)


def of_uniform(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inside = np.clip(x, 0.0, 1.0)
    return inside, 0.5 * inside**2


def uniform() -> lab.Sample:
    return lab.density_nodes(lambda x: np.ones_like(x), [0.0, 1.0], n_panels=4)


@pytest.mark.slow
def test_no_minimum_is_missed_that_2000_starts_end_in(atlas: lab.KMeansAtlas):
    starts = THREE.sample(6000, rng=5)[0].reshape(2000, 3)
    ends = lloyd_ends(starts, of_three, 5000)
    known = np.array([np.sort(point.means.ravel()) for point in atlas.minima])
    distance = np.abs(ends[:, None] - known).max(axis=2)
    assert distance.min(axis=1).max() < 1e-9
    shares = np.bincount(distance.argmin(axis=1), minlength=2) / 2000
    # Each of the two is met, and as often as the atlas says: 51 and 13 of its 64 starts.
    hits = np.array([point.hits for point in atlas.minima])
    assert hits.sum() == 64
    assert np.all(np.abs(hits / 64 - shares) < 4.0 * np.sqrt(shares * (1 - shares) / 64))
    assert shares.min() > 0.1


@pytest.mark.parametrize("k", [2, 3, 5])
def test_a_uniform_density_has_one_minimum(k: int):
    rng = np.random.default_rng(2)
    ends = lloyd_ends(rng.uniform(size=(2000, k)), of_uniform, 3000)
    found = lab.KMeansLandscape(uniform(), k).explore(0, n_starts=16)
    places = (np.arange(k) + 0.5) / k
    assert len(found.minima) == 1
    assert found.minima[0].means.ravel() == pytest.approx(places, abs=1e-12)
    assert found.minima[0].distortion == pytest.approx(1.0 / (12 * k * k), rel=1e-12)
    assert np.abs(ends - places).max() < 1e-6
    assert found.minima[0].hits == 16


def test_a_uniform_square_has_its_images_as_minima():
    square = lab.density_nodes(lambda at: np.ones(len(at)), [[0.0, 1.0], [0.0, 1.0]], n_panels=4, order=4)
    two = lab.KMeansLandscape(square, 2).explore(0, n_starts=8)
    assert len(two.minima) == 2
    sides = sorted(point.means[:, 0].round(9).tolist() for point in two.minima)
    assert sides == [[0.25, 0.75], [0.5, 0.5]]
    # Half squares: the variance 1/12 + 1/48. Turning the wall by a small angle t, t/4 for both means, moves
    # the centroids by t/6: Lloyd's rate is 2/3.
    assert [point.distortion for point in two.minima] == pytest.approx([5 / 48] * 2, rel=1e-12)
    assert [point.lloyd_rate for point in two.minima] == pytest.approx([2 / 3] * 2, rel=1e-9)


def test_minima_of_the_location_family_tend_to_them(atlas: lab.KMeansAtlas):
    for point in atlas.minima:
        away = []
        for sigma in (0.4, 0.2, 0.1):
            near = lab.Landscape(POPULATION, 3, sigma=sigma).descend(point.means)
            assert near.is_minimum
            away.append(match_means(near.means, point.means)[1])
        # As the fourth power of sigma: a wall that is soft over a width w moves masses by w^2.
        assert away[0] / away[1] == pytest.approx(16.0, rel=0.15)
        assert away[1] / away[2] == pytest.approx(16.0, rel=0.15)
        assert away[2] < 1e-4


def test_the_bad_minimum_is_read_as_one_fits_many(atlas: lab.KMeansAtlas):
    best, bad = atlas.minima
    assert best.decoding is not None
    assert bad.decoding is not None
    assert str(bad.decoding.structure) == "0>0,1  1,2>2"
    assert best.decoding.identified == (0, 1, 2)
    # Two means on one center are the two principal points of a Gaussian, sqrt(2/pi) on each side of it.
    far = gs.Mixture.location([0.0, 60.0], 1.0)
    pair = lab.KMeansLandscape(lab.Population(far), 3).descend([0.0, 59.0, 61.0])
    assert pair.means.ravel() == pytest.approx(60 + np.array([-60, -1, 1]) * [1, *[np.sqrt(2 / np.pi)] * 2])
    assert pair.decoding is not None
    assert pair.decoding.errors == pytest.approx([0.0, *[np.sqrt(2 / np.pi)] * 2], abs=1e-9)
    # Its association is that of hard cells: half of the draws each.
    assert pair.decoding.association[1:, 1] == pytest.approx([0.5, 0.5], abs=1e-12)


def test_lloyds_rate_is_one_minus_the_smallest_curvature(atlas: lab.KMeansAtlas):
    land, h = lab.KMeansLandscape(POPULATION, 3), 1e-5
    for point in atlas.minima:
        ways = h * np.eye(3)[..., None]
        columns = [land.lloyd(point.means + way) - land.lloyd(point.means - way) for way in ways]
        slopes = np.linalg.eigvals(np.array(columns)[..., 0].T / (2 * h))
        assert point.lloyd_rate == pytest.approx(np.abs(slopes).max(), abs=1e-8)
        assert point.eigenvalues == pytest.approx(np.sort(1.0 - slopes.real), abs=1e-8)
        by_lloyd = land.descend(point.means + 0.01, "lloyd")
        assert match_means(by_lloyd.means, point.means)[1] < 1e-9


def test_newtons_method_leaves_a_saddle():
    land = lab.KMeansLandscape(lab.Population(gs.Mixture.location([-6.0, 0.0, 6.0], 1.0)), 2)
    # By symmetry Lloyd's method stays where the middle cluster is cut in two.
    cut = land.descend([-4.0, 4.0], "lloyd")
    assert (cut.converged, cut.index, cut.is_minimum) == (True, 1, False)
    left = land.descend(cut.means)
    assert left.is_minimum
    assert left.distortion < cut.distortion - 0.05


@pytest.mark.slow
def test_in_a_plane_starts_end_in_what_the_atlas_lists():
    truth = gs.Mixture.location([[0.0, 0.0], [4.0, 0.0], [12.0, 1.0]], 1.0)
    land = lab.KMeansLandscape(lab.Population(truth), 3)
    found = land.explore(0, n_starts=24)
    structures = {str(p.decoding.structure) for p in found.minima if p.decoding is not None}
    assert len(found.minima) >= 2
    assert "0>0  1>1  2>2" in structures
    rows = truth.sample(20_000, rng=0)[0]
    for seed in range(12):
        model = KMeans(3, init="random", n_init=1, random_state=seed, tol=0.0, max_iter=2000).fit(rows)
        end = land.descend(model.cluster_centers_)
        assert match_means(end.means, found.nearest(end.means).means)[1] < 1e-8


def test_a_ring_of_minima_counts_once():
    round_truth = lab.Population(gs.Mixture.location([[0.0, 0.0]], 1.0))
    found = lab.KMeansLandscape(round_truth, 2).explore(0, n_starts=8)
    assert len(found.minima) == 1
    assert found.minima[0].flat
    assert found.minima[0].hits == 8
    assert np.linalg.norm(found.minima[0].means, axis=1) == pytest.approx(np.sqrt(2 / np.pi), abs=1e-9)


def test_a_pair_that_hardly_anything_turns_is_descended_to():
    # Two means on the far cluster: turning them changes the distortion by 1e-8 of it.
    truth = gs.Mixture.location([[0.0, 0.0], [5.0, 1.0], [2.0, 9.0], [20.0, 4.0]], 1.0)
    land = lab.KMeansLandscape(lab.Population(truth), 4)
    far, away = np.array([20.0, 4.0]), 0.8 * np.array([np.cos(2.0), np.sin(2.0)])
    point = land.descend([[2.5, 0.5], [2.0, 9.0], far + away, far - away])
    assert point.is_minimum
    assert point.flat
    assert point.n_iter < 60
    assert 0.0 < point.eigenvalues[0] < 1e-7
    turned = land.descend([[2.5, 0.5], [2.0, 9.0], [20.8, 4.0], [19.2, 4.0]])
    assert turned.distortion == pytest.approx(point.distortion, rel=1e-9)


def test_means_of_rows_in_space_are_read_by_points_with_an_error():
    centers = 6.0 * np.vstack([np.zeros(3), np.eye(3)])
    truth = gs.Mixture.location(centers, 1.0)
    rows = truth.sample(2000, rng=0)[0]
    point = lab.KMeansLandscape(lab.Sample(rows), 4, reference=truth).descend(centers)
    assert point.decoding is not None
    assert point.decoding.identified == (0, 1, 2, 3)
    draws = truth.means[1] + np.random.default_rng(1).normal(size=(200_000, 3))
    nearest = ((draws[:, None] - point.means) ** 2).sum(axis=2).argmin(axis=1)
    shares = np.bincount(nearest, minlength=4) / len(draws)
    error = point.decoding.association_error
    assert error is not None
    assert 0.0 < error < 0.01
    assert np.abs(point.decoding.association[:, 1] - shares).max() < error


def test_rows_have_the_inertia_of_scikit_learn():
    rows = THREE.sample(300, rng=0)[0]
    land = lab.KMeansLandscape(lab.Sample(rows), 3, reference=THREE)
    for seed in range(4):
        model = KMeans(3, init="random", n_init=1, random_state=seed, tol=0.0).fit(rows)
        point = land.descend(model.cluster_centers_)
        assert 300 * land.distortion(model.cluster_centers_) == pytest.approx(model.inertia_, rel=1e-12)
        assert point.distortion <= model.inertia_ / 300 * (1 + 1e-12)
        assert point.means == pytest.approx(land.lloyd(point.means), abs=1e-12)
        assert point.eigenvalues == pytest.approx(np.ones(3))
        # A minimum: no small step goes down.
        steps = 1e-6 * np.random.default_rng(seed).normal(size=(50, 3, 1))
        assert all(land.distortion(point.means + step) > point.distortion for step in steps)
    found = land.explore(0, n_starts=40)
    assert found.minima[0].decoding is not None
    assert found.minima[0].decoding.is_structured
    assert found.unseen is not None


def test_two_means_on_a_line_of_rows_every_minimum_is_found():
    """Of two means each minimum is a cut between neighbours: those that stand are listed."""
    rows = np.sort(np.random.default_rng(4).normal(size=40) ** 3)
    stand = []
    for cut in range(1, 40):
        left, right = rows[:cut].mean(), rows[cut:].mean()
        if rows[cut - 1] < 0.5 * (left + right) < rows[cut]:
            stand.append((left, right))
    land = lab.KMeansLandscape(lab.Sample(rows[:, None]), 2)
    found = land.explore(0, n_starts=400)
    listed = sorted(tuple(point.means.ravel()) for point in found.minima)
    assert len(stand) > 1
    np.testing.assert_allclose(listed, sorted(stand), atol=1e-12)


def test_a_row_half_way_is_handed_over():
    # With -1 and 1 in one cell and 2 in the other the row at 1 is half way between their means 0 and 2:
    # Lloyd's method stands still at (0, 2), and the distortion falls once the row at 1 changes sides.
    land = lab.KMeansLandscape(lab.Sample([[-1.0], [1.0], [2.0]], [1.0, 1.0, 4.0]), 2)
    assert land.lloyd([0.0, 2.0]).ravel().tolist() == [0.0, 2.0]
    point = land.descend([0.0, 2.0])
    assert point.means.ravel() == pytest.approx([-1.0, 1.8])
    assert point.distortion == pytest.approx(0.8 / 6)
    assert land.distortion([0.0, 2.0]) == pytest.approx(2.0 / 6)


@pytest.mark.slow
def test_an_atlas_can_be_kept_and_resumed(tmp_path: Any, atlas: lab.KMeansAtlas):
    land = lab.Landscape(POPULATION, 3, sigma=0)
    assert isinstance(land, lab.KMeansLandscape)
    half = land.explore(0, n_starts=20)
    half.to_json(tmp_path / "atlas.json")
    kept = read(tmp_path / "atlas.json")
    assert kept == half
    assert land.explore(resume=kept) == atlas
    assert pickle.loads(pickle.dumps(land)).explore(0, n_starts=20) == half
    with pytest.raises(InvalidParameterError, match="another landscape"):
        lab.KMeansLandscape(POPULATION, 2).explore(resume=half)


def test_what_ends_early():
    land = lab.KMeansLandscape(POPULATION, 3)
    events: list[Any] = []
    stopped = land.explore(0, callback=lambda event: events.append(event) or len(events) == 6)
    assert (stopped.stop_reason, len(stopped.candidates), stopped.starts) == ("interrupted", 4, 2)
    assert {event.stage for event in events} == {"candidates", "starts"}
    timed = land.explore(0, max_seconds=0.0)
    assert timed.stop_reason == "time_limit"
    assert land.descend([0.0, 11.0, 13.0], max_seconds=0.0).stop_reason == "time_limit"
    short = land.descend([0.0, 11.0, 13.0], max_iter=1)
    assert short.stop_reason == "max_iter"
    assert str(short).startswith("stopped (max_iter) at: distortion")
    assert land.descend([0.0, 11.0, 13.0], callback=lambda event: True).stop_reason == "interrupted"
    rows = lab.KMeansLandscape(lab.Sample([[0.0], [1.0], [5.0], [9.0]]), 2)
    assert rows.descend([0.0, 1.0], max_iter=1).stop_reason == "max_iter"
    assert rows.descend([0.0, 1.0], callback=lambda event: True).stop_reason == "interrupted"

    def interrupt(event: Any) -> None:
        raise KeyboardInterrupt

    assert land.explore(0, callback=interrupt).stop_reason == "interrupted"


def test_texts_of_what_was_left_undone():
    land = lab.KMeansLandscape(POPULATION, 3)
    assert repr(land) == f"KMeansLandscape({POPULATION!r}, n_components=3)"
    none = land.explore(0, n_starts=0, candidates=False)
    assert str(none).splitlines()[1] == "next: explore with more starts"
    with pytest.raises(InvalidParameterError, match="holds no minimum"):
        none.nearest([0.0, 1.0, 2.0])
    one = replace(none, minima=(land.descend(THREE.means),), starts=3, untried=2, ends={"plateau": 3})
    lines = str(one).splitlines()
    assert lines[1] == "next: more starts"
    assert "2 more candidate structures were not tried" in lines
    assert lines[-2] == "3 random starts: 3 plateau"
    assert lines[-1].startswith("  plateau: ")
    alone = replace(one.minima[0], hits=3)
    again = replace(one, minima=(alone,), ends={"minimum": 3})
    assert str(again).splitlines()[1] == "next: all minima that starts ended in were met again"
    assert "max_seconds" in str(replace(again, stop_reason="time_limit")).splitlines()[1]


def test_the_nearest_minimum_is_found_whatever_the_order(atlas: lab.KMeansAtlas):
    for point in atlas.minima:
        assert atlas.nearest(point.means[::-1] + 0.1) is point
    with pytest.raises(InvalidParameterError, match="means has 2 rows where the atlas has k=3"):
        atlas.nearest([0.0, 1.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"candidates": 1}, "candidates=1: pass True or False"),
        ({"resume": 3}, "resume=3: pass a KMeansAtlas"),
        ({"resume": "other"}, "another landscape"),
    ],
    ids=["candidates", "no atlas", "another atlas"],
)
def test_explorations_that_cannot_be_done_are_refused(options: dict[str, Any], message: str):
    if options == {"resume": "other"}:
        options = {"resume": lab.KMeansLandscape(POPULATION, 2).explore(0, n_starts=0, candidates=False)}
    with pytest.raises(InvalidParameterError, match=message):
        lab.KMeansLandscape(POPULATION, 3).explore(**options)


@pytest.mark.parametrize(
    ("measure", "average"),
    [(POPULATION, 4.0), (lab.Sample([[-4.0], [4.0], [6.0]]), 2.0)],
    ids=["truth", "rows"],
)
def test_one_mean_is_the_average(measure: Any, average: float):
    point = lab.KMeansLandscape(measure, 1).descend([0.3])
    assert point.is_minimum
    assert point.means[0, 0] == pytest.approx(average)
    assert point.masses == pytest.approx([1.0])


def test_the_table_and_the_picture(atlas: lab.KMeansAtlas):
    text = str(atlas)
    assert text.startswith("2 minima of k-means up to relabelling; k=3\n")
    assert "one more random start ends in a minimum that is not known" in text
    drawn = atlas.plot()
    assert len(drawn.titles_) == 2
    assert drawn.titles_[1].get_text().startswith("distortion 6.776   hits 13 of 64")
    assert "nats" not in drawn.titles_[1].get_text()
    alone = atlas.minima[1].plot(truth=THREE)
    assert [title.get_text()[:16] for title in alone.titles_] == ["distortion 6.776"]


@pytest.mark.parametrize("k", [2, 4])
def test_a_minimum_without_curvature_at_a_point_is_listed_once(k):
    laplace = lab.density_nodes(lambda x: np.exp(-np.abs(x)), [-40.0, 0.0, 40.0])
    atlas = lab.KMeansLandscape(laplace, k).explore(0, n_starts=32)
    assert len(atlas.minima) == 1
    assert atlas.minima[0].hits == 32
    np.testing.assert_allclose(atlas.minima[0].means, -atlas.minima[0].means[::-1], atol=1e-3)


def test_starts_from_rows_that_are_repeated_have_different_means():
    X = np.repeat([[0.0], [1.0], [5.0], [9.0]], [500, 3, 3, 3], 0)
    atlas = lab.KMeansLandscape(lab.Sample(X), 3).explore(0, n_starts=30)
    best = atlas.minima[0]
    np.testing.assert_allclose(best.means[:, 0], [3 / 503, 5.0, 9.0])
    assert best.hits > 5


def test_an_atlas_without_a_reference_is_not_gone_on_with_under_one():
    sample = lab.Sample(np.random.default_rng(0).normal(size=(50, 1)))
    atlas = lab.KMeansLandscape(sample, 2).explore(0, n_starts=4)
    reference = gs.Mixture.location([-1.0, 1.0], 0.5)
    with pytest.raises(gs.InvalidParameterError, match="reference"):
        lab.KMeansLandscape(sample, 2, reference=reference).explore(resume=atlas, n_starts=8)


@pytest.mark.parametrize(
    ("density", "breaks", "message"),
    [
        (np.ones_like, [0.0], "pass ascending numbers, of one axis or of two"),
        (np.ones_like, [1.0, 0.0], "pass ascending numbers"),
        (np.ones_like, [[0.0, 1.0]] * 3, "of one axis or of two"),
        (lambda x: -np.ones_like(x), [0.0, 1.0], "one finite value from 0 on for each point"),
        (lambda x: 1.0, [0.0, 1.0], "one finite value from 0 on for each point"),
        (np.zeros_like, [0.0, 1.0], "its values are all zero"),
    ],
)
def test_what_is_no_density_is_refused(density, breaks, message):
    with pytest.raises(gs.InvalidParameterError, match=message):
        lab.density_nodes(density, breaks)
