"""Build the site of docs/ into build/site/html: ``python tools/build_site.py``; a warning is an error.

The pages are copied to build/site/source, where those made from the code join them: the reference of public
names and commands, and the pictures of the gallery. What is built is then checked: links, anchors, that
every public name is there, and that nothing is loaded from elsewhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from pages import check, commands, pictures, reference  # beside this file

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
SOURCE, HTML = SITE / "source", SITE / "html"
#: Files beside docs/ that the site has as pages, and where.
BESIDE = {
    f"{name}.md": f"project/{name.lower()}.md"
    for name in ("CONTRIBUTING", "CHANGELOG", "RELEASING", "SECURITY")
}


def main() -> int:
    """Prepare, build and check the site; say how long each took."""
    start = time.perf_counter()
    prepare()
    print(f"pages prepared in {time.perf_counter() - start:.0f} s", flush=True)
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    built = subprocess.run([*command, "--doctree-dir", SITE / "trees", SOURCE, HTML], check=False)
    if built.returncode:
        return built.returncode
    problems = check.problems(HTML)
    print("\n".join(problems), file=sys.stderr)
    (SITE / "external_links.txt").write_text("\n".join(check.external_links(HTML)) + "\n", encoding="utf-8")
    print(f"{HTML / 'index.html'}: built in {time.perf_counter() - start:.0f} s, {len(problems)} problems")
    return int(bool(problems))


def prepare() -> None:
    """Write all that Sphinx reads; files that have not changed keep their time, so that it skips them."""
    wanted = {SOURCE / place: content for place, content in content_of_site()}
    for file, content in wanted.items():
        if not file.is_file() or file.read_bytes() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    for file in SOURCE.rglob("*"):
        if file.is_file() and file not in wanted:
            file.unlink()


def content_of_site() -> Iterable[tuple[str, bytes]]:
    """Yield the place of every file below the source of the site, and its content."""
    docs = ROOT / "docs"
    files = [file for file in sorted(docs.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
    yield from ((at(file), file.read_bytes()) for file in files if file.suffix != ".md")
    pages = [file for file in files if file.suffix == ".md"]
    with ProcessPoolExecutor() as pool:
        for file, (text, made) in zip(pages, pool.map(pictures.drawn, pages), strict=True):
            yield at(file), on_site(text, at(file)).encode()
            yield from ((at(file.with_name(name)), picture) for name, picture in made.items())
    for name, place in BESIDE.items():
        yield place, on_site((ROOT / name).read_text(encoding="utf-8"), place).encode()
    for place, text in reference.pages():
        yield f"reference/api/{place}", text.encode()
    for place, text in commands.pages():
        yield f"reference/commands/{place}", text.encode()


def at(file: Path) -> str:
    """Return the place of a file below docs/."""
    return file.relative_to(ROOT / "docs").as_posix()


def on_site(text: str, place: str) -> str:
    """Return a page as the site has it: links to files beside docs/ and to its own anchors lead there."""
    name = place.rpartition("/")[2]
    anchors = set(re.findall(r'<a id="([\w-]+)"></a>', text))

    def link(found: re.Match[str]) -> str:
        target = found[1]
        if target.startswith("#") and target[1:] in anchors:
            return f"]({name}{target})"
        beside = re.sub(r"^(\.\./)+", "", target)
        if beside in BESIDE:
            return f"](/{BESIDE[beside]})"
        if beside.startswith("README.md"):
            return "](/index.md)"
        if place in BESIDE.values() and target.startswith("docs/"):
            return f"](/{target.removeprefix('docs/')})"
        return found[0]

    return re.sub(r"\]\(([^)\s]+)\)", link, text)


if __name__ == "__main__":
    shutil.rmtree(HTML, ignore_errors=True)
    sys.exit(main())
