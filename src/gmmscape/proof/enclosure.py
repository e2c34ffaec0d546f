"""Enclosures of value, gradient, Hessian and third derivatives of the NLL over boxes of means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

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
    """

    nll: Ball
    gradient: list[Ball]
    hessian: BallMatrix | None
    associations: BallMatrix | None


class Encloser(Protocol):
    """What encloses the objective of one problem."""

    def at(self, means: Sequence[Ball], *, hessian: bool = False) -> Enclosure:
        """Return what is known over a box of means, k d balls."""
        ...

    def third(self, means: Sequence[Ball]) -> Third | None:
        """Return third derivatives over a box; None where they are not made."""
        ...


@dataclass(frozen=True)
class Errors:
    """Errors of a rule for each kind of sum, all components of the truth together."""

    log_density: Ball
    share: Ball
    first: Ball
    own: Ball
    pair: Ball

    @classmethod
    def none(cls) -> Errors:
        """Return those of sums that are whole."""
        zero = flint().arb(0)
        return cls(zero, zero, zero, zero, zero)


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


def boxes(means: Sequence[Ball], d: int) -> list[Place]:
    """Return k d balls as k places."""
    return [means[i : i + d] for i in range(0, len(means), d)]
