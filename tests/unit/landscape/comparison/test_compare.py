"""Samples against their population: matches, lost and new minima, distances, sizes, resumption."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.comparison.matching import expected_spread

TRUTH = gs.Mixture.location([-3.0, 3.0, 12.0], sigma=1.0)


@pytest.fixture(scope="module")
def land():
    return lab.Landscape(lab.Population(TRUTH), 3)


@pytest.fixture(scope="module")
def atlas(land):
    return land.explore(0)


def em(rows, weights, means, steps=20_000):
    """Plain EM of equal weights and sigma 1 on a line: this file's own."""
    for _ in range(steps):
        logs = -0.5 * (rows[:, None] - means) ** 2
        psi = np.exp(logs - logs.max(axis=1, keepdims=True))
        psi *= (weights / psi.sum(axis=1))[:, None]
        means = psi.T @ rows / psi.sum(axis=0)
    return means


@pytest.mark.slow
def test_matches_are_where_plain_em_leads(land, atlas):
    rows = TRUTH.sample(400, rng=3)[0]
    found = lab.compare(rows, land, atlas=atlas, rng=0)
    assert found.agrees
    assert (found.lost, found.new) == ((), ())
    for match in found.matches:
        mine = found.population[match.population].means[:, 0]
        end = em(rows[:, 0], np.full(400, 1 / 400), mine)
        assert found.sample[match.sample].means[:, 0] == pytest.approx(end, abs=1e-6)
        assert match.distance == pytest.approx(np.linalg.norm(end - mine), abs=1e-6)
        assert match.scaled == pytest.approx(20.0 * match.distance)
    assert str(found).startswith("this sample has the landscape of the population: 2 minima")


@pytest.mark.slow
def test_lost_and_new_minima(land, atlas):
    """Twelve rows of which the spurious minimum is none: EM from it ends in another one."""
    rows = TRUTH.sample(12, rng=123)[0]
    found = lab.compare(rows, land, atlas=atlas, rng=0)
    assert not found.agrees
    assert (found.lost, found.new) == ((1,), (1,))
    end = em(rows[:, 0], np.full(12, 1 / 12), found.population[1].means[:, 0])
    assert np.abs(end - found.population[1].means[:, 0]).max() > 1.0
    new = found.sample[1].means[:, 0]
    assert em(rows[:, 0], np.full(12, 1 / 12), new) == pytest.approx(new, abs=1e-6)
    assert "1 lost, 1 new" in str(found)
    picture = found.plot()
    assert sorted(picture.sample_) == [0, 1]
    assert [label.get_text() for label in picture.ax_.get_yticklabels()][1:] == [
        "1 (lost): 0>0,1  1,2>2",
        "new",
    ]


def test_weighted_rows_count_by_what_they_are_worth(land, atlas):
    rows = TRUTH.sample(200, rng=1)[0]
    counts = np.arange(200) % 3 + 1
    repeated = lab.compare(lab.Sample(np.repeat(rows, counts, axis=0)), land, atlas=atlas, rng=0)
    weighted = lab.compare(lab.Sample(rows, counts), land, atlas=atlas, rng=0)
    for one, other in zip(repeated.matches, weighted.matches, strict=True):
        assert one.distance == pytest.approx(other.distance, abs=1e-8)
    assert repeated.n == pytest.approx(weighted.n)
    assert weighted.n < counts.sum()


def test_the_spread_to_expect_is_the_sandwich(land, atlas):
    """Against sums over a fine grid: second differences of the NLL, products of the scores."""
    x = np.linspace(-14.0, 23.0, 20_001)
    p = np.exp(TRUTH.log_density(x[:, None]))
    p /= p.sum()

    def log_density(means):
        logs = -0.5 * (x[:, None] - means) ** 2
        return np.log(np.exp(logs).sum(axis=1))

    for minimum in atlas.minima:
        means, h = minimum.means[:, 0], 1e-3
        step = h * np.eye(3)
        scores = np.stack([(log_density(means + e) - log_density(means - e)) / (2 * h) for e in step], axis=1)
        V = (scores * p[:, None]).T @ scores
        value = lambda m: -p @ log_density(m)  # noqa: E731
        H = np.array(
            [
                [
                    (
                        value(means + a + b)
                        - value(means + a - b)
                        - value(means - a + b)
                        + value(means - a - b)
                    )
                    / (4 * h * h)
                    for a in step
                ]
                for b in step
            ]
        )
        wanted = np.sqrt(np.trace(np.linalg.inv(H) @ V @ np.linalg.inv(H)))
        assert expected_spread(land, minimum) == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_spread_of_one_mean_is_that_of_an_average(d):
    rng = np.random.default_rng(d)
    truth = gs.Mixture.location(3.0 * rng.normal(size=(4, d)), 1.5)
    land = lab.Landscape(lab.Population(truth), 1, sigma=2.0)
    (minimum,) = land.explore(0, n_starts=2).minima
    wanted = np.sqrt(np.trace(land.measure.covariance)) / 2.0
    assert expected_spread(land, minimum) == pytest.approx(wanted, rel=1e-6)


def test_flat_minima_have_no_spread():
    land = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), 2)
    (minimum,) = land.explore(0, n_starts=4).minima
    assert expected_spread(land, minimum) is None


@pytest.fixture(scope="module")
def curve(land, atlas):
    return lab.agreement_against_size(land, [10, 1000, 4000], n_draws=12, atlas=atlas, rng=0)


@pytest.mark.slow
def test_shares_and_distances_by_size(curve, land, atlas):
    assert curve.sizes == (10, 1000, 4000)
    assert [share.of for share in curve.shares] == [12, 12, 12]
    assert curve.shares[0].value < 1.0 == curve.shares[2].value
    for place, size in ((0, 10), (1, 1000)):
        for draw in (0, 7):
            rows = TRUTH.sample(size, np.random.default_rng([0, size, draw]))[0]
            one = lab.compare(rows, land, atlas=atlas, rng=draw)
            assert one.agrees == bool(
                np.isfinite(curve.distances[place][draw]).all() and curve.new[place][draw] == 0
            )
            for match in one.matches:
                assert curve.distances[place][draw, match.population] == match.distance
    text = str(curve)
    assert text.startswith("from n=1000 on at least 95 % of the samples")
    assert "expected" in text


def test_distances_fall_like_the_root_of_n(curve):
    """Standard errors from the draws; the truth's minimum, which is quadratic at a thousand rows."""
    slope = curve.slope(0, smallest=1000)
    assert abs(slope.value + 0.5) <= 4 * slope.error
    assert slope.error < 0.2
    near = curve.scaled[1:, 0] / curve.expected[0]
    assert np.all(np.abs(near - 1.0) <= 4 * np.sqrt(0.5 / 30))


def _synthetic(curve, distances, new=None):
    sizes = tuple(100 * 4**i for i in range(len(distances)))
    zero = tuple(np.zeros(len(each), dtype=int) for each in distances)
    return replace(curve, sizes=sizes, distances=tuple(distances), new=new or zero)


def test_slopes_of_known_laws(curve):
    scatter = np.random.default_rng(0).chisquare(3, (50, 2)) ** 0.5
    fall = _synthetic(curve, [scatter / np.sqrt(100 * 4**i) for i in range(4)])
    assert fall.slope(0).value == pytest.approx(-0.5, abs=1e-12)
    still = _synthetic(curve, [scatter for _ in range(4)])
    assert still.slope(1).value == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(gs.NoResultError, match="two sizes"):
        fall.slope(0, smallest=6400)
    with pytest.raises(gs.InvalidParameterError, match="minimum"):
        fall.slope(2)


def test_the_smallest_size_is_one_from_which_on_all_are_enough(curve):
    here, gone = np.ones((20, 2)), np.full((20, 2), np.inf)
    half = np.concatenate([here[:10], gone[:10]])
    nearly = np.concatenate([here[:19], gone[:1]])
    tried = _synthetic(curve, [here, half, nearly, here])
    assert [share.value for share in tried.shares] == [1.0, 0.5, 0.95, 1.0]
    assert tried.smallest(0.95) == (1600, 1600, None)
    assert tried.smallest(0.8) == (1600, 1600, 6400)
    assert tried.smallest(0.4) == (100, 100, 1600)
    assert _synthetic(curve, [gone, gone]).smallest().n is None
    assert str(_synthetic(curve, [gone, gone])).startswith("at no size tried")
    with_new = _synthetic(curve, [here, here], (np.zeros(20, dtype=int), np.ones(20, dtype=int)))
    assert [share.n for share in with_new.shares] == [20, 0]
    with pytest.raises(gs.InvalidParameterError, match="share"):
        tried.smallest(1.2)


def test_records_come_back_from_files(curve, land, atlas, tmp_path):
    one = lab.compare(TRUTH.sample(12, rng=123)[0], land, atlas=atlas, rng=0)
    for record in (curve, one):
        file = tmp_path / "record.json"
        record.to_json(file)
        assert gs.results.read(file) == record
        assert "<html" in record.to_html()


@pytest.mark.slow
def test_work_is_resumed_and_does_not_depend_on_processes(curve, land, atlas, tmp_path):
    settings = {"atlas": atlas, "n_draws": 4, "checkpoint": tmp_path / "kept.json"}
    stopped = lab.agreement_against_size(land, [10, 1000], rng=0, callback=lambda e: e.done == 3, **settings)
    assert stopped.stop_reason == "interrupted"
    assert (stopped.sizes, [len(each) for each in stopped.new]) == ((10,), [3])
    seen = []
    whole = lab.agreement_against_size(land, [10, 1000], callback=seen.append, **settings)
    assert len(seen) == 5
    assert whole.stop_reason == "completed"
    two = lab.agreement_against_size(land, [10, 1000], atlas=atlas, n_draws=4, rng=0, n_jobs=2)
    assert two == whole
    for place in (0, 1):
        assert np.array_equal(whole.distances[place], curve.distances[place][:4])
    with pytest.raises(gs.InvalidParameterError, match="checkpoint"):
        lab.agreement_against_size(land, [10], n_starts=3, **settings)


def test_bad_input(land, atlas, tmp_path):
    rows = TRUTH.sample(50, rng=0)[0]
    free = lab.Landscape(lab.Population(TRUTH), 3, weights="free")
    with pytest.raises(gs.NotAvailableError, match="free"):
        lab.compare(rows, free)
    with pytest.raises(gs.InvalidParameterError, match="population"):
        lab.compare(rows, lab.Landscape(lab.Sample(rows), 3, sigma=1.0))
    with pytest.raises(gs.InvalidParameterError, match="columns"):
        lab.compare(np.zeros((5, 2)), land, atlas=atlas)
    with pytest.raises(gs.InvalidParameterError, match="atlas"):
        lab.compare(rows, land, atlas="none")
    other = lab.Landscape(lab.Population(TRUTH), 2).explore(0, n_starts=4)
    with pytest.raises(gs.InvalidParameterError, match="n_components"):
        lab.compare(rows, land, atlas=other)
    with pytest.raises(gs.InvalidParameterError, match="holds no minimum"):
        lab.compare(rows, land, atlas=land.explore(0, n_starts=0, candidates=False))
    with pytest.raises(gs.InvalidParameterError, match="sizes"):
        lab.agreement_against_size(land, [2], atlas=atlas)
    with pytest.raises(gs.InvalidParameterError, match="sizes"):
        lab.agreement_against_size(land, [], atlas=atlas)


def test_the_budget_keeps_what_was_done(land, atlas):
    hasty = lab.agreement_against_size(land, [100], atlas=atlas, rng=0, max_seconds=0.0)
    assert (hasty.stop_reason, len(hasty.new[0])) == ("time_limit", 1)
    assert "stopped early: time_limit" in str(hasty)


def test_ctrl_c_keeps_the_samples_that_were_done(land, atlas):
    def interrupt(event):
        raise KeyboardInterrupt

    part = lab.agreement_against_size(
        land, [50], n_draws=3, atlas=atlas, n_starts=0, rng=0, callback=interrupt
    )
    assert (part.stop_reason, len(part.new[0])) == ("interrupted", 1)


def test_ctrl_c_before_the_first_sample_says_that_nothing_was_done(land, atlas, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gmmscape.landscape.comparison.against_size._one", interrupt)
    with pytest.raises(gs.NoResultError, match=r"no sample was done.*interrupted"):
        lab.agreement_against_size(land, [50], n_draws=3, atlas=atlas, rng=0)


def test_pictures(curve):
    picture = curve.plot()
    assert len(picture.axes_) == 2
    assert picture.curves_[0].get_ydata() == pytest.approx(curve.scaled[:, 0])
    for display, match in (
        (lambda: gs.plot.SizeDisplay([1.0], [], [[1.0]], [None]), "shares"),
        (lambda: gs.plot.SizeDisplay([1.0], curve.shares[:1], [1.0], [None]), "scaled"),
        (lambda: gs.plot.ComparisonDisplay([], [], {}), "empty"),
        (lambda: gs.plot.ComparisonDisplay([[0.0]], [[0.0]], {0: 3}), "partners"),
    ):
        with pytest.raises(gs.InvalidParameterError, match=match):
            display()
