"""The pictures of an animation as files, none of which replaces another."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gmmscape.exceptions import InvalidParameterError
from gmmscape.wholefile import unfinished


def written_frames(
    directory: str | os.PathLike[str], moments: Sequence[int], drawn: Callable[[int], Any], dpi: int
) -> list[Path]:
    """Write one PNG file for each moment, by the display that is drawn for it.

    Raises
    ------
    InvalidParameterError
        If the folder cannot be used, or a file of such a name is there; nothing is written then.
    """
    try:
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
    except (TypeError, ValueError, OSError) as error:
        raise InvalidParameterError.of(
            "directory", directory, f"pass the name of a folder ({error})"
        ) from error
    there = sorted(path.name for path in folder.glob("frame_*.png"))
    if there:
        raise InvalidParameterError.of(
            "directory", str(directory), f"it holds frames already ({there[0]}): pass another folder"
        )
    digits = max(4, len(str(len(moments))))
    paths = [folder / f"frame_{number:0{digits}d}.png" for number in range(len(moments))]
    for path, moment in zip(paths, moments, strict=True):
        with unfinished(path) as file:
            drawn(moment).figure_.savefig(file, format="png", dpi=dpi)
    return paths
