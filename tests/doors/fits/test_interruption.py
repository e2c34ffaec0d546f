"""Progress on a terminal, and what Ctrl-C leaves."""

from __future__ import annotations

import numpy as np
import pytest

from doors.commandline import PATIENCE, interrupted, needs_terminal, on_terminal
from doors.fits.cases import as_sklearn, content_of, fitted


@pytest.mark.slow
@needs_terminal
def test_progress_on_a_terminal_and_nowhere_else(clusters, good):
    """test_the_main_job sees to it that standard error is empty elsewhere."""
    with on_terminal(["fit", clusters, "-k", "4"]) as (process, shown):
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert b"fitting" in shown
    assert "fitting" not in output
    assert output.startswith("verdict: no better fit found - ")
    with on_terminal(["diagnose", good, clusters, "--quiet"]) as (process, shown):
        output, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output.count("\n"), bytes(shown)) == (0, 1, b"")


def check_interrupted(output, out, file):
    """The fit that was reached is printed and written, with the numbers that belong to it."""
    assert "\ninterrupted after " in output
    content = content_of(out)
    assert (content["stop_reason"], content["converged"]) == ("interrupted", False)
    assert content["verdict"] == "cannot tell"
    rows = np.loadtxt(file, delimiter=",", skiprows=1)
    assert content["nll"] == pytest.approx(-as_sklearn(content).score(rows), rel=1e-12)


@needs_terminal
@pytest.mark.parametrize("escape", [["--no-escape"], []])
def test_fits_interrupted_during_em_are_written(escape, one_cluster, tmp_path):
    options = ["-k", 4, *escape, "--tol", 0, "--max-iter", 10**9, "--json", tmp_path / "fit.json"]
    output = interrupted(["fit", one_cluster, *options], b"em 0 of 1, iteration")
    check_interrupted(output, tmp_path / "fit.json", one_cluster)


@needs_terminal
def test_fits_interrupted_during_the_search_are_written(many_in_one_cluster, tmp_path):
    rows = many_in_one_cluster
    output = interrupted(["fit", rows, "-k", 8, "--json", tmp_path / "fit.json"], b"moves ")
    check_interrupted(output, tmp_path / "fit.json", rows)


@pytest.mark.slow
@needs_terminal
def test_interrupted_diagnoses_are_written(many_in_one_cluster, tmp_path):
    """Ctrl-C while the fit is polished."""
    model, out = tmp_path / "fit.json", tmp_path / "out.json"
    fitted(many_in_one_cluster, model, "-k", 8, "--tol", 0.1, "--no-escape")
    output = interrupted(["diagnose", model, many_in_one_cluster, "--json", out], b"polish 0, iteration")
    assert output.startswith("verdict: ")
    assert content_of(out)["ended"] == "interrupted"
    assert content_of(out)["verdict"] != "no better fit found"


@pytest.mark.slow
@needs_terminal
def test_interrupted_repairs_are_written(many_in_one_cluster, tmp_path):
    """Ctrl-C during the search."""
    model, out = tmp_path / "fit.json", tmp_path / "out.json"
    before = fitted(many_in_one_cluster, model, "-k", 8, "--no-escape")
    output = interrupted(["repair", model, many_in_one_cluster, "--model", out], b"moves ")
    assert output.startswith("verdict: cannot tell - ")
    content = content_of(out)
    assert content["verdict"] == "cannot tell"
    assert content["log_likelihood"] == pytest.approx(before["log_likelihood"], rel=1e-9)
