"""Models and rows that come through pipes, and what no file is."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest

import gmmscape as gs
from doors.commandline import failed, inside
from doors.fits.cases import X, write_table

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


@pytest.fixture
def piped(tmp_path):
    """A pipe that gives the content of a file, once."""
    fed = []

    def made(path):
        pipe = tmp_path / f"pipe {len(fed)}"
        os.mkfifo(pipe)
        fed.append(threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()), daemon=True))
        fed[-1].start()
        return pipe

    yield made
    for one in fed:
        one.join(timeout=10)


@needs_pipes
@pytest.mark.parametrize("command", ["predict", "score", "summary", "diagnose", "sample"])
def test_models_and_rows_are_read_from_pipes(command, clusters, good, tmp_path, piped):
    rows = [] if command == "sample" else [clusters]
    wanted = inside(command, good, *rows)
    assert wanted.returncode == 0
    found = inside(command, piped(good), *map(piped, rows))
    assert (found.returncode, found.stdout) == (wanted.returncode, wanted.stdout)


@needs_pipes
def test_a_pipe_without_a_model_is_called_by_its_name(clusters, piped):
    pipe = piped(clusters)
    failed(inside("score", pipe, clusters), 3, f"{pipe} is not a JSON file: it begins with")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device without an end")
@pytest.mark.parametrize("places", [("/dev/zero", "rows"), ("model", "/dev/zero")])
def test_devices_without_an_end_are_refused(places, clusters, good):
    named = {"rows": clusters, "model": good}
    failed(inside("score", *(named.get(place, place) for place in places)), 3, "device")


def test_a_closed_standard_input(monkeypatch, good):
    monkeypatch.setattr(sys, "stdin", None)
    failed(inside("score", good, "-"), 3, "standard input is closed")
    failed(inside("score", "-", good), 3, "standard input is closed")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_models_as_windows_shells_write_them(encoding, clusters, good, tmp_path):
    """PowerShell writes what a command prints in UTF-16, or with a mark."""
    path = tmp_path / "fit.json"
    path.write_text(good.read_text(), encoding=encoding)
    assert inside("score", path, clusters).stdout == inside("score", good, clusters).stdout


def test_names_that_are_too_few_are_noticed(clusters, good, tmp_path):
    path = tmp_path / "fit.json"
    content = json.loads(good.read_text())
    del content["sha256"]  # else it is the change that is noticed
    path.write_text(json.dumps({**content, "feature_names": ["x"]}))
    failed(inside("score", path, clusters), 3, "feature_names has 1 names, and the means have 2")


def test_columns_are_found_by_the_names_of_a_mixture(good, clusters, tmp_path):
    """A mixture alone knows its columns too: another order in the file changes nothing."""
    names = json.loads(good.read_text())["feature_names"]
    swapped = write_table(tmp_path / "swapped.csv", X[:, ::-1], ",".join(names[::-1]))
    wanted = inside("predict", good, clusters).stdout
    for file, write in (("a.gmm", "save"), ("a.json", "to_json")):
        getattr(gs.load(good).mixture_, write)(tmp_path / file)
        assert inside("predict", tmp_path / file, swapped).stdout == wanted


def test_samples_do_not_all_have_to_fit_into_memory(good, monkeypatch):
    """The first rows of very many are written at once."""

    written = []

    def echo(text, **_):
        written.append(text)
        raise EOFError

    monkeypatch.setattr("gmmscape.cli.shared.labels.click.echo", echo)
    with pytest.raises(EOFError):
        inside("sample", good, "-n", 10**13)
    assert written[0].count("\n") > 100


def test_a_file_in_the_way_of_a_sample(good, tmp_path):
    out = tmp_path / "sample.csv"
    assert inside("sample", good, "-n", 3, "--out", out).returncode == 0
    failed(inside("sample", good, "-n", 4, "--out", out), 2, "is there: name another file, or pass --force")
    assert inside("sample", good, "-n", 4, "--out", out, "--force").returncode == 0


def test_too_little_memory_is_told(good, monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr("gmmscape.cli.sample.model_in", full)
    failed(inside("sample", good), 3, "not enough memory")
