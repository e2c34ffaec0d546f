"""The verifier of censuses: it accepts what is proved, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import CertificateError
from gmmscape.proof.census.exterior import exterior_reach
from gmmscape.proof.certificate import digest_of
from gmmscape.verifier.census import check_census, is_pulled_inward


@pytest.fixture(scope="module")
def claim() -> dict[str, Any]:
    found = lab.census(gs.Mixture.location([-2.0, 2.0], sigma=1.0), 2, rng=0)
    assert found.complete
    return json.loads(json.dumps(found.content()))


def test_a_census_is_accepted(claim: dict[str, Any]):
    check_census(claim)


def drop_saddle(claim: dict[str, Any]) -> None:
    del claim["certificates"][1], claim["saddles"][0]


def drop_minimum(claim: dict[str, Any]) -> None:
    del claim["certificates"][0], claim["minima"][0]


def drop_certificate(claim: dict[str, Any]) -> None:
    del claim["certificates"][1]


def list_twice(claim: dict[str, Any]) -> None:
    claim["certificates"].append(claim["certificates"][1])
    claim["saddles"].append(claim["saddles"][0])


def move_listed(claim: dict[str, Any]) -> None:
    claim["minima"][0]["means"][0][0] += 0.01


def other_index(claim: dict[str, Any]) -> None:
    claim["saddles"][0]["index"] = 2


def shorter_reach(claim: dict[str, Any]) -> None:
    claim["reach"] = 0.5


def other_truth(claim: dict[str, Any]) -> None:
    claim["centers"][0] = -2.5


def other_weights(claim: dict[str, Any]) -> None:
    claim["weights"] = [0.4, 0.6]


def tell_another_truth(claim: dict[str, Any]) -> None:
    claim["truth"]["means"] = [[-9.0], [9.0]]


def list_saddle_as_minimum(claim: dict[str, Any]) -> None:
    claim["minima"].append(claim["saddles"].pop(0))


def list_another_value(claim: dict[str, Any]) -> None:
    claim["minima"][0]["nll"] = -5.0


def not_complete(claim: dict[str, Any]) -> None:
    claim["complete"] = False


def no_variances(claim: dict[str, Any]) -> None:
    claim["truth"]["covariances"] = []


def another_variance(claim: dict[str, Any]) -> None:
    claim["truth"]["covariances"][0] *= 1 + 1e-13


def reach_in_a_string(claim: dict[str, Any]) -> None:
    claim["reach"] = "1e99999999"


def mean_in_a_string(claim: dict[str, Any]) -> None:
    claim["minima"][0]["means"][0][0] = "1e99999999"


def reach_of_a_day(claim: dict[str, Any]) -> None:
    claim["reach"] = 1e9


def other_problem(claim: dict[str, Any]) -> None:
    claim["certificates"][1]["problem"]["sigma"] = 1.5


@pytest.mark.parametrize(
    "change",
    [
        drop_saddle, drop_minimum, drop_certificate, list_twice, move_listed, other_index, shorter_reach,
        other_truth, other_weights, not_complete, other_problem, tell_another_truth, list_saddle_as_minimum,
        list_another_value, no_variances, another_variance, reach_in_a_string, mean_in_a_string,
        reach_of_a_day,
    ],
)  # fmt: skip
def test_what_does_not_follow_is_refused(claim: dict[str, Any], change: Callable[[dict[str, Any]], None]):
    changed = deepcopy(claim)
    change(changed)
    assert changed != claim
    with pytest.raises((ValueError, TypeError, LookupError)):
        check_census(changed)


@pytest.mark.slow
def test_a_file_goes_through_the_door(claim: dict[str, Any], tmp_path: Path):
    path = tmp_path / "census.json"
    lab.Census.from_content(claim).to_json(path)
    assert lab.verify(path)
    content = json.loads(path.read_text())
    content["reach"] = 0.25
    header = ("format", "format_version", "gmmscape_version", "digest")
    content["digest"] = digest_of({key: value for key, value in content.items() if key not in header})
    path.write_text(json.dumps(content))
    with pytest.raises(CertificateError, match="farther out"):
        lab.verify(path)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_exterior_lemma_is_checked_alike(k: int):
    reach = exterior_reach(k)
    assert is_pulled_inward(k, reach)
    assert not is_pulled_inward(k, reach - Fraction(1, 32))
