"""The built site in a browser, from files and without a network: all can read it, on a phone and in the dark.

Skipped where the site is not built (``python tools/build_site.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doors.browser.chromium import grave

HTML = Path(__file__).resolve().parents[3] / "build" / "site" / "html"
if not (HTML / "index.html").is_file():
    pytest.skip("the site is not built", allow_module_level=True)

#: One of each kind of page.
PAGES = [
    "index",
    "tutorial",
    "howto/cannot_tell",
    "gallery/index",
    "gallery/fits/fit",
    "reference/index",
    "reference/commands/index",
    "benchmarks",
    "mathematics",
    "glossary",
    "search",
]


@pytest.fixture(params=["light", "dark"])
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    context = browser.new_context(
        color_scheme=request.param, offline=True, viewport={"width": 1300, "height": 900}
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_an_accessibility_checker_finds_nothing_serious(page: Any, name: str):
    page.goto((HTML / f"{name}.html").as_uri())
    assert grave(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_it_whole(page: Any, name: str):
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto((HTML / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_search_finds_without_a_network(page: Any):
    page.goto((HTML / "search.html").as_uri() + "?q=one-fits-many")
    page.wait_for_selector("#search-results li")
    assert page.locator("#search-results li").count() >= 3
