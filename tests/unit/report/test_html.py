"""Markup is made by construction: what is data is text, whatever it holds."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from gmmscape.report.blocks import bullets, number, share, table, with_code
from gmmscape.report.html import Html, element, joined, name_text, raw_element, shortened, text

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"' onmouseover='alert(1)",
    "<!-- ]]> &lt; &#60;",
    "\u202eright to left\u202c \u200f\u2067",
    "nul \x00 bell \x07 half \ud800",
]


class Seen(HTMLParser):
    """What a parser of HTML makes of a text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


def cleaned(value: str) -> str:
    for sign in "\x00\x07\ud800":
        value = value.replace(sign, "\ufffd")
    return value


@pytest.mark.parametrize("value", HOSTILE)
def test_text_stays_text(value: str):
    seen = Seen(element("p", value, title=value))
    assert seen.tags == ["p"]
    assert seen.attributes == [("title", cleaned(value))]
    assert seen.words == cleaned(value)
    seen.rawdata.encode("utf-8")


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "made",
    [
        lambda value: table(value, [value, value], [[value, value]]),
        lambda value: bullets([value]),
        lambda value: with_code(f"say `{value}` or {value}"),
        lambda value: name_text(value),
    ],
)
def test_blocks_keep_text_text(made, value: str):
    plain, hostile = Seen(made("plain")), Seen(made(value))
    assert hostile.tags == plain.tags
    assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]


def test_markup_is_not_escaped_twice():
    inner = element("b", "a < b")
    assert element("p", inner, " & c") == "<p><b>a &lt; b</b> &amp; c</p>"
    assert joined([inner, None, 3]) == "<b>a &lt; b</b>3"
    assert text(inner) is inner
    assert isinstance(inner, Html)


def test_a_lone_backtick_is_a_sign_and_true_an_attribute_without_a_value():
    assert with_code("a ` b") == "a ` b"
    assert with_code("a `b` c") == "a <code>b</code> c"
    assert element("details", open=True, class_="x") == '<details open class="x"></details>'


def test_text_put_together_is_text_again():
    """Sums and formats of markup are plain strings: they are escaped, not trusted."""
    assert text(element("b") + "<i>") == "&lt;b&gt;&lt;/b&gt;&lt;i&gt;"
    assert text(f"{element('b')}<i>") == "&lt;b&gt;&lt;/b&gt;&lt;i&gt;"


@pytest.mark.parametrize("tag", ["p onclick=x", "p>", "", "<b"])
def test_names_of_elements_are_never_data(tag: str):
    with pytest.raises(ValueError, match="names no element"):
        element(tag)


@pytest.mark.parametrize("name", ["onclick", "onLoad", "a b", "x=y", ">"])
def test_names_of_attributes_are_never_data_nor_handlers(name: str):
    with pytest.raises(ValueError, match="names no attribute"):
        element("p", **{name: "alert(1)"})


@pytest.mark.parametrize("content", ["x</script>y", "</SCRIPT >", "<!-- x", "<script"])
def test_raw_content_cannot_end_its_element(content: str):
    with pytest.raises(ValueError, match="would end"):
        raw_element("script", content)


def test_raw_content_is_for_scripts_and_styles_only():
    with pytest.raises(ValueError, match="escaped content"):
        raw_element("p", "x")
    assert raw_element("style", "a > b {}", id="x") == '<style id="x">a > b {}</style>'


def test_long_names_are_shortened_and_kept_to_their_direction():
    assert shortened("a\n b") == "a b"
    assert len(shortened("x" * 10_000)) == 60
    assert name_text("\u202eabc") == "<bdi>\u202eabc</bdi>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "\u2013"),
        (float("nan"), "not a number"),
        (float("inf"), "infinite"),
        (float("-inf"), "minus infinite"),
        (True, "yes"),
        (12345, "12,345"),
        (25914.2, "25,910"),
        (-0.5, "\u22120.5"),
        (1.966e12, "1.966e12"),
        (2e-7, "2e-7"),
        (0.0, "0"),
    ],
)
def test_numbers_say_what_they_are(value, shown: str):
    assert number(value) == shown


def test_shares_are_no_more_exact_than_of_use():
    assert [share(0.0), share(1e-9), share(0.25)] == ["0 %", "under 0.001 %", "25 %"]


def test_long_tables_say_what_they_lack():
    rows = [[i, i] for i in range(5)]
    assert "and 2 more" in table("t", ["a", "b"], rows, most=3)
    assert "more" not in table("t", ["a", "b"], rows, most=5)
