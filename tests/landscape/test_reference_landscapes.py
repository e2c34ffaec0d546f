"""The reference table: every figure to half a unit of the last digit printed there."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab

#: For the figures that are printed to more digits than float64 keeps.
ROUNDING = 2e-14


def _assert_printed(values, printed) -> None:
    for value, text in zip(np.ravel(values), printed, strict=True):
        half_a_unit = 0.5 * 10.0 ** int(text.as_tuple().exponent)
        assert abs(float(value) - float(text)) <= half_a_unit + ROUNDING, (value, text)


@pytest.fixture(scope="module")
def table(reference_dir):
    return json.loads((reference_dir / "landscapes.json").read_text(), parse_float=Decimal)


def _explored(case):
    truth = gs.Mixture.location([float(c) for c in case["centers"]], float(case["sigma"]))
    return lab.Landscape(lab.Population(truth), case["k"]).explore(0)


def test_local_minima(table):
    for case in table["local_minima"]:
        point = _explored(case).nearest([float(m) for m in case["means"]])
        _assert_printed(np.sort(point.means[:, 0]), case["means"])
        _assert_printed([point.kl], [case["kl"]])
        _assert_printed(point.eigenvalues, case["hessian_eigenvalues"])


def test_census(table):
    for case in table["census"]:
        minima = [point for point in case["points"] if point["index"] == 0]
        atlas = _explored(case)
        assert len(atlas.minima) == len(minima)
        for found, wanted in zip(atlas.minima, sorted(minima, key=lambda point: point["kl"]), strict=True):
            _assert_printed(np.sort(found.means[:, 0]), wanted["means"])
            _assert_printed([found.kl], [wanted["kl"]])


def test_no_spurious_minimum(table):
    for case in table["no_spurious_minimum"]:
        atlas = _explored(case)
        assert [minimum.decoding.identified for minimum in atlas.minima] == [(0, 1, 2)]
        assert atlas.minima[0].kl == pytest.approx(0.0, abs=1e-14)


def test_critical_points_of_higher_index_have_no_gradient(table):
    """Exploration does not look for saddles; the derivatives know those of the table all the same."""
    for case in table["census"]:
        truth = gs.Mixture.location([float(c) for c in case["centers"]], float(case["sigma"]))
        land = lab.Landscape(lab.Population(truth), case["k"])
        for point in case["points"]:
            means = np.array([float(m) for m in point["means"]])
            assert np.abs(land.gradient(means)).max() < 1e-6  # positions are printed to 1e-6
            assert np.count_nonzero(np.linalg.eigvalsh(land.hessian(means)) < 0) == point["index"]


def test_candidate_counts(table):
    counts = {key: n for key, n in table["structure_counts"].items() if key != "about"}
    assert counts
    for key, n in counts.items():
        k, k_star = map(int, key.strip("()").split(","))
        assert len(lab.candidates(k, k_star)) == n


@pytest.mark.slow
def test_births_and_symmetry_breaking(table):
    """Just above the printed separation a minimum has come in; just below there is none."""
    for case, k in ((table["birth_thresholds"][0], 3), (table["symmetry_breaking"][0], 2)):
        critical = float(case["critical_D"])
        counts = []
        for separation in (critical * (1 - 1e-4), critical * (1 + 1e-4)):
            truth = gs.Mixture.location([-separation, 0.0, separation], 1.0)
            counts.append(len(lab.Landscape(lab.Population(truth), k).explore(0).minima))
        assert counts[0] == 1
        assert counts[1] > 1
