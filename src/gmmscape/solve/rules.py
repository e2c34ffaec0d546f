"""The rules that every solver keeps, here and in the compiled loop (``src/native``)."""

from __future__ import annotations


def stop_reason(reason: str, *, starved: bool) -> str:
    """Return why a solver stopped: a plateau where it stopped by itself with components out of reach."""
    return "plateau" if starved and reason in ("converged", "max_iter") else reason
