"""How much is tried: structure and its counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StructureEffort:
    """How much is tried: structure and its counts."""

    #: More candidates than this are not enumerated.
    most_candidates: int = 100_000
