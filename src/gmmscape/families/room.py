"""Whether the covariances of a fit have room in this machine's memory, which is said before any work."""

from __future__ import annotations

import os

import numpy as np

from gmmscape.covariances import COVARIANCE_TYPES, kind_named
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families.registry import family_named


def check_room(name: str, k: int, d: int) -> None:
    """Raise InvalidParameterError if covariances take more memory than there is, however a fit is made.

    Parameters
    ----------
    name : str
        Of the family.
    k, d : int
        Components and columns.

    Raises
    ------
    InvalidParameterError
        With the bytes, and the families that take fewer.
    """
    there, times = machine_memory(), EFFORT.solve.covariances_at_once
    one = _bytes(family_named(name).kind.name, k, d)
    if there is None or times * one <= there:
        return
    cheaper = [f"{kind!r} ({_bytes(kind, k, d) / 1e9:.3g} GB)" for kind in COVARIANCE_TYPES[1:]]
    kept = [
        told for kind, told in zip(COVARIANCE_TYPES[1:], cheaper, strict=True) if _bytes(kind, k, d) < one
    ]
    raise InvalidParameterError.of(
        "covariance_type",
        name,
        f"the covariances of {k} components in {d} columns take {one / 1e9:.3g} GB, and a fit holds them "
        f"{times} times at least, where this machine has {there / 1e9:.3g} GB: use fewer components or "
        "columns" + (f", or one of {', '.join(kept)}" if kept else ""),
    )


def machine_memory() -> int | None:
    """Return the bytes of memory of this machine, or None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _bytes(kind: str, k: int, d: int) -> int:
    return int(np.prod(kind_named(kind).shape(k, d), dtype=object)) * np.dtype(np.float64).itemsize
