"""The compiled extension, if the build has it."""

from __future__ import annotations

from functools import cache
from typing import Any

try:
    from gmmscape.engine import _native
except ImportError as error:  # a source tree without a compiler
    _native = None
    #: Why there is none.
    MISSING = str(error)
else:
    MISSING = ""


def native() -> Any:
    """Return the extension, or None where it could not be imported."""
    return _native


@cache
def instruction_sets() -> tuple[str, ...]:
    """Return the instruction sets that this build holds and this machine can run, the fastest last."""
    return () if _native is None else tuple(_native.instruction_sets())
