"""Every public name has a numpydoc docstring that agrees with its signature."""

from __future__ import annotations

import ast
import enum
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import gmmscape
import gmmscape.lab
import gmmscape.plot
from gmmscape import diagnosis, inference, moves, optima, selection

#: Where users find names.
SURFACES = (gmmscape, gmmscape.lab, gmmscape.plot, diagnosis, inference, moves, optima, selection)

# What numpydoc must not find. Left out are matters of taste (capitals and full stops of
# descriptions, sections that would be empty) and SS05, which takes plural nouns for verbs.
# fmt: off
CODES = frozenset([
    "GL01", "GL02", "GL03", "GL05", "GL06", "GL07", "GL08", "GL10",
    "SS01", "SS03", "SS04", "SS06",
    "PR01", "PR02", "PR03", "PR04", "PR05", "PR06", "PR07", "PR10",
    "RT01", "RT03", "YD01",
])
# fmt: on
DEFAULT = re.compile(r"\bdefault(?:s to| is|\s*[:=])?\s+`*([^`,;)\s]+)", re.IGNORECASE)
PUBLIC = (type(lambda: None), classmethod, staticmethod, property, functools.cached_property)


def full_name(thing: Any) -> str:
    """Return the dotted name under which an object is defined."""
    return f"{thing.__module__}.{thing.__qualname__}"


def methods_of(cls: type) -> Iterator[str]:
    """Names of the public methods and properties that our own code gives to a class."""
    names = {
        name
        for base in cls.__mro__
        if base.__module__.partition(".")[0] == "gmmscape"
        for name, value in vars(base).items()
        if not name.startswith("_") and isinstance(value, PUBLIC)
    }
    yield from sorted(names)


def is_documented_here(thing: Any) -> bool:
    return inspect.isclass(thing) or inspect.isfunction(thing)


def documented() -> Iterator[str]:
    """Dotted names of all that must have a docstring."""
    for thing in (getattr(surface, name) for surface in SURFACES for name in surface.__all__):
        if is_documented_here(thing):
            yield full_name(thing)
        if inspect.isclass(thing):
            yield from (f"{full_name(thing)}.{method}" for method in methods_of(thing))


NAMES = sorted(set(documented()))


def resolve(name: str) -> Any:
    """Return the object that a dotted name stands for."""
    parts = name.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            thing = __import__(".".join(parts[:split]), fromlist=["_"])
        except ModuleNotFoundError:
            continue
        return functools.reduce(getattr, parts[split:], thing)
    raise LookupError(name)


def parameters_of(thing: Any) -> dict[str, inspect.Parameter]:
    """Parameters that a caller passes, by name; none where there is no signature."""
    if isinstance(thing, (property, functools.cached_property)):
        return {}
    try:
        parameters = inspect.signature(thing).parameters
    except ValueError:  # exceptions take their arguments in C
        return {}
    return {name: value for name, value in parameters.items() if name not in ("self", "cls")}


def is_record(thing: Any) -> bool:
    """Return whether the library, not the user, makes these: fields are documented as attributes."""
    return inspect.isclass(thing) and (hasattr(thing, "__dataclass_fields__") or issubclass(thing, tuple))


def documented_entries(thing: Any) -> list[Any]:
    """Return the parameters in a docstring, or the attributes of a record that has none."""
    doc = NumpyDocString(inspect.getdoc(thing) or "")
    entries = doc["Parameters"] + doc["Other Parameters"]
    return doc["Attributes"] if is_record(thing) and not entries else entries


def problems_of(name: str) -> list[str]:
    """What numpydoc finds, in the codes that are chosen above."""
    thing = resolve(name)
    waived = set()
    if is_record(thing):
        fields = set(parameters_of(thing))
        entries = {entry.name for entry in documented_entries(thing)}
        if fields <= entries:
            waived.add("PR01")
    if inspect.isclass(thing) and issubclass(thing, (enum.Enum, BaseException)):
        waived.add("PR01")  # members are no parameters; an exception takes its message
    return [f"{code}: {message}" for code, message in validate(name)["errors"] if code in CODES - waived]


def stated_defaults(entries: list[Any]) -> Iterator[tuple[str, Any]]:
    """Parameters with the defaults that their description states as a Python literal."""
    for entry in entries:
        for text in (entry.type, " ".join(entry.desc)):
            for stated in DEFAULT.findall(text):
                try:
                    yield entry.name, ast.literal_eval(stated.rstrip("."))
                except (ValueError, SyntaxError):
                    continue


def wrong_defaults(thing: Any) -> list[str]:
    """Defaults that the docstring states and the signature does not have."""
    actual = {name: value.default for name, value in parameters_of(thing).items()}
    return [
        f"{name}: documented default {stated!r}, actual {actual[name]!r}"
        for name, stated in stated_defaults(documented_entries(thing))
        if name in actual
        and (type(actual[name]), actual[name]) != (type(stated), stated)
        # 0 for 0.0 is how people write
        and not (isinstance(stated, int) and isinstance(actual[name], float) and stated == actual[name])
    ]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.__name__)
def test_all_is_sorted_out(surface):
    assert len(set(surface.__all__)) == len(surface.__all__)
    assert all(hasattr(surface, name) for name in surface.__all__)
    assert set(surface.__all__) <= set(dir(surface))


def test_the_top_level_is_small():
    assert 0 < len(gmmscape.__all__) <= 24
    assert NAMES


def test_the_stub_names_what_there_is():
    stub = Path(gmmscape.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    named = set(re.findall(r"import \w+ as (\w+)", stub))
    assert named == {*gmmscape.__all__, "lab", "plot"}
    assert "__version__: str" in stub


@pytest.mark.parametrize("name", NAMES)
def test_docstring(name: str):
    assert problems_of(name) == []


@pytest.mark.parametrize("name", NAMES)
def test_stated_defaults_are_the_defaults(name: str):
    assert wrong_defaults(resolve(name)) == []


def sound(a, b=2, *, c=0.0):
    """Add three numbers.

    Parameters
    ----------
    a : int
        First.
    b : int, default 2
        Second.
    c : float, default 0
        Third; defaults to 0.0.

    Returns
    -------
    int
        The sum.
    """
    return a + b + c


def unsound(a, b=2):
    """Add two numbers

    Parameters
    ----------
    a : int
        First.
    c : int, default 3
        Not there.
    b : int, default: 3
        Second.
    """
    return a + b


@pytest.mark.parametrize(("function", "good"), [(sound, True), (unsound, False)])
def test_the_checks_tell_good_from_bad(function: Callable, good: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gmmscape, function.__name__, function, raising=False)
    codes = {problem[:4] for problem in problems_of(f"gmmscape.{function.__name__}")}
    assert codes == (set() if good else {"SS03", "PR02", "RT01"})
    wrong = wrong_defaults(function)
    assert wrong == ([] if good else ["b: documented default 3, actual 2"])
