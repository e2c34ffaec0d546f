"""Which engine computes: one that was asked for, by name or by GMMSCAPE_ENGINE, or the best there is."""

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

#: Engines that come with the library.
OWN = ("native", "reference", "torch")
#: All that a build may hold; `extension.instruction_sets` are those it holds and the machine can run.
INSTRUCTION_SETS = ("baseline", "avx2", "avx512")


class Info(NamedTuple):
    """What computes.

    Attributes
    ----------
    engine : str
        "native" (compiled kernels), "reference" (NumPy), "torch" (PyTorch), or the name of another that was
        registered.
    isa : str or None
        Instruction set of the kernels: "baseline", "avx2" or "avx512"; None where there is no choice.
    instruction_sets : tuple of str
        Those that can be chosen here by GMMSCAPE_ISA.
    threads : int
        Most threads that one call uses on the CPU.
    device : str
        Where it computes: "cpu", or what PyTorch calls the card.
    """

    engine: str
    isa: str | None
    instruction_sets: tuple[str, ...]
    threads: int
    device: str = "cpu"


_made: dict[str, Callable[[], Engine]] = {}
_used: list[Engine] = []


def info() -> Info:
    """Return which engine is used, with which instructions and how many threads, and where."""
    engine = current()
    device = getattr(engine, "device", "cpu")
    return Info(engine.name, engine.isa, extension.instruction_sets(), thread_count(), device)


def register(name: str, make: Callable[[], Engine]) -> None:
    """Make an engine known by a name, by which `using` and GMMSCAPE_ENGINE choose it.

    Parameters
    ----------
    name : str
        Not "native", "reference" or "torch".
    make : callable
        Returns the engine; called once.

    Raises
    ------
    InvalidParameterError
        If the name is one of the engines that come with the library.
    """
    if name in OWN:
        raise InvalidParameterError.of("name", name, "choose a name of its own")
    _made[name] = make
    _chosen.cache_clear()


@contextmanager
def using(name: str, device: str | None = None) -> Iterator[Engine]:
    """Let an engine compute inside a ``with`` block, in all threads of this process.

    Parameters
    ----------
    name : str
        "native", "reference", "torch", or one that was registered.
    device : str, optional
        Where "torch" computes; by default as GMMSCAPE_DEVICE says, or on the first card, if there is one.

    Yields
    ------
    Engine
        The engine.

    Raises
    ------
    InvalidParameterError, NotAvailableError
        If there is none of this name, or it needs what this build has not.
    """
    device = _device_asked(name) if device is None else device
    engine = _chosen(name, os.environ.get("GMMSCAPE_ISA", ""), device)
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
    name = os.environ.get("GMMSCAPE_ENGINE", "")
    return _chosen(name, os.environ.get("GMMSCAPE_ISA", ""), _device_asked(name))


def _device_asked(name: str) -> str:
    return os.environ.get("GMMSCAPE_DEVICE", "") if name == "torch" else ""


@cache
def _chosen(name: str, isa: str, device: str) -> Engine:
    known = (*OWN, *_made)
    if name not in ("", *known):
        raise InvalidParameterError.of("GMMSCAPE_ENGINE", name, f"choose one of {', '.join(known)}")
    if isa not in ("", *INSTRUCTION_SETS):
        raise InvalidParameterError.of("GMMSCAPE_ISA", isa, f"choose one of {', '.join(INSTRUCTION_SETS)}")
    if name == "torch":
        return _torch_engine(device)
    if device:
        raise InvalidParameterError.of("device", device, f"leave it out: {name} has none to choose")
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


def _torch_engine(device: str) -> Engine:
    try:
        from gmmscape.engine.torch_engine import TorchEngine
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise NotAvailableError(
            f"GMMSCAPE_ENGINE='torch': PyTorch is missing ({error}): pip install 'gmmscape[gpu]'"
        ) from None
    return TorchEngine(device)
