"""How much is tried: the realisation of candidates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RealisationEffort:
    """How much is tried: the realisation of candidates."""

    #: Radii of the spheres, in sigma, tried one after another; random directions beside the axes.
    wall_directions: int = 48
    #: More nodes are not used.
    splitting_nodes: int = 20_000_000
    #: Digits that the gradient gains with each step, its Hessian being a float64 one; digits lost in
    #: recurrences.
    digits_gained: int = 11
    guard_digits: int = 14
    #: Digits and nodes at most.
    most_digits: int = 120
    mpmath_nodes: int = 200_000
