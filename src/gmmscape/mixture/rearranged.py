"""The same mixture elsewhere: moved, shifted, its components in another order."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture.background import Background
from gmmscape.mixture.parts import MixtureParts
from gmmscape.results.text import counted
from gmmscape.validation import finite_array


class Rearranged(MixtureParts):
    """Mixtures made of this one by moving its means or renaming its components."""

    def relocated(self, means: FloatArray) -> Self:
        """Return the mixture with other means; what else it holds was checked when it was made.

        Parameters
        ----------
        means : ndarray of shape (k, d)
            New means, which become the mixture's own.

        Returns
        -------
        Mixture
            For loops that move means many times.

        Raises
        ------
        InvalidParameterError
            If a mean is not finite.
        """
        if not np.isfinite(means).all():
            raise InvalidParameterError("means must be finite: a step was too long or not a number")
        return self._alike(self.weights, means, self.covariances, self._factors)

    def shifted(self, offset: ArrayLike) -> Self:
        """Return the mixture with `offset`, of shape (d,), added to every mean.

        Parameters
        ----------
        offset : array_like of shape (d,)
            Added to every mean.

        Returns
        -------
        Mixture
            A new mixture.

        Raises
        ------
        InvalidParameterError
            If the offset has another shape or is not finite.
        """
        offset = finite_array("offset", offset, ndim=(0, 1))
        if offset.shape not in ((), (self.n_features,)):
            raise InvalidParameterError(
                f"offset has shape {offset.shape}: pass one number, or one for each of the "
                f"{counted(self.n_features, 'feature')}"
            )
        moved = self.relocated(self.means + offset)
        if self.background is None:
            return moved
        return moved.beside(self.background.moved(np.broadcast_to(offset, (self.n_features,))), self.weights)

    def beside(self, background: Background | None, weights: FloatArray | None = None) -> Self:
        """Return the components beside a background; for None, by themselves: their weights sum to one.

        Parameters
        ----------
        background : Background or None
            Whose weight the components leave.
        weights : ndarray of shape (k,), optional
            Of the components, where they are known; else they keep their ratios.

        Returns
        -------
        Mixture
            Itself where nothing changes.
        """
        if background is self.background:
            return self
        if weights is None:
            rest = 1.0 if background is None else 1.0 - background.weight
            weights = self.weights * (rest / self.weights.sum())
        own = np.asarray(weights)
        return self._alike(own, self.means, self.covariances, self._factors, background=background)

    def permuted(self, order: ArrayLike) -> Self:
        """Return the mixture with its components in another order.

        Parameters
        ----------
        order : array_like of shape (k,)
            Component i of the result is component ``order[i]`` of this mixture.

        Returns
        -------
        Mixture
            A new mixture.

        Raises
        ------
        InvalidParameterError
            If `order` is no permutation of the components.
        """
        order = np.asarray(order)
        if order.shape != (self.n_components,) or not np.array_equal(np.sort(order), np.arange(len(order))):
            raise InvalidParameterError.of(
                "order", order.tolist(), f"pass each of 0 to {self.n_components - 1} once"
            )
        return self._alike(
            self.weights[order],
            self.means[order],
            self.kind.chosen(self.covariances, order),
            self.kind.chosen(self._factors, order),
        )

    def jittered(self, scale: float, rng: np.random.Generator) -> FloatArray:
        """Return the means, moved at random.

        Parameters
        ----------
        scale : float
            Standard deviations of their components that they move by, in each direction.
        rng : numpy.random.Generator
            Of the moves.

        Returns
        -------
        ndarray of shape (k, d)
            A new array.
        """
        noise = scale * rng.standard_normal(self.means.shape)
        roots = self.kind.roots(self.covariances)
        moves = [self.kind.coloured(one[None], roots, i)[0] for i, one in enumerate(noise)]
        return self.means + np.array(moves)
