"""Kinds of component: the mark that each has in all pictures, and its name with that mark."""

from __future__ import annotations

from gmmscape.report.html import Html, element

#: The marks of kinds: shapes tell them apart where colours do not. Round ones are exact.
SHAPES = {
    "one-fits-many": "M-5-5H5V5H-5Z",
    "many-fit-one": "M0-6L6 5H-6Z",
    "nested": "M0-7L6 0L0 7L-6 0Z",
    "collapsed": "M-5-5L5 5M-5 5L5-5",
    "background": "M-6 0H6M0-6V6",
    "mixed": "M0 6L6-5H-6Z",
    "empty": "M-6 0H6M0-6V6",
    "unstructured": "M-5-5L5 5M-5 5L5-5",
}
ROUND = "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0"


def badge(kind: str) -> Html:
    """Return the name of a kind of component with its mark."""
    way = element("path", d=SHAPES.get(kind, ROUND), class_="center")
    mark = element("svg", way, viewBox="-8 -8 16 16", class_="sign", aria_hidden="true", focusable="false")
    return element("span", mark, kind, class_=f"kind kind-{slug(kind)}")


def slug(kind: str) -> str:
    """Return a word for a class of the style: letters, digits and hyphens."""
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in str(kind).lower())
