"""Families by name: what is known, in which order, and what registration refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import gmmscape as gs
from gmmscape.covariances import COVARIANCE_TYPES, DIAG
from gmmscape.families import (
    Floor,
    FreeCovariance,
    contained_in,
    family_named,
    family_names,
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


def test_what_comes_with_gmmscape():
    assert family_names() == COVARIANCE_TYPES
    assert narrow_to_wide() == ["spherical", "diag", "tied", "full"]
    assert [contained_in(name) for name in ("spherical", "tied", "diag")] == [[], [], ["spherical"]]
    assert contained_in("full") == ["diag", "tied", "spherical"]


@pytest.mark.usefixtures("other")
def test_a_registered_family_is_one_of_them():
    assert family_names() == (*COVARIANCE_TYPES, "other")
    assert isinstance(family_named("other"), Other)
    assert narrow_to_wide() == ["spherical", "diag", "tied", "full", "other"]


def test_an_unregistered_one_is_not():
    assert "other" not in family_names()
    with pytest.raises(gs.InvalidParameterError, match="family='other': choose one of 'full'"):
        family_named("other")


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("name", ["full", "other", "", None])
def test_taken_names_are_refused(name: str):
    with pytest.raises(gs.InvalidParameterError, match="pass a name that is not one of"):
        register(name, Other)


def test_another_name_than_its_own_is_refused():
    with pytest.raises(gs.InvalidParameterError, match="pass the family's own name, 'other'"):
        register("another", Other)
    with pytest.raises(gs.InvalidParameterError, match="contains='fuller'"):
        register("other", Other, contains=["fuller"])
    assert family_names() == COVARIANCE_TYPES


@pytest.mark.parametrize("name", ["full", "other"])
def test_only_registered_ones_are_forgotten(name: str):
    with pytest.raises(gs.InvalidParameterError, match="pass one that was registered"):
        unregister(name)
