"""The reference of public names: a page for each module, and one for each class and function."""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from gmmscape.progress import Event
from gmmscape.results.records import HOMES, class_of

#: Where users find names, in the order of the reference. What an earlier module has is described there.
MODULES = (
    "gmmscape",
    "gmmscape.lab",
    "gmmscape.lab.laws",
    "gmmscape.plot",
    "gmmscape.diagnosis",
    "gmmscape.moves",
    "gmmscape.optima",
    "gmmscape.inference",
    "gmmscape.mixture",
    "gmmscape.selection",
    "gmmscape.results",
    "gmmscape.dask",
    "gmmscape.spark",
    "gmmscape.families",
    "gmmscape.engine",
)
FUNCTIONS = (types.FunctionType, classmethod, staticmethod, property, functools.cached_property)


class Public(NamedTuple):
    """A public name: its module, the name in it, and what it stands for."""

    module: str
    name: str
    thing: Any

    @property
    def full(self) -> str:
        """The dotted name under which the reference has it."""
        return f"{self.module}.{self.name}"


def module_named(name: str) -> Any:
    """Return a module by one of its names; that of an attribute of another module serves too."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        parent, _, last = name.rpartition(".")
        return getattr(module_named(parent), last)


def public_names() -> list[Public]:
    """Return every public name once, under the first module that has it; parts of results last."""
    found: list[Public] = []
    seen: set[int] = set()
    for module in MODULES:
        home = module_named(module)
        for name in sorted(home.__all__, key=lambda name: (rank(getattr(home, name)), name)):
            thing = getattr(home, name)
            if isinstance(thing, types.ModuleType) or (callable(thing) and id(thing) in seen):
                continue
            seen.add(id(thing))
            found.append(Public(module, name, thing))
    return found + [Public(one.__module__, one.__name__, one) for one in parts() if id(one) not in seen]


def parts() -> list[type]:
    """Return the classes that files hold, and what callbacks see: users meet them inside of results."""
    found = [Event, *map(class_of, HOMES)]
    return sorted(found, key=lambda one: one.__name__)


def rank(thing: Any) -> int:
    """Return where a name stands among those of its module: functions, classes, the rest, errors."""
    if inspect.isclass(thing):
        return 3 if issubclass(thing, BaseException) else 1
    return 0 if inspect.isroutine(thing) else 2


def members(cls: type) -> list[str]:
    """Return the public methods and properties that our own code gives to a class, in its order."""
    names: dict[str, None] = {}
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] == "gmmscape":
            for name, value in vars(base).items():
                if not name.startswith("_") and isinstance(value, FUNCTIONS):
                    names[name] = None
    return list(names)


def summary(thing: Any) -> str:
    """Return the first line of a docstring, without the page that it refers to."""
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return f"``{thing!r}``" if len(repr(thing)) < 80 else "A constant."
    return re.sub(r" \(docs/[^)]*\)", "", (inspect.getdoc(thing) or "").strip().partition("\n")[0])


def pages() -> Iterator[tuple[str, str]]:
    """Yield the place of each page below the folder of the reference, and its text."""
    every = public_names()
    for module in MODULES:
        names = [public for public in every if public.module == module]
        about = (inspect.getdoc(module_named(module)) or "").partition("\n\n")[0]
        yield f"{module}.rst", module_page(module, about, names) + f"\n.. module:: {module}\n"
    names = [public for public in every if public.module not in MODULES]
    yield (
        "parts.rst",
        module_page("Parts of results", "What results are made of, and what callbacks see.", names),
    )
    for public in every:
        if is_described(public.thing):
            yield f"names/{public.full}.rst", name_page(public)


def is_described(thing: Any) -> bool:
    """Return whether a name has a page: classes and functions do, constants have a line."""
    return inspect.isclass(thing) or inspect.isroutine(thing)


def heading(text: str) -> list[str]:
    """Return a heading in reStructuredText."""
    return [text, "=" * len(text), ""]


def module_page(title: str, about: str, names: list[Public]) -> str:
    """Return the page of a module: what it is for, and its names with their first lines."""
    lines = [*heading(title), about, ""]
    lines += [".. list-table::", "   :class: names", "   :widths: 35 65", ""]
    described = [public for public in names if is_described(public.thing)]
    for public in names:
        shown = f":py:obj:`{public.name} <{public.full}>`" if public in described else f"``{public.name}``"
        lines += [f"   * - {shown}", f"     - {summary(public.thing)}"]
    lines += ["", ".. toctree::", "   :hidden:", ""]
    lines += [f"   {public.name} <names/{public.full}>" for public in described]
    return "\n".join(lines) + "\n"


def name_page(public: Public) -> str:
    """Return the page of a class or function, from its docstring."""
    lines = [*heading(public.name), f".. currentmodule:: {public.module}", ""]
    if inspect.isclass(public.thing):
        lines += [f".. autoclass:: {public.full}"]
        own = members(public.thing)
        lines += [f"   :members: {', '.join(own)}"] if own else []
    else:
        lines += [f".. autofunction:: {public.full}"]
    return "\n".join(lines) + "\n"
