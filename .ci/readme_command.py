"""Print a command of the README, so that what is tested is what the reader is told to type.

A command is a ```bash block right after the line ``<!-- command: NAME -->``.
Usage: readme_command.py NAME
"""

from __future__ import annotations

import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def command(text: str, name: str) -> str:
    """Return the text of the block that is marked with `name`."""
    lines = [line.rstrip() for line in text.splitlines()]
    marker = f"<!-- command: {name} -->"
    if lines.count(marker) != 1:
        raise LookupError(f"the README has {lines.count(marker)} lines {marker!r}; it needs one")
    block = lines[lines.index(marker) + 1 :]
    if not block or block[0] != "```bash" or "```" not in block:
        raise LookupError(f"no closed ```bash block right after {marker!r}")
    return "\n".join(block[1 : block.index("```")]) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        sys.stdout.write(command(README.read_text(encoding="utf-8"), sys.argv[1]))
    except LookupError as error:
        sys.exit(str(error))
