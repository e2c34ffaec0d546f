"""What results say where things went otherwise than they mostly do: as text, and on their pages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import gmmscape as gs
from efforts import with_effort
from gmmscape.diagnosis.blocked.coresets import SearchedOn
from gmmscape.report import embedded
from gmmscape.results.words import INTO_COLLAPSE
from unit.results.cases import BAD


def of_rows(table: list[dict[str, Any]], **changes: Any) -> list[dict[str, Any]]:
    """The same table, its chosen row changed."""
    return [{**row, **changes} if row["chosen"] else row for row in table]


def of_optima(found: Any, **changes: Any) -> Any:
    """Local optima whose best is changed."""
    return replace(found, optima=(replace(found.optima[0], **changes), *found.optima[1:]))


#: The result, what becomes of it, and what its text then says.
TEXTS: dict[str, tuple[Any, ...]] = {
    "a descent that did not end": (
        "point with free weights",
        lambda one: replace(one, stop_reason="max_iter"),
        "stopped (max_iter) at",
    ),
    "a descent with free widths that did not end": (
        "free point",
        lambda one: replace(one, stop_reason="max_iter"),
        "stopped (max_iter) at",
    ),
    "into collapse": (
        "diagnosis",
        lambda one: replace(one, verdict="cannot tell", warnings=(f"{INTO_COLLAPSE}: component 1",)),
        "next: fewer components, or a larger covariance_prior\n",
    ),
    "stopped": (
        "standard errors",
        lambda one: replace(one, verdict="cannot tell", stop_reason="time_limit"),
        "next: the time budget ran out: raise max_seconds",
    ),
    "left out": (
        "standard errors",
        lambda one: replace(
            one, verdict="cannot tell", reasons=("x",), method="bootstrap", left_out=2, rows=20.0
        ),
        "next: fewer components, or more rows, are surer\n",
        "2 more refits collapsed or did not converge, and are left out",
        "the rows are worth 20 independent ones",
    ),
    "held out": (
        "selection",
        lambda one: replace(one, criterion="heldout", table=of_rows(one.table, heldout=-2.5)),
        "held out: log-likelihood per row, larger is better",
    ),
    "none to win": (
        "selection",
        lambda one: replace(
            one, table=[*of_rows(one.table, flags=["refused"]), {**one.table[0], "n_components": 9}]
        ),
        "next: simpler covariances or more rows: no fit was fit to win",
    ),
    "points that are none": (
        "census",
        lambda one: replace(one, complete=False),
        "and no others; the atlas lists points that are none",
    ),
    "condition": (
        "structure report",
        lambda one: replace(one, condition_holds=False),
        "the condition does not hold here",
    ),
    "stopped curve": (
        "proved separation curve",
        lambda one: replace(one, stop_reason="interrupted"),
        "none found at 9; stopped early: interrupted\n",
    ),
    "centers on a line": (
        "certificate",
        lambda one: replace(one, span=1),
        "on the line of the centers",
    ),
    "more columns": (
        "standard errors",
        lambda one: replace(one, mixture=gs.Mixture([1.0], [[0.0] * 99], [1.0], "spherical")),
        "more columns: --show columns",
    ),
    "shared cluster": (
        "diagnosis",
        lambda one: replace(
            one,
            verdict="no better fit found",
            input_state="converged",
            components=one.components[1:2] + tuple(replace(one.components[1], kind="exact") for _ in "12"),
        ),
        "next: use this fit; components that share a cluster describe it together",
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_text_says_so(results, case: str):
    name, change, *words = TEXTS[case]
    before, after = str(results[name]), str(change(results[name]))
    assert [one for one in words if one in before or one not in after] == []


#: The same of pages.
PAGES: dict[str, tuple[Any, ...]] = {
    "collapsed optimum": (
        "local optima",
        lambda one: of_optima(one, state="degenerate"),
        'class="verdict tone-bad"',
        "Fewer components, or a simpler covariance_type.",
    ),
    "many optima": (
        "local optima",
        lambda one: replace(
            of_optima(one, hits=0),
            optima=(replace(one.best, hits=0), replace(one.best, hits=4)),
            degenerate=2,
            unsettled=1,
            stop_reason="time_limit",
        ),
        "EM can end in 2 local optima: 0 of 4 starts",
            "The best was hardly found again",
            "no start ended there.",
            "2 starts ended with a collapsed component.",
            "1 start ended on a plateau or saddle",
            "Only the starts that were done count.",
    ),
    "continuum": (
        "critical point",
        lambda one: replace(one, continuum=2),
        "one of a continuum of dimension",
    ),
    "small gain": (
        "repair",
        lambda one: replace(one, diagnosis=replace(one.diagnosis, verdict="cannot tell")),
        "Changed by 1 move, better by", "these data hardly tell the two fits apart.",
    ),
    "nothing to repair": (
        "repair",
        lambda one: replace(one, diagnosis=replace(one.diagnosis, verdict="no better fit found", moves=())),
        "The fit is as it came, polished.",
    ),
    "stopped selection": (
        "selection",
        lambda one: replace(one, stop_reason="time_limit"),
        "Not all was tried (",
    ),
    "one number": (
        "selection",
        lambda one: replace(one, table=[row for row in one.table if row["chosen"]]),
        "Use the chosen fit: ",
    ),
    "a fit that may not win": (
        "selection",
        lambda one: replace(
            one,
            table=[
                *of_rows(one.table, flags=["refused"], refused_log_likelihood=-450.0),
                {**one.table[0], "n_components": 9},
            ],
        ),
        "Simpler covariances or more rows: no fit was fit to win.", "a fit of \u2212450 was refused",
    ),
    "untried": ("atlas", lambda one: replace(one, untried=2), "2 candidate structures were not tried."),
    "no minima": (
        "basins",
        lambda one: replace(one, minima=(), labels=one.labels * 0 - 1, unresolved={"plateau": 40}),
        "No start ended in a minimum.", "What they did instead",
    ),
    "rival": (
        "diagnosis",
        lambda one: replace(
            one, rival=BAD, suggested_n_components=2, alternatives=one.moves, verdict="cannot tell"
        ),
        "the rival", "clusters it speaks of", "Alternatives that were left alone",
    ),
    "no components": (
        "diagnosis", lambda one: replace(one, components=()), "There are no components.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PAGES)
def test_a_page_says_so(results, case: str):
    name, change, *words = PAGES[case]
    page = change(results[name]).to_html()
    assert [one for one in words if one not in page] == []


#: What a page has no more, where there is nothing to be told of it.
TITLES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "falsification": (
        lambda one: replace(one, searched=tuple(replace(truth, suspects=()) for truth in one.searched)),
        "Minima with a defect above tau when they were found",
    ),
    "phase diagram": (lambda one: replace(one, births=()), "Between neighbouring cells"),
    "standard errors": (
        lambda one: replace(one, estimates=tuple(part._replace(low=None) for part in one.estimates)),
        "Weights of the components, with",
    ),
}


@pytest.mark.parametrize("name", TITLES)
def test_a_page_leaves_out_what_there_is_not(results, name: str):
    change, title = TITLES[name]
    assert title in results[name].to_html()
    assert title not in change(results[name]).to_html()


def test_lists_of_rows_are_left_out_of_a_page_before_all_is(monkeypatch: pytest.MonkeyPatch):
    content = {"components": [{"index": 0, "rows": list(range(900))}]}
    most = len(embedded.json_text({"components": [{"index": 0}]})) + 12
    with_effort(monkeypatch, embedded, "report", json_characters=most)
    left, said = embedded.bounded(content)
    assert left == {"components": [{"index": 0, "rows": None}]}
    assert said.startswith("The lists of rows of each component are left out here")


def test_tables_need_pandas(results, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for name in ("standard errors", "proved separation curve"):
        with pytest.raises(gs.NotAvailableError, match=r"gmmscape\[frame\]"):
            results[name].to_frame()


def test_a_coreset_that_stands_for_less_is_told():
    some = SearchedOn(n_rows=10, n_samples=100, nll=2.0, nll_there=2.5, standard_error=0.01)
    assert some.told[0].endswith("they do not stand for all, look at the fit on other rows")
    assert not replace(some, nll_there=2.001).told[0].endswith("other rows")


def test_what_is_not_proved_is_undecided(results):
    assert results["minimum that is not proved"].verdicts == ("undecided", "undecided")


def test_the_long_text_of_a_repair_tells_what_it_rests_on(results):
    assert "gain: " not in results["repair"].to_text()
    text = results["repair"].to_text(verbose=True)
    assert "gain: 52.27 nats by polishing, 103.6 nats by moves" in text
    fewer = replace(results["diagnosis"], suggested_n_components=2)
    assert "suggested number of components: 2" in fewer.to_text(verbose=True)
