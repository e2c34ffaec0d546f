"""From the fields of a result to what JSON can hold, and back by their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np


def plain(value: Any) -> Any:
    """Return numbers, strings, lists and dictionaries; what is not finite becomes None.

    Parameters
    ----------
    value : object
        A record, a named tuple, a dataclass, an array, a container of these, or what is plain already.

    Returns
    -------
    object
        What JSON can hold.
    """
    if hasattr(value, "content"):  # a record; its content is plain
        return value.content()
    if isinstance(value, np.ndarray):
        finite = value.dtype.kind != "f" or np.isfinite(value).all()
        return value.tolist() if finite else plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def restored(hint: Any, value: Any) -> Any:
    """Return what a type says that a plain value stands for.

    None is infinity where the type is a float; numbers of arrays likewise.

    Parameters
    ----------
    hint : type
        Of a field: a number, str, an array, a tuple, list or dict of these, a record, a named tuple, or one
        of them or None.
    value : object
        As `plain` returns it.

    Returns
    -------
    object
        Of the type.

    Raises
    ------
    TypeError, ValueError, KeyError
        If the value is none of that type.
    """
    if hint is Any:
        return value
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        if value is None and type(None) in inner:
            return None
        (hint,) = (kind for kind in inner if kind is not type(None))
        return restored(hint, value)
    if origin is tuple:
        return _tuple(inner, value)
    if origin is list:
        return [restored(inner[0], item) for item in _of(list, value)]
    if origin is dict:
        return {inner[0](key): restored(inner[1], item) for key, item in _of(dict, value).items()}
    if origin is np.ndarray:
        return _array(hint, value)
    if hint is float and value is None:
        return float("inf")
    if hint in (float, int, bool, str):
        return hint(_of((int, float) if hint is float else hint, value))
    return _object(hint, value)


def arguments(
    kind: Any,
    content: Mapping[str, Any],
    names: Mapping[str, str] = MappingProxyType({}),
    left_out: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the fields of a dataclass or named tuple that a dictionary holds.

    Parameters
    ----------
    kind : type
        The class.
    content : mapping
        One entry for each field; fields with a default may be missing.
    names : mapping, optional
        Names in `content` of fields that have another one there.
    left_out : sequence of str, optional
        Fields that are not looked for.

    Returns
    -------
    dict
        Arguments for the class.
    """
    found = {}
    for name, optional in names_of(kind).items():
        key = names.get(name, name)
        if name not in left_out and (key in content or not optional):
            found[name] = restored(hints_of(kind)[name], content[key])
    return found


def same(a: Any, b: Any) -> bool:
    """Say whether two values are equal: arrays element by element, NaN equal to NaN, empty to empty."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.size == b.size == 0 or bool(np.array_equal(a, b, equal_nan=_real(a, b)))
    if isinstance(a, tuple | list) and type(a) is type(b):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float) and isinstance(b, float) and np.isnan(a):
        return bool(np.isnan(b))
    return bool(a == b)


@cache
def names_of(kind: Any) -> dict[str, bool]:
    """Return the fields of a dataclass or named tuple, and whether each has a default."""
    if hasattr(kind, "_fields"):
        return {name: name in kind._field_defaults for name in kind._fields}
    given = {field.name: field for field in fields(kind) if field.init}
    return {name: not _required(field) for name, field in given.items()}


@cache
def hints_of(kind: Any) -> dict[str, Any]:
    """Return the types of the fields."""
    return get_type_hints(kind)


def _required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _of(kind: Any, value: Any) -> Any:
    right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not right:
        raise TypeError(f"{value!r} is of the wrong type")
    return value


def _object(kind: Any, value: Any) -> Any:
    if hasattr(kind, "from_content"):
        return kind.from_content(value)
    return kind(**arguments(kind, _of(dict, value)))


def _tuple(inner: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    items = _of(list, value)
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(restored(inner[0], item) for item in items)
    if len(items) != len(inner):
        raise ValueError(f"{len(items)} values where {len(inner)} belong")
    return tuple(restored(kind, item) for kind, item in zip(inner, items, strict=True))


def _array(hint: Any, value: Any) -> Any:
    kind = get_args(get_args(hint)[1])[0]
    kind = get_origin(kind) or kind
    whole = issubclass(kind, np.integer)
    array = np.array(_of(list, value), dtype=None if whole and value else np.intp if whole else np.float64)
    if whole and array.dtype.kind != "i":
        raise TypeError("an array of whole numbers holds others")
    if not whole:
        array[np.isnan(array)] = np.inf  # None, read as NaN, which no file holds
    return array


def _real(a: Any, b: Any) -> bool:
    return a.dtype.kind == "f" and b.dtype.kind == "f"
