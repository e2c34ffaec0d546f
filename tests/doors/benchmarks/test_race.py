"""The race: what is counted, who judges, what is said of peers that are not there."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as SklearnMixture

from doors.test_benchmarks import ROOT, pytestmark, small

__all__ = ["pytestmark"]
if (ROOT / "benchmarks").is_dir():
    sys.path.insert(0, str(ROOT))
    from benchmarks.fitting import race, race_page
    from benchmarks.peers import environments, judge, methods, targets
    from benchmarks.peers.runners import serving

ROWS = np.random.default_rng(5).normal([[0.0, 0.0], [5.0, 0.0]], 1.0, (150, 2, 2)).reshape(-1, 2)
SPHERES = np.broadcast_to(np.eye(2), (2, 2, 2))


def end(weights: list[float], means: list[list[float]], covariances: np.ndarray = SPHERES) -> dict:
    return {"weights": weights, "means": means, "covariances": covariances.tolist(), "seconds": 1.0}


def test_the_judge_takes_every_end_to_its_optimum():
    near, far = (judge.judged(ROWS, end([0.5, 0.5], means), 1e-6) for means in
                 ([[0.0, 0.0], [5.0, 0.0]], [[1.0, 1.0], [4.0, -1.0]]))  # fmt: skip
    assert near.sound
    assert far.value == pytest.approx(near.value, abs=1e-9)
    model = SklearnMixture(2, reg_covar=0.0, tol=1e-12, max_iter=1000, random_state=0).fit(ROWS)
    assert near.value == pytest.approx(model.score(ROWS), abs=1e-7)


def test_a_component_on_a_few_rows_is_no_success():
    spike = np.stack([np.cov(ROWS.T), 1e-5 * np.eye(2)])
    few = end([0.99, 0.01], [ROWS.mean(axis=0).tolist(), ROWS[0].tolist()], spike)
    assert not judge.judged(ROWS, few, 1e-6).sound


@pytest.mark.parametrize(
    "broken",
    [
        {"error": "ValueError: no", "seconds": 1.0},
        end([1.0, 0.0], [[0.0, 0.0], [5.0, 0.0]]),
        end([0.5, 0.5], [[0.0, np.nan], [5.0, 0.0]]),
        end([0.5, 0.5], [[0.0, 0.0], [5.0, 0.0]], np.stack([np.eye(2), np.diag([1.0, -1.0])])),
    ],
)
def test_what_is_no_mixture_has_no_value(broken: dict):
    assert judge.judged(ROWS, broken, 1e-6) == (None, False)


def test_expected_times_are_those_of_repeated_runs():
    found = targets.reached([True, False, False, True], [1.0, 3.0, 3.0, 1.0])
    assert (found.share, found.expected) == (0.5, 4.0)
    assert found.least == pytest.approx(2.0 / found.high)
    assert found.most == pytest.approx(2.0 / found.low)
    never = targets.reached([False] * 50, [2.0] * 50)
    assert never.expected is never.most is None
    assert never.least == pytest.approx(2.0 / (1.0 - 0.025 ** (1 / 50)))
    certain = targets.reached([True], [2.0], chance=False)
    assert (certain.low, certain.expected) == (1.0, 2.0)


def test_the_best_of_several_is_what_n_init_does():
    """One generator for single fits draws what `n_init` draws, and the best of these is its fit."""
    generator = np.random.RandomState(0)
    options = {"n_components": 2, "init_params": "random_from_data"}
    singles = [SklearnMixture(**options, random_state=generator).fit(ROWS).lower_bound_ for _ in range(5)]
    together = SklearnMixture(**options, random_state=np.random.RandomState(0), n_init=5).fit(ROWS)
    assert together.lower_bound_ == max(singles)
    best = targets.best_of(targets.reached([True, False], [1.0, 3.0]), 3)
    assert best.share == 1.0 - 0.5**3
    assert best.expected == pytest.approx(6.0 / best.share)


def test_a_curve_rises_with_each_run():
    assert targets.until(0.5, 2.0, 0.5) == 2.0
    assert targets.until(0.5, 2.0, 0.9) == 8.0
    assert targets.until(1.0, 2.0, 0.99) == 2.0
    assert targets.until(0.0, 2.0, 0.5) is None


def test_profiles_count_sets_within_factors_of_the_best():
    costs = {"one": {"a": 1.0, "b": 2.0}, "two": {"a": 30.0, "b": 3.0}, "three": {"a": None, "b": 1.0}}
    assert targets.profile(costs, (1, 2, 10)) == {"a": [1 / 3, 1 / 3, 2 / 3], "b": [2 / 3, 1.0, 1.0]}


@pytest.mark.slow
def test_a_peer_that_does_not_install_is_there_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    found = environments.made(("no-such-mixture==1.0",), tmp_path / "peer")
    assert found.python is None
    assert "no-such-mixture" in found.why_not
    assert not (tmp_path / "peer").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_runner_that_is_stopped_is_no_result_and_one_that_fails_is(tmp_path: Path):
    """A shell stands for the peer's interpreter: it is told the runner and the job, and does as it likes."""
    method = methods.Method("a peer", "scikit.py", "kmeans", "here")

    def ended(how: str) -> list[dict]:
        script = tmp_path / "peer.sh"
        script.write_text(f"{how}\n", encoding="utf-8")
        return methods.run(method, methods.Place(("sh", str(script)), {}, {}), ROWS, 2, 1e-6, [0])

    with pytest.raises(KeyboardInterrupt, match="a peer was stopped"):
        ended("kill -TERM $$")
    (failed,) = ended("echo no luck >&2; exit 3")
    assert failed["error"] == "its process ended: no luck"


def raced(values: list[float | None], seconds: float, **more: object) -> dict:
    times = [seconds] * len(values)
    run = {"there": True, "values": values, "degenerate": [], "cpu_seconds": times, "reached": times}
    return {**run, "errors": [], **more}


def test_losses_and_absences_are_on_the_page():
    """A peer that is faster is named, one that is absent too, and a spike that is likelier is no target."""
    there = {"there": True, "why_not": None, "versions": {"numpy": "2.0"}}
    done = {
        "there: here": there,
        "there: R: mclust": {"there": False, "why_not": "no R", "versions": {}},
        "iris: ours": raced([-1.0] * 4, 3.0),
        "iris: ours, search off": raced([-1.0, -1.2], 0.5),
        "iris: scikit-learn, kmeans": raced([-1.0, -1.0, -1.5, None], 1.0, degenerate=[-0.5]),
        "iris: random swap EM": raced([-2.0] * 4, 9.0),
        "iris: mclust": {"there": False},
        "iris: long search": raced([-1.00001], 9.0),
    }
    summary = race.summary(done)
    row = summary["sets"]["iris"]
    assert row["best"] == -1.0
    assert row["degenerate_and_likelier"] == 1
    assert row["best_peer"] == "scikit-learn, kmeans"
    assert row["methods"]["scikit-learn, kmeans"]["expected"] == 2.0
    assert row["methods"]["random swap EM"]["expected"] is None
    assert summary["profile"]["scikit-learn, kmeans"][:2] == [0.0, 1.0]
    view = race_page.shown(summary)
    assert view.figures["lost"] == "iris (scikit-learn, kmeans, 1.5 times as fast)"
    assert (view.figures["search"], view.figures["off"]) == ("6 to 6", 1)
    assert "R: mclust (no R)" in view.figures["absent"]
    assert view.rows[0][-1] == "0.67"


@pytest.mark.slow
def test_the_small_race(tmp_path: Path):
    content = small("race", tmp_path)
    (row,) = content["summary"]["sets"].values()
    ours = row["methods"]["ours"]
    assert ours["successes"] == ours["of"] == 3
    assert 0.0 < ours["median"] < 60.0
    swaps, single = (row["methods"][name] for name in ("random swap EM", "scikit-learn, kmeans"))
    assert swaps["median"] > single["median"] > 0.0
    assert all(one["errors"] == [] for name, one in row["methods"].items() if "FLS" not in name
               and "breathing" not in name)  # fmt: skip
    peers = content["summary"]["peers"]
    assert peers["here"]["there"]
    assert peers["gmmx"]["why_not"] == "the small version installs nothing"
    assert "mclust" in " ".join(peers)


@pytest.mark.parametrize(
    ("limits", "done"),
    [((1.0, 9.0, 1), 2), ((1.0, 9.0, 4), 4), ((1.0, 2.0, 9), 3), ((99.0, 99.0, 1), 6)],
)
def test_seeds_end_where_they_are_enough_and_time_is_over(
    limits: tuple[float, float, int], done: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rows, job, out = (tmp_path / name for name in ("rows.npy", "job.json", "out.json"))
    np.save(rows, ROWS)
    asked = {"rows": str(rows), "out": str(out), "k": 2, "least_variance": 1e-6, "method": "any"}
    asked |= {"seeds": list(range(6))} | dict(zip(("seconds", "most_seconds", "enough"), limits, strict=True))
    job.write_text(json.dumps(asked), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["runner", str(job)])
    clock = itertools.count()  # a second goes by at each look
    monkeypatch.setattr(serving.time, "process_time", lambda: float(next(clock)))
    serving.serve({"any": lambda X, k, least, seed: ([0.5, 0.5], X[:k], np.ones(k))})
    assert len(json.loads(out.read_text(encoding="utf-8"))) == done
