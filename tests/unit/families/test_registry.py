"""Families by name: what is known, in which order, and what registration refuses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES, DIAG
from gmmscape.families import (
    Floor,
    FreeCovariance,
    contained_in,
    different_families,
    family_named,
    family_names,
    known_family,
    narrow_to_wide,
    register,
    unregister,
)


class Other(FreeCovariance):
    @property
    def name(self) -> str:
        return "other"

    def __init__(self, floor: Floor) -> None:
        super().__init__(DIAG, floor)


@pytest.fixture(name="other")
def registered() -> Iterator[None]:
    register("other", Other, contains=["full"])
    yield
    unregister("other")


SHARED = ("EII", "EEI", "VEI", "EVI", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV")
OWN = (*COVARIANCE_TYPES, *SHARED)


def test_what_comes_with_gmmscape():
    assert family_names() == OWN
    assert sorted(contained_in("diag")) == ["EEI", "EII", "EVI", "VEI", "spherical"]
    assert contained_in("spherical") == ["EII"]
    assert set(contained_in("tied")) == {"EII", "EEI"}
    assert set(contained_in("full")) == {*OWN} - {"full"}
    assert set(contained_in("VEV")) == {"EII", "EEI", "VEI", "spherical", "tied", "VEE", "EEV"}


def test_narrow_families_come_first():
    order = narrow_to_wide()
    assert sorted(order) == sorted(OWN)
    for name in OWN:
        assert all(order.index(inner) < order.index(name) for inner in contained_in(name))


@pytest.mark.parametrize(
    ("other", "name"),
    [("VVV", "full"), ("EEE", "tied"), ("VVI", "diag"), ("VII", "spherical"), ("E", "tied"), ("V", "full")],
)
def test_other_names_are_the_same_families(other: str, name: str):
    assert known_family("covariance_type", other) == name
    assert family_named(other) == family_named(name)
    assert (
        gs.Mixture(None, [[0.0]], family_named(name).kind.repeated(np.eye(1), 1), other).covariance_type
        == name
    )


@pytest.mark.parametrize(("d", "number"), [(1, 2), (2, 14)])
def test_in_one_column_two_families_are_left(d: int, number: int):
    assert len(different_families(family_names(), d)) == number
    assert different_families(["VVI", "EEE"], 1) == ["VVI", "EEE"]


@pytest.mark.usefixtures("other")
def test_a_registered_family_is_one_of_them():
    assert family_names() == (*OWN, "other")
    assert isinstance(family_named("other"), Other)
    assert narrow_to_wide()[-2:] == ["full", "other"]
    assert set(contained_in("other")) == set(OWN)
    assert different_families(family_names(), 1)[-1] == "other"


def test_an_unregistered_one_is_not():
    assert "other" not in family_names()
    with pytest.raises(gs.InvalidParameterError, match="family='other': choose one of 'full'"):
        family_named("other")


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("name", ["full", "other", "VVV", "VEV", "", None])
def test_taken_names_are_refused(name: str):
    with pytest.raises(gs.InvalidParameterError, match="pass a name that is not one of"):
        register(name, Other)


def test_another_name_than_its_own_is_refused():
    with pytest.raises(gs.InvalidParameterError, match="pass the family's own name, 'other'"):
        register("another", Other)
    with pytest.raises(gs.InvalidParameterError, match="contains='fuller'"):
        register("other", Other, contains=["fuller"])
    assert family_names() == OWN


@pytest.mark.parametrize("name", ["full", "VEV", "other"])
def test_only_registered_ones_are_forgotten(name: str):
    with pytest.raises(gs.InvalidParameterError, match="pass one that was registered"):
        unregister(name)
