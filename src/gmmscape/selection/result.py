"""What a selection found: a table of fits, and the chosen one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.diagnosis.blocked import SearchedOn
from gmmscape.diagnosis.fit import Fit
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.estimator.fitting import set_fit
from gmmscape.estimator.gaussian_mixture import GaussianMixture
from gmmscape.families import CovariancePrior, family_names
from gmmscape.plot.fits.selection import SelectionDisplay
from gmmscape.results.fields import plain, restored
from gmmscape.results.records import Record
from gmmscape.results.text import aligned
from gmmscape.results.words import ENDINGS
from gmmscape.solve import Solution

#: What a file says of the chosen fit beside its place in the table.
OF_CHOSEN = ("n_samples", "reg_covar", "covariance_floor", "covariance_prior", "feature_names")
#: The sign that makes each criterion something to minimise.
SIGN = {"bic": 1.0, "icl": 1.0, "heldout": -1.0}


@dataclass(frozen=True, eq=False)
class Chosen(Solution):
    """The chosen fit, as a `Solution` that becomes an estimator.

    Attributes
    ----------
    local : Mixture
        The fit as the solver had it, relative to `origin`; `mixture` is in the coordinates of the data.
    origin : ndarray of shape (d,)
        What local coordinates count from.
    nll : float
        Negative log-likelihood in nats per unit mass.
    penalty : float
        What a prior adds to it.
    error : float
        Estimated absolute error of `nll`.
    gradient_norm : float
        Length of the EM step from here.
    stop_reason : str
        A key of `gmmscape.solve.STOP_REASONS`.
    n_iter : int
        Iterations of the way that led here.
    history : tuple of float
        NLL along that way.
    moves_at : tuple of int
        Places in `history` that a move led to.
    background : Background or None
        Beside the components.
    held : HeldParts or None
        What was held.
    memory : None
        Nothing: it is not gone on with.
    floor_active : bool
        Whether a floor holds up some covariance.
    family : str
        Name of the family.
    fit : Fit
        The fit with all that is known of how it was found.
    n_samples : int
        Number of rows.
    reg_covar : float
        Least variance it was fitted under.
    covariance_floor : float or None
        Least variance as a share of the data's; None for what the prior needs.
    covariance_prior : CovariancePrior or None
        What each covariance was given.
    feature_names : tuple of str or None
        Names of the columns, for tables.
    """

    format: ClassVar[str] = "gmmscape-chosen-fit"

    fit: Fit = field(kw_only=True, repr=False)
    n_samples: int = field(kw_only=True)
    reg_covar: float = field(kw_only=True)
    covariance_floor: float | None = field(kw_only=True)
    covariance_prior: CovariancePrior | None = field(kw_only=True, default=None, repr=False)
    feature_names: tuple[str, ...] | None = field(kw_only=True, default=None)

    @classmethod
    def of(
        cls,
        fit: Fit,
        *,
        n_samples: int,
        reg_covar: float,
        covariance_floor: float | None,
        covariance_prior: CovariancePrior | None,
        feature_names: tuple[str, ...] | None,
    ) -> Chosen:
        """Return a fit as the chosen one.

        Parameters
        ----------
        fit : Fit
            The fit.
        n_samples : int
            Number of rows.
        reg_covar : float
            Least variance it was fitted under.
        covariance_floor : float or None
            Least variance as a share of the data's.
        covariance_prior : CovariancePrior or None
            What each covariance was given.
        feature_names : tuple of str or None
            Names of the columns.

        Returns
        -------
        Chosen
            Its solution, with the rest beside it.
        """
        solution = {one.name: getattr(fit.solution, one.name) for one in fields(Solution)}
        return cls(
            **solution,
            fit=fit,
            n_samples=n_samples,
            reg_covar=reg_covar,
            covariance_floor=covariance_floor,
            covariance_prior=covariance_prior,
            feature_names=feature_names,
        )

    @property
    def diagnosis(self) -> Diagnosis:
        """Verdict on the fit."""
        return self.fit.diagnosis

    def to_estimator(self) -> GaussianMixture:
        """Return a fitted estimator, as if its `fit` had found this.

        Returns
        -------
        GaussianMixture
            With the selection's floors; the other parameters are defaults.
        """
        mixture = self.mixture
        model = GaussianMixture(
            mixture.n_components,
            covariance_type=self.family,
            reg_covar=self.reg_covar,
            covariance_floor=self.covariance_floor,
            covariance_prior=0.0 if self.covariance_prior is None else self.covariance_prior.rows,
            nested="take",
        )
        set_fit(model, self.fit, self.n_samples, self.covariance_prior)
        model.n_features_in_ = mixture.n_features
        if self.feature_names is not None:
            model.feature_names_in_ = np.array(self.feature_names, dtype=object)
        return model


@dataclass(frozen=True, eq=False)
class Selection(Record):
    """Fits with each number of components and each family, and the one that a criterion chooses.

    Attributes
    ----------
    best : Chosen
        The chosen fit: a `Solution` with `to_estimator`.
    table : list of dict
        One for each fit, by family and number of components: "covariance_type", "n_components",
        "log_likelihood" (total, nats), "n_parameters", "bic", "icl" (smaller is better), "heldout" (nats per
        unit mass, larger is better; None unless asked for), "chosen", "flags" (tuple of str), "found_by"
        ("starts", "split" for the fit below with a component split or put in, "merge", "copy" or a narrower
        family) and "refused_log_likelihood" (of a better
        fit that may not win, or None).
    fits : dict of (str, int) to Fit
        The fits, by family and number of components.
    criterion : str
        "bic", "icl" or "heldout".
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    seed : int
        Of all that was random.
    searched_on : SearchedOn or None
        Of rows in blocks: the coreset that the table is of, and how well it stands for all rows, of which the
        chosen fit is.
    """

    format: ClassVar[str] = "gmmscape-selection"
    version: ClassVar[int] = 3
    names_in_files: ClassVar[Mapping[str, str]] = {"stop_reason": "ended"}
    left_out_of_files: ClassVar[tuple[str, ...]] = ("best", "fits")
    told_in_files: ClassVar[tuple[str, ...]] = ("best_n_components", "best_covariance_type")

    best: Chosen
    table: list[dict[str, Any]]
    fits: dict[tuple[str, int], Fit] = field(repr=False)
    criterion: str
    stop_reason: str
    seed: int = field(repr=False)
    searched_on: SearchedOn | None = field(repr=False, default=None)

    @property
    def best_n_components(self) -> int:
        """The chosen number of components."""
        return self.best.mixture.n_components

    @property
    def best_covariance_type(self) -> str:
        """The chosen family."""
        return self.best.family

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys "criterion", "ended", "seed", "best_n_components", "best_covariance_type", "table", "mixture"
            (the chosen one), what it was fitted under, and "fits", all of them.
        """
        return {
            **super().content(),
            "mixture": self.best.mixture.content(),
            **{name: plain(getattr(self.best, name)) for name in OF_CHOSEN},
            "fits": [
                {"covariance_type": kind, "n_components": k, **fit.content()}
                for (kind, k), fit in self.fits.items()
            ],
        }

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the selection that `content` described."""
        fits = {
            (str(item["covariance_type"]), int(item["n_components"])): Fit.from_content(item)
            for item in content["fits"]
        }
        parts = cls._fields_in(content)
        parts["table"] = [{**row, "flags": tuple(row["flags"])} for row in parts["table"]]
        (chosen,) = (row for row in parts["table"] if row["chosen"])
        names = content["feature_names"]
        best = Chosen.of(
            fits[chosen["covariance_type"], chosen["n_components"]],
            n_samples=int(content["n_samples"]),
            reg_covar=float(content["reg_covar"]),
            covariance_floor=None
            if content["covariance_floor"] is None
            else float(content["covariance_floor"]),
            covariance_prior=restored(CovariancePrior | None, content["covariance_prior"]),
            feature_names=None if names is None else tuple(map(str, names)),
        )
        return cls(best=best, fits=fits, **parts)

    @property
    def fitted_part(self) -> Chosen:
        """The chosen fit."""
        return self.best

    def plot(self, ax: Any = None) -> SelectionDisplay:
        """Draw the criterion against the number of components, one curve a family.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        SelectionDisplay
            With `figure_`, `ax_` and the curves.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        return SelectionDisplay(self.table, self.criterion).plot(ax)

    def __str__(self) -> str:
        noun = "component" if self.best_n_components == 1 else "components"
        head = (
            f"{self.best_n_components} {noun}, {self.best_covariance_type} covariances, by {self.criterion}"
        )
        if self.stop_reason != "completed":
            head += f" (not all was tried: {ENDINGS.get(self.stop_reason, self.stop_reason)})"
        names = ["", "k", "covariance", "log-likelihood", "parameters", "bic", "icl"]
        if self.criterion == "heldout":
            names.append("held out")
        cells: list[tuple[str, ...]] = [(*names, "found by", "notes")]
        for row in self.table:
            cells.append(_cells(row, held_out=self.criterion == "heldout"))
        if not any(row[-1] for row in cells[1:]):
            cells = [row[:-1] for row in cells]
        figures = "bic and icl: smaller is better" + (
            "; held out: log-likelihood per row, larger is better" if self.criterion == "heldout" else ""
        )
        legend = [f"  *: chosen; {figures}", *_meanings(self.table)]
        if self.searched_on is not None:
            legend += ["", *(f"warning: {said}" for said in self.searched_on.told)]
        return "\n".join([head, f"next: {self._next()}", "", *aligned(cells, keys=3), *legend])

    def _next(self) -> str:
        """What to do, for somebody who knows no theory."""
        tried = [row["n_components"] for row in self.table]
        if self.stop_reason != "completed":
            return {"time_limit": "give it more time (max_seconds)"}.get(
                self.stop_reason, "run it again to the end"
            )
        if self.best_n_components == max(tried) > min(tried):
            return f"try more than {self.best_n_components} components: the largest number tried was chosen"
        if any(row["chosen"] and "refused" in row["flags"] for row in self.table):
            return "simpler covariances or more rows: no fit was fit to win"
        return "use the chosen fit"


#: What is said of a fit beside its figures.
MEANINGS = {
    "refused": "it may not win: some component rests on too few rows, for the reason beside it",
    "nothing gained": "no better than with one component less: it may not win",
    "copy": "the fit with one component less, one of its components taken twice: nothing better was found",
    "split": "from the fit with one component less, one of them split or a new one put in",
    "merge": "from the fit with one component more, two of them merged",
}


def _meanings(table: list[dict[str, Any]]) -> list[str]:
    """What the words mean that stand in the last columns, each once."""
    said = [word for row in table for word in (row["found_by"], *row["flags"])]
    lines = [f"  {word}: {MEANINGS[word]}" for word in MEANINGS if word in said]
    lines += [
        f"  {name}: from the fit with {name} covariances"
        for name in dict.fromkeys(row["found_by"] for row in table)
        if name in family_names()
    ]
    if any(row["refused_log_likelihood"] is not None for row in table):
        lines.append("  a number refused: the log-likelihood of a higher fit, which rests on too few rows")
    return lines


def _cells(row: dict[str, Any], *, held_out: bool) -> tuple[str, ...]:
    cells = ["*" if row["chosen"] else "", str(row["n_components"]), row["covariance_type"]]
    cells += [f"{row['log_likelihood']:.2f}", str(row["n_parameters"]), f"{row['bic']:.2f}"]
    cells.append(f"{row['icl']:.2f}")
    if held_out:
        cells.append("-" if row["heldout"] is None else f"{row['heldout']:.4f}")
    notes = list(row["flags"])
    if row["refused_log_likelihood"] is not None:
        notes.append(f"{row['refused_log_likelihood']:.2f} refused")
    return (*cells, row["found_by"], ", ".join(notes))
