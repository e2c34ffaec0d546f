"""Families: what is free, and how statistics become parameters.

Each family turns sufficient statistics into the exact maximiser of the expected log-likelihood under its
constraints, so that an EM step never lowers the likelihood, floors included. Nobody outside asks which family
one is: it is asked what it does. `register` makes one known by name wherever a ``covariance_type`` is given.
"""

from gmmscape.families.covariance_prior import CovariancePrior, prior_in
from gmmscape.families.family import Coordinates, Family, NativeFamily
from gmmscape.families.floor import NO_FLOOR, Floor
from gmmscape.families.free_covariance import FreeCovariance
from gmmscape.families.held import Held, with_held
from gmmscape.families.held_parts import HeldParts
from gmmscape.families.location import Location, contrasts, softmax
from gmmscape.families.parsimonious import Parsimonious
from gmmscape.families.registry import (
    contained_in,
    different_families,
    family_named,
    family_names,
    free_parameters,
    known_family,
    narrow_to_wide,
    register,
    unregister,
)
from gmmscape.families.restricted import Restricted
from gmmscape.families.room import NoRoomError, check_room, saying_where_room_ends, shape_in

__all__ = [
    "NO_FLOOR",
    "Coordinates",
    "CovariancePrior",
    "Family",
    "Floor",
    "FreeCovariance",
    "Held",
    "HeldParts",
    "Location",
    "NativeFamily",
    "NoRoomError",
    "Parsimonious",
    "Restricted",
    "check_room",
    "contained_in",
    "contrasts",
    "different_families",
    "family_named",
    "family_names",
    "free_parameters",
    "known_family",
    "narrow_to_wide",
    "prior_in",
    "register",
    "saying_where_room_ends",
    "shape_in",
    "softmax",
    "unregister",
    "with_held",
]
