"""Sums over weighted points of what a location fit's NLL and its derivatives are made of, in balls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gmmscape.proof.balls import Ball, BallMatrix, exact, flint, matrix, power, total

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
        self.k = len(means)
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
        sums: list[Ball] = [flint().arb(1)] * self.k
        for i, j, lines in self._pairs:
            (slope, middle), x = lines[0], place[0]
            exponent = slope * (x - middle)
            for axis in range(1, len(lines)):
                slope, middle = lines[axis]
                exponent += slope * (place[axis] - middle)
            ratio = exponent.exp()
            sums[i] = sums[i] + ratio
            sums[j] = sums[j] + 1 / ratio
        # The nearest mean, so that the logarithm is that of a sum between 1 and k.
        nearest, least = 0, float(sums[0].mid())
        for i in range(1, self.k):
            value = float(sums[i].mid())
            if value < least:
                nearest, least = i, value
        square = total(power(x - a, 2) for x, a in zip(place, self.means[nearest], strict=True))
        return [1 / found for found in sums], sums[nearest].log() - square * self.precision


def moments(
    places: Sequence[Place],
    weights: Sequence[Sequence[Ball]],
    means: Sequence[Place],
    sigma: Ball,
    *,
    second: bool,
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
        weight = total(row)
        log_density += weight * logarithm
        vector = [psi[i] * (x - a) for i in range(k) for x, a in zip(place, means[i], strict=True)]
        psis.append(psi)
        vectors.append(vector)
        whole.append(weight)
        if second:
            for i in range(k):
                for a in range(d):
                    scaled = weight * vector[i * d + a]
                    for b in range(a + 1):
                        own[i * d + a][i * d + b] += scaled * (place[b] - means[i][b])
    unit = ((2 * flint().arb.pi()).sqrt() * sigma).log() * d + exact(k).log()
    first = matrix(vectors).transpose() * matrix([[weight] for weight in whole])
    seconds = (matrix(_mirrored(own)), *_products(psis, vectors, whole)) if second else (None, None, None)
    return Moments(
        log_density - unit * total(whole),
        matrix(psis).transpose() * matrix(weights),
        [first[i, 0] for i in range(k * d)],
        *seconds,
    )


def _mirrored(rows: list[list[Ball]]) -> list[list[Ball]]:
    """A symmetric table from what is on and below its diagonal."""
    return [[rows[max(i, j)][min(i, j)] for j in range(len(rows))] for i in range(len(rows))]


def _products(
    psis: list[list[Ball]], vectors: list[list[Ball]], whole: list[Ball]
) -> tuple[BallMatrix, BallMatrix]:
    """Weighted sums of products of psi_i y_i in pairs, and of psi_i."""
    found = []
    for rows in (vectors, psis):
        weighted = [[weight * v for v in row] for weight, row in zip(whole, rows, strict=True)]
        found.append(matrix(rows).transpose() * matrix(weighted))
    return found[0], found[1]


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
        weight = total(row)
        offsets = [x - means[i][0] for i in range(k)]
        vector = [weight * psi[i] * offsets[i] for i in range(k)]
        weighted.append(vector)
        vectors.append(psi)
        square = [psi[i] * offsets[i] * offsets[i] for i in range(k)]
        squares.append(square)
        for i in range(k):
            first[i] += vector[i]
            cubes[i] += weight * square[i] * offsets[i]
            doubles[i].append([psi[i] * offsets[i] * psi[j] * offsets[j] for j in range(k)])
    right = matrix(weighted)
    return ThirdMoments(
        first,
        cubes,
        matrix(vectors).transpose() * right,
        matrix(squares).transpose() * right,
        [matrix(double).transpose() * right for double in doubles],
    )
