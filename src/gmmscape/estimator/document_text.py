"""A fit as plain text: verdict, next step, how it came to be, and the table of its components."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.diagnosis.text import (
    brought,
    components_that_are_not_exact,
    further_reasons,
    meanings,
    measured,
    next_step,
    own_state,
    remarks,
    verdict_line,
)
from gmmscape.estimator.scaling import in_words
from gmmscape.mixture import Mixture
from gmmscape.results.text import aligned, counted, indented, left_out, printing, shortened
from gmmscape.results.words import STOP_REASONS

#: Rows and columns that the printed table of components shows.
MOST_COMPONENTS, MOST_FEATURES = 40, 4
#: How EM ended, where its stop reason alone does not say it.
ENDED = {"max_iter": "not converged: max_iter reached", "time_limit": "not converged: time limit reached"}


def fit_table(document: Any) -> str:
    """Return what is to be known of a fit at a glance; details where they are asked for."""
    return "\n".join(_lines(document))


def _lines(document: Any) -> Iterator[str]:
    diagnosis, before = document.diagnosis, document.before
    yield verdict_line(diagnosis)
    yield from further_reasons(diagnosis)
    yield f"next: {_next(document)}"
    if before is not None:
        yield from brought(before, "EM alone" if document.init_params else "the model that came in")
    yield ""
    yield from _facts(document)
    yield ""
    names = _names(document)
    yield from _components(document, names)
    if "covariances" in printing().show:
        yield from _covariances(document.solution.mixture, names)
    yield from remarks(diagnosis)
    if printing().verbose and before is not None:
        yield ""
        yield f"where {'EM alone' if document.init_params else 'the model that came in'} stood:"
        with indented(2):
            lines = [*own_state(before), *measured(before), *components_that_are_not_exact(before)]
        yield from (f"  {line}" for line in lines)


def _next(document: Any) -> str:
    reason = document.solution.stop_reason
    if reason in ("max_iter", "time_limit") and not document.degenerate:
        return STOP_REASONS[reason]
    return next_step(document.diagnosis)


def _facts(document: Any) -> Iterator[str]:
    mixture, solution, bic = document.solution.mixture, document.solution, document.bic
    d, names = mixture.n_features, _names(document)
    listed = ", ".join(shortened(name) for name in names[:MOST_FEATURES]) + (
        ", ..." if d > MOST_FEATURES else ""
    )
    of = "" if document.scaling is None else " of standardised columns"
    yield (
        f"fit: {counted(mixture.n_components, 'component')}, {solution.family} covariances{of}, "
        f"{counted(document.n_samples, 'row')} of {counted(d, 'column')} ({listed})"
    )
    if mixture.background is not None:
        yield (
            f"background: weight {mixture.background_weight:.4f}, rows of no cluster, uniform over the "
            f"{mixture.background.region} ({mixture.background.volume:.6g} in the units of the columns)"
        )
    judged = (
        "bic is not told: the likelihood of a fit with a collapsed component means nothing"
        if bic is None
        else f"bic {bic:.8g} (smaller is better)"
    )
    yield f"log-likelihood {document.log_likelihood:.8g} ({-solution.nll:.6g} per row), {judged}"
    runs = "" if document.before is None else " in all runs of EM on the way"
    ended = ENDED.get(solution.stop_reason, solution.stop_reason)
    yield f"{ended} after {counted(solution.n_iter, 'iteration')}{runs}"
    if document.scaling is not None:
        yield in_words(document.scaling, names[:MOST_FEATURES]) + "; the table is in their own units"


def _names(document: Any) -> list[str]:
    if document.feature_names is not None:
        return list(document.feature_names)
    return [f"column {i}" for i in range(document.solution.mixture.n_features)]


def _components(document: Any, names: list[str]) -> Iterator[str]:
    mixture, show = document.solution.mixture, printing().show
    k, d = mixture.means.shape
    most = k if "components" in show else min(k, MOST_COMPONENTS)
    shown = d if "columns" in show else min(d, MOST_FEATURES)
    deviations = np.sqrt(mixture.column_variances())
    for finding in document.diagnosis.findings:
        if finding.name == "constant column":
            deviations[:, list(finding.columns)] = 0.0  # only the floor makes it more
    kinds = [component.kind for component in document.diagnosis.components]
    columns = [f"{what} {shortened(name)}" for what in ("mean", "sd") for name in names[:shown]]
    rows = [("#", "weight", "kind", *columns)]
    for i in range(most):
        numbers = (*mixture.means[i, :shown], *deviations[i, :shown])
        rows.append((str(i), f"{mixture.weights[i]:.4f}", kinds[i], *(f"{x:.5g}" for x in numbers)))
    yield from aligned(rows)
    yield from left_out(k, most)
    if shown < d:
        yield f"  and {counted(d - shown, 'more column')}: --show columns"
    yield from meanings(kinds)


def _covariances(mixture: Mixture, names: list[str]) -> Iterator[str]:
    """Covariance matrices, or variances where there is nothing beside them."""
    kind, values = mixture.covariance_type, mixture.covariances
    heads = [shortened(name) for name in names]
    yield ""
    if kind in ("diag", "spherical"):
        columns = ["of every column"] if kind == "spherical" else heads
        yield "variances:"
        rows = ((str(i), *_numbers(row)) for i, row in enumerate(values.reshape(len(values), -1)))
        yield from aligned([("#", *columns), *rows])
        return
    for i, matrix in enumerate(values[None] if kind == "tied" else values):
        yield from [""] if i else []
        yield "covariance of all components:" if kind == "tied" else f"covariance of component {i}:"
        yield from aligned(
            [("", *heads), *((name, *_numbers(row)) for name, row in zip(heads, matrix, strict=True))]
        )


def _numbers(row: FloatArray | Sequence[float]) -> list[str]:
    return [f"{value:.5g}" for value in row]
