"""Standard errors as plain text: the verdict, what to do next, and a table of each component."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.results.text import aligned, counted, left_out, printing, shortened
from gmmscape.results.words import ENDINGS
from gmmscape.tolerances import TOLERANCES

#: What the methods are called.
METHODS = {
    "profile": "observed information, adjusted profile likelihood intervals",
    "observed": "observed information, intervals by normal theory",
    "sandwich": "sandwich (robust), intervals by normal theory",
    "bootstrap": "bootstrap of the rows, percentile intervals",
    "weighted bootstrap": "bootstrap by random weights, percentile intervals",
}
FEW_REFITS = "more refits are needed for intervals of this level"
#: Kinds of estimates in a table, and as they are called in a sentence.
WORDS = {
    "weight": "weight",
    "mean": "mean of {}",
    "sd": "sd of {}",
    "correlation": "correlation of {} and {}",
    "variance": "variance of {}",
    "covariance": "covariance of {} and {}",
}


def named(record: Any, estimate: Any, *, short: bool = False) -> str:
    """Return what an estimate is called; the short form leaves out whose it is."""
    alone = record.mixture.n_features == 1  # whose variance is that of its one column
    names = [_column(record, j) for j in estimate.columns] or [
        _column(record, 0) if alone else "every column"
    ]
    word = WORDS[estimate.kind].format(*names)
    if short:
        return word
    return f"{word}, {'all components' if estimate.component is None else f'component {estimate.component}'}"


def _column(record: Any, j: int) -> str:
    return f"column {j}" if record.column_names is None else shortened(record.column_names[j])


def verdict_line(record: Any) -> str:
    """Return the verdict in one line."""
    share = f"{100 * record.level:g} %"
    if record.verdict == "trustworthy":
        return f"trustworthy: the {share} intervals hold, as far as these rows tell"
    if record.verdict == "cannot tell":
        return f"cannot tell whether the {share} intervals hold: {record.reasons[0]}"
    return f"there are no standard errors: {record.reasons[0]}"


def next_step(record: Any) -> str:
    """Return what to do next."""
    if record.fit_verdict == "bad optimum":
        return "repair the fit first: these are standard errors of a bad optimum"
    if record.verdict == "trustworthy":
        return "nothing is left to do"
    if any(FEW_REFITS in reason for reason in record.reasons):
        return f"draw more refits: raise n_bootstrap to {enough_refits(record.level)}"
    if record.verdict == "not available":
        return "`repair` the fit, or fit fewer components"
    if record.stop_reason in ENDINGS:
        return ENDINGS[record.stop_reason]
    if record.method in ("observed", "sandwich"):
        return 'compare with the method "profile" or "bootstrap"'
    if record.method == "profile":
        return 'compare with the method "bootstrap"; fewer components, or more rows, are surer'
    return "fewer components, or more rows, are surer"


def enough_refits(level: float) -> int:
    """Return a number of refits that is enough for percentiles of a level."""
    return max(EFFORT.inference.refits, ceil(2.0 * TOLERANCES.inference.refits_beyond / (1.0 - level)))


def table(record: Any) -> str:
    """Return what is to be known of the parameters at a glance; details where they are asked for."""
    return "\n".join(_lines(record))


def _lines(record: Any) -> Iterator[str]:
    yield verdict_line(record)
    yield f"next: {next_step(record)}"
    for reason in record.reasons[0 if record.verdict == "trustworthy" else 1 :]:
        yield f"- {reason}"
    yield ""
    yield from _facts(record)
    yield ""
    k, d = record.mixture.means.shape
    show = printing().show
    most = k if "components" in show else min(k, EFFORT.inference.shown_components)
    shown = d if "columns" in show else min(d, EFFORT.inference.shown_columns)
    yield from aligned(_rows(record, most, shown), keys=2)
    yield from left_out(k, most)
    if shown < d:
        yield f"  and {counted(d - shown, 'more column')}: --show columns"
    yield from _why(record)


def _facts(record: Any) -> Iterator[str]:
    mixture = record.mixture
    yield (
        f"fit: {counted(mixture.n_components, 'component')}, {record.family} covariances, "
        f"{counted(record.n_samples, 'row')} of {counted(mixture.n_features, 'column')}"
        + ("" if record.fit_verdict is None else f"; {record.fit_verdict}")
    )
    yield f"log-likelihood {record.log_likelihood:.8g}, bic {record.bic:.8g} (smaller is better)"
    yield f"by {METHODS[record.method]}" + (
        f", {counted(record.replicates, 'refit')}" if record.replicates else ""
    )
    if record.left_out:
        yield f"{counted(record.left_out, 'more refit')} collapsed or did not converge, and are left out"
    if abs(record.rows - record.n_samples) > TOLERANCES.inference.repeated * record.n_samples:
        yield f"the rows are worth {record.rows:.6g} independent ones"
    if record.moved > TOLERANCES.inference.moved:
        yield f"polishing by EM moved the estimates by up to {record.moved:.2g} standard errors"


def _rows(record: Any, most: int, shown: int) -> Iterator[tuple[str, ...]]:
    yield ("#", "parameter", "estimate", "s.e.", "from", "to")
    kinds = ("weight", "mean", "sd", "correlation")
    if "covariances" in printing().show:
        kinds += ("variance", "covariance")
    shared = [one for one in record.estimates if one.component is None]
    for i in (*range(most), None):
        own = shared if i is None else [one for one in record.estimates if one.component == i]
        for one in own:
            if one.kind in kinds and all(j < shown for j in one.columns):
                numbers = (one.value, one.standard_error, one.low, one.high)
                cells = ("-" if number is None else f"{number:.5g}" for number in numbers)
                yield ("all" if i is None else str(i), named(record, one, short=True), *cells)


def _why(record: Any) -> Iterator[str]:
    """Why some parameters have no standard error, or no end of an interval."""
    told: dict[str, int] = {}
    for one in record.estimates:
        if one.reason is not None:
            told[one.reason] = told.get(one.reason, 0) + 1
    for reason, number in told.items():
        yield f"  - {counted(number, 'parameter')}: {reason}"
