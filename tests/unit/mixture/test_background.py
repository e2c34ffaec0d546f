"""A uniform background: regions, densities, draws, files."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.spatial import Delaunay

import gmmscape as gs
from gmmscape.exceptions import DataError, FormatError, InvalidParameterError, NotAvailableError
from gmmscape.mixture.background import Background, background_of, checked_background

ROWS = np.random.default_rng(0).normal(size=(60, 2)) * [1.0, 50.0] + [3.0, 1e3]


def before(region: str = "box", weight: float = 0.25) -> gs.Mixture:
    background = background_of(region, ROWS).of_weight(weight)
    return gs.Mixture([0.5, 0.25], [[3, 1000], [2, 950]], [np.diag([1.0, 400.0])] * 2, background=background)


def test_box_is_that_of_the_rows():
    box = background_of("box", ROWS)
    assert box.volume == pytest.approx(np.prod(np.ptp(ROWS, axis=0)))
    assert box.contains(ROWS).all()
    whole = box.filled(ROWS, None)  # of what lacks nothing a copy
    assert np.array_equal(whole, ROWS)
    assert whole is not ROWS
    assert not box.contains(ROWS.max(axis=0, keepdims=True) + 1e-6).any()


def test_hull_agrees_with_a_triangulation():
    hull, inside = background_of("hull", ROWS), Delaunay(ROWS)
    points = np.random.default_rng(1).uniform(ROWS.min(axis=0), ROWS.max(axis=0), (500, 2))
    expected = inside.find_simplex(points) >= 0
    assert 50 < expected.sum() < 450
    assert np.array_equal(hull.contains(points), expected)
    corners = ROWS[inside.simplices]
    edges = corners[:, 1:] - corners[:, :1]
    assert hull.volume == pytest.approx(np.abs(np.linalg.det(edges)).sum() / 2)
    assert hull.contains(ROWS).all()


def test_hull_moves_with_its_rows():
    hull = background_of("hull", ROWS).moved(np.array([-3.0, 1e4]))
    points = np.random.default_rng(2).uniform(ROWS.min(axis=0), ROWS.max(axis=0), (200, 2))
    assert np.array_equal(
        hull.contains(points + np.array([-3.0, 1e4])), background_of("hull", ROWS).contains(points)
    )


@pytest.mark.parametrize("far", [1e6, 1e9, -1e12])
def test_a_hull_far_from_zero_has_all_its_rows(far: float):
    """Where the data lie does not matter: distances to faces count from the hull's own corner."""
    moved = np.random.default_rng(3).standard_normal((60, 2)) * [1.0, 5.0] + far
    hull, near = background_of("hull", moved), background_of("hull", moved - far)
    assert hull.contains(moved).all()
    assert hull.volume == pytest.approx(near.volume, rel=1e-9)
    points = moved[:30] + 0.7 * (moved[30:] - moved[:30].mean(axis=0))
    expected = near.contains(points - far)
    assert 5 < expected.sum() < 30
    assert np.array_equal(hull.contains(points), expected)


def test_on_a_line_hull_and_box_are_one():
    line = ROWS[:, :1]
    assert background_of("hull", line).volume == pytest.approx(background_of("box", line).volume)


@pytest.mark.parametrize("region", ["box", "hull"])
def test_density_is_uniform_inside_and_absent_outside(region: str):
    mixture = before(region)
    alone = mixture.beside(None)
    inside, outside = ROWS[:5], ROWS.max(axis=0, keepdims=True) + 1.0
    volume = mixture.background.volume
    expected = np.log(0.75 * np.exp(alone.log_density(inside)) + 0.25 / volume)
    assert mixture.log_density(inside) == pytest.approx(expected)
    assert mixture.log_density(outside) == pytest.approx(np.log(0.75) + alone.log_density(outside))


def test_densities_integrate_to_one():
    mixture = before()
    ends = zip(ROWS.min(axis=0), ROWS.max(axis=0), (1.0, 20.0), strict=True)
    xs = [np.linspace(a - 8 * s, b + 8 * s, 1501) for a, b, s in ends]
    grid = np.stack(np.meshgrid(*xs, indexing="ij"), axis=-1).reshape(-1, 2)
    step = np.prod([x[1] - x[0] for x in xs])
    assert np.exp(mixture.log_density(grid)).sum() * step == pytest.approx(1.0, abs=3e-3)


def test_background_is_the_last_column_of_responsibilities():
    mixture = before()
    shares = mixture.responsibilities(ROWS)
    assert shares.shape == (60, 3)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    density = np.exp(mixture.log_density(ROWS))
    assert shares[:, -1] == pytest.approx(0.25 / mixture.background.volume / density)
    far = mixture.responsibilities(ROWS.max(axis=0, keepdims=True) + 1e3)
    assert far[0, -1] == 0.0
    assert far.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("region", ["box", "hull"])
def test_draws_are_of_components_and_background(region: str):
    mixture = before(region)
    X, labels = mixture.sample(4000, 0)
    assert set(labels.tolist()) == {-1, 0, 1}
    noise = X[labels == -1]
    # Binomial: four standard deviations.
    assert len(noise) == pytest.approx(1000, abs=4 * np.sqrt(4000 * 0.25 * 0.75))
    assert mixture.background.contains(noise).all()
    if region == "box":
        middle = (ROWS.min(axis=0) + ROWS.max(axis=0)) / 2
        assert (noise < middle).mean(axis=0) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(noise)))


def test_nothing_is_drawn_from_a_volume():
    mixture = gs.Mixture([0.5], [[0.0]], [1.0], "spherical", background=Background("volume", 10.0, 0.5))
    with pytest.raises(InvalidParameterError, match='fit with "box" or "hull"'):
        mixture.sample(100, 0)
    assert mixture.log_density([[1e6]]) == pytest.approx(np.log(0.05))


@pytest.mark.parametrize("region", ["box", "hull"])
def test_files_and_copies_hold_it(region: str, tmp_path):
    mixture = before(region)
    mixture.to_json(tmp_path / "mixture.json")
    for copy in (gs.Mixture.from_json(tmp_path / "mixture.json"), pickle.loads(pickle.dumps(mixture))):
        assert copy == mixture
        assert np.array_equal(copy.log_density(ROWS), mixture.log_density(ROWS))
    assert mixture != mixture.beside(None)
    assert "background 0.2500" in str(mixture)


def test_shifting_and_shifting_back_keeps_weights():
    mixture = before("hull")
    there = mixture.shifted([5.0, -7.0])
    assert there.log_density(ROWS + np.array([5.0, -7.0])) == pytest.approx(mixture.log_density(ROWS))
    assert np.array_equal(there.weights, mixture.weights)


def test_marginal_of_a_box_is_uniform():
    mixture = before()
    marginal = mixture.marginal([1])
    low, high = ROWS[:, 1].min(), ROWS[:, 1].max()
    assert marginal.background.volume == pytest.approx(high - low)
    with pytest.raises(NotAvailableError, match="beside"):
        before("hull").marginal([1])
    with pytest.raises(NotAvailableError, match="beside"):
        mixture.condition({0: 3.0})


def test_weights_leave_room_for_the_background():
    background = Background("volume", 1.0, 0.25)
    with pytest.raises(InvalidParameterError, match=r"sum is 0.75"):
        gs.Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0], "spherical", background=background)
    equal = gs.Mixture(None, [[0.0], [1.0]], [1.0, 1.0], "spherical", background=background)
    assert equal.weights.tolist() == [0.375, 0.375]


@pytest.mark.parametrize("value", ["hul", -1.0, 0.0, float("nan"), True, [1.0]])
def test_other_regions_are_refused(value):
    with pytest.raises(InvalidParameterError, match="background"):
        checked_background(value)


def test_regions_without_volume_are_refused():
    with pytest.raises(DataError, match="column 1 has one value"):
        background_of("box", np.column_stack([ROWS[:, 0], np.ones(60)]))
    with pytest.raises(DataError, match="span no volume"):
        background_of("hull", np.column_stack([ROWS[:, 0], 2.0 * ROWS[:, 0]]))
    with pytest.raises(DataError, match="too many faces"):
        background_of("hull", np.random.default_rng(0).normal(size=(40, 12)))


@pytest.mark.parametrize(
    "change", [{"weight": 2.0}, {"region": "ball"}, {"volume": 0.0}, {"lower": None}, {"weight": None}]
)
def test_damaged_files_are_refused(change):
    content = before().to_dict()
    content["background"] = {**content["background"], **change}
    with pytest.raises((FormatError, InvalidParameterError)):
        gs.Mixture.from_dict(content)
