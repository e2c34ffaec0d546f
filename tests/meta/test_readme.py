"""The README and the pages with examples do what they say: these run and print what is shown.

- A ```python block runs; if an ```output or ```text block follows it directly, that is what it
  prints. Blocks share one namespace, from the top of the file down.
- A ```console block holds lines `$ gmmscape ...`, each followed by what it prints.

All of one page run in one scratch folder that has a copy of `examples/`, in the order of the page.
Trailing white space does not count; wall-clock times are compared as "some time", and numbers of
iterations, which the machine's rounding decides, as "some iterations".
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = (
    README,
    *(ROOT / "docs" / f"{page}.md" for page in ("laboratory", "pictures", "report", "separation")),
)
BIN = Path(sys.executable).parent
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
    """Something the README runs, with what it says is printed (None: it does not say)."""

    kind: str
    source: str
    expected: str | None
    line: int


def examples_of(text: str) -> list[Example]:
    """Return the examples of a Markdown text, in order."""
    blocks = blocks_of(text)
    examples = []
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
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
    names: dict = field(default_factory=lambda: {"__name__": "__main__"})

    def run(self, example: Example) -> str:
        return self.run_python(example) if example.kind == "python" else self.run_command(example)

    def run_python(self, example: Example) -> str:
        # Leading newlines make the line numbers of a traceback those of the README.
        code = compile("\n" * example.line + example.source, str(README), "exec")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
            exec(code, self.names)
        return printed.getvalue()

    def run_command(self, example: Example) -> str:
        assert example.source.startswith("gmmscape "), f"line {example.line}: not a gmmscape command"
        environment = os.environ | {
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "PYTHONWARNINGS": "error",
        }
        result = subprocess.run(
            example.source,
            shell=True,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert result.returncode == 0, f"exit status {result.returncode}\n{result.stdout}{result.stderr}"
        return result.stdout


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Session]:
    found = {}
    for page in PAGES:
        folder = tmp_path_factory.mktemp(page.stem)
        if (ROOT / "examples").is_dir():
            shutil.copytree(ROOT / "examples", folder / "examples")
        found[page] = Session(folder)
    return found


def load_readme_command() -> types.ModuleType:
    """Import the script that continuous integration takes the README's commands from."""
    spec = importlib.util.spec_from_file_location("readme_command", ROOT / ".ci" / "readme_command.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXAMPLES = [(page, example) for page in PAGES for example in examples_of(page.read_text(encoding="utf-8"))]


def case(page: Path, example: Example) -> object:
    """Return the example as a case of a test; the pages beside the README are slow."""
    marks = () if page == README else (pytest.mark.slow,)
    return pytest.param(page, example, id=f"{page.stem}-{example.kind}-line-{example.line}", marks=marks)


@pytest.mark.parametrize(("page", "example"), [case(*both) for both in EXAMPLES])
def test_example_prints_what_the_page_shows(page: Path, example: Example, sessions: dict[Path, Session]):
    printed = sessions[page].run(example)
    if example.expected is not None:
        assert_same_text(normalised(printed), normalised(example.expected))


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("x 0.042274 nats", "x 0.042275 nats", True),
        ("x 0.042274 nats", "x 0.042279 nats", False),
        ("x 2.1e-03", "x 2.2e-03", True),
        ("x 2.1e-03", "x 2.1e-02", False),
        ("3 moves", "4 moves", False),
        ("x 0.1", "y 0.1", False),
        ("-0.5", "0.5", False),
    ],
)
def test_texts_are_compared_with_their_numbers(printed: str, shown: str, same: bool):
    with contextlib.nullcontext() if same else pytest.raises(AssertionError):
        assert_same_text(printed, shown)


def test_the_readme_has_examples_of_both_kinds():
    examples = [example for page, example in EXAMPLES if page == README]
    assert {example.kind for example in examples} == {"python", "console"}
    assert any(example.kind == "python" and example.expected for example in examples)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_says_its_language(page: Path):
    known = {"bash", "console", "output", "python", "text"}
    blocks = blocks_of(page.read_text(encoding="utf-8"))
    assert [(block.line, block.language) for block in blocks if block.language not in known] == []


def test_the_console_script_is_installed_beside_python():
    assert (BIN / "gmmscape").is_file()


@pytest.mark.parametrize("name", ["test", "run"])
def test_the_commands_for_ci_can_be_read(name: str):
    assert load_readme_command().command(README.read_text(encoding="utf-8"), name).strip()


SAMPLE = """\
```python
x = 2
print(x, "took 0.31 s ")
```

```output
2 took 12 s
```

```python
print(x + 1)
```
Words end the pair.
```text
4
```

```console
$ gmmscape one \\
    two
first
$ gmmscape three
```
"""


def test_examples_are_read_as_described(tmp_path: Path):
    first, second, third, fourth = examples_of(SAMPLE)
    session = Session(tmp_path)
    assert first.expected is not None
    assert normalised(session.run(first)) == normalised(first.expected)
    assert (second.expected, session.run(second)) == (None, "3\n")
    assert (third.source, third.expected, third.line) == ("gmmscape one \\\n    two\n", "first", 19)
    assert (fourth.source, fourth.expected) == ("gmmscape three\n", "")


def test_a_wrong_output_is_noticed(tmp_path: Path):
    example = examples_of("```python\nprint(1.5)\n```\n```output\n1.6\n```\n")[0]
    assert example.expected is not None
    assert normalised(Session(tmp_path).run(example)) != normalised(example.expected)
