"""Examples of a page: what it runs, what it says is printed, and a session that runs them in order.

- A ```python block runs; if an ```output or ```text block follows it directly, that is what it
  prints. Blocks share one namespace, from the top of the file down.
- A ```console block holds lines `$ gmmscape ...`, each followed by what it prints.

All of one page run in one scratch folder that has a copy of `examples/`, in the order of the page.
Trailing white space does not count; wall-clock times are compared as "some time", and numbers of
iterations, which the machine's rounding decides, as "some iterations".
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
#: What a fenced block may be.
LANGUAGES = frozenset({"bash", "console", "output", "python", "text"})
#: What only a shell understands.
SHELL = re.compile(r"[|<>&;$*?`~]")
ITERATIONS = re.compile(r"\b\d+ iterations\b")
TIME = re.compile(r"\b\d+(\.\d+)?(e[+-]?\d+)?\s?(ns|µs|us|ms|s|sec|seconds?|min|minutes?)\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text and the line it starts on."""

    language: str
    text: str
    line: int
    follows: bool = False  # nothing but blank lines between this block and the one before


def blocks_of(text: str) -> list[Block]:
    """Return the fenced blocks of a Markdown text, in order."""
    found: list[Block] = []
    language, body, start, gap = None, [], 0, True
    for number, line in enumerate(text.splitlines(), 1):
        if language is None and line.startswith("```"):
            language, body, start = line[3:].strip(), [], number
        elif language is not None and line.rstrip() == "```":
            found.append(Block(language, "\n".join(body) + "\n", start, follows=bool(found) and not gap))
            language, gap = None, False
        elif language is not None:
            body.append(line)
        elif line.strip():
            gap = True
    assert language is None, f"the block at line {start} is not closed"
    return found


@dataclass(frozen=True)
class Example:
    """Something a page runs, with what it says is printed (None: it does not say)."""

    kind: str
    source: str
    expected: str | None
    line: int


def examples_of(text: str) -> list[Example]:
    """Return the examples of a Markdown text, in order."""
    blocks = blocks_of(text)
    examples = []
    for block, after in itertools.pairwise([*blocks, None]):
        if block.language == "python":
            expected = None
            if after is not None and after.follows and after.language in ("output", "text"):
                expected = after.text
            examples.append(Example("python", block.text, expected, block.line))
        elif block.language == "console":
            examples += commands_of(block)
    return examples


def commands_of(block: Block) -> list[Example]:
    """Return the commands of a console block, each with the lines below it."""
    examples: list[Example] = []
    command, line, output = "", 0, []
    for number, text in enumerate([*block.text.splitlines(), "$ "], block.line + 1):
        if command.endswith("\\\n"):
            command += text + "\n"
        elif text.startswith("$ "):
            if command:
                examples.append(Example("console", command, "\n".join(output), line))
            command, line, output = text[2:] + "\n", number, []
        else:
            assert command, f"line {number}: a console block starts with '$ '"
            output.append(text)
    return examples


def normalised(text: str) -> str:
    """Return `text` without trailing white space, with times and counts of iterations replaced."""
    lines = (
        TIME.sub("<time>", ITERATIONS.sub("<n> iterations", line)).rstrip() for line in text.splitlines()
    )
    return "\n".join(lines).strip("\n")


NUMBER = re.compile(r"[-+]?\d+\.\d+(?:e[-+]\d+)?")


def assert_same_text(printed: str, shown: str) -> None:
    """Assert that two texts agree, numbers with a point to two units of their last digit.

    EM stops within its tolerance, and instruction sets round differently: the last digit shown is theirs.
    """
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", shown), f"{printed}\n\nshown:\n{shown}"
    for ours, theirs in zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True):
        digits, _, exponent = theirs.partition("e")
        unit = 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))
        assert abs(float(ours) - float(theirs)) <= 2 * unit, f"{ours} where {theirs} is shown"


@dataclass
class Session:
    """Runs examples one after the other, as a reader would."""

    folder: Path
    page: Path = Path("page")
    names: dict = field(default_factory=lambda: {"__name__": "__main__"})
    processes: bool = False  # whether each command is a process of its own, even if it needs no shell

    @classmethod
    def of(cls, page: Path, folder: Path, *, processes: bool = False) -> Session:
        """Return a session in a folder that has a copy of `examples/`."""
        if (ROOT / "examples").is_dir():
            shutil.copytree(ROOT / "examples", folder / "examples")
        return cls(folder, page, processes=processes)

    def check(self, example: Example) -> None:
        """Run an example and assert that it prints what the page shows."""
        printed = self.run(example)
        if example.expected is not None:
            assert_same_text(normalised(printed), normalised(example.expected))

    def run(self, example: Example) -> str:
        """Return what an example prints."""
        return self.run_python(example) if example.kind == "python" else self.run_command(example)

    def run_python(self, example: Example) -> str:
        """Return what a block of Python prints."""
        # Leading newlines make the line numbers of a traceback those of the page.
        code = compile("\n" * example.line + example.source, str(self.page), "exec")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
            exec(code, self.names)
        return printed.getvalue()

    def run_command(self, example: Example) -> str:
        """Return what a command prints on standard output; it must succeed."""
        assert example.source.startswith("gmmscape "), f"line {example.line}: not a gmmscape command"
        environment = {"COLUMNS": "110", "NO_COLOR": "1"}
        if self.processes or SHELL.search(example.source.replace("\\\n", " ")):
            status, output, messages = self._process(example.source, environment)
        else:
            status, output, messages = self._inside(shlex.split(example.source), environment)
        assert status == 0, f"exit status {status}\n{output}{messages}"
        return output

    def _process(self, line: str, environment: dict[str, str]) -> tuple[int, str, str]:
        path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
        result = subprocess.run(
            line,
            shell=True,
            cwd=self.folder,
            env=os.environ | environment | {"PATH": path, "PYTHONWARNINGS": "error"},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return result.returncode, result.stdout, result.stderr

    def _inside(self, words: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
        """Run a command in this process, which spares seconds of imports."""
        from gmmscape.cli import main

        output, messages, status = io.StringIO(), io.StringIO(), 0
        with contextlib.ExitStack() as changed:
            changed.enter_context(mock.patch.dict(os.environ, environment))
            changed.enter_context(mock.patch.object(sys, "argv", words))
            changed.enter_context(mock.patch.object(sys, "stdin", io.StringIO()))
            changed.enter_context(contextlib.chdir(self.folder))
            changed.enter_context(contextlib.redirect_stdout(output))
            changed.enter_context(contextlib.redirect_stderr(messages))
            changed.enter_context(warnings.catch_warnings())
            warnings.simplefilter("error")
            try:
                main()
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
        return status, output.getvalue(), messages.getvalue()
