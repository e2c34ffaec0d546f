"""Files of models have a digest: none is read with another result than it was written with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.models import read_model

X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 40)).reshape(-1, 1)


def writers() -> dict[str, Callable[[Path], None]]:
    model = gs.GaussianMixture(2, random_state=0).fit(X)
    return {
        "mixture": gs.Mixture.location([-3, 3], 1.0).to_json,
        "fit": model.to_json,
        "repair": gs.repair(model, X, rng=0).to_json,
        "selection": gs.select(X, (1, 2), ("spherical",), rng=0).to_json,
        "optima": gs.local_optima(X, 2, "spherical", n_starts=2, rng=0).to_json,
    }


WRITERS = writers()


@pytest.fixture(params=WRITERS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "model.json"
    WRITERS[request.param](path)
    return path


def changed(content: Any, places: list[Any]) -> Any:
    """Yield the content with each number or word in it changed, one at a time."""
    here = content
    for place in places:
        here = here[place]
    if isinstance(here, dict | list):
        for place in here if isinstance(here, dict) else range(len(here)):
            yield from changed(content, [*places, place])
        return
    *before, last = places
    other = json.loads(json.dumps(content))
    inner = other
    for place in before:
        inner = inner[place]
    inner[last] = here + 1 if isinstance(here, int | float) and not isinstance(here, bool) else "other"
    yield other


def test_a_changed_value_is_refused(path: Path):
    whole = json.loads(path.read_text())
    assert list(whole)[-1] == "sha256"
    before = read_model(path)
    changes = list(changed(whole, []))
    assert len(changes) >= 8
    for other in changes[:: max(1, len(changes) // 60)]:
        path.write_text(json.dumps(other))
        with pytest.raises(gs.FormatError):
            read_model(path)
    path.write_text(json.dumps(dict(reversed(whole.items())), indent=4))  # the order means nothing
    assert read_model(path).mixture == before.mixture


def test_the_message_says_what_to_do(tmp_path: Path):
    path = tmp_path / "mixture.json"
    WRITERS["mixture"](path)
    content = json.loads(path.read_text())
    content["means"][0][0] = -4.0
    path.write_text(json.dumps(content))
    for read in (read_model, gs.load, gs.Mixture.from_json):
        with pytest.raises(gs.FormatError, match=r"changed after it was written.*remove the field 'sha256'"):
            read(path)
    del content["sha256"]
    path.write_text(json.dumps(content))
    assert gs.load(path).means[0, 0] == -4.0


def test_a_digest_that_is_none_is_refused(tmp_path: Path):
    path = tmp_path / "mixture.json"
    WRITERS["mixture"](path)
    content = json.loads(path.read_text())
    for digest in (None, 1, "", content["sha256"].upper(), [content["sha256"]]):
        path.write_text(json.dumps({**content, "sha256": digest}))
        with pytest.raises(gs.FormatError, match="changed after"):
            gs.load(path)
    path.write_text(json.dumps({**content, "weights": [float("nan"), 1.0]}))
    with pytest.raises(gs.FormatError, match="holds NaN, which is no number"):
        gs.load(path)


@pytest.mark.parametrize("name", [[], {}, [1], None, 3])
def test_a_format_that_is_no_name(name: Any, tmp_path: Path):
    path = tmp_path / "mixture.json"
    content = gs.Mixture.location([-3, 3], 1.0).to_dict()
    path.write_text(json.dumps({**content, "format": name}))
    for read in (read_model, gs.load):
        with pytest.raises(gs.FormatError, match=r"mixture\.json"):
            read(path)


@pytest.mark.parametrize("total", [-1.0, 0.0, "many", None])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_fit_of_no_rows_is_refused(total: Any, tmp_path: Path):
    path = tmp_path / "fit.json"
    WRITERS["fit"](path)
    content = json.loads(path.read_text())
    del content["sha256"]
    path.write_text(json.dumps({**content, "total": total}))
    for read in (read_model, gs.load):
        with pytest.raises(gs.FormatError):
            read(path)
