"""Every public result becomes a report: one file that loads nothing and holds the result."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.report.blocks import with_spread
from gmmscape.report.html import VOID
from gmmscape.report.views import HOMES
from gmmscape.results.records import HOMES as RECORDS
from gmmscape.results.records import record_of
from unit.results.cases import rows
from unit.results.test_every_result import NAMES

each = pytest.mark.parametrize("name", NAMES)
HOSTILE = [
    "<script>window.hacked=1</script>",
    "</script><img src=x onerror=window.hacked=1>",
    "\"'><svg onload=window.hacked=1>",
    "\u202ehsilgne\u202c \u2067",
    "x" * 10_000,
    "nul \x00 half \ud800",
]
#: All that a report is made of.
ELEMENTS = (
    "a bdi body button caption code dd details div dl dt figcaption figure h1 h2 h3 head html li main meta p "
    "pre script section span strong style summary table tbody td th thead title tr ul "
    "svg path ellipse line rect circle text"
)
TAGS = frozenset(ELEMENTS.split())


class Parsed(HTMLParser):
    """A document, checked for elements that are not closed."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.raw: dict[tuple[str, str | None], str] = {}
        self.words: list[str] = []
        self.identities: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.identities += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)
        self.current = (tag, dict(attrs).get("id"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            self.raw[self.current] = self.raw.get(self.current, "") + data
        else:
            self.words.append(data)


@pytest.fixture
def result(results, name):
    return results[name]


def test_every_view_is_of_a_record():
    assert set(HOMES) <= set(RECORDS)


@each
def test_a_report_is_whole_and_loads_nothing(result):
    page = result.to_html()
    seen = Parsed(page)
    assert page.startswith("<!DOCTYPE html>\n<html lang=")
    assert seen.open == []
    assert seen.tags <= TAGS
    assert len(seen.identities) == len(set(seen.identities))
    names = {name for name, _ in seen.attributes}
    assert not names & {"src", "style", "srcset", "data", "action", "onclick"}
    assert {value for name, value in seen.attributes if name == "href"} == {"#main"}
    assert not re.findall(r"(?<!http://www\.w3\.org/2000/svg)https?://(?!www\.w3\.org/2000/svg)", page)
    assert not any("\ud800" <= letter <= "\udfff" for letter in page)
    assert "nan" not in {word for words in seen.words for word in words.lower().split()}


@each
def test_the_policy_lets_our_own_script_and_style_run_and_nothing_else(result):
    seen = Parsed(result.to_html())
    (policy,) = (value for name, value in seen.attributes if name == "content" and "default-src" in value)
    for tag in ("script", "style"):
        content = seen.raw[tag, None]
        assert f"{tag}-src 'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@each
def test_the_verdict_comes_first_and_the_record_is_inside(result):
    page = result.to_html()
    seen = Parsed(page)
    assert page.index('class="verdict') < page.index("<h2")
    content = json.loads(seen.raw["script", "record"])
    assert content == result.to_dict()
    assert record_of(content, "the page") == result
    assert f"gmmscape {content.get('gmmscape_version', '')}".strip() in page


@each
def test_the_same_result_gives_the_same_bytes(result):
    assert result.to_html() == result.to_html()


@each
def test_the_short_form_is_one_element_without_script(result):
    markup = result._repr_html_()
    seen = Parsed(markup)
    assert markup.startswith('<div class="gmmscape gmmscape-compact">')
    assert seen.open == []
    assert seen.tags <= TAGS - {"script", "html", "head", "body", "meta", "button", "a"}
    assert len(markup) < 100_000
    assert seen.identities == []
    selectors = re.sub(r"/\*.*?\*/", "", seen.raw["style", None]).replace(
        "@media (prefers-color-scheme: dark) {", ""
    )
    for rule in re.findall(r"([^{}]+)\{", selectors):
        assert all(part.strip().startswith(".gmmscape") for part in rule.split(","))


@pytest.mark.parametrize("name", ["fit", "repair", "local optima", "selection", "mixture of data"])
@pytest.mark.parametrize("column", HOSTILE)
def test_hostile_names_stay_text(results, name: str, column: str):
    result = gs.Mixture([1.0], [[0.0]], [[1.0]], "diag") if name == "mixture of data" else results[name]
    harmless, page = (Parsed(result.to_html(rows(), columns=[one])) for one in ("plain", column))
    assert page.open == []
    assert page.tags <= TAGS | {"bdi"}
    assert [one for one, _ in page.attributes] == [one for one, _ in harmless.attributes]
    assert page.raw.keys() == harmless.raw.keys()
    shown = column.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")[:59]
    assert any(shown in words for words in page.words)


def test_names_that_the_record_itself_holds_stay_text():
    X = np.random.default_rng(0).normal(size=(60, len(HOSTILE)))
    model = gs.GaussianMixture(1, covariance_type="diag").fit(X)
    model.feature_names_in_ = np.array(HOSTILE, dtype=object)
    page = model.to_html()
    seen = Parsed(page)
    assert seen.tags <= TAGS
    assert len(page) < 200_000
    assert json.loads(seen.raw["script", "record"])["feature_names"] == HOSTILE


def test_infinite_and_missing_numbers_are_said(results):
    page = Parsed(results["plateau"].to_html())
    assert "gradient_norm" in page.raw["script", "record"]
    assert not {"NaN", "Infinity", "inf"} & set(re.findall(r"\w+", page.raw["script", "record"]))


@pytest.mark.parametrize("name", ["truth without minima", "phase diagram", "atlas with free weights"])
def test_empty_results_have_reports(results, name: str):
    assert Parsed(results[name].to_html()).open == []


def test_an_atlas_without_minima_has_a_report(results):
    empty = replace(
        results["atlas"], minima=(), candidates=(), saddles=(), edges=(), ends={}, starts=0, rounds=0
    )
    assert "No minimum was found" in empty.to_html()
    assert "No minimum was found" in empty._repr_html_()


@pytest.mark.parametrize(("n", "d"), [(100_000, 2), (100_000, 30), (3, 1)])
def test_many_rows_are_thinned_and_the_page_stays_small(n: int, d: int):
    X = np.random.default_rng(0).normal(size=(n, d))
    page = gs.Mixture([0.5, 0.5], np.stack([np.zeros(d), np.ones(d)]), np.ones(2), "spherical").to_html(X)
    assert len(page) < 1_500_000
    assert ("of 100,000 rows are drawn, evenly spaced" in page) is (n > 8000)


def test_a_record_that_is_too_long_says_so():
    k, d = 90, 30
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(k, d, d))
    mixture = gs.Mixture(None, rng.normal(size=(k, d)), roots @ roots.transpose(0, 2, 1) + 10 * np.eye(d))
    page = mixture.to_html()
    assert len(page) < 1_500_000
    assert "too long for a page: to_json writes it" in page
    assert 'id="record"' not in page


def test_a_path_is_not_taken_for_rows():
    model = gs.GaussianMixture(1).fit(np.arange(9.0)[:, None])
    with pytest.raises(gs.DataError, match="returned as text"):
        model.to_html("out.html")


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (94746.2, 5019.7, "94,746\u00a0\u00b1\u00a05,020"),
        (7.335, 0.79, "7.335\u00a0\u00b1\u00a00.790"),
        (7.335, 0.0, "7.335\u00a0\u00b1\u00a00"),
        (2e12, 1.0, "2e12\u00a0\u00b1\u00a01"),
    ],
)
def test_a_number_and_its_spread_have_the_same_decimals(value, spread, text):
    assert with_spread(value, spread) == text


@each
def test_nothing_is_called_global_that_is_not_proved(result, name: str):
    """What was found is the best that was found; only a bound for all mixtures says more."""
    said = " ".join(Parsed(result.to_html()).words) + str(result)
    assert ("global" in said.lower()) is ("bound" in name)
