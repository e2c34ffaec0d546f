"""Files that lie in their types, or would keep whoever checks them for days, with digests that fit."""

import json
import threading
import time

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import CertificateError
from gmmscape.proof.certificate import digest_of
from gmmscape.verifier.interval import Clock, Interval

HEADER = ("format", "format_version", "gmmscape_version", "digest")


@pytest.fixture(scope="module")
def contents():
    """What files hold: of one mean on one center, of rows, and a bound."""
    truth = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), 1)
    rows = lab.Landscape(lab.Sample(np.array([[0.0], [1.0], [5.0], [6.0]])), 2, 1.0)
    made = {
        "truth": lab.certify([0.0], truth),
        "rows": lab.certify(rows.descend([0.0, 6.0]), rows),
        "bound": lab.global_bound([0.0], [[-0.5], [0.0], [0.5]], 1.0),
    }
    return {name: json.dumps(one.to_dict()) for name, one in made.items()}


def written(content, path):
    content["digest"] = digest_of({key: value for key, value in content.items() if key not in HEADER})
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("name", ["truth", "rows", "bound"])
def test_what_is_true_is_accepted(contents, name, tmp_path):
    assert lab.verify(written(json.loads(contents[name]), tmp_path / "c.json"))


#: What has no meaning, although Python would take it for what is meant.
TYPES = {
    "no dimension": ("rows", lambda c: (c["problem"].update(rows=[[]] * 4), c.update(point=[]))),
    "weights that are none": ("rows", lambda c: c["problem"].update(weights=[])),
    "no divergence in another word": ("rows", lambda c: c.update(kl=0.0)),
    "errors in another word": ("rows", lambda c: c.update(errors="")),
    "a rule of rows": ("rows", lambda c: c.update(rule={"step": 1.0})),
    "truths without weights": ("truth", lambda c: c["problem"].update(weights=None)),
    "a version that is no number": ("rows", lambda c: c.update(format_version=True)),
    "an end in other words": ("bound", lambda c: c.update(stop_reason="proved: globally optimal")),
}


@pytest.mark.parametrize("lie", TYPES)
def test_other_types_are_refused(contents, lie, tmp_path):
    name, change = TYPES[lie]
    content = json.loads(contents[name])
    change(content)
    with pytest.raises(CertificateError, match="proves nothing"):
        lab.verify(written(content, tmp_path / "c.json"))


#: What would take hours, or all memory; and why it is refused.
ENDLESS = {
    "nodes": ("truth", lambda c: c["rule"].update(step=1e-9), "too many nodes"),
    "digits of a growth": ("truth", lambda c: c["rule"].update(strip=1e9), "out of reach|no bound"),
    "reach": ("truth", lambda c: c["rule"].update(reach=1e9), "too many nodes"),
    "digits of a place": ("truth", lambda c: c["point"].__setitem__(0, "1e9999"), "decimal"),
    "means": ("rows", lambda c: (c["problem"].update(n_components=10**5),
              c.update(point=["0"] * 10**5)), "many"),
    "pairs": ("bound", lambda c: c["problem"].update(means=[[0.0]] * 10**5, weights=[1.0] * 10**5,
              rows=[[0.0]] * 1000, row_weights=[1.0] * 1000), "too many rows"),
}  # fmt: skip


@pytest.mark.parametrize("lie", ENDLESS)
def test_endless_work_is_refused_at_once(contents, lie, tmp_path):
    name, change, why = ENDLESS[lie]
    content = json.loads(contents[name])
    change(content)
    began = time.process_time()
    with pytest.raises(CertificateError, match=why):
        lab.verify(written(content, tmp_path / "c.json"))
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize("name", ["truth", "rows", "bound"])
def test_time_is_bounded(contents, name, tmp_path):
    path = written(json.loads(contents[name]), tmp_path / "c.json")
    with pytest.raises(CertificateError, match="not checked within"):
        lab.verify(path, max_seconds=1e-9)
    assert lab.verify(path, max_seconds=None)
    assert Clock.until == float("inf")


def test_only_one_is_checked_at_a_time(contents, tmp_path, monkeypatch):
    """The number of digits belongs to all intervals: two checks must not change it for each other."""
    inside, most = [], []

    def check(content):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()

    monkeypatch.setattr("gmmscape.verifier.check.CHECKS", {"gmmscape-certificate": check})
    path = written(json.loads(contents["rows"]), tmp_path / "c.json")
    threads = [threading.Thread(target=lab.verify, args=(path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_exponentials_of_far_numbers_are_bounded():
    Interval.bits = 64
    assert (Interval.of(-(10**300)).exp().lo, Interval.of(-(10**300)).exp().hi) == (0, 1)
    with pytest.raises(OverflowError):
        Interval.of(10**300).exp()
