"""repair: the model that came in, out of its bad optimum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.diagnosis.assess import Judged, judge
from gmmscape.diagnosis.blocked import repaired_blocks
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.diagnosis.text import repair_table
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import CovariancePrior
from gmmscape.given_rows import column_names, columns_in_order
from gmmscape.measure.blocked import RowBlocks
from gmmscape.mixture import Mixture
from gmmscape.models import CONVERSION, last_step, returned, returned_centers, with_last_step
from gmmscape.moves.search import TriedMove
from gmmscape.plot.fits.fit import numbers_of
from gmmscape.plot.fits.repair import RepairDisplay
from gmmscape.progress import Callback
from gmmscape.results.fields import plain
from gmmscape.results.records import Record
from gmmscape.solve import Solution
from gmmscape.validation import finite_array, random_state_too


@dataclass(frozen=True, eq=False)
class Repair(Record):
    """A repaired model and what repairing brought.

    A file holds neither the rows nor the estimator: what is read from one has a `Mixture`, or centers, as its
    model, and no data. Two repairs are equal whatever class their models are of.

    Attributes
    ----------
    model : object
        Of the class that came in; a `Mixture` where that was a file. Never worse than the input. Components
        that no move touched keep their index.
    diagnosis : Diagnosis
        Of the input.
    diagnosis_after : Diagnosis or None
        Of the result, with the same moves and gains; None for centers.
    solution : Solution or None
        The best mixture with its stop reason and history; None for centers.
    prior : CovariancePrior or None
        What each covariance was given beside its own rows.
    before : Mixture or ndarray of shape (k, d)
        The mixture, or the centers, as they came.
    data : object
        The rows, as they came.
    """

    format: ClassVar[str] = "gmmscape-repair"
    left_out_of_files: ClassVar[tuple[str, ...]] = ("model", "data", "before")

    model: Any = field(compare=False)
    diagnosis: Diagnosis
    diagnosis_after: Diagnosis | None = field(repr=False)
    solution: Solution | None = field(repr=False)
    prior: CovariancePrior | None = field(repr=False, default=None)
    before: Any = field(repr=False, default=None)
    data: Any = field(repr=False, default=None, compare=False)

    def told(self, names: Sequence[str] | None, lines: Sequence[int] | None = None) -> Repair:
        """Return the repair with columns called by name, and rows by the line of a file they stand in.

        Parameters
        ----------
        names : sequence of str or None
            Of the columns.
        lines : sequence of int, optional
            Of the file, one for each row.

        Returns
        -------
        Repair
            The same, in other words.
        """
        after = self.diagnosis_after
        return replace(
            self,
            diagnosis=self.diagnosis.told(names, lines),
            diagnosis_after=None if after is None else after.told(names, lines),
        )

    @property
    def gain(self) -> float:
        """Polish and escape gain together, per unit mass."""
        return self.diagnosis.gain

    @property
    def polish_gain(self) -> float:
        """What EM alone brought, per unit mass."""
        return self.diagnosis.polish_gain

    @property
    def escape_gain(self) -> float:
        """What moves brought beyond that, per unit mass."""
        return self.diagnosis.escape_gain

    @property
    def gain_total(self) -> float:
        """The gain of the whole data, in nats (for centers, of inertia)."""
        return self.diagnosis.gain_total

    @property
    def moves(self) -> tuple[TriedMove, ...]:
        """Moves that were made, one entry for those made together."""
        return self.diagnosis.moves

    @property
    def alternatives(self) -> tuple[TriedMove, ...]:
        """Gains that were left alone; see ``nested``."""
        return self.diagnosis.alternatives

    @property
    def nll_before(self) -> float | None:
        """NLL of the input in nats per unit mass; None for centers, whose inertia the diagnosis has."""
        return self.diagnosis.value_before if self.solution is not None else None

    @property
    def nll_after(self) -> float | None:
        """NLL of the result in nats per unit mass; None for centers."""
        return self.diagnosis.value_after if self.solution is not None else None

    @property
    def after(self) -> Any:
        """The mixture, or the centers, of the result."""
        if self.solution is not None:
            return self.solution.mixture
        model = last_step(self.model)
        centers = np.asarray(getattr(model, "cluster_centers_", model), dtype=np.float64)
        return centers.reshape(np.shape(self.before))

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings: diagnoses, and what the fit was and is.

        Returns
        -------
        dict
            Keys "diagnosis", "diagnosis_after", "solution", "mixture" (None for centers), "stop_reason",
            "centers" (None for mixtures) and "before".
        """
        solution = self.solution
        return {
            **super().content(),
            "mixture": None if solution is None else solution.mixture.content(),
            "stop_reason": None if solution is None else solution.stop_reason,
            "centers": plain(self.after) if solution is None else None,
            "before": plain(self.before),
        }

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the repair that `content` described, of a mixture or of centers."""
        parts = cls._fields_in(content)
        if content["centers"] is not None:
            before, after = (finite_array(name, content[name], ndim=(1, 2)) for name in ("before", "centers"))
            return cls(model=after, before=before, **parts)
        before = Mixture.from_content(content["before"])
        return cls(model=parts["solution"].mixture, before=before, **parts)

    @property
    def fitted_part(self) -> Any:
        """The solution, or centers."""
        return self.after if self.solution is None else self.solution

    def _compared(self) -> tuple[str, ...]:
        return ("after", *super()._compared())

    def plot(
        self, data: Any = None, *, columns: Any = None, level: float = 0.9, ax: Any = None
    ) -> RepairDisplay:
        """Draw the rows with the components before and after, by kind.

        One column is drawn as a histogram with densities, two as points with ellipses, more in the plane in
        which the components of the result lie farthest apart.

        Parameters
        ----------
        data : array_like of shape (n, d), optional
            The rows; those that `repair` was given by default. A repair that was read from a file holds none:
            without any the components alone are drawn.
        columns : str, int or sequence of these, optional
            One or two columns that are drawn, by name or number.
        level : float, default=0.9
            Share of a component's mass that its ellipse holds.
        ax : sequence of two matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        RepairDisplay
            With `figure_`, `axes_` (before, after) and the artists.

        Raises
        ------
        DataError
            If the rows cannot be used.
        InvalidParameterError
            If a column is not known, or the level is not between 0 and 1.
        NotAvailableError
            If matplotlib is not installed.
        """
        rows = columns_in_order(self.data if data is None else data, self.diagnosis.column_names)
        fits, kinds, titles = [], [], []
        diagnoses = {"before": self.diagnosis, "after": self.diagnosis_after}
        for (name, diagnosis), fit in zip(diagnoses.items(), (self.before, self.after), strict=True):
            fits.append(numbers_of(fit))
            kinds.append(None if diagnosis is None else [one.kind for one in diagnosis.components])
            titles.append(name if diagnosis is None else f"{name}: {diagnosis.verdict}")
        names = self.diagnosis.column_names or column_names(rows)
        return RepairDisplay(
            rows,
            fits,
            kinds,
            titles,
            names=names,
            columns=columns,
            level=level,
            backgrounds=[getattr(fit, "background", None) for fit in (self.before, self.after)],
        ).plot(ax)

    def _rows(self, data: Any, columns: Sequence[str] | None) -> Any:
        return super()._rows(self.data if data is None else data, columns)

    def __str__(self) -> str:
        return repair_table(self.diagnosis, self.diagnosis_after)


@random_state_too
def repair(
    model: Any,
    X: Any,
    sample_weight: ArrayLike | None = None,
    *,
    covariance_type: str | None = None,
    rng: Any = None,
    reg_covar: float | None = None,
    covariance_floor: float | None = None,
    covariance_prior: float | str | None = None,
    nested: str = "offer",
    pursue: str = "evidence",
    background: str | float | None = None,
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
    max_seconds: float | None = None,
    verbose: int = 0,
    callback: Callback | None = None,
) -> Repair:
    """Return a fitted model out of its bad optimum, as the class that came in.

    Overloaded components are split into slots that merging or deleting redundant ones frees, best exact gain
    first, all disjoint moves of a round at once. After each, EM runs on everything, and only the likelihood
    it reaches decides. The model passed in is not modified.

    Parameters
    ----------
    model : object
        As `diagnose` takes it, but no ``BayesianGaussianMixture``, whose prior a likelihood fit would ignore.
    X : array_like of shape (n_samples, n_features) or RowBlocks
        Data, as the model was fitted on. Columns of a table are matched by name where the model has names.
        Of rows in blocks moves are sought on a coreset, whose gains are told; EM then runs on all rows.
    sample_weight : array_like of shape (n_samples,), optional
        Non-negative weights of the rows; equal by default.
    covariance_type : str, optional
        Needed for a `Mixture` and for arrays: which covariances were free ("full", "tied", "diag",
        "spherical", or another of mclust's families).
    rng : None, int or numpy.random.Generator, default=None
        Source of randomness of the proposals (SPEC 7).
    reg_covar : float, optional
        Least variance, in squared units of the data; the model's own by default, else 0.
    covariance_floor : float, optional
        Least variance as a share of the data's; the model's own by default, else 1e-6.
    covariance_prior : "auto" or float, optional
        How many rows of the components' pooled covariance each covariance is given beside its own: the
        model's own by default, which is none for models fitted elsewhere.
    nested : {"offer", "take"}, default="offer"
        Whether gains by components nested in one cluster, such as a core in a halo, are only listed
        (`alternatives`) or taken. "take" maximises the likelihood.
    pursue : {"evidence", "likelihood"}, default="evidence"
        What moves are made for: gains that new rows would see too, or all. Gains that are not told from none
        are listed (`alternatives`).
    background : {"box", "hull"} or float, optional
        A uniform density beside the components, as in `GaussianMixture`; the model's own by default.
    n_jobs : int, optional
        Threads at most; None or -1 for all cores. The result does not depend on it.
    checkpoint : str or Path, optional
        JSON file that descents are kept in; if it exists, the repair goes on from it, without `rng` with the
        seed that it has. To the last bit it is then the repair of a run that was never ended, unless
        `max_seconds` decides on what is tried.
    max_seconds : float, optional
        Time budget.
    verbose : int, default=0
        Whether to print a line a move.
    callback : callable, optional
        Called with an `Event` as the repair goes on; returning True stops it.

    Returns
    -------
    Repair
        Model, gains, moves and the diagnosis of the input.

    Raises
    ------
    DataError
        If the data cannot be used or have another number of columns than the model.
    InvalidParameterError
        If the model or an option cannot be used, or the checkpoint is one of another repair.
    FormatError
        If the checkpoint is none, or damaged, as is the one before it.
    NotAvailableError
        If there is to be a checkpoint for centers, or for rows in blocks.
    NotFittedError
        If the model has no parameters yet.

    Notes
    -----
    Ctrl-C and the end of the budget end the repair with the best fit found by then. Cost as for `diagnose`.

    Examples
    --------
    >>> import numpy as np, gmmscape as gs
    >>> X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 200)).reshape(-1, 1)
    >>> bad = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")
    >>> result = gs.repair(bad, X, covariance_type="spherical", rng=0)
    >>> sorted(result.model.means.ravel().round())
    [np.float64(0.0), np.float64(9.0), np.float64(30.0)]
    """
    if hasattr(last_step(model), "weight_concentration_prior_type"):
        raise InvalidParameterError.of(
            "model", model, f"a Bayesian fit is diagnosed but not repaired; convert it: {CONVERSION}"
        )
    options = {
        "covariance_type": covariance_type,
        "rng": rng,
        "reg_covar": reg_covar,
        "covariance_floor": covariance_floor,
        "covariance_prior": covariance_prior,
        "nested": nested,
        "pursue": pursue,
        "background": background,
        "n_jobs": n_jobs,
        "checkpoint": checkpoint,
        "max_seconds": max_seconds,
        "verbose": verbose,
        "callback": callback,
    }
    if isinstance(X, RowBlocks):
        judged = repaired_blocks(model, X, sample_weight, options)
    else:
        judged = judge(model, X, sample_weight, **options)
    before = judged.model.mixture if judged.model.mixture is not None else judged.model.means
    repaired = _as_it_came(judged)
    return Repair(
        repaired if judged.pipeline is None else with_last_step(judged.pipeline, repaired),
        judged.diagnosis,
        judged.result_diagnosis,
        judged.final,
        judged.prior,
        before,
        judged.data,
    )


def _as_it_came(judged: Judged) -> Any:
    model, final, diagnosis = judged.model, judged.final, judged.diagnosis
    if final is None:
        assert judged.centers is not None
        inertia = diagnosis.value_after * diagnosis.total
        return returned_centers(model, judged.centers, judged.data, inertia=inertia, n_iter=judged.n_iter)
    attributes = {
        "converged_": final.converged,
        "n_iter_": judged.n_iter,
        "lower_bound_": -final.value,
        "lower_bounds_": [-final.value],
        "history_": [final.value],
        "stop_reason_": final.stop_reason,
        "floor_active_": final.floor_active,
        "diagnosis_": judged.result_diagnosis,
        "em_diagnosis_": diagnosis,
        "solution_": final,
        "background_": final.mixture.background,
        "background_weight_": final.mixture.background_weight,
        "covariance_prior_": judged.prior,
        "n_samples_": len(judged.data) if judged.n_samples is None else judged.n_samples,
    }
    return returned(model, final.mixture, attributes)
