"""Enclosures of value, gradient, Hessian and third derivatives of the NLL over boxes of means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from gmmscape.proof.balls import (
    Ball,
    BallMatrix,
    around,
    flint,
    matrix,
    total,
)
from gmmscape.proof.sums import Moments, Place

#: Third derivatives on a line, entry [i][j, l].
Third = list[BallMatrix]


@dataclass(frozen=True)
class Enclosure:
    """What is known of the objective at all means of a box.

    Attributes
    ----------
    nll : Ball
        Nats per unit mass.
    gradient : list of Ball
        In the means, k d numbers.
    hessian : BallMatrix or None
        In the means.
    associations : BallMatrix or None
        A_is, of shape (k, k*); None for a sample.
    across : BallMatrix or None
        Hessian along each axis orthogonal to the centers' span, of shape (k, k); None where there is none.
    """

    nll: Ball
    gradient: list[Ball]
    hessian: BallMatrix | None
    associations: BallMatrix | None
    across: BallMatrix | None = None


class Encloser(Protocol):
    """What encloses the objective of one problem."""

    def at(self, means: Sequence[Ball], *, hessian: bool = False) -> Enclosure:
        """Return what is known over a box of means, k d balls."""
        ...

    def for_box(self, middle: Sequence[float], radius: float) -> Encloser:
        """Return what encloses the Hessian over a box of a radius well enough, perhaps faster."""
        ...

    def third(self, means: Sequence[Ball]) -> Third | None:
        """Return third derivatives over a box; None where they are not made."""
        ...


@dataclass(frozen=True)
class Errors:
    """Errors of a rule for each kind of sum, all components of the truth together."""

    #: Numbers of posteriors and of distances in each kind of sum but the first.
    kinds: ClassVar[tuple[tuple[int, int], ...]] = ((1, 0), (1, 1), (1, 2), (2, 2), (2, 0))

    log_density: Ball
    share: Ball
    first: Ball
    own: Ball
    pair: Ball
    both: Ball

    @classmethod
    def none(cls) -> Errors:
        """Return those of sums that are whole."""
        zero = flint().arb(0)
        return cls(zero, zero, zero, zero, zero, zero)


def enclosed(found: Moments, sigma: Ball, left_out: Errors | None = None) -> Enclosure:
    """Return the enclosure that sums and the errors of their rule make."""
    size = len(found.first)
    k = found.shares.nrows()
    d = size // k
    s2 = sigma**2
    errors = left_out or Errors.none()
    gradient = [-around(value, errors.first) / s2 for value in found.first]
    hessian = None
    if found.pair is not None and found.own is not None:
        rows = []
        for i in range(size):
            row = []
            for j in range(size):
                entry = around(found.pair[i, j], errors.pair) / s2**2
                if i // d == j // d:
                    entry -= around(found.own[i, j], errors.own) / s2**2
                if i == j:
                    share = total(found.shares[i // d, s] for s in range(found.shares.ncols()))
                    entry += around(share, errors.share) / s2
                row.append(entry)
            rows.append(row)
        hessian = matrix(rows)
    nll = -around(found.log_density, errors.log_density)
    return Enclosure(nll, gradient, hessian, None)


def across(found: Moments, sigma: Ball, truth_sigma: Ball, left_out: Errors) -> BallMatrix:
    """Return the Hessian along an axis orthogonal to the span of centers and means (docs/proofs.md#span).

    diag(E psi_i)/sigma^2 - (tau^2/sigma^4) (diag(E psi_i) - E psi_i psi_j), with second moments `found`.
    """
    assert found.both is not None
    k, s2 = found.shares.nrows(), sigma**2
    scale = truth_sigma**2 / s2**2
    rows = [[scale * around(found.both[i, j], left_out.both) for j in range(k)] for i in range(k)]
    for i in range(k):
        share = total(found.shares[i, s] for s in range(found.shares.ncols()))
        rows[i][i] += around(share, left_out.share) * (1 / s2 - scale)
    return matrix(rows)


def boxes(means: Sequence[Ball], d: int) -> list[Place]:
    """Return k d balls as k places."""
    return [means[i : i + d] for i in range(0, len(means), d)]
