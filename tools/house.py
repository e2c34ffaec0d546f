"""Write what docs/house says of the code: the index of its files, and the picture of its imports.

``python tools/house.py`` rewrites both; with ``--check`` it only says whether they are up to date. The index
is made of the first lines of module docstrings (of C++ files: the first comment), the picture of the imports
that run when modules are loaded. Nothing is imported: files are parsed.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from house_picture import drawn  # beside this file

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "gmmscape"
NATIVE = ROOT / "src" / "native"
PICTURE = ROOT / "docs" / "house.svg"
INDEX = ROOT / "docs" / "house"
#: The pages of the index by the end of their file's name: title, and the folders at the top that they have.
#: A folder that none of them names, and the files at the top, come with those that both wings share.
WINGS = {
    "core": ("The core", ("covariances", "engine", "families", "measure", "mixture", "solve")),
    "practitioner": (
        "The practitioner's wing",
        ("diagnosis", "estimator", "inference", "moves", "optima", "selection"),
    ),
    "researcher": ("The researcher's wing", ("landscape",)),
    "proofs": ("Proofs", ("proof", "verifier")),
    "doors": ("The doors", ("cli", "report", "tables")),
    "shared": ("Shared by both wings", ()),
    "native": ("Native code", ("native",)),
}


def main() -> int:
    """Write the pages and the picture, or compare them with what they should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if something is out of date"
    )
    check = parser.parse_args().check
    stale = [
        path for path, text in written().items() if not path.is_file() or path.read_text("utf-8") != text
    ]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run python tools/house.py", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(written()[path], encoding="utf-8")
    return int(check and bool(stale))


def written() -> dict[Path, str]:
    """Return what the pages of the index and the picture should be."""
    modules = module_files()
    sizes = {room: len(files) for room, files in rooms(modules).items()}
    return {
        **{INDEX / f"files_{wing}.md": page(wing, modules) for wing in WINGS},
        PICTURE: drawn(sizes, imports(modules)),
    }


def page(wing: str, modules: dict[str, Path]) -> str:
    """Return one page of the index."""
    about = "Written by `make docs` from the first lines of docstrings and, in C++, of comments."
    sections = native_index() if wing == "native" else index(modules, wing)
    return "\n".join([f"# Files: {WINGS[wing][0]}", "", about, *sections]) + "\n"


def module_files() -> dict[str, Path]:
    """Return the files of the package by the dotted name of the module, without the leading gmmscape."""
    return {
        ".".join(file.relative_to(PACKAGE).with_suffix("").parts): file
        for file in sorted(PACKAGE.rglob("*.py"))
        if file.name != "__main__.py"
    }


def rooms(modules: dict[str, Path]) -> dict[str, list[str]]:
    """Return modules by the package or file at the top that they are in; the package itself left out."""
    found: dict[str, list[str]] = {}
    for name in modules:
        if name != "__init__":
            found.setdefault(name.partition(".")[0], []).append(name)
    return found


def imports(modules: dict[str, Path]) -> dict[str, dict[str, int]]:
    """Return by room the rooms that it imports when its modules are loaded, and how many times."""
    names = rooms(modules)
    found: dict[str, dict[str, int]] = {room: {} for room in names}
    for room, files in names.items():
        for name in files:
            for target in imported(ast.parse(modules[name].read_text(encoding="utf-8")).body):
                other = target.removeprefix("gmmscape.").partition(".")[0]
                if other in names and other != room:
                    found[room][other] = found[room].get(other, 0) + 1
    return found


def imported(body: list[ast.stmt]) -> Iterator[str]:
    """Dotted names that statements import from the package, those inside functions and for types left out."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gmmscape"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("gmmscape."))
        elif isinstance(node, ast.Try):
            yield from imported(node.body)


def wing_of(room: str) -> str:
    """Return the page of the index that a folder at the top comes on."""
    return next((wing for wing, (_, held) in WINGS.items() if room in held), "shared")


def index(modules: dict[str, Path], wing: str) -> list[str]:
    """Return tables of the files of a wing, a heading for each folder."""
    parts = []
    if wing == "shared":
        alone = [name for name in modules if "." not in name and modules[name].name != "__init__.py"]
        parts = ["\n## Files at the top\n", *table([(name, summary(modules[name])) for name in alone])]
    for folder in sorted({file.parent for file in modules.values()} - {PACKAGE}):
        below = folder.relative_to(PACKAGE).parts
        if wing_of(below[0]) != wing:
            continue
        files = [
            (file.stem, summary(file)) for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"
        ]
        parts += [f"\n## {'.'.join(below)}\n", f"{summary(folder / '__init__.py')}\n", *table(files)]
    return parts


def native_index() -> list[str]:
    """Return tables of the files in C++, a heading for each folder."""
    parts = []
    for folder in sorted({file.parent for file in NATIVE.rglob("*.?pp")}):
        name = "/".join(("native", *folder.relative_to(NATIVE).parts))
        files = [(file.name, comment(file)) for file in sorted(folder.glob("*.?pp"))]
        parts += [f"\n## {name}\n", *table(files)]
    return parts


def table(rows: list[tuple[str, str]]) -> list[str]:
    """Return a Markdown table of names and what they are."""
    lines = [f"| `{name}` | {text.replace('|', chr(92) + '|')} |" for name, text in rows]
    return ["| file | what is in it |", "|---|---|", *lines] if lines else []


def summary(file: Path) -> str:
    """Return the first paragraph of a module's docstring, in one line."""
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.partition("\n\n")[0].split())


def comment(file: Path) -> str:
    """Return the first comment of a C++ file up to its full stop; of a file without, what it is."""
    lines = file.read_text(encoding="utf-8").splitlines()
    first = [line.removeprefix("//").strip() for line in lines[: _length(lines)]]
    text = " ".join(first).partition(". ")[0]
    return (
        text.rstrip(".") + "." if text else f"The kernels for {file.stem.removeprefix('isa_')} instructions."
    )


def _length(lines: list[str]) -> int:
    """Return how many lines at the top are one comment."""
    return next((n for n, line in enumerate(lines) if not line.startswith("//")), len(lines))


if __name__ == "__main__":
    sys.exit(main())
