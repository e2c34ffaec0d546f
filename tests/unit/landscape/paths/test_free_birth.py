"""Births with free weights, widths or covariances: beside the location family, and beside own NLLs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.optimize import root
from scipy.special import logsumexp

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NoResultError, NotAvailableError
from gmmscape.results import read
from marks import rest_slow

BAD = [((0,), (0, 1)), ((1, 2), (2,))]


def stretched(s: float) -> gs.Mixture:
    return gs.Mixture.location([-3.0 * s, 3.0 * s, 12.0 * s], 1.0)


def plane(s: float) -> gs.Mixture:
    return gs.Mixture.location([[-3.0 * s, 0.0], [3.0 * s, 0.0], [12.0 * s, 1.0]], 1.0)


@pytest.fixture(scope="module")
def fold() -> lab.BirthPoint:
    return lab.birth(stretched, BAD, (0.6, 0.72), family="spherical", sigma="free")


def own_gradient(theta: np.ndarray, s: float) -> np.ndarray:
    """Of means and log widths, weights equal, by differences of an NLL on panels of Gauss and Legendre."""
    x, w = np.polynomial.legendre.leggauss(16)
    ends = np.linspace(-3 * s - 9, 12 * s + 9, 30)
    nodes = np.concatenate([0.5 * (b + a) + 0.5 * (b - a) * x for a, b in pairwise(ends)])
    parts = np.concatenate([0.5 * (b - a) * w for a, b in pairwise(ends)])
    centers = s * np.array([-3.0, 3.0, 12.0])
    masses = parts * np.exp(-0.5 * (nodes[:, None] - centers) ** 2).sum(axis=1) / (3 * np.sqrt(2 * np.pi))

    def nll(at: np.ndarray) -> float:
        logs = (
            -0.5 * ((nodes[:, None] - at[:3]) / np.exp(at[3:])) ** 2 - at[3:] - np.log(3 * np.sqrt(2 * np.pi))
        )
        return float(-masses @ logsumexp(logs, axis=1))

    found = []
    for e in np.eye(6):
        one, two = ((nll(theta + h * e) - nll(theta - h * e)) / (2 * h) for h in (1e-3, 2e-3))
        found.append((4 * one - two) / 3)
    return np.array(found)


def theta_of(born: lab.BirthPoint) -> np.ndarray:
    assert born.fit is not None
    return np.concatenate([born.fit.means[:, 0], 0.5 * np.log(born.fit.covariances)])


@pytest.mark.slow
def test_known_widths_give_the_birth_of_the_location_family():
    def path(distance: float) -> gs.Mixture:
        return gs.Mixture.location([-distance, 0.0, distance], 1.0)

    plain = lab.birth(path, BAD, (9.0, 12.0))
    free = lab.birth(path, BAD, (9.0, 12.0), sigma=[1.0, 1.0, 1.0])
    assert free.kind == plain.kind == "fold"
    assert free.parameter == pytest.approx(plain.parameter, abs=1e-10)
    assert free.parameter == pytest.approx(10.04694245, abs=1e-8)
    np.testing.assert_allclose(np.sort(free.means[:, 0]), np.sort(plain.means[:, 0]), atol=1e-6)
    assert free.kl == pytest.approx(plain.kl, abs=1e-10)


@pytest.mark.slow
def test_the_fold_is_critical_and_singular(fold: lab.BirthPoint):
    theta, h = theta_of(fold), 1e-3
    assert fold.kind == "fold"
    assert fold.error < 1e-8
    assert np.abs(own_gradient(theta, fold.parameter)).max() < 1e-9
    columns = [
        (own_gradient(theta + h * e, fold.parameter) - own_gradient(theta - h * e, fold.parameter)) / (2 * h)
        for e in np.eye(6)
    ]
    values = np.linalg.eigvalsh(0.5 * (np.array(columns) + np.array(columns).T))
    assert abs(values[0]) < 1e-5
    assert values[1] > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(("above", "exists"), [(2e-3, True), (-2e-3, False)])
def test_there_is_a_minimum_above_and_none_below(fold: lab.BirthPoint, above: float, exists: bool):
    s = fold.parameter + above
    theta = theta_of(fold)
    sides = [theta + side * 0.1 * _turned(fold) for side in (-1.0, 1.0)]
    near = False
    for start in (theta, *sides):
        found = root(lambda at: own_gradient(at, s), start, method="hybr")
        critical = found.success and np.abs(own_gradient(found.x, s)).max() < 1e-9
        near = near or (critical and np.abs(found.x - theta).max() < 0.5)
    assert near == exists


def _turned(born: lab.BirthPoint) -> np.ndarray:
    """The null vector in means and log widths."""
    return np.concatenate([born.sigma * born.direction[:3], born.direction[3:]])


def test_what_it_says_and_files(fold: lab.BirthPoint, tmp_path):
    assert fold.decoding.is_structured
    assert str(fold.structure) == "0>0,1  1,2>2"
    assert fold.fit is not None
    np.testing.assert_allclose(fold.fit.means, fold.means)
    assert fold.branch_parameters[0] == 0.72
    assert (np.diff(fold.branch_parameters) < 0).all()
    assert (fold.branch_eigenvalues > 0).all()
    fold.to_json(tmp_path / "b.json")
    assert read(tmp_path / "b.json") == fold
    assert "mixture of 3 components" in str(fold)
    assert fold.plot().ax_ is not None


@pytest.mark.slow
@pytest.mark.parametrize("family", rest_slow(["diag", "full"], 1))
def test_families_that_are_one_on_a_line_agree(fold: lab.BirthPoint, family: str):
    born = lab.birth(stretched, BAD, (0.6, 0.72), family=family)
    assert born.parameter == pytest.approx(fold.parameter, abs=1e-9)


@pytest.mark.slow
def test_diagonal_covariances_in_the_plane_have_births():
    born = lab.birth(plane, BAD, (0.6, 0.75), family="diag")
    assert born.kind == "fold"
    assert 0.6 < born.parameter < 0.72
    assert len(born.direction) == 3 * 2 + 3 * 2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"family": "full", "path": plane}, NotAvailableError, "on a line only"),
        (
            {"sigma": "common", "weights": "free", "family": "spherical"},
            InvalidParameterError,
            "share a weight",
        ),
        ({"sigma": "free", "family": "spherical", "max_seconds": 0.0}, NoResultError, "ended the search"),
        ({"sigma": "free", "family": "spherical", "bracket": (0.7, 0.72)}, InvalidParameterError, "persists"),
        (
            {"sigma": "free", "family": "spherical", "bracket": (0.5, 0.6)},
            InvalidParameterError,
            "no minimum",
        ),
        ({"family": "round"}, InvalidParameterError, "family='round'"),
    ],
)
def test_what_cannot_be_born_is_said(options: dict[str, Any], error: type[Exception], message: str):
    asked = dict(options)
    path, bracket = asked.pop("path", stretched), asked.pop("bracket", (0.6, 0.72))
    with pytest.raises(error, match=message):
        lab.birth(path, BAD, bracket, **asked)


def test_realisation_says_why_it_is_for_known_widths():
    land = lab.FreeLandscape(lab.Population(stretched(1.0)), 3, family="spherical")
    with pytest.raises(NotAvailableError, match="explore"):
        land.realise(BAD)
