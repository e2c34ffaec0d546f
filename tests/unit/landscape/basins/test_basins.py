"""basins: shares that add up, one's own starts, and the same numbers however the work is done."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.basins.assignment import distinct, shared
from gmmscape.landscape.basins.starts import Starts, own_starts

STARTS = 1200


@pytest.fixture(scope="module")
def land():
    return lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)


@pytest.fixture(scope="module")
def found(land):
    return lab.basins(land, start="truth", n_starts=STARTS, rng=5)


def test_hits_and_what_ended_elsewhere_add_up(found):
    assert found.hits.sum() + sum(found.unresolved.values()) == STARTS == len(found.labels)
    assert np.array_equal(np.bincount(found.labels[found.labels >= 0]), found.hits)
    assert np.all(found.intervals[:, 0] < found.shares)
    assert np.all(found.shares < found.intervals[:, 1])


def test_labels_are_where_each_start_leads(land, tmp_path):
    starts = np.array([[[-3.0], [11.0], [13.0]], [[0.0], [0.5], [12.0]], [[-4.0], [3.0], [10.0]]])
    found = lab.basins(land, start=starts)
    for start, label in zip(starts, found.labels, strict=True):
        assert land.descend(start, method="em").nll == pytest.approx(found.minima[label].nll, abs=1e-9)
    file = tmp_path / "ends.json"
    for _ in range(2):
        np.testing.assert_array_equal(lab.basins(land, start=starts, checkpoint=file).labels, found.labels)
    with pytest.raises(gs.InvalidParameterError, match="another start"):
        lab.basins(land, start=starts + 0.5, checkpoint=file)


@pytest.mark.parametrize("method", ["em", "gd"])
def test_processes_do_not_change_it(land, method):
    one, two = (
        lab.basins(land, start="uniform", n_starts=700, method=method, rng=1, n_jobs=j) for j in (1, 2)
    )
    assert one.to_dict() == two.to_dict()
    assert np.array_equal(one.labels, two.labels)


def test_it_can_be_stopped_and_gone_on_with(land, found, tmp_path):
    file = tmp_path / "ends.json"
    part = lab.basins(
        land, start="truth", n_starts=STARTS, rng=5, checkpoint=file, callback=lambda event: event.done >= 500
    )
    assert (part.stop_reason, part.n_starts) == ("interrupted", 500)
    whole = lab.basins(land, start="truth", n_starts=STARTS, rng=5, checkpoint=file)
    assert whole.to_dict() == found.to_dict()
    with pytest.raises(gs.InvalidParameterError, match="another rng"):
        lab.basins(land, start="truth", n_starts=STARTS, rng=6, checkpoint=file)
    assert lab.basins(land, start="truth", n_starts=STARTS, checkpoint=file).to_dict() == found.to_dict()


def test_a_checkpoint_is_of_one_function_that_draws_starts(land, tmp_path):
    def around(center):
        return lambda rng, n: center + rng.standard_normal((n, land.n_components, 1))

    file = tmp_path / "ends.json"
    ends = lab.basins(land, start=around(0.0), n_starts=20, rng=5, checkpoint=file)
    again = lab.basins(land, start=around(0.0), n_starts=20, rng=5, checkpoint=file)
    assert again.to_dict() == ends.to_dict()
    with pytest.raises(gs.InvalidParameterError, match="another start"):
        lab.basins(land, start=around(9.0), n_starts=20, rng=5, checkpoint=file)


@pytest.mark.slow
def test_starts_that_nobody_settled_may_belong_to_any_minimum():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0, 57.0, 63.0, 72.0], 1.0)), 6)
    whole = lab.basins(land, start="truth", n_starts=300, rng=0)
    part = lab.basins(
        land,
        start="truth",
        n_starts=300,
        rng=0,
        callback=lambda event: event.stage == "settling" and event.done > 100,
    )
    assert part.stop_reason == "interrupted"
    assert 0 < part.unresolved["interrupted"] < 300
    for point, (low, high) in zip(part.minima, part.intervals, strict=True):
        of_all = [
            share
            for other, share in zip(whole.minima, whole.shares, strict=True)
            if np.allclose(np.sort(other.means, axis=0), np.sort(point.means, axis=0), atol=1e-6)
        ]
        assert len(of_all) == 1
        assert low <= of_all[0] <= high
        assert high >= (point.hits + part.unresolved["interrupted"]) / 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "rows"}, "population"),
        ({"start": "nowhere"}, "choose one of"),
        ({"start": [[1.0, 2.0]]}, "shape"),
        ({"start": "truth", "method": "sgd"}, "'em', 'gd', 'gradient_flow', 'newton'"),
        ({"start": "truth", "n_starts": 0}, "n_starts=0"),
        ({"start": "truth", "n_starts": 10**12}, "at most 100000000"),
    ],
)
def test_bad_input_is_named(land, options, message):
    with pytest.raises(gs.InvalidParameterError, match=message):
        lab.basins(land, **options)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("truth", "a sample has no truth"),
        (lambda rng, n: rng.normal(size=(n - 1, 2, 1)), r"start\(rng, 500\) returned 499 starts"),
        (lambda rng, n: rng.normal(size=(n, 2)).tolist()[0] + [0.0], r"start\(rng, n\) has shape"),
    ],
)
def test_starts_that_a_sample_cannot_have_are_named(start, message):
    rows = lab.Landscape(lab.Sample([[0.0], [1.0], [5.0]]), 2, sigma=1.0)
    with pytest.raises(gs.InvalidParameterError, match=message):
        lab.basins(rows, start=start, n_starts=3, rng=0)
    with pytest.raises(gs.InvalidParameterError, match=r"pass a gmmscape\.lab\.Landscape"):
        lab.basins(rows.measure, start=start)


def test_starts_are_where_they_were_asked_for(land):
    rows = lab.Sample(np.array([[100.0, 7.0], [103.0, 5.0], [101.0, 9.0]]))
    boxed = Starts.of(rows, 2, "uniform", 0).block(0, 200)
    assert boxed.min(axis=(0, 1)) == pytest.approx([100.0, 5.0], abs=0.1)
    assert boxed.max(axis=(0, 1)) == pytest.approx([103.0, 9.0], abs=0.1)
    assert np.all((boxed > [100.0, 5.0]) & (boxed < [103.0, 9.0]))
    seeds = Starts.of(land.measure, 3, "k-means++", 0).block(1, 2)
    assert np.all(np.abs(seeds[..., None] - [-3.0, 3.0, 12.0]).min(axis=3) < 5.0)
    assert not np.array_equal(seeds[0], seeds[1])
    given = Starts.of(land.measure, 3, lambda rng, n: np.arange(3.0 * n).reshape(n, 3), 0)
    assert given.block(4, 2)[:, :, 0].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


@pytest.mark.parametrize(
    ("value", "d", "shape"),
    [([1.0, 2.0], 1, (1, 2, 1)), ([[1.0, 2.0]] * 5, 1, (5, 2, 1)), ([[1.0, 2.0, 3.0]] * 2, 3, (1, 2, 3))],
)
def test_axes_that_have_one_entry_may_be_left_out(value, d, shape):
    assert own_starts("start", value, 2, d).shape == shape
    assert own_starts("start", value, 2, d).ravel().tolist() == np.ravel(value).tolist()


def test_a_start_whose_way_ends_on_a_saddle_is_in_no_basin(land):
    found = lab.basins(land, start=[[-1.0, 11.0, 11.0], [-1.0, 10.5, 11.5]])
    assert found.unresolved == {"saddle": 1}
    assert found.labels.tolist() == [-1, 0]


def test_what_is_not_polished_is_counted(land):
    starts = [[-3.0, 3.0, 12.0]] * 2 + [[0.0, 11.0, 13.0]]
    both, one = (lab.basins(land, start=starts, most=most) for most in (2, 1))
    assert both.labels.tolist() == [0, 0, 1]
    assert (one.labels.tolist(), one.unresolved) == ([0, 0, -1], {"not polished": 1})


def test_ctrl_c_keeps_the_blocks_that_were_done(land):
    def interrupt(event):
        raise KeyboardInterrupt

    starts = np.tile([[-3.0], [3.0], [12.0]], (501, 1, 1))
    found = lab.basins(land, start=starts, callback=interrupt)
    assert (found.stop_reason, found.n_starts, found.hits.tolist()) == ("interrupted", 500, [500])


def test_ctrl_c_before_the_first_block_is_passed_on(land, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gmmscape.landscape.basins.starts.Starts.block", interrupt)
    with pytest.raises(KeyboardInterrupt):
        lab.basins(land, start=[[-3.0, 3.0, 12.0]])


def test_stopped_while_ends_are_settled_the_rest_are_in_no_minimum(land):
    starts = [[-3.0, 3.0, 12.0]] * 2 + [[0.0, 11.0, 13.0]]
    found = lab.basins(land, start=starts, callback=lambda event: event.stage == "settling")
    assert found.stop_reason == "interrupted"
    assert (found.labels.tolist(), found.unresolved) == ([0, 0, -1], {"interrupted": 1})


def test_means_that_coincide_share_their_weight_equally():
    means = np.array([[[0.0], [1e-4], [5.0]], [[0.0], [1.0], [5.0]]])
    weights = np.array([[0.6, 0.2, 0.2], [0.6, 0.2, 0.2]])
    put, halves = shared(means, weights, 1e-3)
    assert put[0, :, 0] == pytest.approx([2.5e-5, 2.5e-5, 5.0], abs=1e-12)
    assert halves[0] == pytest.approx([0.4, 0.4, 0.2])
    assert np.array_equal(put[1], means[1])
    assert np.array_equal(halves[1], weights[1])


def test_ends_in_the_plane_match_up_to_order_however_often_a_mean_is_there():
    pair, apart = [0.0, 0.0], [9.0, 1.0]
    ends = np.array([[pair, pair, apart], [apart, pair, pair], [pair, apart, apart]])
    groups = distinct(ends, np.zeros(3), np.arange(3), 1e-6)
    assert [group.tolist() for group in groups] == [[0, 1], [2]]


#: Starts that EM leads elsewhere than the flow does; steps of sigma^2 of the last one, too.
FLOW_DIFFERS = np.array(
    [[[-3.03], [10.89], [12.611]], [[11.73], [11.802], [-5.401]], [[10.978], [11.429], [10.911]]]
)


def ends(found):
    """The value of the minimum that each start fell into."""
    return [found.minima[label].kl for label in found.labels]


def test_the_flow_has_basins_of_its_own(land):
    flow = lab.basins(land, start=FLOW_DIFFERS, method="gradient_flow")
    bad = pytest.approx(2.769105, abs=1e-6)
    assert ends(flow) == [bad] * 3
    assert ends(lab.basins(land, start=FLOW_DIFFERS, method="em")) == [pytest.approx(0.0, abs=1e-12)] * 3
    assert ends(lab.basins(land, start=FLOW_DIFFERS, method="gd"))[2] == pytest.approx(0.0, abs=1e-12)
    assert lab.trajectory(land, FLOW_DIFFERS[2], "gradient_flow", tol=1e-4).end.kl == bad


def test_a_start_next_to_the_boundary_of_a_basin_of_the_flow_is_in_none(land):
    # Halved between a start of each basin until two step sizes lead to different ends.
    good, bad = np.array([[-4.0], [2.0], [12.0]]), np.array([[0.0], [11.0], [13.0]])
    for _ in range(40):
        middle = 0.5 * (good + bad)
        found = lab.basins(land, start=[middle], method="gradient_flow")
        if found.unresolved:
            break
        good, bad = (middle, bad) if found.minima[0].kl < 1.0 else (good, middle)
    assert found.unresolved == {"step sizes differ": 1}
    assert 1e-9 < np.abs(good - bad).max() < 1e-2


def test_newton_ends_where_its_descents_do(land):
    starts = np.array([[[-3.0], [11.0], [13.0]], [[0.0], [0.5], [12.0]], [[11.953], [12.762], [11.807]]])
    found = lab.basins(land, start=starts, method="newton")
    for start, label in zip(starts, found.labels, strict=True):
        assert land.descend(start).nll == pytest.approx(found.minima[label].nll, abs=1e-9)


@pytest.mark.parametrize("method", ["em", "gd", "gradient_flow"])
def test_free_weights_end_where_their_descents_do(method):
    truth = gs.Mixture([0.7, 0.3], [[-3.0], [3.0]], [1.0, 1.0], "spherical")
    land = lab.Landscape(lab.Population(truth), 2, 1.0, weights="free")
    found = lab.basins(land, start="truth", n_starts=60, method=method, rng=0)
    assert found.weights == "free"
    assert found.hits.tolist() == [60]
    assert np.sort(found.minima[0].weights) == pytest.approx([0.3, 0.7], abs=1e-9)
    assert lab.BasinShares.from_dict(found.to_dict()) == found
    assert "free weights" in str(found)


@pytest.mark.slow
def test_ends_along_a_continuum_are_one_minimum():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0], 1.0)), 3, weights="free")
    found = lab.basins(land, start="truth", n_starts=30, rng=0, most=4)
    assert [str(point.decoding.structure) for point in found.minima] == ["0,1>0  2>1", "0>0  1,2>1"]
    assert found.hits.sum() == 30
    starts = np.random.default_rng(0).uniform(-4, 4, (4, 3, 1))
    own = lab.basins(land, start=starts)
    for start, label in zip(starts, own.labels, strict=True):
        path = lab.trajectory(land, start, max_iter=500)
        assert np.sum(path.means[-1] < 0) == np.sum(own.minima[label].means < 0)


def test_of_free_widths_another_way_is_named():
    wide = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0], 1.0)), 2, family="spherical")
    with pytest.raises(gs.NotAvailableError, match="explore"):
        lab.basins(wide, start="truth")
