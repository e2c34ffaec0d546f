"""Rows that come block by block, from files or from other machines, and are never all in memory."""

from gmmscape.measure.blocked.coreset import Coreset, coreset_of, coreset_size
from gmmscape.measure.blocked.facts import RowFacts, facts_of
from gmmscape.measure.blocked.local import ArrayBlocks, BlockSource, LocalBlocks
from gmmscape.measure.blocked.row_blocks import BlockTask, RowBlock, RowBlocks
from gmmscape.measure.blocked.sample import BlockedSample

__all__ = [
    "ArrayBlocks",
    "BlockSource",
    "BlockTask",
    "BlockedSample",
    "Coreset",
    "LocalBlocks",
    "RowBlock",
    "RowBlocks",
    "RowFacts",
    "coreset_of",
    "coreset_size",
    "facts_of",
]
