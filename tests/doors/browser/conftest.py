"""The browser that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from doors.browser.chromium import CHROMIUM, launch, playwright

    if CHROMIUM is None:
        pytest.skip("no Chromium on the path")
    with playwright.sync_playwright() as running:
        started = launch(running)
        yield started
        started.close()
