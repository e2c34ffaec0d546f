"""What to cite for what was computed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import gmmscape as gs

ROOT = Path(__file__).parents[2]


def keys(text: str) -> list[str]:
    return re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE)


def test_all_papers_by_default():
    found = keys(gs.citation())
    assert found[:2] == ["gmmscape", "chen2024local"]
    assert len(found) == len(set(found)) > 10
    assert gs.citation().count("{") == gs.citation().count("}")


def test_a_result_names_the_papers_behind_it(rng: np.random.Generator):
    X = rng.standard_normal((60, 2))
    model = gs.GaussianMixture(2, random_state=0).fit(X)
    of_fit, of_selection = keys(gs.citation(model)), keys(gs.citation(gs.select(X, range(1, 3), rng=0)))
    assert "fraley2007bayesian" in of_fit
    assert "schwarz1978estimating" not in of_fit
    assert set(of_fit) < set(of_selection)
    assert "becker1997topology" not in of_selection
    mixture = gs.Mixture(None, [[0.0], [9.0]], [1.0, 1.0], "spherical")
    assert keys(gs.citation(mixture)) == ["gmmscape", "chen2024local"]
    assert set(keys(gs.citation(gs.diagnose(model, X, rng=0)))) < set(of_fit)


def test_the_software_is_cited_as_the_citation_file_has_it():
    file = (ROOT / "CITATION.cff").read_text()
    assert gs.__version__ in gs.citation()
    for title in re.findall(r'^ *title: "?(.+?)"?$', file, re.MULTILINE):
        assert title in gs.citation()
    for name in re.findall(r"family-names: (\w+)", file):
        assert name in gs.citation()
