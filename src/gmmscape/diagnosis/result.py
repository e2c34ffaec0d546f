"""Diagnosis: a verdict on a fit, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from gmmscape.arrays import IntArray
from gmmscape.diagnosis.evidence import Evidence
from gmmscape.diagnosis.findings import Finding
from gmmscape.diagnosis.text import diagnosis_table
from gmmscape.exceptions import InvalidParameterError
from gmmscape.given_rows import columns_in_order
from gmmscape.mixture import Mixture
from gmmscape.moves.search import TriedMove
from gmmscape.plot.fits.fit import FitDisplay
from gmmscape.results.deferred import Deferred
from gmmscape.results.fields import plain
from gmmscape.results.records import Record, reports

VERDICTS = ("bad optimum", "no better fit found", "cannot tell")
INPUT_STATES = ("converged", "not converged", "saddle", "plateau", "degenerate")
MOVES = ("moves", "alternatives")
KINDS = (
    "exact",
    "one-fits-many",
    "many-fit-one",
    "nested",
    "collapsed",
    "background",
    "mixed",
    "not examined",
)


@dataclass(frozen=True, eq=False)
class ComponentReport(Record):
    """What one component of a fit is.

    Attributes
    ----------
    index : int
        Place in the fit, from 0.
    kind : str
        "exact", "one-fits-many", "many-fit-one", "nested", "collapsed", "background" or "mixed"; "not
        examined" where nothing was tried.
    weight : float
        Share of the data, between 0 and 1.
    n_rows : float
        Effective number of different rows it rests on.
    covers : tuple of int
        Clusters that it is the main cover of; of a many-fit-one component, the one that it shares. Clusters
        are the components of the best fit in hand; where one of these sits on several, further numbers are
        its parts.
    partners : tuple of int
        Other components of this fit on the same cluster.
    rows : ndarray of int or None
        The rows of the data that it is the most probable component of, unless it is exact.
    """

    format: ClassVar[str] = "gmmscape-component-report"

    index: int
    kind: str
    weight: float
    n_rows: float
    covers: tuple[int, ...]
    partners: tuple[int, ...]
    rows: IntArray | None = field(default=None, repr=False)

    def __str__(self) -> str:
        covers = f", mainly on clusters {', '.join(map(str, self.covers))}" if self.covers else ""
        partners = f", with components {', '.join(map(str, self.partners))}" if self.partners else ""
        return f"component {self.index}: {self.kind}, weight {self.weight:.4f}{covers}{partners}"


@dataclass(frozen=True, eq=False)
class Diagnosis(Deferred):
    """A verdict on a fit; printing it gives a table.

    Gains are per unit mass: in nats, or for centers in squared units of the data. That of an estimator's fit
    is computed when it is first asked for.

    Attributes
    ----------
    verdict : str
        "bad optimum": a clearly better fit is in hand, reached by moves and not by polishing. "no better fit
        found": the moves that were tried bring none. "cannot tell": see `reasons`.
    reasons : tuple of str
        What the verdict rests on.
    input_state : str
        "converged", "not converged", "saddle", "plateau" or "degenerate".
    objective : str
        "nll", or "inertia" for k-means models and bare centers.
    value_before : float
        The objective per unit mass, of the fit.
    value_after : float
        The same of the best fit in hand.
    polish_gain : float
        What EM alone brings.
    escape_gain : float
        What moves bring beyond that.
    total : float
        Number of rows; of weighted ones the sum of their counts, where weights are whole multiples of one
        (docs/words.md#weights), else Kish's number. Gains times this are those of the whole data.
    significance : float
        Escape gain in standard errors of its row-wise differences (Vuong's statistic); 0 without a gain.
    gradient_norm : float
        Length of the EM step from the fit (docs/words.md#gradient-norm); infinite where a component has no
        rows.
    components : tuple of ComponentReport
        What each component is.
    moves : tuple of TriedMove
        Moves that lead to the better fit, one entry for those made together.
    alternatives : tuple of TriedMove
        Gains that were left alone: better densities by nested components, or collapsed ones, and gains that
        the data do not tell from none.
    rounds : int
        Rounds of proposals.
    tried : int
        Moves, perturbed fits and new starts that were run through EM.
    stop_reason : str
        "completed", "effort_limit" (a fit spends no more on its search than the EM before it allows),
        "time_limit" or "interrupted".
    findings : tuple of Finding
        What is wrong with the data, or with Gaussians as their model, that no better optimum would mend.
    warnings : tuple of str
        What else the user should know.
    evidence : Evidence
        What the verdict rests on, in numbers.
    rival : Mixture or None
        Another fit, better on these rows by so little that it may not be on new ones: the data do not tell
        the two apart.
    suggested_n_components : int or None
        Clusters that the best fit in hand speaks of: components on several count as these, several on one as
        one, as far as BIC asks for it. None where the search did not end, in fits, and for centers.
    passes : float
        What polishing and search cost, in passes over all rows; 0 where it was not counted.
    model : Mixture or ndarray of shape (k, d) or None
        The mixture, or the centers, that it is about; not in files.
    data : object
        The rows, as they came to `diagnose`; not in files, and None of a fit, which keeps none.
    column_names : tuple of str or None
        Of the columns; not in files.
    """

    format: ClassVar[str] = "gmmscape-diagnosis"
    names_in_files: ClassVar[Mapping[str, str]] = {"stop_reason": "ended"}
    told_in_files: ClassVar[tuple[str, ...]] = ("gain", "gain_total")
    left_out_of_files: ClassVar[tuple[str, ...]] = ("model", "data", "column_names")

    verdict: str
    reasons: tuple[str, ...]
    input_state: str
    objective: str
    value_before: float
    value_after: float
    polish_gain: float
    escape_gain: float
    total: float
    significance: float
    gradient_norm: float
    components: tuple[ComponentReport, ...]
    moves: tuple[TriedMove, ...]
    alternatives: tuple[TriedMove, ...]
    rounds: int
    tried: int
    stop_reason: str
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    evidence: Evidence
    suggested_n_components: int | None
    rival: Mixture | None = field(default_factory=lambda: None)
    passes: float = field(default_factory=float)
    model: Any = field(default_factory=lambda: None, repr=False, compare=False)
    data: Any = field(default_factory=lambda: None, repr=False, compare=False)
    column_names: tuple[str, ...] | None = field(default_factory=lambda: None, repr=False, compare=False)

    @property
    def gain(self) -> float:
        """Polish and escape gain together, per unit mass."""
        return self.polish_gain + self.escape_gain

    @property
    def gain_total(self) -> float:
        """The gain of the whole data: per unit mass, times the number of rows that count."""
        return self.gain * self.total

    def told(self, names: Sequence[str] | None, lines: Sequence[int] | None = None) -> Diagnosis:
        """Return the diagnosis with columns called by name, and rows by the line of a file they stand in.

        Parameters
        ----------
        names : sequence of str or None
            Of the columns.
        lines : sequence of int, optional
            Of the file, one for each row.

        Returns
        -------
        Diagnosis
            The same, in other words; computed when asked for, if this one is.
        """
        if self.pending:
            return Diagnosis.later(lambda: self._told(names, lines))
        return self._told(names, lines)

    def _told(self, names: Sequence[str] | None, lines: Sequence[int] | None) -> Diagnosis:
        return replace(
            self,
            findings=tuple(one.told(names, lines) for one in self.findings),
            column_names=self.column_names if names is None else tuple(map(str, names)),
        )

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings; moves tell what they bring on the whole data too.

        Returns
        -------
        dict
            One entry for each attribute and gain; what is not finite is None.
        """
        moves = {name: [self._in_full(move) for move in getattr(self, name)] for name in MOVES}
        return {**super().content(), **moves}

    def _in_full(self, move: TriedMove) -> dict[str, Any]:
        """A move with the gain of the whole data and, of a mixture, what the BIC falls by."""
        gain = move.realised_gain * self.total
        bic = 2.0 * gain if self.objective == "nll" else None  # as many parameters before as after
        return {**move.content(), "gain_total": plain(gain), "bic_gain": plain(bic)}

    def plot(
        self, data: Any = None, *, columns: Any = None, level: float = 0.9, ax: Any = None
    ) -> FitDisplay:
        """Draw the fit that was judged over its rows, components by kind.

        One column is drawn as a histogram with the density and its components, two as points with ellipses,
        more in the plane in which the components lie farthest apart.

        Parameters
        ----------
        data : array_like of shape (n, d), optional
            The rows; those that `diagnose` was given by default. Without any the components alone are drawn.
        columns : str, int or sequence of these, optional
            What is drawn: names or numbers of columns, or "pairs" for a matrix of pairs.
        level : float, default=0.9
            Share of a component's mass that its ellipse holds.
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        FitDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        DataError
            If the rows cannot be used.
        InvalidParameterError
            If there is no fit to draw, a column is not known, or the level is not between 0 and 1.
        NotAvailableError
            If matplotlib is not installed.
        """
        if self.model is None:
            raise InvalidParameterError(
                "the diagnosis does not hold the fit that it is about, because it comes from a file: "
                "diagnose the fit again, or plot the fit itself"
            )
        rows = columns_in_order(self.data if data is None else data, self.column_names)
        return FitDisplay.from_diagnosed(
            self.model, rows, self, names=self.column_names, columns=columns, level=level
        ).plot(ax)

    def to_html(self, data: Any = None, *, columns: Sequence[str] | None = None, model: Any = None) -> str:
        """Return a report: one self-contained HTML page that says what was found and what to do.

        Parameters
        ----------
        data : array_like of shape (n, d), optional
            The rows, many of them thinned; those that `diagnose` was given by default.
        columns : sequence of str, optional
            Names of the columns; those of a table or of the model by default.
        model : object, optional
            The fit that was diagnosed, as `diagnose` takes it, where the diagnosis comes from a file and does
            not hold it: nothing is drawn without. Of a pipeline the last step, with rows as they reach it.

        Returns
        -------
        str
            A whole HTML document, the diagnosis as JSON inside.

        Raises
        ------
        DataError
            If `data` is no finite (n, d) matrix.
        InvalidParameterError
            If `columns` are not as many as the data have, or the model is none.
        """
        return reports().page_html(self, self._drawn(data, columns, model))

    def _rows(self, data: Any, columns: Sequence[str] | None) -> Any:
        return self._drawn(data, columns, None)

    def _drawn(self, data: Any, columns: Sequence[str] | None, model: Any) -> Any:
        """What the report draws: what was diagnosed, where nothing else is given."""
        rows = self.data if data is None else columns_in_order(data, self.column_names)
        names = self.column_names if columns is None else columns
        return reports().rows_of(rows, names, self.model if model is None else model)

    def __str__(self) -> str:
        return diagnosis_table(self)
