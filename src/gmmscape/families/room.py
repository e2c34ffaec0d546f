"""Whether a fit has room in the memory that is free, which is said before any work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gmmscape.covariances import COVARIANCE_TYPES
from gmmscape.effort import EFFORT
from gmmscape.exceptions import DataError, InvalidParameterError
from gmmscape.families.registry import family_named
from gmmscape.machine import free_memory
from gmmscape.results.text import told_bytes
from gmmscape.tolerances import TOLERANCES


class NoRoomError(DataError, InvalidParameterError):
    """A fit takes more memory than there is: its data have many columns, its family large covariances."""


def check_room(name: str, k: int, d: int | None, *, search: bool, n: int | None = None) -> None:
    """Raise NoRoomError if a fit takes more memory than is free.

    Parameters
    ----------
    name : str
        Of the family.
    k : int
        Components.
    d : int or None
        Columns; None where they are not known yet, and nothing is said.
    search : bool
        Whether better optima are searched for after EM.
    n : int, optional
        Rows: of few ones a search splits nothing, and takes less.

    Raises
    ------
    NoRoomError
        With the bytes, and the families that have room.
    """
    if d is None:
        return
    split = search and (n is None or n >= 2 * TOLERANCES.moves.rows_for_variances * k)
    needed = _needed(name, k, d, search=search, split=split)
    if needed < EFFORT.solve.bytes_always_there:
        return
    free = free_memory()
    if free is not None and needed > free:
        raise _no_room(name, k, d, free, "takes", search=search, split=split)


@contextmanager
def saying_where_room_ends(name: str, k: int, d: int, *, search: bool) -> Iterator[None]:
    """Raise NoRoomError in place of MemoryError: what a fit takes also depends on how far it has to go."""
    try:
        yield
    except MemoryError as error:
        told = "took more than there was, here"
        raise _no_room(name, k, d, free_memory(), told, search=search, split=search) from error


def shape_in(X: Any) -> tuple[int, int] | tuple[None, None]:
    """Return the numbers of rows and columns of what a user passes as rows, None where it is no table."""
    try:
        shape = np.shape(X)
    except ValueError:
        return None, None
    return shape if len(shape) == 2 else (None, None)


def _no_room(
    name: str, k: int, d: int, free: int | None, takes: str, *, search: bool, split: bool
) -> NoRoomError:
    needed = {kind: _needed(kind, k, d, search=search, split=split) for kind in (*COVARIANCE_TYPES, name)}
    least = min(needed[name], needed[name] if free is None else free)
    cheaper = [f"{kind!r} ({told_bytes(needed[kind])})" for kind in COVARIANCE_TYPES if needed[kind] < least]
    there = "" if free is None else f", where {told_bytes(free)} of memory are free"
    remedy = f"one of {', '.join(cheaper)}, " if cheaper else ""
    return NoRoomError.of(
        "covariance_type",
        name,
        f"the covariances of {k} components in {d} columns take {told_bytes(_bytes(name, k, d))}, and a fit, "
        f"which holds copies of them and of the data's own, {takes} about {told_bytes(needed[name])}{there}: "
        f"use {remedy}fewer components, or fewer columns, as by principal components",
    )


def _needed(name: str, k: int, d: int, *, search: bool, split: bool) -> int:
    """Bytes that a fit takes at its peak, whose search splits components or not."""
    kind, effort = family_named(name).kind.name, EFFORT.solve
    count = effort.data_matrices
    if kind == "full":
        count += max(effort.matrices_of_full * k, effort.matrices_of_searches * (k - 1) * search)
    else:
        count += effort.matrices_of_tied * (kind == "tied") + effort.matrices_of_parts * k * split
    return count * _bytes("tied", 1, d)


def _bytes(name: str, k: int, d: int) -> int:
    shape = family_named(name).kind.shape(k, d)
    return int(np.prod(shape, dtype=object)) * np.dtype(np.float64).itemsize
