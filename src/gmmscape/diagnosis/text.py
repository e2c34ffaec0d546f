"""A diagnosis as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gmmscape.moves.search import TriedMove
from gmmscape.results.text import aligned, left_out
from gmmscape.results.words import INTO_COLLAPSE, KINDS_OF_COMPONENT, OF_OTHER_ROWS

#: Rows shown of long tables; `to_dict` has all.
MOST_COMPONENTS, MOST_MOVES = 40, 10
#: What to do where the work was cut short.
NEXT = {
    "time_limit": "give it more time (max_seconds)",
    "interrupted": "run it again to the end",
}


def diagnosis_table(diagnosis: Any) -> str:
    """Return the verdict, the gains, the components that are not exact, and the moves."""
    lines = [f"verdict: {diagnosis.verdict}"]
    lines += [f"  {reason}" for reason in diagnosis.reasons]
    lines += [
        f"next: {next_step(diagnosis)}",
        f"input: {_input(diagnosis)}",
        *_gains(diagnosis),
        *_evidence(diagnosis),
    ]
    lines += ["", *_components(diagnosis)]
    for title, moves in (("moves", diagnosis.moves), ("alternatives, not taken", diagnosis.alternatives)):
        if moves:
            lines += ["", f"{title}:", *_moves(moves, diagnosis.total, _unit(diagnosis))]
    lines += map(str, diagnosis.findings)
    lines += [f"warning: {warning}" for warning in diagnosis.warnings]
    return "\n".join(lines)


def next_step(diagnosis: Any) -> str:
    """Return what to do next, for somebody who knows no theory."""
    if diagnosis.reasons and diagnosis.reasons[0].startswith(OF_OTHER_ROWS):
        return "pass the rows, columns and units that the model was fitted on"
    if diagnosis.verdict == "bad optimum":
        return "take the better fit: `repair` returns it"
    if any(warning.startswith(INTO_COLLAPSE) for warning in diagnosis.warnings):
        return "fewer components, or a larger covariance_prior"
    if diagnosis.verdict == "no better fit found":
        return _use(diagnosis)
    if diagnosis.stop_reason in NEXT:
        return NEXT[diagnosis.stop_reason]
    if diagnosis.input_state == "degenerate":
        return "fewer components, or a larger covariance_prior"
    if diagnosis.rounds == 0:
        return "`repair` tries moves"
    return "more rows or fewer components, or compare the two fits on rows of your own"


def _use(diagnosis: Any) -> str:
    """What to do with a fit that nothing better was found than."""
    suggested = diagnosis.suggested_n_components
    if diagnosis.input_state == "not converged":
        return "let EM converge: `repair` returns the fit that it leads to"
    if suggested is not None and suggested != len(diagnosis.components):
        return f"compare with {suggested} component{'s' * (suggested != 1)}: `select` does"
    return "see the findings below" if diagnosis.findings else "use this fit"


def _input(diagnosis: Any) -> str:
    worth = diagnosis.polish_gain * diagnosis.total
    if diagnosis.input_state == "not converged" and worth > 0:
        return f"stopped early (worth {worth:.2g} {_unit(diagnosis)})"
    return str(diagnosis.input_state)


def _unit(diagnosis: Any) -> str:
    return "nats" if diagnosis.objective == "nll" else "of inertia"


def _gains(diagnosis: Any) -> Iterator[str]:
    unit, total = _unit(diagnosis), diagnosis.total
    yield (
        f"gain: {diagnosis.polish_gain * total:.4g} {unit} by polishing, "
        f"{diagnosis.escape_gain * total:.4g} {unit} by moves "
        f"({diagnosis.gain:.4g} per row)"
    )


def _evidence(diagnosis: Any) -> Iterator[str]:
    evidence, parts = diagnosis.evidence, []
    if evidence.held_out_gain is not None:
        parts.append(f"{evidence.held_out_gain:+.4g} {_unit(diagnosis)} on rows held out")
    if evidence.smallest_curvature is not None:
        parts.append(f"smallest curvature {evidence.smallest_curvature:.2g}{evidence.of_a_saddle}")
    # By itself the overlap matters where the data do not tell.
    if evidence.overlap is not None and (parts or diagnosis.verdict == "cannot tell"):
        parts.append(f"overlap {100.0 * evidence.overlap:.2g} %")
    if evidence.replicated is not None:
        hits, starts = evidence.replicated
        parts.append(f"replicated by {hits} of {starts} random starts")
    if parts:
        yield f"evidence: {', '.join(parts)}"
    suggested = diagnosis.suggested_n_components
    if suggested is not None and suggested != len(diagnosis.components):
        yield f"suggested number of components: {suggested}"


def _components(diagnosis: Any) -> Iterator[str]:
    odd = [component for component in diagnosis.components if component.kind != "exact"]
    n = len(diagnosis.components)
    if all(component.kind == "not examined" for component in odd) and odd:
        yield f"components: {len(odd)} not examined"
        return
    if not odd:
        yield f"components: all {n} exact"
        return
    yield f"components: {n - len(odd)} of {n} exact, the others:"
    rows = [("#", "kind", "weight", "rows", "clusters", "shared with")]
    rows += [
        (
            str(component.index),
            component.kind,
            f"{component.weight:.4f}",
            f"{component.n_rows:.0f}",
            _listed(component.covers),
            _listed(component.partners),
        )
        for component in odd[:MOST_COMPONENTS]
    ]
    yield from aligned(rows)
    yield from left_out(len(odd), MOST_COMPONENTS)
    for kind in dict.fromkeys(component.kind for component in odd):
        yield f"  {kind}: {KINDS_OF_COMPONENT[kind]}"


def _listed(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers)) or "-"


def _moves(moves: Sequence[TriedMove], total: float, unit: str) -> Iterator[str]:
    for move in moves[:MOST_MOVES]:
        yield f"  {move.in_words(total, unit)}"
    yield from left_out(len(moves), MOST_MOVES)
