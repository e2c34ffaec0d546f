"""What counts as equal, small, flat or significant: branches along paths of truths."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PathsTolerances:
    """What counts as equal, small, flat or significant: branches along paths of truths."""

    #: Newton has converged when its step is this short, or no longer becomes shorter below `located`.
    tiny: float = 1e-14
    located: float = 1e-8
    #: Singular values below this share of the largest are no directions to move in.
    rank: float = 1e-9
    #: A fold is confirmed where the gradient's motion along the null vector is at least this share of all
    #: of it, and of the least motion that counts, and where the third derivative along it is at least
    #: this...
    transversal: float = 1e-3
    least_motion: float = 1e-3
    #: ...else a pitchfork is looked for, where the unfolding it needs, in units of the gradient, is below
    #: this.
    unfolded: float = 1e-9
    #: The means of a block are spread by 0.5 sigma times these, one after the other, until a descent keeps
    #: them.
    birth_spreads: tuple[float, ...] = (1.0, 0.5, 1.6, 0.25, 2.5)
    #: A branch is followed from where its smallest curvature, in 1/sigma^2, is at least this, so that
    #: quadrature and rounding do not move its points; it is looked for at this many places from the upper
    #: end on.
    birth_resolved: float = 1e-6
    first_step: float = 0.2
    longest_step: float = 1.0
    shortest_step: float = 1e-7
    on_branch: float = 1e-9
    #: A correction longer than this, in sigma, or than this share of the smallest gap between two means,
    #: may have led to another branch: the step is halved.
    longest_correction: float = 0.1
    share_of_gap: float = 0.2
    #: Successive tangents turn by no more than this (cosine).
    least_cosine: float = 0.8
    #: No two eigenvalues, in 1/sigma^2, change by more than this in one step.
    eigenvalue_change: float = 0.2
    #: A curvature, in 1/sigma^2, that counts as negative at the point where another one vanishes.
    negative: float = -1e-7
    #: Half-widths of central differences: in the parameter, as a share of the bracket; in the means, in
    #: sigma. Differences enter Jacobians only (and the sign of coefficients), so that they limit no
    #: accuracy.
    parameter_width: float = 1e-4
    #: Where centers are far from zero, and rounded, differences in the parameter are wider, up to this.
    widest: float = 0.01
    #: Steps no shorter than this many spacings of the centers' numbers say nothing about convergence.
    grains: float = 100.0
    means_width: float = 1e-3
