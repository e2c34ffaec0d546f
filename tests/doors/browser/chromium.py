"""Chromium without a window, and what an accessibility checker says of a page that it shows."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra [browser]")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra [browser]")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)


def launch(running: Any) -> Any:
    """Start the browser; its sandbox needs rights that containers do not have."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return running.chromium.launch(executable_path=CHROMIUM, args=arguments)


def violations(page: Any) -> list[dict[str, Any]]:
    """All that the accessibility checker complains of."""
    return axe.Axe().run(page).response["violations"]


def grave(page: Any) -> list[tuple[str, list[str]]]:
    """The serious ones: their rule, and where."""
    found = [one for one in violations(page) if one["impact"] in ("serious", "critical")]
    return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
