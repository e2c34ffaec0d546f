"""What ``fit`` and ``repair`` write and print: one fit with its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gmmscape.cli.options import Rows, plain
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.diagnosis.text import aligned
from gmmscape.families import family_named
from gmmscape.models import FIT_FORMAT, FIT_FORMAT_VERSION
from gmmscape.solve import Solution
from gmmscape.version import VERSION

#: Rows and columns that the printed table of components shows.
MOST_COMPONENTS, MOST_FEATURES = 40, 4


class Document(NamedTuple):
    """A fit and all that is said about it.

    Attributes
    ----------
    solution : Solution
        The fit.
    diagnosis : Diagnosis
        Verdict on it.
    before : Diagnosis or None
        Verdict on what it began with: what EM alone found, or the model that was repaired.
    rows : Rows
        The data.
    total : float
        Number of rows, or sum of their weights.
    reg_covar, covariance_floor : float
        Floors.
    seed : int
        Of all that was random.
    init_params : str or None
        Where starts came from; None for a repair.
    """

    solution: Solution
    diagnosis: Diagnosis
    before: Diagnosis | None
    rows: Rows
    total: float
    reg_covar: float
    covariance_floor: float
    seed: int
    init_params: str | None

    @property
    def degenerate(self) -> bool:
        """Whether the likelihood of the fit means nothing."""
        return self.diagnosis.input_state == "degenerate"

    @property
    def exit_code(self) -> int:
        """0 good, 1 not converged or degenerate, 4 interrupted."""
        if self.solution.stop_reason == "interrupted":
            return 4
        return 0 if self.solution.converged and not self.degenerate else 1

    @property
    def log_likelihood(self) -> float:
        """Total, in nats."""
        return -self.solution.nll * self.total

    def criterion(self, penalty: float) -> float | None:
        """Return -2 log-likelihood + penalty x number of parameters; None where that means nothing."""
        if self.degenerate:
            return None
        n_parameters = family_named(self.solution.family).n_parameters(*self.solution.means.shape)
        return -2.0 * self.log_likelihood + penalty * n_parameters

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON file holds."""
        solution, diagnosis, mixture = self.solution, self.diagnosis, self.solution.mixture
        found = diagnosis.to_dict()
        return {
            "format": FIT_FORMAT,
            "format_version": FIT_FORMAT_VERSION,
            "gmmscape_version": VERSION,
            "seed": self.seed,
            "init_params": self.init_params,
            "n_samples": len(self.rows.values),
            "n_features": mixture.n_features,
            "feature_names": list(self.rows.names),
            "n_components": mixture.n_components,
            "covariance_type": mixture.covariance_type,
            "reg_covar": self.reg_covar,
            "covariance_floor": self.covariance_floor,
            "floor_active": solution.floor_active,
            "log_likelihood": self.log_likelihood,
            "nll": solution.nll,
            "bic": self.criterion(float(np.log(self.total))),
            "aic": self.criterion(2.0),
            "converged": solution.converged,
            "n_iter": solution.n_iter,
            "stop_reason": solution.stop_reason,
            "gradient_norm": plain(solution.gradient_norm),
            **{key: found[key] for key in ("verdict", "reasons", "polish_gain", "escape_gain")},
            **{key: found[key] for key in ("components", "moves", "alternatives", "findings", "warnings")},
            "before": None if self.before is None else self.before.to_dict(),
            "weights": plain(mixture.weights),
            "means": plain(mixture.means),
            "covariances": plain(mixture.covariances),
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        mixture, solution = self.solution.mixture, self.solution
        shown = ", ".join(self.rows.names[:MOST_FEATURES])
        shown += ", ..." if mixture.n_features > MOST_FEATURES else ""
        yield (
            f"fit: {mixture.n_components} components, {mixture.covariance_type} covariances, "
            f"{len(self.rows.values)} rows of {mixture.n_features} columns ({shown})"
        )
        bic = self.criterion(float(np.log(self.total)))
        yield (
            f"log-likelihood {self.log_likelihood:.8g} ({-solution.nll:.6g} per row), "
            f"bic {'none' if bic is None else format(bic, '.8g')} (smaller is better)"
        )
        yield f"{solution.stop_reason} after {solution.n_iter} iterations"
        yield ""
        yield from self._components()

    def _components(self) -> Iterator[str]:
        mixture, names = self.solution.mixture, self.rows.names
        d = min(mixture.n_features, MOST_FEATURES)
        deviations = np.sqrt(np.diagonal(mixture.full_covariances(), axis1=1, axis2=2))
        columns = [f"{what} {name}" for what in ("mean", "sd") for name in names[:d]]
        rows = [("#", "weight", *columns, "kind")]
        for i in range(min(mixture.n_components, MOST_COMPONENTS)):
            numbers = (*mixture.means[i, :d], *deviations[i, :d])
            kind = self.diagnosis.components[i].kind
            rows.append((str(i), f"{mixture.weights[i]:.4f}", *(f"{x:.5g}" for x in numbers), kind))
        yield from aligned(rows)
        if mixture.n_components > MOST_COMPONENTS:
            yield f"  and {mixture.n_components - MOST_COMPONENTS} more"
