"""What a cell of a text table is: a number, however it is written, a missing value, or what else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite, nan
from shlex import quote
from typing import NamedTuple

from gmmscape.exceptions import InvalidParameterError

#: Words for a missing value, in small letters: of R, pandas, SAS, SPSS, Stata, SQL and Excel.
MISSING = frozenset(
    {
        *("", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "-", "--", "?", "."),
        *("\\n", "#value!", "#div/0!", "#ref!", "#num!", "#name?", "missing", "n.a.", "nd", "n.d."),
    }
)
#: What groups of digits are separated by, in each notation: French and Swiss typists have several of one.
SPACES, APOSTROPHES = " \u00a0\u202f\u2009", "'\u2019"
SEPARATORS = {",": ",", ".": ".", " ": SPACES, "'": APOSTROPHES}
EXPONENT = r"([eE][+-]?\d+)?"
PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)" + EXPONENT)
DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)" + EXPONENT)
#: A comma or point with exactly three digits behind it and up to three before may be either kind of mark.
EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[,.]\d{3}")
GROUPED = re.compile(rf"[+-]?\d{{1,3}}([,.'{SPACES}\u2019])\d{{3}}(\1\d{{3}})*([.,]\d*)?")
DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[- ]?[A-Za-z]{3,9}[- ]?\d{2,4})"
    r"([T ]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AaPp][Mm])?(Z|[+-]\d{2}:?\d{2})?)?"
    r"|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s*[AaPp][Mm])?"
)
CURRENCY = re.compile(
    r"[-+(]?\s*[$\u20ac\u00a3\u00a5\u20b9]\s*[-+]?[\d.,' ]+\)?|[-+]?[\d.,' ]+\s*[$\u20ac\u00a3\u00a5\u20b9]"
)
PERCENT = re.compile(r"[-+]?[\d.,]+\s*%")
WITH_UNIT = re.compile(r"[-+]?[\d.,]+\s*[A-Za-z\u00b0\u00b5\u03bc/^\u00b2\u00b3]{1,6}")
TRUTH = frozenset(
    {"true", "false", "yes", "no", "t", "f", "y", "n", "wahr", "falsch", "vrai", "faux", "ja", "nein"}
)
INFINITE = frozenset({"inf", "infinity", "1.#inf"})


class Notation(NamedTuple):
    """How numbers are written.

    Attributes
    ----------
    decimal : str
        The decimal mark, "." or ",".
    thousands : str or None
        What groups of three digits are separated by, a key of `SEPARATORS`.
    missing : frozenset of str
        Words for a missing value, in small letters.
    missing_numbers : frozenset of float
        Numbers that stand for one, such as -999.
    """

    decimal: str = "."
    thousands: str | None = None
    missing: frozenset[str] = MISSING
    missing_numbers: frozenset[float] = frozenset()

    @classmethod
    def of(
        cls, decimal: str | None, thousands: str | None, missing_words: str | Sequence[str] | None
    ) -> Notation:
        """Return the notation that parameters ask for; raises InvalidParameterError where they cannot be."""
        if decimal not in (None, ".", ","):
            raise InvalidParameterError.of("decimal", decimal, "pass '.' or ','")
        if thousands is not None and thousands not in SEPARATORS:
            raise InvalidParameterError.of(
                "thousands", thousands, "pass one of , . ' or a space, which stands for all narrow ones"
            )
        if thousands is not None and thousands == (decimal or "."):
            if decimal is not None or thousands == ",":
                raise InvalidParameterError.of(
                    "thousands", thousands, "pass another mark than the decimal one"
                )
            decimal = ","  # where a point separates thousands, a comma is what is left
        words = (
            [missing_words] if isinstance(missing_words, str) else [str(word) for word in missing_words or ()]
        )
        words = [word.strip().lower() for word in words]
        numbers = [float(word) for word in words if PLAIN.fullmatch(word)]
        return cls(decimal or ".", thousands, MISSING.union(words), frozenset(numbers))

    def value(self, cell: str) -> float:
        """Return the number in a cell, NaN where it is missing; raises ValueError where it holds none."""
        text = cell.replace("\u2212", "-") if "\u2212" in cell else cell
        if self.thousands is not None:
            text = self._ungrouped(text)
        if self.decimal == ",":
            if "." in text and text.lower() not in self.missing:
                raise ValueError(cell)
            text = text.replace(",", ".")
        if PLAIN.fullmatch(text):
            number = float(text)
            if not isfinite(number):
                raise ValueError(cell)
            return nan if number in self.missing_numbers else number
        if cell.lower() in self.missing:
            return nan
        raise ValueError(cell)

    def _ungrouped(self, text: str) -> str:
        marks = SEPARATORS[self.thousands or ""]
        whole, mark, rest = text.partition(self.decimal)
        parts = re.split(f"[{re.escape(marks)}]", whole)
        if len(parts) == 1:
            return text
        grouped = 1 <= len(parts[0].lstrip("+-")) <= 3 and all(len(part) == 3 for part in parts[1:])
        return "".join(parts) + mark + rest if grouped else text

    def is_missing(self, cell: str) -> bool:
        """Say whether a cell says that its value is missing."""
        try:
            number = self.value(cell)
        except ValueError:
            return False
        return number != number


def looks_like_value(cell: str) -> bool:
    """Say whether a cell is a number in some notation, or a missing or infinite one, and so no name."""
    small = cell.lower()
    return (
        small in MISSING
        or small.lstrip("+-") in INFINITE
        or any(form.fullmatch(cell.replace("\u2212", "-")) for form in (PLAIN, DECIMAL_COMMA, GROUPED))
    )


def decimal_comma_in(cells: Sequence[str]) -> bool | None:
    """Say whether cells that no comma separates have decimal commas; None where they may be either mark."""
    marked = [cell for cell in cells if DECIMAL_COMMA.fullmatch(cell)]
    if not marked:
        return False
    if any(PLAIN.fullmatch(cell) and "." in cell and not EITHER.fullmatch(cell) for cell in cells):
        return False  # points are decimal marks, so that commas are something else
    return True if any(not EITHER.fullmatch(cell) for cell in marked) else None


def complaint(names: Sequence[str], cells: Sequence[str], notation: Notation, *, first: bool) -> str:
    """Say what is wrong with the first unusable cell of a row, the first or a later one, and what to do."""
    unusable = [i for i, cell in enumerate(cells) if not _usable(cell, notation)]
    place = unusable[0]
    where, cell = f"column {names[place]}: ", cells[place]
    if first and len(cells) > 1 and not any(map(looks_like_value, cells)):
        where = "where no cell is a number (do lines stand above the names? remove them), " + where
    shown = cell if len(cell) <= 60 else cell[:57] + "..."
    return where + _said(cell, repr(shown), notation, _text_columns(names, cells), first=first)


def _usable(cell: str, notation: Notation) -> bool:
    try:
        notation.value(cell)
    except ValueError:
        return False
    return True


def _text_columns(names: Sequence[str], cells: Sequence[str]) -> str:
    """What leaves out the columns that hold no numbers."""
    text = [name for name, cell in zip(names, cells, strict=True) if not looks_like_value(cell)]
    return f"drop={quote(','.join(f'{chr(34)}{name}{chr(34)}' if ',' in name else name for name in text))}"


def _said(cell: str, shown: str, notation: Notation, dropping: str, *, first: bool) -> str:
    if "\n" in cell:
        return f"{shown} runs over several lines: is a quotation mark left open there?"
    if cell.lower().lstrip("+-") in INFINITE or (PLAIN.fullmatch(cell) and notation.decimal == "."):
        return f"{shown} is not finite; remove the row"
    if notation.decimal == "." and notation.thousands is None and DECIMAL_COMMA.fullmatch(cell):
        if EITHER.fullmatch(cell):
            return (
                f"{shown} may have a decimal comma or separate thousands; pass decimal=',' or thousands=','"
            )
        return f"{shown} has a decimal comma; pass decimal=',', or write points"
    if GROUPED.fullmatch(cell):
        mark = GROUPED.fullmatch(cell)[1]  # pyright: ignore[reportOptionalSubscript]
        asked = " " if mark in SPACES else "'" if mark in APOSTROPHES else mark
        also = "" if mark != "." or notation.decimal == "," else " and decimal=','"
        return f"{shown} has separators of thousands; pass thousands={asked!r}{also}, or write it without"
    if PLAIN.fullmatch(cell):
        return f"{shown} has a decimal point where decimal=',' is; write all numbers alike"
    if DATE.fullmatch(cell):
        return f"{shown} is a date or time; leave it out ({dropping}), or write it as a number, such as days"
    if CURRENCY.fullmatch(cell):
        return f"{shown} has a sign of currency; write the number alone, or leave it out: {dropping}"
    if PERCENT.fullmatch(cell):
        return f"{shown} has a percent sign; write the number alone, or leave it out: {dropping}"
    if cell.lower() in TRUTH:
        return f"{shown} is a truth value, which no Gaussian describes; leave it out: {dropping}"
    if not first:
        return f"{shown} is no number, as there were above it; correct it or remove the row"
    if WITH_UNIT.fullmatch(cell):
        return f"{shown} has a unit; write the number alone, or leave it out: {dropping}"
    return f"{shown} is no number; leave out what is text: {dropping}"
