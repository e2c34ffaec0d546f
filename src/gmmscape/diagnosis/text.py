"""A diagnosis as plain text: verdict, next step, what is wrong; details where they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gmmscape.moves.search import TriedMove
from gmmscape.results.text import aligned, counted, left_out, printing
from gmmscape.results.words import INTO_COLLAPSE, KINDS_OF_COMPONENT, OF_OTHER_ROWS

#: Rows shown of long tables; `to_dict` has all.
MOST_COMPONENTS, MOST_MOVES = 40, 10
#: Gains below it, in nats or units of inertia, are not announced.
WORTH_TELLING = 0.01
#: What to do where the work was cut short.
NEXT = {
    "time_limit": "give it more time (max_seconds)",
    "interrupted": "run it again to the end",
}


def diagnosis_table(diagnosis: Any) -> str:
    """Return the verdict, what to do next, and the components that are not exact."""
    lines = [verdict_line(diagnosis), *further_reasons(diagnosis), f"next: {next_step(diagnosis)}"]
    lines += own_state(diagnosis)
    if printing().verbose:
        lines += measured(diagnosis)
    lines += ["", *components_that_are_not_exact(diagnosis), *remarks(diagnosis)]
    return "\n".join(lines)


def repair_table(before: Any, after: Any) -> str:
    """Return what a repair did, the verdict on what it returns, and what had been wrong."""
    unit, gain = _unit(before), before.gain_total
    if before.verdict == "bad optimum":
        done = f"repaired - the model was a bad optimum: {before.reasons[0]}"
    elif gain > 0 and before.escape_gain > 0:
        done = f"improved by {gain:.4g} {unit} - {before.verdict}: {before.reasons[0]}"
    elif gain > 0:
        done = f"polished - EM had stopped early: going on brought {gain:.2g} {unit}"
    else:
        done = f"unchanged - {before.verdict}: {'; '.join(before.reasons[:1])}"
    lines = [done]
    if before.verdict == "bad optimum" or after is None or gain > 0:
        lines.append("next: use `model`, the fit that it leads to")
    else:
        lines.append(f"next: {next_step(before)}")
    if after is not None and gain > 0:
        lines.append(f"the fit returned: {_with_first_reason(after)}")
    lines += own_state(before)
    if printing().verbose:
        lines += measured(before)
    lines += ["", *components_that_are_not_exact(before), *remarks(before)]
    return "\n".join(lines)


def verdict_line(diagnosis: Any) -> str:
    """Return the verdict with its first reason, in one line."""
    return f"verdict: {_with_first_reason(diagnosis)}"


def _with_first_reason(diagnosis: Any) -> str:
    return " - ".join([diagnosis.verdict, *diagnosis.reasons[:1]])


def further_reasons(diagnosis: Any) -> list[str]:
    """Return the other reasons, a line each."""
    return [f"  {reason}" for reason in diagnosis.reasons[1:]]


def next_step(diagnosis: Any) -> str:
    """Return what to do next, for somebody who knows no theory."""
    if of_other_rows(diagnosis):
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


def of_other_rows(diagnosis: Any) -> bool:
    """Whether the model was plainly fitted on other rows: what else was seen then says nothing."""
    return bool(diagnosis.reasons) and diagnosis.reasons[0].startswith(OF_OTHER_ROWS)


def _use(diagnosis: Any) -> str:
    """What to do with a fit that nothing better was found than."""
    suggested = diagnosis.suggested_n_components
    if diagnosis.input_state == "not converged":
        return "let EM converge: `repair` returns the fit that it leads to"
    if suggested is not None and suggested != len(diagnosis.components):
        return f"compare with {counted(suggested, 'component')}: `select` does"
    kinds = [component.kind for component in diagnosis.components]
    if "one-fits-many" in kinds:
        return "compare with more components: `select` does"
    if kinds.count("many-fit-one") > len(kinds) / 2:
        return "compare with fewer components: `select` does"
    if diagnosis.findings:
        return "see the findings below"
    if "many-fit-one" in kinds:
        return "use this fit; components that share a cluster describe it together"
    return "use this fit"


def own_state(diagnosis: Any) -> Iterator[str]:
    """Yield how the fit had ended, where that is not to be taken for granted."""
    if of_other_rows(diagnosis):
        return
    if diagnosis.input_state != "converged" or printing().verbose:
        yield f"input: {_input(diagnosis)}"


def _input(diagnosis: Any) -> str:
    worth = diagnosis.polish_gain * diagnosis.total
    if diagnosis.input_state == "not converged" and worth > 0:
        return (
            f"stopped early (worth {worth:.2g} {_unit(diagnosis)}): EM from it gains more; a tolerance that "
            "it had met was a looser one"
        )
    return str(diagnosis.input_state)


def _unit(diagnosis: Any) -> str:
    return "nats" if diagnosis.objective == "nll" else "of inertia"


def measured(diagnosis: Any) -> Iterator[str]:
    """Yield what the verdict rests on: gains, evidence, moves."""
    unit, total = _unit(diagnosis), diagnosis.total
    yield (
        f"gain: {diagnosis.polish_gain * total:.4g} {unit} by polishing, "
        f"{diagnosis.escape_gain * total:.4g} {unit} by moves "
        f"({diagnosis.gain:.4g} per row)"
    )
    yield from _evidence(diagnosis)
    if diagnosis.moves:
        yield "moves:"
        yield from _moves(diagnosis.moves, total, unit)


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
        parts.append(f"replicated by {hits} of {counted(starts, 'random start')}")
    if parts:
        yield f"evidence: {', '.join(parts)}"
    suggested = diagnosis.suggested_n_components
    if suggested is not None and suggested != len(diagnosis.components):
        yield f"suggested number of components: {suggested}"


def components_that_are_not_exact(diagnosis: Any) -> Iterator[str]:
    """Yield a table of the components that are not exact, with what their kinds mean."""
    odd = [component for component in diagnosis.components if component.kind != "exact"]
    n = len(diagnosis.components)
    if odd and all(component.kind == "not examined" for component in odd):
        yield f"components: {len(odd)} not examined"
        yield from meanings(["not examined"])
        return
    if not odd:
        yield f"components: all {n} exact" if n > 1 else "components: the one there is is exact"
        yield from meanings(["exact"])
        return
    most = len(odd) if "components" in printing().show else MOST_COMPONENTS
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
        for component in odd[:most]
    ]
    yield from aligned(rows)
    yield from left_out(len(odd), most)
    yield from meanings(component.kind for component in odd)


def meanings(kinds: Iterable[str]) -> Iterator[str]:
    """Yield what each kind of component means, once."""
    for kind in dict.fromkeys(kinds):
        yield f"  {kind}: {KINDS_OF_COMPONENT[kind]}"


def remarks(diagnosis: Any) -> Iterator[str]:
    """Yield alternatives, findings and warnings: whatever is announced or to be known, in any case."""
    if diagnosis.alternatives:
        yield ""
        yield "alternatives, not taken:"
        yield from _moves(diagnosis.alternatives, diagnosis.total, _unit(diagnosis))
    said = [*map(str, diagnosis.findings), *(f"warning: {warning}" for warning in diagnosis.warnings)]
    if said:
        yield ""
        yield from said


def brought(diagnosis: Any, what: str) -> Iterator[str]:
    """Yield, of the fit that this one began with, what it was and what leaving it brought."""
    unit = _unit(diagnosis)
    gain, polish = diagnosis.escape_gain * diagnosis.total, diagnosis.polish_gain * diagnosis.total
    count = sum(len(move.splits) for move in diagnosis.moves)
    way = counted(count, "move") if count else "beginning anew"
    if diagnosis.escape_gain > 0 and (gain >= WORTH_TELLING or diagnosis.verdict == "bad optimum"):
        was = "in a bad optimum" if diagnosis.verdict == "bad optimum" else "in a worse fit"
        yield f"{what} ended {was}: {way} brought {gain:.4g} {unit}"
    elif diagnosis.input_state == "not converged" and polish > 0:
        yield f"{what} had stopped early: EM brought {polish:.2g} {unit}"


def _listed(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers)) or "-"


def _moves(moves: Sequence[TriedMove], total: float, unit: str) -> Iterator[str]:
    most = len(moves) if printing().verbose else MOST_MOVES
    for move in moves[:most]:
        yield f"  {move.in_words(total, unit)}"
    yield from left_out(len(moves), most)
