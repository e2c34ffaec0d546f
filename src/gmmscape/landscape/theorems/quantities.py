"""What a condition and a bound may speak of: the quantities of a truth, and of a block."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.mixture import Mixture
from gmmscape.structure.structure import Block


@dataclass(frozen=True)
class TruthQuantities:
    """The quantities that a separation condition speaks of; it is called with one of these.

    Distances between centers are in sigma, as separations are everywhere; times `sigma` they are in the
    truth's unit of length.

    Attributes
    ----------
    separation : float
        Smallest distance between two centers, in sigma; infinite for one center.
    diameter : float
        Largest distance between two centers, in sigma.
    k : int
        Number of fitted means.
    k_star : int
        Number of true centers.
    d : int
        Dimension.
    sigma : float
        Standard deviation of the truth and of the fit, in the truth's unit of length.
    weights : tuple of float
        True weights, in the order of the centers.
    truth : Mixture
        The truth itself, for conditions on its geometry.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> q = lab.TruthQuantities.of(gs.Mixture.location([-6, 6, 24], sigma=2.0), 3)
    >>> q.separation, q.diameter, q.k, q.k_star, q.sigma
    (6.0, 15.0, 3, 3, 2.0)
    """

    separation: float
    diameter: float
    k: int
    k_star: int
    d: int
    sigma: float
    weights: tuple[float, ...]
    truth: Mixture = field(repr=False)

    @classmethod
    def of(cls, truth: Mixture, k: int) -> Self:
        """Return the quantities of a truth that k means are fitted to.

        Parameters
        ----------
        truth : Mixture
            Whose components share one standard deviation.
        k : int
            Number of fitted means.

        Returns
        -------
        TruthQuantities
            The quantities.
        """
        sigma = truth.sigma
        assert sigma is not None
        return cls(
            separation=truth.separation,
            diameter=float(_gaps(truth.means, truth.means).max()) / sigma,
            k=k,
            k_star=truth.n_components,
            d=truth.n_features,
            sigma=sigma,
            weights=tuple(truth.weights.tolist()),
            truth=truth,
        )


@dataclass(frozen=True)
class BlockQuantities(TruthQuantities):
    """The quantities that an error bound speaks of: those of the truth, and of one block of a structure.

    Attributes
    ----------
    separation : float
        Smallest distance between two centers, in sigma; infinite for one center.
    diameter : float
        Largest distance between two centers, in sigma.
    k : int
        Number of fitted means.
    k_star : int
        Number of true centers.
    d : int
        Dimension.
    sigma : float
        Standard deviation of the truth and of the fit, in the truth's unit of length.
    weights : tuple of float
        True weights, in the order of the centers.
    truth : Mixture
        The truth itself.
    kind : str
        "one-fits-many", "many-fit-one" or "exact".
    n_means : int
        Fitted means of the block.
    n_centers : int
        True centers of the block.
    centers : tuple of int
        Which centers, as they are numbered in `weights` and `truth`.
    block_weight : float
        Sum of their weights.
    block_diameter : float
        Largest distance between two of them, in sigma; 0 for one.
    block_separation : float
        Smallest distance from one of them to a center of another block, in sigma; infinite where there is
        none.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> pair = lab.candidates(3, 3, contiguous=True)[1].blocks[0]
    >>> truth = lab.TruthQuantities.of(gs.Mixture.location([-3, 3, 12], sigma=1.0), 3)
    >>> q = lab.BlockQuantities.of_block(truth, pair)
    >>> q.kind, q.n_means, q.n_centers, q.block_diameter, q.block_separation
    ('one-fits-many', 1, 2, 6.0, 9.0)
    """

    kind: str
    n_means: int
    n_centers: int
    centers: tuple[int, ...]
    block_weight: float
    block_diameter: float
    block_separation: float

    @classmethod
    def of_block(cls, quantities: TruthQuantities, block: Block) -> BlockQuantities:
        """Return the quantities of a block.

        Parameters
        ----------
        quantities : TruthQuantities
            Of the truth.
        block : Block
            One of a structure.

        Returns
        -------
        BlockQuantities
            The quantities.
        """
        truth, sigma = quantities.truth, quantities.sigma
        inside = np.isin(np.arange(truth.n_components), block.centers)
        own, others = truth.means[inside], truth.means[~inside]
        return cls(
            **{one.name: getattr(quantities, one.name) for one in fields(TruthQuantities)},
            kind=block.kind,
            n_means=len(block.means),
            n_centers=len(block.centers),
            centers=block.centers,
            block_weight=float(truth.weights[inside].sum()),
            block_diameter=float(_gaps(own, own).max()) / sigma,
            block_separation=float(_gaps(own, others).min(initial=np.inf)) / sigma,
        )


def _gaps(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.linalg.norm(a[:, None] - b, axis=2)
