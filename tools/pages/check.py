"""The check of a built site: links and anchors, that nothing is loaded from elsewhere, and every name."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pages import reference

#: Attributes by which a page loads something, by tag; of `link`, those that browsers fetch.
LOADS = {"img": "src", "script": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}
FETCHED = {"stylesheet", "preload", "icon", "modulepreload", "preconnect", "dns-prefetch", "shortcut icon"}
ELSEWHERE = re.compile(r"(?:https?:)?//")
LOADED_BY_CSS = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")]+)")


class Page(HTMLParser):
    """What a page has: its anchors, its links, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)
        self.loads += LOADED_BY_CSS.findall(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element is for links."""
        values = {name: value for name, value in attrs if value is not None}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        fetched = tag != "link" or values.get("rel") in FETCHED
        if tag in LOADS and LOADS[tag] in values and fetched:
            self.loads.append(values[LOADS[tag]])


@cache
def page(file: Path) -> Page:
    """Return what a built page has."""
    return Page(file.read_text(encoding="utf-8"))


def files(html: Path) -> list[Path]:
    """Return the pages of a built site; those that only hold its parts for scripts are left out."""
    return sorted(file for file in html.rglob("*.html") if "_static" not in file.parts)


def problems(html: Path) -> list[str]:
    """Return what is wrong with a built site; nothing is fetched.

    Parameters
    ----------
    html : Path
        The folder of the site.

    Returns
    -------
    list of str
        One line a problem.
    """
    found = [*broken_links(html), *loads_from_elsewhere(html), *missing_names(html)]
    if not (html / "searchindex.js").is_file():
        found.append("there is no index to search in")
    return found


def broken_links(html: Path) -> Iterator[str]:
    """Yield links to pages, files and anchors of the site that are not there."""
    for file in files(html):
        for link in [*page(file).links, *page(file).loads]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                yield f"{file.relative_to(html)}: {link}: no such file"
            elif target.suffix == ".html" and unquote(parts.fragment) not in {"", *page(target).anchors}:
                yield f"{file.relative_to(html)}: {link}: no such anchor"


def loads_from_elsewhere(html: Path) -> Iterator[str]:
    """Yield what pages and styles would fetch from the network."""
    for file in files(html):
        yield from (f"{file.name}: loads {one}" for one in page(file).loads if ELSEWHERE.match(one))
    for file in sorted(html.rglob("*.css")):
        styles = file.read_text(encoding="utf-8", errors="replace")
        yield from (f"{file.name}: loads {one}" for one in LOADED_BY_CSS.findall(styles))


def missing_names(html: Path) -> Iterator[str]:
    """Yield public names that the reference of a built site lacks."""
    listed = described(html)
    for public in reference.public_names():
        if reference.is_described(public.thing) and public.full not in listed:
            yield f"{public.full}: not in the reference"


def described(html: Path) -> set[str]:
    """Return the dotted names that a built site describes, as its inventory lists them."""
    packed = (html / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = (line.split() for line in zlib.decompress(packed).decode().splitlines())
    return {name for name, kind, *_ in lines if kind.startswith("py:")}


def external_links(html: Path) -> list[str]:
    """Return the links that lead away from a built site, for a person to look at."""
    every = {link for file in files(html) for link in page(file).links}
    return sorted(link for link in every if urlsplit(link).scheme in ("http", "https"))
