"""``gmmscape prove bound`` as a user runs it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import failed, inside
from gmmscape import lab

pytest.importorskip("flint")
#: Two clusters, 5 apart, of 8 rows each.
ROWS = np.concatenate([np.linspace(-1.2, 1.2, 8), 5 + np.linspace(-1.2, 1.2, 8)])[:, None]
TWO = ("bound", "rows.csv", "-k", "2", "--sigma", "1", "--starts", "2")


@pytest.fixture(name="folder")
def with_rows(tmp_path):
    np.savetxt(tmp_path / "rows.csv", ROWS, header="x", comments="", delimiter=",")
    gs.Mixture.location([0.0, 5.0], 1.0, [0.4, 0.6]).to_json(tmp_path / "two.json")
    gs.Mixture.location([0.0], 1.0).to_json(tmp_path / "one.json")
    gs.Mixture([0.5, 0.5], [0.0, 5.0], [1.0, 2.0], "spherical").to_json(tmp_path / "unlike.json")
    return tmp_path


def proved_of(path):
    return lab.GlobalBound.from_json(path)


def test_a_fit_made_here(folder):
    pytest.importorskip("matplotlib")
    found = inside(
        "prove", *TWO, "--certificates", "proofs", "--plot", "d.svg", "--json", "b.json", cwd=folder
    )
    assert (found.returncode, found.stderr) == (0, "")
    head, *_, fitted = found.stdout.splitlines()
    assert head.startswith("proved: no mixture with sigma 1 gains more than ")
    assert "the next component should go to (" in found.stdout or "globally optimal" in head
    assert fitted.startswith("fit: the best of 1 minimum found, nll ")
    assert (folder / "d.svg").read_bytes().startswith(b"<?xml")
    assert (folder / "b.json").read_bytes() == (folder / "proofs/bound.json").read_bytes()
    land = lab.Landscape(lab.Sample(ROWS), 2, sigma=1.0)
    best = land.explore(0, n_starts=2).minima[0]
    assert proved_of(folder / "b.json") == lab.global_bound(best, ROWS, 1.0)
    assert fitted.endswith(f"nll {best.nll:.10g}")
    assert inside("verify", "proofs/bound.json", cwd=folder).stdout == "proofs/bound.json: proved\n"
    failed(inside("prove", *TWO, "--certificates", "proofs", cwd=folder), 2, "--certificates", "--force")


def test_free_weights_are_fitted(folder):
    weights = np.repeat([1.0, 3.0], 8)
    np.savetxt(folder / "rows.csv", np.c_[ROWS, weights], header="x,w", comments="", delimiter=",")
    for more, share in (((), 0.5), (("--weights", "free"), 0.25)):
        inside("prove", *TWO, *more, "--weights-column", "w", "--json", "b.json", cwd=folder)
        assert min(proved_of(folder / "b.json").fit.weights) == pytest.approx(share, abs=0.02)


def test_a_model_from_a_file(folder):
    found = inside("prove", "bound", "rows.csv", "--model", "one.json", "--json", "b.json", cwd=folder)
    assert found.returncode == 0, found.stderr
    assert "the next component should go to (" in found.stdout
    assert proved_of(folder / "b.json") == lab.global_bound([0.0], ROWS, 1.0)


def test_the_best_mixture_beside_a_fit_and_alone(folder):
    both = inside(
        *("prove", "bound", "rows.csv", "--model", "two.json", "--nonparametric", "--certificates", "p"),
        cwd=folder,
    )
    assert both.returncode == 0, both.stderr
    lines = both.stdout.splitlines()
    assert lines[0].startswith("proved: no mixture")
    assert any(line.startswith("the best mixture with sigma 1 to ") for line in lines)
    limit = lab.nonparametric(ROWS, 1.0)
    low, _ = limit.behind(gs.Mixture.location([0.0, 5.0], 1.0, [0.4, 0.6]))
    assert low > 0.01
    assert lines[-1].startswith(f"the fit is {low:.3f}")
    assert proved_of(folder / "p/nonparametric.json") == limit.bound
    checked = inside("verify", "p/bound.json", "p/nonparametric.json", cwd=folder)
    assert (checked.returncode, checked.stdout.count("proved")) == (0, 2)

    alone = inside("prove", "bound", "rows.csv", "--sigma", "1", "--nonparametric", "--json", "-", cwd=folder)
    assert json.loads(alone.stdout)["format"] == "gmmscape-nonparametric-fit"
    assert alone.stderr.splitlines()[0] in lines


def test_what_is_not_proved_to_the_tolerance_is_told_by_the_exit_code(folder):
    early = inside("prove", "bound", "rows.csv", "--model", "two.json", "--max-seconds", "0", cwd=folder)
    assert early.returncode == 1
    assert early.stdout.startswith("proved: no mixture")
    assert "time_limit" in early.stdout


def test_ctrl_c_in_the_search_for_a_fit_keeps_a_bound(folder, monkeypatch):
    whole = lab.Landscape.explore

    def interrupted(self, *arguments, **options):
        return whole(self, *arguments, **{**options, "callback": lambda event: True})

    monkeypatch.setattr(lab.Landscape, "explore", interrupted)
    found = inside("prove", *TWO, "--nonparametric", cwd=folder)
    assert found.returncode == 4
    assert found.stdout.startswith("proved: no mixture")
    assert "the best mixture" not in found.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rows.csv"], ["--model", "--sigma", "-k"]),
        (["rows.csv", "--sigma", "1"], ["-k 3", "--nonparametric"]),
        (["rows.csv", "--model", "two.json", "-k", "2"], ["either", "--model", "-k"]),
        (["rows.csv", "--model", "two.json", "--weights", "free"], ["--weights", "--model"]),
        (
            ["rows.csv", "--model", "two.json", "--sigma", "2"],
            ["--sigma 2.0", "standard deviation of the model"],
        ),
        (["rows.csv", "--model", "unlike.json"], ["--model", "--covariance EII"]),
        (["rows.csv", "-k", "2", "--sigma", "1", "--tol", "0"], ["--tol"]),
    ],
)
def test_wrong_usage(arguments, words, folder):
    failed(inside("prove", "bound", *arguments, cwd=folder), 2, *words)
