"""Unpacked: what a decompressor that only goes forward gives, as a file that can be read again."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from gmmscape.effort import EFFORT


class Unpacked(io.RawIOBase):
    """Bytes that are unpacked as they are read; to go back is to begin anew.

    Parameters
    ----------
    begin : callable
        Returns a stream of all bytes.
    """

    def __init__(self, begin: Callable[[], Any]) -> None:
        super().__init__()
        self._begin = begin
        self._stream, self._at = begin(), 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Return how many bytes stand before the next."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read as many bytes as there is place for, or what is left."""
        some = self._stream.read(len(buffer))
        buffer[: len(some)] = some
        self._at += len(some)
        return len(some)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, counted from the beginning, from here or from the end, and return it."""
        if whence == io.SEEK_END:
            while self.read(EFFORT.measure.bytes_at_once):
                pass
        target = max(0, offset if whence == io.SEEK_SET else self._at + offset)
        if target < self._at:
            self._stream.close()
            self._stream, self._at = self._begin(), 0
        while self._at < target and self.read(min(EFFORT.measure.bytes_at_once, target - self._at)):
            pass
        return self._at

    def close(self) -> None:
        """Close what it reads from, too."""
        self._stream.close()
        super().close()
