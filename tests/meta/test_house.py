"""The index in docs/house and its picture are those of the code; the picture is drawn as it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / "tools").is_dir():
    pytest.skip("the tools are in the repository only", allow_module_level=True)
sys.path.insert(0, str(ROOT / "tools"))

import house  # noqa: E402
import house_picture  # noqa: E402


def test_the_pages_and_the_picture_are_up_to_date():
    written = house.written()
    stale = [
        path.name
        for path, text in written.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run: python tools/house.py"
    assert set(house.INDEX.iterdir()) <= set(written)


def test_the_command_says_whether_they_are():
    command = [sys.executable, str(ROOT / "tools" / "house.py"), "--check"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_every_file_is_in_the_index_with_what_is_in_it():
    pages = [house.page(wing, house.module_files()) for wing in house.WINGS]
    rows = [line for page in pages for line in page.splitlines() if line.startswith("| `")]
    files = [file for file in house.module_files().values() if file.name != "__init__.py"]
    assert len(rows) == len(files) + len(list(house.NATIVE.rglob("*.?pp")))
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_wing_has_files_and_a_new_folder_has_a_place():
    assert [wing for wing in house.WINGS if house.page(wing, house.module_files()).count("| `") < 5] == []
    assert house.wing_of("folder that is new") == "shared"


def test_imports_are_those_that_run_when_modules_are_loaded():
    imports = house.imports(house.module_files())
    assert imports["objective"]["measure"] >= 1
    assert "landscape" in imports["lab"]
    assert "cli" not in {other for others in imports.values() for other in others}


GRAPH = {"top": {"left": 1, "base": 2}, "left": {"base": 3}, "base": {}}


def test_arrows_that_follow_from_others_are_left_out():
    graph, against = house_picture.without_circles(GRAPH)
    assert against == []
    assert house_picture.reduced(graph) == {"top": {"left"}, "left": {"base"}, "base": set()}
    assert house_picture.levels(graph) == {"top": 2, "left": 1, "base": 0}


def test_a_circle_is_drawn_in_red_at_its_weakest_arrow():
    _, against = house_picture.without_circles({**GRAPH, "base": {"top": 1}})
    assert against == [("base", "top")] or against == [("top", "left")]
    picture = house_picture.drawn(dict.fromkeys(GRAPH, 3), {**GRAPH, "base": {"top": 1}})
    assert picture.count('class="against"') == 1
    assert 'class="against"' not in house_picture.drawn(dict.fromkeys(GRAPH, 3), GRAPH)


def test_the_picture_names_every_room():
    picture = house.PICTURE.read_text(encoding="utf-8")
    texts = [
        element.text or ""
        for element in ElementTree.fromstring(picture).iter()
        if element.tag.endswith("text")
    ]
    names = " ".join(texts).replace(",", " ").split()
    assert set(house.rooms(house.module_files())) <= set(names)
