"""Other efforts than the library's, for one module and one test."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest

from gmmscape.effort import EFFORT


def with_effort(patch: pytest.MonkeyPatch, module: ModuleType, section: str, **fields: float) -> None:
    """Let a module work with other numbers of one section of `EFFORT`."""
    changed = replace(getattr(EFFORT, section), **fields)
    patch.setattr(module, "EFFORT", replace(EFFORT, **{section: changed}))
