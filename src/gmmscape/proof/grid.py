"""Grid: sums over nodes in the plane for means that are known closely, as products of matrices, line by line.

Exponentials are products of those along both axes, and the sums of a line of nodes are one product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gmmscape.proof.balls import Ball, BallMatrix, exact, flint, matrix, power, total
from gmmscape.proof.sums import Moments, Place
from gmmscape.proof.trapezoid import Rule
from gmmscape.threads import cached_property

Row = list[Ball]


@dataclass(frozen=True)
class Grid:
    """The nodes of a rule about centers in the plane, with the masses of the truth's components.

    Attributes
    ----------
    rule : Rule
        Nodes.
    shares : list of Ball
        Weights of the components.
    centers : sequence of places
        Of two balls each.
    tau : Ball
        Standard deviation of the components.
    """

    rule: Rule
    shares: Sequence[Ball]
    centers: Sequence[Place]
    tau: Ball

    def places(self, s: int, axis: int) -> range:
        """Return the numbers along an axis of the nodes of a component."""
        return self.rule.places(float(self.centers[s][axis].mid()))

    def masses(self, axis: int) -> list[dict[int, Ball]]:
        """Return the masses of the components along an axis; those of nodes are their products."""
        h, narrow = exact(self.rule.step), 1 / (2 * self.tau**2)
        scale = h / ((2 * flint().arb.pi()).sqrt() * self.tau)
        return [
            {
                n: scale * (-power(n * h - center[axis], 2) * narrow).exp() * (1 if axis else share)
                for n in self.places(s, axis)
            }
            for s, (share, center) in enumerate(zip(self.shares, self.centers, strict=True))
        ]

    @cached_property
    def whole(self) -> Ball:
        """Sum of all masses."""
        along = zip(*(map(dict.values, self.masses(axis)) for axis in (0, 1)), strict=True)
        return total(total(one) * total(other) for one, other in along)

    def lines(self) -> Iterator[tuple[int, list[int], BallMatrix, Row]]:
        """Yield the lines of nodes of one first coordinate.

        Yields
        ------
        first : int
            Number of the first coordinate.
        seconds : list of int
            Of the second ones.
        across : BallMatrix
            At each of these the masses along the second axis, times 1, y and y^2: 3 columns a component.
        along : list of Ball
            Of each component the mass at the first coordinate; zero where it has none.
        """
        first, second = self.masses(0), self.masses(1)
        h, zero = exact(self.rule.step), flint().arb(0)
        held: dict[tuple[int, ...], tuple[list[int], BallMatrix]] = {}
        for n in sorted(set().union(*first)):
            active = tuple(s for s, masses in enumerate(first) if n in masses)
            if active not in held:
                numbers = sorted(set().union(*(second[s] for s in active)))
                rows = []
                for m in numbers:
                    y = m * h
                    here = [masses.get(m, zero) if s in active else zero for s, masses in enumerate(second)]
                    rows.append([mass * part for mass in here for part in (1, y, y * y)])
                held[active] = numbers, matrix(rows)
            yield (n, *held[active], [masses.get(n, zero) for masses in first])


class Terms:
    """The terms w_i exp(-|x - mu_i|^2/(2 sigma^2)) at nodes, and what sums need of them."""

    def __init__(self, grid: Grid, means: Sequence[Place], weights: Sequence[Ball], sigma: Ball) -> None:
        h, narrow = exact(grid.rule.step), 1 / (2 * sigma**2)
        self.k = len(means)
        self.along, self.across = (
            {
                n: [(-power(n * h - mean[axis], 2) * narrow).exp() for mean in means]
                for n in set().union(*(grid.places(s, axis) for s in range(len(grid.centers))))
            }
            for axis in (0, 1)
        )
        for row in self.along.values():
            row[:] = [w * x for w, x in zip(weights, row, strict=True)]

    def rows(self, first: int, seconds: Sequence[int], second: bool) -> Iterator[Row]:
        """Yield at each node of a line the posteriors, the log of the sum, and products of posteriors."""
        along, across = self.along[first], self.across
        pairs = [(i, j) for i in range(self.k) for j in range(i + 1)] if second else []
        for m in seconds:
            terms = [x * y for x, y in zip(along, across[m], strict=True)]
            whole = terms[0]
            for term in terms[1:]:
                whole = whole + term
            inverse = 1 / whole
            psi = [term * inverse for term in terms]
            yield [*psi, whole.log(), *[psi[i] * psi[j] for i, j in pairs]]


def grid_moments(
    grid: Grid, means: Sequence[Place], weights: Sequence[Ball], sigma: Ball, *, second: bool
) -> Moments:
    """Return the sums of first and, if wanted, `second` derivatives over a grid.

    Parameters
    ----------
    grid : Grid
        Nodes and masses.
    means : sequence of places
        Close to points: over wide boxes `moments` is narrower.
    weights : sequence of Ball
        Of the means.
    sigma : Ball
        Standard deviation of the fit.
    second : bool
        Whether second moments are wanted.

    Returns
    -------
    Moments
        At a cost of one logarithm and some k^2 products a node.
    """
    k, n, h = len(means), len(grid.centers), exact(grid.rule.step)
    terms, found = Terms(grid, means, weights, sigma), _Sums(means, n, second)
    for first, seconds, across, along in grid.lines():
        table = matrix(list(terms.rows(first, seconds, second))).transpose() * across
        x = [first * h - mean[0] for mean in means]
        for i in range(k):
            masses = [along[s] * table[i, 3 * s] for s in range(n)]
            found.shares[i] = [old + mass for old, mass in zip(found.shares[i], masses, strict=True)]
            found.add_own(i, x[i], _summed(table, i, along))
        found.log_density += _summed(table, k, along)[0]
        if second:
            rows = iter(range(k + 1, k + 1 + k * (k + 1) // 2))
            for i in range(k):
                for j in range(i + 1):
                    found.add_pair(i, j, x[i], x[j], _summed(table, next(rows), along))
    return found.moments(2 * ((2 * flint().arb.pi()).sqrt() * sigma).log() * grid.whole)


def _summed(table: BallMatrix, row: int, along: Row) -> Row:
    """Sums over a line, all components together, times 1, y and y^2."""
    return [total(along[s] * table[row, 3 * s + p] for s in range(len(along))) for p in range(3)]


class _Sums:
    """Moments under way."""

    def __init__(self, means: Sequence[Place], n: int, second: bool) -> None:
        zero, k = flint().arb(0), len(means)
        self.means, self.second, self.log_density = means, second, zero
        self.shares, self.first = [[zero] * n for _ in range(k)], [zero] * (2 * k)
        self.own, self.pair = ([[zero] * (2 * k) for _ in range(2 * k)] for _ in range(2))
        self.both = [[zero] * k for _ in range(k)]

    def add_own(self, i: int, x: Ball, sums: Row) -> None:
        """Add a line's sums of psi_i; x is the first coordinate of y_i, `sums` are those times 1, y, y^2."""
        one, line, square = sums
        b = self.means[i][1]
        turned = line - b * one
        self.first[2 * i] += x * one
        self.first[2 * i + 1] += turned
        if self.second:
            _add(
                self.own,
                2 * i,
                2 * i,
                [[x * x * one, x * turned], [x * turned, square - b * (line + turned)]],
            )

    def add_pair(self, i: int, j: int, x: Ball, z: Ball, sums: Row) -> None:
        """Add a line's sums of psi_i psi_j; x and z are the first coordinates of y_i and y_j."""
        one, line, square = sums
        a, b = self.means[i][1], self.means[j][1]
        corner = square - a * line - b * (line - a * one)
        block = [[x * z * one, x * (line - b * one)], [z * (line - a * one), corner]]
        _add(self.pair, 2 * i, 2 * j, block)
        self.both[i][j] += one
        if i != j:
            _add(self.pair, 2 * j, 2 * i, [*zip(*block, strict=True)])
            self.both[j][i] += one

    def moments(self, unit: Ball) -> Moments:
        """Return the moments; `unit` is what the log density is less than sums of logarithms."""
        second = [matrix(rows) if self.second else None for rows in (self.own, self.pair, self.both)]
        return Moments(self.log_density - unit, matrix(self.shares), self.first, *second)


def _add(rows: list[Row], i: int, j: int, block: Sequence[Sequence[Ball]]) -> None:
    for a in (0, 1):
        for b in (0, 1):
            rows[i + a][j + b] += block[a][b]
