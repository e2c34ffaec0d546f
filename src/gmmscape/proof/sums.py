"""Sums over weighted points of what a location fit's NLL and its derivatives are made of, in balls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gmmscape.proof.balls import Ball, BallMatrix, exact, flint, matrix, total

#: A place, d numbers.
Place = Sequence[Ball]


@dataclass(frozen=True)
class Moments:
    """Sums over points x with weights W; psi posteriors, y_i = x - mu_i; one coordinate of a mean a column.

    Attributes
    ----------
    log_density : Ball
        Of W log q.
    shares : BallMatrix of shape (k, m)
        Of W_s psi_i, for each of m kinds of weight.
    first : list of Ball
        Of W psi_i y_i, k d of them.
    own : BallMatrix of shape (k d, k d) or None
        Of W psi_i y_i y_i', blocks on the diagonal.
    pair : BallMatrix of shape (k d, k d) or None
        Of W psi_i psi_j y_i y_j'.
    both : BallMatrix of shape (k, k) or None
        Of W psi_i psi_j.
    """

    log_density: Ball
    shares: BallMatrix
    first: list[Ball]
    own: BallMatrix | None
    pair: BallMatrix | None
    both: BallMatrix | None


class Posteriors:
    """The posteriors of means over a box, at any place.

    Each is one over a sum of ratios, which is monotone in each distance: balls stay narrow.

    Parameters
    ----------
    means : sequence of k places
        Fitted means.
    sigma : Ball
        Standard deviation of the fit.
    """

    def __init__(self, means: Sequence[Place], sigma: Ball) -> None:
        self.means, self.precision = means, 1 / (2 * sigma**2)
        self.k, self._one = len(means), flint().arb(1)
        # log of the ratio of two components is a slope times the distance from their middle.
        self._pairs = [
            (
                i,
                j,
                [
                    ((b - a) * 2 * self.precision, (a + b) / 2)
                    for a, b in zip(means[i], means[j], strict=True)
                ],
            )
            for i in range(self.k)
            for j in range(i)
        ]

    def at(self, place: Place) -> tuple[list[Ball], Ball]:
        """Return the posteriors at a place, and the log of sum_i exp(-|x - mu_i|^2 / (2 sigma^2))."""
        sums: list[Ball] = [self._one] * self.k
        for i, j, lines in self._pairs:
            (slope, middle), x = lines[0], place[0]
            exponent = slope * (x - middle)
            for axis in range(1, len(lines)):
                slope, middle = lines[axis]
                exponent += slope * (place[axis] - middle)
            ratio = exponent.exp()
            sums[i] += ratio
            sums[j] += 1 / ratio
        # The nearest mean, so that the logarithm is that of a sum between 1 and k.
        nearest, least = 0, float(sums[0].mid())
        for i in range(1, self.k):
            value = float(sums[i].mid())
            if value < least:
                nearest, least = i, value
        square = flint().arb(0)
        for x, a in zip(place, self.means[nearest], strict=True):
            square += (x - a) * (x - a)
        return [1 / found for found in sums], sums[nearest].log() - square * self.precision


def moments(
    places: Sequence[Place],
    weights: Sequence[Sequence[Ball]],
    means: Sequence[Place],
    sigma: Ball,
    *,
    second: bool,
    across: bool = False,
) -> Moments:
    """Return the sums of first and, if wanted, `second` derivatives.

    Parameters
    ----------
    places : sequence of n places
        Points x.
    weights : sequence of n rows of m Balls
        Weights of each kind; W is their sum.
    means : sequence of k places
        Fitted means.
    sigma : Ball
        Standard deviation of the fit.
    second : bool
        Whether second moments are wanted.
    across : bool
        Whether products of posteriors in pairs are wanted too.

    Returns
    -------
    Moments
        Of n k^2 exponentials.
    """
    k, d = len(means), len(means[0])
    psis, vectors, whole, log_density = [], [], [], flint().arb(0)
    posteriors = Posteriors(means, sigma)
    own = [[flint().arb(0)] * (k * d) for _ in range(k * d)]
    for place, row in zip(places, weights, strict=True):
        psi, logarithm = posteriors.at(place)
        weight = whole_of(row)
        log_density += weight * logarithm
        offsets = [x - a for mean in means for x, a in zip(place, mean, strict=True)]
        vector = [psi[i // d] * offset for i, offset in enumerate(offsets)]
        psis.append(psi)
        vectors.append(vector)
        whole.append([weight])
        if second:
            for i in range(0, k * d, d):
                for a in range(i, i + d):
                    scaled = weight * vector[a]
                    for b in range(i, a + 1):
                        own[a][b] += scaled * offsets[b]
    shown, by_mean = matrix(psis).transpose(), matrix(vectors).transpose()
    unit = ((2 * flint().arb.pi()).sqrt() * sigma).log() * d + exact(k).log()
    first = by_mean * matrix(whole)
    return Moments(
        log_density - unit * total(weight for (weight,) in whole),
        shown * matrix(weights),
        [first[i, 0] for i in range(k * d)],
        matrix(_mirrored(own)) if second else None,
        by_mean * _weighted(vectors, whole) if second else None,
        shown * _weighted(psis, whole) if across else None,
    )


def whole_of(row: Sequence[Ball]) -> Ball:
    """Return a point's weight of all kinds."""
    return row[0] if len(row) == 1 else total(row)


def _mirrored(rows: list[list[Ball]]) -> list[list[Ball]]:
    """A symmetric table from what is on and below its diagonal."""
    return [[rows[max(i, j)][min(i, j)] for j in range(len(rows))] for i in range(len(rows))]


def _weighted(rows: list[list[Ball]], whole: list[list[Ball]]) -> BallMatrix:
    return matrix([[weight * value for value in row] for row, (weight,) in zip(rows, whole, strict=True)])


@dataclass(frozen=True)
class ThirdMoments:
    """Sums over points on a line, for third derivatives.

    Attributes
    ----------
    first : list of Ball
        Of W psi_i y_i.
    cubes : list of Ball
        Of W psi_i y_i^3.
    lines : BallMatrix of shape (k, k)
        Of W psi_i psi_j y_j.
    crossed : BallMatrix of shape (k, k)
        Of W psi_i psi_j y_i^2 y_j.
    triples : list of BallMatrix of shape (k, k)
        Of W psi_i psi_j psi_l y_i y_j y_l.
    """

    first: list[Ball]
    cubes: list[Ball]
    lines: BallMatrix
    crossed: BallMatrix
    triples: list[BallMatrix]


def third_moments(
    places: Sequence[Place], weights: Sequence[Sequence[Ball]], means: Sequence[Place], sigma: Ball
) -> ThirdMoments:
    """Return the sums of third derivatives, on a line; parameters as of `moments`."""
    k = len(means)
    weighted, vectors, squares, doubles = [], [], [], [[] for _ in range(k)]
    first, cubes = [flint().arb(0)] * k, [flint().arb(0)] * k
    posteriors = Posteriors(means, sigma)
    for (x,), row in zip(places, weights, strict=True):
        psi, _ = posteriors.at([x])
        weight = whole_of(row)
        offsets = [x - mean for (mean,) in means]
        single = [share * offset for share, offset in zip(psi, offsets, strict=True)]
        vector = [weight * value for value in single]
        weighted.append(vector)
        vectors.append(psi)
        square = [value * offset for value, offset in zip(single, offsets, strict=True)]
        squares.append(square)
        for i in range(k):
            first[i] += vector[i]
            cubes[i] += weight * square[i] * offsets[i]
            doubles[i].append([single[i] * value for value in single])
    right = matrix(weighted)
    return ThirdMoments(
        first,
        cubes,
        matrix(vectors).transpose() * right,
        matrix(squares).transpose() * right,
        [matrix(double).transpose() * right for double in doubles],
    )
