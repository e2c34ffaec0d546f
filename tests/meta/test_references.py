"""What code, tests and pages refer to is there: each page, each anchor, each file."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if not ((ROOT / "docs").is_dir() and (ROOT / "tools").is_dir()):
    pytest.skip("pages and tools are in the repository only", allow_module_level=True)
sys.path.insert(0, str(ROOT / "tools"))

from pages import commands, reference  # noqa: E402

#: How code and tests name a page, and an anchor on it.
NAMED = re.compile(r"\bdocs/[\w/]+\.(?:md|svg|png)(?:#[\w-]+)?")
LINK = re.compile(r"\]\(([^)\s]+)\)")
#: How code named the sections of a page that is no more.
OLD = re.compile(r"\bDESIGN \d|\bdesign\.md\b")


def texts(*patterns: str) -> dict[Path, str]:
    """Return the texts of files by place."""
    files = (file for pattern in patterns for file in sorted(ROOT.glob(pattern)) if file.is_file())
    return {file: file.read_text(encoding="utf-8") for file in files}


#: Pages that the build of the site makes.
MADE = {
    *(ROOT / "docs" / "reference" / "api" / place for place, _ in reference.pages()),
    *(ROOT / "docs" / "reference" / "commands" / place for place, _ in commands.pages()),
}
PAGES = texts("*.md", "docs/**/*.md")
CODE = texts("src/**/*.py", "src/**/*.?pp", "tests/**/*.py", "benchmarks/**/*.py", "tools/*.py", ".ci/*")
CODE = {file: text for file, text in CODE.items() if file != Path(__file__).resolve()}


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page: explicit ones, and those that headings get."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    explicit = re.findall(r'<a id="([\w-]+)"></a>', text)
    return frozenset(explicit) | {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def missing(base: Path, reference: str) -> str | None:
    """Return what is wrong with a reference relative to a folder or, beginning with #, to a page; or None."""
    name, _, anchor = reference.partition("#")
    page = base if not name else (base if base.is_dir() else base.parent) / name
    if page.resolve() in MADE and not anchor:
        return None
    if not page.exists():
        return f"{reference}: no such file"
    if anchor and anchor not in anchors(page.resolve()):
        return f"{reference}: no such anchor"
    return None


def test_references_in_code_lead_somewhere():
    named = [(file, found) for file, text in CODE.items() for found in NAMED.findall(text)]
    assert len(named) > 20
    assert [f"{file}: {why}" for file, found in named if (why := missing(ROOT, found))] == []


def test_links_in_pages_lead_somewhere():
    links = [(page, link) for page, text in PAGES.items() for link in LINK.findall(text) if "://" not in link]
    assert len(links) > 50
    assert [f"{page}: {why}" for page, link in links if (why := missing(page, link))] == []


def test_nothing_refers_to_sections_by_number():
    assert [f"{file}: {old}" for file, text in (CODE | PAGES).items() for old in OLD.findall(text)] == []


def test_lines_of_pages_are_short():
    code = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    long = [
        f"{page.name}: {line}"
        for page, text in PAGES.items()
        if page.name == "README.md" or page.parent != ROOT
        for line in code.sub("", text).splitlines()
        if len(line) > 120 and not line.startswith(("|", "    "))
    ]
    assert long == []


@pytest.mark.parametrize(
    ("reference", "good"),
    [
        ("docs/laws.md#law-9", True),
        ("docs/derivations/where_structure_begins.md", True),
        ("docs/laws.md#law-99", False),
        ("docs/nowhere.md", False),
        ("docs/reference/commands/fit.md", True),
        ("docs/reference/commands/nothing.md", False),
    ],
)
def test_the_check_tells_good_from_bad(reference: str, good: bool):
    assert (missing(ROOT, reference) is None) == good
    assert OLD.search("see DESIGN" + " 2.2")
