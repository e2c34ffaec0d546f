"""From values to what a model file holds, a JSON tree and arrays, and back to the last bit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.modelfiles.archive import Array, Content

#: Keys of objects that stand for something else.
ARRAY, TUPLE, NUMBER = "gmmscape-array", "gmmscape-tuple", "gmmscape-number"


class Encoder:
    """Collects arrays while values become JSON."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}

    def document(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record's plain content with its long lists of numbers as arrays.

        Parameters
        ----------
        content : mapping
            As `to_dict` returns it.

        Returns
        -------
        dict
            To be read by `decoded`; the lists come back equal, in value and type.
        """
        found = [(path, array) for path, array in _numeric(content, ()) if len(path) == 1 or array.size > 1]
        found.sort(key=lambda one: (len(one[0]) > 1, -one[1].size))
        chosen = {
            path: self._kept(".".join(path), array)
            for path, array in found[: EFFORT.files.most_members // 2]
            if len(path) == 1 or array.size >= EFFORT.files.fewest_numbers
        }
        return _replaced(content, (), chosen)

    def value(self, name: str, value: Any) -> Any:
        """Return a parameter as JSON, arrays in it kept by name.

        Raises
        ------
        InvalidParameterError
            If it is nothing that a file can hold.
        """
        if value is None or isinstance(value, bool | int | str):
            return value
        if isinstance(value, np.generic) and value.dtype.kind in "fiubU":
            return self.value(name, value.item())
        if isinstance(value, float):
            return value if np.isfinite(value) else {NUMBER: repr(value)}
        if isinstance(value, tuple):
            return {TUPLE: [self.value(f"{name}.{i}", one) for i, one in enumerate(value)]}
        if isinstance(value, list):
            return [self.value(f"{name}.{i}", one) for i, one in enumerate(value)]
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {key: self.value(f"{name}.{key}", one) for key, one in value.items()}
        array = value if isinstance(value, np.ndarray) else np.asarray(getattr(value, "values", value))
        if array.dtype.kind not in "fiub":
            raise InvalidParameterError.of(
                name, value, "this cannot be written to a model file: pass numbers, text or arrays of numbers"
            )
        return self._kept(f"parameters.{name}", array)

    def _kept(self, name: str, array: Array) -> dict[str, str]:
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:100].lstrip(".-") or "array"
        taken, more = plain, 0
        while taken in self.arrays:
            taken, more = f"{plain}.{more}", more + 1
        self.arrays[taken] = array.astype(array.dtype.newbyteorder("="))
        return {ARRAY: taken}


def decoded(value: Any, content: Content) -> Any:
    """Return parameters as they were: arrays as arrays, tuples as tuples.

    Raises
    ------
    FormatError
        If it names an array that is not there, or holds something that is not understood.
    """
    if isinstance(value, list):
        return [decoded(one, content) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {ARRAY}:
        return _array_named(value[ARRAY], content)
    if set(value) == {TUPLE} and isinstance(value[TUPLE], list):
        return tuple(decoded(one, content) for one in value[TUPLE])
    if set(value) == {NUMBER} and value[NUMBER] in ("inf", "-inf", "nan"):
        return float(value[NUMBER])
    return {key: decoded(one, content) for key, one in value.items()}


def decoded_document(value: Any, content: Content) -> Any:
    """Return a record's content as `to_dict` returned it: arrays are lists again.

    Raises
    ------
    FormatError
        If it names an array that is not there, or one that is not finite.
    """
    if isinstance(value, list):
        return [decoded_document(one, content) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {ARRAY}:
        array = _array_named(value[ARRAY], content)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise FormatError(f"the array {value[ARRAY]!r} holds what is not finite")
        return array.tolist()
    return {key: decoded_document(one, content) for key, one in value.items()}


def _array_named(name: Any, content: Content) -> Array:
    if not isinstance(name, str) or name not in content.arrays:
        raise FormatError(f"the array {name!r} is not there")
    return content.arrays[name]


def _numeric(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Array]]:
    """Yield the lists in a tree that are arrays of numbers of one type, with their places."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _numeric(one, (*path, str(key)))
    elif isinstance(value, list):
        array = _as_array(value)
        if array is not None:
            yield path, array
        else:
            for i, one in enumerate(value):
                yield from _numeric(one, (*path, str(i)))


def _as_array(value: list[Any]) -> Array | None:
    """Return the array whose `tolist` is this list, or None."""
    kind = _leaf_type(value)
    if kind not in (float, int):
        return None
    try:
        array = np.array(value)
    except (ValueError, OverflowError):  # ragged, or too large
        return None
    wanted = "f" if kind is float else "i"
    return array if array.dtype.kind == wanted and array.size and array.tolist() == value else None


def _leaf_type(value: Any) -> type | None:
    """The one type of all that is in nested lists, or None."""
    if not isinstance(value, list):
        return type(value)
    kinds = {_leaf_type(one) for one in value}
    return kinds.pop() if len(kinds) == 1 else None


def _replaced(value: Any, path: tuple[str, ...], chosen: Mapping[tuple[str, ...], Any]) -> Any:
    if path in chosen:
        return chosen[path]
    if isinstance(value, Mapping):
        return {str(key): _replaced(one, (*path, str(key)), chosen) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, (*path, str(i)), chosen) for i, one in enumerate(value)]
    return value
