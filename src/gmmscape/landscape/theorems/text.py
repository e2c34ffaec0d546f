"""A theorem table in words: what speaks against the theorem, truth by truth and block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, log10
from typing import Any

from gmmscape.effort import EFFORT
from gmmscape.landscape.theorems.found import FoundBlock, FoundTruth
from gmmscape.results.text import aligned, counted, left_out, printing
from gmmscape.results.words import ENDINGS

LEGEND = (
    "error: largest distance of a mean of the block from its place; numerical: the power of ten that its "
    "numerical error is below; bound: what is claimed; all in sigma; in brackets: where the condition fails"
)


def lines(table: Any) -> Iterator[str]:
    """Yield the lines of a table.

    Parameters
    ----------
    table : TheoremTable
        What is told.

    Yields
    ------
    str
        Its lines: what was found against the theorem, what to do next, from which separations on things hold,
        truths, rows, and predictions that are no minima.
    """
    yield _headline(table)
    yield f"next: {_next(table)}"
    if not table.truths:
        return
    yield _effort(table)
    yield _separations(table)
    yield ""
    yield from aligned(_truth_rows(table.truths))
    if table.rows:
        yield ""
        yield from _block_lines(table)
    yield from _not_found(table.truths)


def _headline(table: Any) -> str:
    claimed = [truth for truth in table.truths if truth.claimed]
    if not table.truths:
        return f"no truth was searched ({table.stop_reason})"
    if not claimed:
        return f"the condition holds at none of {counted(len(table.truths), 'truth')}: nothing was tested"
    where = f"at {counted(len(claimed), 'truth')}"
    if claimed[0].holds is not None:
        where += " where the condition holds"
    bounded = [row for row in table.rows if row.claimed and row.found.bound is not None]
    minima = sum(len(truth.minima) for truth in claimed)
    against = []
    if table.exceeded:
        against.append(f"{len(table.exceeded)} of {counted(len(bounded), 'error')} above the bound")
    if table.unstructured:
        against.append(
            f"{len(table.unstructured)} of {counted(minima, 'minimum', 'minima')} without structure"
        )
    if against:
        return f"evidence against the theorem {where}: {', '.join(against)}"
    within = len(bounded) - len(table.undecided)
    errors = f", {within} of {counted(len(bounded), 'error')} within the bound" if bounded else ""
    structured = sum(one.reading == "structured" for truth in claimed for one in truth.minima)
    return (
        f"nothing found against the theorem {where}, which is no proof: "
        f"{structured} of {counted(minima, 'minimum', 'minima')} with structure{errors}"
    )


def _next(table: Any) -> str:
    if table.stop_reason != "completed":
        return ENDINGS[table.stop_reason]
    if not any(truth.claimed for truth in table.truths):
        return "pass truths farther apart, or a weaker condition"
    if table.exceeded or table.unstructured:
        return "look at these rows: they are measured, to the numerical error stated, and not proved"
    doubtful = any(one.reading == "undecided" for truth in table.truths for one in truth.minima)
    if table.undecided or doubtful:
        return "look at what is undecided: it is not known well enough"
    return "try truths between these, other weights, and more starts"


def _effort(table: Any) -> str:
    taus = sorted({one.tau for truth in table.truths for one in truth.minima})
    return (
        f"{len(table.truths)} of {counted(table.n_truths, 'truth')} searched for the minima of "
        f"{counted(table.n_components, 'mean')}, from candidate structures and "
        f"{counted(table.n_starts, 'random start')} each ({table.stop_reason}); seed {table.seed}"
        + (f", tau {taus[0]:.3g}" if taus else "")
    )


def _separations(table: Any) -> str:
    """From which separation on what holds, of those that were tried."""
    parts = []
    if table.truths[0].holds is not None:
        parts.append(f"the condition holds: {_from(table.condition_from)}")
    parts.append(f"all minima have structure: {_from(table.structured_from)}")
    if any(row.found.bound is not None for row in table.rows):
        parts.append(f"all errors are within bounds: {_from(table.within_from)}")
    return "smallest separation tried from which on " + "; ".join(parts)


def _from(separation: float | None) -> str:
    return "none" if separation is None else f"{separation:.6g}"


def _truth_rows(truths: Sequence[FoundTruth]) -> list[tuple[str, ...]]:
    named = any(truth.parameter is not None for truth in truths)
    parameter = ("parameter",) if named else ()
    rows = [("truth", *parameter, "separation", "condition", "minima", "structured", "predicted", "ratio")]
    for place, truth in enumerate(truths):
        structured = sum(one.reading == "structured" for one in truth.minima)
        found = len({one.minimum for one in truth.predictions} - {None})
        ratios = [_ratio(one) for minimum in truth.minima for one in minimum.blocks if one.bound is not None]
        label = () if not named else (f"{truth.parameter:.6g}" if truth.parameter is not None else "-",)
        rows.append(
            (
                str(place),
                *label,
                f"{truth.separation:.6g}",
                _condition(truth),
                str(len(truth.minima)) + ("" if truth.stop_reason == "completed" else " so far"),
                str(structured),
                f"{found} of {len(truth.predictions) + truth.untried}",
                max(ratios, key=float, default="-"),
            )
        )
    return rows


def _condition(truth: FoundTruth) -> str:
    word = "-" if truth.holds is None else "holds" if truth.holds else "fails"
    return word if truth.margin is None else f"{word} ({truth.margin:+.3g})"


def _block_lines(table: Any) -> Iterator[str]:
    """The rows; of many, unless all are asked for, those of the largest ratio."""
    some = list(table.rows)
    most = len(some) if printing().verbose else EFFORT.theorems.shown_rows
    if len(some) > most:
        some.sort(key=lambda row: (not row.claimed, -float(_ratio(row.found) or 0.0), -_error(row.found)))
    cells = [["truth", "minimum", "block", "kind", "error", "numerical", "bound", "ratio", "verdict"]]
    for row in some[:most]:
        found = row.found
        minimum = table.truths[row.truth].minima[row.minimum]
        cells.append(
            [
                str(row.truth),
                str(row.minimum),
                str(found.block) + ("" if minimum.reading == "structured" else " (nearest)"),
                found.block.kind,
                f"{_error(found):.4g}",
                _power(found.numerical_error),
                "-" if found.bound is None else f"{found.bound:.4g}",
                _ratio(found) or "-",
                found.verdict if row.claimed else f"({found.verdict})",
            ]
        )
    yield from aligned(cells, keys=2)
    yield from left_out(len(some), most)
    yield ""
    yield LEGEND


def _error(found: FoundBlock) -> float:
    """What is told of an error: one that is less than its numerical error is not known to be more than 0."""
    return found.error if found.error > found.numerical_error else 0.0


def _ratio(found: FoundBlock) -> str:
    """The ratio in three digits; empty without a bound."""
    if found.bound is None:
        return ""
    return f"{found.ratio:.3g}" if _error(found) else "0"


def _power(value: float) -> str:
    """The power of ten from a number on: of a numerical error no digit is known."""
    if not 0.0 < value < float("inf"):
        return f"{value:g}"
    return f"{10.0 ** ceil(log10(value)):.0e}"


def _not_found(truths: Sequence[FoundTruth]) -> Iterator[str]:
    """Candidate structures that no minimum has: a theorem about the form of minima does not promise them."""
    gone = [
        f"{one.structure} at truth {place} ({one.outcome})"
        for place, truth in enumerate(truths)
        for one in truth.predictions
        if one.minimum is None
    ]
    if not gone:
        return
    most = len(gone) if printing().verbose else EFFORT.theorems.shown_structures
    yield ""
    yield f"predicted, and no minimum found: {counted(len(gone), 'candidate structure')}"
    yield from (f"  {line}" for line in gone[:most])
    yield from left_out(len(gone), most)
