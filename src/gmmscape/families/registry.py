"""The families with free covariances by name: what a ``covariance_type`` may be.

A family that is a kind of storage has scikit-learn's name, and mclust's as another; the others that mclust
has are known by its names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from gmmscape.covariances import KINDS, SAME_AS
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families.covariance_prior import CovariancePrior
from gmmscape.families.decomposition import ALL, WHOLE
from gmmscape.families.family import Family
from gmmscape.families.floor import NO_FLOOR, Floor
from gmmscape.families.free_covariance import FreeCovariance
from gmmscape.families.held_parts import HeldParts
from gmmscape.families.parsimonious import Parsimonious
from gmmscape.mixture import Mixture
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
    if not isinstance(name, str) or not name or name in _KNOWN or name in SAME_AS:
        raise InvalidParameterError.of("name", name, "pass a name that is not one of " + ", ".join(_KNOWN))
    inner = tuple(known_family("contains", one) for one in contains)
    if (own := make(NO_FLOOR).name) != name:
        raise InvalidParameterError.of("name", name, f"pass the family's own name, {own!r}")
    _KNOWN[name] = _Known(make, inner)


def unregister(name: str) -> None:
    """Forget a family that `register` made known; InvalidParameterError for those that come with gmmscape."""
    added = tuple(one for one in _KNOWN if one not in _OWN)
    if name not in added:
        raise InvalidParameterError.of("name", name, f"pass one that was registered: {', '.join(added)}")
    del _KNOWN[name]


def family_names() -> tuple[str, ...]:
    """Return the names that a ``covariance_type`` may have; those that come with gmmscape first.

    Other names for some of them, mclust's, are accepted too: `known_family` says of what.
    """
    return tuple(_KNOWN)


def known_family(parameter: str, name: Any) -> str:
    """Return the name of the family that a name stands for; InvalidParameterError lists what is known."""
    return choice(parameter, SAME_AS.get(name, name) if isinstance(name, str) else name, family_names())


def family_named(name: str, floor: Floor = NO_FLOOR, prior: CovariancePrior | None = None) -> Family:
    """Return the family of that name under a floor and a prior.

    Raises InvalidParameterError that lists the names.
    """
    return _KNOWN[known_family("family", name)].make(floor).under(prior)


def free_parameters(name: str, mixture: Mixture, held: HeldParts | None = None) -> int:
    """Return how many parameters of a fit of a family were free: without held ones, with the background's."""
    free = family_named(name).n_parameters(*mixture.means.shape)
    return free - (0 if held is None else held.n_held) + (mixture.background is not None)


def contained_in(name: str) -> list[str]:
    """Return the families that one contains, their own parts' included."""
    direct = list(_KNOWN[name].contains)
    return list(dict.fromkeys(direct + [inner for one in direct for inner in contained_in(one)]))


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


def different_families(names: Iterable[str], d: int) -> list[str]:
    """Return those that differ in d columns: in one, the variance is one for all or each component's own."""
    if d > 1:
        return list(names)
    kept: dict[object, str] = {}
    for name in names:
        own = next((one for one in ALL if name in (one.name, WHOLE.get(one.name))), None)
        kept.setdefault(name if own is None else own.volume, name)
    return list(kept.values())


def _own_families() -> dict[str, _Known]:
    """What comes with gmmscape: storage kinds first, then what shares some of volume, shape, orientation."""
    names = {one: WHOLE.get(one.name, one.name) for one in ALL}
    contains = {
        name: tuple(inner for other, inner in names.items() if other != one and other.within(one))
        for one, name in names.items()
    }
    kinds = {name: _Known(partial(FreeCovariance, kind), contains[name]) for name, kind in KINDS.items()}
    shared = {
        name: _Known(partial(Parsimonious.of, one), contains[name])
        for one, name in names.items()
        if name not in KINDS
    }
    return kinds | shared


_OWN = _own_families()
_KNOWN.update(_OWN)
