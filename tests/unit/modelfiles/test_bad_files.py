"""Files that cannot be believed are refused, with the reason, and before they cost memory."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

import gmmscape as gs
from unit.modelfiles import forged


def test_forging_a_good_file_leaves_it_good(tmp_path: Path):
    """The control of all below: what is written by hand with right sums is read."""
    path = forged.good(tmp_path / "model.gmm")
    forged.written(tmp_path / "same.gmm", forged.members_of(path))
    assert gs.load(tmp_path / "same.gmm") == gs.load(path)


@pytest.mark.parametrize("name", forged.MEMBERS)
def test_members_that_are_not_what_they_should_be(name: str, tmp_path: Path):
    change, reason = forged.MEMBERS[name]
    path = forged.good(tmp_path / "model.gmm")
    forged.written(path, change(forged.members_of(path)))
    with pytest.raises(gs.FormatError, match=reason):
        gs.load(path)
    with pytest.raises(gs.FormatError, match=r"model\.gmm"):
        gs.diagnose(path, np.zeros((3, 2)))


@pytest.mark.parametrize("member", ["header.json", "means.npy", "weights.npy"])
def test_members_that_were_changed(member: str, tmp_path: Path):
    path = forged.good(tmp_path / "model.gmm")
    members = forged.members_of(path)
    changed = bytearray(members[member])
    changed[-2] ^= 1
    forged.written(path, {**members, member: bytes(changed)}, sums=False)
    with pytest.raises(gs.FormatError, match=f"{member}' does not have its checksum"):
        gs.load(path)


def test_every_byte_counts(tmp_path: Path):
    """A bit turned anywhere is noticed, but for bytes of the zip that mean nothing (dates, hosts)."""
    path = forged.good(tmp_path / "model.gmm")
    data, mixture = path.read_bytes(), gs.load(path)
    for at in range(0, len(data), 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        try:
            assert gs.load(path) == mixture
        except gs.FormatError:
            continue


def test_files_that_were_cut_short_or_added_to(tmp_path: Path):
    path = forged.good(tmp_path / "model.gmm")
    data = path.read_bytes()
    for length in range(len(data) - 1, 0, -13):
        path.write_bytes(data[:length])
        with pytest.raises(gs.FormatError):
            gs.load(path)
    for more in (b"\0", data):
        path.write_bytes(data + more)
        with pytest.raises(gs.FormatError, match="cut short, or something was added"):
            gs.load(path)
    path.write_bytes(b"")
    with pytest.raises(gs.FormatError, match="model"):
        gs.load(path)


def test_two_members_of_one_name(tmp_path: Path):
    path = forged.good(tmp_path / "model.gmm")
    members = forged.members_of(path)
    forged.written(path, members)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("means.npy", members["means.npy"])
    with pytest.raises(gs.FormatError, match=r"two members 'means\.npy'"):
        gs.load(path)


@pytest.mark.parametrize("how", ["pickle", "joblib", "npy", "npz", "npz of objects", "zip", "csv", "html"])
def test_files_of_other_kinds(how: str, tmp_path: Path):
    path = tmp_path / "model.gmm"
    array, objects = np.zeros((2, 2)), np.array([{}, 1], dtype=object)
    with path.open("wb") as file:
        if how == "pickle":
            pickle.dump(array, file)
        elif how == "joblib":
            joblib.dump(array, file, compress=3)
        elif how == "npy":
            np.save(file, objects, allow_pickle=True)
        elif how.startswith("npz"):
            np.savez(file, means=objects if "objects" in how else array)
        elif how == "zip":
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("a.txt", "a")
        else:
            file.write({"csv": b"1,2\n3,4\n", "html": b"<!doctype html>"}[how])
    with pytest.raises(gs.FormatError, match=r"model\.gmm"):
        gs.load(path)
    with pytest.raises(gs.FormatError, match=r"model\.gmm"):
        gs.diagnose(path, array)


def test_missing_files_are_the_systems_errors(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        gs.load(tmp_path / "none.gmm")


CHILD = """
import resource, sys
import gmmscape as gs
good, *bad = sys.argv[1:]
gs.load(good)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in bad:
    try:
        gs.load(path)
    except gs.FormatError as error:
        print(error)
    else:
        print("LOADED", path)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_what_would_fill_the_memory_is_refused_before(tmp_path: Path):
    """Peak memory of a process that meets them all; each would take 220 MB and more."""
    sparse = forged.good(tmp_path / "sparse.gmm")
    with sparse.open("r+b") as file:
        file.truncate(3 << 30)
    table, text = tmp_path / "table.csv", tmp_path / "fit.json"
    for path, begin in ((table, b"a,b\n1,2\n"), (text, b'{"format": "gmmscape-fit"')):
        path.write_bytes(begin)
        with path.open("r+b") as file:
            file.truncate(3 << 30)
    bad = [
        forged.without_zeros(tmp_path / "bomb.gmm", 220 << 20),
        forged.overlapping(tmp_path / "overlap.gmm", 500),
        forged.many_entries(tmp_path / "entries.gmm"),
        sparse,
        table,
        text,
    ]
    for name in ("huge claim", "long header", "deep header"):
        path = forged.good(tmp_path / f"{name}.gmm")
        bad.append(forged.written(path, forged.MEMBERS[name][0](forged.members_of(path))))
    path = forged.good(tmp_path / "large member.gmm")
    large = {**forged.members_of(path), "means.npy": forged.claimed((2, 2), b"\0" * (220 << 20))}
    bad.append(forged.written(path, large))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, forged.good(tmp_path / "good.gmm"), *bad],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    *reasons, grown = done.stdout.splitlines()
    assert len(reasons) == len(bad), done.stdout
    assert not any("LOADED" in reason for reason in reasons)
    assert "compressed" in reasons[0]
    assert "members in a directory" in reasons[2]
    assert int(grown) < 200, done.stdout


def test_a_fit_that_was_forged_is_refused_in_its_parts(tmp_path: Path):
    """The diagnosis, the names and the parameters of an estimator are checked as the numbers are."""
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 40)).reshape(-1, 1)
    path = tmp_path / "fit.gmm"
    gs.GaussianMixture(2, random_state=0).fit(X).save(path)
    members = forged.members_of(path)
    for change in (
        lambda header: header["document"].update(verdict=3),
        lambda header: header["document"].update(feature_names=["x", "y"]),
        lambda header: header["document"].update(format_version=77),
        lambda header: header["parameters"].update(no_such=1),
        lambda header: header["parameters"].update(reg_covar={}),
        lambda header: header["parameters"].update(reg_covar=None),
        lambda header: header["parameters"].update(covariance_floor="x"),
        lambda header: header["document"]["diagnosis"].update(total=0.0),
        lambda header: header["document"]["covariance_prior"].update(scale=[[-1.0]]),
        lambda header: header["document"].pop("diagnosis"),
        lambda header: header.update(parameters=[]),
        lambda header: header.update(document="none"),
    ):
        forged.written(path, forged.with_header(members, change))
        with pytest.raises(gs.FormatError, match="no usable model"):
            gs.load(path)
    told = json.loads(members["header.json"])
    told["document"]["nll"] = -1e400
    beyond = json.dumps(told).replace("-Infinity", "-1e400").encode()
    forged.written(path, {**members, "header.json": beyond})
    with pytest.raises(gs.FormatError, match="holds -1e400, which is no number"):
        gs.load(path)
    forged.written(path, members)
    assert gs.load(path).n_components == 2


def test_what_no_file_could_hold_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    effort = type(gs.modelfiles.archive.EFFORT.files)(header_bytes=100)  # type: ignore[attr-defined]
    monkeypatch.setitem(gs.modelfiles.archive.EFFORT.__dict__, "files", effort)  # type: ignore[attr-defined]
    with pytest.raises(gs.NotAvailableError, match="more than a model file holds"):
        forged.good(tmp_path / "model.gmm")
    assert not list(tmp_path.iterdir())


def test_names_that_are_half_a_pair_are_written_again(tmp_path: Path):
    """JSON may hold them, UTF-8 not."""
    path = tmp_path / "model.json"
    content = gs.Mixture.location([[-3], [3]], 1.0).with_names(["x"]).to_dict()
    path.write_text(json.dumps({**content, "feature_names": ["\ud800"]}))
    mixture = gs.load(path)
    mixture.save(tmp_path / "model.gmm")
    assert gs.load(tmp_path / "model.gmm") == mixture


@pytest.mark.parametrize(
    ("name", "value"),
    [("lower_bound_", 1e400), ("lower_bounds_", [1.0, 1e400]), ("n_iter_", 1.5), ("converged_", 1)],
)
def test_what_a_fit_by_batches_says_of_itself_is_checked(name: str, value: Any, tmp_path: Path):
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 40)).reshape(-1, 1)
    path = tmp_path / "fit.gmm"
    gs.GaussianMixture(2, random_state=0).partial_fit(X).save(path)
    members = forged.members_of(path)
    forged.written(path, members)
    assert gs.load(path).n_iter_ == 1
    text = json.loads(members["header.json"])
    text["document"][name] = value
    written = json.dumps(text).replace("Infinity", "1e400").encode()
    forged.written(path, {**members, "header.json": written})
    with pytest.raises(gs.FormatError, match="no usable model"):
        gs.load(path)
