"""The README does what it says: its examples run and print what is shown; how examples are read."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
if not (ROOT / "tools").is_dir():
    pytest.skip("the tools are in the repository only", allow_module_level=True)
sys.path.insert(0, str(ROOT / "tools"))

from pages.examples import (  # noqa: E402
    BIN,
    LANGUAGES,
    Example,
    Session,
    assert_same_text,
    blocks_of,
    examples_of,
    normalised,
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return Session.of(README, tmp_path_factory.mktemp("readme"), processes=True)


def load_readme_command() -> types.ModuleType:
    """Import the script that continuous integration takes the README's commands from."""
    spec = importlib.util.spec_from_file_location("readme_command", ROOT / ".ci" / "readme_command.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXAMPLES = examples_of(README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.kind}-line-{one.line}")
def test_example_prints_what_the_readme_shows(example: Example, session: Session):
    session.check(example)


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
    assert {example.kind for example in EXAMPLES} == {"python", "console"}
    assert any(example.kind == "python" and example.expected for example in EXAMPLES)


def test_every_block_says_its_language():
    blocks = blocks_of(README.read_text(encoding="utf-8"))
    assert [(block.line, block.language) for block in blocks if block.language not in LANGUAGES] == []


def test_the_console_script_is_installed_beside_python():
    assert (BIN / "gmmscape").is_file()


def test_it_is_a_front_page():
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert text.count("![") >= 3


def test_its_figures_are_those_of_the_kept_results():
    """`python -m benchmarks table` writes the page of benchmarks from them."""
    measured = re.search(r"## Measured\n(.*?)\n## ", README.read_text(encoding="utf-8"), re.S)
    rows = re.findall(r"^\| \[(.+?)\]\(docs/(.+?)\) \| (.+) \|$", measured[1], re.M)
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert len(rows) >= 5
    assert [row for row in rows if "[{}]({}) | {} |".format(*row) not in page] == []


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


@pytest.mark.parametrize("processes", [False, True])
def test_a_command_that_fails_is_noticed_wherever_it_runs(processes: bool, tmp_path: Path):
    (example,) = examples_of("```console\n$ gmmscape fit missing.csv -k 2\n```\n")
    with pytest.raises(AssertionError, match=r"exit status 3\n(.|\n)*missing\.csv"):
        Session(tmp_path, processes=processes).run(example)


def test_what_needs_a_shell_has_one(tmp_path: Path):
    (example,) = examples_of("```console\n$ gmmscape --version > version.txt\n```\n")
    assert Session(tmp_path).run(example) == ""
    assert "gmmscape" in (tmp_path / "version.txt").read_text(encoding="utf-8")


def test_a_wrong_output_is_noticed(tmp_path: Path):
    example = examples_of("```python\nprint(1.5)\n```\n```output\n1.6\n```\n")[0]
    assert example.expected is not None
    assert normalised(Session(tmp_path).run(example)) != normalised(example.expected)
