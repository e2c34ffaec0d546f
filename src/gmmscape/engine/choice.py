"""Which engine computes: one that was asked for, GMMSCAPE_ENGINE and GMMSCAPE_ISA, or the best there is."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from gmmscape.engine import extension
from gmmscape.engine.held import ReferenceEngine
from gmmscape.engine.native import NativeEngine
from gmmscape.engine.protocol import Engine
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.threads import thread_count

#: All that a build may hold; `extension.instruction_sets` are those it holds and the machine can run.
INSTRUCTION_SETS = ("baseline", "avx2", "avx512")


class Info(NamedTuple):
    """What computes.

    Attributes
    ----------
    engine : str
        "native" (compiled kernels), "reference" (NumPy), or the name of another that was registered.
    isa : str or None
        Instruction set of the kernels: "baseline", "avx2" or "avx512"; None where there is no choice.
    instruction_sets : tuple of str
        Those that can be chosen here by GMMSCAPE_ISA.
    threads : int
        Most threads that one call uses.
    """

    engine: str
    isa: str | None
    instruction_sets: tuple[str, ...]
    threads: int


_made: dict[str, Callable[[], Engine]] = {}
_used: list[Engine] = []


def info() -> Info:
    """Return which engine is used, with which instructions and how many threads."""
    engine = current()
    return Info(engine.name, engine.isa, extension.instruction_sets(), thread_count())


def register(name: str, make: Callable[[], Engine]) -> None:
    """Make an engine known by a name, by which `using` and GMMSCAPE_ENGINE choose it.

    Parameters
    ----------
    name : str
        Not "native" or "reference".
    make : callable
        Returns the engine; called once.

    Raises
    ------
    InvalidParameterError
        If the name is one of the engines that come with the library.
    """
    if name in ("native", "reference"):
        raise InvalidParameterError.of("name", name, "choose a name of its own")
    _made[name] = make
    _chosen.cache_clear()


@contextmanager
def using(name: str) -> Iterator[Engine]:
    """Let an engine compute inside a ``with`` block, in all threads of this process.

    Parameters
    ----------
    name : str
        "native", "reference", or one that was registered.

    Yields
    ------
    Engine
        The engine.

    Raises
    ------
    InvalidParameterError, NotAvailableError
        If there is none of this name, or it needs what this build has not.
    """
    engine = _chosen(name, os.environ.get("GMMSCAPE_ISA", ""))
    _used.append(engine)
    try:
        yield engine
    finally:
        _used.remove(engine)


def current() -> Engine:
    """Return the engine that computes now.

    Raises
    ------
    InvalidParameterError
        Where an environment variable has no such value.
    NotAvailableError
        Where it asks for what this build or machine has not.
    """
    if _used:
        return _used[-1]
    return _chosen(os.environ.get("GMMSCAPE_ENGINE", ""), os.environ.get("GMMSCAPE_ISA", ""))


@cache
def _chosen(name: str, isa: str) -> Engine:
    known = ("native", "reference", *_made)
    if name not in ("", *known):
        raise InvalidParameterError.of("GMMSCAPE_ENGINE", name, f"choose one of {', '.join(known)}")
    if isa not in ("", *INSTRUCTION_SETS):
        raise InvalidParameterError.of("GMMSCAPE_ISA", isa, f"choose one of {', '.join(INSTRUCTION_SETS)}")
    if name in _made:
        return _made[name]()
    if name == "reference":
        return ReferenceEngine()
    if extension.native() is None:
        hint = (
            f"the compiled extension is missing ({extension.MISSING}): reinstall gmmscape with a C++ "
            "compiler at hand"
        )
        if name == "native":
            raise NotAvailableError(f"GMMSCAPE_ENGINE='native': {hint}")
        warnings.warn(f"gmmscape computes with NumPy, which is slow: {hint}", RuntimeWarning, stacklevel=2)
        return ReferenceEngine()
    available = extension.instruction_sets()
    if isa and isa not in available:
        raise NotAvailableError(
            f"GMMSCAPE_ISA={isa!r}: this machine or this build has only {', '.join(available)}"
        )
    return NativeEngine(isa or available[-1])
