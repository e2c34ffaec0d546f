"""Rows in blocks: a coreset in their place, and what is judged on it."""

from gmmscape.diagnosis.blocked.coresets import SearchedOn, StandIn, searched_on
from gmmscape.diagnosis.blocked.judging import diagnose_blocks, repaired_blocks
from gmmscape.diagnosis.blocked.on_all_rows import family_on_all, polished_on_all

__all__ = [
    "SearchedOn",
    "StandIn",
    "diagnose_blocks",
    "family_on_all",
    "polished_on_all",
    "repaired_blocks",
    "searched_on",
]
