"""Whatever may take long takes the same keywords, tells the same events, and can be stopped."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.progress import Event

ROWS = np.concatenate([np.random.default_rng(0).normal(c, 1.0, (60, 2)) for c in (0.0, 8.0, 20.0)])
THREE = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
LAND = lab.Landscape(lab.Population(THREE), 3)
PAIR = [((0,), (0, 1)), ((1, 2), (2,))]
STUCK = gs.Mixture.location(ROWS[:3], 1.0)


def equal(separation: float) -> gs.Mixture:
    return gs.Mixture.location([-separation, 0.0, separation], 1.0)


def line(x: float, y: float) -> gs.Mixture:
    return gs.Mixture.location([-x, x, y], 1.0)


FEW = {"n_components": 2, "k_star": 3, "d": 1, "n_truths": 2, "n_starts": 4}
#: Each function with small work for it.
WORK: dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = {
    "diagnose": (gs.diagnose, (STUCK, ROWS), {"covariance_type": "spherical"}),
    "repair": (gs.repair, (STUCK, ROWS), {"covariance_type": "spherical"}),
    "select": (gs.select, (ROWS, [1, 2]), {}),
    "local_optima": (gs.local_optima, (ROWS, 2), {"n_starts": 70}),
    "explore": (LAND.explore, (), {"n_starts": 3}),
    "basins": (lab.basins, (LAND,), {"start": "truth", "n_starts": 1100}),
    "falsify": (lab.falsify, (), {**FEW, "separation": 8.0}),
    "phase": (lab.phase, (line, [2.0, 3.0], [11.0, 12.0], 3), {"verify": 0.0}),
    "structure_threshold": (lab.structure_threshold, (equal, 2, (5.0, 6.0)), {"n_starts": 2}),
    "birth": (lab.birth, (equal, PAIR, (9.9, 10.4)), {}),
    "error_against_separation": (lab.error_against_separation, (equal, PAIR, [11.0, 12.0]), {}),
    "unstructured_against_separation": (lab.unstructured_against_separation, ([6.0, 9.0],), FEW),
}
#: What each takes besides `max_seconds`, `callback` and `verbose`.
KEYWORDS = {
    "diagnose": {"rng", "n_jobs"},
    "birth": set(),
    "error_against_separation": set(),
}
#: What has nothing to return before it is done, and raises.
ENDS_WITHOUT_RESULT = {"birth", "error_against_separation", "local_optima", "structure_threshold", "select"}
every = pytest.mark.parametrize("name", WORK)


def task_of(name: str) -> str:
    return "diagnose" if name == "repair" else name


def run(name: str, **options: Any) -> Any:
    function, arguments, small = WORK[name]
    return function(*arguments, **small, **options)


@every
def test_keywords_have_the_same_names(name: str):
    parameters = inspect.signature(WORK[name][0]).parameters
    wanted = KEYWORDS.get(name, {"rng", "n_jobs", "checkpoint"})
    assert {"max_seconds", "callback", "verbose"} | wanted <= set(parameters)
    assert [parameters[word].default for word in ("max_seconds", "callback", "verbose")] == [None, None, 0]
    assert all(parameters[word].default is None for word in wanted & {"checkpoint"})


@every
def test_callbacks_see_events_of_that_task_and_nothing_is_printed(
    name: str, capsys: pytest.CaptureFixture[str]
):
    seen: list[Event] = []
    run(name, callback=seen.append)
    assert seen
    assert {type(event) for event in seen} == {Event}
    assert {event.task for event in seen} == {task_of(name)}
    assert all(event.done >= 0 for event in seen)
    assert all(event.total is None or event.done <= event.total for event in seen)
    times = [event.seconds for event in seen]
    assert times == sorted(times)
    assert capsys.readouterr().out == ""


@every
def test_lines_are_printed_if_asked(name: str, capsys: pytest.CaptureFixture[str]):
    run(name, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith(f"gmmscape {task_of(name)}: ") for line in lines)


@every
def test_true_stops_and_the_result_says_so(name: str):
    try:
        found = run(name, callback=lambda event: True)
    except gs.NoResultError as error:
        assert name in ENDS_WITHOUT_RESULT
        assert any(word in str(error) for word in ("callback", "interrupted"))  # noqa: PT017
    else:
        assert getattr(found, "diagnosis", found).stop_reason == "interrupted"


@every
def test_a_time_that_is_over_stops_and_the_result_says_so(name: str):
    try:
        found = run(name, max_seconds=1e-9)
    except gs.NoResultError as error:
        assert name in ENDS_WITHOUT_RESULT
        assert any(word in str(error) for word in ("max_seconds", "time_limit"))  # noqa: PT017
    else:
        assert getattr(found, "diagnosis", found).stop_reason == "time_limit"


@every
@pytest.mark.parametrize("wrong", [{"max_seconds": -1.0}, {"callback": 3}, {"verbose": "loud"}])
def test_wrong_values_are_named(name: str, wrong: dict[str, Any]):
    with pytest.raises(gs.InvalidParameterError, match=next(iter(wrong))):
        run(name, **wrong)
