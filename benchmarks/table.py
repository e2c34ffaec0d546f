"""The page of results, from the JSON files in `results`: one section a benchmark, one table on top."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from benchmarks.catalogue import FOLDERS, benchmark, folder_of
from benchmarks.machine import ROOT
from benchmarks.page import Page, Shown
from gmmscape.jsonfile import read_json

RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
HEADINGS = {
    "computing": "What an iteration, a fit and an integral cost",
    "fitting": "Which optima fits end in",
    "judging": "Whether verdicts are right",
    "landscapes": "The laboratory against laws and against itself",
}
ABOUT = """\
# Benchmarks

This page is written by `python -m benchmarks table` from the files in `benchmarks/results`. Each section
names the command that measures it anew: `python -m benchmarks NAME --out
benchmarks/results/FOLDER/NAME.json` can be stopped and resumed; `--only REGEX` runs some of its cases;
without NAME the command lists all.

Under each table stands what it was measured on. Figures marked as *stated* stood on this page before
results were kept: neither their commit nor their machine was recorded. That page named two cores of an AMD
EPYC processor of the Zen 4 generation, whose AVX-512 instructions run at half width: 117 GFLOP/s of
multiply-adds, 5.1e9 exponentials/s and 64 GB/s of reads for both cores together. A new run takes their
place.
"""


def page() -> str:
    """Return the whole page."""
    claims = ["| claim | number | where we lose |", "|---|---|---|"]
    sections = []
    for folder, names in FOLDERS.items():
        sections.append(f"## {HEADINGS[folder]}\n")
        for name in names:
            words, kept = benchmark(name).page, results(name)
            claims.append(claim(name, words, kept[0] if kept else None))
            sections.append(section(name, words, kept))
    top = ["## Claims, numbers, and where we lose\n", "\n".join(claims) + "\n"]
    return "\n".join([ABOUT, *top, *sections])


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
    """Return one row of the table on top."""
    if result is None:
        return f"| [{words.claim}](#{name}) | no result is kept yet | - |"
    figures = shown(words, result).figures
    number, loses = (" ".join(text.format(**figures).split()) for text in (words.number, words.loses))
    stated = " (stated)" if "stated" in result else ""
    return f"| [{words.claim}](#{name}) | {number}{stated} | {loses} |"


def section(name: str, words: Page, kept: list[dict[str, Any]]) -> str:
    """Return the section of a benchmark with all that is kept of it."""
    parts = [f"### {name}", wrapped(f"*Question.* {words.question}")]
    parts.append(wrapped(f"*Setup.* {words.setup}"))
    for result in kept:
        view = shown(words, result)
        lines = ["| " + " | ".join(map(str, row)) + " |" for row in (view.columns, *view.rows)]
        lines.insert(1, "|" + "---|" * len(view.columns))
        parts.append("\n".join(lines))
        if result is kept[0]:
            parts.append(wrapped(words.sentence.format(**view.figures)))
        parts += [wrapped(note) for note in result.get("notes", ())]
        parts.append(wrapped(provenance(result)))
    if not kept:
        parts.append("No result is kept yet.")
    parts.append(f"`python -m benchmarks {name} --out benchmarks/results/{folder_of(name)}/{name}.json`")
    return "\n\n".join(parts) + "\n"


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
