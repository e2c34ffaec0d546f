"""How Sphinx makes the site of these pages; ``python tools/build_site.py`` runs it on a prepared copy."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from gmmscape import __version__

project = "gmmscape"
author = "The gmmscape developers"
project_copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]
default_role = "py:obj"
add_module_names = False
toc_object_entries_show_parents = "hide"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"
copybutton_selector = "div.highlight-python pre, div.highlight-console pre, div.highlight-bash pre"

html_theme = "pydata_sphinx_theme"
html_title = f"gmmscape {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {page: [] for page in ("index", "search", "tutorial", "comparison", "glossary")}
html_theme_options = {
    "logo": {"text": "gmmscape"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navigation_depth": 3,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
}

#: The anchors that pages have for those who refer to them, beside those of headings.
ANCHOR = re.compile(r'<a id="([\w-]+)">')
#: How docstrings refer to a page.
PAGE = re.compile(r"(?<![\w/`<])docs/([\w/]+)\.md(?:#([\w-]+))?")


def note_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Make the anchors of a page known to links from other pages."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for node in doctree.findall(nodes.raw):
        for anchor in ANCHOR.findall(node.astext()):
            slugs[anchor] = (0, anchor, "")


def link_pages(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Turn the pages that a docstring names into links."""
    root = "../" * (app.env.docname.count("/"))

    def link(found: re.Match[str]) -> str:
        page, anchor = found.groups()
        title = page.rpartition("/")[2].replace("_", " ")
        return f"`{title} <{root}{page}.html{'#' + anchor if anchor else ''}>`__"

    lines[:] = [PAGE.sub(link, line) for line in lines]


def setup(app: Sphinx) -> None:
    """Connect the two."""
    app.connect("doctree-read", note_anchors)
    app.connect("autodoc-process-docstring", link_pages)
