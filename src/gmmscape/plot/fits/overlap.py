"""OverlapDisplay: how far components share their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import SMALL, Display, axes_or_new, dark
from gmmscape.validation import finite_array


class OverlapDisplay(Display):
    """A matrix of responsibilities: of the rows of one component, what share each component takes.

    Line i, column j: the responsibility of component j for the rows of component i, averaged by the
    responsibility of i. Lines add up to one; a fit of clear clusters has ones on the diagonal.

    Parameters
    ----------
    responsibilities : array_like of shape (n, k)
        Of each component for each row.
    kinds : sequence of str, optional
        Kind of each component.

    Attributes
    ----------
    overlap : ndarray of shape (k, k)
        The shares; NaN in the line of a component that has no rows.
    image_ : matplotlib AxesImage
        The matrix.
    texts_ : list of matplotlib Text
        Numbers in its cells, where they are few.

    Raises
    ------
    InvalidParameterError
        If there is no row, or a number is negative or not finite.
    """

    def __init__(self, responsibilities: ArrayLike, kinds: Sequence[str | None] | None = None) -> None:
        shares = finite_array("responsibilities", responsibilities, ndim=(2,))
        if not shares.size or (shares < 0).any():
            raise InvalidParameterError("responsibilities must be numbers >= 0, one row at least")
        mass = shares.sum(axis=0)[:, None]
        self.overlap: FloatArray = np.divide(
            shares.T @ shares, mass, out=np.full((shares.shape[1],) * 2, np.nan), where=mass > 0
        )
        self.kinds = [None] * shares.shape[1] if kinds is None else list(kinds)
        if len(self.kinds) != shares.shape[1]:
            raise InvalidParameterError(f"kinds has {len(self.kinds)} entries: pass {shares.shape[1]}")

    @classmethod
    def from_fit(cls, fit: Any, X: Any) -> OverlapDisplay:
        """Make the display of a fit on rows.

        Parameters
        ----------
        fit : Mixture or GaussianMixture
            What was fitted; or any estimator with `predict_proba`.
        X : array_like of shape (n, d)
            Rows.

        Returns
        -------
        OverlapDisplay
            Not drawn yet.
        """
        shares = fit.predict_proba(X) if hasattr(fit, "predict_proba") else fit.responsibilities(X)
        if getattr(fit, "background_", getattr(fit, "background", None)) is not None:
            shares = _of_components(shares)
        diagnosis = getattr(fit, "diagnosis_", None)
        return cls(shares, None if diagnosis is None else [one.kind for one in diagnosis.components])

    def plot(self, ax: Any = None) -> OverlapDisplay:
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        OverlapDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        k = len(self.overlap)
        side = float(np.clip(2.2 + 0.36 * k, 4.2, 8.0))
        ax = axes_or_new(ax, side + 1.4, side + 0.6)
        self._keep([ax])
        self.image_ = ax.imshow(self.overlap, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
        step = max(1, k // 20)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_ticks(range(0, k, step), [str(i) for i in range(0, k, step)])
            for label, kind in zip(axis.get_ticklabels(), self.kinds[::step], strict=True):
                label.set_color(dark(kind))
                label.set_fontsize(SMALL)
        ax.set_xlabel("takes so much of them: component")
        ax.set_ylabel("of the rows of component")
        bar = self.figure_.colorbar(self.image_, ax=ax, pad=0.03)
        bar.set_label("share of the rows")
        self.texts_ = self._numbers() if k <= SIZES.most_shares else []
        ax.set_title(self._summary(), loc="left", fontsize=SMALL + 1)
        return self

    def _numbers(self) -> list[Any]:
        return [
            self.ax_.text(
                j, i, f"{100 * share:.0f} %", ha="center", va="center", fontsize=SMALL - 1.5,
                color="white" if share > 0.55 else "#222222",
            )
            for (i, j), share in np.ndenumerate(self.overlap)
            if share >= SIZES.least_share
        ]  # fmt: skip

    def _summary(self) -> str:
        """Name the pairs that share most."""
        shared = np.nan_to_num(self.overlap + self.overlap.T)
        i, j = np.triu_indices(len(shared), 1)
        order = [
            n
            for n in np.argsort(-shared[i, j], kind="stable")
            if shared[i[n], j[n]] >= 10 * SIZES.least_share
        ]
        if not order:
            return "No two components share their rows."
        pairs = [f"{i[n]} and {j[n]}" for n in order[: SIZES.most_pairs]]
        more = f", and {len(order) - len(pairs)} more pairs" if len(order) > len(pairs) else ""
        return f"Rows are shared most by components {'; '.join(pairs)}{more}."


def _of_components(shares: FloatArray) -> FloatArray:
    """Shares among the components, of the rows that are not the background's, whose share comes last."""
    own = shares[shares[:, -1] < 0.5, :-1]
    return own / own.sum(axis=1, keepdims=True)
