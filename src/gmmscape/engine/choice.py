"""Which engine computes, with which instructions: GMMSCAPE_ENGINE and GMMSCAPE_ISA, or the best there is."""

from __future__ import annotations

import os
import warnings
from functools import cache
from typing import NamedTuple

from gmmscape.engine.threads import thread_count
from gmmscape.exceptions import InvalidParameterError, NotAvailableError

try:
    from gmmscape.engine import _native
except ImportError as error:  # a source tree without a compiler
    _native = None
    _reason = str(error)
else:
    _reason = ""

ENGINES = ("native", "reference")
#: All that a build may hold; `instruction_sets` are those it holds and the machine can run.
INSTRUCTION_SETS = ("baseline", "avx2", "avx512")


class Info(NamedTuple):
    """What computes.

    Attributes
    ----------
    engine : {"native", "reference"}
        Compiled kernels, or NumPy.
    isa : str or None
        Instruction set of the kernels: "baseline", "avx2" or "avx512"; None for the reference engine.
    instruction_sets : tuple of str
        Those that can be chosen here by GMMSCAPE_ISA.
    threads : int
        Most threads that one call uses.
    """

    engine: str
    isa: str | None
    instruction_sets: tuple[str, ...]
    threads: int


def info() -> Info:
    """Return which engine is used, with which instructions and how many threads."""
    isa = native_isa()
    return Info("reference" if isa is None else "native", isa, available(), thread_count())


def native_isa() -> str | None:
    """Return the instruction set of the native engine, or None where the reference engine computes.

    Raises InvalidParameterError where a variable has no such value, NotAvailableError where it asks for what
    this build or machine has not.
    """
    return _chosen(os.environ.get("GMMSCAPE_ENGINE", ""), os.environ.get("GMMSCAPE_ISA", ""))


@cache
def available() -> tuple[str, ...]:
    """Return the instruction sets that this build holds and this machine can run, the fastest last."""
    return () if _native is None else tuple(_native.instruction_sets())


@cache
def _chosen(engine: str, isa: str) -> str | None:
    if engine not in ("", *ENGINES):
        raise InvalidParameterError.of("GMMSCAPE_ENGINE", engine, f"choose one of {', '.join(ENGINES)}")
    if isa not in ("", *INSTRUCTION_SETS):
        raise InvalidParameterError.of("GMMSCAPE_ISA", isa, f"choose one of {', '.join(INSTRUCTION_SETS)}")
    if engine == "reference":
        return None
    if _native is None:
        hint = (
            f"the compiled extension is missing ({_reason}): reinstall gmmscape with a C++ compiler at hand"
        )
        if engine == "native":
            raise NotAvailableError(f"GMMSCAPE_ENGINE='native': {hint}")
        warnings.warn(f"gmmscape computes with NumPy, which is slow: {hint}", RuntimeWarning, stacklevel=2)
        return None
    if isa and isa not in available():
        raise NotAvailableError(
            f"GMMSCAPE_ISA={isa!r}: this machine or this build has only {', '.join(available())}"
        )
    return isa or available()[-1]
