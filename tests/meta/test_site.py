"""What the site has beside the pages: every public name and option, links that lead somewhere, no loads."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import click
import pytest

import gmmscape
from gmmscape.cli.app import COMMANDS, app
from gmmscape.cli.prove import PROOFS, prove_command
from gmmscape.results.records import HOMES, class_of

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / "tools").is_dir():
    pytest.skip("the tools are in the repository only", allow_module_level=True)
sys.path.insert(0, str(ROOT / "tools"))

import build_site  # noqa: E402
from pages import check, commands, pictures, reference  # noqa: E402

NAMES = {place: text for place, text in reference.pages() if place.startswith("names/")}
MODULES = {place: text for place, text in reference.pages() if place not in NAMES}


def test_every_public_name_is_in_the_reference():
    for module in reference.MODULES:
        for name in reference.module_named(module).__all__:
            thing = getattr(reference.module_named(module), name)
            places = [one for one in reference.public_names() if one.thing is thing and one.name == name]
            assert places or f"{module}.{name}" in reference.MODULES, f"{module}.{name}"
    assert "names/gmmscape.GaussianMixture.rst" in NAMES
    assert "names/gmmscape.lab.laws.pair_curvature.rst" in NAMES


#: Packages whose names are for other parts of the library.
INSIDE = {
    "covariances",
    "distributed",
    "effort",
    "incomplete",
    "machine",
    "measure",
    "report",
    "solve",
    "structure",
    "tables",
    "tolerances",
    "work",
}


def test_no_package_for_users_is_left_out():
    described = {id(one.thing) for one in reference.public_names()}
    left_out = []
    for folder in Path(gmmscape.__file__).parent.iterdir():
        if (folder / "__init__.py").is_file() and folder.name not in INSIDE:
            home = reference.module_named(f"gmmscape.{folder.name}")
            names = [name for name in getattr(home, "__all__", ()) if callable(getattr(home, name))]
            left_out += [f"{folder.name}.{one}" for one in names if id(getattr(home, one)) not in described]
    assert left_out == []


def test_every_name_has_a_line_and_a_page():
    for public in reference.public_names():
        assert reference.summary(public.thing), public.full
        assert public.name in MODULES.get(f"{public.module}.rst", MODULES["parts.rst"])
        if reference.is_described(public.thing):
            assert public.full in NAMES[f"names/{public.full}.rst"]


def test_what_files_hold_is_in_the_reference():
    assert {class_of(name) for name in HOMES} <= {one.thing for one in described()}


def described() -> list[reference.Public]:
    return [one for one in reference.public_names() if reference.is_described(one.thing)]


def test_members_are_those_that_users_call():
    own = reference.members(gmmscape.GaussianMixture)
    assert {"fit", "predict", "to_json"} <= set(own)
    assert "set_fit_request" not in own


def test_every_command_and_option_is_in_the_reference():
    pages = dict(commands.pages())
    assert set(pages) == {"index.md", *(f"{name}.md" for name in COMMANDS)}
    for name in COMMANDS:
        command = app.get_command(click.Context(app), name)
        assert command is not None
        options = [one for parameter in command.params for one in parameter.opts if one.startswith("-")]
        assert [one for one in options if one not in pages[f"{name}.md"]] == []


def test_the_commands_of_a_group_are_on_its_page():
    text = dict(commands.pages())["prove.md"]
    for name in PROOFS:
        command = prove_command.get_command(click.Context(prove_command), name)
        assert command is not None
        part = text.partition(f"\n## gmmscape prove {name}\n")[2].partition("\n## ")[0]
        options = [one for parameter in command.params for one in parameter.opts if one.startswith("-")]
        assert options
        assert [one for one in options if one not in part] == []


def test_a_help_text_is_no_markdown():
    assert commands.cell("a|b *c* `d*`") == "a\\|b \\*c\\* `d*`"


PAGE = """\
<link rel="stylesheet" href="own.css"><link rel="canonical" href="https://example.org/page.html">
<h1 id="top">Top</h1> <a href="#top">up</a> <a href="other.html#there">there</a> <a href="https://example.org">out</a>
"""


def site(folder: Path, page: str, other: str = '<p id="there">There.</p>') -> Path:
    """Write a site that describes every name; links and loads are up to the caller."""
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "other.html").write_text(other, encoding="utf-8")
    (folder / "own.css").write_text("p { color: black }", encoding="utf-8")
    (folder / "searchindex.js").touch()
    lines = [f"{one.full} py:class 1 there.html -\n" for one in reference.public_names()]
    (folder / "objects.inv").write_bytes(b"#\n" * 4 + zlib.compress("".join(lines).encode()))
    check.page.cache_clear()
    return folder


def test_a_sound_site_has_no_problems(tmp_path: Path):
    assert check.problems(site(tmp_path, PAGE)) == []
    assert check.external_links(tmp_path) == ["https://example.org"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('<a href="nowhere.html">x</a>', "no such file"),
        ('<a href="other.html#nowhere">x</a>', "no such anchor"),
        ('<a href="#nowhere">x</a>', "no such anchor"),
        ('<script src="https://cdn.example.org/a.js"></script>', "loads"),
        ('<link rel="stylesheet" href="//fonts.example.org/a.css">', "loads"),
        ("<style>@import 'https://example.org/a.css';</style>", "loads"),
        ('<img src="missing.png">', "no such file"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, text: str, problem: str):
    (found,) = check.problems(site(tmp_path, PAGE + text))
    assert problem in found


def test_a_name_that_is_not_described_is_found(tmp_path: Path):
    site(tmp_path, PAGE)
    (tmp_path / "objects.inv").write_bytes(b"#\n" * 4 + zlib.compress(b""))
    assert "gmmscape.GaussianMixture: not in the reference" in check.problems(tmp_path)


def test_links_to_files_beside_the_pages_lead_to_their_pages():
    text = (
        '<a id="here"></a> [a](../CONTRIBUTING.md) [b](../../README.md) [c](#here) [d](#a-heading) [e](x.md)'
    )
    assert build_site.on_site(text, "methods/page.md").endswith(
        "[a](/project/contributing.md) [b](/index.md) [c](page.md#here) [d](#a-heading) [e](x.md)"
    )
    assert build_site.on_site("[a](docs/house.md)", "project/contributing.md") == "[a](/house.md)"


def test_a_picture_stands_where_the_page_says(tmp_path: Path):
    page = tmp_path / "page.md"
    draw = 'from pathlib import Path\nn = Path("a.png").write_text("x")\nprint({})'
    block = f"```python\n{draw}\n```\n```output\n1\n```\n"
    place = "<!-- picture: a.png, two\nwords -->\n"
    page.write_text(place + block.format(1), encoding="utf-8")
    text, made = pictures.drawn(page)
    assert text.startswith("![two words](a.png)\n")
    assert made == {"a.png": b"x"}
    page.write_text(place + block.format(2), encoding="utf-8")
    with pytest.raises(AssertionError):
        pictures.drawn(page)
