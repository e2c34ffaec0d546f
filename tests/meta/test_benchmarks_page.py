"""The pages of benchmarks are what the kept results give; a run fills, resumes and replaces one honestly."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
if not (ROOT / "benchmarks").is_dir():
    pytest.skip("benchmarks are in the repository only", allow_module_level=True)

from benchmarks import harness, table  # noqa: E402
from benchmarks.catalogue import FOLDERS, NAMES, benchmark  # noqa: E402
from benchmarks.harness import Benchmark, Case, run  # noqa: E402
from benchmarks.page import Page, Shown  # noqa: E402

PAGE = Page(
    "Is it?",
    "Added.",
    "{n} of all.",
    "It is",
    "{n}",
    "never",
    lambda s: Shown({"n": s["n"]}, "a", [[s["n"]]]),
)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(table, "RESULTS", tmp_path)
    monkeypatch.setitem(FOLDERS, "computing", ("adding",))
    return tmp_path


def adding(computed: list[int]) -> Benchmark:
    """A benchmark that remembers which of its cases were computed."""

    def case(i: int) -> dict[str, int]:
        computed.append(i)
        return {"value": i}

    def cases(small: bool) -> list[Case]:
        return [Case(f"number {i}", lambda i=i: case(i)) for i in range(2 if small else 4)]

    return Benchmark("adding", cases, lambda done: {"n": sum(row["value"] for row in done.values())}, PAGE)


def test_the_pages_are_those_of_the_kept_results():
    folder = table.DOCS / "benchmarks"
    kept = [table.PAGE, *folder.rglob("*.md")]
    found = {file.relative_to(table.DOCS).as_posix(): file.read_text(encoding="utf-8") for file in kept}
    assert found == table.pages(), "run: python -m benchmarks table"


def test_writing_removes_the_page_of_a_benchmark_that_is_no_more(tmp_path: Path):
    old = tmp_path / "benchmarks" / "computing" / "gone.md"
    old.parent.mkdir(parents=True)
    old.touch()
    table.write(tmp_path)
    assert not old.exists()
    assert len(list((tmp_path / "benchmarks").rglob("*.md"))) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_result_has_all_figures_of_its_sentences(name: str):
    words = benchmark(name).page
    for result in table.results(name)[:1]:
        assert table.section(name, words, [result])
        assert "{" not in table.claim(name, words, result)


def test_results_belong_to_benchmarks():
    files = list(table.RESULTS.rglob("*.json"))
    assert files
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        assert content["benchmark"] == file.name.split(".")[0] in NAMES
        assert not content.get("small"), f"{file.name}: the small version is no result"


def test_a_changed_figure_changes_the_page(kept: Path):
    out = kept / "adding.json"
    content = run("adding", adding([]), out, small=False)
    section = table.section("adding", PAGE, [content])
    assert "6 of all." in section
    assert content["machine"]["date"] in section
    assert content["machine"]["cpu"] in section
    content["summary"]["n"] = 7
    assert "7 of all." in table.section("adding", PAGE, [content])


def test_what_was_stated_says_so_and_is_replaced_by_a_run(kept: Path):
    out = kept / "adding.json"
    stated = {"benchmark": "adding", "stated": "a page", "figures": {"n": 5}, "columns": ["a"], "rows": [[5]]}
    out.write_text(json.dumps(stated), encoding="utf-8")
    (result,) = table.results("adding")
    assert "commit and machine were not recorded" in table.section("adding", PAGE, [result])
    assert "(stated)" in table.claim("adding", PAGE, result)
    run("adding", adding([]), out, small=False)
    (result,) = table.results("adding")
    assert "(stated)" not in table.claim("adding", PAGE, result)
    assert "| 6 |" in table.section("adding", PAGE, [result])


def test_a_run_goes_on_under_a_later_commit_and_names_both(kept: Path, monkeypatch: pytest.MonkeyPatch):
    out, computed = kept / "adding.json", []
    facts = harness.machine()
    monkeypatch.setattr(harness, "machine", lambda: {**facts, "commit": "aaaa", "date": "2026-01-01"})
    content = run("adding", adding(computed), out, small=False)
    del content["cases"]["number 3"]
    out.write_text(json.dumps({**content, "summary": None}), encoding="utf-8")
    assert table.results("adding") == []  # unfinished
    monkeypatch.setattr(harness, "machine", lambda: {**facts, "commit": "bbbb", "date": "2026-01-02"})
    content = run("adding", adding(computed), out, small=False)
    assert computed == [0, 1, 2, 3, 3]
    assert (content["machine"]["commit"], content["machine"]["date"]) == (
        "aaaa, bbbb",
        "2026-01-01, 2026-01-02",
    )
    monkeypatch.setattr(harness, "machine", lambda: {**facts, "numpy": "0"})
    with pytest.raises(SystemExit, match="another run"):
        run("adding", adding(computed), out, small=False)


def test_some_cases_only_are_said_to_be(kept: Path):
    content = run("adding", adding([]), kept / "adding.some.json", small=False, only="number [12]$")
    assert content["summary"] == {"n": 3}
    assert "number [12]$" in table.section("adding", PAGE, [content])
    with pytest.raises(SystemExit, match="no case"):
        run("adding", adding([]), kept / "none.json", small=False, only="nothing")
