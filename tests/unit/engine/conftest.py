"""Instructions that a test of the engine runs with."""

from __future__ import annotations

import pytest

from gmmscape.engine.extension import instruction_sets as available


@pytest.fixture(params=(*available(), "reference"))
def isa(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Compute with one instruction set, or with the reference engine."""
    if request.param == "reference":
        monkeypatch.setenv("GMMSCAPE_ENGINE", "reference")
    else:
        monkeypatch.setenv("GMMSCAPE_ISA", request.param)
    return request.param
