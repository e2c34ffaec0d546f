"""Local optima of data: found, counted, told apart and decoded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.diagnosis.clusters import clusters
from gmmscape.exceptions import DataError, InvalidParameterError, NoResultError
from gmmscape.families import Floor, family_named
from gmmscape.moves.restarts import Restarts, left_when_shaken
from gmmscape.objective import Objective
from gmmscape.optima.decoding import decoded_on_sample
from gmmscape.optima.same_optimum import grouped, same_optimum
from gmmscape.progress import Event
from gmmscape.solve import EM, descend
from gmmscape.structure.intervals import share_interval

#: Of maximum likelihood, which the helpers here know.
RANDOM_ROWS: dict[str, Any] = {"init_params": "random_from_data", "covariance_prior": 0.0}
CENTERS = np.array([[0.0, 0.0], [6.0, 0.0], [40.0, 0.0], [46.0, 0.0]])


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Two pairs of clusters far from each other, where two means in one pair leave one for the other."""
    rng = np.random.default_rng(0)
    return (CENTERS[:, None] + rng.standard_normal((4, 80, 2))).reshape(-1, 2)


@pytest.fixture(scope="module")
def found(rows: np.ndarray) -> gs.LocalOptima:
    return gs.local_optima(rows, 4, "spherical", n_starts=300, rng=0, **RANDOM_ROWS)


def objective_of(X: np.ndarray, kind: str = "spherical") -> Objective:
    sample = lab.Sample(X)
    family = family_named(kind, Floor.of(sample.variance, reg_covar=0.0, covariance_floor=1e-6))
    return Objective.near(sample, family, gs.Mixture.location(sample.origin[None, :], 1.0))


def test_the_best_is_the_truth_and_the_others_are_its_blocks(found: gs.LocalOptima):
    best = found.best
    np.testing.assert_allclose(best.mixture.means, CENTERS, atol=5 / np.sqrt(80))
    assert [str(block) for block in best.decoding.blocks] == ["0>0", "1>1", "2>2", "3>3"]
    orbits = [one.decoding.structure.orbit for one in found.optima]
    for pair, other in (((0, 1), (2, 3)), ((2, 3), (0, 1))):
        # One mean on a pair, and one more than it needs in the other.
        bad = [orbit for orbit in orbits if (pair, 1) in orbit and any(((s,), 2) in orbit for s in other)]
        assert bad
    assert all(one.gap > 10 for one in found.optima[1:])


def test_a_planted_optimum_is_listed_with_its_blocks(rows: np.ndarray, found: gs.LocalOptima):
    objective = objective_of(rows)
    planted = gs.Mixture(None, [[3, 0], [39.5, 0.5], [40.5, -0.5], [46, 0]], [10.0, 1, 1, 1], "spherical")
    end = descend(EM(tol=1e-8), objective, planted.shifted(-objective.measure.origin))
    local = end.local
    best = found.best.mixture.shifted(-objective.measure.origin)
    decoding, _ = decoded_on_sample(objective, local, clusters(objective, best), best=False)
    kinds = {block.kind for block in decoding.blocks}
    assert kinds == {"one-fits-many", "many-fit-one", "exact"}
    same = 0.02 / len(rows)
    listed = [(one.mixture.shifted(-objective.measure.origin), one.nll) for one in found.optima]
    assert sum(same_optimum(objective, (local, end.nll), one, same) for one in listed) == 1


def test_every_start_is_counted_once(found: gs.LocalOptima):
    counted = sum(one.hits for one in found.optima) + found.degenerate + found.unsettled
    assert counted == found.n_starts == 300
    assert found.replicated == (found.best.hits, 300)
    assert found.unseen == sum(one.hits == 1 for one in found.optima) / 300
    values = [one.nll for one in found.optima]
    assert values == sorted(values)
    for one in found.optima:
        low, high = one.share_interval
        assert 0 <= low < one.share == one.hits / 300 < high <= 1


def test_each_is_where_em_stays_and_no_two_are_one(rows: np.ndarray, found: gs.LocalOptima):
    objective, same = objective_of(rows), 0.02 / len(rows)
    ends = []
    for one in found.optima:
        local = one.mixture.shifted(-objective.measure.origin)
        end = descend(EM(tol=1e-9, max_iter=20_000), objective, local)
        assert end.nll == pytest.approx(one.nll, abs=same)
        ends.append((local, one.nll))
    assert len(grouped(objective, ends, same)) == len(ends)


def test_starts_depend_on_seed_and_number_alone(rows: np.ndarray, found: gs.LocalOptima):
    again = gs.local_optima(rows, 4, "spherical", n_starts=300, rng=0, n_jobs=1, **RANDOM_ROWS)
    assert again.to_dict() == found.to_dict()
    other = gs.local_optima(rows, 4, "spherical", n_starts=300, rng=1, **RANDOM_ROWS)
    assert [one.hits for one in other.optima] != [one.hits for one in found.optima]


def test_whole_weights_are_repeated_rows(rows: np.ndarray):
    X = rows[::4]
    weights = np.where(np.arange(len(X)) % 3 == 0, 2.0, 1.0)
    weighted = gs.local_optima(X, 2, n_starts=30, rng=0, sample_weight=weights)
    repeated = gs.local_optima(np.repeat(X, weights.astype(int), axis=0), 2, n_starts=30, rng=0)
    assert weighted.total == len(X) + np.count_nonzero(weights == 2)
    assert weighted.best.nll == pytest.approx(repeated.best.nll, abs=1e-9)


def test_equal_optima_under_another_order_are_one(rows: np.ndarray, found: gs.LocalOptima):
    objective = objective_of(rows)
    local = found.best.mixture.shifted(-objective.measure.origin)
    permuted = local.permuted([2, 0, 3, 1])
    same = 0.02 / len(rows)
    assert grouped(objective, [(local, 1.0), (permuted, 1.0)], same) == [[0, 1]]
    # Negative control: of equal likelihood, but elsewhere.
    mirrored = gs.Mixture(local.weights, -local.means - 20.0, local.covariances, "spherical")
    assert len(grouped(objective, [(local, 1.0), (mirrored, 1.0)], same)) == 2
    assert len(grouped(objective, [(local, 1.0), (permuted, 1.0 + 2 * same)], same)) == 2


def test_optima_of_equal_likelihood_are_kept_apart():
    rng = np.random.default_rng(3)
    half = rng.standard_normal((60, 1)) + np.repeat([[4.0], [12.0]], 30, axis=0)
    X = np.concatenate([half, -half])  # a mirror: each optimum that is not its own image has a twin
    found = gs.local_optima(X, 3, "spherical", n_starts=100, rng=0, **RANDOM_ROWS)
    means = [np.sort(one.mixture.means.ravel()) for one in found.optima]
    twins = [
        (i, j)
        for i in range(len(means))
        for j in range(i + 1, len(means))
        if np.allclose(means[i], -means[j][::-1], atol=1e-3)
    ]
    assert twins
    for i, j in twins:
        assert found.optima[i].gap == pytest.approx(found.optima[j].gap, abs=0.02)


def test_saddles_are_left_and_minima_are_not(rows: np.ndarray, found: gs.LocalOptima):
    objective = objective_of(rows)
    local = found.best.mixture.shifted(-objective.measure.origin)
    # All means in one place: EM stays there, until it is shaken.
    flat = gs.Mixture(None, np.tile(rows.mean(axis=0), (4, 1)), [rows.var(axis=0).mean()] * 4, "spherical")
    flat = flat.shifted(-objective.measure.origin)
    ends = Restarts(objective)
    for start in (local, flat):
        ends.add(descend(EM(tol=1e-6), objective, start))
    assert all(end.converged for end in ends.ends)
    assert left_when_shaken(ends, [0, 1], 0.02 / len(rows)) == [False, True]


def test_collapsed_ends_are_counted_apart():
    X = np.concatenate([np.random.default_rng(0).standard_normal((40, 1)), [[30.0], [30.0], [31.0]]])
    found = gs.local_optima(X, 3, n_starts=60, rng=0, covariance_prior=0.0)
    assert found.degenerate > 0
    assert all(one.state == "converged" for one in found.optima) or found.degenerate == 60
    only = gs.local_optima(np.array([[0.0], [0.1], [50.0]]), 3, n_starts=5, rng=0, covariance_prior=0.0)
    assert only.degenerate == only.n_starts == 5
    assert only.best.state == "degenerate"
    assert only.unseen == 0.0
    assert "collapsed" in str(only)


def test_a_better_fit_by_moves_is_listed_without_hits():
    rng = np.random.default_rng(1)
    sizes, wide = [300, 300, 40, 40, 40, 40], [8.0, 8.0, 1.0, 1.0, 1.0, 1.0]
    centers = np.array([[0, 0], [60, 30], [-20, 50], [-13, 50], [30, -35], [37, -35]], dtype=float)
    X = np.concatenate(
        [c + w * rng.standard_normal((n, 2)) for c, w, n in zip(centers, wide, sizes, strict=True)]
    )
    options = {"n_starts": 3, "rng": 6, "init_params": "random"}
    starts = gs.local_optima(X, 6, "spherical", escape=False, **options)
    found = gs.local_optima(X, 6, "spherical", **options)
    assert found.best.hits == 0
    assert found.replicated == (0, 3)
    assert found.best.nll < starts.best.nll - 1.0 / len(X)
    assert found.unseen == starts.unseen
    assert sum(one.hits for one in found.optima) + found.degenerate + found.unsettled == 3
    assert "no start ended there" in str(found)
    assert "no start ended there" not in str(starts)


def test_one_component_has_one_optimum(rows: np.ndarray):
    found = gs.local_optima(rows, 1, n_starts=5, rng=0)
    assert found.replicated == (5, 5)
    np.testing.assert_allclose(found.best.mixture.means[0], rows.mean(axis=0), atol=1e-9)
    assert found.unseen == 0.0


@pytest.mark.parametrize("kind", ["full", "tied", "diag"])
def test_every_family_is_served(rows: np.ndarray, kind: str):
    found = gs.local_optima(rows, 4, kind, n_starts=40, rng=0)
    assert found.covariance_type == kind
    np.testing.assert_allclose(found.best.mixture.means, CENTERS, atol=5 / np.sqrt(80))


def press_ctrl_c(event: Event) -> None:
    raise KeyboardInterrupt


def test_what_was_done_is_returned_and_nothing_is_an_error(rows: np.ndarray):
    whole = gs.local_optima(rows, 4, n_starts=200, rng=0, covariance_prior=0.0)
    seen: list[Event] = []

    def stop_later(event: Event) -> bool:
        seen.append(event)
        return event.done >= 64

    part = gs.local_optima(rows, 4, n_starts=200, rng=0, covariance_prior=0.0, callback=stop_later)
    assert part.stop_reason == "interrupted"
    assert part.n_starts == 64
    assert part.best.nll == pytest.approx(whole.best.nll, abs=1e-10)
    assert part.best.hits <= whole.best.hits
    assert {event.stage for event in seen} == {"em"}
    with pytest.raises(NoResultError, match="callback"):
        gs.local_optima(rows, 4, n_starts=200, rng=0, covariance_prior=0.0, callback=lambda event: True)
    with pytest.raises(NoResultError, match="max_seconds"):
        gs.local_optima(rows, 4, n_starts=200, rng=0, covariance_prior=0.0, max_seconds=0.0)
    with pytest.raises(KeyboardInterrupt):
        gs.local_optima(rows, 4, n_starts=200, rng=0, covariance_prior=0.0, callback=press_ctrl_c)


def test_it_goes_on_from_its_checkpoint(rows: np.ndarray, tmp_path: Path):
    whole = gs.local_optima(rows, 3, n_starts=150, rng=4)
    file = tmp_path / "kept.json"
    part = gs.local_optima(rows, 3, n_starts=150, rng=4, checkpoint=file, callback=lambda e: e.done >= 64)
    assert (part.stop_reason, part.n_starts) == ("interrupted", 64)
    seen: list[Event] = []
    rest = gs.local_optima(rows, 3, n_starts=150, checkpoint=file, callback=seen.append)
    assert rest.to_dict() == whole.to_dict()
    assert min(event.done for event in seen if event.stage == "em") >= 64
    with pytest.raises(InvalidParameterError, match="another data"):
        gs.local_optima(rows + 1.0, 3, checkpoint=file)
    with pytest.raises(InvalidParameterError, match="another n_components"):
        gs.local_optima(rows, 2, checkpoint=file)


def test_it_says_how_far_it_is(rows: np.ndarray, capsys: pytest.CaptureFixture[str]):
    gs.local_optima(rows, 2, n_starts=70, rng=0, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("gmmscape local_optima: em 0 of 70, ")
    gs.local_optima(rows, 2, n_starts=5, rng=0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "options",
    [
        {"n_components": 0},
        {"covariance_type": "round"},
        {"n_starts": 0},
        {"init_params": "sorted"},
        {"n_jobs": 0},
        {"max_seconds": -1.0},
        {"reg_covar": -1.0},
        {"rng": "seed"},
    ],
)
def test_bad_options_are_refused(rows: np.ndarray, options: dict):
    with pytest.raises(InvalidParameterError, match=next(iter(options))):
        gs.local_optima(rows, **{"n_components": 2, **options})


def test_bad_data_are_refused(rows: np.ndarray):
    with pytest.raises(DataError):
        gs.local_optima(rows[:3], 4)
    with pytest.raises(DataError):
        gs.local_optima(np.full((5, 2), np.nan), 2)
    with pytest.raises(DataError, match="cannot be read as numbers"):
        gs.local_optima([[1.0, 2.0], [3.0]], 2)


def test_it_is_written_and_printed(found: gs.LocalOptima, tmp_path: Path):
    found.to_json(tmp_path / "optima.json")
    content = json.loads((tmp_path / "optima.json").read_text(encoding="utf-8"))
    assert content == json.loads(json.dumps(found.file_content()))
    assert content["format"] == "gmmscape-optima"
    back = gs.Mixture.from_dict(content["optima"][1]["mixture"])
    np.testing.assert_array_equal(back.means, found.optima[1].mixture.means)
    text = str(found)
    assert f"best replicated by {found.best.hits} of 300" in text
    assert str(found.optima[1].blocks[0]) in text


def test_it_is_drawn(found: gs.LocalOptima):
    display = found.plot()
    shown = found.optima[:20]
    places = [tuple(dot.get_offsets()[0]) for dot in display.dots_]
    np.testing.assert_allclose(places, [(one.gap, i) for i, one in enumerate(shown)])
    assert [bar.get_width() for bar in display.bars_] == [one.share for one in shown]
    for text, one in zip(display.texts_[1:], shown[1:], strict=True):
        means = ", ".join(map(str, one.blocks[0].means))
        assert text.get_text().startswith((f"{means} covers", f"{means} share", f"{means} together"))
    assert display.axes_[0].get_xlabel() == "nats behind the best"
    assert display.axes_[1].get_xlim()[1] <= 1.0
    figure = pytest.importorskip("matplotlib.figure").Figure()
    assert found.plot(figure.subplots()).figure_ is figure


def test_intervals_are_those_of_clopper_and_pearson():
    from scipy.stats import binom

    for hits, starts in ((0, 30), (1, 200), (17, 40), (30, 30)):
        low, high = share_interval(hits, starts)
        if hits > 0:
            assert binom.sf(hits - 1, starts, low) == pytest.approx(0.025)
        if hits < starts:
            assert binom.cdf(hits, starts, high) == pytest.approx(0.025)
    assert share_interval(0, 30)[0] == 0.0
    assert share_interval(30, 30)[1] == 1.0
