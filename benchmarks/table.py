"""The pages of results, from the JSON files in `results`: one a benchmark, and one with every claim."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.catalogue import FOLDERS, NAMES, benchmark, folder_of
from benchmarks.machine import ROOT
from benchmarks.page import Page, Shown
from gmmscape.jsonfile import read_json

RESULTS = Path(__file__).parent / "results"
DOCS = ROOT / "docs"
PAGE = DOCS / "benchmarks.md"
HEADINGS = {
    "computing": "What an iteration, a fit and an integral cost",
    "fitting": "Which optima fits end in",
    "hardening": "What hostile files and surroundings do",
    "judging": "Whether verdicts are right",
    "landscapes": "The laboratory against laws and against itself",
    "proving": "What is proved",
    "scaling": "How far it goes",
}
ABOUT = """\
# Benchmarks

What is claimed, what was measured, and where we lose. A claim leads to its page: the question, how it was
measured, the figures, and the machine.

These pages are written by `python -m benchmarks table` from the files in `benchmarks/results`. Each names
the command that measures it anew: `python -m benchmarks NAME --out benchmarks/results/FOLDER/NAME.json`
can be stopped and resumed; `--only REGEX` runs some of its cases; without NAME the command lists all.

Figures marked as *stated* stood on this page before results were kept: neither their commit nor their
machine was recorded. That page named two cores of an AMD EPYC processor of the Zen 4 generation, whose
AVX-512 instructions run at half width: 117 GFLOP/s of multiply-adds, 5.1e9 exponentials/s and 64 GB/s of
reads for both cores together. A new run takes their place.
"""


def write(docs: Path = DOCS) -> None:
    """Write every page below a folder, and remove those of benchmarks that are no more."""
    wanted = pages()
    for old in (docs / "benchmarks").rglob("*.md"):
        if old.relative_to(docs).as_posix() not in wanted:
            old.unlink()
    for place, text in wanted.items():
        file = docs / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Return the text of every page by its place below `docs`."""
    return {PAGE.name: claims()} | {
        f"benchmarks/{place_of(name)}": section(name, benchmark(name).page, results(name)) for name in NAMES
    }


def place_of(name: str) -> str:
    """Return the place of a benchmark's page below the folder of these pages."""
    return f"{folder_of(name)}/{name}.md"


def claims() -> str:
    """Return the page with every claim, a table for each folder of benchmarks."""
    parts = [ABOUT]
    for folder, names in FOLDERS.items():
        rows = [claim(name, benchmark(name).page, next(iter(results(name)), None)) for name in names]
        head = ["| claim | number | where we lose |", "|---|---|---|"]
        tree = ["", "```{toctree}", ":hidden:", f":caption: {HEADINGS[folder]}", ""]
        tree += [*(f"benchmarks/{folder}/{name}" for name in names), "```"]
        parts.append("\n".join([f"## {HEADINGS[folder]}\n", *head, *rows, *tree]) + "\n")
    return "\n".join(parts)


def results(name: str) -> list[dict[str, Any]]:
    """Return what is kept of a benchmark: NAME.json, then the files NAME.*.json with other cases."""
    files = sorted(RESULTS.rglob(f"{name}.*json"), key=lambda file: (len(file.name), file.name))
    found = [read_json(file) for file in files]
    return [one for one in found if "stated" in one or one["summary"] is not None]


def shown(words: Page, result: dict[str, Any]) -> Shown:
    """Return what is shown of a result; stated figures come as they are."""
    if "stated" in result:
        return Shown(result["figures"], result["columns"], result["rows"])
    return words.shown(result["summary"])


def claim(name: str, words: Page, result: dict[str, Any] | None) -> str:
    """Return one row of the table of claims, which can be referred to by the name of the benchmark."""
    link = f'<a id="{name}"></a>[{words.claim}](benchmarks/{place_of(name)})'
    if result is None:
        return f"| {link} | no result is kept yet | - |"
    figures = shown(words, result).figures
    number, loses = (" ".join(text.format(**figures).split()) for text in (words.number, words.loses))
    stated = " (stated)" if "stated" in result else ""
    return f"| {link} | {number}{stated} | {loses} |"


def section(name: str, words: Page, kept: list[dict[str, Any]]) -> str:
    """Return the page of a benchmark with all that is kept of it."""
    parts = [f"# {name}", wrapped(f"*Question.* {words.question}")]
    parts.append(wrapped(f"*Setup.* {words.setup}"))
    for result in kept:
        view = shown(words, result)
        parts.append(lines(view.columns, view.rows))
        if result is kept[0]:
            parts.append(wrapped(words.sentence.format(**view.figures)))
        for table in view.more:
            parts += [f"## {table.title}", lines(table.columns, table.rows)]
        parts += [wrapped(note) for note in result.get("notes", ())]
        parts.append(wrapped(provenance(result)))
    if not kept:
        parts.append("No result is kept yet.")
    parts.append(f"`python -m benchmarks {name} --out benchmarks/results/{folder_of(name)}/{name}.json`")
    return "\n\n".join(parts) + "\n"


def lines(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    text = ["| " + " | ".join(map(str, row)) + " |" for row in (columns, *rows)]
    text.insert(1, "|" + "---|" * len(columns))
    return "\n".join(text)


def provenance(result: dict[str, Any]) -> str:
    """Return when, at which commit and on which machine a result came about, as far as that is known."""
    if "stated" in result:
        return f"*Stated* on {result['stated']}; commit and machine were not recorded."
    facts = result["machine"]
    versions = ", ".join(f"{key} {facts[key]}" for key in ("python", "numpy", "scipy", "scikit-learn"))
    some = f" Cases named `{result['only']}`." if result.get("only") else ""
    small = " The small version." if result["small"] else ""
    at = f"Measured {facts['date']} at commit {facts['commit'] or 'unknown'}"
    return f"*{at}*, {facts['cpu']}, {facts['cpus']} cores, {versions}.{some}{small}"


def wrapped(text: str) -> str:
    """Return a paragraph in lines of at most 118 characters."""
    return textwrap.fill(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False)
