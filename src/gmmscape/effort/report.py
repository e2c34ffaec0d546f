"""How much is tried: what reports and model files hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportEffort:
    """How much is tried: what a report holds, so that it stays small and opens at once."""

    #: Rows drawn at most, and numbers of them: 160,000 of four bytes are 0.85 MB of base64.
    rows: int = 8_000
    values: int = 160_000
    #: Rows of the pictures without script, of notebooks and of browsers that run none.
    brief_rows: int = 1_500
    #: Fits that one picture offers, and numbers of all their covariances together.
    fits: int = 12
    covariances: int = 120_000
    #: Characters of the JSON inside; longer ones lose their lists of rows first.
    json_characters: int = 1_200_000
    #: Rows of a table, and characters of a name, that are shown.
    table_rows: int = 200
    name_characters: int = 60
    #: Rows that a score lists as the least likely.
    least_likely_rows: int = 5


@dataclass(frozen=True)
class FilesEffort:
    """How much is tried: what a model file may hold, so that reading it cannot fill memory; checkpoints."""

    #: Bytes of the header: JSON takes up to thirty times as many in memory.
    header_bytes: int = 4 << 20
    #: Bytes of a model in JSON, which takes several times as many in memory.
    json_bytes: int = 1 << 28
    #: Bytes of all arrays: the zip has sizes of 32 bits.
    most_bytes: int = 4_000_000_000
    #: Arrays at most, and bytes of an entry of the zip's directory.
    most_members: int = 4_096
    entry_bytes: int = 200
    #: Numbers of a list from which on it is kept as an array.
    fewest_numbers: int = 16
    block_bytes: int = 1 << 20
    #: A checkpoint is written again after this many times as long as writing it took.
    saving_share: float = 20.0
    #: A file whose beginning differs in no more bytes from that of a checkpoint is one that was damaged.
    damaged_bytes: int = 3
    #: Seconds within which signals count as one: kernel and shell both tell of a terminal that is closed.
    signals_together: float = 1.0
