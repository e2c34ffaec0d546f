"""Files that are none any more: bytes, tokens, lines and members of valid ones, distorted at random."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

from benchmarks.hardening.changes import HEADER, archive, members_of, tokens
from gmmscape.work.kept_file import BEGIN, BLANK

Distort = Callable[[Random, bytes, Sequence[bytes]], bytes]
#: What stands in the place of a number or a word of a text.
WORDS = (
    b"nan", b"inf", b"-inf", b"1e999", b"-0", b"1e-320", b"5e-324", b"1.7976931348623157e308", b"0x1p3",
    b"1_000", b"NA", b"NULL", b"", b" ", b'"', b'""', b"'", b"1,5", b"1.234.567", b"1 000", b"12:30", b"1/2",
    b"#", b"%", b"true", b"--1", b"+1", b".", b"-", b"e5", b"1e", b"9" * 400, b"1" + b"0" * 5000,
    "\uff11\uff12".encode(), "١٢".encode(), "½".encode(), "\u2028".encode(),
    "\u202e".encode(), "\u22123".encode(), b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\x1a", b"\r", b"\x0b",
    b"\x0c",
)  # fmt: skip
#: The same of a text of JSON.
VALUES = (
    b"null", b"true", b"false", b"0", b"-1", b"1e400", b"-1e400", b"NaN", b"Infinity", b"1e-320", b"1e308",
    b'""', b'"x"', b"[]", b"{}", b"[[]]", b"[" * 300 + b"]" * 300, b"[" * 99_999,
    b'{"a":' * 300, b"9" * 5000,
    b"9" * 30, b'"\\ud800"', b'"\\u0000"', b"1.5", b"[1, [2, 3]]", b'{"rows": -1}', b"2", b"1", b"-0.0",
)  # fmt: skip
SEPARATORS = (b",", b";", b"\t", b"|", b" ", b"\n", b"\r\n", b"\r", b":", b"  ")
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32", "cp1252", "cp037")


def of_bytes(rng: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Return bytes with one to a few of them turned, cut, doubled, moved, or from another file."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not data:
            return data
        at, to = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        how = rng.randrange(8)
        if how <= 2:
            at = min(at, len(data) - 1)
            value = rng.choice((data[at] ^ (1 << rng.randrange(8)), rng.randrange(256), 0, 255))
            data = data[:at] + bytes([value]) + data[at + 1 :]
        elif how == 3:
            data = data[:at]
        elif how == 4:
            data = data[:at] + data[to:] if to - at < 64 else data[:at] + data[at + 16 :]
        elif how == 5:
            data = data[:at] + data[at : at + 64] * rng.choice((2, 3, 40)) + data[at + 64 :]
        elif how == 6:
            other = rng.choice(corpus)
            begin = rng.randrange(len(other) + 1)
            data = data[:at] + other[begin : begin + rng.choice((8, 64, 100_000))] + data[to:]
        else:
            size = rng.choice((2, 4, 8))
            number = rng.choice((0, 1, -1, 2**31 - 1, 2**31, 2**15, 2**62, 100_000))
            data = data[:at] + (number % (1 << 8 * size)).to_bytes(size, "little") + data[at + size :]
    return data


def of_text(rng: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Return a table of text with cells, lines, delimiters or the encoding of others."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        lines = data.split(b"\n")
        i = rng.randrange(len(lines))
        how = rng.randrange(10)
        if how <= 2:
            mark = rng.choice([one for one in SEPARATORS if one in lines[i]] or [b","])
            cells = lines[i].split(mark)
            cells[rng.randrange(len(cells))] = rng.choice(WORDS)
            lines[i] = mark.join(cells)
        elif how == 3:
            lines[i : i + 1] = rng.choice(([], [lines[i]] * 2, [lines[i]] * 30, [b""], [lines[i][::-1]]))
        elif how == 4:
            j = rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
        elif how == 5:
            other = rng.choice(corpus).split(b"\n")
            lines[i:i] = other[: rng.randrange(4)]
        elif how == 6:
            old, new = rng.choice(SEPARATORS), rng.choice(SEPARATORS)
            lines = data.replace(old, new).split(b"\n")
        elif how == 7:
            lines[i] = rng.choice(WORDS) + lines[i]
        elif how == 8:
            lines = of_bytes(rng, data, corpus).split(b"\n")
        else:
            return _encoded(rng, data)
        data = b"\n".join(lines)
    return data


def _encoded(rng: Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(ENCODINGS), "replace")


def of_json(rng: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Return a text of JSON with other values, and fields removed, doubled, swapped, or of other files."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        how = rng.randrange(8)
        values, fields = tokens(data)
        if how == 0 or not values or not fields:
            data = of_bytes(rng, data, corpus)
        elif how <= 3:
            begin, end = rng.choice(values)
            data = data[:begin] + _value(rng, data[begin:end]) + data[end:]
        else:
            data = _of_fields(rng, data, rng.choice(corpus), how)
    return data


def _value(rng: Random, value: bytes) -> bytes:
    if value[:1] in b"-0123456789" and rng.random() < 0.5:
        factor = rng.choice((-1.0, 10.0, 1e-3, 1e-300, 1e300, 0.0, 1.0 + 1e-9))
        with suppress(ValueError):  # what begins as a number and is none, as an earlier change may leave
            return json.dumps(float(value) * factor).encode()
    return rng.choice(VALUES)


def _of_fields(rng: Random, data: bytes, other: bytes, how: int) -> bytes:
    field = rng.choice(tokens(data).fields)
    same = data[field.begin : field.end]
    name, _, value = same.partition(b":")
    if how == 4:
        before, after = data[: field.begin].rstrip(), data[field.end :].lstrip()
        if after.startswith(b","):
            return before + after[1:]
        return before.removesuffix(b",") + after
    if how == 5:
        twice = rng.choice((same, b'"more": 1', name + b": " + rng.choice(VALUES)))
        return data[: field.begin] + twice + b", " + data[field.begin :]
    if how == 6:
        value = rng.choice(VALUES)
    else:
        fields = tokens(other).fields
        if fields:
            one = rng.choice(fields)
            value = other[one.begin : one.end].partition(b":")[2] or value
    return data[: field.begin] + name + b":" + value + data[field.end :]


def of_arrays(rng: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Return an array of NumPy with another header or other bytes."""
    if rng.random() < 0.4 or not data.startswith(b"\x93NUMPY") or len(data) < 20:
        return of_bytes(rng, data, corpus)
    length = int.from_bytes(data[8:10], "little")
    header, rest = data[10 : 10 + length], data[10 + length :]
    kinds = (
        "'<f8'", "'>f8'", "'<f4'", "'|O'", "'<U3'", "'|V8'", "'<c16'", "'<M8[s]'", "'|b1'", "'<f2'", "'<f16'",
        "'<i8'", "'|u1'", "'f8,f8'", "[('a', '<f8'), ('b', '<i8')]", "[('a', '<f8', (3,))]", "None", "''",
        "[('a', '|O')]", "'<f999'", "(" * 90 + ")" * 90, "[" * 3000, "1", "'<f8'*9",
        "'(2,2)f8'", "'<S0'", "'U0'",
    )  # fmt: skip
    shapes = (
        "()", "(0,)", "(1,)", "(2,)", "(4, 2)", "(-1, 2)", "(1 << 60,)", "(1152921504606846976,)", "(0, 3)",
        "(3, 0)", "(2, 2, 2)", "(True,)", "(1.5,)", "4", "(99999999999999999999,)", "None", "(8,)", "(1,) ",
        "(4294967296, 4294967296)", "(100000, 2)",
    )  # fmt: skip
    how = rng.randrange(5)
    if how == 0:
        text = f"{{'descr': {rng.choice(kinds)}, 'fortran_order': False, 'shape': (4, 2), }}".encode()
    elif how == 1:
        text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {rng.choice(shapes)}, }}".encode()
    elif how == 2:
        order = rng.choice(("True", "False", "1", "None", "'x'"))
        text = (
            f"{{'descr': {rng.choice(kinds)}, 'fortran_order': {order}, 'shape': {rng.choice(shapes)}, }}"
        ).encode()
    elif how == 3:
        text = of_bytes(rng, header, [header])
    else:
        text = header.replace(b"'descr'", rng.choice((b"'shape'", b"'more'", b"descr", b"1")))
    version = rng.choice((b"\1\0", b"\1\0", b"\1\0", b"\2\0", b"\3\0", b"\4\0"))
    size = 2 if version == b"\1\0" else 4
    claimed = len(text) if rng.random() < 0.9 else rng.randrange(1 << 16)
    return b"\x93NUMPY" + version + (claimed % (1 << 8 * size)).to_bytes(size, "little") + text + rest


def of_archives(rng: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Return an archive with other bytes, or with members distorted, whose sums are right again."""
    if rng.random() < 0.4:
        return of_bytes(rng, data, corpus)
    members = dict(members_of(data))
    name = rng.choice(list(members))
    how = rng.randrange(8)
    if how <= 3 and HEADER in members:
        others = [dict(members_of(one)).get(HEADER, b"{}") for one in corpus[:6]]
        members[HEADER] = of_json(rng, members[HEADER], others)
    elif how <= 5:
        members[name] = of_arrays(rng, members[name], [*members.values()])
    elif how == 6:
        del members[name]
    else:
        other = rng.choice(list(members))
        members[name], members[other] = members[other], members[name]
    sums = "SHA256SUMS"
    if sums in members and rng.random() < 0.9:
        lines = [f"{hashlib.sha256(one).hexdigest()}  {own}\n" for own, one in members.items() if own != sums]
        members[sums] = "".join(lines).encode()
    return archive(list(members.items()))


def of_checkpoints(rng: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Return a checkpoint whose results are distorted and whose digest is right again."""
    body = data[len(BEGIN) + len(BLANK) :].removeprefix(b'",\n')
    changed = of_json(rng, b"{" + body, [b"{" + one[len(BEGIN) + len(BLANK) + 3 :] for one in corpus])
    content = BEGIN + BLANK + b'",\n' + changed[1:]
    return content.replace(BLANK, hashlib.sha256(content).hexdigest().encode(), 1)


def of_proofs(rng: Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Return a certificate with other claims, mostly with a digest that fits."""
    changed = of_json(rng, data, corpus)
    if rng.random() < 0.5:
        return changed
    try:
        content = json.loads(changed)
        rest = {
            name: value
            for name, value in content.items()
            if name not in ("format", "format_version", "gmmscape_version", "digest")
        }
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, AttributeError, RecursionError):
        return changed
    content["digest"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(content).encode()
