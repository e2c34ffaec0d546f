"""The families with free covariances by name: what a ``covariance_type`` may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from gmmscape.covariances import KINDS
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families.covariance_prior import CovariancePrior
from gmmscape.families.family import Family
from gmmscape.families.floor import NO_FLOOR, Floor
from gmmscape.families.free_covariance import FreeCovariance
from gmmscape.validation import choice


class _Known(NamedTuple):
    make: Callable[[Floor], Family]
    contains: tuple[str, ...]


_KNOWN: dict[str, _Known] = {}


def register(name: str, make: Callable[[Floor], Family], *, contains: Iterable[str] = ()) -> None:
    """Make a family known wherever a ``covariance_type`` is given.

    Parameters
    ----------
    name : str
        What it is to be known by, in this process; also the `name` of what `make` returns.
    make : callable
        Returns the family under a floor.
    contains : iterable of str, optional
        Known families whose every mixture is one of its own: a selection starts from their fits.

    Raises
    ------
    InvalidParameterError
        If the name is taken or not the family's own, or a contained family is not known.
    """
    if not isinstance(name, str) or not name or name in _KNOWN:
        raise InvalidParameterError.of("name", name, "pass a name that is not one of " + ", ".join(_KNOWN))
    inner = tuple(choice("contains", one, family_names()) for one in contains)
    if (own := make(NO_FLOOR).name) != name:
        raise InvalidParameterError.of("name", name, f"pass the family's own name, {own!r}")
    _KNOWN[name] = _Known(make, inner)


def unregister(name: str) -> None:
    """Forget a family that `register` made known; InvalidParameterError for those that come with gmmscape."""
    added = tuple(one for one in _KNOWN if one not in KINDS)
    if name not in added:
        raise InvalidParameterError.of("name", name, f"pass one that was registered: {', '.join(added)}")
    del _KNOWN[name]


def family_names() -> tuple[str, ...]:
    """Return the names that a ``covariance_type`` may have; those that come with gmmscape first."""
    return tuple(_KNOWN)


def family_named(name: str, floor: Floor = NO_FLOOR, prior: CovariancePrior | None = None) -> Family:
    """Return the family of that name under a floor and a prior.

    Raises InvalidParameterError that lists the names.
    """
    return _KNOWN[choice("family", name, family_names())].make(floor).under(prior)


def contained_in(name: str) -> list[str]:
    """Return the families that one contains, their own parts' included."""
    direct = list(_KNOWN[name].contains)
    return direct + [inner for one in direct for inner in contained_in(one)]


def narrow_to_wide() -> list[str]:
    """Return all names such that a family comes after those it contains."""
    order: list[str] = []

    def add(name: str) -> None:
        for inner in _KNOWN[name].contains:
            add(inner)
        if name not in order:
            order.append(name)

    for name in reversed(family_names()):
        add(name)
    return order


_CONTAINED = {"full": ("diag", "tied"), "diag": ("spherical",)}
for _name, _kind in KINDS.items():
    _KNOWN[_name] = _Known(partial(FreeCovariance, _kind), _CONTAINED.get(_name, ()))
