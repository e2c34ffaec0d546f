"""What a cell of a text table is: a number, however it is written, a missing value, or what else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite, nan
from shlex import quote
from string import ascii_lowercase
from typing import NamedTuple
from unicodedata import category

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError

#: Words for a missing value, in small letters: of R, pandas, SAS, SPSS, Stata, SQL, C, and Excel in the
#: languages of Europe.
MISSING = frozenset(
    {
        *("", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "-", "--", "?", ".", "missing"),
        *(
            "\\n",
            "n.a.",
            "nd",
            "n.d.",
            "\u2013",
            "\u2014",
            "._",
            *(f".{letter}" for letter in ascii_lowercase),
        ),
        *("-nan", "nan(ind)", "-nan(ind)", "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind"),
        *("#value!", "#div/0!", "#ref!", "#num!", "#name?", "#null!", "#spill!", "#calc!"),
        *("#nv", "#wert!", "#bezug!", "#zahl!", "#n/d", "#valeur!", "#nombre!", "#nom?", "#valore!", "#rif!"),
        *(
            "#nome?",
            "#valor!",
            "#\u00a1valor!",
            "#\u00a1div/0!",
            "#\u00a1num!",
            "#\u00a1ref!",
            "#\u00bfnombre?",
        ),
        *("#n/b", "#waarde!", "#verw!", "#getal!", "#naam?"),
    }
)
#: What groups of digits are separated by, in each notation: French and Swiss typists have several of one.
SPACES, APOSTROPHES = " \u00a0\u202f\u2009", "'\u2019"
SEPARATORS = {",": ",", ".": ".", " ": SPACES, "'": APOSTROPHES}
EXPONENT = r"([eE][+-]?\d+)?"
#: Fortran's D is taken for E only behind a decimal point, where it always has one: 12d3 may be a name.
PLAIN = re.compile(rf"[+-]?((\d+(\.\d*)?|\.\d+){EXPONENT}|(\d+\.\d*|\.\d+)[dD][+-]?\d+)")
FORTRAN = str.maketrans("dD", "ee")
#: What typesetters write for a minus sign.
MINUS = str.maketrans("\u2212\u2013\ufe63\uff0d", "----")
DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)" + EXPONENT)
#: A comma or point with exactly three digits behind it and up to three before may be either kind of mark.
EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[,.]\d{3}")
GROUPED = re.compile(rf"[+-]?\d{{1,3}}([,.'{SPACES}\u2019])\d{{3}}(\1\d{{3}})*([.,]\d*)?")
#: Lakhs and crores: groups of two before the last three.
INDIAN = re.compile(r"[+-]?\d{1,2}(,\d{2})+,\d{3}(\.\d*)?")
MONTH = (
    r"(?:jan|feb|f\u00e9v|m\u00e4r|mar|apr|avr|ma[iy]|ju[nli]|aug|ao\u00fb|sep|o[ck]t|nov|d[e\u00e9][cz])"
    r"[^\W\d]*\.?"
)
DATE = re.compile(
    r"(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3\d{2,4}|\d{4}[-/]\d{1,2}|\d{4}[-/ ]?[qw]\d{1,2}"
    rf"|q\d[-/ ]?\d{{4}}|\d{{1,2}}[-. ]*{MONTH}[- ]?\d{{2,4}}|{MONTH}[-' ]*\d{{1,4}}(,?\s*\d{{4}})?)"
    r"([T ]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*(am|pm)?(Z|[+-]\d{2}:?\d{2})?)?"
    r"|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s*(am|pm))?",
    re.IGNORECASE,
)
#: Accountants' negative numbers, and what stands beside a number that is none of it.
NEGATIVE = re.compile(r"\(\s*[\d.,' ]*\d\s*\)|[\d.,' ]*\d-")
BESIDE = re.compile(r"^[^\w+.\-]+|[^\w.]+$")
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
        text = cell if cell.isascii() else cell.translate(MINUS)
        if self.thousands is not None:
            text = self._ungrouped(text)
        if self.decimal == ",":
            if "." in text and text.lower() not in self.missing:
                raise ValueError(cell)
            text = text.replace(",", ".")
        if PLAIN.fullmatch(text):
            number = float(text.translate(FORTRAN))
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
        sides = {len(part) for part in parts[1:-1]}
        grouped = 1 <= len(parts[0].lstrip("+-")) <= 3 and len(parts[-1]) == 3 and sides in (set(), {3}, {2})
        return "".join(parts) + mark + rest if grouped else text


def looks_like_value(cell: str) -> bool:
    """Say whether a cell is a number in some notation, or a missing or infinite one, and so no name."""
    small = cell.lower()
    return (
        small in MISSING
        or small.lstrip("+-") in INFINITE
        or any(form.fullmatch(cell.translate(MINUS)) for form in (PLAIN, DECIMAL_COMMA, GROUPED, INDIAN))
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
    if first and not any(map(looks_like_value, cells)):
        why = (
            "do lines stand above the names? remove them"
            if len(cells) > 1
            else "does something else separate cells? pass delimiter=..."
        )
        where = f"where no cell is a number ({why}), {where}"
    shown = cell if len(cell) <= 60 else cell[:57] + "..."
    return where + _said(cell, repr(shown), notation, _text_columns(names, cells), first=first)


def _usable(cell: str, notation: Notation) -> bool:
    try:
        notation.value(cell)
    except ValueError:
        return False
    return True


def _text_columns(names: Sequence[str], cells: Sequence[str]) -> str:
    """What leaves out the columns that hold no numbers; nothing where no other is left."""
    text = [name for name, cell in zip(names, cells, strict=True) if not looks_like_value(cell)]
    if len(text) == len(names):
        return ""
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
    if grouped := GROUPED.fullmatch(cell) or INDIAN.fullmatch(cell):
        mark = grouped[1][0]
        asked = " " if mark in SPACES else "'" if mark in APOSTROPHES else mark
        also = "" if mark != "." or notation.decimal == "," else " and decimal=','"
        return f"{shown} has separators of thousands; pass thousands={asked!r}{also}, or write it without"
    if PLAIN.fullmatch(cell):
        return f"{shown} has a decimal point where decimal=',' is; write all numbers alike"
    out = f", or leave it out: {dropping}" if dropping else ""
    if len(cell) > EFFORT.measure.longest_number:
        return f"{shown} is no number but a text of {len(cell)} characters{out}"
    if DATE.fullmatch(cell):
        return f"{shown} is a date or time; write it as a number, such as days{out}"
    if special := _beside(cell):
        return f"{shown} {special}{out}"
    if cell.lower() in TRUTH:
        return f"{shown} is a truth value, which no Gaussian describes" + (
            f"; leave it out: {dropping}" if dropping else ""
        )
    if not any(map(str.isalnum, cell)):
        return f"{shown} is no number; if it stands for a missing value, pass missing_words={shown}{out}"
    if not first:
        return (
            f"{shown} is no number, as there were above it; correct it or remove the row, or, if it stands "
            f"for a missing value, pass missing_words={shown}"
        )
    if WITH_UNIT.fullmatch(cell):
        return f"{shown} has a unit; write the number alone{out}"
    return f"{shown} is no number" + (f"; leave out what is text: {dropping}" if dropping else "")


def _beside(cell: str) -> str:
    """What stands beside the number in a cell, and what to do; nothing where there is no number."""
    if any(category(letter) == "Cf" for letter in cell):
        return f"holds a character that is not seen ({cell!a}); remove it"
    if CURRENCY.fullmatch(cell):
        return "has a sign of currency; write the number alone"
    if PERCENT.fullmatch(cell):
        return "has a percent sign; write the number alone"
    if NEGATIVE.fullmatch(cell):
        return "is a negative number as accountants write it; write a minus sign before it"
    number = BESIDE.sub("", cell)
    if number != cell and looks_like_value(number) and number.lower() not in MISSING:
        return "has signs beside the number; write the number alone"
    return ""
