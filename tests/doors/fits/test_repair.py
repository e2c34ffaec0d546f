"""gmmscape diagnose and repair from outside: what they print, write, and how they end."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from doors.commandline import inside
from doors.fits.cases import FIELDS, ML, X, as_sklearn, best, both, content_of, fitted, judged, write_table


def test_stuck_fits_are_diagnosed(clusters, stuck, tmp_path):
    model, _ = stuck
    content = content_of(model)
    assert content["verdict"] == "cannot tell"
    result = inside("diagnose", model, clusters, "--json", tmp_path / "diagnosis.json")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("verdict: bad optimum - a fit better by ")
    assert "\nnext: take the better fit: `gmmscape repair` returns it\n" in result.stdout
    assert inside("diagnose", model, clusters, "--exit-code", "--quiet").returncode == 5
    found = content_of(tmp_path / "diagnosis.json")
    assert found["verdict"] == "bad optimum"
    assert found["input_state"] == "converged"
    assert found["value_before"] == pytest.approx(content["nll"], rel=1e-12)
    assert found["value_after"] == pytest.approx(-best() / 240, rel=1e-9)
    assert found["gain_total"] == pytest.approx(best() - content["log_likelihood"], rel=1e-6)
    assert {"one-fits-many", "many-fit-one"} <= {component["kind"] for component in found["components"]}
    assert {move["outcome"] for move in found["moves"]} == {"taken"}


def test_stuck_fits_are_repaired(clusters, stuck, tmp_path):
    model, _ = stuck
    before, out = model.read_bytes(), tmp_path / "repaired.json"
    result = inside("repair", model, clusters, "--model", out, "--seed", 3)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("verdict: no better fit found - ")
    assert "\nthe model that came in ended in a bad optimum: " in result.stdout
    assert "\n\nfit: 4 components, full covariances, 240 rows" in result.stdout
    assert model.read_bytes() == before
    content = content_of(out)
    assert set(content) >= FIELDS
    assert (content["seed"], content["init_params"]) == (3, None)
    assert content["log_likelihood"] == pytest.approx(as_sklearn(content).score(X) * 240, rel=1e-12)
    assert content["log_likelihood"] == pytest.approx(best(), rel=1e-9)
    assert content["log_likelihood"] > content_of(model)["log_likelihood"] + 100
    assert content["verdict"] == "no better fit found"
    assert content["escape_gain"] > 0
    again = inside("diagnose", out, clusters)
    assert again.stdout.startswith("verdict: no better fit found - ")
    assert inside("diagnose", out, clusters, "--exit-code").returncode == again.returncode == 0


def test_centers_are_repaired(clusters, tmp_path):
    file, out = tmp_path / "centers.json", tmp_path / "better.json"
    gs.repair(X[[0, 1, 60, 180]], X, rng=0, max_seconds=0).to_json(file)
    result = inside("repair", file, clusters, "--model", out, "--json", tmp_path / "result.json")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("repaired - ")
    assert content_of(out) == content_of(tmp_path / "result.json")
    assert inside("diagnose", out, clusters, "--exit-code").returncode == 0
    for wanted, code, said in (
        (("score", out, clusters), 2, "centers alone have no density"),
        (("sample", out, "-n", 3), 3, "from which nothing can be drawn: pass a mixture"),
    ):
        refused = inside(*wanted)
        assert (refused.returncode, refused.stdout) == (code, "")
        assert said in refused.stderr


def test_a_repair_goes_on_from_its_checkpoint(clusters, stuck, tmp_path):
    model, _ = stuck
    kept, outs = tmp_path / "so-far.json", [tmp_path / f"{i}.json" for i in range(2)]
    for out in outs:
        asked = inside("repair", model, clusters, "--model", out, "--seed", 3, "--checkpoint", kept)
        assert (asked.returncode, asked.stderr) == (0, "")
    assert content_of(outs[0]) == content_of(outs[1])
    assert content_of(kept)["task"] == "repair"
    other = inside("repair", model, clusters, "--model", outs[0], "--seed", 4, "--checkpoint", kept)
    assert other.returncode == 2
    assert "another rng" in other.stderr
    assert content_of(outs[0]) == content_of(outs[1])


def test_fit_escapes_by_itself(clusters, stuck, tmp_path):
    """From the start that plain EM gets stuck from."""
    model, options = stuck
    result = inside("fit", clusters, *ML, *options, "--json", tmp_path / "fit.json")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("verdict: no better fit found - ")
    assert "\nEM alone ended in a bad optimum: " in result.stdout
    content = content_of(tmp_path / "fit.json")
    assert content["log_likelihood"] == pytest.approx(best(), rel=1e-9)
    assert content["verdict"] == "no better fit found"
    gain = best() - content_of(model)["log_likelihood"]
    assert 240 * (content["polish_gain"] + content["escape_gain"]) == pytest.approx(gain, rel=1e-6)
    assert content["moves"]


def test_a_time_budget_is_kept(many_in_one_cluster, tmp_path):
    """Unbounded, these searches take many times as long."""
    model, out, rows = tmp_path / "fit.json", tmp_path / "out.json", many_in_one_cluster
    fitted(rows, model, "-k", 8, "--tol", 0.1, "--no-escape")
    result = inside("diagnose", model, rows, "--max-seconds", 0.2, "--json", out)
    assert (result.returncode, result.stderr) == (0, "")
    assert content_of(out)["ended"] == "time_limit"
    result = inside("repair", model, rows, "--max-seconds", 0.2, "--model", out)
    assert (result.returncode, result.stderr) == (1, "")  # polishing had not come to an end
    assert content_of(out)["stop_reason"] == "time_limit"


@pytest.fixture(scope="module")
def few(folder):
    """So few rows of one cluster that what the search finds depends on its seed; and a fit to them."""
    file = write_table(folder / "few.csv", np.random.default_rng(1).normal(size=(40, 2)))
    fitted(file, folder / "few.json", "-k", 2, "--covariance", "spherical", "--tol", 0.1, "--no-escape")
    return folder / "few.json", file


@both
def test_the_seed_decides(command, few, tmp_path):
    """The same file from the same seed, another search from another one."""
    model, file = few
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    searches = set()
    for seed in range(4):
        for out in (first, second):
            assert judged(command, model, file, out, "--seed", seed).returncode == 0
        assert first.read_bytes() == second.read_bytes()
        content = content_of(first)
        searches.add(json.dumps([content["moves"], content["alternatives"]]))
    assert len(searches) > 1


def test_nested_components_are_offered_or_taken(tmp_path):
    """A core in a halo, and two clusters that a better density gives one component."""
    rng = np.random.default_rng(1)
    parts = [(0, 1, 100), (0, 6, 100), (40, 1, 60), (44, 1, 60)]
    rows = np.vstack([[place, 0] + spread * rng.normal(size=(n, 2)) for place, spread, n in parts])
    file, model = write_table(tmp_path / "data.csv", rows), tmp_path / "mixture.json"
    covariances = [variance * np.eye(2) for variance in (18.5, 1, 1)]
    mixture = gs.Mixture([200 / 320, 60 / 320, 60 / 320], [[0, 0], [40, 0], [44, 0]], covariances, "full")
    model.write_text(json.dumps(mixture.to_dict()))
    out = tmp_path / "out.json"
    assert judged("repair", model, file, out).returncode == 0
    offered = content_of(out)
    assert "nested" in {move["outcome"] for move in offered["alternatives"]}
    assert offered["moves"] == []
    assert judged("repair", model, file, out, "--nested", "take").returncode == 0
    assert content_of(out)["log_likelihood"] > offered["log_likelihood"] + 1


def test_options_reach_the_fit(clusters, stuck, tmp_path):
    options = [*stuck[1], "--no-escape"]
    more = fitted(clusters, tmp_path / "more.json", *options, "--n-init", 6)
    assert more["log_likelihood"] > content_of(stuck[0])["log_likelihood"] + 1
    early = fitted(clusters, tmp_path / "early.json", *options, "--tol", 0.5)
    assert early["converged"] is True
    assert 1e-6 < early["gradient_norm"] <= 0.5
