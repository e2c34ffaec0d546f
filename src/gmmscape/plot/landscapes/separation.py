"""SeparationDisplay: errors, half-gap and defect of a structure against the separation of the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot.style import INK, Display, axes_or_new, colour, legend, marker
from gmmscape.validation import finite_array

#: Colour and marker of each quantity; errors have those of their kind of block.
LOOKS = {
    "one-fits-many error": (colour("one-fits-many"), marker("one-fits-many")),
    "exact error": (colour("exact"), marker("exact")),
    "many-fit-one half-gap": (colour("many-fit-one"), marker("many-fit-one")),
    "defect": (INK, "x"),
}


class SeparationDisplay(Display):
    """Quantities that fall with the separation, on a logarithmic axis.

    Parameters
    ----------
    separation : array_like of shape (n,)
        Smallest distance between two centers, sigma.
    quantities : dict of str to array_like of shape (n,)
        Values by name: errors and half-gaps in sigma; "defect" has no unit. Zeros are not drawn.
    laws : dict of str to array_like of shape (n,), optional
        Predicted shapes of quantities of the same names, drawn dashed.
    missing : array_like of shape (m,), optional
        Separations at which there is nothing to draw, because no minimum was found: marked on the axis.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The curve of each quantity.
    laws_ : dict of str to matplotlib Line2D
        The dashed curve of each law.
    missing_ : matplotlib Line2D or None
        The marks of what is missing.

    Raises
    ------
    InvalidParameterError
        If lengths differ, a value is negative or not finite, or nothing is passed.
    """

    def __init__(
        self,
        separation: Any,
        quantities: Mapping[str, Any],
        *,
        laws: Mapping[str, Any] | None = None,
        missing: Any = (),
    ) -> None:
        self.separation = finite_array("separation", separation, ndim=(1,))
        if not len(self.separation) or not quantities:
            raise InvalidParameterError("separation or quantities is empty: a picture needs a value")
        self.quantities = {name: self._checked(name, item) for name, item in quantities.items()}
        self.laws = {name: self._checked(name, item) for name, item in (laws or {}).items()}
        self.missing = finite_array("missing", missing, ndim=(1,))

    def _checked(self, name: str, values: Any) -> Any:
        array = finite_array(name, values, ndim=(1,))
        if len(array) != len(self.separation) or (array < 0).any():
            raise InvalidParameterError(
                f"{name} must be {len(self.separation)} numbers >= 0, one for each separation"
            )
        return array

    def plot(self, ax: Any = None) -> SeparationDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        SeparationDisplay
            This display, with `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        ours = ax is None
        ax = axes_or_new(ax, 6.4, 4.8)
        self._keep([ax])
        order = np.argsort(self.separation, kind="stable")
        self.lines_ = {name: self._curve(name, values, order) for name, values in self.quantities.items()}
        self.laws_ = {name: self._law(name, values, order) for name, values in self.laws.items()}
        self.missing_ = self._marks() if len(self.missing) else None
        ax.set_yscale("log")
        ax.set_xlabel("separation of the centers, sigma")
        names: Sequence[str] = list(self.quantities)
        ax.set_ylabel(
            "error and half-gap, sigma; defect" if "defect" in names else "error and half-gap, sigma"
        )
        ax.grid(alpha=0.25)
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
        legend(ax, ours, most_columns=2)
        return self

    def _marks(self) -> Any:
        """Draw a cross just above the axis for each separation at which no minimum was found."""
        return self.ax_.plot(
            self.missing,
            np.full(len(self.missing), 0.03),
            "x",
            color=INK,
            markersize=7,
            transform=self.ax_.get_xaxis_transform(),
            label="no minimum found",
        )[0]

    def _curve(self, name: str, values: Any, order: Any) -> Any:
        hue, shape = LOOKS.get(name, (INK, "."))
        order = order[values[order] > 0]  # a logarithmic axis has no zero
        return self.ax_.plot(
            self.separation[order], values[order], color=hue, marker=shape, markersize=5, label=name
        )[0]

    def _law(self, name: str, values: Any, order: Any) -> Any:
        hue, _ = LOOKS.get(name, (INK, "."))
        return self.ax_.plot(
            self.separation[order],
            values[order],
            "--",
            color=hue,
            linewidth=3.5,
            alpha=0.35,
            zorder=1,
            label=f"law 5, scaled: {name}",
        )[0]
