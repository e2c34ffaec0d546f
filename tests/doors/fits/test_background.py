"""``--background`` of fit, diagnose, repair and select."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import inside

RNG = np.random.default_rng(0)
X = np.vstack([RNG.normal([[0.0], [20.0]], 1.0, (2, 80)).reshape(-1, 1), RNG.uniform(-20, 40, (30, 1))])


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("noise") / "rows.csv"
    np.savetxt(path, X, header="x", comments="")
    return path


def test_fit_diagnose_and_repair_know_of_it(file, tmp_path):
    out, better = tmp_path / "fit.json", tmp_path / "better.json"
    result = inside("fit", file, "-k", 2, "--background", "box", "--seed", 0, "--json", out)
    assert result.returncode == 0
    expected = gs.GaussianMixture(2, background="box", random_state=0).fit(X)
    assert f"background: weight {expected.background_weight_:.4f}" in result.stdout
    model = gs.GaussianMixture.from_json(out)
    assert model.background_weight_ == expected.background_weight_
    assert "no better fit found" in inside("diagnose", out, file, "--seed", 0).stdout
    assert inside("repair", out, file, "--seed", 0, "--model", better).returncode == 0
    assert gs.GaussianMixture.from_json(better).background_weight_ == pytest.approx(model.background_weight_)


def test_select_takes_it(file, tmp_path):
    out = tmp_path / "found.json"
    result = inside("select", file, "--k", "1:3", "--background", 60, "--seed", 0, "--model", out)
    assert result.returncode == 0
    content = json.loads(out.read_text())
    assert content["n_components"] == 2
    assert content["background"]["volume"] == 60.0
    assert 0.05 < content["background"]["weight"] < 0.3


@pytest.mark.parametrize("value", ["hul", "-3", "0", "nan"])
def test_other_regions_are_refused(file, value):
    result = inside("fit", file, "-k", 2, f"--background={value}")
    assert result.returncode == 2
    assert "write box, hull, or a volume above 0" in " ".join(result.stderr.split())
