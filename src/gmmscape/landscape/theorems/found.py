"""What a theorem table holds of one truth: minima with their blocks, and what was predicted."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gmmscape.landscape.theorems.claims import Claims
from gmmscape.landscape.theorems.quantities import BlockQuantities, TruthQuantities
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Block, Structure

#: How a block's error compares with its bound.
VERDICTS = ("within", "exceeded", "undecided", "no bound")
#: How a minimum is read by association.
READINGS = ("structured", "unstructured", "undecided")


class FoundBlock(NamedTuple):
    """A block of a minimum: how far its means are from where it predicts them.

    Attributes
    ----------
    block : Block
        Means and centers, and its kind.
    error : float
        Largest distance of one of its means from the weighted average of its centers, in sigma: measured.
    numerical_error : float
        How far that may be off by quadrature and rounding, in sigma: estimated. Where a curvature that moves
        these means has no sign in float64, the radius of a sphere around coincident means on which the NLL is
        higher, or infinite.
    bound : float or None
        What the theorem claims, in sigma; None where it claims nothing.
    """

    block: Block
    error: float
    numerical_error: float
    bound: float | None = None

    @property
    def ratio(self) -> float | None:
        """Error over bound; infinite for a bound of 0, None without one."""
        if self.bound is None:
            return None
        return self.error / self.bound if self.bound else float("inf")

    @property
    def verdict(self) -> str:
        """One of "within", "exceeded" (both by more than the numerical error), "undecided", "no bound"."""
        if self.bound is None:
            return "no bound"
        if self.error + self.numerical_error <= self.bound:
            return "within"
        return "exceeded" if self.error - self.numerical_error > self.bound else "undecided"


class FoundMinimum(NamedTuple):
    """A minimum of one truth.

    Attributes
    ----------
    means : tuple of tuple of float
        Shape (k, d), in the truth's coordinates.
    kl : float
        Divergence from the truth, nats.
    hits : int
        Random starts that ended here.
    flat : bool
        Whether some curvature has no sign in float64.
    reading : str
        "structured", "unstructured" (by two rules of integration) or "undecided".
    reason : str
        How that was decided, or why not; empty for a structured minimum.
    defect : float
        See `decode`.
    tau : float
        Largest defect of a structured fit.
    second_rule : bool
        Whether a rule of integration of another kind has looked at it too: means that span up to three
        dimensions. Numerical errors count what it would move.
    blocks : tuple of FoundBlock
        By association; of a minimum that is not structured those of the nearest structure by position, and
        none where there are too many structures to look at.
    """

    means: tuple[tuple[float, ...], ...]
    kl: float
    hits: int
    flat: bool
    reading: str
    reason: str
    defect: float
    tau: float
    second_rule: bool
    blocks: tuple[FoundBlock, ...]


class Prediction(NamedTuple):
    """A candidate structure of a truth.

    Attributes
    ----------
    structure : Structure
        Means numbered along its blocks.
    outcome : str
        What became of the descent from it: see `explore`.
    minimum : int or None
        Place of the first minimum that has this structure; None where none was found.
    bounds : tuple of float or None
        What the theorem claims of each block, in sigma.
    """

    structure: Structure
    outcome: str
    minimum: int | None
    bounds: tuple[float | None, ...]


class FoundTruth(NamedTuple):
    """A truth with its minima.

    Attributes
    ----------
    truth : Mixture
        The truth.
    separation : float
        Smallest distance between two centers, sigma.
    minima : tuple of FoundMinimum
        By ascending NLL.
    predictions : tuple of Prediction
        Candidate structures that were tried.
    untried : int
        Candidate structures that were not.
    stop_reason : str
        "completed", or why the search of this truth ended early.
    parameter : float or None
        Of the path; None where truths were given one by one.
    holds : bool or None
        Whether the theorem's condition does; None where it has none.
    margin : float or None
        What a condition that returns numbers returned; None for one that returns a bool.
    """

    truth: Mixture
    separation: float
    minima: tuple[FoundMinimum, ...]
    predictions: tuple[Prediction, ...]
    untried: int
    stop_reason: str
    parameter: float | None = None
    holds: bool | None = None
    margin: float | None = None

    @property
    def claimed(self) -> bool:
        """Whether the theorem is claimed here."""
        return self.holds is not False

    def judged(self, claims: Claims, k: int) -> FoundTruth:
        """Return the same truth and minima under other claims.

        Parameters
        ----------
        claims : Claims
            Condition and bounds.
        k : int
            Number of fitted means.

        Returns
        -------
        FoundTruth
            With `holds`, `margin` and the bounds that they give.
        """
        quantities = TruthQuantities.of(self.truth, k)
        holds, margin = claims.of_truth(quantities)
        bound = bound_of(claims, quantities, claimed=holds is not False)
        minima = [
            minimum._replace(
                blocks=tuple(one._replace(bound=bound(one.block)) for one in minimum.blocks),
            )
            for minimum in self.minima
        ]
        predictions = [
            one._replace(bounds=tuple(map(bound, one.structure.blocks))) for one in self.predictions
        ]
        return self._replace(minima=tuple(minima), predictions=tuple(predictions), holds=holds, margin=margin)


def bound_of(
    claims: Claims, quantities: TruthQuantities, *, claimed: bool
) -> Callable[[Block], float | None]:
    """Return the function from a block to its bound; blocks of one size on the same centers are asked once.

    Parameters
    ----------
    claims : Claims
        Condition and bounds.
    quantities : TruthQuantities
        Of the truth.
    claimed : bool
        Whether the condition holds.

    Returns
    -------
    callable
        From a `Block` to a number of sigma or None.
    """
    known: dict[tuple[tuple[int, ...], int], float | None] = {}

    def bound(block: Block) -> float | None:
        key = block.centers, len(block.means)
        if key not in known:
            known[key] = claims.of_block(BlockQuantities.of_block(quantities, block), claimed=claimed)
        return known[key]

    return bound
