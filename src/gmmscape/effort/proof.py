"""How much is tried: proofs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProofEffort:
    """How much is tried: proofs."""

    #: Strips tried for a rule, the widest in standard deviations of the truth, and digits of its step.
    strips: int = 64
    widest_strip: float = 24.0
    step_digits: int = 8
    #: Allowance for the size of moments, as a logarithm, where a rule is chosen.
    size_of_moments: float = 12.0
    #: Digits of the first attempt, at most, and by how much each is longer than the one before.
    first_bits: int = 72
    most_bits: int = 1024
    growth_of_bits: int = 2
    #: Bits by which arithmetic exceeds what rules are accurate to.
    guard_bits: int = 32
    #: Steps of Newton's method within one precision.
    newton_steps: int = 40
    #: Boxes tried, each half as wide as the one before, and the widest in sigma.
    boxes: int = 48
    widest_box: float = 0.25
    #: Bits of the accuracy that the tight box does not use.
    slack_bits: int = 12
    #: By how much the tight box is wider than the step that is left.
    tight: int = 16
    #: How far from a given point its critical point may be, in sigma.
    nearby: float = 0.05
    #: An approximation error has to be known to one part in so many.
    error_digits: int = 2000
    #: Means closer than this, in sigma, are looked at as split or not; steps of that search.
    coincident: float = 1e-5
    split_steps: int = 6
    #: A map has to contract to so much of its box, so that whoever checks with other rounding succeeds.
    margin: float = 0.9
    #: Most bits for births; how straight a path has to be, relative to its centers.
    most_birth_bits: int = 384
    straight: float = 1e-12
    #: Bits to which values are claimed.
    claimed_bits: int = 52
