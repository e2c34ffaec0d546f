"""No command writes onto a file that it also reads or writes."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from doors.commandline import failed, inside


@pytest.fixture(name="folder")
def with_data(tmp_path):
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 40)).reshape(-1, 1)
    np.savetxt(tmp_path / "rows.csv", X, header="x", comments="", delimiter=",")
    (tmp_path / "truth.json").write_text('{"centers": [-3, 3, 12], "sigma": 1}')
    assert inside("fit", "rows.csv", "-k", 3, "--json", "fit.json", cwd=tmp_path).returncode == 0
    os.link(tmp_path / "rows.csv", tmp_path / "linked.csv")
    os.link(tmp_path / "rows.csv", tmp_path / "rows.png")
    (tmp_path / "named.csv").symlink_to(tmp_path / "rows.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "rows.csv", "-k", 3, "--json", "rows.csv"], ["--json", "FILE"]),
        (["fit", "rows.csv", "-k", 3, "--json", "./rows.csv"], ["--json"]),
        (["fit", "rows.csv", "-k", 3, "--json", "linked.csv"], ["--json"]),
        (["fit", "rows.csv", "-k", 3, "--json", "named.csv"], ["--json"]),
        (["diagnose", "fit.json", "rows.csv", "--json", "fit.json"], ["--json", "MODEL"]),
        (["diagnose", "fit.json", "rows.csv", "--json", "rows.csv"], ["--json", "FILE"]),
        (["repair", "fit.json", "rows.csv", "--model", "rows.csv"], ["--model", "FILE"]),
        (["repair", "fit.json", "rows.csv", "--model", "fit.json"], ["--model", "MODEL"]),
        (["optima", "rows.csv", "-k", 3, "--checkpoint", "rows.csv"], ["--checkpoint", "FILE"]),
        (["optima", "rows.csv", "-k", 3, "--checkpoint", "a.json", "--json", "a.json"], ["a.json"]),
        (["select", "rows.csv", "-k", "1:2", "--model", "a.json", "--json", "a.json"], ["a.json"]),
        (["select", "rows.csv", "-k", "1:2", "--plot", "rows.png"], ["--plot", "FILE"]),
        (["map", "--truth", "truth.json", "-k", 3, "--json", "truth.json"], ["--json", "--truth"]),
        (["map", "--centers=-3,3,12", "-k", 3, "--json", "a.png", "--plot", "a.png"], ["a.png"]),
        (["basins", "--truth", "truth.json", "-k", 3, "--checkpoint", "truth.json"], ["--checkpoint"]),
        (["birth", "--shape", "equal", "--json", "a.png", "--plot", "a.png"], ["a.png"]),
    ],
)
def test_it_is_refused_before_any_work(arguments, words, folder):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    failed(inside(*arguments, cwd=folder), 2, "written onto", *words)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["notes.json", "notes.html", "notes.png"])
def test_a_file_of_others_is_replaced_only_by_force(name, folder):
    option = {"notes.png": "--plot"}.get(name, "--json")
    (folder / name).write_text("mine")
    arguments = ["optima", "rows.csv", "-k", 3, "--n-starts", 3, option, name]
    failed(inside(*arguments, cwd=folder), 2, name, "that gmmscape wrote", "--force")
    assert (folder / name).read_text() == "mine"
    assert inside(*arguments, "--force", cwd=folder).returncode == 0
    assert (folder / name).read_bytes()[:4] in (b"\x89PNG", b'{\n "')


@pytest.mark.parametrize("name", ["a.json", "a.png", "a.pdf", "a.svg"])
def test_a_file_of_ours_is_replaced(name, folder):
    """An empty one too: nothing is lost with it."""
    option = "--json" if name == "a.json" else "--plot"
    (folder / name).touch()
    arguments = ["optima", "rows.csv", "-k", 3, "--n-starts", 3, option, name, "--quiet"]
    for _ in range(2):
        done = inside(*arguments, cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")
    assert (folder / name).stat().st_size > 500


def test_force_takes_no_input(folder):
    before = (folder / "rows.csv").read_bytes()
    failed(
        inside("fit", "rows.csv", "-k", 3, "--json", "named.csv", "--force", cwd=folder), 2, "written onto"
    )
    assert (folder / "rows.csv").read_bytes() == before


def test_a_link_to_itself_and_a_file_that_is_read_only(folder):
    (folder / "self.json").symlink_to(folder / "self.json")
    arguments = ["fit", "rows.csv", "-k", 3, "--json"]
    failed(inside(*arguments, "self.json", cwd=folder), 2, "--json", "self.json", "name of a file")
    before = (folder / "fit.json").read_bytes()
    (folder / "fit.json").chmod(0o400)
    failed(inside(*arguments, "fit.json", cwd=folder), 2, "--json", "read-only")
    failed(inside(*arguments, "fit.json", "--force", cwd=folder), 2, "read-only")
    assert (folder / "fit.json").read_bytes() == before


def test_names_that_differ_in_case_are_one_file_where_none_is_there(folder):
    arguments = ["select", "rows.csv", "-k", "1:2", "--model", "New.json", "--json", "new.json"]
    failed(inside(*arguments, cwd=folder), 2, "written onto")


def test_a_dash_is_standard_output(folder):
    done = inside("fit", "rows.csv", "-k", 3, "--json", "-", cwd=folder)
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads((folder / "fit.json").read_text())
    assert done.stderr.startswith("verdict: ")
    assert not (folder / "-").exists()
    arguments = ["select", "rows.csv", "-k", "1:2", "--model", "-", "--json", "-"]
    failed(inside(*arguments, cwd=folder), 2, "written onto")
    failed(inside("optima", "rows.csv", "-k", 3, "--plot", "-", cwd=folder), 2, "--plot", "'-'")
    failed(inside("optima", "rows.csv", "-k", 3, "--checkpoint", "-", cwd=folder), 2, "--checkpoint")


def test_a_full_disk_leaves_the_old_file_and_prints(folder, monkeypatch):
    old = (folder / "fit.json").read_bytes()

    def full(self, *_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    done = inside("fit", "rows.csv", "-k", 2, "--json", "fit.json", cwd=folder)
    assert done.returncode == 3
    assert "fit.json: No space left" in done.stderr
    assert done.stdout.startswith("verdict: ")
    assert (folder / "fit.json").read_bytes() == old
    assert not list(folder.glob("*.part"))
