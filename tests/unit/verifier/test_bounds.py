"""The verifier of global bounds: accepts what is proved, refuses what is not."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from decimal import Decimal, localcontext

import numpy as np
import pytest

from gmmscape import lab
from gmmscape.exceptions import CertificateError
from gmmscape.verifier.bounds import check_bound, exponential
from gmmscape.verifier.check import verify

pytest.importorskip("flint")


def made(d=2, n=40, **options):
    rng = np.random.default_rng(d)
    x = rng.normal(size=(n, d)) + 4 * rng.integers(0, 3, (n, 1))
    return lab.global_bound(x[:3], x, 1.0, [0.5, 0.2, 0.3], **options)


@pytest.fixture(scope="module")
def bound():
    return made()


@pytest.fixture
def content(bound):
    return copy.deepcopy(json.loads(json.dumps(bound.to_dict())))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_what_is_proved_is_accepted(d, tmp_path):
    made(d).to_json(tmp_path / "bound.json")
    assert verify(tmp_path / "bound.json")


def test_what_ended_early_is_accepted(tmp_path):
    made(max_seconds=0.0).to_json(tmp_path / "bound.json")
    assert verify(tmp_path / "bound.json")


def test_optima_are_accepted():
    check_bound(json.loads(json.dumps(lab.global_bound([0.0], [[-0.5], [0.0], [0.5]], 1.0).to_dict())))
    x = np.random.default_rng(1).normal(size=(50, 2))
    check_bound(json.loads(json.dumps(lab.nonparametric(x, 0.8).bound.to_dict())))


def test_a_single_component_that_is_not_the_best_is_refused():
    content = json.loads(json.dumps(lab.global_bound([0.0], [[-0.5], [0.0], [0.5]], 1.0).to_dict()))
    content["problem"]["rows"][1][0] = 1e-9
    with pytest.raises(ValueError, match="best"):
        check_bound(content)
    # Only slightly worse, and claimed so.
    content["gain"][1] = 1e-9
    check_bound(content)


def lowered(content):
    """Both ends, by little: what is left contradicts the argmax, which only the cells know."""
    content["gain"] = [content["gain"][0] - 1e-5, content["gain"][1] - 1e-5]


CHANGES = {
    "gain too low": lowered,
    "lower end too high": lambda c: c.update(gain=[c["gain"][0] + 1e-9] * 2),
    "ends in the wrong order": lambda c: c.update(gain=c["gain"][::-1]),
    "another argmax": lambda c: c["argmax"].__setitem__(0, c["argmax"][0] + 1e-3),
    "another row": lambda c: c["problem"]["rows"][0].__setitem__(0, c["problem"]["rows"][0][0] - 3.0),
    "another mean": lambda c: c["problem"]["means"][0].__setitem__(0, c["problem"]["means"][0][0] + 0.1),
    "another weight": lambda c: c["problem"]["weights"].__setitem__(0, 0.4),
    "another weight of a row": lambda c: c["problem"]["row_weights"].__setitem__(0, 30.0),
    "another sigma": lambda c: c["problem"].update(sigma=0.99),
    "no sigma": lambda c: c["problem"].update(sigma=0.0),
    "no number": lambda c: c["problem"]["rows"][0].__setitem__(0, float("nan")),
    "a row less": lambda c: c["problem"]["rows"].pop(),
    "another peak": lambda c: c["cover"]["peaks"][0].__setitem__(0, c["cover"]["peaks"][0][0] + 0.01),
    "more bend": lambda c: c["cover"]["by_peak"][0].__setitem__(3, 3 * c["cover"]["by_peak"][0][3]),
    "no bend": lambda c: c["cover"]["by_peak"][0].__setitem__(3, -1.0),
    "no peak": lambda c: c["cover"]["by_peak"][0].__setitem__(2, 99),
    "half a cell": lambda c: c["cover"]["by_corners"][-1][1][0].__setitem__(0, 0.5),
    "a side that is no number": lambda c: c["cover"].update(side=True),
    "a row in a string": lambda c: c["problem"]["rows"][0].__setitem__(0, str(c["problem"]["rows"][0][0])),
    "a row as a whole number": lambda c: c["problem"]["rows"][0].__setitem__(0, 2**60 + 1),
    "a tolerance of nothing": lambda c: c.update(tol=1e9),
    "another root": lambda c: c["cover"].update(side=c["cover"]["side"] / 2),
    "another corner": lambda c: c["cover"]["corner"].__setitem__(0, c["cover"]["corner"][0] + 1e-3),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_is_refused_whatever_the_digest(name, content):
    check_bound(content)
    CHANGES[name](content)
    with pytest.raises((ValueError, LookupError)):
        check_bound(content)


def test_every_cell_is_needed(content):
    cover = content["cover"]
    for i in range(len(cover["by_peak"])):
        less = copy.deepcopy(content)
        del less["cover"]["by_peak"][i]
        with pytest.raises(ValueError, match="not covered"):
            check_bound(less)
    for number, (_, cells) in enumerate(cover["by_corners"]):
        for i in range(len(cells)):
            less = copy.deepcopy(content)
            del less["cover"]["by_corners"][number][1][i]
            with pytest.raises(ValueError, match="not covered"):
                check_bound(less)


def test_cells_at_the_peak_are_not_bounded_by_corners(content):
    level, cell, _, _ = content["cover"]["by_peak"].pop(0)
    content["cover"]["by_corners"].append([level, [cell]])
    with pytest.raises(ValueError, match="higher"):
        check_bound(content)


def test_a_digit_changed_anywhere_is_refused(bound, tmp_path):
    path = tmp_path / "bound.json"
    bound.to_json(path)
    text = path.read_text()
    begins = text.index('"problem"')
    places = [m.start() for m in re.finditer(r"\d", text) if m.start() > begins]
    for place in np.random.default_rng(0).choice(places, 100, replace=False):
        other = str((int(text[place]) + 1) % 10)
        path.write_text(text[:place] + other + text[place + 1 :])
        with pytest.raises(CertificateError):
            verify(path)


def test_a_new_digest_does_not_help(content, tmp_path):
    lowered(content)
    header = ("format", "format_version", "gmmscape_version", "digest")
    rest = {key: value for key, value in content.items() if key not in header}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    content["digest"] = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "bound.json").write_text(json.dumps(content))
    with pytest.raises(CertificateError, match="higher"):
        verify(tmp_path / "bound.json")


def test_the_exponential_is_as_accurate_as_it_says():
    z = np.concatenate(
        [np.random.default_rng(0).uniform(-690, 690, 400), [0.0, 1e-300, -690.0, 690.0, 0.3466]]
    )
    with localcontext() as context:
        context.prec = 60
        for x, found in zip(z, exponential(z), strict=True):
            exact = Decimal(float(x)).exp()
            assert abs(Decimal(float(found)) / exact - 1) < Decimal(128 * 2.0**-53)
