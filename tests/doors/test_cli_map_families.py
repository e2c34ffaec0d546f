"""``gmmscape map`` with more freedom: families, weights and widths, and the limit of k-means."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import failed, inside
from gmmscape import lab
from gmmscape.results import read
from marks import tuples_rest_slow

CENTERS = "--centers=-3,3,12"
TRUTH = lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0))


def mapped(folder: Path, *arguments: object) -> tuple[str, object]:
    done = inside("map", *arguments, "--starts", 6, "--json", "atlas.json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.rstrip("\n"), read(folder / "atlas.json")


WIDE = ["--family", "spherical"]
OPTIONS: list[tuple[list[object], dict[str, object]]] = [
    (["--sigma", 1, "--family", "full", "--weights", "free"], {"family": "full", "weights": "free"}),
    (["--sigma", "1,1,2", "--true-sigma", 1], {"sigma": [1.0, 1.0, 2.0]}),
    (["--sigma", 0, "--true-sigma", 1], {"sigma": 0}),
    (["--sigma", 1, "--weights", "held=0.2,0.3,0.5"], {"sigma": 1.0, "weights": [0.2, 0.3, 0.5]}),
    (["--sigma", 1, *WIDE], {"family": "spherical"}),
    (["--sigma", "common", "--true-sigma", 1], {"sigma": "common"}),
    (
        ["--sigma", "free", "--true-sigma", 1, "--family", "spherical"],
        {"sigma": "free", "family": "spherical"},
    ),
]


@pytest.mark.parametrize(("options", "settings"), tuples_rest_slow(OPTIONS, 4), ids=str)
def test_it_maps_what_the_laboratory_maps(options: list[object], settings: dict, tmp_path: Path):
    printed, atlas = mapped(tmp_path, CENTERS, *options)
    expected = lab.Landscape(TRUTH, 3, **settings).explore(0, n_starts=6)
    assert atlas == expected
    assert printed == f"verdict: {expected}"


def test_another_sigma_than_the_truths(tmp_path: Path):
    _, atlas = mapped(tmp_path, CENTERS, "--sigma", 2, "--true-sigma", 1)
    assert isinstance(atlas, lab.Atlas)
    assert atlas.sigma == 2.0
    assert atlas.truth == TRUTH.truth


def test_rows_of_a_file_in_a_family_and_by_k_means(tmp_path: Path):
    rows = np.random.default_rng(0).normal([[0.0, 0.0]] * 30 + [[8.0, 1.0]] * 30)
    np.savetxt(tmp_path / "rows.csv", rows, delimiter=",")
    printed, full = mapped(
        tmp_path, "rows.csv", "-k", 2, "--family", "full", "--weights", "free", "--plot", "full.png"
    )
    assert "full family, weights free, widths free" in printed
    assert isinstance(full, lab.FreeAtlas)
    assert full.truth is None
    printed, hard = mapped(tmp_path, "rows.csv", "-k", 2, "--sigma", 0, "--plot", "hard.png", "--force")
    assert isinstance(hard, lab.KMeansAtlas)
    assert printed.startswith(f"verdict: {len(hard.minima)} minim")
    best = lab.KMeansLandscape(lab.Sample(rows), 2).descend([[0.0, 0.0], [8.0, 1.0]])
    assert hard.minima[0].distortion == pytest.approx(best.distortion, rel=1e-12)
    for name in ("full.png", "hard.png"):
        assert (tmp_path / name).read_bytes()[:4] == b"\x89PNG"
    content = json.loads((tmp_path / "atlas.json").read_text())
    assert content["format"] == "gmmscape-kmeans-atlas"
    done = inside("map", "rows.csv", "-k", 2, "--sigma", 0, "--report", "-", "--quiet", cwd=tmp_path)
    assert "<!DOCTYPE html>" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([CENTERS, "--sigma", "free"], ["--true-sigma"]),
        ([CENTERS, "--sigma", "0"], ["--true-sigma"]),
        ([CENTERS, "--sigma", "1,2", "--true-sigma", "1"], ["--sigma", "3 components"]),
        ([CENTERS, "--sigma", "broad"], ["--sigma", "'broad'", "common"]),
        ([CENTERS, "--sigma", "1", "--true-sigma", "1", "--family", "diag"], ["--sigma", "--family 'diag'"]),
        ([CENTERS, "--sigma", "0", "--true-sigma", "1", "--weights", "free"], ["--sigma 0", "--weights"]),
        ([CENTERS, "--sigma", "0", "--true-sigma", "1", "--family", "full"], ["--sigma", "--family"]),
        ([CENTERS, "--sigma", "1", "--weights", "held=0.5,0.5"], ["weights", "3"]),
        ([CENTERS, "--sigma", "1", "--weights", "held=a"], ["--weights", "'a'"]),
        ([CENTERS, "--sigma", "0", "--true-sigma", "1", "--saddles"], ["--saddles"]),
        ([CENTERS, "--sigma", "1", "--family", "full", "--n-jobs", "2"], ["--n-jobs"]),
        ([CENTERS, "--sigma", "0", "--true-sigma", "1", "--checkpoint", "kept.json"], ["--checkpoint"]),
        (["rows.csv", "-k", "2", "--true-sigma", "1", "--family", "full"], ["--true-sigma", "--centers"]),
        (["rows.csv", "--family", "full"], ["FILE", "-k"]),
        ([CENTERS, "--sigma", "1", "--family", "oval"], ["--family", "oval"]),
    ],
    ids=str,
)
def test_what_makes_no_sense_exits_2(arguments: list[str], words: list[str], tmp_path: Path):
    failed(inside("map", *arguments, cwd=tmp_path), 2, *words)
