"""``gmmscape fit`` of folders and of files in a memory that is said."""

from __future__ import annotations

import json

import numpy as np

import gmmscape as gs
from doors.commandline import failed, inside


def rows(folder, n: int = 400) -> np.ndarray:
    rng = np.random.default_rng(0)
    X = rng.normal(rng.integers(0, 2, (n, 1)) * [8.0, 3.0], 1.0)
    (folder / "rows").mkdir()
    for name, part in (("a", X[:100]), ("b", X[100:])):
        np.savetxt(folder / "rows" / f"{name}.csv", part, delimiter=",", header="x,y", comments="")
    return X


def test_a_folder_is_fitted_as_its_rows(tmp_path):
    X = rows(tmp_path)
    outputs = ("--json", "fit.json", "--save", "fit.gmm", "--plot", "fit.png", "--report", "fit.html")
    result = inside("fit", "rows", "-k", "2", *outputs, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "400 rows of 2 columns (x, y)" in result.stdout
    document = json.loads((tmp_path / "fit.json").read_text())
    assert (document["n_samples"], document["feature_names"]) == (400, ["x", "y"])
    whole = gs.GaussianMixture(2, random_state=0).fit(X)
    assert abs(document["nll"] + whole.score(X)) < 1e-9
    kept = gs.load(tmp_path / "fit.gmm").mixture_
    assert abs(kept.log_density(X).mean() - whole.score(X)) < 1e-9
    assert (tmp_path / "fit.png").stat().st_size > 1_000
    assert "x" in (tmp_path / "fit.html").read_text()


def test_a_file_is_read_in_blocks_where_memory_is_said(tmp_path):
    rows(tmp_path)
    at_once = inside("fit", "rows/b.csv", "-k", "2", "--quiet", cwd=tmp_path)
    in_blocks = inside("fit", "rows/b.csv", "-k", "2", "--memory", "300MB", "--quiet", cwd=tmp_path)
    assert in_blocks.stdout == at_once.stdout
    failed(inside("fit", "rows/b.csv", "-k", "2", "--memory", "lots", cwd=tmp_path), 2, "memory", "500MB")


def test_what_needs_all_rows_at_once_is_refused(tmp_path):
    rows(tmp_path)
    for option, told in (
        (("--standardize",), "--standardize"),
        (("--labels", "l.csv"), "--labels"),
        (("--delimiter", ","), "--delimiter"),
        (("--background", "box"), "background"),
    ):
        result = inside("fit", "rows", "-k", "2", *option, cwd=tmp_path)
        assert result.returncode in (2, 3), result.stderr
        assert told in result.stderr
        assert "Traceback" not in result.stderr
    (tmp_path / "rows" / "c.csv").write_text("x,y\n1,\n2,3\n")
    failed(inside("fit", "rows", "-k", "2", cwd=tmp_path), 3, "c.csv", "row 2, column y")
    dropped = inside("fit", "rows", "-k", "2", "--drop-missing", "--json", "fit.json", cwd=tmp_path)
    assert dropped.returncode == 0, dropped.stderr
    assert json.loads((tmp_path / "fit.json").read_text())["n_samples"] == 401
