"""What counts as equal, small, flat or significant: explorations and atlases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AtlasTolerances:
    """What counts as equal, small, flat or significant: explorations and atlases."""

    #: A coarse descent within this many sigma of a known minimum (`SAME_FLAT` of a flat one), at the same
    #: value to the accuracy of the coarse rule, has reached it: no need to polish again.
    known: float = 1e-3
    known_nll: float = 1e-5
    #: Difference of values, on one rule, at which a point within `SAME_FLAT` of a flat minimum is in its
    #: valley: its quartic gives as much where the gradient is as small as where a descent ends.
    valley_nll: float = 1e-8
    #: Curvature, in 1/sigma^2, above which no other critical point is as close as that.
    soft: float = 1e-4
    #: First step off a saddle, and how close to a minimum a descent has arrived, in sigma.
    step_off: float = 1e-3
    arrived: float = 1e-2
    #: Time of a gradient flow in sigma^2: e-folds of 1e8 of them are curvatures of 1e-8.
    longest_profile: float = 1e8
    #: Standard deviation of the noise on a structured start, in sigma.
    start_noise: float = 0.3
    #: The same on the highest place between two minima.
    noise_between: float = 0.03
    #: Shortest and longest push off a known point, in sigma: its neighbour at a fold is close.
    pushes: tuple[float, ...] = (0.05, 2.0)
    #: Curvature, in 1/sigma^2, below which neighbours are looked for by Newton's method from close by:
    #: their gradients are too small for followings.
    splitting: float = 1e-4
    #: What an isometry of a truth may move centers from where it takes them, as a share of the extent;
    #: smallest extent of a direction that centers have, as such a share.
    isometry: float = 1e-11
    flat_direction: float = 1e-9
    #: Entries of two matrices of a finite group differ by more than this, if they are two.
    same_matrix: float = 1e-6
    #: How far, in sigma, the image of a point is from one that is found by itself.
    image: float = 1e-4
    #: Half the distance, in sigma, between a mean that is split and the one that a move takes there.
    split: float = 0.5
    #: One minimum is lower than another where the difference is more than this times both errors.
    lower: float = 4.0
