"""Reports in a browser without a network: they draw, their controls work, names stay text, all can use them.

Needs Chromium and the extra [browser]; skipped where there is none of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from doors.browser.chromium import grave, violations
from gmmscape import lab
from gmmscape.results import read

WIDE, NARROW = {"width": 1400, "height": 1000}, {"width": 400, "height": 900}
HOSTILE = [
    "<script>window.hacked = 1</script>",
    "</script><img src=x onerror='window.hacked = 1'>",
    "\"'><svg onload=window.hacked=1>",
    "\u202ehsilgne\u202c \u2067\u200f",
    "x" * 10_000,
]
#: Waits until a frame has been drawn.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
#: Boxes of labels and marks of the picture, as they are drawn.
BOXES = """(kind) => [...document.querySelectorAll(`.stage ${kind}`)].map((one) => {
    const box = one.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];
})"""


def clusters(d: int, k: int, n: int = 400, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 12.0, (k, d))[rng.integers(k, size=n)] + rng.normal(size=(n, d))


def crowded() -> str:
    """A repair of a fit of 40 components that are in each other's way."""
    X = clusters(2, 12, 900)
    means = X[:40] + 0.1
    bad = gs.Mixture(None, means, np.full(40, 4.0), "spherical")
    return gs.repair(bad, X, covariance_type="spherical", rng=0, max_seconds=5).to_html(X)


def selected() -> str:
    return gs.select(clusters(2, 3), (1, 4), rng=0).to_html()


def mapped() -> str:
    truth = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
    return lab.Landscape(lab.Population(truth), n_components=3).explore(0, n_starts=8, saddles=True).to_html()


def hostile() -> str:
    X = clusters(len(HOSTILE), 3)
    return gs.GaussianMixture(3, random_state=0).fit(X).to_html(X, columns=HOSTILE)


def large() -> str:
    X = clusters(4, 15, 100_000)
    begun = time.perf_counter()
    model = gs.GaussianMixture(15, random_state=0).fit(X)
    fitted = time.perf_counter()
    page = model.to_html(X, columns=["a", "b", "c", "d"])
    assert time.perf_counter() - fitted < 10.0, f"fitted in {fitted - begun:.1f} s"
    assert len(page) < 3_000_000
    return page


def line() -> str:
    X = clusters(1, 3)
    return gs.GaussianMixture(3, random_state=0).fit(X).to_html(X, columns=["income"])


def centers() -> str:
    X = clusters(1, 3)
    return gs.repair(X[:3], X, rng=0).to_html()


PAGES = {
    "centers": centers,
    "line": line,
    "crowded": crowded,
    "hostile": hostile,
    "selected": selected,
    "mapped": mapped,
    "large": large,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for name, make in PAGES.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(make(), encoding="utf-8")
    return found


class Shown:
    """A page that is open, with all that it asked for and complained of."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": WIDE, "offline": True, **options})
        self.context.set_default_timeout(8_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        begun = time.perf_counter()
        self.page.goto(file.as_uri())
        if options.get("java_script_enabled", True):
            self.page.evaluate(DRAWN)
        self.seconds = time.perf_counter() - begun

    def texts(self, what: str) -> list[str]:
        return self.page.locator(what).all_text_contents()

    def status(self) -> str:
        return self.page.locator(".status").inner_text()


@pytest.fixture
def show(browser: Any, files: dict[str, Path]) -> Iterator[Any]:
    opened: list[Shown] = []

    def open_(name: str, **options: Any) -> Shown:
        opened.append(Shown(browser, files[name], **options))
        return opened[-1]

    yield open_
    for one in opened:
        one.context.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_opens_at_once_without_a_word_and_asks_for_nothing(show, files, name: str, viewport):
    shown = show(name, viewport=viewport)
    assert shown.complaints == []
    assert shown.asked == [files[name].as_uri()]
    assert shown.seconds < 2.0
    page = shown.page
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.locator(".stage svg.explored").count() == 1
    assert page.locator(".verdict .sentence").bounding_box()["y"] < 200


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_accessibility_checker_finds_nothing_serious(show, name: str, scheme: str):
    shown = show(name, color_scheme=scheme, viewport=WIDE if scheme == "light" else NARROW)
    assert grave(shown.page) == []


def test_the_accessibility_checker_sees_what_is_wrong(show):
    shown = show("line")
    shown.page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert "image-alt" in {one["id"] for one in violations(shown.page)}


def test_dark_and_light_differ(show):
    colour = "getComputedStyle(document.body).backgroundColor"
    light, dark = (show("line", color_scheme=scheme).page.evaluate(colour) for scheme in ("light", "dark"))
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(21, 25, 30)")


def test_hostile_names_stay_text(show):
    shown = show("hostile")
    page = shown.page
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, iframe, object, [onload], [onerror]").count() == 0
    assert page.locator("script").count() == 3  # the picture's numbers, the record, our script
    axis = page.get_by_label("horizontal axis")
    for name in HOSTILE[:3]:
        axis.select_option(label=name)
        assert name in shown.texts(".stage .axis")
    assert page.evaluate("window.hacked") is None
    assert shown.complaints == []


def test_the_policy_stops_what_would_run(show):
    """The negative control of hostile names: even markup that got in would not run."""
    shown = show("hostile")
    shown.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.hacked = 1";
            document.body.append(script);
            const holder = document.createElement("div");
            holder.innerHTML = "<img src='data:,' onerror='window.hacked = 1'>";
            document.body.append(holder);
        }"""
    )
    shown.page.wait_for_timeout(200)
    assert shown.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in said for said in shown.complaints)


def test_axes_colours_rows_and_components_can_be_chosen(show):
    shown = show("large")
    page = shown.page
    assert shown.texts(".stage .axis")[0].startswith("direction 1: ")
    page.get_by_label("horizontal axis").select_option(label="b")
    page.get_by_label("vertical axis").select_option(label="d")
    assert shown.texts(".stage .axis") == ["b", "d"]
    assert page.locator(".stage ellipse").count() == 15
    assert page.locator(".stage .rows.kind-exact").count() == 1
    page.get_by_label("colours").select_option(label="by component")
    assert page.locator(".stage .rows").count() == 8
    page.get_by_label("rows", exact=True).uncheck()
    assert page.locator(".stage .rows").count() == 0
    page.get_by_role("combobox", name="component", exact=True).select_option(index=4)
    assert page.locator(".stage ellipse.faded").count() == 14
    assert shown.status().startswith("Component 3")
    page.get_by_label("vertical axis").select_option(label="how many rows (density)")
    assert shown.texts(".stage .axis") == ["b", "density"]
    assert page.locator(".stage path.total").count() == 1
    assert shown.complaints == []


def test_it_zooms_moves_and_shows_all_again(show):
    shown = show("large")
    page = shown.page
    before = shown.texts(".stage .tick")
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    closer = shown.texts(".stage .tick")
    assert closer != before
    assert "rows drawn lie outside" in shown.status()
    page.locator(".stage svg").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert shown.texts(".stage .tick") != closer
    page.keyboard.press("0")
    assert shown.texts(".stage .tick") == before
    box = page.locator(".stage svg").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 100, steps=3)
    page.mouse.up()
    assert shown.texts(".stage .tick") != before
    page.get_by_role("button", name="Show all").click()
    assert shown.texts(".stage .tick") == before


def test_pointing_tells_components_and_rows(show):
    shown = show("large")
    page = shown.page
    told = set()
    for center in page.locator(".stage .center").all()[:15]:
        box = center.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        told.add(shown.status().partition(",")[0])
    assert len(told) >= 10  # some lie on top of each other
    assert all(one.startswith("Component ") for one in told)
    page.get_by_role("combobox", name="component", exact=True).select_option(index=0)
    box = page.locator(".stage svg").bounding_box()
    words = []
    for step in range(40):
        page.mouse.move(box["x"] + 80 + 20 * step, box["y"] + 100 + 8 * step)
        words.append(shown.status())
    assert any(one.startswith("A row of component ") for one in words)


def test_charts_tell_their_numbers_when_pointed_at(show):
    shown = show("selected")
    shown.page.locator("svg.chart .dot").first.hover()
    assert " at " in shown.page.locator(".tip").inner_text()


def test_before_and_after_have_a_button_each(show):
    shown = show("crowded")
    page = shown.page
    before = page.locator(".stage .center").evaluate_all("all => all.map((one) => one.getAttribute('class'))")
    assert page.get_by_role("button", name="before").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="after").click()
    assert page.get_by_role("button", name="after").get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="before").get_attribute("aria-pressed") == "false"
    after = page.locator(".stage .center").evaluate_all("all => all.map((one) => one.getAttribute('class'))")
    assert before != after


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_label_covers_a_mark_or_another_label(show, viewport):
    page = show("crowded", viewport=viewport).page
    labels, marks = page.evaluate(BOXES, ".number"), page.evaluate(BOXES, ".center")
    assert len(marks) == 40
    assert len(labels) >= 30
    for i, label in enumerate(labels):
        for other in labels[:i]:
            assert not overlap(label, other, 2.0)
        for mark in marks:
            assert not overlap(label, mark, 2.5)


def overlap(one: list[float], other: list[float], slack: float) -> bool:
    """Whether two boxes have more in common than the margin that letters and outlines have around them."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return across > slack and up > slack


def test_everything_can_be_reached_by_keyboard(show):
    shown = show("crowded")
    page = shown.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if page.evaluate("document.activeElement.id") == "save-json":
            break
    assert any("save-json" in one for one in reached)
    assert any(one.startswith("<svg") for one in reached)
    assert any(one.startswith("<select") for one in reached)


def test_the_record_can_be_saved_and_copied(show, files, tmp_path):
    shown = show("selected", accept_downloads=True, permissions=["clipboard-read", "clipboard-write"])
    page = shown.page
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the JSON").click()
    assert download.value.suggested_filename == "gmmscape-selection.json"
    download.value.save_as(tmp_path / "saved.json")
    saved = read(tmp_path / "saved.json")
    assert isinstance(saved, gs.Selection)
    page.get_by_role("button", name="Copy the JSON").click()
    page.wait_for_function("document.getElementById('json-status').textContent === 'Copied.'")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied == saved.to_dict()


def test_without_script_the_picture_is_there(show):
    page = show("crowded", java_script_enabled=False).page
    assert page.locator(".stage svg .center").count() == 40
    assert page.locator(".stage svg .rows").first.is_visible()


def test_it_prints_without_controls(show):
    page = show("crowded", color_scheme="dark").page
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible()
    assert not page.locator("#save-json").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".stage svg").is_visible()


def test_the_short_form_stands_in_a_page_of_others(browser, tmp_path):
    file = tmp_path / "notebook.html"
    short = gs.GaussianMixture(2, random_state=0).fit(clusters(2, 2)).document()._repr_html_()
    file.write_text(f"<!DOCTYPE html><html lang='en'><title>x</title><h1 id='own'>own</h1>{short}", "utf-8")
    shown = Shown(browser, file)
    assert shown.complaints == []
    assert shown.page.locator(".gmmscape-compact svg.chart").is_visible()
    style = "getComputedStyle(document.getElementById('own')).fontFamily"
    assert "system-ui" not in shown.page.evaluate(style)
    shown.context.close()
