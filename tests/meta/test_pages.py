"""The pages of docs/: their length, their examples, and that nothing is missing among them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
if not (DOCS.is_dir() and (ROOT / "tools").is_dir()):
    pytest.skip("pages and tools are in the repository only", allow_module_level=True)
sys.path.insert(0, str(ROOT / "tools"))

from pages.examples import LANGUAGES, Session, blocks_of, examples_of  # noqa: E402
from pages.pictures import PLACE  # noqa: E402

from gmmscape import plot  # noqa: E402

PAGES = {file: file.read_text(encoding="utf-8") for file in sorted(DOCS.rglob("*.md"))}
#: Pages whose pictures are made when the site is built, which runs and compares their examples.
DRAWN = [page for page, text in PAGES.items() if PLACE.search(text)]
#: Dear pages for researchers, left to the nightly run.
SLOW = (
    "derivations/where_structure_begins.md",
    "laboratory.md",
    "methods/fits/families.md",
    "methods/landscapes/birth.md",
    "pictures.md",
    "proofs.md",
    "separation.md",
)
MOST_WORDS = 2500


def name(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def words(text: str) -> int:
    """Return the number of words of a page; rules and bars of tables are none."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def cases() -> list:
    with_examples = [page for page, text in PAGES.items() if page not in DRAWN and examples_of(text)]
    return [
        pytest.param(page, marks=(pytest.mark.slow,) if name(page) in SLOW else (), id=name(page))
        for page in with_examples
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_is_long(page: Path):
    assert words(PAGES[page]) <= MOST_WORDS


def test_counting_sees_what_it_counts():
    assert words("| one | 2.5 |\n|---|---|\n*three* - four") == 4


@pytest.mark.parametrize("page", cases())
def test_examples_print_what_the_page_shows(page: Path, tmp_path: Path):
    session = Session.of(page, tmp_path)
    for example in examples_of(PAGES[page]):
        session.check(example)


def test_there_are_pages_with_examples_and_with_pictures():
    assert len(cases()) > 10
    assert {"tutorial.md", "gallery/fits/repair.md"} <= set(map(name, DRAWN))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page: Path):
    blocks = blocks_of(PAGES[page])
    unknown = [(one.line, one.language) for one in blocks if one.language.partition("}")[0] + "}" not in MYST]
    assert [one for one in unknown if one[1] not in LANGUAGES] == []


#: Directives that pages use as blocks.
MYST = {"{toctree}"}


@pytest.mark.parametrize("page", DRAWN, ids=name)
def test_pictures_are_saved_under_the_names_that_the_page_gives(page: Path):
    saved = set(re.findall(r'savefig\("([^"]+)"\)', PAGES[page]))
    assert {found[1] for found in PLACE.finditer(PAGES[page])} == saved


def test_every_display_has_a_page_in_the_gallery():
    gallery = {page: text for page, text in PAGES.items() if page.parent.parent == DOCS / "gallery"}
    displays = {one for one in plot.__all__ if one.endswith("Display")}
    shown = {found for text in gallery.values() for found in re.findall(r"gmmscape\.plot\.(\w+)", text)}
    assert displays <= shown
    for page, text in gallery.items():
        sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert sections[:3] == ["What it shows", "How to read it", "What to do"], page
        assert PLACE.search(text), page


def test_the_gallery_lists_its_pages():
    index = PAGES[DOCS / "gallery" / "index.md"]
    listed = set(re.findall(r"^:link: (\S+)$", index, re.MULTILINE))
    pages = (page.relative_to(DOCS / "gallery") for page in PAGES if page.parent.parent == DOCS / "gallery")
    assert listed == {page.with_suffix("").as_posix() for page in pages}
