"""FreeAtlas: minima and saddles of a landscape of fits with free weights, widths or covariances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from gmmscape.landscape.atlas.edges import Edge
from gmmscape.landscape.atlas.export import Exported
from gmmscape.landscape.freedom.features import same_fit
from gmmscape.landscape.freedom.passes import alarm_of, exchanged
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.landscape.freedom.text import atlas_lines
from gmmscape.mixture import Mixture
from gmmscape.results.records import Record
from gmmscape.structure.intervals import share_interval

if TYPE_CHECKING:
    from gmmscape.plot import AtlasDisplay


class Unjoined(NamedTuple):
    """A saddle of index 1, by its place, and why it joins no two minima.

    A key of `gmmscape.solve.STOP_REASONS` for a descent that lost a component or was too long; "no minimum"
    and "no way down" where it ended elsewhere.
    """

    saddle: int
    reason: str


@dataclass(frozen=True, eq=False)
class FreeAtlas(Exported[FreePoint], Record):
    """The minima of one landscape, one for each orbit under relabelling; saddles where they were asked for.

    Attributes
    ----------
    minima : tuple of FreePoint
        Sorted by value; flat ones are listed and say so.
    family : str
        "location", "spherical", "diag", "tied" or "full".
    weights : str
        "equal", "fixed" or "free".
    widths : str
        "fixed", "common" or "free".
    n_components : int
        Number of fitted components.
    truth : Mixture or None
        The truth of a population; None for a sample.
    data : str or None
        `Sample.digest` of a sample; None for a population.
    seed : int
        Seed of the random starts.
    starts : int
        Random starts done.
    candidates : int
        Candidate structures that descents began from.
    ends : dict of str to int
        How the random starts ended: "minimum", or why one did not end in a minimum.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    exchangeable : tuple of tuple of int
        Components that may be exchanged: all, but for such as are held at different weights or widths.
    saddles : tuple of FreePoint
        Critical points of index 1 and more, sorted by value; empty where they were not asked for.
    edges : tuple of Edge
        Which minima the saddles of index 1 join, and flat ones without a negative curvature that lead down.
    handovers : tuple of Edge
        With free weights, passes over a weight of zero: of components that coincide at a saddle one hands its
        weight over, moves, and grows elsewhere, all at the saddle's value.
    unjoined : tuple of Unjoined
        Saddles of index 1 that have no edge, and why: a descent from them ended in no minimum.
    rounds : int
        Rounds of the search for saddles that were done.
    followings : dict of str to int
        How the followings of that search ended: "saddle", "minimum", "other index" for a critical point of
        another index than the one sought, or why there is no critical point.
    """

    format: ClassVar[str] = "gmmscape-free-atlas"
    told_in_files: ClassVar[tuple[str, ...]] = ("unseen", "alarm")

    minima: tuple[FreePoint, ...]
    family: str
    weights: str
    widths: str
    n_components: int
    truth: Mixture | None
    data: str | None
    seed: int
    starts: int
    candidates: int
    ends: dict[str, int]
    stop_reason: str
    exchangeable: tuple[tuple[int, ...], ...]
    saddles: tuple[FreePoint, ...] = ()
    edges: tuple[Edge, ...] = ()
    handovers: tuple[Edge, ...] = ()
    unjoined: tuple[Unjoined, ...] = ()
    rounds: int = 0
    followings: dict[str, int] = field(default_factory=dict)

    @property
    def alarm(self) -> str | None:
        """What says that saddles or edges are missing; None where no saddles were sought.

        That no law counts the points, minima that no passes join, and saddles whose descents end in one
        labelled minimum.
        """
        if self.rounds == 0:
            return None
        return alarm_of(self.minima, self.edges, self.handovers, self.exchangeable)

    @property
    def joins(self) -> tuple[Edge, ...]:
        """Edges, and passes over a weight of zero."""
        return (*self.edges, *self.handovers)

    @property
    def unseen(self) -> tuple[float, float]:
        """Probability that one more start ends in a minimum that no start has ended in, and its upper limit.

        By Good and Turing (Good, Biometrika 40, 1953): the share of starts that are alone in their minimum;
        the limit is that of a 95 % interval of that share.
        """
        alone = sum(point.hits == 1 for point in self.minima)
        done = sum(self.ends.values())
        return (alone / done, share_interval(alone, done)[1]) if done else (1.0, 1.0)

    def plot(self, ax: Any = None, *, data: Any = None, most: int = 8) -> AtlasDisplay:
        """Draw the minima, and beside them their disconnectivity graph where saddles are known.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.
        data : array_like of shape (n, d), optional
            The rows of a sample, which the atlas does not hold.
        most : int, default=8
            Minima drawn, best first; the rest are summed up.

        Returns
        -------
        AtlasDisplay
            With `figure_`, `axes_` and the two pictures `minima` and `graph`.

        Raises
        ------
        InvalidParameterError
            If there is no minimum, or data do not fit.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import AtlasDisplay, DisconnectivityDisplay, MinimaDisplay

        known = all(point.kl is not None for point in self.minima)
        sigma = 1.0
        if self.minima:
            best = self.minima[0].mixture if self.truth is None else self.truth
            sigma = float(np.sqrt(best.weights @ best.column_variances().mean(axis=1)))
        minima = MinimaDisplay(
            [point.means for point in self.minima],
            sigma,
            [float(point.nll if point.kl is None else point.kl) for point in self.minima],
            blocks=[None if point.decoding is None else point.decoding.blocks for point in self.minima],
            hits=[point.hits for point in self.minima],
            weights=[point.mixture.weights if self.weights == "free" else None for point in self.minima],
            flat=[point.flat for point in self.minima],
            truth=self.truth,
            data=data,
            quantity="KL" if known else "NLL",
            most=most,
        )
        graph = DisconnectivityDisplay.from_atlas(self, most=most) if self.joins else None
        return AtlasDisplay(minima, graph).plot(ax)

    def _coincident(self) -> list[list[list[int]]]:
        return [exchanged(point, self.exchangeable) for point in self.minima]

    def _place_of(self, point: Any) -> int | None:
        return next(
            (i for i, known in enumerate(self.minima) if same_fit(point.mixture, known.mixture)), None
        )

    def _own_columns(self, point: FreePoint) -> dict[str, Any]:
        return {"widths": point.widths.tolist(), "covariances": point.mixture.full_covariances().tolist()}

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the atlas that `content` described; a ValueError where its edges join nothing."""
        found = cls(**cls._fields_in(content))
        for edge in (*content.get("edges", ()), *content.get("handovers", ())):
            Edge.from_dict(edge, found.n_components, len(found.minima), len(found.saddles))
        return found

    def __str__(self) -> str:
        return "\n".join(atlas_lines(self))
