"""StandardErrors: what `standard_errors` and the summary of a fit return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.inference.text import named, table
from gmmscape.mixture import Mixture
from gmmscape.plot.fits.intervals import Bar, IntervalsDisplay
from gmmscape.results.records import Record
from gmmscape.validation import choice

if TYPE_CHECKING:
    import pandas as pd

#: Kinds of estimates, in the order in which they are told.
KINDS = ("weight", "mean", "sd", "correlation", "variance", "covariance")


class Estimate(NamedTuple):
    """One parameter of a fit, and how sure it is.

    Attributes
    ----------
    kind : {"weight", "mean", "sd", "correlation", "variance", "covariance"}
        What it is.
    component : int or None
        Whose, from 0; None where all components share it.
    columns : tuple of int
        Which columns it is of, from 0: one, two of a correlation or covariance, none of a weight or of a
        standard deviation that all columns share.
    value : float
        The estimate, in units of the data.
    standard_error : float or None
        None where there is none.
    low : float or None
        Lower end of the interval, in the range of the parameter; None where there is none.
    high : float or None
        Upper end.
    interval : str or None
        "profile", "normal" or "percentile": how the ends were found.
    reason : str or None
        Why something is None.
    """

    kind: str
    component: int | None
    columns: tuple[int, ...]
    value: float
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    interval: str | None = None
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class StandardErrors(Record):
    """Standard errors and intervals of the parameters of a fit.

    Attributes
    ----------
    verdict : {"trustworthy", "cannot tell", "not available"}
        Whether the intervals hold, as far as these rows tell; "not available" where there is not one.
    reasons : tuple of str
        What the verdict rests on.
    method : {"profile", "observed", "sandwich", "bootstrap", "weighted bootstrap"}
        How they were found.
    level : float
        Of the intervals.
    estimates : tuple of Estimate
        Weights, means, standard deviations, correlations, variances and covariances, in this order.
    mixture : Mixture
        The fit: the model that came in, polished by EM.
    family : str
        Name of its family.
    moved : float
        Standard errors that the polish moved some estimate by, at most; infinite where there are none.
    n_samples : int
        Number of rows.
    rows : float
        How many independent rows they are worth.
    component_rows : ndarray of shape (k,)
        The same of each component.
    log_likelihood : float
        Total, in nats; of rows of weights that sum to `total`.
    total : float
        Number of rows, or sum of their weights.
    n_parameters : int
        Number of free parameters.
    prior_rows : float
        How many rows the prior gave each covariance; 0 for maximum likelihood.
    replicates : int
        Refits that a bootstrap rests on; 0 for other methods.
    left_out : int
        Refits that collapsed or did not converge.
    seed : int or None
        Of a bootstrap.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    fit_verdict : str or None
        Of the diagnosis of the fit, where it is known.
    column_names : tuple of str or None
        Of the columns.
    """

    format: ClassVar[str] = "gmmscape-standard-errors"
    told_in_files: ClassVar[tuple[str, ...]] = ("bic",)

    verdict: str
    reasons: tuple[str, ...]
    method: str
    level: float
    estimates: tuple[Estimate, ...]
    mixture: Mixture
    family: str
    moved: float
    n_samples: int
    rows: float
    component_rows: FloatArray
    log_likelihood: float
    total: float
    n_parameters: int
    prior_rows: float = 0.0
    replicates: int = 0
    left_out: int = 0
    seed: int | None = None
    stop_reason: str = "completed"
    fit_verdict: str | None = None
    column_names: tuple[str, ...] | None = field(default=None)

    @property
    def bic(self) -> float:
        """Bayesian information criterion, smaller is better."""
        import numpy as np

        return float(-2.0 * self.log_likelihood + np.log(self.total) * self.n_parameters)

    @property
    def fitted_part(self) -> Any:
        """The fit: its `mixture` is a model."""
        return self

    def of(self, kind: str, component: int | None = None) -> tuple[Estimate, ...]:
        """Return the estimates of one kind.

        Parameters
        ----------
        kind : {"weight", "mean", "sd", "correlation", "variance", "covariance"}
            Which.
        component : int, optional
            Of this component only, and what it shares with others.

        Returns
        -------
        tuple of Estimate
            In the order of components and columns.

        Raises
        ------
        InvalidParameterError
            If the kind is none of these, or the fit has no such component.
        """
        choice("kind", kind, KINDS)
        k = self.mixture.n_components
        if component is not None and component not in range(k):
            raise InvalidParameterError.of("component", component, f"pass a number from 0 to {k - 1}")
        return tuple(
            one
            for one in self.estimates
            if one.kind == kind and (component is None or one.component in (component, None))
        )

    def name(self, estimate: Estimate) -> str:
        """Return what an estimate is called, with the names of the columns.

        Parameters
        ----------
        estimate : Estimate
            One of `estimates`.

        Returns
        -------
        str
            Such as "mean of waiting, component 0".
        """
        return named(self, estimate)

    def told(self, names: Sequence[str] | None, fit_verdict: str | None = None) -> StandardErrors:
        """Return the same with columns called by name, and the verdict on the fit.

        Parameters
        ----------
        names : sequence of str or None
            Of the columns; None leaves them.
        fit_verdict : str, optional
            Of a diagnosis.

        Returns
        -------
        StandardErrors
            A new one.
        """
        return replace(
            self,
            column_names=self.column_names if names is None else tuple(map(str, names)),
            fit_verdict=self.fit_verdict if fit_verdict is None else fit_verdict,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row for each estimate.

        Returns
        -------
        pandas.DataFrame
            Columns name, kind, component, columns, estimate, standard_error, low, high, interval, reason;
            what there is not is missing.

        Raises
        ------
        NotAvailableError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise NotAvailableError("to_frame needs pandas: install gmmscape[frame]") from error
        rows = [{"name": self.name(one), **one._asdict()} for one in self.estimates]
        return pd.DataFrame(rows).rename(columns={"value": "estimate"}).astype({"component": "Int64"})

    def plot(self, kind: str | None = None, *, ax: Any = None) -> IntervalsDisplay:
        """Draw the estimates with their intervals, one line each: a forest plot.

        Parameters
        ----------
        kind : {"weight", "mean", "sd", "correlation", "variance", "covariance"}, optional
            What is drawn; weights, means, standard deviations and correlations by default.
        ax : matplotlib Axes, optional
            Where to draw, one axes for each kind inside it; a new figure, unknown to pyplot, by default.

        Returns
        -------
        IntervalsDisplay
            With `figure_`, `axes_` and the artists.

        Raises
        ------
        InvalidParameterError
            If the kind is not known, or the fit has none of it.
        NotAvailableError
            If matplotlib is not installed.
        """
        kinds = KINDS[:4] if kind is None else (choice("kind", kind, KINDS),)
        bars = [
            Bar(
                named(self, one, short=True),
                "all" if one.component is None else str(one.component),
                one.value,
                one.low,
                one.high,
            )
            for one in self.estimates
            if one.kind in kinds
        ]
        # Panels in the order of kinds, and of columns within them.
        order = {panel: place for place, panel in enumerate(dict.fromkeys(bar.panel for bar in bars))}
        return IntervalsDisplay(sorted(bars, key=lambda bar: order[bar.panel]), self.level).plot(ax)

    def __str__(self) -> str:
        return table(self)
